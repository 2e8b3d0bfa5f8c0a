"""The pytest plugin, loaded by itself where penstock is installed: the fixture ``task_queue``.

    [tool.pytest.ini_options]
    penstock_tasks = "shop.tasks:tasks"                                  # module:name of the Penstock object
    penstock_queues = "infra/terraform/queues.auto.tfvars.json"          # optional: the list of queues

Instead of the first setting a project may override the fixture ``penstock_tasks``.
"""

import zlib
from collections.abc import Iterator
from importlib import import_module

import pytest

from penstock.app import Penstock
from penstock.queue_list import QueueList
from penstock.testing.sandbox import Sandbox, sandbox


def pytest_addoption(parser: pytest.Parser) -> None:
    """The two settings."""
    parser.addini("penstock_tasks", "module:name of the project's Penstock object", default="")
    parser.addini("penstock_queues", "path of queues.auto.tfvars.json, from the root directory", default="")


@pytest.fixture
def penstock_tasks(pytestconfig: pytest.Config) -> Penstock:
    """The project's Penstock object, by the setting ``penstock_tasks``. Override it to say otherwise."""
    setting = str(pytestconfig.getini("penstock_tasks"))
    module, _, name = setting.partition(":")
    if not module or not name:
        raise pytest.UsageError(
            f"penstock_tasks = {setting!r}: name your Penstock object as 'module:name' in pytest's settings, "
            "or define a fixture penstock_tasks that returns it"
        )
    try:
        tasks = getattr(import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise pytest.UsageError(f"penstock_tasks = {setting!r} cannot be imported: {error}") from error
    if not isinstance(tasks, Penstock):
        raise pytest.UsageError(f"penstock_tasks = {setting!r} is {tasks!r:.80}, which is no Penstock object")
    return tasks


@pytest.fixture
def task_queue(
    penstock_tasks: Penstock, pytestconfig: pytest.Config, request: pytest.FixtureRequest
) -> Iterator[Sandbox]:
    """The project's tasks on in-memory queues for one test: assert_enqueued, drain, clock, faults."""
    path = str(pytestconfig.getini("penstock_queues"))
    entries = QueueList.read(pytestconfig.rootpath / path).queues.values() if path else None
    seed = zlib.crc32(request.node.nodeid.encode())  # every run of a test is the same, no two tests share task ids
    with sandbox(penstock_tasks, entries, seed=seed) as box:
        yield box

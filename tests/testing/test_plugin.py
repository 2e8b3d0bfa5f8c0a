"""The plugin as a project's own pytest sees it: a generated project, in a process of its own."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SECONDS = 2.0
TASKS = 20

SETTINGS = """\
[tool.pytest.ini_options]
penstock_tasks = "shop:tasks"
filterwarnings = ["error"]
"""

# Any attempt to reach a network ends the test.
CONFTEST = """\
import sys

def refuse(event, args):
    if event in ("socket.connect", "socket.bind", "socket.getaddrinfo", "socket.sendto"):
        raise AssertionError(f"network: {event} {args}")

sys.addaudithook(refuse)
"""

SHOP = """\
from penstock import Backoff, Penstock

tasks = Penstock()
done = []

def make(number):
    @tasks.task(name=f"task_{number}", backoff=Backoff(base=60))
    def task(value: int) -> int:
        done.append(value)
        return value * 2
    return task

all_tasks = [make(number) for number in range(TASKS)]
"""

TESTS = """\
import pytest
import shop
from penstock import Status

@pytest.mark.parametrize("number", range(TASKS))
def test_task(task_queue, number):
    task = shop.all_tasks[number]
    task_queue.fail_next(task, error=ConnectionError("away"))
    task_queue.duplicate()
    task.enqueue(number)
    task_queue.assert_enqueued(task, number)
    [result] = task_queue.drain()
    assert (result.status, result.return_value, result.attempts) == (Status.SUCCEEDED, 2 * number, 2)

def test_nothing_stays_from_test_to_test(task_queue):
    assert task_queue.enqueued() == []

def test_the_clock_is_given(task_queue):
    task_queue.clock.advance(1)
"""


def run_pytest(project: Path, *arguments: str) -> tuple[int, str, float]:
    """Exit code, output and CPU seconds (user and system) of pytest in ``project``."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-p", "penstock.testing.plugin", "-p", "no:cacheprovider", *arguments]
    with (project / "output.txt").open("w+") as output:
        process = subprocess.Popen(command, cwd=project, env=environ, stdout=output, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        return process.returncode, output.read(), used.ru_utime + used.ru_stime


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(SETTINGS)
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "shop.py").write_text(SHOP.replace("TASKS", str(TASKS)))
    (tmp_path / "test_shop.py").write_text(TESTS.replace("TASKS", str(TASKS)))
    return tmp_path


# CPU, not wall: what other processes of a busy machine take is not ours.
def test_a_suite_of_twenty_tasks_takes_less_than_two_seconds_and_no_network(project: Path) -> None:
    code, output, seconds = run_pytest(project)
    assert code == 0, output
    assert f"{TASKS + 2} passed" in output
    assert seconds < SECONDS


def test_a_failed_assertion_shows_what_was_enqueued(project: Path) -> None:
    (project / "test_shop.py").write_text(
        "import shop\n"
        "def test_it(task_queue):\n"
        "    shop.all_tasks[0].enqueue(1)\n"
        "    task_queue.assert_enqueued(shop.all_tasks[0], 2)\n"
    )
    _, output, _ = run_pytest(project)
    assert "not enqueued: task_0(value=2)" in output
    assert "task_0(value=1)  on default" in output


@pytest.mark.parametrize(
    ("setting", "says"),
    [("", "name your Penstock object"), ("shop:nothing", "cannot be imported"), ("shop:done", "no Penstock object")],
)
def test_a_wrong_setting_is_explained(project: Path, setting: str, says: str) -> None:
    (project / "pyproject.toml").write_text(SETTINGS.replace("shop:tasks", setting))
    _, output, _ = run_pytest(project, "-k", "clock")
    assert says in output


def test_the_fixture_can_name_the_penstock_object_instead(project: Path) -> None:
    (project / "pyproject.toml").write_text("[tool.pytest.ini_options]\n")
    fixture = "import pytest, shop\n@pytest.fixture\ndef penstock_tasks():\n    return shop.tasks\n"
    (project / "conftest.py").write_text(fixture)
    code, output, _ = run_pytest(project, "-k", "clock")
    assert code == 0, output


def test_the_list_of_queues_is_kept_to(project: Path) -> None:
    (project / "pyproject.toml").write_text(SETTINGS + 'penstock_queues = "queues.json"\n')
    (project / "queues.json").write_text('{"queues": {"other": {}}}')
    _, output, _ = run_pytest(project, "-k", "clock")
    assert "there is no queue 'default'" in output


def test_an_installed_penstock_brings_the_plugin_by_itself(project: Path) -> None:
    [(name, module)] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["entry-points"][
        "pytest11"
    ].items()
    installed = project / "site" / "penstock-0.dist-info"
    installed.mkdir(parents=True)
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: penstock\nVersion: 0\n")
    (installed / "entry_points.txt").write_text(f"[pytest11]\n{name} = {module}\n")
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(project / "site")])}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-k", "clock"],
        cwd=project,
        env=environ,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_importing_it_brings_neither_aws_nor_flask_nor_moto() -> None:
    program = (
        "import penstock.testing.plugin, sys; "
        "print(sorted({'boto3', 'botocore', 'moto', 'flask', 'werkzeug', 'sqlalchemy'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

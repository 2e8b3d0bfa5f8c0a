"""The kill runs take minutes and the emulator's environment: they are left out without PENSTOCK_KILLS=1."""

import os
import time
from pathlib import Path

import pytest

from tests.e2e.stages import Journal
from tests.kills.checker import Report
from tests.kills.run import run
from tests.kills.sizes import SEEDS, SIZE

_LINES = pytest.StashKey[list[str]]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("PENSTOCK_KILLS") == "1":
        return
    ours = [item for item in items if item.path == Path(__file__).with_name("test_kills.py")]
    config.hook.pytest_deselected(items=ours)
    items[:] = [item for item in items if item not in ours]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash.get(_LINES, []):
        terminalreporter.section("kill runs")
        for line in lines:
            terminalreporter.write_line(line)


@pytest.fixture(scope="module", params=SEEDS, ids=lambda seed: f"seed {seed}")
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """A whole run, and what the judge says of it."""
    folder, journal, started = tmp_path_factory.mktemp("kills"), Journal(), time.monotonic()
    lines = request.config.stash.setdefault(_LINES, [])
    judged = run(SIZE, request.param, folder, journal)
    lines.append(f"seed {request.param}, {time.monotonic() - started:.0f} s: {judged}")
    if judged.violations:
        lines.append(f"  the logs are in {folder}")
    return judged

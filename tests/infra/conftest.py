"""Terraform runs once for all tests here, in a copy of the root, offline: with mocked answers of AWS."""

import fcntl
import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.infra.terraform import ROOT, CannotRun, Plan, Terraform

HERE = Path(__file__).parent
PLANNED = (
    "-verbose",
    *(f"-filter=tests/{name}.tftest.hcl" for name in ("stack", "shipped", "options", "observability", "containers")),
)
REFUSED = tuple(f"-filter=tests/{path.name}" for path in sorted((ROOT / "tests").glob("*refusals.tftest.hcl")))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whoever comes first runs Terraform for all: half a minute on two idle cores, more on busy ones."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(420))


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base) / "infra"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def terraform(shared: Path) -> Terraform:
    """Terraform, initialised; without it or its provider the tests are skipped, but in CI they fail."""
    folder, refused = shared / "root", shared / "refused.txt"
    with (shared / "root.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            try:
                Terraform.prepare(folder)
            except CannotRun as reason:
                folder.mkdir(exist_ok=True)
                refused.write_text(str(reason), encoding="utf-8")
    if refused.exists():
        words = refused.read_text(encoding="utf-8")
        if os.environ.get("CI"):
            pytest.fail(f"a gate that cannot run is no gate: {words}")
        pytest.skip(words)
    return Terraform(folder)


@pytest.fixture(scope="session")
def report(shared: Path, terraform: Terraform) -> list[dict[str, Any]]:
    """What ``terraform test`` said, a message a line: the results of all its runs, and the plans of those that are read."""
    done = shared / "report.json"
    with (shared / "report.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            found = [message for arguments in (PLANNED, REFUSED) for message in terraform.test(*arguments)]
            done.write_text(json.dumps(found), encoding="utf-8")
    messages: list[dict[str, Any]] = json.loads(done.read_text(encoding="utf-8"))
    return messages


@pytest.fixture(scope="session")
def plans(report: list[dict[str, Any]]) -> dict[str, Plan]:
    """Run of ``terraform test`` -> its plan."""
    found = [message for message in report if message["type"] == "test_plan"]
    return {message["@testrun"]: Plan.from_json(message["test_plan"]) for message in found}


@pytest.fixture(params=["stack", "shipped"])
def plan(request: pytest.FixtureRequest, plans: dict[str, Plan]) -> Plan:
    """A whole stack: that of tests/stack.tftest.hcl, with a FIFO queue, and that of the queue list as it is shipped."""
    return plans[request.param]

"""One stack for all end-to-end tests, made in stages: each fixture brings it one stage further, and none goes back.

emulator -> interrupted (Ctrl-C in the first deployment) -> deployed -> updated -> destroyed
"""

import json
import os
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest

from local.samples import Photo, photos
from tests.e2e.checkout import copy_project
from tests.e2e.deployment import TOKEN, Deployment
from tests.e2e.emulator import MINISTACK, Emulator
from tests.e2e.gaps import BATCHES, MAILS, MOVES, allow, forbid
from tests.e2e.stages import Ended, Journal
from tests.e2e.visitor import Visitor

SWITCH = "PENSTOCK_E2E"
# The later its stage, the later a test runs.
STAGES = ("emulator", "interrupted", "deployed", "gunicorn", "zappa", "updated", "destroyed")
_TIMEOUT_SECONDS = 500  # of a test and of the stages that are made for it


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    ours = [item for item in items if item.path.is_relative_to(Path(__file__).parent)]
    if os.environ.get(SWITCH) != "1":
        # They take minutes and an environment of their own: `make test` is not the place.
        config.hook.pytest_deselected(items=ours)
        items[:] = [item for item in items if item not in ours]
        return
    for item in ours:
        item.add_marker(pytest.mark.timeout(_TIMEOUT_SECONDS))
    items.sort(key=_stage)


def pytest_report_collectionfinish(config: pytest.Config) -> str:
    return "" if os.environ.get(SWITCH) == "1" else "The end-to-end tests are left out: `make e2e` runs them."


def _stage(item: pytest.Item) -> int:
    names = getattr(item, "fixturenames", ())
    return max((number for number, stage in enumerate(STAGES) if stage in names), default=STAGES.index("zappa"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    journal = item.config.stash.get(_JOURNAL, None)
    if report.failed and journal is not None:
        report.sections.append(("The last lines of the emulator and of the commands", "\n".join(journal.lines)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    journal = config.stash.get(_JOURNAL, None)
    if journal is not None:
        terminalreporter.section("stages")
        for name, seconds in journal.seconds.items():
            terminalreporter.write_line(f"{seconds:6.1f} s  {name}")
        terminalreporter.write_line(f"{sum(journal.seconds.values()):6.1f} s  in all")


_JOURNAL = pytest.StashKey[Journal]()


@pytest.fixture(scope="session")
def journal(pytestconfig: pytest.Config) -> Journal:
    """Times and lines, for the summary."""
    return pytestconfig.stash.setdefault(_JOURNAL, Journal())


@pytest.fixture(scope="session")
def emulator(tmp_path_factory: pytest.TempPathFactory, journal: Journal) -> Iterator[Emulator]:
    """ministack, running."""
    for needed in ("terraform", "openssl", "git"):
        assert shutil.which(needed), f"the end-to-end tests need {needed} on the PATH"
    assert MINISTACK.exists(), "there is no emulator in .venv-e2e: `make e2e` puts it there"
    with journal.stage("start the emulator"):
        running = Emulator(tmp_path_factory.mktemp("emulator"), journal)
    try:
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, emulator: Emulator, journal: Journal) -> Deployment:
    """A copy of the project, with which nothing is deployed yet."""
    return Deployment.of(copy_project(tmp_path_factory.mktemp("project")), emulator, journal)


@pytest.fixture(scope="session")
def interrupted(deployment: Deployment, journal: Journal) -> Ended:
    """The first deployment, interrupted while Terraform makes things: how it ended."""
    with journal.stage("deploy, interrupted by Ctrl-C"):
        return deployment.up_interrupted(after="aws_dynamodb_table.this: Creation complete")


@pytest.fixture(scope="session")
def deployed(interrupted: Ended, deployment: Deployment, emulator: Emulator, journal: Journal) -> Ended:
    """The same command again, to its end."""
    with journal.stage("deploy again: package, terraform apply, zappa deploy"):
        ended = deployment.up().expect(0)
    allow(emulator.client("iam"), deployment.worker_roles(), BATCHES, MAILS)
    allow(emulator.client("iam"), [deployment.reconciler_role()], BATCHES, MOVES)
    return ended


@pytest.fixture(scope="session")
def pictures() -> list[Photo]:
    """The demo's photos: four that can be made smaller, one that was cut short."""
    return photos()


@pytest.fixture(scope="session")
def in_bucket(deployed: Ended, deployment: Deployment, emulator: Emulator) -> Callable[[str], bytes]:
    """Reads an object of the uploads bucket."""
    bucket, s3 = deployment.terraform.output("uploads_bucket"), emulator.client("s3")
    return lambda key: s3.get_object(Bucket=bucket, Key=key)["Body"].read()


@pytest.fixture(scope="session")
def gunicorn(deployed: Ended, deployment: Deployment, emulator: Emulator) -> Iterator[Visitor]:
    """A visitor of the app under gunicorn, signed in."""
    child, url = deployment.gunicorn()
    try:
        visitor = Visitor(url, emulator.certificate, emulator.port)
        visitor.sign_in(TOKEN)
        yield visitor
    finally:
        child.ask_to_stop()
        child.stop_within(5)


@pytest.fixture(scope="session")
def zappa(deployed: Ended, emulator: Emulator) -> Visitor:
    """A visitor of the app that Zappa has deployed, signed in."""
    visitor = Visitor(json.loads(deployed.last_line)["url"], emulator.certificate, emulator.port)
    visitor.sign_in(TOKEN)
    return visitor


@pytest.fixture(scope="session")
def updated(deployed: Ended, deployment: Deployment, journal: Journal) -> Ended:
    """Deployed once more, after a change of the web's code."""
    deployment.change_web()
    with journal.stage("deploy a change: zappa update"):
        return deployment.up().expect(0)


@pytest.fixture(scope="session")
def destroyed(deployed: Ended, deployment: Deployment, emulator: Emulator, journal: Journal) -> Ended:
    """Everything taken down."""
    forbid(emulator.client("iam"), [*deployment.worker_roles(), deployment.reconciler_role()])
    with journal.stage("destroy: zappa undeploy, terraform destroy"):
        return deployment.down().expect(0)

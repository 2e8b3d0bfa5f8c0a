"""The real packages, built once for all tests here, and Lambda's own runtime client.

Building needs wheels from an index, so these tests run when they are asked for (`make package-test`, `make e2e`,
`pytest tests/package`), not with all the others. Without Lambda's Python they are skipped, but in CI a gate that cannot
run fails.
"""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from penstock.packaging.failure import PackagingError
from penstock.packaging.install import pip_environment
from penstock.packaging.interpreter import Interpreter, find_interpreter
from penstock.packaging.target import target_of
from tests.package.gate import cannot_run
from tools.package import build
from tools.project import ROOT
from tools.web_environment import prepare
from tools.zappa_settings import stage_settings, write_settings

HERE = Path(__file__).parent
ARCH = "x86_64"
_figures: list[str] = []


def pytest_ignore_collect(config: pytest.Config) -> bool | None:
    """Only for whoever names this folder or something in it."""
    named = [Path(argument.partition("::")[0]).resolve() for argument in config.args]
    return None if any(path.is_relative_to(HERE) for path in named) else True


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.timeout(400))  # the first of them waits for a package


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in _figures:
        terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def figure() -> Callable[[str], None]:
    """Takes a line for the end of the report."""
    return _figures.append


@pytest.fixture(scope="session")
def python() -> Interpreter:
    """Lambda's Python, able to run what is built for ARCH."""
    try:
        found = find_interpreter()
    except PackagingError as error:
        cannot_run(str(error))
    if not found.runs(target_of(ARCH).machine):
        cannot_run(f"this machine ({found.platform}, {found.machine}) cannot run what is built for Lambda on {ARCH}")
    return found


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test run share."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base


@contextmanager
def once(marker: Path) -> Iterator[bool]:
    """True for the first process that comes here, which does the work; the others wait, and find it done."""
    with marker.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not marker.exists()
        marker.touch()


@pytest.fixture(scope="session")
def sources(shared: Path) -> Path:
    """What the workers' zip is made of, copied: an edit while the tests run makes no difference."""
    folder = shared / "sources"
    with once(shared / "copied") as first:
        if first:
            for part in ("penstock", "tasks", "lambdas", "infra/terraform"):
                shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", ".terraform*"))
    return folder


@pytest.fixture(scope="session")
def worker_zip(python: Interpreter, shared: Path, sources: Path, figure: Callable[[str], None]) -> Path:
    """The workers' zip of this checkout."""
    path = shared / f"worker-{ARCH}.zip"
    with once(shared / "worker") as first:
        if first:
            package = build(target_of(ARCH), path, python, root=sources)
            figure(
                f"worker zip: {package.archive.size} bytes, {package.archive.unzipped} unzipped, "
                f"built in {package.seconds:.1f} s, imported alone in {package.import_seconds:.2f} s"
            )
    return path


@pytest.fixture(scope="session")
def worker(worker_zip: Path, shared: Path) -> Path:
    """The workers' zip, unzipped."""
    return unzipped(worker_zip, shared / "worker-unzipped")


@pytest.fixture(scope="session")
def web_zip(python: Interpreter, shared: Path) -> Path:
    """What Zappa would upload for stage dev."""
    path = shared / "web.zip"
    with once(shared / "web") as first:
        if first:
            zappa_package(python, shared / "web-build", path)
    return path


@pytest.fixture(scope="session")
def web(web_zip: Path, shared: Path) -> Path:
    """The web's zip, unzipped."""
    return unzipped(web_zip, shared / "web-unzipped")


@pytest.fixture(scope="session")
def runtime_client(python: Interpreter, shared: Path) -> Path:
    """A folder with awslambdaric, the client that Lambda itself runs functions with."""
    folder = shared / "runtime-client"
    with once(shared / "client") as first:
        if first:
            pins = ROOT / "tools" / "runtime-requirements.txt"
            command = [sys.executable, "-m", "pip", "--python", python.path, "install", "--quiet", "--target", folder]
            options = ["--require-hashes", "--only-binary=:all:", "--no-deps", "--requirement", pins]
            subprocess.run([*command, *options], env=pip_environment(), check=True)
    return folder


def zappa_package(python: Interpreter, folder: Path, output: Path) -> None:
    """``zappa package`` by way of this project's settings and tools, as `make deploy` has it packaged."""
    environment = prepare(target_of(ARCH), python, folder)
    made = {"aws_region": "eu-central-1", "role_arn": "arn:aws:iam::000000000000:role/none"}
    settings = write_settings("dev", stage_settings("dev") | made, folder / "settings")
    # No deployment, so no account: only `package` is asked for.
    environ = {**os.environ, "VIRTUAL_ENV": str(environment.shown), "PYTHONPATH": str(ROOT)}
    environ |= {"PYTHON_LAMBDA": str(python.path), "AWS_ACCESS_KEY_ID": "none", "AWS_SECRET_ACCESS_KEY": "none"}
    command = [environment.python, "-m", "zappa.cli", "package", "dev", "-s", settings, "-o", "web.zip"]
    subprocess.run(command, cwd=environment.project, env=environ, check=True)
    shutil.move(environment.project / "web.zip", output)


def unzipped(path: Path, folder: Path) -> Path:
    """``path`` in ``folder``, once for all processes."""
    with once(folder.with_suffix(".done")) as first:
        if first:
            shutil.unpack_archive(path, folder)
    return folder

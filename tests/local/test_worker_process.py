"""`flask penstock worker` as a process of its own, on moto, stopped by signals in the middle of a task."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import penstock
from penstock import Penstock, Status, TaskResult, aws
from penstock.local.environment import local_environment
from penstock.local.project import Project
from penstock.local.provision import provision

SHOP = '''
import time
from pathlib import Path

from flask import Flask, current_app

from penstock import Penstock, current_task
from penstock.flask import init_app

tasks = Penstock()


@tasks.task
def nap(seconds: float) -> str:
    """Longer than any test in its first attempt, if it is not stopped."""
    Path(f"started-{current_task.attempt}").touch()
    if current_task.attempt == 1:
        time.sleep(seconds)
    return f"attempt {current_task.attempt} in {current_app.name}"


app = Flask("shop")
init_app(app, tasks)
'''
WAIT_SECONDS = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "shop.py").write_text(SHOP)
    (tmp_path / "queues.json").write_text(json.dumps({"queues": {"default": {}}}))
    return tmp_path


@pytest.fixture
def environ(folder: Path, moto_endpoint: str) -> dict[str, str]:
    prefix = f"w{uuid.uuid4().hex[:8]}"
    project = Project(root=folder, app="shop:app", handler="shop:handler", queues=Path("queues.json"), prefix=prefix)
    library = {"PYTHONPATH": str(Path(penstock.__file__).parents[1])}
    return {**local_environment(os.environ, moto_endpoint), **provision(project, moto_endpoint), **library}


@pytest.fixture
def tasks(environ: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Penstock:
    """The test's own view of the same queue."""
    for name in environ.keys() - os.environ.keys() - {"PYTHONPATH"}:
        monkeypatch.setenv(name, environ[name])
    tasks = Penstock()

    @tasks.task
    def nap(seconds: float) -> str: ...  # type: ignore[empty-body]

    aws.connect(tasks, environ)
    return tasks


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(folder: Path, environ: dict[str, str]) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def start(*options: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "flask", "--app", "shop", "penstock", "worker", "--queue", "default", *options]
        process = subprocess.Popen(
            command, cwd=folder, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def until(done: Callable[[], bool], worker: "subprocess.Popen[str]") -> None:
    end = time.monotonic() + WAIT_SECONDS
    while not done():
        assert worker.poll() is None, worker.communicate()
        assert time.monotonic() < end
        time.sleep(0.05)


def stop(process: "subprocess.Popen[str]") -> tuple[int, str]:
    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=WAIT_SECONDS)
    return process.returncode, output


def enqueued(tasks: Penstock, seconds: float) -> TaskResult[str]:
    result: TaskResult[str] = tasks.registry["nap"].enqueue(seconds)
    return result


def test_a_task_that_a_stop_interrupts_is_handed_back_and_runs_elsewhere(
    tasks: Penstock, start: Start, folder: Path
) -> None:
    result = enqueued(tasks, 600)
    first = start("--grace", "0.5")
    until((folder / "started-1").exists, first)
    code, output = stop(first)
    assert (code, "HANDED_BACK nap" in output, result.refresh().status) == (0, True, Status.RETRYING), output
    second = start()
    until(lambda: result.refresh().status.is_final, second)
    code, output = stop(second)
    assert (code, output.splitlines()[-1]) == (0, "Stopped. Deliveries: 1 SUCCEEDED."), output
    assert (result.return_value, tasks.ports.transport.depth("default").in_flight) == ("attempt 2 in shop", 0)


def test_a_task_that_ends_within_the_grace_is_settled(tasks: Penstock, start: Start, folder: Path) -> None:
    result = enqueued(tasks, 1)
    process = start("--json")
    until((folder / "started-1").exists, process)
    code, _ = stop(process)
    assert (code, result.refresh().return_value) == (0, "attempt 1 in shop")


def test_a_second_signal_ends_it_at_once_and_the_task_is_not_lost(tasks: Penstock, start: Start, folder: Path) -> None:
    result = enqueued(tasks, 600)
    process = start()
    until((folder / "started-1").exists, process)
    process.send_signal(signal.SIGINT)
    code, _ = stop(process)
    assert code in (128 + signal.SIGTERM, 128 + signal.SIGINT)  # Python takes two at once in any order
    assert (result.refresh().status, tasks.ports.transport.depth("default").in_flight) == (Status.RUNNING, 1)

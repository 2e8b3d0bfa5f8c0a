"""The image without Docker: the Dockerfile's own steps build it, its own commands run as its user, its own checks judge.

The base image is this machine's Python of the same version. As root the tests take the image's user, who may read all and
write nothing but /tmp, which is what a read-only root leaves; else they stay who they are.
"""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.error import HTTPError

import pytest
from PIL import Image

from local.project import PROJECT
from penstock import Penstock, Status, aws
from penstock.alive import MAX_AGE_SECONDS
from penstock.local.environment import local_environment
from penstock.local.provision import LocalClients, provision
from penstock.packaging.install import pip_environment
from penstock.packaging.interpreter import Interpreter
from tests.package.conftest import once
from tests.package.dockerfile import Container, Stage, build, stages
from tools.project import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STAGES = stages(DOCKERFILE)
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"
# Some machines' Python finds its own library by it; the base image's needs none.
LIBRARIES = {name: value for name, value in os.environ.items() if name == "LD_LIBRARY_PATH"}
SECONDS = 30
HOST = "shop.example"
SECRETS = {"PENSTOCK_WEB_TOKEN_SHA256": "0" * 64, "FLASK_SECRET_KEY": "k" * 32}


@dataclass
class Running:
    """A container of ``stage``: its process, and its HEALTHCHECK."""

    stage: Stage
    container: Container
    environ: dict[str, str]
    process: "subprocess.Popen[str] | None" = None

    def command(self, words: list[str]) -> list[str]:
        """``words`` as this container's user runs them."""
        placed = [self.container.placed(word) for word in words]
        return placed if os.geteuid() else [*as_user(self.container.user), *placed]

    @contextmanager
    def started(self, *more: str) -> Iterator["subprocess.Popen[str]"]:
        """The process of ENTRYPOINT and CMD; ``more`` takes CMD's place."""
        words = self.stage.command("ENTRYPOINT") + (list(more) or self.stage.command("CMD"))
        with subprocess.Popen(
            self.command(words),
            **self._where,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        ) as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    os.killpg(process.pid, signal.SIGKILL)

    def health(self) -> "subprocess.CompletedProcess[str]":
        """The HEALTHCHECK, once."""
        words = self.command(self.stage.command("HEALTHCHECK"))
        return subprocess.run(words, **self._where, capture_output=True, text=True, check=False)

    def until_healthy(self, process: "subprocess.Popen[str]") -> None:
        """Wait for the first good HEALTHCHECK."""
        until(lambda: self.health().returncode == 0, process)

    def stop(self, process: "subprocess.Popen[str]") -> tuple[int, str]:
        """Send STOPSIGNAL; how the process ended, and all that it said."""
        process.send_signal(signal.Signals[self.stage.last("STOPSIGNAL")])
        output, _ = process.communicate(timeout=SECONDS)
        return process.returncode, output

    @property
    def _where(self) -> dict[str, object]:
        return {"cwd": self.container.at(self.container.folder), "env": self.environ}


def as_user(user: str) -> list[str]:
    """A command in front of another one: as ``user`` of a Dockerfile, without any right to write what is not theirs."""
    uid, _, gid = user.partition(":")
    reading = [
        "--inh-caps",
        "-all,+dac_read_search",
        "--ambient-caps",
        "+dac_read_search",
    ]  # pytest's folders are closed
    return [
        "setpriv",
        "--reuid",
        uid,
        "--regid",
        gid,
        "--clear-groups",
        *reading,
        "--bounding-set",
        "-all,+dac_read_search",
    ]


def until(done: Callable[[], bool], process: "subprocess.Popen[str]") -> None:
    """Wait; where ``process`` ends before, say what it said."""
    end = time.monotonic() + SECONDS
    while not done():
        if time.monotonic() > end:
            os.killpg(process.pid, signal.SIGKILL)
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.2)


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    command = [sys.executable, "-m", "penstock.local.moto_host", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as moto:
        assert moto.stdout is not None
        yield moto.stdout.readline().split()[-1]
        moto.terminate()


@pytest.fixture(scope="session")
def root(python: Interpreter, shared: Path, figure: Callable[[str], None]) -> Path:
    """The image's file system, the same for both targets (tests/architecture has that), built once."""
    root, base = shared / "image", shared / "base"
    with once(shared / "image-built") as first:
        if first:
            base.mkdir()
            (base / "python").symlink_to(python.path)
            started = time.monotonic()
            build(DOCKERFILE, "web", ROOT, root, {**pip_environment(), "PATH": f"{base}:{SYSTEM_PATH}"})
            size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file() and not path.is_symlink())
            figure(f"image: {size / 1e6:.0f} MB beside Python, built in {time.monotonic() - started:.1f} s")
    return root


@pytest.fixture
def variables(moto_endpoint: str) -> dict[str, str]:
    """What a stack of this test's own on moto gives to its processes."""
    project = replace(
        PROJECT, prefix=f"i{uuid.uuid4().hex[:8]}", buckets={"UPLOADS_BUCKET": f"i{uuid.uuid4().hex[:8]}"}
    )
    return {**local_environment({}, moto_endpoint), **provision(project, moto_endpoint)}


@pytest.fixture
def run(root: Path, variables: dict[str, str]) -> Callable[..., Running]:
    """A container of a target, not started yet."""

    def run(target: str, **environ: str) -> Running:
        stage = STAGES[target]
        container = Container(root, {"PATH": SYSTEM_PATH})
        container.apply(stage.settings(), ROOT)
        shutil.rmtree(container.at("/tmp"), ignore_errors=True)
        container.at("/tmp").mkdir()
        if not os.geteuid():
            os.chown(container.at("/tmp"), *map(int, container.user.split(":")))
        own = {
            **LIBRARIES,
            **variables,
            **container.environ,
            "TMPDIR": str(container.at("/tmp")),
            "HOME": "/",
            **environ,
        }
        return Running(stage, container, own)

    return run


@pytest.fixture
def web(run: Callable[..., Running]) -> Running:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return run("web", PORT=str(port), ALLOWED_HOSTS=HOST, **SECRETS)


@pytest.fixture
def worker(run: Callable[..., Running]) -> Running:
    return run("worker", WEBHOOK_HOSTS="")


def get(port: str, path: str, host: str) -> tuple[int, bytes]:
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}", headers={"Host": host})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def test_the_web_serves_and_its_check_says_so_whatever_hosts_it_is_for(web: Running) -> None:
    before = web.health()
    with web.started() as process:
        web.until_healthy(process)
        port = web.environ["PORT"]
        of_load_balancer, of_visitor, of_stranger = (
            get(port, "/health", "10.0.3.7:8000"),
            get(port, "/", HOST),
            get(port, "/", "x.example"),
        )
        code, output = web.stop(process)
    assert (before.returncode, "the web does not answer on port" in before.stderr) == (1, True)
    assert (of_load_balancer, of_stranger[0]) == ((200, b'{"status":"ok"}\n'), 400)
    assert (of_visitor[0], b"Sign in" in of_visitor[1]) == (200, True)
    assert (code, "Traceback" in output) == (0, False), output


def test_the_worker_works_and_stops_when_it_is_told(
    worker: Running, variables: dict[str, str], moto_endpoint: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    photo = io.BytesIO()
    Image.new("RGB", (64, 48)).save(photo, "PNG")
    LocalClients(moto_endpoint).s3().put_object(
        Bucket=variables["UPLOADS_BUCKET"], Key="uploads/a.png", Body=photo.getvalue()
    )
    tasks = Penstock()

    @tasks.task(queue="images", max_attempts=5, time_limit=60)
    def make_thumbnails(key: str, *, widths: list[int]) -> None: ...

    aws.connect(tasks, variables)
    result = make_thumbnails.enqueue("uploads/a.png", widths=[32])
    with worker.started("--queue", "images") as process:
        worker.until_healthy(process)
        until(lambda: result.refresh().status.is_final, process)
        code, output = worker.stop(process)
    assert (result.status, code) == (Status.SUCCEEDED, 0), output
    assert output.splitlines()[-1] == "Stopped. Deliveries: 1 SUCCEEDED."


def test_a_worker_without_options_polls_the_default_queue(worker: Running) -> None:
    with worker.started() as process:
        worker.until_healthy(process)
        code, output = worker.stop(process)
    assert (code, "working on default;" in output) == (0, True), output


def test_a_worker_that_is_stuck_is_told_until_it_goes_on(worker: Running) -> None:
    alive = worker.container.at("/tmp") / "penstock-alive"
    with worker.started() as process:
        worker.until_healthy(process)
        os.killpg(process.pid, signal.SIGSTOP)
        os.utime(alive, (time.time() - MAX_AGE_SECONDS - 1,) * 2)
        stuck = worker.health()
        os.killpg(process.pid, signal.SIGCONT)
        worker.until_healthy(process)
        worker.stop(process)
    assert (stuck.returncode, "it is stuck" in stuck.stderr) == (1, True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be the image's user")
@pytest.mark.parametrize(("path", "expected"), [("/tmp/x", 0), ("/app/x", 1), ("/venv/x", 1)])
def test_the_image_s_user_can_write_to_tmp_alone(worker: Running, path: str, expected: int) -> None:
    words = worker.command(["python", "-c", f"open({path!r}, 'w').close()"])
    done = subprocess.run(words, env=worker.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, "PermissionError" in done.stderr) == (expected, expected == 1)

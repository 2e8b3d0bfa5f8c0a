"""The local stack of a project: moto, then what it must hold, then the web and the workers side by side."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Self

from watchfiles import Change, DefaultFilter, watch

from penstock.local import lifeline, moto_host, ready
from penstock.local.environment import local_environment
from penstock.local.metrics import MetricsAgent
from penstock.local.process import Log, Program
from penstock.local.project import DEFAULT_MOTO_PORT, DEFAULT_WEB_PORT, Project
from penstock.local.provision import LocalClients, provision
from penstock.local.sockets import HOST, listen, port_from
from penstock.local.supervisor import SUPERVISOR, Supervisor
from penstock.local.web import SERVING
from penstock.local.workers import POLLER_READY_LINE, READY_LINE
from penstock.packaging.worker_zip import BUILD
from penstock.queue_list import QueueList

MOTO, WEB, WORKERS, POLLER = "moto", "web", "workers", "poller"
_WATCH_MILLISECONDS = 300  # how soon a child's death is noticed while nothing changes


class Stack:
    """The running stack, as a context manager; leaving it stops everything.

    ``environ`` is the shell's environment, which is cleaned of everything AWS. Port 0 takes any free one;
    ``settings`` are what errors call the two ports.
    """

    def __init__(
        self,
        project: Project,
        environ: Mapping[str, str],
        log: Log,
        *,
        web_port: int,
        moto_port: int,
        settings: tuple[str, str] = ("WEB_PORT", "MOTO_PORT"),
    ) -> None:
        self.project = project
        self._base = environ
        self._log = log
        self._supervisor = Supervisor(self._hear)
        self._agent: MetricsAgent | None = None  # of the pollers: that of the functions is in the workers' process
        self._polled: dict[str, str] = {}  # name of a poller's process -> its queue
        self._moto_socket = listen(moto_port, setting=settings[1], what="moto")
        try:
            self._web_socket = listen(web_port, setting=settings[0], what="the web")
        except BaseException:
            self._moto_socket.close()
            raise
        self.endpoint: str = _url_of(self._moto_socket.getsockname())
        self.web_url: str = _url_of(self._web_socket.getsockname())
        self.environment: dict[str, str] = local_environment(environ, self.endpoint)
        """What every process of the stack gets; complete once the stack is up."""

    @classmethod
    def on_usual_ports(cls, project: Project, environ: Mapping[str, str], log: Log) -> Self:
        """A stack on WEB_PORT and MOTO_PORT of ``environ``, else on the default ones."""
        return cls(
            project,
            environ,
            log,
            web_port=port_from(environ, "WEB_PORT", DEFAULT_WEB_PORT),
            moto_port=port_from(environ, "MOTO_PORT", DEFAULT_MOTO_PORT),
        )

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pids(self) -> dict[str, int]:
        """Name -> process id of what runs."""
        return self._supervisor.pids

    def check(self) -> None:
        """StackError if a process has ended by itself."""
        self._supervisor.check()

    def run(self) -> None:
        """Keep the stack up and reload the web and the workers on changes, until a signal raises KeyboardInterrupt."""
        folders = self.project.watched
        if not folders:
            self._supervisor.wait()
        told = False
        # One thread for all: the watcher wakes up often enough to look after the children in between.
        for changes in watch(
            *folders, watch_filter=_Watched(self.project), rust_timeout=_WATCH_MILLISECONDS, yield_on_timeout=True
        ):
            self._supervisor.check()
            if not told:  # only now does it really watch
                self._log(SUPERVISOR, f"watching {', '.join(folder.name for folder in folders)}")
                told = True
            if changes:
                changed = sorted({_relative(path, self.project.root) for _, path in changes})
                self._log(SUPERVISOR, f"{', '.join(changed)} changed: reloading the web and the workers")
                self._supervisor.restart([WEB, WORKERS, *self._polled])

    def stop(self) -> None:
        """Stop every process; nothing is left when it returns, after some seconds at most. Twice is once."""
        with _signals_ignored():
            if self._agent is not None:
                self._agent.stop()  # while there is a moto to send to
                self._agent = None
            self._supervisor.stop()
            self._moto_socket.close()
            self._web_socket.close()

    def _start(self) -> None:
        # moto needs no more than the keys; the web and the workers get what provisioning has found out.
        self._supervisor.start(self._moto())
        self.environment = {
            **self.environment,
            **provision(self.project, self.endpoint),
            **self.project.environ,
        }
        queues = QueueList.read(self.project.queue_list).queues.values()
        self._polled = {f"{POLLER} {entry.name}": entry.name for entry in queues if not entry.has_function}
        if self._polled:
            cloudwatch = LocalClients(self.endpoint).cloudwatch()
            self._agent = MetricsAgent(cloudwatch, on_error=lambda line: self._log(SUPERVISOR, line))
            self._agent.start()
        self._supervisor.start(self._web(), self._workers(), *(self._poller(name) for name in self._polled))

    def _hear(self, name: str, line: str) -> None:
        """A line of a process: the metrics of a poller go to CloudWatch, and are nothing to read."""
        if self._agent is None or name not in self._polled or not self._agent.take(line):
            self._log(name, line)

    def _moto(self) -> Program:
        fd = self._moto_socket.fileno()
        ready_url = self.endpoint + moto_host.READY_PATH
        return self._program(
            MOTO, "penstock.local.moto_host", "--fd", str(fd), ready=ready.answers(ready_url), descriptors=(fd,)
        )

    def _web(self) -> Program:
        fd = self._web_socket.fileno()
        return self._program(
            WEB,
            "penstock.local.web",
            "--app",
            self.project.app,
            "--fd",
            str(fd),
            ready=ready.answers(self.web_url + self.project.health) if self.project.health else ready.says(SERVING),
            descriptors=(fd,),
        )

    def _workers(self) -> Program:
        return self._program(
            WORKERS,
            "penstock.local.workers",
            "--handler",
            self.project.handler,
            "--reconciler",
            self.project.reconciler,
            "--queues",
            str(self.project.queue_list),
            ready=ready.says(READY_LINE),
        )

    def _poller(self, name: str) -> Program:
        return self._program(
            name,
            "penstock.local.flask_poller",
            *("--app", self.project.app, "--queue", self._polled[name]),
            ready=ready.says(POLLER_READY_LINE + self._polled[name]),
        )

    def _program(
        self, name: str, module: str, *arguments: str, ready: ready.Ready, descriptors: tuple[int, ...] = ()
    ) -> Program:
        command = (sys.executable, "-m", module, *arguments, lifeline.argument())
        return Program(name, command, self.environment, self.project.root, ready, descriptors)


class _Watched(DefaultFilter):
    """Which changes reload: not those in the virtual environment, if it lies in the project, nor what packaging makes."""

    def __init__(self, project: Project) -> None:
        folders = [folder for folder in (Path(sys.prefix), project.root / BUILD) if folder.is_relative_to(project.root)]
        super().__init__(
            ignore_paths=[f"{folder}{os.sep}" for folder in folders]
        )  # compared as the beginnings of texts
        self._endings = project.endings

    def __call__(self, change: Change, path: str) -> bool:
        return (not self._endings or path.endswith(self._endings)) and super().__call__(change, path)


@contextmanager
def stop_signals() -> Iterator[None]:
    """Inside, SIGTERM raises KeyboardInterrupt in the main thread, as Ctrl-C does: both unwind the stack."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _signals_ignored() -> Iterator[None]:
    """Stopping is not interrupted by a second Ctrl-C: it ends by itself within seconds."""
    before = {}
    with suppress(ValueError):  # not the main thread: signals do not arrive here anyway
        before = {number: signal.signal(number, signal.SIG_IGN) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _url_of(address: tuple[str, int]) -> str:
    return f"http://{HOST}:{address[1]}"


def _relative(path: str, root: Path) -> str:
    return str(Path(path).relative_to(root)) if Path(path).is_relative_to(root) else path

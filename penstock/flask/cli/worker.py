"""``worker``: poll queues and work on their tasks in this process, where a Lambda invocation is too short."""

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import click
from flask import current_app

from penstock import __version__
from penstock.alive import SignOfLife
from penstock.app import Penstock
from penstock.errors import ConfigurationError
from penstock.execution import Interrupted
from penstock.flask.cli.base import Misused, command
from penstock.flask.cli.completing import queues
from penstock.flask.cli.output import say, show
from penstock.poller import DEFAULT_GRACE_SECONDS, LEASE_SECONDS, Poller, Stopping
from penstock.protection import TaskProtection, ecs_agent
from penstock.telemetry import RunEvent, logger
from penstock.versions import PROCESS, Announcement

_SIGNALS = (signal.SIGTERM, signal.SIGINT)
_TICK_SECONDS = 0.5

Count = Callable[[Sequence[RunEvent]], None]


def _no_count(_events: Sequence[RunEvent]) -> None:
    """Where nobody asked for metrics."""


def _no_sign() -> None:
    """Where nobody asked for a sign of life."""


def _no_protection(_busy: bool) -> None:
    """Where nobody is there to ask."""


@command("worker")
@click.option(
    "--queue", "names", multiple=True, required=True, shell_complete=queues, help="May be given several times."
)
@click.option(
    "--grace",
    type=click.FloatRange(min=0),
    default=DEFAULT_GRACE_SECONDS,
    show_default=True,
    help="Seconds that a running task has after SIGTERM or Ctrl-C, before it is handed back.",
)
@click.option(
    "--metrics",
    is_flag=True,
    help="Print a line of metrics to stdout after each delivery, for CloudWatch: where stdout goes to CloudWatch Logs.",
)
@click.option(
    "--alive-file",
    type=click.Path(path_type=Path, readable=False),
    help="Touched while the worker is well; `python -m penstock.alive FILE` looks at its age, for a health check.",
)
def worker(
    tasks: Penstock,
    as_json: bool,
    names: tuple[str, ...],
    grace: float,
    metrics: bool,
    alive_file: Path | None,
) -> None:
    """Work on the tasks of the given queues in this process, one at a time, until SIGTERM or Ctrl-C.

    For queues without a Lambda function: tasks may run for 12 hours. Start more processes for more at once. A second
    signal ends it at once; its task runs again when the lease is over.
    """
    count = _counting(tasks, as_json) if metrics else _no_count
    alive = SignOfLife(alive_file).show if alive_file else _no_sign
    poller = serve(tasks, names, grace=grace, count=count, alive=alive)
    show({"deliveries": dict(poller.outcomes)}, lambda _: _say(poller), as_json)


def serve(
    tasks: Penstock,
    names: Sequence[str],
    *,
    grace: float,
    count: Count = _no_count,
    alive: Callable[[], None] = _no_sign,
    lease_seconds: int = LEASE_SECONDS,
) -> Poller:
    """Work in this process, in its main thread and in an app context, until SIGTERM or SIGINT; the poller, at its end."""
    stopping = Stopping(tasks.ports.clock, grace)
    announcement = Announcement(tasks.ports, kind=PROCESS, version=__version__)
    with _signals(stopping) as interrupt, _in_app_context(tasks):
        poller = Poller(
            tasks,
            names,
            stopping=stopping,
            interrupt=interrupt,
            beside=_in_a_thread,
            name=f"{socket.gethostname()}:{os.getpid()}",
            count=count,
            alive=alive,
            announce=lambda: announcement.make(names),
            protect=_protection(tasks),
            lease_seconds=lease_seconds,
        )
        _log_to_stderr()
        logger.info("working on %s; stop with SIGTERM or Ctrl-C", ", ".join(names))
        poller.run()
    return poller


def _protection(tasks: Penstock) -> Callable[[bool], None]:
    """ECS's, where this runs as a task of ECS."""
    uri = tasks.ports.settings.ecs_agent_uri
    return TaskProtection(ecs_agent(uri), tasks.ports.clock).show if uri else _no_protection


def _say(poller: Poller) -> None:
    outcomes = ", ".join(f"{count} {outcome}" for outcome, count in sorted(poller.outcomes.items()))
    say(f"Stopped. Deliveries: {outcomes or 'none'}.")


def _counting(tasks: Penstock, as_json: bool) -> Count:
    if sys.stdout.isatty():
        raise Misused("--metrics writes lines for CloudWatch to stdout, which is a terminal here: leave it out")
    if as_json:
        raise Misused("--metrics and --json both write to stdout: take one of them")
    try:
        from penstock.aws import emf  # Powertools is for workers: the web neither has nor pays for it
    except ImportError as error:
        raise ConfigurationError(
            f"--metrics needs Powertools ({error}): pip install 'penstock[aws]', or leave it out"
        ) from None
    return partial(emf.count, tasks)


def _log_to_stderr() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s")  # nothing where the app has set it up
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)


@contextmanager
def _in_app_context(tasks: Penstock) -> Iterator[None]:
    """Inside, every run has an app context of its own: the command's would keep one database session for all."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]

    def around(_run: object, call_next: Callable[[], Any]) -> Any:
        with app.app_context():
            return call_next()

    tasks.hooks.middleware.insert(0, around)
    try:
        yield
    finally:
        tasks.hooks.middleware.remove(around)


@contextmanager
def _signals(stopping: Stopping) -> Iterator[Callable[[], None]]:
    """Inside, the first signal asks to stop and the second ends the process. Gives what interrupts user code.

    A handler runs in the main thread, between two byte codes of whatever that does: it takes no lock and starts no thread.
    """
    interrupts: list[bool] = []

    def handle(number: int, _frame: FrameType | None) -> None:
        if interrupts:
            interrupts.clear()
            if stopping.in_user_code:
                raise Interrupted
        elif stopping.requested:
            os._exit(128 + number)
        else:
            stopping.ask()

    def interrupt() -> None:
        # A real signal, for it also ends a system call that the task waits in.
        interrupts.append(True)
        signal.pthread_kill(main, signal.SIGTERM)

    main = threading.get_ident()
    before = {number: signal.signal(number, handle) for number in _SIGNALS}
    try:
        yield interrupt
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _in_a_thread(step: Callable[[], None]) -> Iterator[None]:
    done = threading.Event()

    def beat() -> None:
        while not done.wait(_TICK_SECONDS):
            try:
                step()
            except Exception:  # a bug of ours: the lease runs out, and the settle is refused if somebody else has it
                logger.exception("the heartbeat met a bug in Penstock")

    thread = threading.Thread(target=beat, name="penstock-heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()

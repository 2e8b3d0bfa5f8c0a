"""The workers' process: ``python -m penstock.local.workers --handler lambdas.worker:handler --queues <file>``.

One event source mapping a queue, in real time, and one function a queue, in processes of its own.
"""

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

from penstock.aws.connection import ports as aws_ports
from penstock.errors import PenstockError
from penstock.local import lifeline
from penstock.local.environment import require_loopback
from penstock.local.execution_environment import FunctionSettings
from penstock.local.function import LocalFunction
from penstock.local.mapping import EventSourceMapping, SettledBatch
from penstock.local.pollers import Pollers
from penstock.local.queue_list import QueueEntry, QueueList
from penstock.local.schedule import Schedule
from penstock.ports import Ports
from penstock.settings import Settings

READY_LINE = "the workers poll "
# For tasks that run when the workers are told to stop. Less than the supervisor's own grace, which ends in SIGKILL.
GRACE_SECONDS = 2.0
# On AWS minutes: here someone is watching.
RECONCILER_SECONDS = 15.0
RECONCILER_TIMEOUT_SECONDS = 60.0
# A laptop is no Lambda: more invocations at once than this, for each core, only wait for each other.
_INVOCATIONS_PER_CORE = 2


class Workers:
    """The mapping, the function and the pollers of one queue."""

    def __init__(self, entry: QueueEntry, handler: str, environ: Mapping[str, str], ports: Ports, cores: int) -> None:
        concurrency = min(entry.max_concurrency, cores * _INVOCATIONS_PER_CORE)
        function = FunctionSettings(handler, Path.cwd(), environ, name=f"penstock-local-{entry.name}")
        self._function = LocalFunction(function, limit=concurrency)
        mapping = EventSourceMapping(
            ports.transport, self._function, entry, ports.clock, source_arn=_arn(ports.settings, entry.name)
        )
        self._pollers = Pollers(
            mapping,
            threads=concurrency,
            on_batch=lambda settled: _tell_batch(entry.name, settled),
            on_error=lambda error: _say(f"{entry.name}: {error}; polling again"),
            abandon=self._function.close,
        )

    def start(self) -> None:
        """Begin to poll, with one execution environment loading already."""
        self._function.warm(1)
        self._pollers.start()

    def ask_to_stop(self) -> None:
        """Poll no more, and return at once."""
        self._pollers.ask_to_stop()

    def stop(self) -> None:
        """Give what runs its grace, then end the function's processes."""
        self._pollers.stop(GRACE_SECONDS)
        self._function.close()


@contextmanager
def polling(queues: QueueList, handler: str, environ: Mapping[str, str], *, reconciler: str = "") -> Iterator[None]:
    """Inside, every queue of ``queues`` is polled and ``handler`` works on what comes; ``reconciler`` runs on a schedule."""
    require_loopback(environ.get("AWS_ENDPOINT_URL", ""))
    ports = aws_ports(Settings.from_environ(environ))
    cores = os.cpu_count() or 1
    workers = [Workers(entry, handler, environ, ports, cores) for entry in queues.queues.values()]
    with ExitStack() as stopping:
        if reconciler:
            schedule = _reconciling(reconciler, environ)
            stopping.callback(schedule.stop)
            schedule.start()
        for worker in workers:
            stopping.callback(worker.stop)
            worker.start()
        try:
            yield
        finally:
            for worker in workers:
                worker.ask_to_stop()


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Work until the process is told to stop; 2 where the settings do not fit."""
    parser = argparse.ArgumentParser(prog="python -m penstock.local.workers", description=__doc__)
    parser.add_argument("--handler", required=True, help="the Lambda handler, module:name")
    parser.add_argument("--reconciler", default="", help="the reconciler's Lambda handler, module:name; none if empty")
    parser.add_argument("--queues", required=True, type=Path, help="the list of queues, a JSON file")
    lifeline.add_argument(parser)
    options = parser.parse_args(arguments)
    lifeline.hold(options)
    told_to_stop = threading.Event()

    def stop(_number: int, _frame: FrameType | None) -> None:
        # In a thread: the main one may hold the event's lock at this very moment.
        threading.Thread(target=told_to_stop.set).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    try:
        queues = QueueList.read(options.queues)
        with polling(queues, options.handler, environ, reconciler=options.reconciler):
            _say(f"{READY_LINE}{', '.join(queues.queues)}")
            told_to_stop.wait()
    except PenstockError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _reconciling(handler: str, environ: Mapping[str, str]) -> Schedule:
    function = FunctionSettings(handler, Path.cwd(), environ, name="penstock-local-reconciler")
    return Schedule(
        LocalFunction(function, limit=1),
        seconds=RECONCILER_SECONDS,
        timeout=RECONCILER_TIMEOUT_SECONDS,
        on_error=lambda error: _say(f"reconciler: {error}"),
    )


def _tell_batch(queue: str, settled: SettledBatch) -> None:
    if settled.left:
        _say(f"{queue}: {len(settled.left)} of {len(settled.messages)} messages stay in the queue: {settled.reason}")


def _arn(settings: Settings, queue: str) -> str:
    account, name = settings.url(queue).rsplit("/", 2)[-2:]
    return f"arn:aws:sqs:{settings.region}:{account}:{name}"


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

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
from penstock.local.execution_environment import FunctionSettings
from penstock.local.function import LocalFunction
from penstock.local.mapping import EventSourceMapping, SettledBatch
from penstock.local.mapping_states import MappingStates
from penstock.local.metrics import MetricsAgent
from penstock.local.pollers import Pollers
from penstock.local.provision import LocalClients, function_name, queue_arn
from penstock.local.schedule import Schedule
from penstock.ports import Ports
from penstock.queue_list import QueueEntry, QueueList
from penstock.settings import Settings

READY_LINE = "the workers poll "
POLLER_READY_LINE = "a worker polls "  # flask_poller's, before the name of its queue
# For tasks that run when the workers are told to stop. Less than the supervisor's own grace, which ends in SIGKILL.
GRACE_SECONDS = 2.0
# On AWS minutes: here someone is watching.
RECONCILER_SECONDS = 15.0
RECONCILER_TIMEOUT_SECONDS = 60.0
# A laptop is no Lambda: more invocations at once than this, for each core, only wait for each other.
_INVOCATIONS_PER_CORE = 2


class Workers:
    """The mapping, the function and the pollers of one queue."""

    def __init__(
        self, entry: QueueEntry, function: FunctionSettings, ports: Ports, cores: int, *, source_arn: str
    ) -> None:
        concurrency = min(entry.max_concurrency, cores * _INVOCATIONS_PER_CORE)
        self.arn = source_arn
        self._function = LocalFunction(function, limit=concurrency)
        mapping = EventSourceMapping(ports.transport, self._function, entry, ports.clock, source_arn=source_arn)
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

    def set_enabled(self, enabled: bool) -> None:
        """False: poll no more until True, and finish what is under way."""
        self._pollers.set_enabled(enabled)

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
    clients = LocalClients(environ.get("AWS_ENDPOINT_URL", ""))
    ports = aws_ports(Settings.from_environ(environ))
    cores = os.cpu_count() or 1
    agent = MetricsAgent(clients.cloudwatch(), on_error=_say)

    def function(name: str, handler: str) -> FunctionSettings:
        return FunctionSettings(handler, Path.cwd(), environ, name=name, on_line=lambda line: _hear(line, agent))

    workers = [
        Workers(
            entry,
            function(function_name(entry.name), handler),
            ports,
            cores,
            source_arn=queue_arn(ports.settings.url(entry.name)),
        )
        for entry in queues.queues.values()
        if entry.has_function
    ]
    states = MappingStates(clients.functions(), {worker.arn: worker.set_enabled for worker in workers}, on_error=_say)
    with ExitStack() as stopping:
        agent.start()
        stopping.callback(agent.stop)
        states.start()  # before anything polls: a queue that was paused before a reload stays so
        stopping.callback(states.stop)
        if reconciler:
            schedule = _reconciling(function("penstock-local-reconciler", reconciler))
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
            names = [entry.name for entry in queues.queues.values() if entry.has_function]
            _say(f"{READY_LINE}{', '.join(names) or 'nothing: no queue has a Lambda function'}")
            told_to_stop.wait()
    except PenstockError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def _reconciling(function: FunctionSettings) -> Schedule:
    return Schedule(
        LocalFunction(function, limit=1),
        seconds=RECONCILER_SECONDS,
        timeout=RECONCILER_TIMEOUT_SECONDS,
        on_error=lambda error: _say(f"reconciler: {error}"),
    )


def _tell_batch(queue: str, settled: SettledBatch) -> None:
    if settled.left:
        _say(f"{queue}: {len(settled.left)} of {len(settled.messages)} messages stay in the queue: {settled.reason}")


def _hear(line: str, agent: MetricsAgent) -> None:
    """A line of a function: metrics go to CloudWatch, and are nothing to read; the rest is shown."""
    if not agent.take(line):
        _say(line)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")  # in one piece: many threads speak
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))

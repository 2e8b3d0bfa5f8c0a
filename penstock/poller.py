"""A worker that polls its queues itself, in a container or on a laptop: for tasks that outlast a Lambda invocation.

One process is one worker and has one message at a time. A message goes the way that it goes on Lambda (``penstock.batch``);
only its lease is short, and a heartbeat renews it. Time, threads and signals come in from outside.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from urllib.parse import urlsplit

from msgspec import Struct

from penstock.app import Penstock
from penstock.batch import work
from penstock.current import Run
from penstock.errors import AccessRefused, ConfigurationError, PenstockError, Unavailable
from penstock.execution import Execution, Invocation, insist
from penstock.heartbeat import Heartbeat, visibility_for
from penstock.ports import ReceivedMessage
from penstock.processes import Pauses
from penstock.telemetry import RunEvent, logger
from penstock.times import Clock, seconds

LEASE_SECONDS = 60
# Shorter, and a lease would run out between two beats: two seconds before its end it is given up.
MIN_LEASE_SECONDS = 6
# A message stays hidden for 43,200 s in all, counted from its receive; the heartbeat must fit in until the end of the run:
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
MAX_TIME_LIMIT_SECONDS = 43_200 - 2 * LEASE_SECONDS
# How long a receive waits for a message. Not SQS's 20 s, for a stop waits for it as well; and less where other queues wait.
WAIT_SECONDS, WAIT_SECONDS_OF_MANY = 10, 2
# The pause after a receive that did not wait: on the local stack it must not, because moto answers nobody else meanwhile.
IDLE_SECONDS = 0.5
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
# Pauses after a receive that was refused, and after one without an answer: the first, doubled up to the longest.
REFUSED_SECONDS = (30, 900)
UNAVAILABLE_SECONDS = (1, 60)
_MAX_DOUBLINGS = 10
DEFAULT_GRACE_SECONDS = 25.0  # of the 30 that ECS gives between SIGTERM and SIGKILL
# What a task has for its clean-up between two interrupts.
CLEAN_UP_SECONDS = 5.0

Beside = Callable[[Callable[[], None]], AbstractContextManager[object]]


class Stopping:
    """Whether, and since when, the worker is asked to end; ``grace`` is what a running task then still has (seconds)."""

    def __init__(self, clock: Clock, grace: float = DEFAULT_GRACE_SECONDS) -> None:
        self._clock = clock
        self._grace = grace
        self._interrupt_at: datetime | None = None
        #: True where an interrupt may be raised.
        self.in_user_code: bool = False

    def ask(self) -> None:
        """End after the present message."""
        if self._interrupt_at is None:
            self._interrupt_at = self._clock() + seconds(self._grace)

    @property
    def requested(self) -> bool:
        """True once somebody has asked."""
        return self._interrupt_at is not None

    def is_time_to_interrupt(self) -> bool:
        """True when the grace is over, and again every CLEAN_UP_SECONDS for a task that has swallowed the interrupt."""
        now = self._clock()
        if not self.in_user_code or self._interrupt_at is None or now < self._interrupt_at:
            return False
        self._interrupt_at = now + seconds(CLEAN_UP_SECONDS)
        return True

    @contextmanager
    def user_code(self) -> Iterator[None]:
        """Around user code."""
        self.in_user_code = True
        try:
            yield
        finally:
            self.in_user_code = False


class _Line(Struct):
    """A queue in turn: not before ``ready_at``, after ``failures`` one after the other."""

    name: str
    wait: int
    failures: int = 0
    ready_at: datetime | None = None


class Poller:
    """One worker on ``queues``.

    ``interrupt`` raises ``Interrupted`` in user code; ``beside(step)`` is a context manager in which ``step`` is called about
    once a second beside what goes on inside; ``name`` is what failed attempts are signed with; ``count`` gets what became of
    each delivery, for whoever makes metrics of it; ``alive`` is called while the worker is well: at every receive, and beside
    a task as long as its lease is held; ``announce`` at every receive; ``protect`` likewise, with False, and beside a task with
    True. ConfigurationError for a queue that the settings do
    not name, or a task on it that runs longer than SQS can hide its message.
    """

    def __init__(
        self,
        tasks: Penstock,
        queues: Iterable[str],
        *,
        stopping: Stopping,
        interrupt: Callable[[], None],
        beside: Beside,
        name: str,
        count: Callable[[Sequence[RunEvent]], None] = lambda _events: None,
        alive: Callable[[], None] = lambda: None,
        announce: Callable[[], None] = lambda: None,
        protect: Callable[[bool], None] = lambda _busy: None,
        lease_seconds: int = LEASE_SECONDS,
    ) -> None:
        names = list(dict.fromkeys(queues))
        _check(tasks, names, lease_seconds)
        self._tasks = tasks
        self._ports = tasks.ports
        self._stopping = stopping
        self._interrupt = interrupt
        self._beside = beside
        self._count = count
        self._alive = alive
        self._announce = announce
        self._protect = protect
        self._lease_seconds = lease_seconds
        self._pauses = Pauses(tasks.ports)
        self._lines = [_Line(queue, self._wait(queue, len(names))) for queue in names]
        self._invocation = Invocation(
            name, remaining=lambda: float("inf"), lease_seconds=lease_seconds, watch=self._watch
        )
        #: How many deliveries ended how.
        self.outcomes: Counter[str] = Counter()

    def run(self) -> None:
        """Work until somebody asks to stop."""
        while not self._stopping.requested:
            started = self._ports.clock()
            if not self.step() and self._ports.clock() - started < seconds(IDLE_SECONDS):
                self._pause(IDLE_SECONDS)

    def step(self) -> bool:
        """Take one message from the first queue in turn that has one, and work on it. False if none has one."""
        for line in list(self._lines):
            if self._stopping.requested:
                return False
            self._alive()
            self._announce()
            self._protect(False)
            if line.ready_at is not None and self._ports.clock() < line.ready_at:
                continue
            if self._pauses.includes(line.name):
                continue
            message = self._receive(line)
            if message is not None:
                self._lines.remove(line)
                self._lines.append(line)  # the others are first, next time
                self._work(message, line)
                return True
        return False

    def _receive(self, line: _Line) -> ReceivedMessage | None:
        try:
            messages = self._ports.transport.receive(
                line.name, max_messages=1, visibility_timeout=visibility_for(self._lease_seconds), wait=line.wait
            )
        except AccessRefused as error:
            self._back_off(line, str(error), *REFUSED_SECONDS)
            return None
        except Unavailable as error:
            self._back_off(line, str(error), *UNAVAILABLE_SECONDS)
            return None
        if not messages:
            line.failures = 0
            return None
        return messages[0]

    def _work(self, message: ReceivedMessage, line: _Line) -> None:
        transport, handle = self._ports.transport, message.receipt_handle
        if self._stopping.requested:  # asked while the receive waited
            _try("given back", message, lambda: transport.change_visibility(line.name, {handle: 0}))
            return
        report = work(self._tasks, [message.delivery(line.name)], self._invocation)
        (event,) = report.events
        self.outcomes[event.outcome] += 1
        if not report.failed:
            # Where it is not deleted it comes back, finds its task done, and is deleted then.
            _try("deleted", message, lambda: insist(lambda: transport.delete(line.name, [handle]), self._ports))
        if event.outcome == "UNAVAILABLE":  # the next one would only cost a receive too
            self._back_off(line, event.reason, *UNAVAILABLE_SECONDS)
        else:
            line.failures = 0
        self._count(report.events)  # last: what was done is done, whatever becomes of the metrics

    def _back_off(self, line: _Line, reason: str, first: int, longest: int) -> None:
        pause = min(longest, first << min(line.failures, _MAX_DOUBLINGS))
        line.failures += 1
        line.ready_at = self._ports.clock() + seconds(pause)
        logger.warning("queue %r is left alone for %d s: %s", line.name, pause, " ".join(reason.split()))

    def _pause(self, length: float) -> None:
        # In small pieces: a sleep goes on after a signal's handler has returned.
        end = self._ports.clock() + seconds(length)
        while not self._stopping.requested and (left := (end - self._ports.clock()).total_seconds()) > 0:
            self._ports.sleep(min(left, IDLE_SECONDS))

    @contextmanager
    def _watch(self, x: Execution, run: Run) -> Iterator[None]:
        heartbeat = Heartbeat(x, run, self._ports, self._lease_seconds)

        def step() -> None:
            heartbeat.step()
            if not run.lost:  # a run that nothing can end is no sign of life
                self._alive()
                self._protect(True)
            if self._stopping.is_time_to_interrupt():
                self._interrupt()

        # Leaving it ends the heartbeat, before anything is settled.
        with self._beside(step), self._stopping.user_code():
            yield

    def _wait(self, queue: str, queues: int) -> int:
        if urlsplit(self._ports.settings.queue(queue).url).hostname in _LOOPBACK:
            return 0
        return WAIT_SECONDS if queues == 1 else WAIT_SECONDS_OF_MANY


def _check(tasks: Penstock, queues: list[str], lease_seconds: int) -> None:
    if not queues:
        raise ConfigurationError("a worker needs at least one queue")
    if not MIN_LEASE_SECONDS <= lease_seconds <= LEASE_SECONDS:
        raise ConfigurationError(
            f"lease_seconds={lease_seconds}: a worker's lease is {MIN_LEASE_SECONDS} to {LEASE_SECONDS} s long"
        )
    for queue in queues:
        tasks.ports.settings.queue(queue)
    for task in tasks.registry.values():
        if task.options.queue in queues and task.options.time_limit > MAX_TIME_LIMIT_SECONDS:
            raise ConfigurationError(
                f"task {task.name}: time_limit={task.options.time_limit} s is more than a worker can keep: SQS hides a "
                f"received message for 12 hours at most, so that {MAX_TIME_LIMIT_SECONDS} s is the longest. Divide the work"
            )


def _try(what: str, message: ReceivedMessage, call: Callable[[], None]) -> None:
    try:
        call()
    except PenstockError as error:
        logger.warning("message %s was not %s, and comes back: %s", message.message_id, what, error)

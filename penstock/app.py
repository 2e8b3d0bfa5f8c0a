"""Penstock, the facade: register tasks, enqueue them, find their results."""

import json
import logging
import math
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar, overload

from penstock.envelope import ID, JSON, Envelope
from penstock.errors import (
    ConfigurationError,
    EnqueueUncertain,
    EnvelopeTooLarge,
    InvalidOption,
    NotConnected,
    PenstockError,
    TaskIdConflict,
    TaskNotFound,
    Unavailable,
)
from penstock.ports import Applied, OutgoingMessage, Ports
from penstock.record import TaskRow
from penstock.registry import Registry
from penstock.result import TaskResult
from penstock.retry import Backoff, RetryPolicy
from penstock.settings import QueueSettings
from penstock.states import Status
from penstock.task import EnqueueOptions, Task, TaskOptions
from penstock.times import to_milliseconds
from penstock.transitions import queued

P = ParamSpec("P")
R = TypeVar("R")

logger = logging.getLogger("penstock")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_DELAY_SECONDS = 900
MAX_MESSAGE_BYTES = 1_048_576

SEND_TRIES = 3
SEND_SECONDS = 10.0


class Penstock:
    """The task queue of one project.

    Make one at import, decorate functions with ``task``, connect it at start-up (``penstock.flask.init_app``,
    ``penstock.aws.connect`` or ``connect``).
    """

    def __init__(self) -> None:
        self.registry = Registry()
        self._ports: Ports | None = None

    @overload
    def task(self, function: Callable[P, R], /) -> Task[P, R]: ...

    @overload
    def task(
        self,
        /,
        *,
        name: str | None = None,
        queue: str = "default",
        max_attempts: int = 5,
        retry_on: tuple[type[Exception], ...] = (Exception,),
        time_limit: int = 30,
        backoff: Backoff | None = None,
        record: bool = True,
    ) -> Callable[[Callable[P, R]], Task[P, R]]: ...

    def task(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        queue: str = "default",
        max_attempts: int = 5,
        retry_on: tuple[type[Exception], ...] = (Exception,),
        time_limit: int = 30,
        backoff: Backoff | None = None,
        record: bool = True,
    ) -> Any:
        """Make a function a task.

        ``name`` (the function's own by default) is what messages carry: keep it when you move the function.
        ``max_attempts`` starts at most, on errors of the classes in ``retry_on``, ``backoff`` apart. ``time_limit`` is
        seconds. ``record=False`` leaves out the write of the QUEUED row: two writes a task instead of three, but a task
        that has not started cannot be seen. ConfigurationError where an option makes no sense.
        """
        if max_attempts < 1 or time_limit < 1:
            raise ConfigurationError(
                f"max_attempts={max_attempts} and time_limit={time_limit} (seconds) must be 1 at least"
            )
        policy = RetryPolicy(max_attempts, retry_on, backoff or Backoff())
        options = TaskOptions(queue, time_limit, policy, record)

        def register(function: Callable[P, R]) -> Task[P, R]:
            task = Task(function, name or function.__name__, options, self)
            if self._ports is not None:
                options.check(task.name, self._ports.settings)
            self.registry.add(task)
            return task

        return register if function is None else register(function)

    def connect(self, ports: Ports) -> None:
        """Use ``ports`` from now on; ConfigurationError if a task does not fit its queue."""
        for task in self.registry.values():
            task.options.check(task.name, ports.settings)
        self._ports = ports

    @property
    def is_connected(self) -> bool:
        """True once ``connect`` was called."""
        return self._ports is not None

    @property
    def ports(self) -> Ports:
        """The ports it works with; NotConnected before ``connect``."""
        if self._ports is None:
            raise NotConnected
        return self._ports

    def result(self, task_id: str) -> TaskResult[Any]:
        """The result of a task, from any process; TaskNotFound where the table has no such row."""
        row = self.ports.results.get(task_id)
        if row is None:
            raise TaskNotFound(
                f"no task {task_id!r:.140} is recorded: never enqueued, not recorded yet, or past its retention"
            )
        return self._result(row)

    def send(
        self, task: Task[Any, Any], args: list[JSON], kwargs: dict[str, JSON], options: EnqueueOptions
    ) -> TaskResult[Any]:
        """Enqueue one call, given as JSON: send first, then record if absent. ``Task.enqueue`` is the way to it."""
        ports = self.ports
        now = ports.clock()
        queue = ports.settings.queue(task.queue)
        delay, run_after = _when(options, queue, now)
        if queue.fifo and options.group is None:
            raise InvalidOption(f"queue {queue.name!r} is FIFO: say which group with .using(group=...)")
        envelope = Envelope(
            id=_task_id(options.task_id) or ports.random.token(),
            send_id="",
            task=task.name,
            args=args,
            kwargs=kwargs,
            created_at=now,
            run_after=run_after,
        )
        if options.task_id is not None and (known := self._known(envelope)) is not None:
            return self._result(known, created=False)
        sent = self._send(envelope, queue, delay, options.group)
        row = TaskRow(envelope.id, Status.QUEUED, task.name, queue.name, now, run_after=run_after)
        if not task.options.record:
            return self._result(row)
        return self._record(sent, row)

    def _send(self, envelope: Envelope, queue: QueueSettings, delay: int, group: str | None) -> Envelope:
        """Send until SQS confirms; every physical try has a send id of its own."""
        ports = self.ports
        started = ports.clock()
        cause = ""
        for attempt in range(SEND_TRIES):
            sent = envelope.resent(ports.random.token())
            message = OutgoingMessage(
                queue.name,
                sent.to_json(),
                delay=delay,
                group=group,
                deduplication_id=sent.send_id if queue.fifo else None,
                attributes={"task": sent.task, "task_id": sent.id},
            )
            _check_size(message, envelope)
            try:
                ports.transport.send(message)
            except Unavailable as error:
                cause = str(error)
                if (ports.clock() - started).total_seconds() > SEND_SECONDS:
                    break
                ports.sleep(0.2 * 2**attempt * (0.5 + ports.random.random()))
            else:
                return sent
        raise EnqueueUncertain(envelope.id, cause)

    def _record(self, sent: Envelope, row: TaskRow) -> TaskResult[Any]:
        """Write the QUEUED row. The task is accepted already: a failure here is a warning."""
        try:
            answer = self.ports.results.apply(sent.id, queued(sent, row.queue))
        except PenstockError as error:
            logger.warning("task %s is enqueued, but its QUEUED row could not be written: %s", sent.id, error)
            return self._result(row)
        if isinstance(answer, Applied) or answer.row is None:
            return self._result(answer.row or row)
        _check_same(sent, answer.row)
        mine = answer.row.send_id == sent.send_id  # its delivery was faster than this write
        return self._result(answer.row, created=mine)

    def _known(self, envelope: Envelope) -> TaskRow | None:
        """The row of a task id that the caller chose, if there is one; TaskIdConflict if it is other work."""
        try:
            row = self.ports.results.get(envelope.id)
        except Unavailable as error:
            # Sending is right all the same: of two sends of one task id only one runs.
            logger.warning("cannot tell whether task %s is known: %s", envelope.id, error)
            return None
        if row is not None:
            _check_same(envelope, row)
        return row

    def _result(self, row: TaskRow, *, created: bool = True) -> TaskResult[Any]:
        # A task of another project, or one that was deleted: its result stays plain JSON.
        decode = self.registry[row.task].codec.decode_result if row.task in self.registry else json.loads
        return TaskResult(self.ports, row, decode, created=created)


def _when(options: EnqueueOptions, queue: QueueSettings, now: datetime) -> tuple[int, datetime | None]:
    """DelaySeconds and the time that it stands for; InvalidOption for what SQS would refuse or round."""
    delay, run_after = options.delay, options.run_after
    if delay is not None and run_after is not None:
        raise InvalidOption(f"delay={delay!r} and run_after={run_after!r}: give one of them")
    if run_after is not None:
        if run_after.tzinfo is None:
            raise InvalidOption(f"run_after={run_after!r} has no time zone: pass an aware datetime")
        delay = max(0, math.ceil((run_after - now).total_seconds()))  # a time in the past is now
    if not delay:
        return 0, None
    if isinstance(delay, bool) or not isinstance(delay, int) or delay < 0:
        raise InvalidOption(f"delay={delay!r}: SQS delays by whole seconds, 0 to {MAX_DELAY_SECONDS}")
    if delay > MAX_DELAY_SECONDS:
        raise InvalidOption(
            f"a delay of {delay} s: SQS holds a message back for {MAX_DELAY_SECONDS} s at most. "
            "For later work let EventBridge Scheduler enqueue it at its time"
        )
    if queue.fifo:
        raise InvalidOption(f"queue {queue.name!r} is FIFO: SQS allows no delay of single messages there")
    return delay, to_milliseconds(run_after or now + timedelta(seconds=delay))


def _task_id(task_id: str | None) -> str | None:
    if task_id is not None and not ID.fullmatch(task_id):
        raise InvalidOption(
            f"task_id={task_id!r:.140}: a letter or digit, then up to 127 of letters, digits and _ . : @ - "
            "(hash what does not fit)"
        )
    return task_id


def _check_size(message: OutgoingMessage, envelope: Envelope) -> None:
    attributes = sum(len(name) + len("String") + len(value) for name, value in message.attributes.items())
    size = len(message.body) + attributes  # all ASCII: characters are bytes
    if size > MAX_MESSAGE_BYTES:
        raise EnvelopeTooLarge(
            f"the message of task {envelope.task} is {size} bytes; SQS takes {MAX_MESSAGE_BYTES}. "
            "Put the data into S3 and enqueue its key"
        )


def _check_same(envelope: Envelope, row: TaskRow) -> None:
    digest = envelope.arguments_sha256()
    if row.task != envelope.task or (row.arguments_sha256 is not None and row.arguments_sha256 != digest):
        raise TaskIdConflict(
            f"task id {envelope.id!r} is taken by {row.task} ({row.status}) with other arguments: "
            "one id names one piece of work, so use another id"
        )

"""The values that the steps of an execution pass on."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from typing import Any, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from penstock import error_groups
from penstock.arguments import Arguments
from penstock.current import Run
from penstock.delivery import Delivery
from penstock.envelope import Envelope
from penstock.errors import AccessRefused, ArgumentsLost, Unavailable
from penstock.failure import Failure
from penstock.hooks import Hooks
from penstock.ports import Applied, Ports, Refused
from penstock.record import MAX_ROW_ENVELOPE_BYTES, AttemptRow, Progress, TaskRow, Value
from penstock.registry import AnyTask, Registry
from penstock.retry import GiveUp, RetryIn
from penstock.states import Status
from penstock.telemetry import RunEvent, logger
from penstock.times import milliseconds_between
from penstock.transitions import Transition

T = TypeVar("T")

STORE_TRIES = 3


class Invocation(Struct, frozen=True):
    """The process's present call: its id, and how many seconds it has left to live.

    ``time_limits=False`` leaves out the tasks' time limits: someone stands at a breakpoint in user code.
    ``lease_seconds`` is how long a claim holds where a heartbeat renews it; None: for the rest of the invocation.
    ``watch(execution, run)`` is open while user code runs: that heartbeat.
    """

    request_id: str
    remaining: Callable[[], float]
    time_limits: bool = True
    lease_seconds: float | None = None
    watch: "Callable[[Execution, Run], AbstractContextManager[object]]" = lambda _x, _run: nullcontext()

    def lease(self) -> float:
        """Seconds for which a claim made now must hold."""
        return self.remaining() if self.lease_seconds is None else self.lease_seconds


class Interrupted(BaseException):
    """Raised in user code by a worker that has to end: no Exception, so that a task does not swallow it by accident."""


class Acknowledge(Struct, frozen=True):
    """The message may be deleted."""


class Leave(Struct, frozen=True):
    """Report the message as failed; SQS shows it again after ``visibility`` seconds (None: its timeout as it is)."""

    visibility: int | None = None


class Returned(Struct, frozen=True):
    """User code returned this."""

    value: Any


class Raised(Struct, frozen=True):
    """User code, or reading its arguments, raised this. ``hopeless`` says why no later attempt can do better."""

    error: BaseException
    hopeless: str = ""


class CancelNow(Struct, frozen=True):
    """Someone asked to cancel the task before user code started."""


class Execution(Struct, frozen=True):
    """What is known of one delivery so far; ``said`` and ``reason`` are what telemetry says of its end."""

    delivery: Delivery
    owner: str
    envelope: Envelope | None = None
    task: AnyTask | None = None
    arguments: Arguments | ArgumentsLost | None = None
    row: TaskRow | None = None
    call: tuple[list[Any], dict[str, Any]] | None = None
    started_at: datetime | None = None
    duration_ms: int = 0
    progress: Progress | None = None
    outcome: Returned | Raised | CancelNow | None = None
    decision: RetryIn | GiveUp | None = None
    answer: Acknowledge | Leave | None = None
    said: str = ""
    reason: str = ""

    def end(self, answer: Acknowledge | Leave, said: str, reason: str = "") -> "Execution":
        """The execution with its answer."""
        return replace(self, answer=answer, said=said, reason=reason)

    def event(self) -> RunEvent:
        """What telemetry says of it."""
        delivery, started = self.delivery, self.started_at
        return RunEvent(
            outcome=self.said,
            queue=delivery.queue,
            message_id=delivery.message_id,
            receive_count=delivery.receive_count,
            reason=self.reason,
            task=self.envelope.task if self.envelope else "",
            task_id=self.envelope.id if self.envelope else "",
            attempt=self.row.attempts if self.row else 0,
            duration_ms=self.duration_ms,
            queued_ms=milliseconds_between(delivery.sent_at, started) if started else 0,
        )


class Worker(Struct, frozen=True):
    """What the steps work with."""

    registry: Registry
    ports: Ports
    invocation: Invocation
    hooks: Hooks = field(default_factory=Hooks)

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        """Carry a transition out, again if the table does not answer: a repeated one is refused and recognised."""
        return insist(lambda: self.ports.results.apply(task_id, transition), self.ports)


def insist(call: Callable[[], T], ports: Ports) -> T:
    """The answer of ``call``, tried again for a second or so while the service is Unavailable."""
    for attempt in range(STORE_TRIES - 1):
        try:
            return call()
        except Unavailable:
            ports.sleep(0.1 * 4**attempt * (0.5 + ports.random.random()))
    return call()


_BACKOFF_SECONDS, _LONGEST_BACKOFF_SECONDS = 30, 900
_DOUBLINGS = 5  # 30 s doubled five times is past the longest


def come_back_later(delivery: Delivery) -> Leave:
    """For a message that could not be worked on: 30 s, doubled with every receive, up to 900 s."""
    doublings = min(max(0, delivery.receive_count - 1), _DOUBLINGS)
    return Leave(min(_LONGEST_BACKOFF_SECONDS, _BACKOFF_SECONDS << doublings))


def keep_envelope(envelope: Envelope, ports: Ports) -> dict[str, Value]:
    """The pointer to an envelope too large for a row, once it is in S3; nothing for others, which stand in the row."""
    content = envelope.to_json().encode()
    if len(content) <= MAX_ROW_ENVELOPE_BYTES or ports.payloads is None or envelope.sensitive:
        return {}
    key, payloads = f"envelopes/{envelope.id}/{envelope.send_id}", ports.payloads
    try:
        insist(lambda: payloads.put(key, content), ports)
    except (Unavailable, AccessRefused) as error:  # the message itself still says everything
        logger.warning("the envelope of %s was not kept: %s", envelope.id, error)
        return {}
    return {"envelope_pointer": key}


def keep_attempt(x: Execution, worker: Worker, failure: Failure, outcome: Status) -> None:
    """Write down a failed attempt of ``x.row``, and count its error."""
    row = known(x.row)
    error_groups.note(worker.ports, failure, task_id=row.task_id, task=row.task, outcome=outcome)
    attempt = AttemptRow(
        number=row.attempts,
        outcome=outcome,
        error_type=failure.type,
        message=failure.message,
        traceback=failure.traceback,
        started_at=x.started_at or row.sent_at or row.created_at,
        duration_ms=x.duration_ms,
        request_id=worker.invocation.request_id,
    )
    try:
        worker.ports.results.add_attempt(row.task_id, attempt)
    except (Unavailable, AccessRefused) as error:
        logger.warning("attempt %d of %s was not kept: %s", row.attempts, row.task_id, error)


def known(value: T | None) -> T:
    """``value``, which an earlier step has set."""
    if value is None:
        raise AssertionError("a step ran before the one that it needs")
    return value

"""The documents' shapes: what penstock.flask.documents makes, and what openapi.json says of it. Times are UTC, as text."""

from typing import Annotated, Any, TypedDict

from msgspec import Meta

from penstock.doctor import Severity
from penstock.envelope import ID, JSON
from penstock.operations import Kind, State
from penstock.search import FINGERPRINT
from penstock.states import Status

Time = Annotated[
    str, Meta(description="UTC, such as 2026-11-21T04:36:38.123Z", extra_json_schema={"format": "date-time"})
]
TaskId = Annotated[str, Meta(description="A task id", pattern=f"^{ID.pattern}$")]
Fingerprint = Annotated[str, Meta(description="What groups errors of one kind", pattern=f"^{FINGERPRINT.pattern}$")]
Milliseconds = Annotated[int, Meta(description="Milliseconds")]


class Progress(TypedDict):
    """How far a task says it is: ``done`` of ``total`` steps."""

    done: int
    total: int | None
    note: str


class ErrorWords(TypedDict):
    """The class of an exception, and its message."""

    type: str
    message: str


class LastError(ErrorWords):
    """The last error of a task; ``reason`` says why there is no retry."""

    fingerprint: str
    reason: str | None


class TaskStatus(TypedDict):
    """Where a task stands. ``result`` has its secrets redacted by their names; ``result_error`` says why there is none."""

    id: str
    task: str
    queue: str
    status: Status
    attempts: int
    progress: Progress | None
    result: JSON
    result_error: str | None
    error: ErrorWords | None
    created_at: Time
    finished_at: Time | None
    duration_ms: Milliseconds | None


class Task(TypedDict):
    """One line of a list of tasks. ``origin`` is the task that this one is an edited copy of."""

    id: str
    task: str
    queue: str
    status: Status
    attempts: int
    attempts_left: int | None
    tags: list[str]
    progress: Progress | None
    error: LastError | None
    created_at: Time
    run_after: Time | None
    retry_at: Time | None
    lease_expires_at: Time | None
    finished_at: Time | None
    failed_at: Time | None
    retry_sent_at: Time | None
    forgotten_at: Time | None
    duration_ms: Milliseconds | None
    origin: str | None
    sensitive: bool
    cancel_requested: bool


class ShownTask(Task):
    """One task, with its result once it SUCCEEDED, secrets redacted by their names. ``result_error`` says why there is none."""

    result: JSON
    result_error: str | None
    arguments: Annotated[
        dict[str, Any] | None,
        Meta(
            description="Of a task that failed, secrets redacted by their names; null where the table keeps none. "
            "`unreadable` says why where a later version wrote them"
        ),
    ]


class Attempt(TypedDict):
    """One failed attempt; ``outcome`` is the status that it led to."""

    number: int
    outcome: Status
    error: ErrorWords
    traceback: str
    started_at: Time
    duration_ms: Milliseconds
    request_id: str


class Death(TypedDict):
    """One line of the list of dead letters."""

    id: str
    task: str
    queue: str
    attempts: int
    error: ErrorWords | None
    reason: str | None
    failed_at: Time | None


class Explanation(Death):
    """Why a task died; ``errors`` are its failed attempts, oldest first, ``advice`` is what to do next.

    ``arguments`` is null where the table keeps none: of a sensitive task, or a large one.
    """

    status: Status
    arguments: dict[str, Any] | None
    errors: list[Attempt]
    advice: str


class ErrorGroup(TypedDict):
    """One kind of error in a window of time; ``slots`` counts each ten minutes in which it came, by their start."""

    fingerprint: str
    task: str
    type: str
    message: str
    frame: str
    attempts: int
    dead: int
    first_at: Time
    last_at: Time
    slots: dict[str, int]


class Operation(TypedDict):
    """How far a retry or discard of many is: ``done``, ``skipped`` (not DEAD any more) and ``failed`` of ``total`` tasks.

    Without ``counted_all`` there may be more: counting stopped at 10,000, or after some seconds. ``by`` began it, and
    ``driver`` resumed it last.
    """

    id: str
    kind: Kind
    by: str
    driver: str
    state: State
    search: str | None
    chosen: list[str] | None
    total: int
    counted_all: bool
    done: int
    skipped: int
    failed: int
    note: str | None
    started_at: Time
    updated_at: Time


class Depth(TypedDict):
    """About how many messages wait, are being worked on, and are delayed: SQS's own approximations."""

    visible: int
    in_flight: int
    delayed: int


class Attributes(TypedDict):
    """A queue as SQS has it at this moment; times are seconds."""

    visibility_timeout: int
    retention: int
    delay: int
    fifo: bool
    max_receive_count: int | None
    dead_letter_queue: str | None
    depth: Depth


class EventSource(TypedDict):
    """The event source mapping that polls a queue for a function. ``enabled`` is what was asked for, ``state`` AWS's word.

    ``batch_window`` is seconds; ``max_concurrency`` is null where only AWS limits it.
    """

    enabled: bool
    state: str
    function: str
    batch_size: int
    batch_window: int
    max_concurrency: int | None
    reports_failures: bool


class Processes(TypedDict):
    """The worker processes of a queue. ``running``: one has said within three days that it polls it; ``paused``: they rest."""

    running: bool
    paused: bool


class Workers(TypedDict):
    """What works on a queue: a Lambda function by the queue's ``mapping``, or ``processes`` of one's own; null is not known.

    ``paused``: they were told to rest, which takes some seconds.
    """

    paused: bool
    mapping: EventSource | None
    processes: Processes | None


class Point(TypedDict):
    """One period of a queue, from ``at`` on: runs that ended so, deliveries to be tried again, and mean times."""

    at: Time
    succeeded: int
    failed: int
    dead: int
    retried: int
    duration_ms: Milliseconds | None
    queued_ms: Milliseconds | None


class Queue(TypedDict):
    """One queue. ``dead_letters`` is its dead-letter queue, ``oldest_age`` is seconds.

    ``differences`` are what is not as it was set up, ``problems`` what could not be read: the rest is true all the same.
    """

    name: str
    paused: bool
    live: Attributes
    dead_letters: Attributes
    workers: Workers
    oldest_age: int | None
    points: list[Point]
    differences: list[str]
    problems: list[str]


class AuditLine(TypedDict):
    """Who did what to which subject, and when."""

    at: Time
    who: str
    action: str
    subject: str
    details: dict[str, Any]


class Finding(TypedDict):
    """What a check found: in numbers, why it matters, and the setting or command that repairs it."""

    name: str
    severity: Severity
    subject: str
    resource: str
    found: str
    why: str
    fix: str


class NotChecked(TypedDict):
    """What could not be read, and why. ``permission`` on ``resource`` is what it takes; empty where none helps."""

    subject: str
    what: str
    reason: str
    permission: str
    resource: str
    essential: bool


class Examination(TypedDict):
    """What is live against what must hold. ``not_here`` are checks for which a stand-in for AWS has no answer."""

    well: bool
    errors: int
    warnings: int
    findings: list[Finding]
    not_checked: list[NotChecked]
    not_here: list[str]
    checks: int
    queues: int

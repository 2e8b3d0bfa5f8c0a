"""What is live at AWS at one moment, as values, and the port that reads it.

A value says nothing of whether it is right: penstock.doctor judges. What is not there is None, and what could not be read is a
value too. Times are seconds.
"""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeAlias, TypeVar

from msgspec import Struct

T = TypeVar("T")


class NotReadable(Struct, frozen=True):
    """AWS did not tell: the ``permission`` that the question takes, the ``resource`` asked about, and AWS's answer."""

    permission: str
    resource: str
    reason: str


Maybe: TypeAlias = T | NotReadable | None


class Account(Struct, frozen=True):
    """Whose credentials these are, and where the clients of this process look."""

    id: str
    region: str


class LiveQueue(Struct, frozen=True):
    """A queue as SQS has it. ``allows_redrive_from`` are the ARNs that may name it as their dead-letter queue; None: any may."""

    arn: str
    fifo: bool
    visibility_timeout: int
    retention: int
    delay: int
    encrypted: bool
    max_receive_count: int | None = None
    dead_letter_arn: str | None = None
    allows_redrive_from: tuple[str, ...] | None = None


class LiveMapping(Struct, frozen=True):
    """An event source mapping of a queue. ``max_concurrency`` None is AWS's own limit."""

    uuid: str
    function_arn: str
    state: str
    batch_size: int
    batch_window: int
    max_concurrency: int | None
    reports_failures: bool
    filtered: bool


class QueueFacts(Struct, frozen=True):
    """A queue of the settings, its dead-letter queue, and what polls it."""

    queue: Maybe[LiveQueue]
    letters: Maybe[LiveQueue]
    mappings: tuple[LiveMapping, ...] | NotReadable


class LiveFunction(Struct, frozen=True):
    """A Lambda function. ``environment`` has its PENSTOCK_* variables and no others, which may be secrets.

    Not readable is an environment that a KMS key encrypts which the credentials may not use.
    """

    name: str
    arn: str
    role: str
    timeout: int
    environment: Mapping[str, str] | NotReadable
    reserved_concurrency: int | NotReadable | None


class LiveIndex(Struct, frozen=True):
    """An index of the table: its partition and sort attribute, what it projects beside keys (None: all), whether it is ready."""

    keys: tuple[str, ...]
    projected: frozenset[str] | None
    active: bool


class LiveTable(Struct, frozen=True):
    """The table of outcomes. ``encryption`` is ``kms`` (by a key of the account), ``aws`` (AWS's) or ``inaccessible``."""

    arn: str
    keys: tuple[str, ...]
    indexes: Mapping[str, LiveIndex]
    deletion_protected: bool
    encryption: str


class TableFacts(Struct, frozen=True):
    """The table, the attribute by which it deletes rows (empty: none), and whether it can be restored to a moment."""

    table: Maybe[LiveTable]
    ttl_attribute: Maybe[str]
    recovers: Maybe[bool]


class Expiry(Struct, frozen=True):
    """A rule of a bucket: what is under ``prefix`` is deleted after ``days``."""

    prefix: str
    days: int


class BucketFacts(Struct, frozen=True):
    """The payload bucket: whether it is there, which of S3's four blocks of public access are off, and when objects expire."""

    exists: Maybe[bool]
    public_access_open: Maybe[frozenset[str]]
    expiries: Maybe[tuple[Expiry, ...]]


class LiveSchedule(Struct, frozen=True):
    """A schedule of EventBridge Scheduler."""

    name: str
    enabled: bool
    target_arn: str
    expression: str


class ClockOffset(Struct, frozen=True):
    """By how many seconds this machine's clock is ahead of AWS's: between ``low`` and ``high``, for AWS tells whole seconds."""

    low: float
    high: float


class Facts(Struct, frozen=True):
    """Everything that was read. ``local``: by a stand-in for AWS on this machine, which has no functions, roles and schedules.

    ``functions`` are those that the mappings name, by ARN. ``reconciler`` and ``schedule`` are None as well where nobody said
    what they are called.
    """

    local: bool
    account: Maybe[Account]
    queues: Mapping[str, QueueFacts]
    functions: Mapping[str, Maybe[LiveFunction]]
    table: TableFacts
    bucket: BucketFacts | None
    reconciler: Maybe[LiveFunction]
    schedule: Maybe[LiveSchedule]
    clock: ClockOffset | None


class Need(Struct, frozen=True):
    """Actions that a role needs on one resource. ``context`` is what a request brings: condition key -> values."""

    actions: tuple[str, ...]
    resource: str
    context: Mapping[str, tuple[str, ...]] = {}


class Denial(Struct, frozen=True):
    """An action on a resource that a role's policies do not allow."""

    action: str
    resource: str


class Inspector(Protocol):
    """Reads what is live. It never writes, and never receives a message."""

    def look(self, *, reconciler: str | None) -> Facts:
        """Read everything that the settings name; ``reconciler`` is the name of its function and its schedule."""
        ...

    def denials(self, role: str, needs: Sequence[Need]) -> Maybe[tuple[Denial, ...]]:
        """What the role (its ARN, or its name in this account) may not do of ``needs``; None where there is no such role."""
        ...

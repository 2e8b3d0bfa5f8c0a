"""What Penstock needs of the world, as Protocols: one adapter each in aws/ and memory/.

Adapters raise ``Unavailable`` where trying again is right and ``AccessRefused`` where it is not; nothing of boto3 leaves
them. No method retries by itself: who calls decides.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct, field

from penstock.delivery import Delivery
from penstock.errors import PenstockError
from penstock.facts import Inspector
from penstock.record import AttemptRow, TaskRow
from penstock.settings import Settings
from penstock.times import Clock
from penstock.transitions import Transition
from penstock.watching import Mappings, Stats


class OutgoingMessage(Struct, frozen=True):
    """One physical send. ``delay`` is seconds; ``group`` and ``deduplication_id`` are SQS's message group and its id."""

    queue: str
    body: str
    delay: int = 0
    group: str | None = None
    deduplication_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)


class ReceivedMessage(Struct, frozen=True):
    """One received message, as SQS gives it."""

    message_id: str
    receipt_handle: str
    body: str
    sent_at: datetime
    first_received_at: datetime
    receive_count: int
    group: str | None = None
    deduplication_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)

    def delivery(self, queue: str) -> Delivery:
        """What the core calls this receive; ``queue`` is where it came from."""
        return Delivery(
            queue=queue,
            message_id=self.message_id,
            receipt_handle=self.receipt_handle,
            body=self.body,
            sent_at=self.sent_at,
            receive_count=self.receive_count,
            group=self.group,
        )


class QueueDepth(Struct, frozen=True):
    """About how many messages wait, are being worked on, and are delayed: SQS's own approximations."""

    visible: int
    in_flight: int
    delayed: int


class QueueAttributes(Struct, frozen=True):
    """A queue as it is set up at this moment, and how much is in it: what one GetQueueAttributes answers.

    ``visibility_timeout``, ``retention`` and ``delay`` are seconds. ``dead_letter_queue`` is the name at AWS of the queue
    that gets what was received ``max_receive_count`` times; both None where there is none.
    """

    visibility_timeout: int
    retention: int
    delay: int
    fifo: bool
    max_receive_count: int | None
    dead_letter_queue: str | None
    depth: QueueDepth


class RedriveStatus(Struct, frozen=True):
    """A move of dead letters: SQS's word for its state, and its approximate counts."""

    state: str
    moved: int
    to_move: int | None = None
    failure: str = ""

    @property
    def is_running(self) -> bool:
        """True while messages are being moved."""
        return self.state in ("RUNNING", "CANCELLING")


class Transport(Protocol):
    """The queues. A queue is named by its name in the settings; ``dead_letter_queue(name)`` names its DLQ."""

    def send(self, message: OutgoingMessage) -> str:
        """Send once, without hidden retries; the MessageId."""
        ...

    def send_many(self, messages: Sequence[OutgoingMessage]) -> list[str | PenstockError]:
        """Send 1 to 10 messages to one queue in one request: for each its MessageId, or why it was not taken.

        Unavailable for an entry that may be sent again, AccessRefused for one that may not. Raises where the whole
        request failed: then nothing is known of any entry.
        """
        ...

    def receive(
        self, queue: str, *, max_messages: int, visibility_timeout: int | None = None, wait: int = 0
    ) -> list[ReceivedMessage]:
        """Up to ``max_messages`` (1 to 10) messages at once; the queue's own timeout if None.

        Where there is none, up to ``wait`` (0 to 20) seconds later: as soon as one is there. An adapter may answer earlier.
        """
        ...

    def delete(self, queue: str, receipt_handles: Sequence[str]) -> None:
        """Acknowledge messages. A handle that is no longer valid is not an error."""
        ...

    def change_visibility(self, queue: str, seconds: Mapping[str, int]) -> None:
        """Show messages again in so many seconds: receipt handle -> 0 to 43,200."""
        ...

    def depth(self, queue: str) -> QueueDepth:
        """How much is in the queue."""
        ...

    def attributes(self, queue: str) -> QueueAttributes:
        """How the queue is set up, read live, and its depth: one request for both."""
        ...

    def redrive(self, queue: str, *, rate: int | None = None) -> int | None:
        """Move everything in the dead-letter queue of ``queue`` back to it, at most ``rate`` (1 to 500) a second.

        How many were moved; None where SQS does it in the background (StartMessageMoveTask).
        """
        ...

    def redrive_status(self, queue: str) -> RedriveStatus | None:
        """The last move of ``queue``'s dead letters that SQS did in the background; None if there was none."""
        ...

    def cancel_redrive(self, queue: str) -> bool:
        """Stop a running move; False if none was running. What was moved stays moved."""
        ...

    def purge(self, queue: str) -> None:
        """Delete every message, those in flight too. SQS takes up to a minute for it."""
        ...


class Applied(Struct, frozen=True):
    """The transition was carried out; ``row`` is the row after it."""

    row: TaskRow


class Refused(Struct, frozen=True):
    """The condition did not hold; ``row`` is the row as it is, None where there is none."""

    row: TaskRow | None


class FailurePage(Struct, frozen=True):
    """Some DEAD and FAILED rows; ``cursor`` continues, None at the end."""

    rows: list[TaskRow]
    cursor: str | None


class IndexEntry(Struct, frozen=True):
    """Where a task stands in an index: what a listing filters by before it reads rows, and goes on from."""

    task_id: str
    at: datetime
    task: str
    queue: str


class ResultStore(Protocol):
    """The table of outcomes."""

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        """Carry out one transition: a single conditional update, atomic, with the old row on refusal."""
        ...

    def get(self, task_id: str) -> TaskRow | None:
        """The row, read consistently."""
        ...

    def add_attempt(self, task_id: str, attempt: AttemptRow) -> None:
        """Keep one failed attempt."""
        ...

    def attempts(self, task_id: str) -> list[AttemptRow]:
        """The failed attempts of a task, oldest first."""
        ...

    def failures(self, *, limit: int, cursor: str | None = None) -> FailurePage:
        """DEAD and FAILED rows from the sparse index, in no order; at most ``limit`` (1 to 100) a page."""
        ...

    def entries(
        self,
        index: str,
        partition: str,
        *,
        limit: int,
        since: datetime,
        until: datetime,
        after: IndexEntry | None = None,
    ) -> list[IndexEntry]:
        """One partition of an index, newest first: up to ``limit`` (1 to 1,000) entries from ``until`` (or, if it is
        given, from behind ``after``, which is later than ``since``) back to ``since``, both included.

        One request. An index lags behind the rows: read these with ``rows`` before you show or do anything.
        """
        ...

    def rows(self, task_ids: Sequence[str]) -> list[TaskRow]:
        """The rows of up to 100 tasks, read consistently, in that order; those that have none are left out."""
        ...

    def delete_attempts(self, task_id: str) -> None:
        """Forget the failed attempts of a task."""
        ...


class PayloadStore(Protocol):
    """Bytes too large for a row or a message."""

    def put(self, key: str, content: bytes) -> None:
        """Keep ``content`` under ``key``."""
        ...

    def get(self, key: str) -> bytes:
        """What was kept under ``key``; KeyError where nothing was."""
        ...

    def delete_under(self, prefix: str) -> list[str]:
        """Forget everything whose key begins with ``prefix``; the keys."""
        ...


class LedgerLine(Struct, frozen=True):
    """One line of the ledger: ``fields`` are text and whole numbers; ``version`` counts its writes from 1."""

    key: str
    version: int
    fields: Mapping[str, str | int]


class Ledger(Protocol):
    """Small documents beside the tasks' rows: audit lines, operations, counts of errors. Pages of lines, sorted by key.

    No rule of the delivery protocol reads it: it may be away or late, and no task is lost.
    """

    def write(
        self,
        page: str,
        key: str,
        fields: Mapping[str, str | int],
        *,
        replaces: int,
        expires_at: datetime,
    ) -> int | None:
        """Write a line if its version is ``replaces`` (0: there is none yet).

        The new version; None where the line has another one, and nothing was written.
        """
        ...

    def read(self, page: str, key: str) -> LedgerLine | None:
        """One line, read consistently."""
        ...

    def lines(self, page: str, *, limit: int, before: str | None = None) -> list[LedgerLine]:
        """Up to ``limit`` (1 to 1,000) lines, the greatest key first, those below ``before``. One request or two."""
        ...

    def count(
        self,
        page: str,
        key: str,
        add: Mapping[str, int],
        *,
        first: Mapping[str, str | int],
        latest: Mapping[str, str | int],
        expires_at: datetime,
    ) -> None:
        """Add to the counters of a line, atomically. ``first`` is set where it is absent, ``latest`` always."""
        ...


class Random(Protocol):
    """The random source: jitter and ids."""

    def random(self) -> float:
        """A float in [0, 1)."""
        ...

    def token(self) -> str:
        """A fresh unguessable id: 32 hexadecimal digits."""
        ...


class Ports(Struct, frozen=True):
    """Everything a connected Penstock works with. ``sleep`` takes seconds; ``inspector`` is there where AWS is."""

    settings: Settings
    transport: Transport
    results: ResultStore
    payloads: PayloadStore | None
    clock: Clock
    random: Random
    sleep: "Sleep"
    ledger: Ledger
    stats: Stats
    mappings: Mappings
    inspector: Inspector | None = None


class Sleep(Protocol):
    """Wait for some seconds: time.sleep, or a test's clock that moves on."""

    def __call__(self, seconds: float, /) -> None: ...

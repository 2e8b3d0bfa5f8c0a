"""Rows of the table, as values.

The table's key is (task_id, item). The item ``task`` is the row; items ``attempt#00001`` … are written for failed attempts
only. Row values are text, integers and flat maps of these; times are text (times.to_text) except ``expires_at``, which
DynamoDB's TTL wants as epoch seconds.

Three indexes, none on an attribute that changes while a task runs:

- ``by_created``: ``created_bucket`` (day of creation # shard), ``created_at``.
- ``by_failure``: ``failure_key`` (error fingerprint # shard), ``failed_at``; sparse: DEAD and FAILED rows only.
- ``by_failed``: ``failed_bucket`` (day of the failure # shard), ``failed_at``; as sparse.

A newer version may add attributes, and members to the maps: they are passed over, and no transition touches them. A status that
is not known here is refused (UnsupportedRow): nobody can tell what may follow it.
"""

import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from penstock.errors import UnsupportedRow
from penstock.states import Status
from penstock.times import from_text, to_text

Value = str | int | dict[str, str | int]
Item = Mapping[str, Any]

TASK_ITEM = "task"
INDEX_BY_CREATED = "by_created"
INDEX_BY_FAILURE = "by_failure"
INDEX_BY_FAILED = "by_failed"
# Index -> its partition and sort attributes.
INDEXES: Mapping[str, tuple[str, str]] = {
    INDEX_BY_CREATED: ("created_bucket", "created_at"),
    INDEX_BY_FAILURE: ("failure_key", "failed_at"),
    INDEX_BY_FAILED: ("failed_bucket", "failed_at"),
}
SHARDS = 4  # a partition of an index takes 1,000 writes a second: four carry 4,000 enqueues a second

# SQS keeps a message for 14 days at most. A dead letter's age goes on counting from its first send, on FIFO queues it starts
# anew: a row must not go before its message can, so it lives twice as long.
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html
MAX_RETENTION = timedelta(days=14)
ROW_LIFETIME = 2 * MAX_RETENTION + timedelta(days=1)

# A DynamoDB item takes 400 KB; what is larger than these goes to the payload bucket.
MAX_ROW_RESULT_BYTES = 300_000
MAX_ROW_ENVELOPE_BYTES = 200_000

# Clocks of different machines differ: a lease counts as expired only when it is past by this much.
CLOCK_TOLERANCE = timedelta(seconds=2)


def shard(task_id: str) -> int:
    """Which shard of an index a task falls into: the same answer in every process."""
    return zlib.crc32(task_id.encode("utf-8", "surrogatepass")) % SHARDS


def day_bucket(task_id: str, at: datetime) -> str:
    """The ``by_created`` and ``by_failed`` partition of a task, such as ``2026-11-21#3``."""
    return f"{to_text(at)[:10]}#{shard(task_id)}"


def failure_key(task_id: str, fingerprint: str) -> str:
    """The ``by_failure`` partition of a task whose error has this fingerprint."""
    return f"{fingerprint}#{shard(task_id)}"


def partitions(name: str) -> list[str]:
    """Every partition of an index under a day (``2026-11-21``) or a fingerprint."""
    return [f"{name}#{number}" for number in range(SHARDS)]


def attempt_item(number: int) -> str:
    """The sort key of attempt ``number`` (from 1); padded, so that text order is time order."""
    return f"attempt#{number:05d}"


class Progress(Struct, frozen=True):
    """How far a task says it is: ``done`` of ``total`` steps, and a short note."""

    done: int
    total: int | None = None
    note: str = ""

    def to_value(self) -> dict[str, str | int]:
        """The row's ``progress`` map."""
        value: dict[str, str | int] = {"done": self.done, "note": self.note}
        if self.total is not None:
            value["total"] = self.total
        return value


class ErrorSummary(Struct, frozen=True):
    """The last error of a task: class name, message cut to a line or two, and the fingerprint that groups its kind."""

    type: str
    message: str
    fingerprint: str
    reason: str = ""

    def to_value(self) -> dict[str, str | int]:
        """The row's ``error`` map."""
        return {"type": self.type, "message": self.message, "fingerprint": self.fingerprint, "reason": self.reason}


class AttemptRow(Struct, frozen=True):
    """One failed attempt: what went wrong, where, and for how long it ran. ``outcome`` is the status it led to."""

    number: int
    outcome: Status
    error_type: str
    message: str
    traceback: str
    started_at: datetime
    duration_ms: int
    request_id: str = ""

    def to_item(self) -> dict[str, Value]:
        """The attributes of the item ``attempt#n`` beside its key."""
        return {
            "number": self.number,
            "outcome": self.outcome.value,
            "error_type": self.error_type,
            "message": self.message,
            "traceback": self.traceback,
            "started_at": to_text(self.started_at),
            "duration_ms": self.duration_ms,
            "request_id": self.request_id,
        }

    @classmethod
    def from_item(cls, task_id: str, item: Item) -> "AttemptRow":
        """Read what ``to_item`` wrote; UnsupportedRow for an outcome that is not known here."""
        return cls(
            number=item["number"],
            outcome=_status(task_id, item["outcome"]),
            error_type=item["error_type"],
            message=item["message"],
            traceback=item["traceback"],
            started_at=from_text(item["started_at"]),
            duration_ms=item["duration_ms"],
            request_id=item["request_id"],
        )


class TaskRow(Struct, frozen=True):
    """The item ``task`` of one task. Absent attributes are None (or empty); see protocol rules in transitions.py."""

    task_id: str
    status: Status
    task: str
    queue: str
    created_at: datetime
    attempts: int = 0
    attempts_left: int | None = None
    lease_owner: str | None = None
    lease_expires_at: datetime | None = None
    send_id: str | None = None
    message_id: str | None = None
    sent_at: datetime | None = None
    retry_at: datetime | None = None
    run_after: datetime | None = None
    finished_at: datetime | None = None
    duration_ms: int | None = None
    progress: Progress | None = None
    result: str | None = None
    result_pointer: str | None = None
    result_sha256: str | None = None
    result_error: str | None = None
    error: ErrorSummary | None = None
    failed_at: datetime | None = None
    envelope: str | None = None
    envelope_pointer: str | None = None
    arguments_sha256: str | None = None
    cancel_requested: bool = False
    origin: str | None = None
    tags: tuple[str, ...] = ()
    sensitive: bool = False
    retry_sent_at: datetime | None = None
    forgotten_at: datetime | None = None

    @classmethod
    def from_item(cls, task_id: str, item: Item) -> "TaskRow":
        """Read the attributes of an item ``task``; UnsupportedRow for a status that is not known here."""

        def at(name: str) -> datetime | None:
            return from_text(item[name]) if name in item else None

        return cls(
            task_id=task_id,
            status=_status(task_id, item["status"]),
            task=item["task"],
            queue=item["queue"],
            created_at=from_text(item["created_at"]),
            attempts=item.get("attempts", 0),
            attempts_left=item.get("attempts_left"),
            lease_owner=item.get("lease_owner"),
            lease_expires_at=at("lease_expires_at"),
            send_id=item.get("send_id"),
            message_id=item.get("message_id"),
            sent_at=at("sent_at"),
            retry_at=at("retry_at"),
            run_after=at("run_after"),
            finished_at=at("finished_at"),
            duration_ms=item.get("duration_ms"),
            progress=Progress(**_members(Progress, item["progress"])) if "progress" in item else None,
            result=item.get("result"),
            result_pointer=item.get("result_pointer"),
            result_sha256=item.get("result_sha256"),
            result_error=item.get("result_error"),
            error=ErrorSummary(**_members(ErrorSummary, item["error"])) if "error" in item else None,
            failed_at=at("failed_at"),
            envelope=item.get("envelope"),
            envelope_pointer=item.get("envelope_pointer"),
            arguments_sha256=item.get("arguments_sha256"),
            cancel_requested=bool(item.get("cancel_requested")),
            origin=item.get("origin"),
            tags=tuple(item["tags"].split()) if "tags" in item else (),
            sensitive=bool(item.get("sensitive")),
            retry_sent_at=at("retry_sent_at"),
            forgotten_at=at("forgotten_at"),
        )

    def lease_expired(self, now: datetime) -> bool:
        """True if the RUNNING row's owner has lost the right to run."""
        return self.lease_expires_at is not None and self.lease_expires_at < now - CLOCK_TOLERANCE


def status_of(row: TaskRow, now: datetime, retention: timedelta = MAX_RETENTION) -> Status:
    """How the row reads at ``now``: total, so that no task looks alive for ever. ``retention`` is its queue's.

    A row whose lease has expired is waiting for SQS to show its message again (RETRYING), a QUEUED row with a later
    ``run_after`` is SCHEDULED, and what waits longer than SQS keeps a message is EXPIRED: it was purged or timed out.
    """
    if row.status in (Status.QUEUED, Status.RETRYING) and _message_gone(row, now, retention):
        return Status.EXPIRED
    if row.status is Status.QUEUED and row.run_after is not None and now < row.run_after:
        return Status.SCHEDULED
    if row.status is Status.RUNNING and row.lease_expired(now):
        return Status.EXPIRED if _message_gone(row, now, retention) else Status.RETRYING
    return row.status


def _status(task_id: str, text: str) -> Status:
    try:
        return Status(text)
    except ValueError:
        raise UnsupportedRow(task_id, f"has the status {text!r:.40}") from None


def _members(kind: type[Struct], value: Mapping[str, Any]) -> dict[str, Any]:
    """Those of a map's members that ``kind`` has: a newer version may write more."""
    return {name: value[name] for name in kind.__struct_fields__ if name in value}


def _message_gone(row: TaskRow, now: datetime, retention: timedelta) -> bool:
    # What SQS buries, the reconciler makes DEAD within minutes: so it is the age in the work queue that counts here.
    return (row.sent_at or row.created_at) + retention < now

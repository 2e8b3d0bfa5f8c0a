"""Every write to a task's row: one conditional update each, without a read before it.

This file is the protocol's table of transitions. Each function names its clauses and joins them into the condition, so
that the rule can be read aloud; adapters only carry the result out. Who is refused gets the old row back and decides with
``refusal.after_refusal``.
"""

from collections.abc import Mapping
from datetime import datetime

from msgspec import Struct, field

from penstock.conditions import Above, Absent, Below, Condition, Equals
from penstock.delivery import Delivery
from penstock.envelope import Envelope
from penstock.record import (
    CLOCK_TOLERANCE,
    MAX_ROW_ENVELOPE_BYTES,
    ROW_LIFETIME,
    ErrorSummary,
    Progress,
    TaskRow,
    Value,
    day_bucket,
    failure_key,
)
from penstock.states import Status
from penstock.times import seconds, to_text


class Transition(Struct, frozen=True):
    """One conditional update of one row: under ``when``, set, add and remove attributes.

    ``add`` maps an attribute to (the value it counts from where absent, the step).
    """

    name: str
    when: Condition
    set: Mapping[str, Value]
    set_if_absent: Mapping[str, Value] = field(default_factory=dict)
    add: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    remove: tuple[str, ...] = ()


class Lease(Struct, frozen=True):
    """The right to run: ``owner`` is a random token, fresh for every claim; ``until`` is when the right ends."""

    owner: str
    until: datetime


NO_ROW = Absent("status")
QUEUED, RUNNING, RETRYING, DEAD = (
    Equals("status", status.value) for status in (Status.QUEUED, Status.RUNNING, Status.RETRYING, Status.DEAD)
)
SUCCEEDED, FAILED, CANCELLED = (
    Equals("status", status.value) for status in (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
)
# What the end of a run leaves behind of the run and of earlier failures.
_OF_A_RUN = ("lease_expires_at", "retry_at", "cancel_requested")
_INDEXED = ("failed_at", "failed_bucket", "failure_key")  # what keeps a row in the indexes of failures
_OF_A_FAILURE = ("error", *_INDEXED, "envelope", "envelope_pointer")


def _lease_expired(now: datetime) -> Condition:
    return RUNNING & Below("lease_expires_at", to_text(now - CLOCK_TOLERANCE))


def _mine(owner: str) -> Condition:
    return RUNNING & Equals("lease_owner", owner)


def queued(envelope: Envelope, queue: str) -> Transition:
    """Record an accepted task, if no delivery has been faster."""
    later = {} if envelope.run_after is None else {"run_after": to_text(envelope.run_after)}
    return Transition(
        "queued",
        when=NO_ROW,
        set={"status": Status.QUEUED.value, **_identity(envelope, queue), **later},
    )


def claim(envelope: Envelope, delivery: Delivery, lease: Lease, *, max_attempts: int, now: datetime) -> Transition:
    """The right to run, for the first delivery of a send or a later receive of the same message.

    ::

        send ─► QUEUED ─────► RUNNING ──► RETRYING ─ … ─► RUNNING ──► RETRYING ─ … ─► RUNNING
                first claim: send_id,     retry_at        attempts_left - 1
                message_id are bound                      same send_id, same message_id
    """
    first = Absent("send_id") & (NO_ROW | QUEUED)

    same_send = Equals("send_id", envelope.send_id)
    has_attempts = Above("attempts_left", 0)
    due = Absent("retry_at") | Below("retry_at", to_text(now + CLOCK_TOLERANCE))
    handed_over = Absent("message_id") & RETRYING & due
    same_message = Equals("message_id", delivery.message_id)
    received_again = same_message & ((RETRYING & due) | _lease_expired(now))

    return _start(
        "claim",
        first | (same_send & has_attempts & (handed_over | received_again)),
        envelope,
        delivery,
        lease,
        add={"attempts": (0, 1), "attempts_left": (max_attempts, -1)},
    )


def redrive(envelope: Envelope, delivery: Delivery, lease: Lease, *, max_attempts: int, now: datetime) -> Transition:
    """The right to run with a full budget, for a message that came back from the dead-letter queue: a newer sent_at."""
    same_send = Equals("send_id", envelope.send_id)
    came_back = Below("sent_at", to_text(delivery.sent_at))
    at_rest = DEAD | QUEUED | RETRYING | _lease_expired(now)
    return _restart("redrive", same_send & came_back & at_rest, envelope, delivery, lease, max_attempts)


def retry(envelope: Envelope, delivery: Delivery, lease: Lease, *, max_attempts: int, after: str) -> Transition:
    """The right to run with a full budget, for a retry by hand of exactly the death that ``after`` names."""
    this_death = DEAD & Equals("lease_owner", after)
    return _restart("retry", this_death, envelope, delivery, lease, max_attempts)


def succeed(owner: str, outcome: Mapping[str, Value], *, now: datetime) -> Transition:
    """Record success: ``outcome`` is the result, its pointer, or why it could not be stored."""
    return Transition(
        "succeed",
        when=_mine(owner),
        set={
            "status": Status.SUCCEEDED.value,
            "finished_at": to_text(now),
            **outcome,
        },
        remove=("lease_owner", *_OF_A_RUN, *_OF_A_FAILURE),
    )


def retrying(
    owner: str, envelope: Envelope, error: ErrorSummary, *, retry_at: datetime, extra: Mapping[str, Value]
) -> Transition:
    """Give the task back to SQS until ``retry_at``; refused where someone asked to cancel it."""
    return Transition(
        "retrying",
        when=_mine(owner) & Absent("cancel_requested"),
        set={
            "status": Status.RETRYING.value,
            "retry_at": to_text(retry_at),
            "error": error.to_value(),
            **_envelope(envelope),
            **extra,
        },
        remove=("lease_owner", "lease_expires_at"),
    )


def dead(
    owner: str, envelope: Envelope, error: ErrorSummary, *, death: str, now: datetime, extra: Mapping[str, Value]
) -> Transition:
    """Give up; SQS will move the message to the dead-letter queue. ``death`` is a fresh token: the name of this death."""
    return Transition(
        "dead",
        when=_mine(owner),
        set={"lease_owner": death, **_failed(Status.DEAD, envelope, error, now), **extra},
        remove=_OF_A_RUN,
    )


def failed(
    owner: str, envelope: Envelope, error: ErrorSummary, *, now: datetime, extra: Mapping[str, Value]
) -> Transition:
    """Give up and discard: the message may be acknowledged."""
    return Transition(
        "failed",
        when=_mine(owner),
        set={**_failed(Status.FAILED, envelope, error, now), **extra},
        remove=("lease_owner", *_OF_A_RUN),
    )


def cancelled(owner: str, *, now: datetime) -> Transition:
    """End a running task that someone asked to cancel."""
    return Transition(
        "cancelled",
        when=_mine(owner),
        set={"status": Status.CANCELLED.value, "finished_at": to_text(now)},
        remove=("lease_owner", *_OF_A_RUN),
    )


def crashed(
    seen_owner: str,
    envelope: Envelope,
    error: ErrorSummary,
    *,
    death: str,
    now: datetime,
    extra: Mapping[str, Value] | None = None,
) -> Transition:
    """Close the book on a run that ended without a word and had no attempts left."""
    same_crash = Equals("lease_owner", seen_owner)
    spent = Equals("attempts_left", 0)
    return Transition(
        "crashed",
        when=_lease_expired(now) & same_crash & spent,
        set={"lease_owner": death, **_failed(Status.DEAD, envelope, error, now), **(extra or {})},
        remove=_OF_A_RUN,
    )


def buried(
    envelope: Envelope,
    letter: Delivery,
    error: ErrorSummary,
    *,
    death: str,
    now: datetime,
    extra: Mapping[str, Value] | None = None,
) -> Transition:
    """Close the book on a task whose message SQS buried by itself: ``letter`` is that message in the dead-letter queue.

    A later letter of the same send must not be overwritten by an earlier one: a late reconciler would else give a
    redriven message a second full budget.
    """
    never_claimed = NO_ROW | (Absent("send_id") & QUEUED)
    same_send = Equals("send_id", envelope.send_id)
    not_newer = (
        Absent("sent_at") | Equals("sent_at", to_text(letter.sent_at)) | Below("sent_at", to_text(letter.sent_at))
    )
    at_rest = QUEUED | RETRYING | _lease_expired(now)
    identity = _identity(envelope, letter.queue)
    return Transition(
        "buried",
        when=never_claimed | (same_send & not_newer & at_rest),
        set={
            "lease_owner": death,
            "send_id": envelope.send_id,
            "message_id": letter.message_id,
            "sent_at": to_text(letter.sent_at),
            "expires_at": int((letter.sent_at + ROW_LIFETIME).timestamp()),
            **_failed(Status.DEAD, envelope, error, now),
            **(extra or {}),
        },
        set_if_absent={key: value for key, value in identity.items() if key != "expires_at"},
        remove=_OF_A_RUN,
    )


def retry_sent(death: str, *, now: datetime) -> Transition:
    """Note for people that a retry by hand of this death is on its way. No rule reads it."""
    return Transition("retry_sent", when=DEAD & Equals("lease_owner", death), set={"retry_sent_at": to_text(now)})


def cancel(row: TaskRow, *, now: datetime, death: str | None = None) -> Transition:
    """Cancel before the start, or a death; refused where the task runs (then ``request_cancel``) or is over.

    ``row`` says which task: it may be the caller's own view of a task whose row does not exist yet. With ``death`` only that
    death is given up: who discards a dead task must not stop one that was redriven meanwhile.
    """
    return Transition(
        "cancel",
        when=NO_ROW | QUEUED | RETRYING | DEAD if death is None else DEAD & Equals("lease_owner", death),
        set={
            "status": Status.CANCELLED.value,
            "finished_at": to_text(now),
            "expires_at": int((now + ROW_LIFETIME).timestamp()),
        },
        set_if_absent={
            "task": row.task,
            "queue": row.queue,
            "created_at": to_text(row.created_at),
            "created_bucket": day_bucket(row.task_id, row.created_at),
        },
        remove=("lease_owner", "retry_at", *_INDEXED),
    )


def request_cancel() -> Transition:
    """Ask a running task to stop."""
    return Transition("request_cancel", when=RUNNING, set={"cancel_requested": 1})


def forget(*, now: datetime) -> Transition:
    """Delete what a row holds of the task's content, once it is over for good; how it ended stays."""
    return Transition(
        "forget",
        when=SUCCEEDED | FAILED | CANCELLED,
        set={"forgotten_at": to_text(now)},
        remove=(
            "result",
            "result_pointer",
            "result_sha256",
            "result_error",
            "error",
            "envelope",
            "envelope_pointer",
            "arguments_sha256",
            "progress",
            "tags",
            *_INDEXED,
        ),
    )


def progress(owner: str, value: Progress) -> Transition:
    """Record how far the running task is."""
    return Transition("progress", when=_mine(owner), set={"progress": value.to_value()})


def renew(owner: str, until: datetime) -> Transition:
    """Extend the lease of a running task."""
    return Transition("renew", when=_mine(owner), set={"lease_expires_at": to_text(until)})


def _identity(envelope: Envelope, queue: str) -> dict[str, Value]:
    # Always the same for one task id, so writing it again moves no index.
    identity: dict[str, Value] = {
        "task": envelope.task,
        "queue": queue,
        "created_at": to_text(envelope.created_at),
        "created_bucket": day_bucket(envelope.id, envelope.created_at),
        "expires_at": int((envelope.created_at + ROW_LIFETIME).timestamp()),
    }
    if envelope.origin is not None:
        identity["origin"] = envelope.origin
    if envelope.tags:
        identity["tags"] = " ".join(envelope.tags)
    if envelope.sensitive:  # no digest either: few arguments can be told from it by trying
        return {**identity, "sensitive": 1}
    return {**identity, "arguments_sha256": envelope.arguments_sha256()}


def _start(
    name: str,
    when: Condition,
    envelope: Envelope,
    delivery: Delivery,
    lease: Lease,
    *,
    add: Mapping[str, tuple[int, int]],
    budget: Mapping[str, Value] | None = None,
) -> Transition:
    identity = _identity(envelope, delivery.queue)
    return Transition(
        name,
        when=when,
        set={
            "status": Status.RUNNING.value,
            "lease_owner": lease.owner,
            "lease_expires_at": to_text(lease.until),
            "send_id": envelope.send_id,
            "message_id": delivery.message_id,
            "sent_at": to_text(delivery.sent_at),
            "expires_at": int((delivery.sent_at + ROW_LIFETIME).timestamp()),
            **(budget or {}),
        },
        set_if_absent={key: value for key, value in identity.items() if key != "expires_at"},
        add=add,
        remove=(
            "retry_at",
            "run_after",
            *_INDEXED,
            "progress",
            "finished_at",
            "duration_ms",
            "retry_sent_at",
        ),
    )


def _restart(
    name: str, when: Condition, envelope: Envelope, delivery: Delivery, lease: Lease, max_attempts: int
) -> Transition:
    # attempts goes on counting: it tells how often user code has started. Only the budget is new.
    return _start(
        name, when, envelope, delivery, lease, add={"attempts": (0, 1)}, budget={"attempts_left": max_attempts - 1}
    )


def _failed(status: Status, envelope: Envelope, error: ErrorSummary, now: datetime) -> dict[str, Value]:
    return {
        "status": status.value,
        "error": error.to_value(),
        **_envelope(envelope),
        "finished_at": to_text(now),
        "failed_at": to_text(now),
        "failed_bucket": day_bucket(envelope.id, now),
        "failure_key": failure_key(envelope.id, error.fingerprint),
    }


def _envelope(envelope: Envelope) -> dict[str, Value]:
    # Retry, edit and search work from the row. A large one is in S3: the caller gives its pointer in ``extra``.
    if envelope.sensitive:
        return {}
    text = envelope.to_json()
    return {"envelope": text} if len(text) <= MAX_ROW_ENVELOPE_BYTES else {}


def lease_for(owner: str, now: datetime, seconds_left: float) -> Lease:
    """The lease of a run in an invocation that has ``seconds_left``: a second longer than the process can live."""
    return Lease(owner, now + seconds(seconds_left + 1))

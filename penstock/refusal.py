"""What to do with a delivery whose claim was refused: one function, one row of the protocol's table a case."""

from datetime import datetime
from enum import Enum, auto

from msgspec import Struct

from penstock.delivery import Delivery
from penstock.envelope import Envelope
from penstock.record import TaskRow
from penstock.states import Status


class Then(Enum):
    """What a refused delivery does next."""

    ACKNOWLEDGE = auto()  # delete the message, run nothing
    GO_ON = auto()  # the claim was mine: only its reply was lost
    RETRY = auto()  # try the transition ``retry``
    REDRIVE = auto()  # try the transition ``redrive``
    CRASHED = auto()  # try the transition ``crashed``, then burn
    BURN = auto()  # report as failed at once, so that SQS buries it
    BUSY = auto()  # someone else has it, or it is too early: report as failed, come back at ``until``
    LEAVE = auto()  # report as failed, touch nothing


class Refusal(Struct, frozen=True):
    """The decision, its reason for the log, and for BUSY the time at which coming back makes sense."""

    then: Then
    reason: str
    until: datetime | None = None


def after_refusal(old: TaskRow | None, envelope: Envelope, delivery: Delivery, *, owner: str, now: datetime) -> Refusal:
    """Decide by the old row that refused the claim; the order matters, the first match holds."""
    if old is None:
        return Refusal(Then.BUSY, "the row went away between the condition and the answer")
    if old.status.may_be_acknowledged:
        return Refusal(Then.ACKNOWLEDGE, f"the task is {old.status} already")
    if old.status is Status.RUNNING and old.lease_owner == owner:
        return Refusal(Then.GO_ON, "the reply to my claim was lost")
    if envelope.after is not None and old.lease_owner == envelope.after:
        if old.status is Status.RUNNING:
            return Refusal(Then.BUSY, "the sender of this message may still be writing", old.lease_expires_at)
        if old.status is Status.DEAD:
            return Refusal(Then.RETRY, "a retry by hand of this death")
    if old.send_id is not None and old.send_id != envelope.send_id:
        return Refusal(Then.ACKNOWLEDGE, "a duplicate send: the task runs under another send id")
    if old.sent_at is not None and old.sent_at > delivery.sent_at:
        return Refusal(Then.LEAVE, "an obsolete delivery: the task was redriven since")
    if old.sent_at is not None and old.sent_at < delivery.sent_at and _is_at_rest(old, now):
        return Refusal(Then.REDRIVE, "came back from the dead-letter queue")
    if old.status is Status.DEAD and old.message_id == delivery.message_id:
        return Refusal(Then.BURN, "the task is DEAD: SQS moves its message to the dead-letter queue")
    if old.status is Status.RUNNING and not old.lease_expired(now):
        return Refusal(Then.BUSY, "the task is running elsewhere", old.lease_expires_at)
    if old.status is Status.RUNNING and old.attempts_left == 0:
        return Refusal(Then.CRASHED, "its last attempt ended without a word")
    if old.status is Status.RUNNING and old.message_id == delivery.message_id:
        # Alive when the claim was tried, over now: the next claim has it. Without `until` it would wait for minutes.
        return Refusal(Then.BUSY, "its lease has run out since the claim", now)
    if old.status is Status.RETRYING and old.retry_at is not None:
        return Refusal(Then.BUSY, "its retry is not due yet", old.retry_at)
    return Refusal(Then.BUSY, f"the row changed meanwhile: {old.status}")


def _is_at_rest(old: TaskRow, now: datetime) -> bool:
    # A newer sent_at while the row's run is alive (a redrive during a run): wait for that run's end first.
    return old.status is not Status.RUNNING or old.lease_expired(now)

"""The protocol with one rule broken each: what the rules are for, and that the model notices.

CRASHED's look at the owner has no mutant: an expired lease and no attempts left say enough. It is kept as a second fence.
"""

from msgspec import Struct

from penstock import transitions as t
from penstock.refusal import Then
from penstock.states import Status
from tests.simulation.model.checker import STUCK
from tests.simulation.model.patches import (
    acknowledging_all,
    acknowledging_dead,
    answering,
    any_send_is_mine,
    careless,
    counting,
    eager,
    foreign_first,
    foreign_is_busy,
    forgetful,
    redriven_by_message_id,
)
from tests.simulation.model.rules import Rules


class Mutant(Struct, frozen=True):
    """One broken rule, a configuration that shows what it is for, and (part of) what then goes wrong."""

    rules: Rules
    configuration: str
    breaks: str


SENDS = "two sends, lost replies"
ZOMBIES = "duplicates, zombies, heartbeats"
REDRIVES = "redrives, duplicates, a slow reconciler"
COPIES = "redrives that leave the letter"
FIFO = "redrives on a FIFO queue"
BY_HAND = "retries by hand, redrives"
TWO_BY_HAND = "two retries by hand of two sends"
DELETING = "retries by hand that delete the letter, redrives"
CANCELS = "cancels, lost replies, zombies"

LEASE = "under a live lease"

MUTANTS = {
    # enqueue
    "the QUEUED row is written before the send": Mutant(Rules(enqueue=("record", "send")), SENDS, STUCK),
    "the QUEUED row is written over another": Mutant(
        Rules(queued=careless(t.queued, "status")), SENDS, "has a lease_owner"
    ),
    "all tries of a send have one send_id": Mutant(
        Rules(fresh_send_ids=False), SENDS, "one enqueue was given a full budget twice"
    ),
    # CLAIM
    "CLAIM does not look at the lease": Mutant(Rules(claim=careless(t.claim, "lease_expires_at")), ZOMBIES, LEASE),
    "CLAIM does not look at attempts_left": Mutant(
        Rules(claim=careless(t.claim, "attempts_left")), SENDS, "on a budget"
    ),
    "CLAIM does not look at send_id": Mutant(
        Rules(claim=careless(t.claim, "send_id", "message_id")), SENDS, "went over to another send"
    ),
    "attempts are counted on failure": Mutant(
        Rules(claim=counting(t.claim, 0, start=2), retrying=counting(t.retrying, -1)), SENDS, "on a budget"
    ),
    # settle
    "SUCCEED does not look at the owner": Mutant(Rules(succeed=careless(t.succeed, "lease_owner")), ZOMBIES, LEASE),
    "SUCCEED overwrites SUCCEEDED": Mutant(
        Rules(succeed=eager(t.succeed, Status.SUCCEEDED)), ZOMBIES, "a recorded SUCCEEDED was overwritten"
    ),
    "FAIL to RETRYING does not look at the owner": Mutant(
        Rules(retrying=careless(t.retrying, "lease_owner")), ZOMBIES, LEASE
    ),
    "FAIL to DEAD does not look at the owner": Mutant(Rules(dead=careless(t.dead, "lease_owner")), ZOMBIES, LEASE),
    "FAIL to DEAD overwrites SUCCEEDED": Mutant(
        Rules(dead=eager(t.dead, Status.SUCCEEDED)), ZOMBIES, "a recorded SUCCEEDED was overwritten"
    ),
    "RENEW does not look at the owner": Mutant(Rules(renew=careless(t.renew, "lease_owner")), ZOMBIES, LEASE),
    "CRASHED does not look at the lease": Mutant(
        Rules(crashed=careless(t.crashed, "lease_expires_at")), ZOMBIES, LEASE
    ),
    # acknowledge
    "busy is acknowledged": Mutant(
        Rules(after_refusal=answering(Then.ACKNOWLEDGE, instead_of=Then.BUSY)), ZOMBIES, "its task is RUNNING"
    ),
    "DEAD is acknowledged": Mutant(
        Rules(after_refusal=answering(Then.ACKNOWLEDGE, instead_of=Then.BURN)), SENDS, "its task is DEAD"
    ),
    "DEAD is acknowledged when settling is refused": Mutant(
        Rules(after_refused_settle=acknowledging_dead), ZOMBIES, "its task is DEAD"
    ),
    "whoever may not settle acknowledges": Mutant(
        Rules(after_refused_settle=acknowledging_all), ZOMBIES, "a message was acknowledged"
    ),
    "an obsolete delivery is acknowledged": Mutant(
        Rules(after_refusal=answering(Then.ACKNOWLEDGE, instead_of=Then.LEAVE)), COPIES, "a message was acknowledged"
    ),
    "a foreign send is never acknowledged": Mutant(Rules(after_refusal=foreign_is_busy), SENDS, STUCK),
    "send_id is not looked at": Mutant(
        Rules(
            claim=careless(t.claim, "send_id"),
            redrive=careless(t.redrive, "send_id"),
            buried=careless(t.buried, "send_id"),
            after_refusal=any_send_is_mine,
        ),
        SENDS,
        "went over to another send",
    ),
    # REDRIVE
    "REDRIVE goes by message id": Mutant(
        Rules(redrive=careless(t.redrive, "sent_at"), after_refusal=redriven_by_message_id),
        REDRIVES,
        "full budget twice",
    ),
    "REDRIVE does not compare sent_at": Mutant(
        Rules(redrive=careless(t.redrive, "sent_at"), after_refusal=answering(Then.REDRIVE, instead_of=Then.BURN)),
        SENDS,
        "one message was given a full budget twice",
    ),
    "REDRIVE does not look at the lease": Mutant(Rules(redrive=careless(t.redrive, "lease_expires_at")), COPIES, LEASE),
    # BURIED
    "BURIED does not compare sent_at": Mutant(
        Rules(buried=careless(t.buried, "sent_at")), REDRIVES, "one message was given a full budget twice"
    ),
    "BURIED does not look at the lease": Mutant(Rules(buried=careless(t.buried, "lease_expires_at")), ZOMBIES, LEASE),
    "BURIED does not look at send_id": Mutant(
        Rules(buried=careless(t.buried, "send_id")), SENDS, "went over to another send"
    ),
    "BURIED does not store the letter's sent_at": Mutant(
        Rules(buried=forgetful(t.buried, "sent_at", "message_id")), FIFO, STUCK
    ),
    "BURIED gives the death no name": Mutant(Rules(buried=forgetful(t.buried, "lease_owner")), SENDS, "no lease_owner"),
    # RETRY BY HAND
    "RETRY does not look at which death": Mutant(
        Rules(retry=careless(t.retry, "lease_owner")), TWO_BY_HAND, "for another death"
    ),
    "`after` is looked at too late": Mutant(
        Rules(after_refusal=foreign_first), BY_HAND, "a retry by hand was acknowledged unanswered"
    ),
    "a retry by hand writes QUEUED first": Mutant(
        Rules(retry_by_hand=("read", "requeue", "send")), BY_HAND, "a retry by hand vanished"
    ),
    "a retry by hand reads the row before the letter": Mutant(
        Rules(retry_and_delete=("read", "receive", "send", "delete")), DELETING, "the task is lost"
    ),
    "a retry by hand deletes the letter before it sends": Mutant(
        Rules(retry_and_delete=("receive", "read", "delete", "send")), DELETING, "the task is lost"
    ),
    # CANCEL
    "CANCEL overwrites SUCCEEDED": Mutant(
        Rules(cancel=eager(t.cancel, Status.SUCCEEDED)), CANCELS, "a recorded SUCCEEDED was overwritten"
    ),
    "CANCEL overwrites RUNNING": Mutant(Rules(cancel=eager(t.cancel, Status.RUNNING)), CANCELS, LEASE),
}

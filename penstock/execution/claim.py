"""May I run it? The lease, or the answer that the row which refused it calls for."""

import math
from datetime import datetime

from msgspec.structs import replace

from penstock.envelope import Envelope
from penstock.errors import AccessRefused, PenstockError, Unavailable, UnsupportedRow
from penstock.execution.value import (
    Acknowledge,
    Execution,
    Leave,
    Worker,
    come_back_later,
    keep_attempt,
    keep_envelope,
    known,
)
from penstock.failure import Failure, describe
from penstock.ports import Applied
from penstock.record import CLOCK_TOLERANCE, ErrorSummary, TaskRow
from penstock.refusal import Refusal, Then, after_refusal
from penstock.states import Status
from penstock.transitions import Transition, crashed, lease_for, redrive, renew, retry
from penstock.transitions import claim as claim_transition

# A refusal leads to one other transition at most; the rest is for rows that change between two looks.
_ROUNDS = 4
_BUSY_JITTER_SECONDS = 5


class RunLost(PenstockError):
    """A run that ended without a word. Never raised: it names the error of a task whose worker died."""


def claim(x: Execution, worker: Worker) -> Execution:
    """Try the claim; where it is refused, do what the protocol's table says."""
    envelope, delivery = known(x.envelope), x.delivery
    max_attempts = known(x.task).options.retry.max_attempts
    now = worker.ports.clock()
    lease = lease_for(x.owner, now, worker.invocation.lease())
    attempt = claim_transition(envelope, delivery, lease, max_attempts=max_attempts, now=now)
    for _ in range(_ROUNDS):
        try:
            answer = worker.apply(envelope.id, attempt)
        except (Unavailable, AccessRefused) as error:
            return x.end(come_back_later(delivery), "UNAVAILABLE", str(error))
        except UnsupportedRow as error:  # a deploy may be under way: give it time
            return x.end(come_back_later(delivery), "UNKNOWN", str(error))
        now = worker.ports.clock()
        if isinstance(answer, Applied) and answer.row.status is Status.RUNNING:
            return replace(x, row=answer.row, started_at=now)
        if isinstance(answer, Applied):  # crashed: the row is DEAD
            x = replace(x, row=answer.row)
            keep_attempt(x, worker, _lost(envelope), Status.DEAD)
            return x.end(Leave(0), "DEAD", _RUN_LOST)
        refusal = after_refusal(answer.row, envelope, delivery, owner=x.owner, now=now)
        match refusal.then:
            case Then.GO_ON:
                attempt = renew(x.owner, lease_for(x.owner, now, worker.invocation.lease()).until)
            case Then.REDRIVE:
                attempt = redrive(envelope, delivery, lease, max_attempts=max_attempts, now=now)
            case Then.RETRY:
                attempt = retry(envelope, delivery, lease, max_attempts=max_attempts, after=known(envelope.after))
            case Then.CRASHED:
                attempt = _crashed(envelope, known(answer.row), now, worker)
            case _:
                return _without_a_run(x, refusal, now, worker)
    return x.end(come_back_later(delivery), "BUSY", "the row kept changing")


def _without_a_run(x: Execution, refusal: Refusal, now: datetime, worker: Worker) -> Execution:
    match refusal.then:
        case Then.ACKNOWLEDGE:
            return x.end(Acknowledge(), "ACKNOWLEDGED", refusal.reason)
        case Then.BURN:
            return x.end(Leave(0), "BURNED", refusal.reason)
        case Then.BUSY if refusal.until is not None and refusal.until + CLOCK_TOLERANCE >= now:
            # A lease that has just run out is still another's, by clocks that may differ: its rest is what to wait for.
            rest = (refusal.until + CLOCK_TOLERANCE - now).total_seconds()
            jitter = _BUSY_JITTER_SECONDS * worker.ports.random.random()
            return x.end(Leave(max(1, math.ceil(rest + jitter))), "BUSY", refusal.reason)
        case Then.BUSY:
            return x.end(come_back_later(x.delivery), "BUSY", refusal.reason)
        case _:
            return x.end(Leave(), "LEFT", refusal.reason)


def _crashed(envelope: Envelope, row: TaskRow, now: datetime, worker: Worker) -> Transition:
    failure = _lost(envelope)
    error = ErrorSummary(failure.type, failure.message, failure.fingerprint, "all attempts are used")
    extra = keep_envelope(envelope, worker.ports)
    return crashed(known(row.lease_owner), envelope, error, death=worker.ports.random.token(), now=now, extra=extra)


def _lost(envelope: Envelope) -> Failure:
    return describe(RunLost(_RUN_LOST), envelope.task)


_RUN_LOST = "the last attempt ended without a word: killed, out of memory, or past the function's timeout"

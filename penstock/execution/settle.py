"""Writing the outcome, if the lease is still mine. Only what is seen to be settled so is acknowledged."""

from typing import Any

from msgspec.structs import replace

from penstock.errors import AccessRefused, PenstockError, Unavailable, UnsupportedRow
from penstock.execution.value import (
    Acknowledge,
    Execution,
    Leave,
    Raised,
    Returned,
    Worker,
    insist,
    keep_attempt,
    keep_envelope,
    known,
)
from penstock.failure import Failure, describe
from penstock.ports import Applied, Refused
from penstock.record import MAX_ROW_RESULT_BYTES, ErrorSummary, Value
from penstock.retry import GiveUp, RetryIn
from penstock.states import Status
from penstock.text import sha256
from penstock.times import seconds
from penstock.transitions import Transition, cancelled, dead, failed, retrying, succeed


def settle(x: Execution, worker: Worker) -> Execution:
    """Bring what user code did into the row, and answer SQS accordingly."""
    match x.outcome:
        case Returned(value):
            outcome = {**_of_the_run(x), **_result(x, worker, value)}
            return _write(
                x, worker, succeed(x.owner, outcome, now=worker.ports.clock()), Status.SUCCEEDED, Acknowledge()
            )
        case Raised(error):
            envelope = known(x.envelope)
            return _settle_error(x, worker, describe(error, envelope.task, hide=envelope.sensitive))
        case _:
            return _cancel(x, worker)


def _settle_error(x: Execution, worker: Worker, failure: Failure) -> Execution:
    envelope, now = known(x.envelope), worker.ports.clock()
    extra = {**_of_the_run(x), **keep_envelope(envelope, worker.ports)}
    status: Status
    answer: Acknowledge | Leave
    match known(x.decision):
        case RetryIn(wait):
            error = _summary(failure, f"tried again after {wait} s")
            status, answer = Status.RETRYING, Leave(wait)
            transition = retrying(x.owner, envelope, error, retry_at=now + seconds(wait), extra=extra)
        case GiveUp(reason, discard=True):
            error = _summary(failure, reason)
            status, answer = Status.FAILED, Acknowledge()
            transition = failed(x.owner, envelope, error, now=now, extra=extra)
        case GiveUp(reason):
            error = _summary(failure, reason)
            status, answer = Status.DEAD, Leave(0)
            transition = dead(x.owner, envelope, error, death=worker.ports.random.token(), now=now, extra=extra)
    # The attempt first, so that whoever sees the status finds the error; its loss costs a detail, not the outcome.
    keep_attempt(x, worker, failure, status)
    return _write(x, worker, transition, status, answer, f"{error.type}: {error.message} ({error.reason})")


def _cancel(x: Execution, worker: Worker) -> Execution:
    return _write(x, worker, cancelled(x.owner, now=worker.ports.clock()), Status.CANCELLED, Acknowledge())


def _write(
    x: Execution, worker: Worker, transition: Transition, status: Status, answer: Acknowledge | Leave, reason: str = ""
) -> Execution:
    try:
        settled = worker.apply(known(x.envelope).id, transition)
    except (Unavailable, AccessRefused, UnsupportedRow) as error:
        return x.end(Leave(), "LEFT", f"{status} could not be written: {error}")
    if isinstance(settled, Applied) or _is_my_own(settled, status, x):
        return replace(x, row=settled.row).end(answer, status.value, reason)
    old = settled.row
    if old is None:
        return x.end(Leave(), "LEFT", f"{status} was refused: the row is gone")
    if old.status is Status.RUNNING and old.lease_owner == x.owner and old.cancel_requested:
        return _cancel(x, worker)
    if old.status.may_be_acknowledged:
        return x.end(Acknowledge(), "ACKNOWLEDGED", f"{status} came too late: the task is {old.status}")
    return x.end(Leave(), "LEFT", f"{status} was refused: the lease was lost, the task is {old.status}")


def _is_my_own(refused: Refused, status: Status, x: Execution) -> bool:
    """True if the row refused because it is written already, and only the reply was lost: claims count the attempts."""
    return refused.row is not None and refused.row.status is status and refused.row.attempts == known(x.row).attempts


def _of_the_run(x: Execution) -> dict[str, Value]:
    run: dict[str, Value] = {"duration_ms": x.duration_ms}
    if x.progress is not None:
        run["progress"] = x.progress.to_value()
    return run


def _result(x: Execution, worker: Worker, value: Any) -> dict[str, Value]:
    """The attributes that keep a return value. A finished task is never tried again because of its result."""
    try:
        text = known(x.task).codec.encode_result(value)
    except Exception as error:  # whatever a foreign object does when it is looked at
        return {"result_error": describe(error, "").message}
    content, payloads = text.encode(), worker.ports.payloads
    if len(content) <= MAX_ROW_RESULT_BYTES:
        return {"result": text}
    if payloads is None:
        return {"result_error": f"{len(content)} bytes are too many for a row, and PENSTOCK_PAYLOAD_BUCKET is not set"}
    key = f"results/{known(x.envelope).id}/{x.owner}"
    try:
        insist(lambda: payloads.put(key, content), worker.ports)
    except PenstockError as error:
        return {"result_error": f"{len(content)} bytes could not be written to S3: {error}"}
    return {"result_pointer": key, "result_sha256": sha256(content)}


def _summary(failure: Failure, reason: str) -> ErrorSummary:
    return ErrorSummary(failure.type, failure.message, failure.fingerprint, reason)

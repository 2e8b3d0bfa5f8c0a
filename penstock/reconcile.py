"""Closing the book on what SQS buried by itself: crashes, throttles, a worker that was never deployed.

The reconciler looks at a dead-letter queue for a few seconds, writes BURIED for tasks that nobody has settled, and sweeps
stray letters: copies of tasks that are over, or that live on under another send id. It keeps out of the way while SQS moves
dead letters, and it is harmless twice, late, or at the wrong moment: every write is conditional.
"""

from collections.abc import Iterator
from functools import partial

from msgspec import Struct

from penstock import error_groups
from penstock.app import Penstock
from penstock.envelope import Envelope
from penstock.errors import EnvelopeError, MalformedEnvelope, PenstockError, UnsupportedRow, UnsupportedVersion
from penstock.execution.value import insist, keep_envelope
from penstock.failure import Failure, describe
from penstock.hooks import Ended
from penstock.ports import Applied, Ports, ReceivedMessage
from penstock.record import ErrorSummary
from penstock.refusal import Then, after_refusal
from penstock.settings import dead_letter_queue
from penstock.states import Status
from penstock.telemetry import logger
from penstock.transitions import buried, cancel

# How long one look takes at most, and a letter is hidden for it: a redrive that starts meanwhile misses what is hidden.
LOOK_SECONDS = 30
PEEK_SECONDS = LOOK_SECONDS + 10
_PAGE = 10


class Buried(PenstockError):
    """A message that SQS moved to the dead-letter queue by itself. Never raised: it names the error of such a task."""


class Reconciliation(Struct, frozen=True):
    """What one look at a dead-letter queue did: tasks closed, stray letters deleted, letters left as they are."""

    queue: str
    closed: int = 0
    swept: int = 0
    left: int = 0
    skipped: str = ""


def reconcile(tasks: Penstock, queue: str, *, limit: int = 5_000) -> Reconciliation:
    """Look at up to ``limit`` letters of the dead-letter queue of ``queue``, for LOOK_SECONDS at most.

    What it does not reach, the next look may: SQS gives letters of a standard queue in no order.

    Of a FIFO queue it sees the first ten letters of each group only: SQS hides a group behind letters in flight.
    """
    ports = tasks.ports
    status = ports.transport.redrive_status(ports.settings.queue(queue).name)
    if status is not None and status.is_running:
        return Reconciliation(queue, skipped="SQS is moving dead letters")
    letters = dead_letter_queue(queue)
    counts = {"closed": 0, "swept": 0, "left": 0}
    held: list[str] = []
    try:
        for message in _letters(ports, letters, limit, held):
            done = _settle(tasks, queue, message)
            counts[done] += 1
            if done == "swept":
                _delete(ports, letters, message)
    finally:  # show them again: to a redrive, and to whoever looks into the console; what was swept stays away
        ports.transport.change_visibility(letters, dict.fromkeys(held, 0))
    return Reconciliation(queue, counts["closed"], counts["swept"], counts["left"])


def close_and_delete(tasks: Penstock, queue: str) -> int:
    """Cancel the task of every dead letter of ``queue`` that is still open, and delete the letter; how many were cancelled.

    What stays: letters of tasks that are alive, and those of a newer version, for which this process cannot close the task.
    """
    ports, letters = tasks.ports, dead_letter_queue(queue)
    cancelled = 0
    held: list[str] = []
    try:
        for message in _letters(ports, letters, None, held):
            done = "swept" if _is_not_ours(message) else _settle(tasks, queue, message)
            if done != "swept" and not _cancel(ports, message):
                continue
            cancelled += done != "swept"
            _delete(ports, letters, message)
    finally:
        ports.transport.change_visibility(letters, dict.fromkeys(held, 0))
    return cancelled


def _is_not_ours(message: ReceivedMessage) -> bool:
    try:
        Envelope.from_json(message.body)
    except EnvelopeError as error:
        return isinstance(error, MalformedEnvelope)
    return False


def _cancel(ports: Ports, message: ReceivedMessage) -> bool:
    """True if the task of this letter was DEAD, and is CANCELLED now."""
    try:
        envelope = Envelope.from_json(message.body)
        row = ports.results.get(envelope.id)
    except (UnsupportedVersion, UnsupportedRow):
        return False
    if row is None or row.status is not Status.DEAD or row.send_id != envelope.send_id:
        return False
    return isinstance(ports.results.apply(row.task_id, cancel(row, now=ports.clock())), Applied)


def _letters(ports: Ports, letters: str, limit: int | None, held: list[str]) -> Iterator[ReceivedMessage]:
    """Letters, each once: up to ``limit`` within LOOK_SECONDS, or all there are. ``held`` gets their receipt handles."""
    seen: set[str] = set()
    started = ports.clock()
    while limit is None or (len(seen) < limit and (ports.clock() - started).total_seconds() < LOOK_SECONDS):
        wanted = _PAGE if limit is None else min(_PAGE, limit - len(seen))
        page = insist(partial(_peek, ports, letters, wanted), ports)
        held += [message.receipt_handle for message in page]
        fresh = [message for message in page if message.message_id not in seen]
        if not fresh:
            return
        seen |= {message.message_id for message in fresh}
        yield from fresh


# A look is hundreds of calls: one that is not answered must not end it each time before its end.


def _peek(ports: Ports, letters: str, wanted: int) -> list[ReceivedMessage]:
    return ports.transport.receive(letters, max_messages=wanted, visibility_timeout=PEEK_SECONDS)


def _delete(ports: Ports, letters: str, message: ReceivedMessage) -> None:
    insist(lambda: ports.transport.delete(letters, [message.receipt_handle]), ports)


def _settle(tasks: Penstock, queue: str, message: ReceivedMessage) -> str:
    try:
        envelope = Envelope.from_json(message.body)
    except EnvelopeError:
        return "left"  # not ours, or of a newer version: someone has to look at it
    ports, now = tasks.ports, tasks.ports.clock()
    letter = message.delivery(queue)
    failure = _failure(envelope, message)
    reason = "SQS moved it to the dead-letter queue"
    error = ErrorSummary(failure.type, failure.message, failure.fingerprint, reason)
    death = ports.random.token()
    burial = buried(envelope, letter, error, death=death, now=now, extra=keep_envelope(envelope, ports))
    try:
        answer = insist(lambda: ports.results.apply(envelope.id, burial), ports)
    except UnsupportedRow as unread:  # of a newer version: one row must not end the look at all others
        logger.warning("a dead letter is left: %s", unread)
        return "left"
    row = answer.row
    # Refused by this very death: it is written already, and only the reply was lost.
    if row is not None and (isinstance(answer, Applied) or row.lease_owner == death):
        logger.warning("BURIED %s %r after %d receives", envelope.task, envelope.id, message.receive_count)
        error_groups.note(ports, failure, task_id=row.task_id, task=row.task, outcome=Status.DEAD)
        tasks.hooks.notify(Ended(row.task_id, row.task, queue, Status.DEAD, row.attempts, error, tags=row.tags))
        return "closed"
    refusal = after_refusal(row, envelope, letter, owner="", now=now)
    return "swept" if refusal.then is Then.ACKNOWLEDGE else "left"


def _failure(envelope: Envelope, message: ReceivedMessage) -> Failure:
    text = (
        f"SQS buried the message after {message.receive_count} receives without an outcome: its runs were throttled, "
        "crashed or timed out, or no worker knows the task"
    )
    return describe(Buried(text), envelope.task)

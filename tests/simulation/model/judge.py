"""The promises: what no step may do, what holds in every state, and what a good end is."""

from collections.abc import Iterator

from penstock.states import Status
from tests.simulation.model.state import (
    BY_HAND,
    BY_HAND_REDRIVEN,
    CURRENT,
    ENQUEUED,
    IDLE,
    RUN,
    STALE,
    History,
    Message,
    Row,
    State,
    Worker,
)


def is_over(row: Row | None) -> bool:
    """True if the row is SUCCEEDED, FAILED or CANCELLED: its messages may go."""
    return row is not None and Status(row.status).may_be_acknowledged


# ── steps ────────────────────────────────────────────────────────────────────────────────────────────────────────────


def written(name: str, before: Row | None, after: Row, worker: Worker | None) -> str:
    """What the transition ``name`` breaks; ``worker`` is its writer, None where that is no worker."""
    if before is None:
        return ""
    if is_over(before):
        return f"a recorded {before.status} was overwritten"
    mine = worker is not None and worker.owns
    if (
        before.lease == "alive"
        and before.status == Status.RUNNING
        and not mine
        and after != before._replace(cancel=True)
    ):
        return "someone else changed the row of a run under a live lease"
    if before.send not in (None, after.send) and name != "retry":
        return "the task went over to another send, and nobody had retried it by hand"
    return ""


def granted(history: History, message: Message) -> str:
    """What breaks if ``message`` gets a full budget now."""
    if message.sent in history.granted:
        return "one message was given a full budget twice"
    if message.origin == ENQUEUED and history.first_granted:
        return "one enqueue was given a full budget twice"
    if message.origin == BY_HAND and message.after == STALE:
        return "a retry by hand was given a full budget for another death than the one that it answers"
    return ""


def acknowledged(row: Row | None, message: Message) -> str:
    """What breaks if ``message`` is deleted now because of the row."""
    if is_over(row):
        return ""
    if row is not None and row.send is not None and row.send != message.send:
        return "a retry by hand was acknowledged unanswered" if message.after == CURRENT else ""
    return f"a message was acknowledged while its task is {'unrecorded' if row is None else row.status}"


# ── states ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def broken(state: State, max_attempts: int) -> str:
    """The first promise that does not hold in ``state``; empty if all do."""
    return next(_broken(state, max_attempts), "")


def _broken(state: State, max_attempts: int) -> Iterator[str]:
    row, history = state.row, state.history
    messages = (*state.queue, *state.dead_letters)
    if sum(worker.phase == RUN and worker.alive for worker in state.workers) > 1:
        yield "two runs under live leases"
    if history.starts > max_attempts:
        yield f"user code started {history.starts} times on a budget of {max_attempts}"
    if history.taken and not is_over(row) and not any(_carries(message, row) for message in messages):
        yield "the task is lost: no outcome, and no message left that could lead to one"
    if history.promised and not any(m.origin in (BY_HAND, BY_HAND_REDRIVEN) for m in messages):
        yield "a retry by hand vanished before it ran"
    if row is not None:
        yield from _misshapen(row)


def _carries(message: Message, row: Row | None) -> bool:
    """True if a delivery of ``message`` can bring the task on (from the dead-letter queue: after a redrive)."""
    if row is None or row.send is None or message.after == CURRENT:
        return True
    return message.send == row.send and (row.sent is None or message.sent >= row.sent)


def _misshapen(row: Row) -> Iterator[str]:
    if (row.sent is None) != (row.message is None):
        yield "sent_at and message_id are not set together"
    if row.owned != (row.status in (Status.RUNNING, Status.DEAD)):
        yield f"a row that is {row.status} has {'a' if row.owned else 'no'} lease_owner"


# ── ends ─────────────────────────────────────────────────────────────────────────────────────────────────────────────


def may_rest(state: State, enqueue_calls: int) -> bool:
    """True if nobody is in the middle of anything, no message waits, and no stray letter rings an alarm.

    A task is over without letters, or DEAD with its own; who retried it by hand sees it running, or its message among
    the dead letters. ``Model.is_good_end`` adds that a redrive of such a letter works.
    """
    row, letters = state.row, state.dead_letters
    at_rest = (
        all(worker.phase == IDLE for worker in state.workers)
        and state.producer.at == enqueue_calls
        and state.canceller == IDLE
        and state.operator.at == 0
        and state.reconciler.phase == IDLE
        and not state.queue
    )
    if not at_rest:
        return False
    if row is None:
        return not letters
    if row.status == Status.DEAD:
        return bool(letters) and all(m.send == row.send or m.after == CURRENT for m in letters)
    return is_over(row) and not letters

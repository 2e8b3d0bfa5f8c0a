"""What all steps have in common: who makes them, how a message is sent, and how a write changes the world."""

from enum import Enum, auto
from typing import NamedTuple

from tests.simulation.model import judge
from tests.simulation.model.faults import Faults
from tests.simulation.model.rules import Rules
from tests.simulation.model.state import CURRENT, ENQUEUED, NO_TOKEN, RUN, STALE, Message, Row, State, Worker
from tests.simulation.model.table import Table, Written


class By(Enum):
    """Who or what makes a step happen: only NATURE's steps are sure to come."""

    NATURE = auto()
    PERSON = auto()
    FAULT = auto()


class Step(NamedTuple):
    """One call to SQS or to the table, or the clock moving on. ``broken`` says which promise the step itself breaks."""

    label: str
    by: By
    state: State
    broken: str = ""


class Setting:
    """What every step needs to know: the faults that are on, the rules, and the table that carries them out."""

    def __init__(self, faults: Faults, rules: Rules) -> None:
        self.faults, self.rules = faults, rules
        self.table = Table(rules, max_attempts=faults.max_attempts, retries_wait=faults.retries_wait)

    def has_room(self, state: State) -> bool:
        """True if one more message may exist."""
        return len(state.queue) + len(state.dead_letters) < self.faults.messages

    def may_show(self, state: State, message: Message) -> bool:
        """True if SQS may deliver ``message`` now."""
        # Its visibility timeout is longer than any run: only a zombie still works on what SQS shows again.
        return self.faults.duplicates or not any(
            worker.message is not None and worker.message.id == message.id and not is_zombie(worker)
            for worker in state.workers
        )


def sent(state: State, send: int, *, after: int = NO_TOKEN, origin: str = ENQUEUED) -> State:
    """SQS takes a message."""
    rank = state.fresh()
    message = Message(rank, rank, send, after, origin)
    return state._replace(queue=(*state.queue, message), history=state.history._replace(taken=True))


def written(
    label: str, state: State, name: str, answer: Written, *, worker: int | None = None, by: By = By.NATURE
) -> Step:
    """The transition ``name`` was answered: the row, everybody's tokens, the history, and the judgement.

    ``worker`` is the number of the worker who wrote, if it was one.
    """
    if not answer.applied or answer.row is None:
        return Step(f"{label}: refused", by, state)
    writer = None if worker is None else state.workers[worker]
    broken = judge.written(name, state.row, answer.row, writer)
    after = state._replace(row=answer.row)
    if answer.owner != "same":
        after = disowned(after)
        if worker is not None and answer.owner == "mine":
            after = with_worker(after, worker, after.workers[worker]._replace(owns=True))
    if writer is not None and writer.message is not None and _is_grant(name, state.row):
        broken = broken or judge.granted(state.history, writer.message)
        after = _granted(after, writer.message)
    elif judge.is_over(answer.row):
        after = _answered(after)
    return Step(label, by, after, broken)


def _is_grant(name: str, row: Row | None) -> bool:
    return name in ("redrive", "retry") or (name == "claim" and (row is None or row.left is None))


def _granted(state: State, message: Message) -> State:
    history = state.history
    granted = (*history.granted, message.sent)
    return _answered(state._replace(history=history._replace(granted=granted, first_granted=True, starts=0)))


def _answered(state: State) -> State:
    """Whoever has read the row to retry by hand, or has sent a retry, has got what it is for."""
    operator = state.operator._replace(answered=state.operator.at > 0)
    return state._replace(operator=operator, history=state.history._replace(promised=False))


def disowned(state: State) -> State:
    """The row has another owner: every token that named the old one is stale."""

    def stale(message: Message) -> Message:
        return message._replace(after=STALE) if message.after == CURRENT else message

    after = state.mapped(stale)
    token = STALE if state.operator.token == CURRENT else state.operator.token
    return after._replace(
        workers=tuple(worker._replace(owns=False, seen=False) for worker in after.workers),
        operator=after.operator._replace(token=token),
    )


def with_worker(state: State, number: int, worker: Worker) -> State:
    """``state`` with another worker in that place."""
    return state._replace(workers=(*state.workers[:number], worker, *state.workers[number + 1 :]))


def without(messages: tuple[Message, ...], message: Message | None) -> tuple[Message, ...]:
    """``messages`` without that one, if it is still there."""
    return tuple(other for other in messages if other != message)


def is_zombie(worker: Worker) -> bool:
    """True if it runs user code after its lease."""
    return worker.phase == RUN and not worker.alive

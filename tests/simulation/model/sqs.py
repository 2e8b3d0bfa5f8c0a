"""SQS buries messages and moves dead letters back; the clock ends leases and waits."""

from collections.abc import Iterator

from penstock.refusal import Then
from penstock.states import Status
from tests.simulation.model.state import BY_HAND, BY_HAND_REDRIVEN, IDLE, REDRIVEN, Message, Row, State
from tests.simulation.model.steps import By, Setting, Step, without


def steps(setting: Setting, state: State) -> Iterator[Step]:
    """What SQS and time can do now."""
    yield from _burials(setting, state)
    if setting.faults.redrives:
        yield from _redrives(setting, state)
    if state.row is not None:
        yield from _clock(setting, state, state.row)


def redriven(letter: Message, rank: int) -> Message:
    """The letter back in its queue: a new MessageId, a later SentTimestamp."""
    by_hand = letter.origin in (BY_HAND, BY_HAND_REDRIVEN)
    return letter._replace(sent=rank, id=rank, origin=BY_HAND_REDRIVEN if by_hand else REDRIVEN)


def _burials(setting: Setting, state: State) -> Iterator[Step]:
    for message in state.queue:
        waits = _waits_for_burial(setting, state.row, message)
        if setting.may_show(state, message) and (waits or setting.faults.throttles):
            letter = message._replace(sent=state.fresh()) if setting.faults.fifo else message
            buried = state._replace(queue=without(state.queue, message), dead_letters=(*state.dead_letters, letter))
            yield Step("SQS buries the message", By.NATURE if waits else By.FAULT, buried)


def _waits_for_burial(setting: Setting, row: Row | None, message: Message) -> bool:
    if row is None or setting.table.write("claim", row, message).applied:
        return False
    return setting.table.decide(row, message) in (Then.BURN, Then.LEAVE)


def _redrives(setting: Setting, state: State) -> Iterator[Step]:
    for letter in state.dead_letters:
        back = state._replace(queue=(*state.queue, redriven(letter, state.fresh())))
        yield Step("redrive", By.PERSON, back._replace(dead_letters=without(state.dead_letters, letter)))
        if setting.faults.copies and setting.has_room(state):
            yield Step("redrive that leaves the letter", By.FAULT, back)


def _clock(setting: Setting, state: State, row: Row) -> Iterator[Step]:
    if row.status == Status.RUNNING and row.lease == "alive":
        in_work = any(worker.owns and worker.phase != IDLE for worker in state.workers)
        if not in_work or setting.faults.zombies:
            workers = tuple(worker._replace(alive=worker.alive and not worker.owns) for worker in state.workers)
            after = state._replace(row=row._replace(lease="expired"), workers=workers)
            yield Step("the lease expires", By.FAULT if in_work else By.NATURE, after)
    if row.status == Status.RETRYING and row.retry == "later":
        yield Step("the retry is due", By.NATURE, state._replace(row=row._replace(retry="due")))

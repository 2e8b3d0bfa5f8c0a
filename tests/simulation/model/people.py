"""People cancel the task, and retry it by hand."""

from collections.abc import Iterator

from penstock.states import Status
from tests.simulation.model.state import BY_HAND, CURRENT, IDLE, NO_TOKEN, Row, Script, State
from tests.simulation.model.steps import By, Setting, Step, disowned, sent, without, written


def steps(setting: Setting, state: State) -> Iterator[Step]:
    """What people can do next."""
    if setting.faults.cancels:
        yield from _cancels(setting, state)
    if setting.faults.by_hand:
        yield from _retries(setting, state, setting.rules.retry_by_hand)
    if setting.faults.by_hand_deletes:
        yield from _retries(setting, state, setting.rules.retry_and_delete)


def _cancels(setting: Setting, state: State) -> Iterator[Step]:
    if state.canceller != IDLE:
        answer = setting.table.write("request_cancel", state.row)
        yield written("asks to cancel", state._replace(canceller=IDLE), "request_cancel", answer)
        return
    answer = setting.table.write("cancel", state.row)
    if answer.applied:
        yield written("cancel", state, "cancel", answer, by=By.PERSON)
    elif state.row is not None and state.row.status == Status.RUNNING:
        yield Step("cancel refused", By.PERSON, state._replace(canceller="ask"))


def _retries(setting: Setting, state: State, calls: tuple[str, ...]) -> Iterator[Step]:
    me, row = state.operator, state.row
    by = By.NATURE if me.at else By.PERSON
    following = me._replace(at=me.at + 1) if me.at + 1 < len(calls) else Script(0)
    given_up = Step("retry by hand: given up", By.NATURE, state._replace(operator=Script(0)))
    dead = row if row is not None and row.status == Status.DEAD else None
    match calls[me.at]:
        case "receive":
            for letter in state.dead_letters:
                after = state._replace(operator=following._replace(letter=letter))
                yield Step("retry by hand: receives the letter", by, after)
            yield given_up
        case "read" if dead is not None and dead.owned:
            after = state._replace(operator=following._replace(token=CURRENT, answered=False))
            yield Step("retry by hand: reads DEAD", by, after)
        case "requeue" if dead is not None:
            after = state._replace(operator=following)
            yield Step("retry by hand: writes QUEUED", by, _requeued(after, dead))
        case "send" if setting.has_room(state):
            yield from _sends(setting, state, following, NO_TOKEN if "requeue" in calls else me.token)
        case "delete":
            letters = without(state.dead_letters, me.letter)
            after = state._replace(operator=following, dead_letters=letters)
            yield Step("retry by hand: deletes the letter", by, after)
        case _:
            yield given_up
    if setting.faults.crashes:
        yield given_up._replace(label="retry by hand: its process ends", by=By.FAULT)


def _sends(setting: Setting, state: State, following: Script, token: int) -> Iterator[Step]:
    known = None if state.row is None else state.row.send
    send = state.fresh_send() if setting.rules.fresh_send_ids or known is None else known
    taken = sent(state, send, after=token, origin=BY_HAND)
    promised = taken.history.promised or not state.operator.answered
    taken = taken._replace(history=taken.history._replace(promised=promised))
    yield Step("retry by hand: sends", By.NATURE, taken._replace(operator=following))
    if setting.faults.lost_replies:
        yield Step("retry by hand: sends, reply lost", By.FAULT, taken)


def _requeued(state: State, row: Row) -> State:
    """No rule of the protocol: what a retry by hand must not do."""
    again = row._replace(status=Status.QUEUED.value, owned=False, send=None, message=None, sent=None, left=None)
    history = state.history._replace(granted=(), first_granted=False)  # whoever runs now, someone has asked for it
    return disowned(state._replace(row=again, history=history))

"""A worker with one delivery: claim, run, settle, acknowledge. As penstock.execution does it, call by call."""

from collections.abc import Iterator

from penstock.refusal import Then
from penstock.states import Status
from tests.simulation.model import judge
from tests.simulation.model.state import ACKNOWLEDGE, IDLE, RUN, Message, State, Worker
from tests.simulation.model.steps import By, Setting, Step, with_worker, without, written

# The transition that a refused claim tries next.
NEXT = {Then.GO_ON: "renew", Then.REDRIVE: "redrive", Then.RETRY: "retry", Then.CRASHED: "crashed"}
_SETTLES = ("succeed", "retrying", "dead", "failed", "cancelled")


def steps(setting: Setting, state: State) -> Iterator[Step]:
    """The next call of each worker."""
    for number, worker in enumerate(state.workers):
        if worker in state.workers[:number]:
            continue  # its twin has taken the same steps
        if worker.message is None:
            yield from _receives(setting, state, number)
            continue
        if worker.phase == RUN:
            yield from _runs(setting, state, number, worker, worker.message)
        elif worker.phase in _SETTLES:
            yield from _settles(setting, state, number, worker, worker.phase)
        elif worker.phase == ACKNOWLEDGE:
            yield _acknowledges(state, number, worker.message)
        else:
            yield from _claims(setting, state, number, worker, worker.message)
        if setting.faults.crashes:
            yield Step(f"worker dies before {worker.phase}", By.FAULT, with_worker(state, number, Worker(IDLE)))


def _receives(setting: Setting, state: State, number: int) -> Iterator[Step]:
    for message in state.queue:
        if setting.may_show(state, message):
            yield Step("worker receives", By.NATURE, with_worker(state, number, Worker("claim", message)))


def _claims(setting: Setting, state: State, number: int, worker: Worker, message: Message) -> Iterator[Step]:
    name = worker.phase
    answer = setting.table.write(name, state.row, message, owns=worker.owns, seen=worker.seen)
    if not answer.applied:
        then = setting.table.decide(state.row, message, owns=worker.owns)
        after = Worker(IDLE)
        if then in NEXT:
            after = worker._replace(phase=NEXT[then], seen=then is Then.CRASHED)
        elif then is Then.ACKNOWLEDGE:
            after = Worker(ACKNOWLEDGE, message)
        yield Step(f"{name} refused: {then.name}", By.NATURE, with_worker(state, number, after))
        return
    granted = written(f"{name} granted", state, name, answer, worker=number)
    yield granted._replace(state=_started(granted.state, number))
    if setting.faults.lost_replies:
        yield granted._replace(label=f"{name} granted, reply lost", by=By.FAULT)


def _started(state: State, number: int) -> State:
    """The worker has heard that its transition was carried out."""
    row, worker = state.row, state.workers[number]
    if row is None or row.status != Status.RUNNING:  # crashed: the row is DEAD, and the message burns
        return with_worker(state, number, Worker(IDLE))
    if row.cancel:
        return with_worker(state, number, worker._replace(phase="cancelled", seen=False))
    running = worker._replace(phase=RUN, alive=True, left=row.left or 0, seen=False)
    history = state.history._replace(starts=state.history.starts + 1)
    return with_worker(state, number, running)._replace(history=history)


def _runs(setting: Setting, state: State, number: int, worker: Worker, message: Message) -> Iterator[Step]:
    endings = {"succeed", "retrying" if worker.left > 0 else "dead"}
    if setting.faults.rejects:
        endings.add("dead")
    if setting.faults.discards:
        endings.add("failed")
    if worker.owns and state.row is not None and state.row.cancel:
        endings.add("cancelled")  # its next progress() tells it
    for ending in sorted(endings):
        yield from _settles(setting, state, number, worker._replace(alive=False), ending)
    if setting.faults.heartbeat:
        answer = setting.table.write("renew", state.row, message, owns=worker.owns)
        beating = with_worker(state, number, worker._replace(alive=True) if answer.applied else Worker(IDLE))
        yield written("heartbeat", beating, "renew", answer, worker=number)


def _settles(setting: Setting, state: State, number: int, worker: Worker, name: str) -> Iterator[Step]:
    state = with_worker(state, number, worker)
    answer = setting.table.write(name, state.row, worker.message, owns=worker.owns)
    if not answer.applied:
        yield Step(f"{name} refused", By.NATURE, with_worker(state, number, _refused(setting, state, worker)))
        return
    settled = written(name, state, name, answer, worker=number)
    after = Worker(ACKNOWLEDGE, worker.message) if judge.is_over(answer.row) else Worker(IDLE)
    yield settled._replace(state=with_worker(settled.state, number, after))
    if setting.faults.lost_replies:
        again = settled.state.workers[number]._replace(phase=name)
        state = with_worker(settled.state, number, again)
        yield settled._replace(label=f"{name}, reply lost", by=By.FAULT, state=state)


def _refused(setting: Setting, state: State, worker: Worker) -> Worker:
    if state.row is None:
        return Worker(IDLE)
    status, cancel = Status(state.row.status), state.row.cancel
    match setting.rules.after_refused_settle(status, mine=worker.owns, cancel_requested=cancel):
        case "cancel":
            return worker._replace(phase="cancelled")
        case "acknowledge":
            return Worker(ACKNOWLEDGE, worker.message)
        case _:
            return Worker(IDLE)


def _acknowledges(state: State, number: int, message: Message) -> Step:
    after = with_worker(state, number, Worker(IDLE))
    if message not in state.queue:
        return Step("worker acknowledges what is gone", By.NATURE, after)
    after = after._replace(queue=without(state.queue, message))
    return Step("worker acknowledges", By.NATURE, after, judge.acknowledged(state.row, message))

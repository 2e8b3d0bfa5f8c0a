"""The model: where it starts, every step that anyone can take, and where it may end."""

from collections.abc import Iterator

from penstock.refusal import Then
from penstock.states import Status
from tests.simulation.model import judge, people, producer, reconciler, sqs, worker
from tests.simulation.model.canonical import canonical
from tests.simulation.model.faults import Faults
from tests.simulation.model.rules import Rules
from tests.simulation.model.state import IDLE, History, Message, Reconciler, Row, Script, State, Worker
from tests.simulation.model.steps import Setting, Step

_ACTORS = (producer.steps, sqs.steps, worker.steps, people.steps, reconciler.steps)


class Model:
    """The protocol by ``rules`` under one configuration of faults."""

    def __init__(self, faults: Faults, rules: Rules) -> None:
        self.faults = faults
        self._setting = Setting(faults, rules)

    def start(self) -> State:
        """Nothing has happened yet."""
        workers = (Worker(IDLE),) * self.faults.workers
        return State(None, (), (), workers, Script(0, self.faults.sends), IDLE, Script(0), Reconciler(), History())

    def steps(self, state: State) -> Iterator[Step]:
        """What can come next, in canonical form."""
        for actor in _ACTORS:
            for step in actor(self._setting, state):
                yield step._replace(state=canonical(step.state))

    def is_good_end(self, state: State) -> bool:
        """True if all is well and nothing is left to do; of a DEAD task, that a redrive brings it back."""
        if not judge.may_rest(state, len(self._setting.rules.enqueue)):
            return False
        if state.row is None or state.row.status != Status.DEAD:
            return True
        row, later = state.row, state.fresh()
        return any(self._would_run(row, sqs.redriven(letter, later)) for letter in state.dead_letters)

    def _would_run(self, row: Row, message: Message) -> bool:
        table = self._setting.table
        then = table.decide(row, message)
        name = worker.NEXT[then] if then in (Then.REDRIVE, Then.RETRY) else "claim"
        return table.write(name, row, message).applied

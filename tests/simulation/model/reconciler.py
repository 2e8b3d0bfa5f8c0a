"""The reconciler, as penstock.reconcile does it: it peeks at a dead letter, writes BURIED, and sweeps a stray one."""

from collections.abc import Iterator

from penstock.refusal import Then
from tests.simulation.model import judge
from tests.simulation.model.state import IDLE, Message, Reconciler, State
from tests.simulation.model.steps import By, Setting, Step, without, written


def steps(setting: Setting, state: State) -> Iterator[Step]:
    """Its next call; all three at once where it is not slow."""
    phase, held = state.reconciler
    if phase == IDLE or held is None:
        for letter in state.dead_letters:
            peeked = state._replace(reconciler=Reconciler("bury", letter))
            if setting.faults.slow_reconciler:
                yield Step("reconciler peeks", By.NATURE, peeked)
            else:
                yield _at_once(setting, peeked, letter)
    elif phase == "bury":
        yield _buries(setting, state, held)
    else:
        yield _sweeps(state, held)


def _at_once(setting: Setting, state: State, letter: Message) -> Step:
    step = _buries(setting, state, letter)
    return _sweeps(step.state, letter) if step.state.reconciler.phase == "sweep" else step


def _buries(setting: Setting, state: State, letter: Message) -> Step:
    done = state._replace(reconciler=Reconciler())
    answer = setting.table.write("buried", state.row, letter)
    if answer.applied:
        return written("reconciler writes BURIED", done, "buried", answer)
    if setting.table.decide(state.row, letter) is Then.ACKNOWLEDGE:
        return Step("BURIED refused: a stray", By.NATURE, state._replace(reconciler=Reconciler("sweep", letter)))
    return Step("BURIED refused: the letter stays", By.NATURE, done)


def _sweeps(state: State, letter: Message) -> Step:
    broken = judge.acknowledged(state.row, letter) if letter in state.dead_letters else ""
    letters = without(state.dead_letters, letter)
    return Step("reconciler sweeps", By.NATURE, state._replace(reconciler=Reconciler(), dead_letters=letters), broken)

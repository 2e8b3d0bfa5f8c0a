"""The protocol's own proof: every order of every step, with every fault, and every rule shown to be needed."""

import pytest

from penstock.refusal import Then
from tests.simulation.model.checker import explore
from tests.simulation.model.configurations import CONFIGURATIONS
from tests.simulation.model.faults import Faults
from tests.simulation.model.mutants import MUTANTS, Mutant
from tests.simulation.model.protocol import Model
from tests.simulation.model.rules import Rules


@pytest.mark.parametrize("name", CONFIGURATIONS)
def test_no_promise_breaks_and_no_state_is_without_a_good_end(name: str) -> None:
    explored = explore(Model(CONFIGURATIONS[name], Rules()))

    print(f"{name}: {explored.states:,} states")
    assert explored.finding is None, f"{explored.finding.what}\n{explored.finding.trace}"


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_every_mutant_is_caught(mutant: Mutant) -> None:
    explored = explore(Model(CONFIGURATIONS[mutant.configuration], mutant.rules))

    assert explored.finding is not None, f"no violation and no stuck state in {explored.states:,} states"
    print(f"{explored.states:,} states; {explored.finding.what}\n{explored.finding.trace}")
    assert mutant.breaks in explored.finding.what, explored.finding.trace


SMALL = (
    Faults(crashes=True, lost_replies=True, duplicates=True, zombies=True, cancels=True, discards=True),
    Faults(duplicates=True, throttles=True, redrives=True, messages=1, max_attempts=1),
    Faults(crashes=True, by_hand=True, max_attempts=1),
    Faults(lost_replies=True, throttles=True, sends=2, max_attempts=1),
)


@pytest.fixture(scope="module")
def labels() -> frozenset[str]:
    """The steps that some small configurations take."""
    return frozenset[str]().union(*(explore(Model(faults, Rules())).labels for faults in SMALL))


@pytest.mark.parametrize("then", Then)
def test_every_answer_to_a_refused_claim_occurs(then: Then, labels: frozenset[str]) -> None:
    assert f"claim refused: {then.name}" in labels


@pytest.mark.parametrize(
    "name",
    [
        "claim granted",
        "redrive granted",
        "retry granted",
        "crashed granted",
        "renew granted",
        "succeed",
        "retrying",
        "dead",
        "failed",
        "cancelled",
        "cancel",
        "asks to cancel",
        "reconciler writes BURIED",
        "reconciler sweeps",
        "SQS buries the message",
        "redrive",
        "the lease expires",
    ],
)
def test_every_transition_occurs(name: str, labels: frozenset[str]) -> None:
    assert name in labels


@pytest.mark.parametrize("name", ["succeed", "retrying", "dead"])
def test_a_late_settle_occurs_and_is_refused(name: str, labels: frozenset[str]) -> None:
    assert f"{name} refused" in labels

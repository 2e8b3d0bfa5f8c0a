"""The library with one rule of the protocol broken at a time: each is caught, so the simulation can see such a mistake."""

import logging
import os

import pytest

from tests.simulation.machine import explore
from tests.simulation.mutants import CHEAP, MUTANTS, applied
from tests.simulation.seeds import SEED, is_proof

EXAMPLES = 2_000
TRIED = sorted(MUTANTS if os.environ.get("PENSTOCK_STEPS") else CHEAP if is_proof() else CHEAP[:4])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", TRIED)
def test_a_broken_rule_is_caught_within_2000_examples(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "penstock")
    with applied(*MUTANTS[name]), pytest.raises(AssertionError):
        explore(SEED, EXAMPLES, shrink=False)

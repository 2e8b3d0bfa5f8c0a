"""The real library under hypothesis: whatever happens in whatever order, no accepted task is lost and no outcome overwritten.

PENSTOCK_SEED chooses the run, PENSTOCK_STEPS its length. What fails prints the seed, and the steps cut to the few that matter.
"""

import logging
import os

import pytest

from tests.simulation.checker import Report
from tests.simulation.faults import Fault
from tests.simulation.machine import STEPS, explore
from tests.simulation.seeds import SEED, is_proof

EXAMPLES = int(os.environ.get("PENSTOCK_STEPS", 0)) // STEPS or (500 if is_proof() else 60)
A_ROUND = 500
NATURE = {"buried", "came back", "delivered again", "throttled invocation", "died in user code"}


@pytest.mark.timeout(24 * 3600 if EXAMPLES > 500 else 240)
def test_no_accepted_task_is_lost_and_no_outcome_is_overwritten(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "penstock")
    total = Report()
    for start in range(0, EXAMPLES, A_ROUND):
        number = SEED + start // A_ROUND
        try:
            total.add(explore(number, min(A_ROUND, EXAMPLES - start)))
        except AssertionError as error:
            error.add_note(f"replay with PENSTOCK_SEED={number}")
            raise
    print(f"\nseed {SEED}, {EXAMPLES} examples of up to {STEPS} steps: {total}")
    assert total.ok == total.acknowledged > 0
    assert {str(fault) for fault in Fault if fault is not Fault.NONE} | NATURE <= total.faults.keys(), (
        "a fault never fired"
    )

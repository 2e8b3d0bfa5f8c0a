"""Real worker processes that are killed and stopped at random, on a network that loses requests and replies.

Each fact is of one run against the independent emulator; the summary has its seed and its numbers, in Jepsen's words.
"""

import pytest

from tests.kills.checker import Report
from tests.kills.run import HEAL_SECONDS, KILLED, NEEDED_OF_POLLERS
from tests.kills.sizes import SIZE

pytestmark = pytest.mark.timeout(SIZE.storm_seconds + HEAL_SECONDS + 120)


def test_no_accepted_task_is_lost(report: Report) -> None:
    assert (report.lost, report.ok) == (0, report.acknowledged)


def test_the_judge_finds_nothing(report: Report) -> None:
    assert report.violations == []


def test_enough_went_wrong_to_prove_something(report: Report) -> None:
    assert report.faults[KILLED] >= SIZE.kills
    assert report.faults["lost request"]
    assert report.faults["lost reply"]


def test_workers_that_poll_were_asked_to_stop_too_and_ended(report: Report) -> None:
    assert [name for name in NEEDED_OF_POLLERS if not report.faults[name]] == []

"""The judge of a kill run: it knows nothing of the library, and it sees each mistake that it is there for."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.kills.checker import Report, check

Fact = dict[str, Any]
ENQUEUED = [{"kind": "attempted", "task": "t", "at": 0.0}, {"kind": "acknowledged", "task": "t", "at": 0.1}]
DONE = {"status": "SUCCEEDED", "attempts": 1, "result": {"attempt": 1, "token": "a"}, "finished_at": "…3.000Z"}
RUNNING = {"status": "RUNNING", "attempts": 1, "lease_expires_at": "1970-01-01T00:00:06.000Z"}


def started(at: float, attempt: int = 1, pid: int = 7) -> Fact:
    return {"kind": "started", "task": "t", "attempt": attempt, "pid": pid, "at": at, "lease_until": at + 5.0}


def ended(at: float, attempt: int = 1, pid: int = 7, token: str | None = "a") -> Fact:
    result = {"result": {"attempt": attempt, "token": token}} if token else {"error": "ValueError"}
    return {"kind": "ended", "task": "t", "attempt": attempt, "pid": pid, "at": at, **result}


def seen(*rows: Fact | None) -> list[Fact]:
    return [{"kind": "seen", "task": "t", "at": float(number), "row": row} for number, row in enumerate(rows)]


RUN = [started(1.0), ended(2.0)]


def judged(
    producer: list[Fact] = ENQUEUED,
    effects: list[Fact] = RUN,
    scans: list[Fact] | None = None,
    *,
    faults: dict[str, int] | None = None,
    at_least: dict[str, int] | None = None,
    **queues: int,
) -> Report:
    scans = seen(DONE) if scans is None else scans
    return check(producer, effects, scans, queues, faults=faults or {}, at_least=at_least or {})


def test_the_judge_imports_nothing_of_ours() -> None:
    code = "import sys, checker; print([name for name in sys.modules if name.split('.')[0] in ('penstock', 'tests', 'tasks')])"
    output = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    ).stdout
    assert output.strip() == "[]"


def test_a_good_run_is_good() -> None:
    report = judged(scans=seen(RUNNING, DONE), the_queue=0)
    assert (report.violations, report.attempted, report.acknowledged, report.ok, report.lost) == ([], 1, 1, 1, 0)


def test_an_accepted_task_without_a_row_is_lost() -> None:
    report = judged(effects=[], scans=[])
    assert (report.lost, "is lost" in report.violations[0]) == (1, True)


@pytest.mark.parametrize("status", ["QUEUED", "RUNNING", "RETRYING", "DEAD", "FAILED", "CANCELLED"])
def test_an_accepted_task_that_does_not_succeed_after_the_redrive_is_lost(status: str) -> None:
    assert judged(scans=seen({**RUNNING, "status": status})).lost == 1


def test_a_task_in_doubt_that_never_ran_is_not_lost() -> None:
    report = judged(ENQUEUED[:1], effects=[], scans=[])
    assert (report.violations, report.attempted, report.acknowledged, report.lost) == ([], 1, 0, 0)


def test_a_task_in_doubt_that_ran_is_recovered() -> None:
    report = judged(ENQUEUED[:1])
    assert (report.violations, report.recovered) == ([], 1)


def test_a_task_in_doubt_that_is_left_half_way_is_stuck() -> None:
    assert "stuck" in judged(ENQUEUED[:1], effects=[], scans=seen({"status": "QUEUED", "attempts": 0})).violations[0]


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED"])
def test_an_outcome_that_changes_is_overwritten(status: str) -> None:
    report = judged(scans=seen({**DONE, "status": status}, {**RUNNING, "attempts": 2}, DONE))
    assert "overwritten" in report.violations[0]


def test_a_result_that_changes_is_overwritten() -> None:
    report = judged(scans=seen({**DONE, "result": {"attempt": 1, "token": "other"}}, DONE))
    assert "overwritten" in report.violations[0]


def test_a_redriven_death_is_no_overwritten_outcome() -> None:
    scans = seen({**RUNNING, "status": "DEAD"}, {**RUNNING, "attempts": 2}, {**DONE, "attempts": 2})
    report = judged(effects=[started(1.0), ended(2.0, token=None), started(9.0, 2), ended(9.1, 2)], scans=scans)
    assert "overwritten" not in str(report.violations)


def test_a_row_that_goes_away_is_seen() -> None:
    assert "went away" in judged(scans=seen(DONE, None)).violations[-1]


def test_attempts_that_fall_are_seen() -> None:
    assert "miscounted" in judged(scans=seen({**RUNNING, "attempts": 2}, DONE)).violations[0]


def second_run(at: float) -> Report:
    """A run that is killed at once, its lease good until 6.0, and a second one that begins ``at``."""
    result = {**DONE, "attempts": 2, "result": {"attempt": 2, "token": "b"}}
    return judged(
        effects=[started(1.0), started(at, 2, pid=8), ended(at + 0.5, 2, pid=8, token="b")], scans=seen(result)
    )


def test_a_second_run_under_a_live_lease_is_seen() -> None:
    assert "began 0.100 s too early" in second_run(5.9).violations[0]


def test_a_second_run_after_the_lease_of_a_killed_one_is_right() -> None:
    report = second_run(8.0)
    assert (report.violations, report.duplicated, report.faults["runs cut off"]) == ([], 0, 1)


def test_a_second_run_after_the_end_of_the_first_is_right() -> None:
    effects = [started(1.0), ended(2.0, token=None), started(3.0, 2), ended(3.5, 2)]
    assert (
        judged(effects=effects, scans=seen({**DONE, "attempts": 2, "result": {"attempt": 2, "token": "a"}})).violations
        == []
    )


def test_a_zombie_that_ends_after_its_lease_does_not_overlap_but_is_counted() -> None:
    effects = [started(1.0), started(8.5, 2, pid=8), ended(9.0), ended(9.5, 2, pid=8, token="b")]
    report = judged(effects=effects, scans=seen({**DONE, "attempts": 2, "result": {"attempt": 2, "token": "b"}}))
    assert (report.violations, report.duplicated, report.faults["zombies"]) == ([], 1, 1)


def test_an_attempt_that_runs_twice_is_seen() -> None:
    assert "ran twice" in judged(effects=[*RUN, started(9.0, pid=8)]).violations[0]


def test_the_result_of_a_run_that_lost_its_lease_is_seen() -> None:
    effects = [*RUN, started(9.0, 2), ended(9.5, 2, token="b")]
    assert "did not return" in judged(effects=effects, scans=seen({**DONE, "attempts": 2})).violations[0]


def test_a_success_without_a_run_is_seen() -> None:
    assert "did not return" in judged(effects=[]).violations[0]


def test_a_lease_of_which_the_table_says_otherwise_is_seen() -> None:
    longer = {**RUNNING, "lease_expires_at": "1970-01-01T00:00:16.000Z"}
    assert "another lease" in judged(scans=seen(longer, DONE)).violations[0]


def lease(kind: str, at: float, until: float, pid: int = 7) -> Fact:
    return {"kind": kind, "task": "t", "pid": pid, "at": at, "lease_until": until}


def test_a_second_run_under_a_renewed_lease_is_seen() -> None:
    result = {**DONE, "attempts": 2, "result": {"attempt": 2, "token": "b"}}
    second = [started(8.0, 2, pid=8), ended(8.5, 2, pid=8, token="b")]
    renewed = [started(1.0), lease("asked", 3.0, 9.0), lease("granted", 3.1, 9.0)]
    assert "began 1.000 s too early" in judged(effects=[*renewed, *second], scans=seen(result)).violations[0]


def test_a_renewal_that_nobody_knows_to_be_granted_holds_nobody_up() -> None:
    result = {**DONE, "attempts": 2, "result": {"attempt": 2, "token": "b"}}
    effects = [started(1.0), lease("asked", 3.0, 9.0), started(8.0, 2, pid=8), ended(8.5, 2, pid=8, token="b")]
    assert judged(effects=effects, scans=seen(result)).violations == []


def test_a_lease_that_was_asked_for_is_the_table_s_right_to_have() -> None:
    renewed = {**RUNNING, "lease_expires_at": "1970-01-01T00:00:09.000Z"}
    assert (
        judged(effects=[started(1.0), lease("asked", 3.0, 9.0), ended(4.0)], scans=seen(renewed, DONE)).violations == []
    )


def test_a_run_that_ended_under_its_renewed_lease_is_no_zombie() -> None:
    report = judged(effects=[started(1.0), lease("granted", 5.0, 11.0), ended(8.0)])
    assert (report.faults["zombies"], report.faults["runs past their first lease"], report.faults["renewals"]) == (
        0,
        1,
        1,
    )


def test_what_is_done_with_a_lease_after_the_end_of_its_run_changes_nothing() -> None:
    handed_back = [started(1.0), {**ended(2.0, token=None), "error": "Interrupted"}, lease("granted", 2.1, -1.0)]
    report = judged(
        effects=[*handed_back, started(2.5, 2), ended(3.0, 2)],
        scans=seen({**DONE, "attempts": 2, "result": {"attempt": 2, "token": "a"}}),
    )
    assert (report.violations, report.faults["handed back"], report.faults["zombies"]) == ([], 1, 0)


def test_what_is_left_in_a_queue_is_seen() -> None:
    assert judged(letters=3).violations == ["letters still has 3 messages"]


def test_a_run_with_too_few_faults_proves_nothing() -> None:
    report = judged(faults={"killed": 99}, at_least={"killed": 100, "lost reply": 1})
    assert len([violation for violation in report.violations if "proves nothing" in violation]) == 2

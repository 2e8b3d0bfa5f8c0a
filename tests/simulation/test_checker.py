"""The judge itself: it knows nothing of the library, and it sees each mistake that it is there for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.simulation.checker import Report, check

AT = "2026-01-01T00:00:{:02d}.000Z"
DONE = {"status": "SUCCEEDED", "attempts": 1, "attempts_left": 1, "send_id": "s", "sent_at": AT.format(0)}
RUNS = {**DONE, "status": "RUNNING", "lease_owner": "me", "lease_expires_at": AT.format(40)}


def write(second: int, before: dict[str, Any] | None, after: dict[str, Any], by: str = "worker") -> dict[str, Any]:
    return {"kind": "row", "at": AT.format(second), "by": by, "task": "t", "before": before, "after": after}


def success(attempt: int = 1) -> dict[str, Any]:
    return {**DONE, "result": json.dumps({"attempt": attempt})}


ACCEPTED = {"kind": "acknowledged", "at": AT.format(0), "task": "t"}
STARTED = {"kind": "started", "at": AT.format(1), "task": "t", "attempt": 1, "by": "worker"}
ENDED = {**STARTED, "kind": "ended"}
GOOD = [ACCEPTED, write(1, None, RUNS), STARTED, ENDED, write(2, RUNS, success())]


def judged(*history: dict[str, Any], row: dict[str, Any] | None = None, **queues: list[str]) -> Report:
    return check(history, {} if row is None else {"t": row}, queues, max_attempts=2)


def test_the_judge_imports_nothing_of_ours() -> None:
    code = "import sys, checker; print([name for name in sys.modules if name.split('.')[0] in ('penstock', 'tests', 'tasks')])"
    seen = subprocess.run(
        [sys.executable, "-c", code], cwd=Path(__file__).parent, capture_output=True, text=True, check=True
    )
    assert seen.stdout.strip() == "[]"


def test_a_good_run_is_good() -> None:
    report = judged(*GOOD, row=success())
    assert (report.violations, report.acknowledged, report.ok, report.lost) == ([], 1, 1, 0)


def test_a_lost_task_is_seen() -> None:
    assert judged(ACCEPTED).lost == 1


def test_a_task_that_nobody_was_promised_and_that_ran_is_recovered() -> None:
    assert judged(*GOOD[1:], row=success()).recovered == 1


def test_an_overwritten_outcome_is_seen() -> None:
    report = judged(*GOOD, write(3, success(), {**success(), "status": "FAILED"}), row=success())
    assert "overwritten" in report.violations[0]


def test_a_broken_live_lease_is_seen() -> None:
    other = {**RUNS, "lease_owner": "other", "attempts": 2, "attempts_left": 0}
    report = judged(ACCEPTED, write(1, None, RUNS), write(3, RUNS, other, by="another"))
    assert "live lease" in report.violations[0]


def test_an_expired_lease_may_be_broken() -> None:
    other = {**RUNS, "lease_owner": "other", "attempts": 2, "attempts_left": 0}
    report = judged(write(1, None, RUNS), write(41, RUNS, other, by="another"))
    assert not any("lease" in violation for violation in report.violations if "stuck" not in violation)


def test_an_outcome_written_by_another_is_seen() -> None:
    report = judged(*GOOD[:-1], write(41, RUNS, success(), by="another"), row=success())
    assert "by another" in report.violations[0]


def test_a_result_of_a_run_that_lost_its_lease_is_seen() -> None:
    assert "lost its lease" in judged(*GOOD[:-1], write(2, RUNS, success(3)), row=success(3)).violations[0]


def test_a_run_without_a_claim_is_seen() -> None:
    assert "no claim" in judged(STARTED).violations[0]


def test_an_attempt_that_runs_twice_is_seen() -> None:
    assert "ran twice" in judged(*GOOD[:3], STARTED, *GOOD[3:], row=success()).violations[0]


def test_more_attempts_than_a_message_has_are_seen() -> None:
    second = {**RUNS, "attempts": 2, "lease_owner": "b", "lease_expires_at": AT.format(2)}
    first = {**RUNS, "lease_expires_at": AT.format(2)}
    third = {**second, "attempts": 3, "lease_owner": "c"}
    report = judged(write(1, None, first), write(5, first, second), write(9, second, third))
    assert "more than 2 attempts" in report.violations[0]


def test_a_deleted_message_of_an_unsettled_task_is_seen() -> None:
    deleted = {"kind": "deleted", "at": AT.format(1), "by": "w", "queue": "q", "body": '{"id": "t", "send_id": "s"}'}
    assert "unsettled" in judged({**deleted, "row": RUNS}).violations[0]
    assert judged({**deleted, "row": {**RUNS, "send_id": "foreign"}}).violations == []
    assert "without a row" in judged({**deleted, "row": None}).violations[0]


def test_what_is_left_in_a_queue_is_seen() -> None:
    assert "still has" in judged(default=["{}"]).violations[0]

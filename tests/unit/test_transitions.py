"""Transitions: every one of them, applied to rows of every status and shape."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from penstock.memory import MemoryResultStore
from penstock.ports import Applied
from penstock.record import MAX_ROW_ENVELOPE_BYTES, ROW_LIFETIME, Progress, TaskRow
from penstock.states import ALLOWED, Status
from penstock.times import to_text
from penstock.transitions import (
    Lease,
    Transition,
    buried,
    cancel,
    cancelled,
    claim,
    crashed,
    dead,
    failed,
    forget,
    lease_for,
    progress,
    queued,
    redrive,
    renew,
    request_cancel,
    retry,
    retry_sent,
    retrying,
    succeed,
)
from tests.unit.values import ERROR, NOW, at, delivery, envelope, item

MINE = Lease("me", at(61))
LATER = delivery(sent_at=at(30), message_id="m-2")
TASK = TaskRow("t-1", Status.QUEUED, "resize", "default", NOW)

TRANSITIONS: dict[str, Transition] = {
    "queued": queued(envelope(), "default"),
    "queued for later": queued(envelope(run_after=at(600)), "default"),
    "claim": claim(envelope(), delivery(), MINE, max_attempts=5, now=NOW),
    "claim of another send": claim(envelope(send_id="send-2"), delivery(), MINE, max_attempts=5, now=NOW),
    "claim of another message": claim(envelope(), LATER, MINE, max_attempts=5, now=NOW),
    "redrive": redrive(envelope(), LATER, MINE, max_attempts=5, now=NOW),
    "redrive of the same message": redrive(envelope(), delivery(), MINE, max_attempts=5, now=NOW),
    "retry": retry(envelope(send_id="send-2"), LATER, MINE, max_attempts=5, after="death-1"),
    "retry of another death": retry(envelope(send_id="send-2"), LATER, MINE, max_attempts=5, after="death-0"),
    "succeed": succeed("other", {"result": "1", "duration_ms": 5}, now=NOW),
    "retrying": retrying("other", envelope(), ERROR, retry_at=at(20), extra={"duration_ms": 5}),
    "dead": dead("other", envelope(), ERROR, death="death-2", now=NOW, extra={}),
    "failed": failed("other", envelope(), ERROR, now=NOW, extra={}),
    "cancelled": cancelled("other", now=NOW),
    "crashed": crashed("other", envelope(), ERROR, death="death-2", now=NOW),
    "buried": buried(envelope(), delivery(), ERROR, death="death-2", now=NOW),
    "retry_sent": retry_sent("death-1", now=NOW),
    "cancel": cancel(TASK, now=NOW),
    "cancel of a death": cancel(TASK, now=NOW, death="death-1"),
    "forget": forget(now=NOW),
    "request_cancel": request_cancel(),
    "progress": progress("other", Progress(1, 3, "decoded")),
    "renew": renew("other", at(90)),
}


def rows() -> Iterator[Mapping[str, Any]]:
    """No row, and rows of every status: leases that live and that expired, budgets left and spent, retries due or not."""
    yield {}
    yield item("QUEUED", run_after=to_text(at(600)))
    yield item("CANCELLED", send_id="send-1", message_id="m-1", sent_at=to_text(NOW), attempts=1, attempts_left=4)
    for status in ALLOWED:
        if status is not None:
            yield item(status.value)
    for left, lease, asked in product((0, 4), (-3, 60), (..., 1)):
        yield item("RUNNING", attempts_left=left, lease_expires_at=to_text(at(lease)), cancel_requested=asked)
    for left, due in product((0, 4), (-10, 60)):
        yield item("RETRYING", attempts_left=left, retry_at=to_text(at(due)))
    yield item("RETRYING", message_id=..., sent_at=...)
    yield item("DEAD", attempts_left=0, lease_owner="death-0")


ROWS = list(rows())


def store_with(row: Mapping[str, Any]) -> MemoryResultStore:
    store = MemoryResultStore(lambda: NOW)
    if row:
        store.put_item("t-1", row)
    return store


def applied(row: Mapping[str, Any], transition: Transition) -> dict[str, Any] | None:
    """The row after the transition, None where it is refused."""
    store = store_with(row)
    return store._tasks["t-1"] if isinstance(store.apply("t-1", transition), Applied) else None


def steps() -> Iterator[Any]:
    for (name, transition), (number, row) in product(TRANSITIONS.items(), enumerate(ROWS)):
        after = applied(row, transition)
        if after is not None:
            yield pytest.param(row, after, id=f"{name} of {number} {row.get('status', 'no row')}")


STEPS = list(steps())
each_step = pytest.mark.parametrize(("before", "after"), STEPS)


@each_step
def test_a_status_changes_only_as_the_table_of_states_allows(before: dict[str, Any], after: dict[str, Any]) -> None:
    old = Status(before["status"]) if before else None
    new = Status(after["status"])
    assert new in ALLOWED[old]


def test_every_change_that_the_table_of_states_allows_is_made_by_a_transition() -> None:
    made = {
        (step.values[0].get("status"), step.values[1]["status"])
        for step in STEPS
        if isinstance(step.values[0], dict) and isinstance(step.values[1], dict)
    }
    allowed = {(old and old.value, new.value) for old, after in ALLOWED.items() for new in after}
    assert made == allowed


def test_what_is_forgotten_keeps_its_outcome() -> None:
    for status in ("SUCCEEDED", "FAILED", "CANCELLED"):
        after = applied(item(status), TRANSITIONS["forget"])
        assert after is not None
        assert after["status"] == status


@pytest.mark.parametrize("name", sorted(TRANSITIONS.keys() - {"forget"}))
def test_a_final_outcome_is_never_overwritten(name: str) -> None:
    statuses = ("SUCCEEDED", "FAILED", "CANCELLED")
    assert [applied(item(status), TRANSITIONS[name]) for status in statuses] == [None] * 3


@each_step
def test_who_waits_in_the_queue_has_no_owner(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert after["status"] not in ("QUEUED", "RETRYING") or "lease_owner" not in after


@each_step
def test_who_runs_has_an_owner_and_a_lease(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert after["status"] != "RUNNING" or {"lease_owner", "lease_expires_at"} <= after.keys()


@each_step
def test_only_who_runs_has_a_lease(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert after["status"] == "RUNNING" or "lease_expires_at" not in after


@each_step
def test_only_the_running_and_the_dead_have_an_owner(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert after["status"] in ("RUNNING", "DEAD") or "lease_owner" not in after


@each_step
def test_sent_at_and_message_id_stand_and_fall_together(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert ("sent_at" in after) == ("message_id" in after)


@each_step
def test_who_has_a_message_has_a_send_id(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert "message_id" not in after or "send_id" in after


@each_step
def test_only_failures_stand_in_the_index_of_failures(before: dict[str, Any], after: dict[str, Any]) -> None:
    in_index = {"failure_key", "failed_at", "failed_bucket"} & after.keys()
    indexed = after["status"] in ("DEAD", "FAILED") and "forgotten_at" not in after
    assert len(in_index) == (3 if indexed else 0)


@each_step
def test_only_who_waits_for_a_retry_has_a_time_for_it(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert ("retry_at" in after) == (after["status"] == "RETRYING")


@each_step
def test_only_who_runs_can_be_asked_to_stop(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert after["status"] == "RUNNING" or "cancel_requested" not in after


@each_step
def test_a_row_always_says_which_task_it_is_and_when_it_goes(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert {"task", "queue", "created_at", "created_bucket", "expires_at"} <= after.keys()


@each_step
def test_the_index_of_creation_never_moves(before: dict[str, Any], after: dict[str, Any]) -> None:
    keys = ("created_at", "created_bucket")
    assert not before or [after[key] for key in keys] == [before[key] for key in keys]


@each_step
def test_attempts_never_count_down(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert after.get("attempts", 0) - before.get("attempts", 0) in (0, 1)


@each_step
def test_a_row_can_be_read_back(before: dict[str, Any], after: dict[str, Any]) -> None:
    assert TaskRow.from_item("t-1", after).status == after["status"]


@pytest.mark.parametrize("name", ["dead", "crashed"])
def test_every_death_has_a_fresh_name(name: str) -> None:
    row = item("RUNNING", attempts_left=0, lease_expires_at=to_text(at(-3)))
    after = applied(row, TRANSITIONS[name])
    assert after is not None
    assert after["lease_owner"] == "death-2"


@pytest.mark.parametrize("name", ["succeed", "retrying", "dead", "failed", "cancelled", "progress", "renew"])
def test_another_owner_is_refused(name: str) -> None:
    assert applied(item("RUNNING", lease_owner="me"), TRANSITIONS[name]) is None


def test_the_first_claim_binds_send_and_message() -> None:
    after = applied(item("QUEUED"), TRANSITIONS["claim"])
    assert after is not None
    assert (after["send_id"], after["message_id"], after["sent_at"]) == ("send-1", "m-1", to_text(NOW))


@pytest.mark.parametrize("row", [{}, item("QUEUED")], ids=["no row", "QUEUED"])
def test_the_first_claim_takes_one_of_all_attempts(row: dict[str, Any]) -> None:
    after = applied(row, TRANSITIONS["claim"])
    assert after is not None
    assert (after["attempts"], after["attempts_left"]) == (1, 4)


def test_a_later_claim_takes_one_of_the_attempts_left() -> None:
    after = applied(item("RETRYING", attempts=3, attempts_left=2), TRANSITIONS["claim"])
    assert after is not None
    assert (after["attempts"], after["attempts_left"]) == (4, 1)


@pytest.mark.parametrize("name", ["redrive", "retry"])
def test_a_second_life_has_a_full_budget_and_goes_on_counting(name: str) -> None:
    after = applied(item("DEAD", attempts=5, attempts_left=0), TRANSITIONS[name])
    assert after is not None
    assert (after["attempts"], after["attempts_left"]) == (6, 4)


CLAIMED = ["claim", "claim of another send", "claim of another message"]
CLAIMS = [  # what CLAIM's condition says, row by row: which of the three claims is granted
    ({}, [True, True, True]),
    (item("QUEUED"), [True, True, True]),
    (item("QUEUED", send_id="send-1", attempts_left=5), [False, False, False]),
    (item("RETRYING"), [True, False, False]),
    (item("RETRYING", message_id=..., sent_at=...), [True, False, True]),
    (item("RETRYING", attempts_left=0), [False, False, False]),
    (item("RETRYING", retry_at=to_text(at(1.999))), [True, False, False]),
    (item("RETRYING", retry_at=to_text(at(2))), [False, False, False]),
    (item("RUNNING"), [False, False, False]),
    (item("RUNNING", lease_expires_at=to_text(at(-2))), [False, False, False]),
    (item("RUNNING", lease_expires_at=to_text(at(-2.001))), [True, False, False]),
    (item("RUNNING", lease_expires_at=to_text(at(-3)), attempts_left=0), [False, False, False]),
    (item("DEAD"), [False, False, False]),
]


@pytest.mark.parametrize(("row", "granted"), CLAIMS)
def test_who_may_claim(row: dict[str, Any], granted: list[bool]) -> None:
    assert [applied(row, TRANSITIONS[name]) is not None for name in CLAIMED] == granted


REDRIVES = [
    ({}, False),
    (item("DEAD"), True),
    (item("DEAD", send_id="send-2"), False),
    (item("DEAD", sent_at=to_text(at(30))), False),
    (item("DEAD", sent_at=to_text(at(31))), False),
    (item("RETRYING"), True),
    (item("RETRYING", retry_at=to_text(at(60)), attempts_left=0), True),
    (item("RETRYING", message_id=..., sent_at=...), False),
    (item("QUEUED"), False),
    (item("QUEUED", send_id="send-1", message_id="m-1", sent_at=to_text(NOW)), True),
    (item("RUNNING"), False),
    (item("RUNNING", lease_expires_at=to_text(at(-3)), attempts_left=0), True),
]


@pytest.mark.parametrize(("row", "granted"), REDRIVES)
def test_who_may_redrive(row: dict[str, Any], granted: bool) -> None:
    assert (applied(row, TRANSITIONS["redrive"]) is not None) is granted


CRASHES = [
    (item("RUNNING", lease_expires_at=to_text(at(-3)), attempts_left=0), True),
    (item("RUNNING", lease_expires_at=to_text(at(-3)), attempts_left=1), False),
    (item("RUNNING", lease_expires_at=to_text(at(-1)), attempts_left=0), False),
    (item("RUNNING", lease_expires_at=to_text(at(-3)), attempts_left=0, lease_owner="next"), False),
    (item("RETRYING", attempts_left=0), False),
]


@pytest.mark.parametrize(("row", "granted"), CRASHES)
def test_a_crash_is_closed_only_once_its_lease_and_attempts_are_spent(row: dict[str, Any], granted: bool) -> None:
    assert (applied(row, TRANSITIONS["crashed"]) is not None) is granted


def test_a_retry_by_hand_answers_exactly_one_death() -> None:
    names = ("retry", "retry of another death")
    assert [applied(item("DEAD"), TRANSITIONS[name]) is not None for name in names] == [True, False]


def test_a_cancelled_run_is_not_tried_again() -> None:
    assert applied(item("RUNNING", cancel_requested=1), TRANSITIONS["retrying"]) is None


def test_success_leaves_nothing_of_earlier_failures() -> None:
    after = applied(item("RUNNING", error=ERROR.to_value(), envelope="{}"), TRANSITIONS["succeed"])
    assert after is not None
    assert not {"error", "envelope", "envelope_pointer"} & after.keys()


@pytest.mark.parametrize("name", ["retrying", "dead", "failed", "crashed"])
def test_every_failure_keeps_the_envelope(name: str) -> None:
    lease = at(-3) if name == "crashed" else at(60)
    after = applied(item("RUNNING", attempts_left=0, lease_expires_at=to_text(lease)), TRANSITIONS[name])
    assert after is not None
    assert after["envelope"] == envelope().to_json()


def test_a_large_envelope_does_not_go_into_the_row() -> None:
    large = envelope(args=["x" * MAX_ROW_ENVELOPE_BYTES])
    after = applied(item("RUNNING"), dead("other", large, ERROR, death="d", now=NOW, extra={"envelope_pointer": "key"}))
    assert after is not None
    assert ("envelope" in after, after["envelope_pointer"]) == (False, "key")


def test_a_row_lives_longer_than_its_message_and_its_dead_letter() -> None:
    after = applied(item("DEAD"), TRANSITIONS["redrive"])
    assert after is not None
    assert after["expires_at"] == int((LATER.sent_at + ROW_LIFETIME).timestamp())


def test_a_lease_is_a_second_longer_than_its_process_can_live() -> None:
    assert lease_for("me", NOW, 60.0).until == at(61)


@pytest.mark.parametrize("row", [item("QUEUED"), item("RETRYING"), item("DEAD", lease_owner="death-2")])
def test_a_death_is_given_up_only_while_it_is_that_death(row: dict[str, Any]) -> None:
    assert applied(row, cancel(TASK, now=NOW, death="death-1")) is None


CONTENT = {
    "result",
    "result_pointer",
    "result_sha256",
    "result_error",
    "error",
    "envelope",
    "envelope_pointer",
    "progress",
    "tags",
}


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "CANCELLED"])
def test_a_forgotten_row_holds_nothing_of_the_tasks_content(status: str) -> None:
    row = item(status, **dict.fromkeys(CONTENT - {"error"}, "x"), arguments_sha256="x", error=ERROR.to_value())
    after = applied(row, forget(now=NOW))
    assert after is not None
    assert not (CONTENT | {"arguments_sha256"}) & after.keys()


@pytest.mark.parametrize("status", ["QUEUED", "RUNNING", "RETRYING", "DEAD"])
def test_a_task_that_may_still_run_is_not_forgotten(status: str) -> None:
    assert applied(item(status), forget(now=NOW)) is None

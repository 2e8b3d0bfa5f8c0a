"""What a ResultStore promises: every transition in every state, on every backend."""

import itertools
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock import transitions
from penstock.conditions import Absent
from penstock.delivery import Delivery
from penstock.envelope import Envelope
from penstock.errors import AccessRefused
from penstock.memory import ManualClock, MemoryResultStore
from penstock.ports import Applied, Refused, ResultStore
from penstock.record import ROW_LIFETIME, AttemptRow, ErrorSummary, Progress, TaskRow
from penstock.states import ALLOWED, Status
from penstock.times import Clock, seconds
from penstock.transitions import Lease, Transition

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATER = NOW + seconds(60)
ERROR = ErrorSummary("ValueError", "no such photo", "f1", "gave up")
CALLER = TaskRow("caller", Status.QUEUED, "resize", "default", NOW)

DynamoDBAlone = Callable[[Clock], AbstractContextManager[ResultStore]]
Play = Callable[[str], Transition]  # task id -> the transition of that task


def envelope(task_id: str, send_id: str = "send-1") -> Envelope:
    return Envelope(
        id=task_id, send_id=send_id, task="resize", args=["cat.jpg"], kwargs={"widths": [320]}, created_at=NOW
    )


def delivery(message_id: str = "message-1", sent_at: datetime = NOW) -> Delivery:
    return Delivery(
        queue="default", message_id=message_id, receipt_handle="r", body="", sent_at=sent_at, receive_count=1
    )


def claimed(*, until: datetime = LATER, max_attempts: int = 3) -> Play:
    return lambda task_id: transitions.claim(
        envelope(task_id), delivery(), Lease("me", until), max_attempts=max_attempts, now=NOW
    )


def claim(send_id: str = "send-1", message_id: str = "message-1") -> Play:
    return lambda task_id: transitions.claim(
        envelope(task_id, send_id),
        delivery(message_id),
        Lease("another", LATER),
        max_attempts=3,
        now=NOW,
    )


def redrive(*, later: float) -> Play:
    return lambda task_id: transitions.redrive(
        envelope(task_id),
        delivery("message-2", NOW + seconds(later)),
        Lease("another", LATER),
        max_attempts=3,
        now=NOW,
    )


def retry(after: str) -> Play:
    return lambda task_id: transitions.retry(
        envelope(task_id, "send-2"),
        delivery("message-2"),
        Lease("another", LATER),
        max_attempts=3,
        after=after,
    )


def retrying(retry_at: datetime) -> Play:
    return lambda task_id: transitions.retrying("me", envelope(task_id), ERROR, retry_at=retry_at, extra={})


def dead(owner: str = "me") -> Play:
    return lambda task_id: transitions.dead(owner, envelope(task_id), ERROR, death="death-1", now=NOW, extra={})


def failed(task_id: str) -> Transition:
    return transitions.failed("me", envelope(task_id), ERROR, now=NOW, extra={})


def crashed(seen_owner: str) -> Play:
    return lambda task_id: transitions.crashed(seen_owner, envelope(task_id), ERROR, death="death-2", now=NOW)


def succeed(owner: str) -> Play:
    return lambda _: transitions.succeed(owner, {"result": "[1]", "duration_ms": 12}, now=NOW)


def queued(task_id: str) -> Transition:
    return transitions.queued(envelope(task_id), "default")


EXPIRED = NOW - seconds(3)  # past the clock tolerance

STATES: Mapping[str, list[Play]] = {
    "no row": [],
    "queued": [queued],
    "running": [queued, claimed()],
    "running, lease expired": [claimed(until=EXPIRED)],
    "running, lease expired, last attempt": [claimed(until=EXPIRED, max_attempts=1)],
    "running, asked to cancel": [claimed(), lambda _: transitions.request_cancel()],
    "retrying, due": [queued, claimed(), retrying(NOW - seconds(1))],
    "retrying, due later": [claimed(), retrying(LATER)],
    "retrying, no attempts left": [claimed(max_attempts=1), retrying(NOW - seconds(1))],
    "succeeded": [queued, claimed(), succeed("me")],
    "failed": [claimed(), failed],
    "dead": [claimed(), dead()],
    "cancelled": [queued, claimed(), lambda _: transitions.cancelled("me", now=NOW)],
}

TRANSITIONS: Mapping[str, Play] = {
    "queued": queued,
    "claim": claim(),
    "claim of another send": claim(send_id="send-9"),
    "claim of another message": claim(message_id="message-9"),
    "redrive": redrive(later=1),
    "redrive of the same age": redrive(later=0),
    "retry": retry("death-1"),
    "retry of another death": retry("death-9"),
    "succeed": succeed("me"),
    "succeed by another": succeed("another"),
    "retrying": retrying(NOW + seconds(5)),
    "dead": dead(),
    "dead by another": dead("another"),
    "failed": failed,
    "cancelled": lambda _: transitions.cancelled("me", now=NOW),
    "crashed": crashed("me"),
    "crashed, seen another": crashed("another"),
    "cancel": lambda _: transitions.cancel(CALLER, now=NOW),
    "request_cancel": lambda _: transitions.request_cancel(),
    "progress": lambda _: transitions.progress("me", Progress(1, 3, "decoded")),
    "progress by another": lambda _: transitions.progress("another", Progress(1, 3, "decoded")),
    "renew": lambda _: transitions.renew("me", NOW + seconds(90)),
    "renew by another": lambda _: transitions.renew("another", NOW + seconds(90)),
}

_ANY_CLAIM = {"claim", "claim of another send", "claim of another message"}
_OWNERS = {"succeed", "retrying", "dead", "failed", "cancelled", "progress", "renew"}

APPLIED: Mapping[str, set[str]] = {
    "no row": {"queued", "cancel"} | _ANY_CLAIM,
    "queued": {"cancel"} | _ANY_CLAIM,
    "running": _OWNERS | {"request_cancel"},
    "running, lease expired": _OWNERS | {"request_cancel", "claim", "redrive"},
    "running, lease expired, last attempt": _OWNERS | {"request_cancel", "crashed", "redrive"},
    "running, asked to cancel": _OWNERS - {"retrying"} | {"request_cancel"},
    "retrying, due": {"claim", "redrive", "cancel"},
    "retrying, due later": {"redrive", "cancel"},
    "retrying, no attempts left": {"redrive", "cancel"},
    "succeeded": set(),
    "failed": set(),
    "dead": {"redrive", "retry", "cancel"},
    "cancelled": set(),
}


def bring(results: ResultStore, state: str, task_id: str) -> TaskRow | None:
    """Bring a task into ``state``; its row."""
    for play in STATES[state]:
        assert isinstance(results.apply(task_id, play(task_id)), Applied)
    return results.get(task_id)


@dataclass(frozen=True)
class Outcome:
    """One transition tried in one state."""

    name: str
    before: TaskRow | None
    answer: Applied | Refused
    after: TaskRow | None


@dataclass(frozen=True)
class Played:
    """Every transition tried in one state, each on a task of its own if it is to be granted."""

    state: str
    outcomes: list[Outcome]


def play(results: ResultStore, state: str) -> list[Outcome]:
    outcomes = []
    untouched = bring(results, state, "refused")
    for name, transition in TRANSITIONS.items():
        task_id, before = "refused", untouched
        if name in APPLIED[state]:
            task_id = name
            before = bring(results, state, task_id)
        answer = results.apply(task_id, transition(task_id))
        outcomes.append(Outcome(name, before, answer, results.get(task_id)))
    return outcomes


@pytest.fixture(scope="module", params=itertools.product(STATES, ["memory", "moto"]), ids="-".join)
def played(request: pytest.FixtureRequest, dynamodb_alone: DynamoDBAlone) -> Played:
    state, backend = request.param
    if backend == "memory":
        return Played(state, play(MemoryResultStore(lambda: NOW), state))
    with dynamodb_alone(lambda: NOW) as results:
        return Played(state, play(results, state))


class TestTransitions:
    def test_exactly_these_are_granted(self, played: Played) -> None:
        granted = {outcome.name for outcome in played.outcomes if isinstance(outcome.answer, Applied)}
        assert granted == APPLIED[played.state]

    def test_a_refusal_tells_the_row_as_it_is_and_changes_nothing(self, played: Played) -> None:
        for outcome in played.outcomes:
            if outcome.name not in APPLIED[played.state]:
                assert outcome.answer == Refused(outcome.before), outcome.name
                assert outcome.after == outcome.before, outcome.name

    def test_an_applied_one_tells_the_row_after_it(self, played: Played) -> None:
        for outcome in played.outcomes:
            if outcome.name in APPLIED[played.state]:
                assert outcome.answer.row == outcome.after, outcome.name

    def test_every_change_of_status_is_in_the_table_of_states(self, played: Played) -> None:
        for outcome in played.outcomes:
            old, new = (row and row.status for row in (outcome.before, outcome.after))
            assert new is old or new in ALLOWED[old], outcome.name

    def test_every_backend_answers_alike(self, played: Played) -> None:
        assert played.outcomes == play(MemoryResultStore(lambda: NOW), played.state)


class TestRow:
    def test_a_row_that_never_was_is_none(self, results: ResultStore) -> None:
        assert results.get("nothing") is None

    def test_a_claim_binds_the_message_and_counts_the_attempt(self, results: ResultStore) -> None:
        row = bring(results, "running", "t")
        assert row is not None
        assert (row.send_id, row.message_id, row.sent_at) == ("send-1", "message-1", NOW)
        assert (row.attempts, row.attempts_left, row.lease_owner) == (1, 2, "me")

    def test_a_second_claim_counts_on(self, results: ResultStore) -> None:
        bring(results, "retrying, due", "t")
        row = results.apply("t", claim()("t")).row
        assert row is not None
        assert (row.attempts, row.attempts_left) == (2, 1)

    def test_a_redrive_has_a_full_budget_and_counts_on(self, results: ResultStore) -> None:
        bring(results, "dead", "t")
        row = results.apply("t", redrive(later=1)("t")).row
        assert row is not None
        assert (row.attempts, row.attempts_left) == (2, 2)

    def test_maps_and_numbers_come_back_as_they_went(self, results: ResultStore) -> None:
        bring(results, "running", "t")
        results.apply("t", TRANSITIONS["progress"]("t"))
        row = results.get("t")
        assert row is not None
        assert row.progress == Progress(1, 3, "decoded")

    def test_success_leaves_nothing_of_the_run_and_of_earlier_failures(self, results: ResultStore) -> None:
        bring(results, "retrying, due", "t")
        results.apply("t", claim()("t"))
        row = results.apply("t", succeed("another")("t")).row
        assert row is not None
        assert (row.status, row.result, row.duration_ms) == (Status.SUCCEEDED, "[1]", 12)
        assert (row.lease_owner, row.lease_expires_at, row.retry_at, row.error, row.envelope) == (None,) * 5

    def test_a_cancel_before_the_row_says_which_task_it_was(self, results: ResultStore) -> None:
        row = results.apply("t", TRANSITIONS["cancel"]("t")).row
        assert row is not None
        assert (row.task, row.queue, row.created_at) == ("resize", "default", NOW)

    def test_a_row_past_its_expiry_is_not_there_even_if_it_is_not_deleted_yet(
        self, results: ResultStore, clock: ManualClock
    ) -> None:
        bring(results, "queued", "t")
        clock.advance((NOW + ROW_LIFETIME - clock()).total_seconds() - 1)
        assert results.get("t") is not None
        clock.advance(1)
        assert results.get("t") is None


def attempt(number: int, message: str = "no such photo") -> AttemptRow:
    return AttemptRow(
        number=number,
        outcome=Status.RETRYING,
        error_type="ValueError",
        message=message,
        traceback="Traceback …",
        started_at=NOW + timedelta(milliseconds=123),
        duration_ms=45,
        request_id="request-1",
    )


class TestAttempts:
    def test_a_task_without_failures_has_none(self, results: ResultStore) -> None:
        bring(results, "running", "t")
        assert results.attempts("t") == []

    def test_an_attempt_comes_as_it_went(self, results: ResultStore) -> None:
        results.add_attempt("t", attempt(1))
        assert results.attempts("t") == [attempt(1)]

    def test_they_come_oldest_first(self, results: ResultStore) -> None:
        for number in (10, 2, 1):
            results.add_attempt("t", attempt(number))
        assert [row.number for row in results.attempts("t")] == [1, 2, 10]

    def test_they_are_their_tasks_own(self, results: ResultStore) -> None:
        results.add_attempt("t", attempt(1))
        assert results.attempts("t2") == []

    def test_there_may_be_more_than_one_answer_holds(self, results: ResultStore) -> None:
        for number in range(1, 8):
            results.add_attempt("t", attempt(number, "x" * 200_000))
        assert [row.number for row in results.attempts("t")] == [1, 2, 3, 4, 5, 6, 7]

    def test_they_are_not_rows(self, results: ResultStore) -> None:
        results.add_attempt("t", attempt(1))
        assert results.get("t") is None


def pages(results: ResultStore, limit: int) -> list[list[TaskRow]]:
    found, cursor = [], None
    while True:
        page = results.failures(limit=limit, cursor=cursor)
        found.append(page.rows)
        cursor = page.cursor
        if cursor is None:
            return found


class TestFailures:
    def test_dead_and_failed_rows_are_there_and_no_others(self, results: ResultStore) -> None:
        for state in STATES:
            bring(results, state, state)
        assert {row.task_id for row in results.failures(limit=100).rows} == {"dead", "failed"}

    def test_they_are_whole_rows(self, results: ResultStore) -> None:
        row = bring(results, "dead", "t")
        assert results.failures(limit=100).rows == [row]

    def test_what_is_redriven_leaves(self, results: ResultStore) -> None:
        bring(results, "dead", "t")
        results.apply("t", redrive(later=1)("t"))
        assert results.failures(limit=100).rows == []

    def test_what_is_cancelled_leaves(self, results: ResultStore) -> None:
        bring(results, "dead", "t")
        results.apply("t", TRANSITIONS["cancel"]("t"))
        assert results.failures(limit=100).rows == []

    def test_pages_hold_no_more_than_asked_for_and_together_everything_once(self, results: ResultStore) -> None:
        for number in range(7):
            bring(results, "dead", f"t{number}")
        found = pages(results, limit=3)
        assert max(len(page) for page in found) <= 3
        assert sorted(row.task_id for page in found for row in page) == [f"t{number}" for number in range(7)]

    def test_rows_past_their_expiry_are_left_out(self, results: ResultStore, clock: ManualClock) -> None:
        bring(results, "dead", "t")
        clock.advance((NOW + ROW_LIFETIME - clock()).total_seconds())
        assert results.failures(limit=100).rows == []

    @pytest.mark.parametrize("limit", [0, -1, 101])
    def test_a_page_of_none_or_of_more_than_a_hundred_is_an_error(self, results: ResultStore, limit: int) -> None:
        with pytest.raises(ValueError, match=rf"limit={limit}: a page has 1 to 100 rows"):
            results.failures(limit=limit)

    @pytest.mark.parametrize("cursor", ["", "x", "bm9wZQ", "W10", "e30", "eyJ0YXNrX2lkIjoxfQ", "ü", "{}"])
    def test_a_text_that_is_no_cursor_is_an_error(self, results: ResultStore, cursor: str) -> None:
        with pytest.raises(ValueError, match=r"is not a cursor"):
            results.failures(limit=10, cursor=cursor)


class TestLimits:
    def test_a_row_over_400_kb_is_refused(self, results: ResultStore) -> None:
        bring(results, "running", "t")
        with pytest.raises(AccessRefused, match=r"size|bytes"):
            results.apply("t", transitions.succeed("me", {"result": "x" * 410_000}, now=NOW))

    def test_an_attribute_written_twice_in_one_transition_is_refused(self, results: ResultStore) -> None:
        twice = Transition("twice", when=Absent("status"), set={"status": "QUEUED"}, remove=("status",))
        with pytest.raises(AccessRefused, match=r"twice|overlap"):
            results.apply("t", twice)

    @pytest.mark.parametrize("value", [True, 1.5, None, [1]])
    def test_a_value_that_no_row_holds_is_an_error(self, results: ResultStore, value: Any) -> None:
        with pytest.raises(TypeError, match=r"whole numbers"):
            results.apply("t", Transition("odd", when=Absent("status"), set={"result": value}))

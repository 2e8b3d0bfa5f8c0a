"""Rows: how they read at a given time, and that they come back from their item."""

from datetime import datetime
from typing import Any

import pytest

from penstock.record import (
    CLOCK_TOLERANCE,
    MAX_RETENTION,
    SHARDS,
    AttemptRow,
    TaskRow,
    attempt_item,
    day_bucket,
    failure_key,
    shard,
    status_of,
)
from penstock.states import Status
from penstock.times import to_text
from tests.unit.values import NOW, at, item

STORED = ["QUEUED", "RUNNING", "RETRYING", "SUCCEEDED", "FAILED", "DEAD", "CANCELLED"]
GONE = NOW + MAX_RETENTION
TIMES = {"before": at(-3600), "now": NOW, "in an hour": at(3600), "after retention": GONE + CLOCK_TOLERANCE * 2}


def row(status: str, **attributes: Any) -> TaskRow:
    return TaskRow.from_item("t-1", item(status, **attributes))


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ("QUEUED", ["QUEUED", "QUEUED", "QUEUED", "EXPIRED"]),
        ("RUNNING", ["RUNNING", "RUNNING", "RETRYING", "EXPIRED"]),
        ("RETRYING", ["RETRYING", "RETRYING", "RETRYING", "EXPIRED"]),
        ("SUCCEEDED", ["SUCCEEDED"] * 4),
        ("FAILED", ["FAILED"] * 4),
        ("DEAD", ["DEAD"] * 4),
        ("CANCELLED", ["CANCELLED"] * 4),
    ],
)
def test_how_a_stored_status_reads_as_time_goes_by(status: str, expected: list[str]) -> None:
    assert [status_of(row(status), now) for now in TIMES.values()] == expected


@pytest.mark.parametrize("status", list(Status))
@pytest.mark.parametrize("now", TIMES.values(), ids=TIMES)
@pytest.mark.parametrize("offset", [None, -3600, 0, 3600])
def test_a_status_is_read_whatever_else_the_row_has_or_lacks(status: Status, now: datetime, offset: int | None) -> None:
    when = None if offset is None else at(offset)
    sparse = TaskRow(
        "t-1", status, "resize", "default", NOW, lease_expires_at=when, run_after=when, sent_at=when, retry_at=when
    )
    assert status_of(sparse, now) in Status


@pytest.mark.parametrize(
    ("now", "expected"), [(at(599), Status.SCHEDULED), (at(600), Status.QUEUED), (at(601), Status.QUEUED)]
)
def test_a_queued_row_is_scheduled_until_its_time(now: datetime, expected: Status) -> None:
    assert status_of(row("QUEUED", run_after=to_text(at(600))), now) is expected


@pytest.mark.parametrize(
    ("now", "expected"), [(at(60), Status.RUNNING), (at(62), Status.RUNNING), (at(62.001), Status.RETRYING)]
)
def test_a_lease_ends_with_two_seconds_of_grace_for_other_clocks(now: datetime, expected: Status) -> None:
    assert status_of(row("RUNNING"), now) is expected


def test_a_message_that_was_redriven_lives_from_its_newer_sending() -> None:
    assert status_of(row("RETRYING", sent_at=to_text(at(86_400))), GONE + CLOCK_TOLERANCE) is Status.RETRYING


@pytest.mark.parametrize("status", list(Status))
def test_a_caller_stops_waiting_where_nothing_moves_by_itself(status: Status) -> None:
    assert status.is_final is (status.value in {"SUCCEEDED", "FAILED", "CANCELLED", "DEAD", "EXPIRED"})


@pytest.mark.parametrize("status", list(Status))
def test_only_three_statuses_may_be_acknowledged(status: Status) -> None:
    assert status.may_be_acknowledged is (status.value in {"SUCCEEDED", "FAILED", "CANCELLED"})


@pytest.mark.parametrize("status", STORED)
def test_a_row_is_read_from_its_item(status: str) -> None:
    assert (row(status).status, row(status).task_id, row(status).created_at) == (Status(status), "t-1", NOW)


def test_an_attempt_comes_back_from_its_item() -> None:
    attempt = AttemptRow(3, Status.RETRYING, "ValueError", "no", "Traceback", NOW, 12, "request-1")
    assert AttemptRow.from_item("t-1", attempt.to_item()) == attempt


def test_the_order_of_attempt_items_is_the_order_of_attempts() -> None:
    assert sorted(map(attempt_item, [10, 9, 1, 100])) == [attempt_item(number) for number in (1, 9, 10, 100)]


def test_a_bucket_is_a_day_and_a_shard() -> None:
    assert day_bucket("t-1", NOW) == f"2026-03-01#{shard('t-1')}"


def test_a_failure_key_is_a_fingerprint_and_a_shard() -> None:
    assert failure_key("t-1", "abc") == f"abc#{shard('t-1')}"


def test_shards_are_all_used() -> None:
    assert {shard(f"t-{number}") for number in range(100)} == set(range(SHARDS))

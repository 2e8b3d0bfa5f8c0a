"""What a ResultStore promises of its indexes, whichever it is."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.memory import ManualClock
from penstock.ports import IndexEntry, ResultStore
from penstock.record import (
    INDEX_BY_CREATED,
    INDEX_BY_FAILED,
    INDEX_BY_FAILURE,
    AttemptRow,
    day_bucket,
    failure_key,
    shard,
)
from penstock.states import Status
from penstock.transitions import Lease, claim, failed, queued
from tests.unit.values import ERROR, delivery, envelope


def entries_of(results: ResultStore, index: str, partition: str, **options: Any) -> list[IndexEntry]:
    """Of all times, unless ``options`` say otherwise."""
    bounds = {"since": datetime(2025, 1, 1, tzinfo=UTC), "until": datetime(2027, 1, 1, tzinfo=UTC)}
    return results.entries(index, partition, **{"limit": 10, **bounds, **options})


def enqueue(results: ResultStore, clock: ManualClock, *task_ids: str) -> list[IndexEntry]:
    """QUEUED rows a second apart; their entries, newest first."""
    entries = []
    for task_id in task_ids:
        clock.advance(1)
        sent = envelope(id=task_id, created_at=clock())
        results.apply(task_id, queued(sent, "default"))
        entries.insert(0, IndexEntry(task_id, clock(), sent.task, "default"))
    return entries


def in_one_shard(number: int) -> list[str]:
    """Task ids of shard 0."""
    names = (f"t-{n}" for n in range(1_000))
    return [name for name in names if shard(name) == 0][:number]


def today(clock: ManualClock) -> str:
    return day_bucket(in_one_shard(1)[0], clock())


def test_a_partition_is_read_newest_first(results: ResultStore, clock: ManualClock) -> None:
    entries = enqueue(results, clock, *in_one_shard(3))
    assert entries_of(results, INDEX_BY_CREATED, today(clock)) == entries


def test_a_partition_goes_on_behind_an_entry(results: ResultStore, clock: ManualClock) -> None:
    entries = enqueue(results, clock, *in_one_shard(4))
    assert entries_of(results, INDEX_BY_CREATED, today(clock), limit=2, after=entries[0]) == entries[1:3]


def test_a_partition_goes_on_behind_an_entry_that_is_gone(results: ResultStore, clock: ManualClock) -> None:
    entries = enqueue(results, clock, *in_one_shard(2))
    between = IndexEntry("t-between", entries[1].at + (entries[0].at - entries[1].at) / 2, "", "")
    assert entries_of(results, INDEX_BY_CREATED, today(clock), limit=2, after=between) == entries[1:]


def test_nothing_before_since_is_read(results: ResultStore, clock: ManualClock) -> None:
    entries = enqueue(results, clock, *in_one_shard(3))
    assert entries_of(results, INDEX_BY_CREATED, today(clock), since=entries[1].at) == entries[:2]


def test_nothing_after_until_is_read(results: ResultStore, clock: ManualClock) -> None:
    entries = enqueue(results, clock, *in_one_shard(3))
    assert entries_of(results, INDEX_BY_CREATED, today(clock), until=entries[1].at) == entries[1:]


def test_a_partition_goes_on_behind_an_entry_just_above_since(results: ResultStore, clock: ManualClock) -> None:
    entries = enqueue(results, clock, *in_one_shard(3))
    since = entries[1].at - timedelta(milliseconds=1)
    assert entries_of(results, INDEX_BY_CREATED, today(clock), since=since, after=entries[1]) == []


def test_an_empty_partition_has_no_entries(results: ResultStore, clock: ManualClock) -> None:
    assert entries_of(results, INDEX_BY_CREATED, today(clock)) == []


@pytest.mark.parametrize("limit", [0, 1_001])
def test_a_limit_out_of_range_is_refused(results: ResultStore, limit: int) -> None:
    with pytest.raises(ValueError, match="a page has 1 to 1000 rows"):
        entries_of(results, INDEX_BY_CREATED, "2026-01-01#0", limit=limit)


def give_up(results: ResultStore, clock: ManualClock, task_id: str) -> datetime:
    """A FAILED row; when it failed."""
    enqueue(results, clock, task_id)
    sent = envelope(id=task_id, created_at=clock())
    lease = Lease("me", clock())
    results.apply(task_id, claim(sent, delivery(sent_at=clock()), lease, max_attempts=5, now=clock()))
    results.apply(task_id, failed("me", sent, ERROR, now=clock(), extra={}))
    row = results.get(task_id)
    assert row is not None
    assert row.status is Status.FAILED
    return clock()


@pytest.mark.parametrize("index", [INDEX_BY_FAILED, INDEX_BY_FAILURE])
def test_a_failure_stands_in_its_index(results: ResultStore, clock: ManualClock, index: str) -> None:
    at = give_up(results, clock, "t-1")
    partition = day_bucket("t-1", at) if index == INDEX_BY_FAILED else failure_key("t-1", ERROR.fingerprint)
    assert [entry.task_id for entry in entries_of(results, index, partition)] == ["t-1"]


def test_rows_come_in_the_order_of_the_ids(results: ResultStore, clock: ManualClock) -> None:
    enqueue(results, clock, "t-1", "t-2", "t-3")
    assert [row.task_id for row in results.rows(["t-3", "nobody", "t-1"])] == ["t-3", "t-1"]


def test_more_than_a_hundred_rows_at_once_are_refused(results: ResultStore) -> None:
    with pytest.raises(ValueError, match="101 rows at once"):
        results.rows([f"t-{number}" for number in range(101)])


def test_attempts_that_were_deleted_are_gone(results: ResultStore, clock: ManualClock) -> None:
    for number in range(1, 31):
        results.add_attempt("t-1", AttemptRow(number, Status.RETRYING, "E", "m", "tb", clock(), 1))
    results.delete_attempts("t-1")
    assert results.attempts("t-1") == []


def test_deleting_attempts_leaves_the_row(results: ResultStore, clock: ManualClock) -> None:
    enqueue(results, clock, "t-1")
    results.delete_attempts("t-1")
    assert results.get("t-1") is not None

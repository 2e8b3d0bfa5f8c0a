"""What a Ledger promises, whichever it is."""

from datetime import timedelta

import pytest

from penstock.memory import ManualClock
from penstock.ports import Ledger, LedgerLine

DAY = timedelta(days=1)


@pytest.fixture
def tomorrow(clock: ManualClock):
    return clock() + DAY


def test_a_line_comes_back_as_it_went(ledger: Ledger, tomorrow) -> None:
    ledger.write("page", "key", {"text": "é", "number": 3}, replaces=0, expires_at=tomorrow)
    assert ledger.read("page", "key") == LedgerLine("key", 1, {"text": "é", "number": 3})


def test_a_line_that_was_never_written_is_none(ledger: Ledger) -> None:
    assert ledger.read("page", "key") is None


def test_a_write_gives_the_new_version(ledger: Ledger, tomorrow) -> None:
    versions = [ledger.write("page", "key", {}, replaces=version, expires_at=tomorrow) for version in (0, 1, 2)]
    assert versions == [1, 2, 3]


@pytest.mark.parametrize("replaces", [0, 2])
def test_a_write_that_replaces_another_version_is_refused(ledger: Ledger, tomorrow, replaces: int) -> None:
    ledger.write("page", "key", {"text": "first"}, replaces=0, expires_at=tomorrow)
    assert ledger.write("page", "key", {"text": "second"}, replaces=replaces, expires_at=tomorrow) is None
    assert ledger.read("page", "key") == LedgerLine("key", 1, {"text": "first"})


def test_a_write_that_replaces_what_is_not_there_is_refused(ledger: Ledger, tomorrow) -> None:
    assert ledger.write("page", "key", {}, replaces=1, expires_at=tomorrow) is None


def test_a_write_leaves_nothing_of_the_line_before(ledger: Ledger, tomorrow) -> None:
    ledger.write("page", "key", {"old": 1}, replaces=0, expires_at=tomorrow)
    ledger.write("page", "key", {"new": 1}, replaces=1, expires_at=tomorrow)
    assert ledger.read("page", "key") == LedgerLine("key", 2, {"new": 1})


def test_an_expired_line_is_gone(ledger: Ledger, clock: ManualClock, tomorrow) -> None:
    ledger.write("page", "key", {}, replaces=0, expires_at=tomorrow)
    clock.advance(86_400)
    assert (ledger.read("page", "key"), ledger.lines("page", limit=10)) == (None, [])


def test_lines_come_with_the_greatest_key_first(ledger: Ledger, tomorrow) -> None:
    for key in ("b", "a", "c"):
        ledger.write("page", key, {}, replaces=0, expires_at=tomorrow)
    assert [line.key for line in ledger.lines("page", limit=10)] == ["c", "b", "a"]


def test_lines_go_on_below_a_key(ledger: Ledger, tomorrow) -> None:
    for key in "abcd":
        ledger.write("page", key, {}, replaces=0, expires_at=tomorrow)
    assert [line.key for line in ledger.lines("page", limit=2, before="d")] == ["c", "b"]


def test_pages_do_not_mix(ledger: Ledger, tomorrow) -> None:
    ledger.write("one", "key", {}, replaces=0, expires_at=tomorrow)
    assert ledger.lines("other", limit=10) == []


def test_no_page_can_be_a_task(ports, ledger: Ledger, tomorrow) -> None:
    ledger.write("task-1", "task", {}, replaces=0, expires_at=tomorrow)
    assert ports.results.get("task-1") is None


def test_counters_add_up(ledger: Ledger, tomorrow) -> None:
    for step in ({"one": 1}, {"one": 2, "two": 5}):
        ledger.count("page", "key", step, first={}, latest={}, expires_at=tomorrow)
    assert ledger.read("page", "key") == LedgerLine("key", 2, {"one": 3, "two": 5})


def test_a_counted_line_keeps_its_first_and_its_latest_fields(ledger: Ledger, tomorrow) -> None:
    for name in ("old", "new"):
        ledger.count("page", "key", {"n": 1}, first={"first": name}, latest={"last": name}, expires_at=tomorrow)
    assert ledger.read("page", "key") == LedgerLine("key", 2, {"n": 2, "first": "old", "last": "new"})


@pytest.mark.parametrize("limit", [0, 1_001])
def test_a_limit_out_of_range_is_refused(ledger: Ledger, limit: int) -> None:
    with pytest.raises(ValueError, match="a page has 1 to 1000 rows"):
        ledger.lines("page", limit=limit)

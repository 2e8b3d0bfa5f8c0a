"""Search: what a filter's text means, and the pages of what it finds."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock import cursors
from penstock.errors import InvalidSearch
from penstock.memory import MemoryResultStore
from penstock.ports import IndexEntry
from penstock.record import TaskRow, day_bucket, failure_key
from penstock.search import MAX_QUERIES, Found, Search, find
from penstock.settings import QueueSettings, Settings
from penstock.states import Status
from penstock.times import to_text
from tests.unit.values import NOW, at

SETTINGS = Settings(queues={"default": QueueSettings("default", "memory://default", retention=14 * 86_400)})
FINGERPRINT = "0123456789abcdef"
SHARDS_LEFT = ("s1", "s2", "s3")


class CountingStore(MemoryResultStore):
    """Counts its requests."""

    def __init__(self) -> None:
        super().__init__(lambda: NOW)
        self.requests = self.batches = 0

    def entries(self, *args: Any, **kwargs: Any) -> list[IndexEntry]:
        self.requests += 1
        return super().entries(*args, **kwargs)

    def rows(self, *args: Any) -> list[TaskRow]:
        self.requests += 1
        self.batches += 1
        return super().rows(*args)


@pytest.fixture
def store() -> CountingStore:
    return CountingStore()


def put(store: MemoryResultStore, task_id: str, created: datetime = NOW, status: str = "QUEUED", **more: Any) -> None:
    row: dict[str, Any] = {
        "status": status,
        "task": "resize",
        "queue": "default",
        "created_at": to_text(created),
        "created_bucket": day_bucket(task_id, created),
    }
    if status in ("DEAD", "FAILED"):
        failed = more.pop("failed", created)
        fingerprint = more.pop("fingerprint", FINGERPRINT)
        row |= {
            "failed_at": to_text(failed),
            "failed_bucket": day_bucket(task_id, failed),
            "failure_key": failure_key(task_id, fingerprint),
            "error": {"type": more.pop("error", "OSError"), "message": "no", "fingerprint": fingerprint, "reason": ""},
        }
    store.put_item(task_id, {**row, **more})


def pages(store: MemoryResultStore, text: str = "", *, limit: int = 10) -> Iterator[Found]:
    cursor = None
    while True:
        found = find(store, SETTINGS, Search.parse(text, now=NOW), limit=limit, now=NOW, cursor=cursor)
        yield found
        cursor = found.cursor
        if cursor is None:
            return


def ids(store: MemoryResultStore, text: str = "", *, limit: int = 10) -> list[str]:
    return [row.task_id for found in pages(store, text, limit=limit) for row in found.rows]


# -- the text ------------------------------------------------------------------------------------------------------------


def test_no_text_is_no_filter() -> None:
    assert Search.parse("", now=NOW) == Search()


def test_each_part_has_its_name() -> None:
    text = "task:resize queue:default status:dead,FAILED tag:vip error:OSError"
    assert Search.parse(text, now=NOW) == Search(
        "resize", "default", frozenset({Status.DEAD, Status.FAILED}), "vip", "OSError"
    )


@pytest.mark.parametrize(("text", "seconds"), [("30m", 1_800), ("24h", 86_400), ("7d", 604_800)])
def test_an_age_is_counted_from_now(text: str, seconds: int) -> None:
    assert Search.parse(f"since:{text}", now=NOW).since == at(-seconds)


@pytest.mark.parametrize("text", ["2026-02-28T04:36", "2026-02-28T04:36Z", "2026-02-28T06:36+02:00"])
def test_a_time_is_utc_unless_it_says_otherwise(text: str) -> None:
    assert Search.parse(f"until:{text}", now=NOW).until == datetime(2026, 2, 28, 4, 36, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("thumbnails", "write name:value"),
        ("taks:x", "did you mean task:?"),
        ("colour:x", "there are task, queue, status"),
        ("status:DAED", "did you mean DEAD?"),
        ("status:zzz", "there are SCHEDULED, QUEUED"),
        ("since:yesterday", "neither an age such as 30m"),
        ("since:99999999h", "neither an age such as 30m"),
    ],
)
def test_what_cannot_be_read_is_refused_with_the_fix(text: str, words: str) -> None:
    with pytest.raises(InvalidSearch, match=words.replace("?", r"\?")):
        Search.parse(text, now=NOW)


names = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=' "\\'), min_size=1, max_size=12)
searches = st.builds(
    Search,
    task=names,
    queue=st.sampled_from(["", "default"]),
    status=st.frozensets(st.sampled_from(Status)),
    tag=names,
    error=names,
    since=st.none() | st.just(at(-60)),
    until=st.none() | st.just(NOW),
)


@given(searches)
def test_a_search_survives_its_text(search: Search) -> None:
    assert Search.parse(search.to_text(), now=at(9_999)) == search


# -- the pages -----------------------------------------------------------------------------------------------------------


def test_the_newest_comes_first_across_shards_and_days(store: CountingStore) -> None:
    for number in range(20):
        put(store, f"t-{number}", NOW - timedelta(hours=7 * number))
    assert ids(store, limit=100) == [f"t-{number}" for number in range(20)]


@pytest.mark.parametrize("limit", [1, 3, 7])
def test_pages_leave_nothing_out_and_repeat_nothing(store: CountingStore, limit: int) -> None:
    for number in range(20):
        put(store, f"t-{number}", NOW - timedelta(hours=7 * number))
    assert ids(store, limit=limit) == [f"t-{number}" for number in range(20)]


def test_a_thousand_tasks_of_one_millisecond_are_all_found_once(store: CountingStore) -> None:
    for number in range(1_000):
        put(store, f"t-{number}")
    found = ids(store, limit=30)
    assert (len(found), len(set(found))) == (1_000, 1_000)


def test_a_task_that_comes_while_one_pages_is_not_shown_twice(store: CountingStore) -> None:
    for number in range(4):
        put(store, f"t-{number}", at(-10 * number))
    first = next(pages(store, limit=2))
    put(store, "t-new", at(1))
    rest = find(store, SETTINGS, Search(), limit=10, now=NOW, cursor=first.cursor)
    assert [row.task_id for row in [*first.rows, *rest.rows]] == ["t-0", "t-1", "t-2", "t-3"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("task:resize", ["t-1"]),
        ("task:other", ["t-2"]),
        ("queue:images", ["t-2"]),
        ("tag:vip", ["t-1"]),
        ("status:QUEUED", ["t-1"]),
        ("status:SUCCEEDED", ["t-2"]),
        (f"since:{to_text(at(-30))}", []),
        ("since:1m", ["t-2"]),
        ("until:2026-03-01T11:58:30", ["t-1"]),
        ("task:resize status:SUCCEEDED", []),
    ],
)
def test_a_filter_leaves_out_what_does_not_match(store: CountingStore, text: str, expected: list[str]) -> None:
    put(store, "t-1", at(-120), tags="vip new")
    put(store, "t-2", at(-60), "SUCCEEDED", task="other", queue="images")
    assert ids(store, text) == expected


def test_a_status_is_that_of_now_and_not_the_stored_one(store: CountingStore) -> None:
    put(store, "t-1", at(-120), "RUNNING", lease_expires_at=to_text(at(-60)))
    assert ids(store, "status:RETRYING") == ["t-1"]


def test_the_dead_are_sorted_by_their_death(store: CountingStore) -> None:
    put(store, "t-1", at(-100), "DEAD", failed=at(-1))
    put(store, "t-2", at(-50), "DEAD", failed=at(-2))
    put(store, "t-3", at(-10))
    assert ids(store, "status:DEAD") == ["t-1", "t-2"]


def test_a_fingerprint_finds_its_group(store: CountingStore) -> None:
    put(store, "t-1", status="DEAD", failed=at(-300_000))
    put(store, "t-2", status="FAILED", failed=at(-1))
    put(store, "t-3", status="DEAD", fingerprint="f" * 16)
    assert ids(store, f"error:{FINGERPRINT}") == ["t-2", "t-1"]


def test_an_exceptions_name_finds_its_failures(store: CountingStore) -> None:
    put(store, "t-1", status="DEAD")
    put(store, "t-2", status="DEAD", error="KeyError")
    assert ids(store, "status:DEAD error:KeyError") == ["t-2"]


def test_what_an_index_still_shows_and_the_row_denies_is_left_out(store: CountingStore) -> None:
    put(store, "t-1", status="DEAD")
    store._tasks["t-1"]["status"] = "RUNNING"
    assert ids(store, "status:DEAD") == []


def test_a_page_says_how_far_back_it_has_looked(store: CountingStore) -> None:
    put(store, "t-1", at(-120))
    found = find(store, SETTINGS, Search(), limit=1, now=NOW)
    assert found.back_to == at(-120)


def test_a_page_that_found_nothing_says_how_far_back_it_has_looked(store: CountingStore) -> None:
    found = find(store, SETTINGS, Search(), limit=1, now=NOW)
    assert found.back_to.date() == NOW.date() - timedelta(days=MAX_QUERIES // 4 - 1)


def test_a_page_over_many_empty_days_ends_with_its_budget(store: CountingStore) -> None:
    put(store, "t-old", NOW - timedelta(days=20))
    found = find(store, SETTINGS, Search(), limit=10, now=NOW)
    assert (found.rows, found.cursor is not None, store.requests) == ([], True, MAX_QUERIES)


def test_the_pages_after_it_go_on_to_the_old_task(store: CountingStore) -> None:
    put(store, "t-old", NOW - timedelta(days=20))
    assert ids(store) == ["t-old"]


@pytest.mark.parametrize("number", [100, 3_000])
def test_a_page_that_matches_nothing_costs_the_same_however_many_there_are(store: CountingStore, number: int) -> None:
    for n in range(number):
        put(store, f"t-{n}", at(-n))
    found = find(store, SETTINGS, Search.parse("tag:nobody", now=NOW), limit=50, now=NOW)
    assert found.rows == []
    assert store.requests <= MAX_QUERIES + 5


def test_a_page_before_a_busy_hour_goes_past_it(store: CountingStore) -> None:
    put(store, "t-early", at(-7_200))
    for number in range(4_000):
        put(store, f"t-{number}", at(-number / 10))
    assert ids(store, f"until:{to_text(at(-3_600))}") == ["t-early"]


def test_a_window_that_has_moved_past_the_cursor_has_ended(store: CountingStore) -> None:
    put(store, "t-1", at(-1_000))
    put(store, "t-2", at(-1_700))
    first = find(store, SETTINGS, Search.parse("since:30m", now=NOW), limit=1, now=NOW)
    later = at(1_000)
    rest = find(store, SETTINGS, Search.parse("since:30m", now=later), limit=1, now=later, cursor=first.cursor)
    assert (rest.rows, rest.cursor) == ([], None)


def test_a_cursor_whose_day_no_row_lives_to_see_is_at_the_end(store: CountingStore) -> None:
    put(store, "t-old", NOW - timedelta(days=27))
    cursor = next(found.cursor for found in pages(store, limit=1) if found.rows)
    later = NOW + timedelta(days=6)
    assert find(store, SETTINGS, Search(), limit=1, now=later, cursor=cursor).cursor is None


def test_a_page_reads_five_batches_at_most(store: CountingStore) -> None:
    for day in range(5):
        put(store, f"t-day-{day}", NOW - timedelta(days=day))
    for number in range(1_500):
        put(store, f"t-{number}", NOW - timedelta(days=5, seconds=number))
    store.batches = 0
    find(store, SETTINGS, Search.parse("tag:nobody", now=NOW), limit=50, now=NOW)
    assert store.batches <= 5


def test_a_cursor_of_another_search_is_refused(store: CountingStore) -> None:
    put(store, "t-1", status="DEAD")
    put(store, "t-2", status="DEAD")
    cursor = next(pages(store, f"error:{FINGERPRINT}", limit=1)).cursor
    with pytest.raises(ValueError, match="cursor of another search"):
        find(store, SETTINGS, Search(), limit=1, now=NOW, cursor=cursor)


@pytest.mark.parametrize("cursor", ["x", "e30", "eyJwYXJ0IjoiYSIsInMwIjoiYSJ9"])
def test_a_text_that_is_no_cursor_is_refused(store: CountingStore, cursor: str) -> None:
    with pytest.raises(ValueError, match="is not a cursor"):
        find(store, SETTINGS, Search(), limit=1, now=NOW, cursor=cursor)


@pytest.mark.parametrize("limit", [0, 101, 10**9])
def test_a_limit_out_of_range_is_refused(store: CountingStore, limit: int) -> None:
    with pytest.raises(ValueError, match="a page has 1 to 100 rows"):
        find(store, SETTINGS, Search(), limit=limit, now=NOW)


def test_an_empty_page_is_the_same_a_second_later(store: CountingStore) -> None:
    one, other = (find(store, SETTINGS, Search(), limit=10, now=NOW + timedelta(seconds=s)) for s in (0, 1))
    assert (one.cursor, one.back_to) == (other.cursor, other.back_to)


@pytest.mark.parametrize("time", ["2026-11-21", "2026-11-21T04:36:38", "9999-12-31T23:59:59-01:00", "yesterday"])
def test_a_cursor_with_a_time_that_nobody_wrote_is_refused(store: CountingStore, time: str) -> None:
    made_up = cursors.encode(
        {"part": to_text(NOW)[:10], "top": to_text(NOW), "s0": f"{time} t-1", **dict.fromkeys(SHARDS_LEFT, "-")}
    )
    with pytest.raises(ValueError, match="not a cursor"):
        find(store, SETTINGS, Search(), limit=1, now=NOW, cursor=made_up)


def test_a_cursor_of_nested_lists_is_refused(store: CountingStore) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        find(store, SETTINGS, Search(), limit=1, now=NOW, cursor=base64.urlsafe_b64encode(b"[" * 9_000).decode())

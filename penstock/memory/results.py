"""The table in memory: transitions carried out exactly as DynamoDB would."""

import threading
from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from penstock import cursors
from penstock.errors import AccessRefused
from penstock.ports import Applied, FailurePage, IndexEntry, Refused
from penstock.record import INDEX_BY_FAILURE, INDEXES, AttemptRow, TaskRow, attempt_item
from penstock.states import Status
from penstock.times import Clock, from_text, to_text, utc_now
from penstock.transitions import Transition

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_ITEM_BYTES = 400 * 1024
MAX_PAGE = 100
MAX_ENTRIES = 1_000
_LAST_ID = "\U0010ffff"  # behind every task id
_POSITION = ("failure_key", "failed_at", "task_id")


class MemoryResultStore:
    """A ``ResultStore`` of dicts; ``clock`` tells which rows are past their ``expires_at``."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tasks: dict[str, dict[str, Any]] = {}
        self._attempts: dict[str, dict[str, AttemptRow]] = {}
        # Index -> partition -> (sort attribute, task id), sorted: a page costs the same however many rows there are.
        self._indexes: dict[str, dict[str, list[tuple[str, str]]]] = {name: defaultdict(list) for name in INDEXES}

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        """Carry out one transition: the condition and the update under one lock."""
        _refuse_overlap(transition)
        with self._lock:
            before = self._tasks.get(task_id)
            if not transition.when.holds(before or {}):
                return Refused(None if before is None else TaskRow.from_item(task_id, before))
            after = _updated(before or {}, transition)
            _refuse_too_large(task_id, after)
            self._index(task_id, before or {}, after)
            self._tasks[task_id] = after
            return Applied(TaskRow.from_item(task_id, after))

    def get(self, task_id: str) -> TaskRow | None:
        """The row; None where there is none, or where it is past its expiry."""
        with self._lock:
            return self._live(task_id)

    def add_attempt(self, task_id: str, attempt: AttemptRow) -> None:
        """Keep one failed attempt."""
        with self._lock:
            self._attempts.setdefault(task_id, {})[attempt_item(attempt.number)] = attempt

    def attempts(self, task_id: str) -> list[AttemptRow]:
        """The failed attempts of a task, oldest first."""
        with self._lock:
            return [attempt for _, attempt in sorted(self._attempts.get(task_id, {}).items())]

    def failures(self, *, limit: int, cursor: str | None = None) -> FailurePage:
        """DEAD and FAILED rows, in the order of the sparse index."""
        cursors.check_limit(limit, MAX_PAGE)
        start = ("", "", "") if cursor is None else tuple(cursors.decode(cursor, _POSITION)[name] for name in _POSITION)
        with self._lock:
            index = sorted(
                (partition, *place) for partition, places in self._indexes[INDEX_BY_FAILURE].items() for place in places
            )
            rest = [position for position in index if position > start]
            page = rest[:limit]
            rows = [row for *_, task_id in page if (row := self._live(task_id)) and row.status in _FAILURES]
        more = len(rest) > limit
        return FailurePage(rows, cursors.encode(dict(zip(_POSITION, page[-1], strict=True))) if more else None)

    def entries(
        self,
        index: str,
        partition: str,
        *,
        limit: int,
        since: datetime,
        until: datetime,
        after: IndexEntry | None = None,
    ) -> list[IndexEntry]:
        """One partition of an index, newest first."""
        cursors.check_limit(limit, MAX_ENTRIES)
        with self._lock:
            places = self._indexes[index].get(partition, [])
            start = bisect_left(places, (to_text(since), ""))
            if after is None:
                end = bisect_right(places, (to_text(until), _LAST_ID))
            else:
                end = bisect_left(places, (to_text(after.at), after.task_id))
            page = places[max(start, end - limit) : max(start, end)]
            return [self._entry(*place) for place in reversed(page)]

    def rows(self, task_ids: Sequence[str]) -> list[TaskRow]:
        """The live rows of up to 100 tasks, in that order."""
        if len(task_ids) > MAX_PAGE:
            raise ValueError(f"{len(task_ids)} rows at once: {MAX_PAGE} are allowed")
        with self._lock:
            return [row for task_id in task_ids if (row := self._live(task_id))]

    def delete_attempts(self, task_id: str) -> None:
        """Forget the failed attempts of a task."""
        with self._lock:
            self._attempts.pop(task_id, None)

    def item(self, task_id: str) -> Mapping[str, Any] | None:
        """The attributes of a row as they are, those included that this version does not know; None where there is no row."""
        with self._lock:
            item = self._tasks.get(task_id)
            return None if item is None else dict(item)

    def put_item(self, task_id: str, item: Mapping[str, Any] | None) -> None:
        """Put the attributes of a row as they are, past every rule, or take the row away: what a person at the table can do."""
        with self._lock:
            self._index(task_id, self._tasks.get(task_id, {}), item or {})
            if item is None:
                self._tasks.pop(task_id, None)
            else:
                self._tasks[task_id] = dict(item)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._tasks.clear()
            self._attempts.clear()
            for places in self._indexes.values():
                places.clear()

    def _index(self, task_id: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
        for name, places in self._indexes.items():
            old, new = _place(name, task_id, before), _place(name, task_id, after)
            if old == new:
                continue
            if old is not None:
                partition, place = old
                del places[partition][bisect_left(places[partition], place)]
            if new is not None:
                partition, place = new
                insort(places[partition], place)

    def _entry(self, at: str, task_id: str) -> IndexEntry:
        row = self._tasks[task_id]
        return IndexEntry(task_id, from_text(at), row["task"], row["queue"])

    def _live(self, task_id: str) -> TaskRow | None:
        row = self._tasks.get(task_id)
        if row is None or ("expires_at" in row and row["expires_at"] <= self._clock().timestamp()):
            return None
        return TaskRow.from_item(task_id, row)


def _place(index: str, task_id: str, row: Mapping[str, Any]) -> tuple[str, tuple[str, str]] | None:
    """The partition of ``row`` in an index and its place there; None where it is not in the index."""
    partition, sort = INDEXES[index]
    return (row[partition], (row[sort], task_id)) if partition in row and sort in row else None


_FAILURES = frozenset({Status.DEAD, Status.FAILED})


def _updated(before: Mapping[str, Any], transition: Transition) -> dict[str, Any]:
    # Whatever is read is read from the row before: DynamoDB evaluates all operands first.
    after = {**before, **{name: _plain(name, value) for name, value in transition.set.items()}}
    for name, value in transition.set_if_absent.items():
        after[name] = before.get(name, _plain(name, value))
    for name, (start, step) in transition.add.items():
        after[name] = before.get(name, start) + step
    for name in transition.remove:
        after.pop(name, None)
    return after


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(f"{name}.{key}", part) for key, part in value.items()}
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        raise TypeError(f"{name} = {value!r:.80}: a row holds text, whole numbers and maps of these")
    return value


def _refuse_overlap(transition: Transition) -> None:
    names = [*transition.set, *transition.set_if_absent, *transition.add, *transition.remove]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise AccessRefused(
            f"transition {transition.name!r} writes {', '.join(twice)} twice: DynamoDB refuses overlapping paths"
        )


def _refuse_too_large(task_id: str, row: Mapping[str, Any]) -> None:
    size = _bytes_of(row)
    if size > MAX_ITEM_BYTES:
        raise AccessRefused(
            f"the row of task {task_id} would have {size} bytes; DynamoDB takes {MAX_ITEM_BYTES}: "
            "keep large values in the payload store"
        )


def _bytes_of(value: Any) -> int:
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
    if isinstance(value, Mapping):
        return 3 + sum(1 + len(key.encode()) + _bytes_of(part) for key, part in value.items())
    if isinstance(value, int):
        return len(str(value)) // 2 + 2
    return len(value.encode())

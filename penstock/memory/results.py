"""The table in memory: transitions carried out exactly as DynamoDB would."""

import threading
from collections.abc import Mapping
from typing import Any

from penstock import cursors
from penstock.errors import AccessRefused
from penstock.ports import Applied, FailurePage, Refused
from penstock.record import AttemptRow, TaskRow, attempt_item
from penstock.states import Status
from penstock.times import Clock, utc_now
from penstock.transitions import Transition

# https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Constraints.html
MAX_ITEM_BYTES = 400 * 1024
MAX_PAGE = 100
_POSITION = ("failure_key", "failed_at", "task_id")


class MemoryResultStore:
    """A ``ResultStore`` of dicts; ``clock`` tells which rows are past their ``expires_at``."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._tasks: dict[str, dict[str, Any]] = {}
        self._attempts: dict[str, dict[str, AttemptRow]] = {}

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        """Carry out one transition: the condition and the update under one lock."""
        _refuse_overlap(transition)
        with self._lock:
            before = self._tasks.get(task_id)
            if not transition.when.holds(before or {}):
                return Refused(None if before is None else TaskRow.from_item(task_id, before))
            after = _updated(before or {}, transition)
            _refuse_too_large(task_id, after)
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
                (row["failure_key"], row["failed_at"], task_id)
                for task_id, row in self._tasks.items()
                if "failure_key" in row and "failed_at" in row
            )
            rest = [position for position in index if position > start]
            page = rest[:limit]
            rows = [row for *_, task_id in page if (row := self._live(task_id)) and row.status in _FAILURES]
        more = len(rest) > limit
        return FailurePage(rows, cursors.encode(dict(zip(_POSITION, page[-1], strict=True))) if more else None)

    def _live(self, task_id: str) -> TaskRow | None:
        row = self._tasks.get(task_id)
        if row is None or ("expires_at" in row and row["expires_at"] <= self._clock().timestamp()):
            return None
        return TaskRow.from_item(task_id, row)


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

"""Finding tasks: a filter such as ``task:thumbnails status:DEAD since:24h``, and the pages of what it matches.

A listing walks an index from the newest entry back, day by day and shard by shard, reads the rows of a hundred entries at a
time, and stops when the page is full or its budget of requests is used up: a page costs the same however many rows there
are, and says how far back it has looked. Nothing here scans the table or receives a message.
"""

import heapq
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from penstock import cursors
from penstock.errors import InvalidSearch
from penstock.ports import IndexEntry, ResultStore
from penstock.record import (
    INDEX_BY_CREATED,
    INDEX_BY_FAILED,
    INDEX_BY_FAILURE,
    MAX_RETENTION,
    ROW_LIFETIME,
    SHARDS,
    TaskRow,
    partitions,
    shard,
    status_of,
)
from penstock.settings import Settings
from penstock.states import Status
from penstock.text import closest
from penstock.times import from_exact_text, to_text

MAX_LIMIT = 100
MAX_QUERIES = 32  # eight days of four shards, or the rest of busier ones
MAX_BATCHES = 5
_BATCH = 100
FINGERPRINT = re.compile(r"[0-9a-f]{16}")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_AGE = re.compile(r"(\d{1,5})(m|h|d)")
_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
_TERM = re.compile(r'(\w+):(?:"((?:[^"\\]|\\.)*)"|(\S+))|(\S+)')
_ESCAPE = re.compile(r"\\(.)")
_NAMES = ("task", "queue", "status", "tag", "error", "since", "until")
_CLOCKS_DIFFER = timedelta(minutes=5)  # a clock ahead of ours may have written into tomorrow
_FAILED = frozenset({Status.DEAD, Status.FAILED})


class Search(Struct, frozen=True):
    """What to look for; an empty part matches everything.

    ``error`` is a fingerprint (16 hexadecimal digits) or the name of an exception's class. ``since`` and ``until`` are
    times of the failure where only DEAD and FAILED tasks are asked for, else of the creation.
    """

    task: str = ""
    queue: str = ""
    status: frozenset[Status] = frozenset()
    tag: str = ""
    error: str = ""
    since: datetime | None = None
    until: datetime | None = None

    @classmethod
    def parse(cls, text: str, *, now: datetime) -> "Search":
        """Read a filter bar's text; InvalidSearch says which part is wrong and what would be right.

        ``since:`` and ``until:`` take an age (``30m``, ``24h``, ``7d``) or a UTC time (``2026-11-21T04:36``);
        ``status:`` takes several, comma-separated. A value with spaces stands in double quotes, in
        which a backslash takes the next character as it is.
        """
        search = cls()
        for name, quoted, plain, word in _TERM.findall(text):
            if word:
                raise InvalidSearch(
                    f"{word:.80}: write name:value, with a name of {', '.join(_NAMES)}; a task id opens its page by itself"
                )
            if name not in _NAMES:
                meant = closest(name, _NAMES)
                hint = f"did you mean {meant}:?" if meant else f"there are {', '.join(_NAMES)}"
                raise InvalidSearch(f"{name:.40}: is no filter; {hint}")
            search = replace(search, **{name: _value(name, plain or _ESCAPE.sub(r"\1", quoted), now)})
        return search

    def to_text(self) -> str:
        """The filter as ``parse`` reads it, with absolute times: the same in an hour."""
        parts = [f"{name}:{_quoted(getattr(self, name))}" for name in ("task", "queue") if getattr(self, name)]
        if self.status:
            parts.append(f"status:{','.join(sorted(self.status))}")
        parts += [f"{name}:{_quoted(getattr(self, name))}" for name in ("tag", "error") if getattr(self, name)]
        for name in ("since", "until"):
            at = getattr(self, name)
            parts += [] if at is None else [f"{name}:{to_text(at)}"]
        return " ".join(parts)

    @property
    def by_failure(self) -> bool:
        """True where the times of the search are times of failures."""
        return bool(FINGERPRINT.fullmatch(self.error)) or bool(self.status and self.status <= _FAILED)

    def matches(self, row: TaskRow, status: Status) -> bool:
        """True if ``row``, which reads as ``status`` now, is looked for."""
        at = row.failed_at if self.by_failure else row.created_at
        return (
            self.task in ("", row.task)
            and self.queue in ("", row.queue)
            and (not self.status or status in self.status)
            and (not self.tag or self.tag in row.tags)
            and (not self.error or (row.error is not None and self.error in (row.error.fingerprint, row.error.type)))
            and at is not None
            and (self.since is None or at >= self.since)
            and (self.until is None or at <= self.until)
        )


class Found(Struct, frozen=True):
    """A page: rows, newest first. ``cursor`` goes on (None: there is nothing more), ``back_to`` is how far it has looked."""

    rows: list[TaskRow]
    cursor: str | None
    back_to: datetime


def find(
    results: ResultStore, settings: Settings, search: Search, *, limit: int, now: datetime, cursor: str | None = None
) -> Found:
    """The next page of ``search``: ``limit`` rows (1 to 100) at most, newest first.

    A page may be short, even empty, and still have a cursor: its budget was used up on what did not match. ValueError for a
    limit or a cursor that is none.
    """
    cursors.check_limit(limit, MAX_LIMIT)
    walk = _Walk(results, search, now)
    part, passed, back_to = walk.start(cursor)
    rows: list[TaskRow] = []
    while part is not None:
        entries = walk.newest_first(part, passed, back_to)
        more = True
        while more:
            batch, more = walk.batch(entries)
            read = _read(results, search, batch)
            for entry in batch:
                passed[shard(entry.task_id)], back_to = entry, entry.at
                row = read.get(entry.task_id)
                if row is not None and search.matches(row, read_status(row, settings, now)):
                    rows.append(row)
                if len(rows) == limit:
                    return Found(rows, _encode(part, passed, back_to), back_to)
        if walk.spent:
            return Found(rows, _encode(part, passed, back_to), back_to)
        back_to = min(back_to, walk.start_of(part))
        part, passed = walk.part_before(part), {}
        if part is not None:
            back_to = min(back_to, _end_of(part))
    return Found(rows, None, walk.since)


def read_status(row: TaskRow, settings: Settings, now: datetime) -> Status:
    """How ``row`` reads now, by the retention of its queue."""
    queue = settings.queues.get(row.queue)
    return status_of(row, now, MAX_RETENTION if queue is None else timedelta(seconds=queue.retention))


def _read(results: ResultStore, search: Search, batch: list[IndexEntry]) -> dict[str, TaskRow]:
    wanted = [e.task_id for e in batch if search.task in ("", e.task) and search.queue in ("", e.queue)]
    return {row.task_id: row for row in results.rows(wanted)} if wanted else {}


def _end_of(day: str) -> datetime:
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1)


_Passed = dict[int, IndexEntry]  # shard -> the last entry of it that a page is done with


class _Spent(Exception):
    """The page's budget of requests is used up."""


class _Walk:
    """The entries of an index in the parts (days, or one fingerprint) that a search touches, within a page's budget."""

    def __init__(self, results: ResultStore, search: Search, now: datetime) -> None:
        self._results = results
        self._queries = self._batches = 0
        self.spent = False
        self._newest = now + _CLOCKS_DIFFER if search.until is None else min(search.until, now + _CLOCKS_DIFFER)
        self.since = max(search.since or now - ROW_LIFETIME, now - ROW_LIFETIME)
        if FINGERPRINT.fullmatch(search.error):
            self._index, self._parts = INDEX_BY_FAILURE, [search.error]
        else:
            self._index = INDEX_BY_FAILED if search.by_failure else INDEX_BY_CREATED
            days = max(0, (self._newest.date() - self.since.date()).days)
            self._parts = [(self._newest - timedelta(days=back)).date().isoformat() for back in range(days + 1)]

    def start(self, cursor: str | None) -> tuple[str | None, _Passed, datetime]:
        """Where ``cursor`` goes on, else the newest part: the part, what was passed of it, and the time of the last of these.

        No part where the cursor is so old that its day has gone by: rows do not live so long.
        """
        if cursor is None:
            return self._parts[0], {}, self._newest
        part, passed, back_to = _decode(cursor)
        if self._index != INDEX_BY_FAILURE and _DAY.fullmatch(part) and part < self._parts[-1]:
            return None, {}, self.since
        if part not in self._parts:
            raise ValueError(f"{cursor!r:.80} is the cursor of another search: start again without one")
        return part, passed, back_to

    def part_before(self, part: str) -> str | None:
        """The next older part; None behind the oldest."""
        older = self._parts[self._parts.index(part) + 1 :]
        return older[0] if older else None

    def start_of(self, part: str) -> datetime:
        """How far back all of ``part`` reaches: a page that found nothing there has looked so far, too."""
        return self.since if FINGERPRINT.fullmatch(part) else datetime.fromisoformat(part).replace(tzinfo=UTC)

    def newest_first(self, part: str, passed: _Passed, top: datetime) -> Iterator[IndexEntry]:
        """The entries of all shards of ``part`` behind those that were passed, none newer than ``top``.

        A shard of which nothing was passed begins anew: what came there since the page before is not part of this listing.
        """
        shards = [self._entries(partition, passed.get(n), top) for n, partition in enumerate(partitions(part))]
        return heapq.merge(*shards, key=lambda entry: (entry.at, entry.task_id), reverse=True)

    def batch(self, entries: Iterator[IndexEntry]) -> tuple[list[IndexEntry], bool]:
        """As many entries as are read at once, and whether there may be more for this page."""
        batch: list[IndexEntry] = []
        try:
            for entry in islice(entries, _BATCH):
                batch.append(entry)
        except _Spent:
            self.spent = True
        self._batches += bool(batch)
        if self._batches >= MAX_BATCHES:
            self.spent = True
        return batch, len(batch) == _BATCH and not self.spent

    def _entries(self, partition: str, after: IndexEntry | None, top: datetime) -> Iterator[IndexEntry]:
        # ``since`` moves on with the time, so it may have overtaken the entry that the last page ended with.
        while self.since < (top if after is None else after.at):
            if self._queries >= MAX_QUERIES:
                raise _Spent
            self._queries += 1
            page = self._results.entries(self._index, partition, limit=_BATCH, since=self.since, until=top, after=after)
            yield from page
            if len(page) < _BATCH:
                return
            after = page[-1]


def _encode(part: str, passed: _Passed, back_to: datetime) -> str:
    places = {f"s{n}": f"{to_text(passed[n].at)} {passed[n].task_id}" if n in passed else "-" for n in range(SHARDS)}
    return cursors.encode({"part": part, "top": to_text(back_to), **places})


def _decode(cursor: str) -> tuple[str, _Passed, datetime]:
    names = [f"s{n}" for n in range(SHARDS)]
    position = cursors.decode(cursor, ["part", "top", *names])
    places = [position[name].partition(" ") for name in names]
    try:
        passed = {
            n: IndexEntry(task_id, from_exact_text(at), "", "")
            for n, (at, _, task_id) in enumerate(places)
            if at != "-"
        }
        return position["part"], passed, from_exact_text(position["top"])
    except ValueError:
        raise ValueError(f"{cursor!r:.80} is not a cursor: pass that of an earlier page as it was") from None


def _value(name: str, text: str, now: datetime) -> Any:
    if name == "status":
        return frozenset(_a_status(part) for part in text.split(","))
    if name in ("since", "until"):
        return _time(name, text, now)
    return text


def _a_status(text: str) -> Status:
    try:
        return Status(text.upper())
    except ValueError:
        meant = closest(text.upper(), list(Status))
        hint = f"did you mean {meant}?" if meant else f"there are {', '.join(Status)}"
        raise InvalidSearch(f"status:{text:.40} is no status; {hint}") from None


def _time(name: str, text: str, now: datetime) -> datetime:
    age = _AGE.fullmatch(text)
    if age:
        return now - timedelta(seconds=int(age[1]) * _UNITS[age[2]])
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidSearch(
            f"{name}:{text:.40} is neither an age such as 30m, 24h or 7d, nor a time such as 2026-11-21T04:36 (UTC)"
        ) from None


def _quoted(text: str) -> str:
    if not any(character in text for character in ' "\\'):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

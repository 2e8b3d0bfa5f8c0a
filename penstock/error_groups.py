"""Errors, grouped: how often each kind of error came, and when, counted by whoever settles a failed attempt.

A group is a fingerprint: task, class, message without its numbers, and the frame that raised. The ledger has a line for each
group, day and shard, with a counter for every ten minutes, so a page of groups costs the same however many tasks failed. The
counts are for people: a lost request loses one, a repeated one counts twice. How many tasks of a group are DEAD now is in the
index ``by_failure``.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta

from msgspec import Struct

from penstock.errors import PenstockError
from penstock.failure import Failure
from penstock.ports import Ledger, LedgerLine, Ports
from penstock.record import INDEX_BY_FAILURE, ROW_LIFETIME, SHARDS, partitions, shard
from penstock.states import Status
from penstock.telemetry import logger
from penstock.times import from_text, to_text

SLOT = timedelta(minutes=10)
MAX_GROUPS = 500  # of one day and shard that a page reads; with more, the reading says that it is not complete
MAX_COUNTED = 10_000  # of one group: what is more reads as "more than"
_PAGE = 1_000


class ErrorGroup(Struct, frozen=True):
    """One kind of error in a window of time.

    ``attempts`` failed in the window, and ``dead`` tasks were given up by one; ``slots`` maps the start of each ten minutes
    in which it came to its count. ``message`` is without numbers, ``frame`` is ``file:function``.
    """

    fingerprint: str
    task: str
    type: str
    message: str
    frame: str
    first_at: datetime
    last_at: datetime
    attempts: int
    dead: int
    slots: dict[datetime, int]


class Groups(Struct, frozen=True):
    """Error groups, the most frequent first; ``complete`` is False where a day had more than can be read."""

    groups: list[ErrorGroup]
    complete: bool


class Count(Struct, frozen=True):
    """About how many; ``exact`` is False where there are more than that."""

    number: int
    exact: bool


def note(ports: Ports, failure: Failure, *, task_id: str, task: str, outcome: Status) -> None:
    """Count one failed attempt. Never a reason to fail: what goes wrong here is a line in the log."""
    now = ports.clock()
    dead = {"dead": 1} if outcome is Status.DEAD else {}
    try:
        ports.ledger.count(
            _page(now, shard(task_id)),
            failure.fingerprint,
            {"attempts": 1, _slot(now): 1, **dead},
            first={
                "first_at": to_text(now),
                "task": task,
                "type": failure.type,
                "message": failure.normal,
                "frame": failure.frame,
            },
            latest={"last_at": to_text(now)},
            expires_at=now + ROW_LIFETIME,
        )
    except PenstockError as error:
        logger.warning("the error of %s was not counted: %s", task_id, error)


def read(ledger: Ledger, window: timedelta, *, now: datetime) -> Groups:
    """The groups of the last ``window``, to ten minutes; ``dead`` is of the whole days that it touches.

    Four requests a day of the window, whatever happened in it.
    """
    since = _floor(now - window)
    found: dict[str, ErrorGroup] = {}
    complete = True
    for day in _days(since, now):
        for number in range(SHARDS):
            lines = ledger.lines(_page(day, number), limit=MAX_GROUPS)
            complete = complete and len(lines) < MAX_GROUPS
            for line in lines:
                group = _group(line, day, since)
                if group is not None:
                    found[line.key] = _sum(found[line.key], group) if line.key in found else group
    return Groups(sorted(found.values(), key=lambda group: (-group.attempts, group.fingerprint)), complete)


def count_failures(ports: Ports, fingerprint: str, *, highest: int = MAX_COUNTED) -> Count:
    """About how many tasks are DEAD or FAILED with this error now, counted up to ``highest``.

    One request for each thousand in each of four shards.
    """
    now, number = ports.clock(), 0
    since, until = now - ROW_LIFETIME, now + SLOT
    for partition in partitions(fingerprint):
        after = None
        while number <= highest and (after is None or after.at > since):
            entries = ports.results.entries(
                INDEX_BY_FAILURE, partition, limit=_PAGE, since=since, until=until, after=after
            )
            number += len(entries)
            if len(entries) < _PAGE:
                break
            after = entries[-1]
    return Count(min(number, highest), exact=number <= highest)


def _page(day: datetime, number: int) -> str:
    return f"errors#{to_text(day)[:10]}#{number}"


def _slot(at: datetime) -> str:
    return f"at{at:%H%M}"[:-1] + "0"


def _floor(at: datetime) -> datetime:
    return at.replace(minute=at.minute // 10 * 10, second=0, microsecond=0)


def _days(since: datetime, now: datetime) -> Iterator[datetime]:
    day = now
    while day.date() >= since.date():
        yield day
        day -= timedelta(days=1)


def _group(line: LedgerLine, day: datetime, since: datetime) -> ErrorGroup | None:
    """The line as a group of the window; None where nothing of it is in there."""
    fields = line.fields
    midnight = day.replace(hour=0, minute=0, second=0, microsecond=0)
    slots: dict[datetime, int] = {}
    for name, value in fields.items():
        if name.startswith("at") and name[2:].isdigit():
            at = midnight + timedelta(hours=int(name[2:4]), minutes=int(name[4:6]))
            if at >= since:
                slots[at] = int(value)
    if not slots:
        return None
    return ErrorGroup(
        fingerprint=line.key,
        task=str(fields["task"]),
        type=str(fields["type"]),
        message=str(fields["message"]),
        frame=str(fields["frame"]),
        first_at=from_text(str(fields["first_at"])),
        last_at=from_text(str(fields["last_at"])),
        attempts=sum(slots.values()),
        dead=int(fields.get("dead", 0)),
        slots=slots,
    )


def _sum(one: ErrorGroup, other: ErrorGroup) -> ErrorGroup:
    return ErrorGroup(
        one.fingerprint,
        one.task,
        one.type,
        one.message,
        one.frame,
        min(one.first_at, other.first_at),
        max(one.last_at, other.last_at),
        one.attempts + other.attempts,
        one.dead + other.dead,
        dict(Counter(one.slots) + Counter(other.slots)),
    )

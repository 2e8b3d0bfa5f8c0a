"""Error groups as pages show them."""

from collections.abc import Sequence
from datetime import datetime

from msgspec import Struct

from penstock import error_groups
from penstock.app import Penstock
from penstock.error_groups import Count, ErrorGroup
from penstock.flask.dashboard.charts import bars
from penstock.flask.dashboard.windows import Window
from penstock.record import INDEX_BY_FAILURE, ROW_LIFETIME, partitions

_PAGE = 1_000


class Cause(Struct, frozen=True):
    """An error group, the queue of its task (empty where the task is not registered here), and the bars of its chart."""

    group: ErrorGroup
    queue: str
    counts: Sequence[int]
    starts: Sequence[datetime]


class Causes(Struct, frozen=True):
    """What went wrong in a window; ``complete`` is False where a day had more kinds of errors than can be read."""

    causes: list[Cause]
    complete: bool


def read(tasks: Penstock, window: Window, *, now: datetime) -> Causes:
    """The error groups of ``window``: four requests for each of its days."""
    groups = error_groups.read(tasks.ports.ledger, window.span, now=now)
    return Causes([_cause(tasks, group, window, now) for group in groups.groups], groups.complete)


def still_there(tasks: Penstock, fingerprint: str) -> Count:
    """About how many tasks are DEAD or FAILED with this error: four requests, which count 1,000 each at most."""
    now, entries = tasks.ports.clock(), tasks.ports.results.entries
    since, until = now - ROW_LIFETIME, now + error_groups.SLOT
    numbers = [
        len(entries(INDEX_BY_FAILURE, partition, limit=_PAGE, since=since, until=until))
        for partition in partitions(fingerprint)
    ]
    return Count(sum(numbers), exact=max(numbers) < _PAGE)


def _cause(tasks: Penstock, group: ErrorGroup, window: Window, now: datetime) -> Cause:
    counts, starts = bars(group.slots, since=now - window.span, until=now, number=window.bars)
    queue = tasks.registry[group.task].options.queue if group.task in tasks.registry else ""
    return Cause(group, queue, counts, starts)

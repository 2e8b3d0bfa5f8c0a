"""What the operations views watch: how the queues have done, and whether anything works on them. Two ports, and their values."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

from msgspec import Struct

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html: standard resolution is a minute.
SHORTEST_PERIOD_SECONDS = 60
# As many as CloudWatch's GetMetricStatistics gives: a day in minutes, which is more than a chart can show.
MAX_PERIODS = 1_440
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Point(Struct, frozen=True):
    """One period of a queue, from ``at`` on: the runs that ended so, and the deliveries that are to be tried again.

    ``duration_ms`` is the mean of the runs that ended in the period, ``queued_ms`` the mean time from their SentTimestamp
    to their start, both in milliseconds; None where nothing ran.
    """

    at: datetime
    succeeded: int
    failed: int
    dead: int
    retried: int
    duration_ms: int | None
    queued_ms: int | None


class Stats(Protocol):
    """The numbers of the queues over time."""

    @property
    def source(self) -> str:
        """Where they come from, for people: ``CloudWatch, about a minute behind``."""
        ...

    @property
    def lag(self) -> int:
        """About how many seconds after its end the numbers of a period are complete."""
        ...

    def series(self, queues: Sequence[str], *, since: datetime, until: datetime, period: int) -> dict[str, list[Point]]:
        """Queue -> a point for every period that touches ``since`` to ``until``, oldest first, zeros where nothing happened.

        ``period`` is seconds, a multiple of 60; periods start at multiples of it since 1970, those of an hour on the hour.
        A ValueError for another period, for more than 1,440 of them, or times without a zone or in the wrong order.
        """
        ...

    def oldest_age(self, queues: Sequence[str]) -> dict[str, int | None]:
        """Queue (or dead-letter queue) -> age of the oldest message in it, in seconds; 0 if empty, None where it is not known."""
        ...


class Mapping(Struct, frozen=True):
    """The event source mapping of a queue, which polls it for a function.

    ``enabled`` says what was asked for: False for a paused queue. ``state`` is AWS's word for how far that is: Enabled,
    Disabled, Enabling, Disabling, Updating, Creating. ``batch_window`` is seconds; ``max_concurrency`` None is AWS's own
    limit. Without ``reports_failures`` Lambda deletes failed messages.
    """

    queue: str
    enabled: bool
    state: str
    function: str
    batch_size: int
    batch_window: int
    max_concurrency: int | None
    reports_failures: bool


class Mappings(Protocol):
    """The event source mappings: what works on the queues, and the way to pause one."""

    def get(self, queue: str) -> Mapping | None:
        """The mapping of ``queue``; None where nothing polls it."""
        ...

    def set_enabled(self, queue: str, enabled: bool) -> Mapping:
        """Resume (True) or pause (False) the queue; the mapping as it is then, Enabling or Disabling for a while.

        What is being worked on is finished, what is in the queue waits, and goes on counting towards its retention. Twice
        is once. NoMapping where nothing polls the queue.
        """
        ...


def periods(since: datetime, until: datetime, period: int) -> list[datetime]:
    """When each period of ``Stats.series`` starts; a ValueError says which argument is wrong and what fits."""
    if period < SHORTEST_PERIOD_SECONDS or period % SHORTEST_PERIOD_SECONDS:
        raise ValueError(f"period={period!r}: take a multiple of {SHORTEST_PERIOD_SECONDS} seconds")
    if since.tzinfo is None or until.tzinfo is None:
        raise ValueError(f"since={since!r}, until={until!r}: pass aware datetimes")
    if since >= until:
        raise ValueError(f"since={since.isoformat()} is not before until={until.isoformat()}")
    step = timedelta(seconds=period)
    first = _EPOCH + (since - _EPOCH) // step * step
    count = -((first - until) // step)  # rounded up: the last period may end after `until`
    if count > MAX_PERIODS:
        raise ValueError(f"{count} periods of {period} s: at most {MAX_PERIODS} are given; take a longer period")
    return [first + number * step for number in range(count)]

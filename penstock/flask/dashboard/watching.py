"""What pages show of the queues: how much is in them now, and how they did in the last hour."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from penstock.app import Penstock
from penstock.errors import PenstockError
from penstock.ports import QueueDepth
from penstock.queues import Workers, workers
from penstock.settings import dead_letter_queue
from penstock.watching import Point

HOUR = timedelta(hours=1)
PERIOD_SECONDS = 60


class Counts(Struct, frozen=True):
    """A queue and its dead-letter queue at this moment. ``trouble`` says why numbers are missing."""

    name: str
    depth: QueueDepth | None = None
    letters: QueueDepth | None = None
    workers: Workers = Workers()
    trouble: str = ""

    @property
    def dead_letters(self) -> int:
        """About how many dead letters there are."""
        return 0 if self.letters is None else self.letters.visible + self.letters.in_flight


class Hour(Struct, frozen=True):
    """The last hour of a queue. ``oldest_age`` is seconds, the means are milliseconds; None where it is not known."""

    name: str
    points: Sequence[Point]
    oldest_age: int | None

    @property
    def starts(self) -> list[datetime]:
        """When each minute began."""
        return [point.at for point in self.points]

    @property
    def succeeded(self) -> list[int]:
        """Runs a minute that succeeded."""
        return [point.succeeded for point in self.points]

    @property
    def failed(self) -> list[int]:
        """Runs a minute that did not: to be tried again, given up, dead."""
        return [point.failed + point.dead + point.retried for point in self.points]

    @property
    def duration_ms(self) -> int | None:
        """How long a run took, on average."""
        return self._mean(lambda point: point.duration_ms)

    @property
    def queued_ms(self) -> int | None:
        """How long a message waited, on average."""
        return self._mean(lambda point: point.queued_ms)

    def _mean(self, of: Callable[[Point], int | None]) -> int | None:
        runs = [
            (value, point.succeeded + point.failed + point.dead + point.retried)
            for point in self.points
            if (value := of(point)) is not None
        ]
        number = sum(weight for _, weight in runs)
        return round(sum(value * weight for value, weight in runs) / number) if number else None


class Hours(Struct, frozen=True):
    """The last hour of some queues, and where the numbers come from. ``trouble`` says why they are missing."""

    hours: list[Hour]
    source: str
    lag: int
    trouble: str = ""


def names_of(tasks: Penstock) -> list[str]:
    """The queues that there are."""
    return sorted(tasks.ports.settings.queues)


def counts(tasks: Penstock, names: Sequence[str]) -> list[Counts]:
    """Three requests a queue, and two for all together. One that cannot be read does not hide the others."""
    at_work = workers(tasks.ports, names)
    return [_counts(tasks, name, at_work[name]) for name in names]


def hours(tasks: Penstock, names: Sequence[str]) -> Hours:
    """Two requests for all of the queues together."""
    stats, now = tasks.ports.stats, tasks.ports.clock()
    try:
        series = stats.series(names, since=now - HOUR, until=now, period=PERIOD_SECONDS)
        ages = stats.oldest_age(names)
    except PenstockError as error:
        return Hours([], stats.source, stats.lag, str(error))
    return Hours([Hour(name, series[name], ages.get(name)) for name in names], stats.source, stats.lag)


def _counts(tasks: Penstock, name: str, at_work: Workers) -> Counts:
    transport = tasks.ports.transport
    try:
        depth, letters = transport.depth(name), transport.depth(dead_letter_queue(name))
    except PenstockError as error:
        return Counts(name, trouble=str(error))
    return Counts(name, depth, letters, at_work, trouble="; ".join(at_work.problems))

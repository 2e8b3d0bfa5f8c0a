"""The numbers of the queues in memory: what was recorded, and the age of what an in-memory transport holds."""

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from penstock.settings import Settings
from penstock.watching import Point, periods


class _Delivery(Struct, frozen=True):
    outcome: str
    at: datetime
    duration_ms: int
    queued_ms: int


class MemoryStats:
    """A ``Stats`` of the queues of ``settings``, fed by ``record``.

    ``age`` gives the age of a queue's oldest message (seconds), as ``MemoryTransport.oldest_age``; without it none is known.
    """

    source = "this process's memory, at once"
    lag = 0

    def __init__(self, settings: Settings, age: Callable[[str], int] | None = None) -> None:
        self._settings = settings
        self._age = age
        self._lock = threading.Lock()
        self._deliveries: defaultdict[str, list[_Delivery]] = defaultdict(list)

    def record(self, queue: str, outcome: str, at: datetime, duration_ms: int = 0, queued_ms: int = 0) -> None:
        """Count one delivery: ``outcome`` as in ``telemetry.RunEvent``, times in milliseconds, 0 where user code did not run."""
        with self._lock:
            self._deliveries[queue].append(_Delivery(outcome, at, duration_ms, queued_ms))

    def series(self, queues: Sequence[str], *, since: datetime, until: datetime, period: int) -> dict[str, list[Point]]:
        """See ``watching.Stats``."""
        starts, length = periods(since, until, period), timedelta(seconds=period)
        series = {}
        for queue in queues:
            self._settings.queue(queue)
            ended: defaultdict[datetime, list[_Delivery]] = defaultdict(list)
            with self._lock:
                for delivery in self._deliveries[queue]:
                    ended[starts[0] + (delivery.at - starts[0]) // length * length].append(delivery)
            series[queue] = [_point(start, ended[start]) for start in starts]
        return series

    def oldest_age(self, queues: Sequence[str]) -> dict[str, int | None]:
        """See ``watching.Stats``: exact here."""
        for queue in queues:
            self._settings.url(queue)
        return {queue: None if self._age is None else self._age(queue) for queue in queues}


def _point(at: datetime, deliveries: Sequence[_Delivery]) -> Point:
    outcomes = [delivery.outcome for delivery in deliveries]
    runs = [delivery for delivery in deliveries if delivery.duration_ms]
    return Point(
        at=at,
        succeeded=outcomes.count("SUCCEEDED"),
        failed=outcomes.count("FAILED"),
        dead=outcomes.count("DEAD"),
        retried=outcomes.count("RETRYING"),
        duration_ms=_mean(run.duration_ms for run in runs),
        queued_ms=_mean(run.queued_ms for run in runs),
    )


def _mean(values: Iterable[int]) -> int | None:
    found = list(values)
    return round(sum(found) / len(found)) if found else None

"""moto's CloudWatch with an index, and with the one metric of SQS that the views ask for.

moto's own looks at every value once for each period of each query: with an hour's work in it, one look of a dashboard takes
seconds, during which nobody else gets an answer. Here values are kept as sums a minute. Only PutMetricData and GetMetricData
know of them, and only queries without expressions.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from penstock.local.environment import REGION

MINUTE = timedelta(minutes=1)
MAX_MINUTES = 15 * 24 * 60  # a metric: as long as AWS keeps minutes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Dimensions = frozenset[tuple[str, str]]


@dataclass(slots=True)
class Sums:
    """The values of one metric in a stretch of time."""

    count: float = 0
    total: float = 0
    least: float = float("inf")
    most: float = float("-inf")

    def add(self, other: "Sums") -> None:
        """Take in the values of another stretch."""
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)

    def statistic(self, name: str) -> float:
        """By CloudWatch's name of it."""
        match name:
            case "Sum":
                return self.total
            case "Average":
                return self.total / self.count
            case "Maximum":
                return self.most
            case "Minimum":
                return self.least
            case "SampleCount":
                return self.count
        raise NotImplementedError(f"the statistic {name}")


class IndexedCloudWatch(CloudWatchBackend):
    """The CloudWatch of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._metrics: defaultdict[tuple[str, str, Dimensions], dict[int, Sums]] = defaultdict(dict)

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        """Add to the minutes of each metric."""
        for datum in metric_data:
            minutes = self._metrics[namespace, datum["MetricName"], _dimensions(datum.get("Dimensions", []))]
            at = _aware(datum["Timestamp"]) if datum.get("Timestamp") else datetime.now(UTC)
            minute = minutes.setdefault((at - _EPOCH) // MINUTE, Sums())
            for sums in _sums(datum):
                minute.add(sums)
            if len(minutes) > MAX_MINUTES:
                del minutes[min(minutes)]

    def get_metric_data(
        self,
        queries: list[dict[str, Any]],
        start_time: datetime,
        end_time: datetime,
        scan_by: str = "TimestampAscending",
    ) -> list[dict[str, Any]]:
        """The statistics of each query, period by period from ``start_time`` on."""
        start, end = _aware(start_time), _aware(end_time)
        results = []
        for query in queries:
            found = sorted(self._periods(query["MetricStat"], start, end), reverse=scan_by == "TimestampDescending")
            results.append(
                {
                    "id": query["Id"],
                    "label": query.get("Label") or query["MetricStat"]["Metric"]["MetricName"],
                    "values": [value for _, value in found],
                    "timestamps": [at.replace(tzinfo=None) for at, _ in found],  # moto's own times have no zone
                    "status_code": "Complete",
                }
            )
        return results

    def _periods(self, asked: Mapping[str, Any], start: datetime, end: datetime) -> list[tuple[datetime, float]]:
        metric, period = asked["Metric"], timedelta(seconds=int(asked["Period"]))
        periods: defaultdict[datetime, Sums] = defaultdict(Sums)
        for minute, sums in self._minutes(metric).items():
            at = _EPOCH + minute * MINUTE
            if start <= at < end:
                periods[start + (at - start) // period * period].add(sums)
        return [(at, sums.statistic(asked["Stat"])) for at, sums in periods.items()]

    def _minutes(self, metric: Mapping[str, Any]) -> Mapping[int, Sums]:
        dimensions = _dimensions(metric.get("Dimensions", []))
        if (metric["Namespace"], metric["MetricName"]) == ("AWS/SQS", "ApproximateAgeOfOldestMessage"):
            return self._age_of_oldest_message(dict(dimensions)["QueueName"])
        return self._metrics.get((metric["Namespace"], metric["MetricName"], dimensions), {})

    def _age_of_oldest_message(self, name: str) -> Mapping[int, Sums]:
        queue = sqs_backends[self.account_id][self.region_name].queues.get(name)
        if queue is None:
            return {}
        now = time.time()
        age = now - min((message.sent_timestamp or 0 for message in queue._messages), default=now * 1000) / 1000
        return {int(now // 60): Sums(1, age, age, age)}


def install() -> None:
    """Let moto's server of this process use it."""
    cloudwatch_backends[DEFAULT_ACCOUNT_ID][REGION] = IndexedCloudWatch(REGION, DEFAULT_ACCOUNT_ID)


def _sums(datum: Mapping[str, Any]) -> Iterable[Sums]:
    if statistics := datum.get("StatisticValues"):
        names = ("SampleCount", "Sum", "Minimum", "Maximum")
        return [Sums(*(float(statistics[name]) for name in names))]
    values: Sequence[Any] = datum.get("Values") or [datum.get("Value", 0)]
    counts: Sequence[Any] = datum.get("Counts") or [1] * len(values)
    pairs = [(float(value), float(count)) for value, count in zip(values, counts, strict=True)]
    return [Sums(count, value * count, value, value) for value, count in pairs]


def _dimensions(listed: Iterable[Mapping[str, str]]) -> Dimensions:
    return frozenset((dimension["Name"], dimension["Value"]) for dimension in listed)


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at

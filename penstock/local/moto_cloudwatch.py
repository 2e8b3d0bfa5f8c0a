"""moto's CloudWatch with an index, and with the one metric of SQS that the views ask for.

moto's own looks at every value once for each period of each query: with an hour's work in it, one look of a dashboard takes
seconds, during which nobody else gets an answer. Here values are kept as sums a minute. Only PutMetricData and GetMetricData
know of them, and only queries without expressions.
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import moto.cloudwatch.urls
from moto.cloudwatch.models import CloudWatchBackend, cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sqs.models import sqs_backends

from penstock.local.environment import REGION
from penstock.local.metrics import Metric, Sums

MINUTE = timedelta(minutes=1)
MAX_MINUTES = 15 * 24 * 60  # a metric: as long as AWS keeps minutes
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class IndexedCloudWatch(CloudWatchBackend):
    """The CloudWatch of one account and region."""

    _url_module = moto.cloudwatch.urls  # moto looks for it beside the class

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._metrics: defaultdict[Metric, dict[int, Sums]] = defaultdict(dict)

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        """Add to the minutes of each metric."""
        for datum in metric_data:
            minutes = self._metrics[_metric(namespace, datum)]
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
        metric = _metric(asked["Metric"]["Namespace"], asked["Metric"])
        period = timedelta(seconds=int(asked["Period"]))
        periods: defaultdict[datetime, Sums] = defaultdict(Sums)
        for minute, sums in self._minutes(metric).items():
            at = _EPOCH + minute * MINUTE
            if start <= at < end:
                periods[start + (at - start) // period * period].add(sums)
        return [(at, _statistic(sums, asked["Stat"])) for at, sums in periods.items()]

    def _minutes(self, metric: Metric) -> Mapping[int, Sums]:
        if metric[:2] == ("AWS/SQS", "ApproximateAgeOfOldestMessage") and metric not in self._metrics:
            return self._age_of_oldest_message(dict(metric.dimensions).get("QueueName", ""))
        return self._metrics.get(metric, {})

    def _age_of_oldest_message(self, name: str) -> Mapping[int, Sums]:
        queue = sqs_backends[self.account_id][self.region_name].queues.get(name)
        if queue is None:
            return {}
        now = time.time()
        age = now - min((message.sent_timestamp or 0 for message in queue._messages), default=now * 1000) / 1000
        return {int(now // 60): Sums.of([age])}


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


def _metric(namespace: str, named: Mapping[str, Any]) -> Metric:
    dimensions = frozenset((dimension["Name"], dimension["Value"]) for dimension in named.get("Dimensions", []))
    return Metric(namespace, named["MetricName"], dimensions)


def _statistic(sums: Sums, name: str) -> float:
    match name:
        case "Sum":
            return sums.total
        case "Average":
            return sums.total / sums.count
        case "Maximum":
            return sums.most
        case "Minimum":
            return sums.least
        case "SampleCount":
            return sums.count
    raise NotImplementedError(f"the statistic {name}")


def _aware(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at

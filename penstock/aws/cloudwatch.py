"""The numbers of the queues from Amazon CloudWatch: what the workers count, and SQS's own age of the oldest message."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from penstock.aws.errors import calling
from penstock.aws.metrics import DURATION, NAMESPACE, QUEUE_TIME, SERVICE, outcome_metric
from penstock.aws.reused import Reused, is_aws
from penstock.errors import Unavailable
from penstock.settings import Settings
from penstock.times import Clock, seconds
from penstock.watching import SHORTEST_PERIOD_SECONDS, Point, periods

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import (
        DimensionTypeDef,
        MetricDataQueryTypeDef,
        MetricStatTypeDef,
        MetricTypeDef,
    )

T = TypeVar("T")
Values = Mapping[datetime, float]

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_GetMetricData.html
MAX_QUERIES = 500  # a request
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
# So many seconds a period must have where the metrics are older than that: CloudWatch keeps no finer ones, and says nothing.
COARSER_WITH_AGE = ((timedelta(days=63), 3600), (timedelta(days=15), 300))
KEPT = timedelta(days=455)

# GetMetricData is billed a metric (0.01 USD for 1,000), and a dashboard asks every few seconds: so an answer is given again
# for a while, during which CloudWatch would hardly know more.
REUSED_SECONDS = 30
_INGESTION_SECONDS = 60  # from a function's log line to its metric, about: CloudWatch promises nothing
_LOCAL_REUSED_SECONDS = 1
_AGE_WINDOW = timedelta(minutes=10)  # SQS writes its metrics a minute at a time, some minutes late

_COUNTED = ("SUCCEEDED", "FAILED", "DEAD", "RETRYING")
_METRICS = (*((outcome_metric(outcome), "Sum") for outcome in _COUNTED), (DURATION, "Average"), (QUEUE_TIME, "Average"))


class CloudWatchStats:
    """A ``Stats`` over the queues of ``settings``; ``client`` makes the boto3 client, and is first called when it is needed."""

    def __init__(self, client: "Callable[[], CloudWatchClient]", settings: Settings, *, clock: Clock) -> None:
        self._client = client
        self._settings = settings
        self._clock = clock
        self._reused = Reused(clock, self._seconds_reused)

    @property
    def source(self) -> str:
        """CloudWatch, or who plays it."""
        host = self._host
        return "CloudWatch, about a minute behind" if is_aws(host) else f"the CloudWatch of {host}"

    @property
    def lag(self) -> int:
        """A minute for the metrics to arrive, and the time for which an answer is given again; seconds where AWS is played."""
        return _INGESTION_SECONDS + REUSED_SECONDS if is_aws(self._host) else 2 * _LOCAL_REUSED_SECONDS

    def series(self, queues: Sequence[str], *, since: datetime, until: datetime, period: int) -> dict[str, list[Point]]:
        """GetMetricData, six metrics a queue: one request for up to 83 queues, with pages where there are many points.

        A ValueError also where CloudWatch has no points so fine any more. Answers may be half a minute old.
        """
        starts = periods(since, until, period)
        self._check_age(starts[0], period)
        answer = self._reused.answer(
            ("series", *queues, starts[0], starts[-1], period), lambda: self._series(queues, starts, period)
        )
        return {queue: list(points) for queue, points in answer.items()}

    def oldest_age(self, queues: Sequence[str]) -> dict[str, int | None]:
        """The newest ApproximateAgeOfOldestMessage of the last ten minutes, by one request for up to 500 queues.

        SQS leaves out messages that were received more than three times without being deleted.
        """
        return dict(self._reused.answer(("age", *queues), lambda: self._oldest_age(queues)))

    def _series(self, queues: Sequence[str], starts: Sequence[datetime], period: int) -> dict[str, list[Point]]:
        queries = [
            _query(f"q{row}m{column}", NAMESPACE, name, self._dimensions(queue), period, statistic)
            for row, queue in enumerate(queues)
            for column, (name, statistic) in enumerate(_METRICS)
        ]
        found = self._ask(queries, starts[0], starts[-1] + seconds(period))
        return {
            queue: [_point(at, [found[f"q{row}m{column}"] for column in range(len(_METRICS))]) for at in starts]
            for row, queue in enumerate(queues)
        }

    def _oldest_age(self, queues: Sequence[str]) -> dict[str, int | None]:
        period = SHORTEST_PERIOD_SECONDS
        queries = [
            _query(f"q{row}", "AWS/SQS", "ApproximateAgeOfOldestMessage", [self._queue_name(queue)], period, "Maximum")
            for row, queue in enumerate(queues)
        ]
        now = self._clock()
        minutes = periods(now - _AGE_WINDOW, now, period)
        found = self._ask(queries, minutes[0], minutes[-1] + seconds(period))
        return {queue: _newest(found[f"q{row}"]) for row, queue in enumerate(queues)}

    def _ask(
        self, queries: "Sequence[MetricDataQueryTypeDef]", start: datetime, end: datetime
    ) -> defaultdict[str, dict[datetime, float]]:
        """Id of a query -> the values of its periods; nothing for a period without any."""
        found: defaultdict[str, dict[datetime, float]] = defaultdict(dict)
        for chunk in _chunks(queries):
            with calling("CloudWatch GetMetricData", NAMESPACE):
                for page in (
                    self._client()
                    .get_paginator("get_metric_data")
                    .paginate(MetricDataQueries=chunk, StartTime=start, EndTime=end)
                ):
                    for result in page["MetricDataResults"]:
                        if result["StatusCode"] == "InternalError":  # it comes with status 200, and without the values
                            raise Unavailable(f"CloudWatch could not answer {result['Label']!r}: try again later")
                        found[result["Id"]].update(zip(result["Timestamps"], result["Values"], strict=True))
        return found

    def _dimensions(self, queue: str) -> "list[DimensionTypeDef]":
        # In the order of the workers' documents: to CloudWatch it is a set, but moto 5.2 sorts it wrongly.
        return [
            {"Name": "queue", "Value": self._settings.queue(queue).physical_name},
            {"Name": "service", "Value": SERVICE},
        ]

    def _queue_name(self, queue: str) -> "DimensionTypeDef":
        return {"Name": "QueueName", "Value": self._settings.url(queue).rsplit("/", 1)[-1]}

    def _check_age(self, first: datetime, period: int) -> None:
        age = self._clock() - first
        if age > KEPT:
            raise ValueError(f"since={first.isoformat()}: CloudWatch keeps metrics for {KEPT.days} days")
        for older, coarser in COARSER_WITH_AGE:
            if age > older and period % coarser:
                raise ValueError(
                    f"period={period!r} since {first.isoformat()}: of metrics older than {older.days} days CloudWatch "
                    f"keeps periods of {coarser} s, so take a multiple of that"
                )

    def _seconds_reused(self) -> int:
        return REUSED_SECONDS if is_aws(self._host) else _LOCAL_REUSED_SECONDS

    @property
    def _host(self) -> str:
        return urlsplit(self._client().meta.endpoint_url).netloc


def _query(
    query_id: str,
    namespace: str,
    name: str,
    dimensions: "Sequence[DimensionTypeDef]",
    period: int,
    statistic: str,
) -> "MetricDataQueryTypeDef":
    metric: MetricTypeDef = {"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}
    stat: MetricStatTypeDef = {"Metric": metric, "Period": period, "Stat": statistic}
    return {"Id": query_id, "MetricStat": stat}


def _chunks(queries: "Sequence[MetricDataQueryTypeDef]") -> "Iterator[Sequence[MetricDataQueryTypeDef]]":
    return (queries[start : start + MAX_QUERIES] for start in range(0, len(queries), MAX_QUERIES))


def _point(at: datetime, metrics: Sequence[Values]) -> Point:
    succeeded, failed, dead, retried = (round(metric.get(at, 0)) for metric in metrics[: len(_COUNTED)])
    duration, queued = (metric.get(at) for metric in metrics[len(_COUNTED) :])
    return Point(
        at=at,
        succeeded=succeeded,
        failed=failed,
        dead=dead,
        retried=retried,
        duration_ms=None if duration is None else round(duration),
        queued_ms=None if queued is None else round(queued),
    )


def _newest(values: Values) -> int | None:
    return round(values[max(values)]) if values else None

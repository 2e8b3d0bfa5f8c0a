"""What CloudWatch's agent does at AWS: takes the metrics documents out of what functions print, and counts them.

A document is one line in the embedded metric format, which Powertools writes:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

FLUSH_SECONDS = 1.0
MAX_DATA = 1_000  # a request: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
_MINUTE_SECONDS = 60

Dimensions = frozenset[tuple[str, str]]


class Metric(NamedTuple):
    """A metric, as CloudWatch tells it from others."""

    namespace: str
    name: str
    dimensions: Dimensions


@dataclass(slots=True)
class Sums:
    """The values of one metric in a stretch of time."""

    count: float = 0
    total: float = 0
    least: float = float("inf")
    most: float = float("-inf")

    @classmethod
    def of(cls, values: Iterable[float]) -> "Sums":
        """The sums of some values."""
        sums = cls()
        for value in values:
            sums.add(cls(1, value, value, value))
        return sums

    def add(self, other: "Sums") -> None:
        """Take in the values of another stretch."""
        self.count += other.count
        self.total += other.total
        self.least = min(self.least, other.least)
        self.most = max(self.most, other.most)


class MetricsAgent:
    """Sends the metrics among the lines that it is given, at most once a second; safe between threads.

    Values of the same metric and minute go together, for each costs the one moto some of its time. What cannot be sent is
    told to ``on_error`` and forgotten: nothing waits for a metric.
    """

    def __init__(self, cloudwatch: "CloudWatchClient", *, on_error: Callable[[str], None]) -> None:
        self._cloudwatch = cloudwatch
        self._on_error = on_error
        self._lock = threading.Lock()
        self._pending: defaultdict[tuple[Metric, int], Sums] = defaultdict(Sums)
        self._told_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def take(self, line: str) -> bool:
        """True if ``line`` was a metrics document, which is then on its way; False for any other line."""
        found = read(line)
        with self._lock:
            for metric, minute, sums in found:
                self._pending[metric, minute].add(sums)
        return bool(found)

    def start(self) -> None:
        """Begin to send."""
        self._thread.start()

    def stop(self) -> None:
        """Send what is left, and no more."""
        self._told_to_stop.set()
        self._thread.join(timeout=2)
        self.flush()

    def flush(self) -> None:
        """Send what there is."""
        with self._lock:
            pending, self._pending = self._pending, defaultdict(Sums)
        data: defaultdict[str, list[MetricDatumTypeDef]] = defaultdict(list)
        for (metric, minute), sums in pending.items():
            data[metric.namespace].append(_datum(metric, minute, sums))
        try:
            for namespace, its_data in data.items():
                for start in range(0, len(its_data), MAX_DATA):
                    chunk = its_data[start : start + MAX_DATA]
                    self._cloudwatch.put_metric_data(Namespace=namespace, MetricData=chunk)
        except (BotoCoreError, ClientError) as error:
            self._on_error(f"metrics were lost: {error}")

    def _run(self) -> None:
        while not self._told_to_stop.wait(FLUSH_SECONDS):
            self.flush()


def read(line: str) -> list[tuple[Metric, int, Sums]]:
    """The metrics of a document, once for each of its dimension sets, with the minute since 1970; none if it is no document."""
    if not line.startswith("{") or '"CloudWatchMetrics"' not in line:
        return []
    try:
        return list(_read(json.loads(line)))
    except (ValueError, KeyError, TypeError, AttributeError):  # a line of a task's own that looks like one
        return []


def _read(document: Mapping[str, Any]) -> Iterator[tuple[Metric, int, Sums]]:
    minute = int(document["_aws"]["Timestamp"]) // (_MINUTE_SECONDS * 1000)
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = frozenset((name, str(document[name])) for name in names)
            for definition in directive["Metrics"]:
                value = document[definition["Name"]]
                sums = Sums.of(map(float, value if isinstance(value, list) else [value]))
                if sums.count:
                    yield Metric(directive["Namespace"], definition["Name"], dimensions), minute, sums


def _datum(metric: Metric, minute: int, sums: Sums) -> "MetricDatumTypeDef":
    return {
        "MetricName": metric.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in sorted(metric.dimensions)],
        "Timestamp": datetime.fromtimestamp(minute * _MINUTE_SECONDS, UTC),
        "StatisticValues": {
            "SampleCount": sums.count,
            "Sum": sums.total,
            "Minimum": sums.least,
            "Maximum": sums.most,
        },
    }

"""What CloudWatch's agent does at AWS: takes the metrics documents out of what functions print, and counts them.

A document is one line in the embedded metric format, which Powertools writes:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import json
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_cloudwatch import CloudWatchClient
    from mypy_boto3_cloudwatch.type_defs import MetricDatumTypeDef

FLUSH_SECONDS = 1.0
MAX_DATA = 1_000  # a request: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html


class MetricsAgent:
    """Sends the metrics among the lines that it is given, at most once a second; safe between threads.

    What cannot be sent is told to ``on_error`` and forgotten: nothing waits for a metric.
    """

    def __init__(self, cloudwatch: "CloudWatchClient", *, on_error: Callable[[str], None]) -> None:
        self._cloudwatch = cloudwatch
        self._on_error = on_error
        self._lock = threading.Lock()
        self._pending: defaultdict[str, list[MetricDatumTypeDef]] = defaultdict(list)
        self._told_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="metrics", daemon=True)

    def take(self, line: str) -> bool:
        """True if ``line`` was a metrics document, which is then on its way; False for any other line."""
        found = metric_data(line)
        with self._lock:
            for namespace, data in found.items():
                self._pending[namespace] += data
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
            pending, self._pending = self._pending, defaultdict(list)
        try:
            for namespace, data in pending.items():
                for start in range(0, len(data), MAX_DATA):
                    self._cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + MAX_DATA])
        except (BotoCoreError, ClientError) as error:
            self._on_error(f"metrics were lost: {error}")

    def _run(self) -> None:
        while not self._told_to_stop.wait(FLUSH_SECONDS):
            self.flush()


def metric_data(line: str) -> "dict[str, list[MetricDatumTypeDef]]":
    """Namespace -> the data of a metrics document, once for each of its dimension sets; nothing if it is none."""
    if not line.startswith("{") or '"CloudWatchMetrics"' not in line:
        return {}
    try:
        document = json.loads(line)
        at = datetime.fromtimestamp(document["_aws"]["Timestamp"] / 1000, UTC)
        found: defaultdict[str, list[MetricDatumTypeDef]] = defaultdict(list)
        for directive in document["_aws"]["CloudWatchMetrics"]:
            found[directive["Namespace"]] += _data(document, directive, at)
    except (ValueError, KeyError, TypeError, AttributeError):  # a line of a task's own that looks like one
        return {}
    return found


def _data(document: dict[str, Any], directive: dict[str, Any], at: datetime) -> "Iterator[MetricDatumTypeDef]":
    for names in directive["Dimensions"]:
        for metric in directive["Metrics"]:
            value = document[metric["Name"]]
            yield {
                "MetricName": metric["Name"],
                "Unit": metric.get("Unit", "None"),
                "Timestamp": at,
                "Values": value if isinstance(value, list) else [value],
                "Dimensions": [{"Name": name, "Value": str(document[name])} for name in names],
            }

"""What deliveries count, printed as documents of the embedded metric format: CloudWatch takes metrics out of any such log line.

Powertools writes them. One document a batch has the queue as its dimension; where the settings say ``task_metrics``, one more
for each of its tasks has the task too. The format:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
"""

import sys
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

from penstock.app import Penstock
from penstock.aws.metrics import DURATION, NAMESPACE, QUEUE_TIME, SERVICE, outcome_metric
from penstock.registry import Registry
from penstock.states import Status
from penstock.telemetry import RunEvent

MAX_VALUES_A_METRIC = 100  # of the embedded metric format
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_Dimension.html: ASCII, and so many characters.
MAX_DIMENSION_CHARACTERS = 1024


def count(tasks: Penstock, events: Sequence[RunEvent]) -> None:
    """Print what ``events``, all of one queue, count; nothing where there are none."""
    if not events:
        return
    settings = tasks.ports.settings
    queue = settings.queue(events[0].queue).physical_name
    _print(events, {"queue": queue})
    if settings.task_metrics:
        for name, its_events in _by_task(events, tasks.registry).items():
            _print(its_events, {"queue": queue, "task": _ascii(name)})
    sys.stdout.flush()  # a container's stdout is a pipe, which Python would keep back until it is full


def _by_task(events: Sequence[RunEvent], registry: Registry) -> Mapping[str, Sequence[RunEvent]]:
    """The events that settled a status, by task.

    Only of tasks that are registered here: a message can name any, and each name would be billed. And only statuses: what
    was done without a run (BUSY, BURNED, HANDED_BACK) is the queue's matter.
    """
    found: defaultdict[str, list[RunEvent]] = defaultdict(list)
    for event in events:
        if event.task in registry and event.outcome in Status.__members__:
            found[event.task].append(event)
    return found


def _print(events: Sequence[RunEvent], dimensions: Mapping[str, str]) -> None:
    metrics = EphemeralMetrics(namespace=NAMESPACE, service=SERVICE)
    for name, value in dimensions.items():
        metrics.add_dimension(name=name, value=value)
    for outcome, number in Counter(event.outcome for event in events).items():
        metrics.add_metric(name=outcome_metric(outcome), unit=MetricUnit.Count, value=number)
    for event in [event for event in events if event.attempt and event.duration_ms][:MAX_VALUES_A_METRIC]:
        metrics.add_metric(name=DURATION, unit=MetricUnit.Milliseconds, value=event.duration_ms)
        metrics.add_metric(name=QUEUE_TIME, unit=MetricUnit.Milliseconds, value=event.queued_ms)
    if metrics.metric_set:  # at the hundredth value Powertools has printed it already
        metrics.flush_metrics()


def _ascii(name: str) -> str:
    return name.encode("ascii", "backslashreplace").decode()[:MAX_DIMENSION_CHARACTERS]

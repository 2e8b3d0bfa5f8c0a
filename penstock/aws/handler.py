"""The worker's entry point on Lambda: Powertools at the edge, Penstock inside.

Powertools writes the JSON log lines, the metrics document and nothing else; the decisions are made in penstock.batch.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, cast

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from penstock import __version__
from penstock.app import Penstock
from penstock.aws.connection import connect
from penstock.aws.logs import speak_through
from penstock.aws.metrics import DURATION, NAMESPACE, QUEUE_TIME, SERVICE, outcome_metric
from penstock.batch import process
from penstock.execution import Invocation
from penstock.settings import Settings
from penstock.telemetry import RunEvent
from penstock.versions import FUNCTION, Announcement

MAX_VALUES_A_METRIC = 100  # of the embedded metric format
# One write to a table that does not answer takes seven seconds (CLIENT_CONFIG): a batch's answer must not wait for it.
ANNOUNCING_SECONDS = 8.0


def worker(tasks: Penstock) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """See ``penstock.aws.lambda_handler``."""
    if not tasks.is_connected:
        connect(tasks)
    logger = Logger(service=SERVICE)
    speak_through(logger)
    metrics = Metrics(namespace=NAMESPACE, service=SERVICE)
    announcement = Announcement(tasks.ports, kind=FUNCTION, version=__version__)

    @logger.inject_lambda_context(clear_state=True)
    @metrics.log_metrics(raise_on_empty_metrics=False)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        invocation = Invocation(context.aws_request_id, lambda: context.get_remaining_time_in_millis() / 1000)
        report = process(tasks, event, invocation)
        _count(report.events, metrics, tasks.ports.settings)
        if invocation.remaining() > ANNOUNCING_SECONDS:
            announcement.make(event.queue for event in report.events)
        return dict(report.response())

    return cast(
        "Callable[[Mapping[str, Any], Any], dict[str, Any]]", handler
    )  # Powertools' decorators lose the signature


def _count(events: tuple[RunEvent, ...], metrics: Metrics, settings: Settings) -> None:
    """One metrics document a batch, with the queue as its dimension.

    Not the task: CloudWatch bills each combination of metric and dimensions (0.30 USD a month), and a document holds one.
    """
    if not events:
        return
    metrics.add_dimension(name="queue", value=settings.queue(events[0].queue).physical_name)
    for outcome, count in Counter(event.outcome for event in events).items():
        metrics.add_metric(name=outcome_metric(outcome), unit=MetricUnit.Count, value=count)
    for event in [event for event in events if event.attempt and event.duration_ms][:MAX_VALUES_A_METRIC]:
        metrics.add_metric(name=DURATION, unit=MetricUnit.Milliseconds, value=event.duration_ms)
        metrics.add_metric(name=QUEUE_TIME, unit=MetricUnit.Milliseconds, value=event.queued_ms)

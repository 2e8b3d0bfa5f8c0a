"""The worker's entry point on Lambda: Powertools at the edge, Penstock inside.

Powertools writes the JSON log lines, the metrics documents and nothing else; the decisions are made in penstock.batch.
"""

from collections.abc import Callable, Mapping
from typing import Any, cast

from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from penstock import __version__
from penstock.app import Penstock
from penstock.aws import emf
from penstock.aws.connection import connect
from penstock.aws.logs import speak_through
from penstock.aws.metrics import SERVICE
from penstock.batch import process
from penstock.execution import Invocation
from penstock.versions import FUNCTION, Announcement

# One write to a table that does not answer takes seven seconds (CLIENT_CONFIG): a batch's answer must not wait for it.
ANNOUNCING_SECONDS = 8.0


def worker(tasks: Penstock) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """See ``penstock.aws.lambda_handler``."""
    if not tasks.is_connected:
        connect(tasks)
    logger = Logger(service=SERVICE)
    speak_through(logger)
    announcement = Announcement(tasks.ports, kind=FUNCTION, version=__version__)

    @logger.inject_lambda_context(clear_state=True)
    def handler(event: Mapping[str, Any], context: LambdaContext) -> dict[str, Any]:
        invocation = Invocation(context.aws_request_id, lambda: context.get_remaining_time_in_millis() / 1000)
        report = process(tasks, event, invocation)
        emf.count(tasks, report.events)
        if invocation.remaining() > ANNOUNCING_SECONDS:
            announcement.make(event.queue for event in report.events)
        return dict(report.response())

    return cast(
        "Callable[[Mapping[str, Any], Any], dict[str, Any]]", handler
    )  # Powertools' decorator loses the signature

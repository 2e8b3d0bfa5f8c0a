"""The reconciler's entry point on Lambda, called by a schedule and by the alarm on a dead-letter queue."""

from collections.abc import Callable, Mapping
from typing import Any, cast

import msgspec
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from penstock.app import Penstock
from penstock.aws.connection import connect
from penstock.aws.logs import speak_through
from penstock.aws.metrics import SERVICE
from penstock.errors import PenstockError
from penstock.reconcile import reconcile


def reconciler(tasks: Penstock) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """See ``penstock.aws.reconciler_handler``."""
    if not tasks.is_connected:
        connect(tasks)
    logger = Logger(service=SERVICE)
    speak_through(logger)

    @logger.inject_lambda_context(clear_state=True)
    def handler(_event: Mapping[str, Any], _context: LambdaContext) -> dict[str, Any]:
        looked_at, failed = [], []
        for queue in tasks.ports.settings.queues:
            try:
                looked_at.append(msgspec.to_builtins(reconcile(tasks, queue)))
            except PenstockError as error:  # one queue that cannot be read must not keep the others from their look
                logger.exception("the dead letters of %s could not be looked at", queue)
                failed.append(f"{queue}: {error}")
        logger.info("dead letters", extra={"queues": looked_at})
        if failed:
            raise PenstockError("; ".join(failed))  # the function's error metric, and with it the alarm, counts it
        return {"queues": looked_at}

    return cast("Callable[[Mapping[str, Any], Any], dict[str, Any]]", handler)

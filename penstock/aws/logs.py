"""Powertools' Logger as the one voice of a function's process."""

import logging

from aws_lambda_powertools import Logger

from penstock.telemetry import CurrentTaskFilter


def speak_through(logger: Logger) -> None:
    """Have every logger of the process write through Powertools' handler, with task id and attempt on each line."""
    own = logger.registered_handler
    own.addFilter(CurrentTaskFilter())
    root = logging.getLogger()
    root.handlers = [own]  # Lambda's own handler would write each line a second time
    root.setLevel(logger.log_level)
    logging.getLogger("botocore").setLevel(logging.WARNING)  # it tells at INFO where it found its credentials
    logging.getLogger(logger.name).propagate = False  # it has the handler itself

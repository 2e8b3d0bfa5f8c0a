"""Penstock on AWS: the only place in the library that imports boto3."""

from collections.abc import Callable, Mapping
from typing import Any

from penstock.app import Penstock
from penstock.aws.connection import connect

__all__ = ["connect", "lambda_handler", "reconciler_handler"]


def lambda_handler(tasks: Penstock) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """The whole worker: ``handler = lambda_handler(tasks)`` is a Lambda function for any SQS event source mapping.

    Connects ``tasks`` from the environment at import, in the time that Lambda gives to initialisation.
    """
    from penstock.aws.handler import worker  # Powertools is for workers: the web neither has nor pays for it

    return worker(tasks)


def reconciler_handler(tasks: Penstock) -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """The whole reconciler: a Lambda function that looks at the dead letters of every queue, whatever event wakes it."""
    from penstock.aws.reconciler import reconciler  # as above

    return reconciler(tasks)

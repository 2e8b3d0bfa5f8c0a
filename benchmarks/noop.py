"""The smallest project there is: one task that does nothing, its worker and a web that only says that it is there."""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

from penstock import Penstock
from penstock.aws import lambda_handler

tasks = Penstock()


@tasks.task
def nothing() -> None:
    """Do nothing."""


def handler(event: Mapping[str, Any], context: Any) -> dict[str, Any]:
    """The worker: made at the first call, because the benchmark imports this module before there is a stack."""
    return worker()(event, context)


@cache
def worker() -> Callable[[Mapping[str, Any], Any], dict[str, Any]]:
    """The one handler of this process."""
    return lambda_handler(tasks)


def web(_environ: Mapping[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """A WSGI application for the stack's health check."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]

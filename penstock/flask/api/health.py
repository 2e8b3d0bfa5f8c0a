"""Health: do the table and the queues answer."""

import logging
from collections.abc import Callable
from functools import partial
from typing import TypedDict

from flask import Blueprint, abort

from penstock.errors import PenstockError
from penstock.flask.access import Mounted, Role
from penstock.flask.api.routes import route
from penstock.flask.problems import problem

_NO_TASK = "health"  # asked for, never there: one read of the table

logger: logging.Logger = logging.getLogger("penstock")


class Health(TypedDict):
    """``ok`` for the table and each queue, where all are."""

    table: str
    queues: dict[str, str]


def add_views(api: Blueprint, mount: Mounted) -> None:
    """One request to the table and one to each queue."""

    @api.get("/health")
    @route(Role.VIEWER)
    def health() -> Health:
        """Whether the table and the queues answer; 503 with the same members where one does not."""
        ports = mount.tasks.ports
        queues = {name: _state(partial(ports.transport.depth, name)) for name in ports.settings.queues}
        found: Health = {"table": _state(partial(ports.results.get, _NO_TASK)), "queues": queues}
        if {found["table"], *queues.values()} != {"ok"}:
            abort(problem(503, "not everything answers; the server's log says why", **found))
        return found


def _state(ask: Callable[[], object]) -> str:
    try:
        ask()
    except PenstockError as error:
        logger.warning("health: %s", error)
        return type(error).__name__
    return "ok"

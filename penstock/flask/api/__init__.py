"""The HTTP API for other programs, at ``<prefix>/api/v1``. Errors are application/problem+json.

One module a resource: a function that adds its views to the blueprint, each with its ``@route``, which says who may call it. A
new one goes into ``RESOURCES``, and is then in openapi.json too.
"""

import logging
from collections.abc import Callable

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, default_exceptions

from penstock.enqueue import MAX_MESSAGE_BYTES
from penstock.errors import PenstockError
from penstock.flask.access import Mounted, guard
from penstock.flask.access.headers import add_headers
from penstock.flask.api import (
    actions,
    audit,
    dead_letters,
    enqueue,
    errors,
    health,
    openapi,
    operations,
    queues,
    redrives,
    registry,
    stats,
    tasks,
)
from penstock.flask.problems import of_http_error, of_penstock_error, problem

NAME = "penstock_api"

# A message is ASCII with escapes, a request may be UTF-8: no valid one is larger, and reading stops there.
MAX_REQUEST_BYTES = 2 * MAX_MESSAGE_BYTES

RESOURCES: tuple[Callable[[Blueprint, Mounted], None], ...] = (
    tasks.add_views,
    enqueue.add_views,
    actions.add_views,
    dead_letters.add_views,
    queues.add_views,
    redrives.add_views,
    errors.add_views,
    operations.add_views,
    registry.add_views,
    stats.add_views,
    health.add_views,
    audit.add_views,
    openapi.add_views,
)

logger: logging.Logger = logging.getLogger("penstock")


def blueprint(mount: Mounted) -> Blueprint:
    """The API of one app, closed to strangers."""
    api = Blueprint(NAME, __name__, url_prefix=f"{mount.prefix}/api/v1", template_folder="templates")
    add_headers(api)
    guard(api)

    @api.before_request
    def limit_size() -> None:
        request.max_content_length = MAX_REQUEST_BYTES

    for add_views in RESOURCES:
        add_views(api, mount)
    api.register_error_handler(PenstockError, _of_penstock_error)
    for code in default_exceptions:  # one by one: for a code of its own the app's page would come first
        api.register_error_handler(code, _of_http_error)
    return api


def _of_penstock_error(error: PenstockError) -> Response:
    answer = of_penstock_error(error)
    if answer is None:
        logger.error("the API cannot serve %s: %s", request.path, error, exc_info=error)
        return problem(500, "the server is not set up for this; its log says why")
    return answer


def _of_http_error(error: HTTPException) -> Response:
    if error.code == 405 or request.endpoint == f"{NAME}.nothing":
        error.description = f"{error.description} GET openapi.json lists every path and method of this API"
    return of_http_error(error)

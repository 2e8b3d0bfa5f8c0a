"""Tasks over HTTP, for other programs.

::

    POST /api/v1/tasks        {"task": "make_thumbnails", "args": ["cat.jpg"], "kwargs": {"widths": [320]}}
                              also "delay" (seconds) or "run_after" (ISO 8601 with offset), "task_id"
        202  Location: /api/v1/tasks/<id>, and the status document
    GET /api/v1/tasks/<id>
        200  {"id", "task", "queue", "status", "attempts", "progress", "result", "error", ...}

Errors are application/problem+json.
"""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.exceptions import BadRequest, HTTPException

from penstock.app import Penstock
from penstock.enqueue import MAX_MESSAGE_BYTES
from penstock.envelope import JSON
from penstock.errors import ConfigurationError, InvalidOption, PenstockError
from penstock.flask import documents
from penstock.flask.problems import of_http_error, of_penstock_error, problem

logger = logging.getLogger("penstock")

# Reading stops there. It is what a message takes, and room for spaces; larger data goes straight to S3, its key into the call.
MAX_REQUEST_BYTES = 2 * MAX_MESSAGE_BYTES


@dataclass(frozen=True, slots=True)
class _Request:
    """The body of a POST, its members of the right type."""

    task: str
    args: list[JSON] = field(default_factory=list)
    kwargs: dict[str, JSON] = field(default_factory=dict)
    delay: int | None = None
    run_after: datetime | None = None
    task_id: str | None = None


def api(tasks: Penstock, *, allow: Collection[str], authorize: Callable[[], None]) -> Blueprint:
    """A blueprint with which other programs enqueue the tasks named in ``allow`` and read where any task stands.

    ``authorize`` is called before every request and refuses with ``flask.abort`` (401, 403); nothing is told to whom it
    refuses. ConfigurationError where ``allow`` names a task that is not there.
    """
    for name in allow:
        if name not in tasks.registry:
            raise ConfigurationError(f"the API's allow-list names {name!r}, but no such task is registered")
    blueprint = Blueprint("penstock_api", __name__, url_prefix="/api/v1")

    @blueprint.before_request
    def prepare() -> None:
        request.max_content_length = MAX_REQUEST_BYTES
        authorize()

    @blueprint.post("/tasks")
    def enqueue() -> Response:
        wanted = _read(_json())
        if wanted.task not in allow:
            known = wanted.task in tasks.registry
            words = (
                f"the task {wanted.task!r:.100} may not be enqueued here" if known else f"no task {wanted.task!r:.100}"
            )
            return problem(403 if known else 404, f"{words}; these may: {', '.join(sorted(allow))}")
        task = tasks.registry[wanted.task]
        args, kwargs = task.codec.decode_arguments(wanted.args, wanted.kwargs)
        options = task.using(delay=wanted.delay, run_after=wanted.run_after, task_id=wanted.task_id)
        result = options.enqueue(*args, **kwargs)
        response = jsonify(documents.status(result) | {"created": result.created})
        response.status_code = 202
        response.headers["Location"] = url_for(".status", task_id=result.id)
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.get("/tasks/<task_id>")
    def status(task_id: str) -> Response:
        response = jsonify(documents.status(tasks.result(task_id)))
        response.headers["Cache-Control"] = "no-store"
        return response

    @blueprint.errorhandler(PenstockError)
    def refused(error: PenstockError) -> Response:
        answer = of_penstock_error(error)
        if answer is None:
            logger.error("the API cannot serve %s: %s", request.path, error, exc_info=error)
            return problem(500, "the server is not set up for this; its log says why")
        return answer

    blueprint.register_error_handler(HTTPException, of_http_error)
    return blueprint


_TYPES: dict[str, tuple[type, str]] = {
    "task": (str, "text"),
    "args": (list, "a list"),
    "kwargs": (dict, "an object"),
    "delay": (int, "a whole number of seconds"),
    "run_after": (str, "text, such as 2026-11-21T04:36:38Z"),
    "task_id": (str, "text"),
}


def _json() -> Any:
    try:
        return request.get_json()
    except RecursionError:  # Flask leaves this one to the server's error page
        raise BadRequest("the JSON is nested too deeply") from None


def _read(body: Any) -> _Request:
    """BadRequest where the body has another form than the API's."""
    if not isinstance(body, dict):
        raise BadRequest('the body must be a JSON object, such as {"task": "name", "args": [], "kwargs": {}}')
    if unknown := body.keys() - _TYPES.keys():
        raise BadRequest(f"unknown members {sorted(unknown)!r:.200}; known ones are {', '.join(_TYPES)}")
    if "task" not in body:
        raise BadRequest("the member 'task' is missing: the name of the task to enqueue")
    for name, value in body.items():
        kind, words = _TYPES[name]
        if not isinstance(value, kind) or isinstance(value, bool):
            raise BadRequest(f"{name!r} must be {words}, not {value!r:.100}")
    if "run_after" in body:
        body = body | {"run_after": _time(body["run_after"])}
    return _Request(**body)


def _time(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        raise InvalidOption(f"run_after={text!r:.100} is not an ISO 8601 time such as 2026-11-21T04:36:38Z") from None

"""Tasks over HTTP.

::

    POST tasks        {"task": "make_thumbnails", "args": ["cat.jpg"], "kwargs": {"widths": [320]}}
                      also "delay" (seconds) or "run_after" (ISO 8601 with offset), "task_id"
        202  Location: tasks/<id>, and the status document
    GET tasks/<id>
        200  {"id", "task", "queue", "status", "attempts", "progress", "result", "error", ...}
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, jsonify, request, url_for
from werkzeug.exceptions import BadRequest

from penstock.envelope import JSON
from penstock.errors import InvalidOption
from penstock.flask import documents
from penstock.flask.access import Mounted, Role, acted, requires
from penstock.flask.problems import problem


@dataclass(frozen=True, slots=True)
class _Request:
    """The body of a POST, its members of the right type."""

    task: str
    args: list[JSON] = field(default_factory=list)
    kwargs: dict[str, JSON] = field(default_factory=dict)
    delay: int | None = None
    run_after: datetime | None = None
    task_id: str | None = None


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Enqueue the tasks that the mount allows, and read where any task stands."""
    tasks, allow = mount.tasks, mount.allow_enqueue

    @api.post("/tasks")
    @requires(Role.OPERATOR)
    def enqueue() -> Response:
        wanted = _read(_json())
        if wanted.task not in allow:
            known = wanted.task in tasks.registry
            words = (
                f"the task {wanted.task!r:.100} may not be enqueued here" if known else f"no task {wanted.task!r:.100}"
            )
            return problem(403 if known else 404, f"{words}; these may: {', '.join(sorted(allow)) or 'none'}")
        task = tasks.registry[wanted.task]
        args, kwargs = task.codec.decode_arguments(wanted.args, wanted.kwargs)
        options = task.using(delay=wanted.delay, run_after=wanted.run_after, task_id=wanted.task_id)
        result = options.enqueue(*args, **kwargs)
        acted("enqueue", result.id, task=wanted.task, created=result.created)
        response = jsonify(documents.status(result) | {"created": result.created})
        response.status_code = 202
        response.headers["Location"] = url_for(".status", task_id=result.id)
        return response

    @api.get("/tasks/<task_id>")
    @requires(Role.VIEWER)
    def status(task_id: str) -> Response:
        return jsonify(documents.status(tasks.result(task_id)))


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

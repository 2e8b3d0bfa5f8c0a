"""One task: where it stands, what it tried, what it got and gave, and what can be done with it."""

import shlex
from typing import Any

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue
from msgspec import Struct
from werkzeug.exceptions import NotFound

from penstock.app import Penstock
from penstock.envelope import ID, JSON
from penstock.errors import PenstockError
from penstock.flask import documents
from penstock.flask.access import Mounted, Role, requires
from penstock.flask.dashboard import charts, console
from penstock.flask.dashboard.answers import part, version_of
from penstock.flask.dashboard.charts import Span
from penstock.flask.dashboard.listing import line_of
from penstock.flask.dashboard.tree import Node, tree
from penstock.record import AttemptRow, TaskRow
from penstock.result import TaskResult
from penstock.states import Status
from penstock.times import milliseconds_between, seconds

MAX_ATTEMPTS_SHOWN = 50
# What may be done with a task that reads so.
_ACTIONS: dict[Status, tuple[str, ...]] = {
    Status.DEAD: ("retry", "edit", "discard"),
    Status.SCHEDULED: ("cancel",),
    Status.QUEUED: ("cancel",),
    Status.RUNNING: ("cancel",),
    Status.RETRYING: ("cancel",),
    Status.SUCCEEDED: ("forget",),
    Status.FAILED: ("forget",),
    Status.CANCELLED: ("forget",),
}


class Attempt(Struct, frozen=True):
    """A failed attempt, and where its log lines are (empty: not at AWS)."""

    row: AttemptRow
    logs_url: str


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The page and its live part."""
    tasks = mount.tasks

    @dashboard.get("/tasks/<task_id>")
    @requires(Role.VIEWER)
    def task(task_id: str) -> str:
        result = _result(tasks, task_id)
        row, attempts = result.row, result.errors
        return render_template(
            "penstock/task.html",
            **_shown(result),
            line=line_of(row, tasks.ports.settings, tasks.ports.clock()),
            attempts=_attempts(tasks, row, attempts[-MAX_ATTEMPTS_SHOWN:]),
            earlier=max(0, len(attempts) - MAX_ATTEMPTS_SHOWN),
            timeline=_timeline(row, attempts[-MAX_ATTEMPTS_SHOWN:]),
            arguments=_tree(documents.arguments(row, tasks.registry)),
            outcome=_outcome(result),
            actions=_ACTIONS.get(result.status, ()),
            **_commands(mount, task_id),
        )

    @dashboard.get("/tasks/<task_id>/status")
    @requires(Role.VIEWER)
    def task_status(task_id: str) -> ResponseReturnValue:
        shown = _shown(_result(tasks, task_id))
        if request.args.get("of", shown["turn"]) != shown["turn"]:  # more has changed than this part shows
            return Response(status=204, headers={"HX-Refresh": "true"})
        return part("penstock/parts/task_status.html", **shown)


def _result(tasks: Penstock, task_id: str) -> TaskResult[Any]:
    if not ID.fullmatch(task_id):
        raise NotFound("That is no task id.")
    return tasks.result(task_id)


def _shown(result: TaskResult[Any]) -> dict[str, Any]:
    row, status = result.row, result.status
    turn = version_of(status, row.attempts, row.cancel_requested, row.retry_sent_at, row.forgotten_at)
    return {"row": row, "status": status, "turn": turn, "is_live": not status.is_final, "seen": version_of(row, status)}


def _attempts(tasks: Penstock, row: TaskRow, attempts: list[AttemptRow]) -> list[Attempt]:
    """Newest first: it is what one looks for."""
    function = _function(tasks, row.queue) if attempts else ""
    settings = tasks.ports.settings
    return [Attempt(one, console.logs_url(settings, function, one.request_id)) for one in reversed(attempts)]


def _function(tasks: Penstock, queue: str) -> str:
    """The Lambda function that works on ``queue``; empty where that cannot be read: a link less."""
    if not tasks.ports.settings.region or queue not in tasks.ports.settings.queues:
        return ""
    try:
        mapping = tasks.ports.mappings.get(queue)
    except PenstockError:
        return ""
    return "" if mapping is None else mapping.function


def _timeline(row: TaskRow, attempts: list[AttemptRow]) -> str:
    spans = [Span(one.number, one.outcome, one.started_at, one.duration_ms) for one in attempts]
    if row.status is Status.SUCCEEDED and row.finished_at is not None:
        ran = row.duration_ms or 0
        spans.append(Span(row.attempts, row.status, row.finished_at - seconds(ran / 1_000), ran))
    return charts.timeline(spans, row.created_at) if spans else ""


def _tree(value: JSON) -> list[Node]:
    return [] if value is None else tree(value)


def _outcome(result: TaskResult[Any]) -> dict[str, Any]:
    document = documents.status(result)
    waited = None if result.row.sent_at is None else milliseconds_between(result.row.created_at, result.row.sent_at)
    return {
        "has_result": result.status is Status.SUCCEEDED and result.row.forgotten_at is None,
        "result": tree(document["result"]),
        "result_error": document["result_error"],
        "waited_ms": waited,
    }


def _commands(mount: Mounted, task_id: str) -> dict[str, str]:
    api = f"{request.url_root.rstrip('/')}{mount.prefix}/api/v1/tasks/{task_id}"
    header = "-H 'Authorization: Bearer '\"$PENSTOCK_API_KEY\""
    name = shlex.quote(task_id)
    return {
        "json_url": f"{request.script_root}{mount.prefix}/api/v1/tasks/{task_id}",
        "curl_show": f"curl {header} {shlex.quote(api)}",
        "curl_retry": f"curl -X POST {header} {shlex.quote(api + '/retries')}",
        "cli_show": f"flask penstock show {name}",
        "cli_retry": f"flask penstock retry {name}",
    }

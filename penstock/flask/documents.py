"""Tasks as JSON documents: what the HTTP API answers and ``flask penstock --json`` prints. Their shapes are in shapes.py."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

import msgspec

from penstock.audit import AuditLine
from penstock.dead_letters import Explanation
from penstock.doctor import Report, Severity
from penstock.envelope import JSON, MAX_DEPTH, Envelope, is_deeper
from penstock.error_groups import ErrorGroup
from penstock.errors import EnvelopeError, ResultError
from penstock.flask import shapes
from penstock.operations import Operation
from penstock.ports import QueueAttributes
from penstock.queues import QueueView, Workers, differences
from penstock.record import AttemptRow, ErrorSummary, Progress, TaskRow
from penstock.redaction import redact
from penstock.registry import Registry
from penstock.result import TaskResult
from penstock.states import Status
from penstock.times import to_text
from penstock.watching import Mapping as EventSourceMapping
from penstock.watching import Point

Document = Mapping[str, JSON]

# Whether Python writes such a value as JSON depends on the stack at that moment.
_TOO_DEEP = f"the value is nested more than {MAX_DEPTH} levels deep, which is not shown: TaskResult.return_value has it"


def status(result: TaskResult[Any]) -> shapes.TaskStatus:
    """Where a task stands. ``result``, secrets redacted, is there once it SUCCEEDED; ``result_error`` where it is not shown."""
    row = result.row
    value, error = _result(result)
    return {
        "id": result.id,
        "task": result.task,
        "queue": result.queue,
        "status": result.status,
        "attempts": result.attempts,
        "progress": _progress(result.progress),
        "result": value,
        "result_error": error,
        "error": _error(result.error),
        "created_at": to_text(row.created_at),
        "finished_at": None if row.finished_at is None else to_text(row.finished_at),
        "duration_ms": row.duration_ms,
    }


def death(row: TaskRow) -> shapes.Death:
    """One line of the list of dead letters."""
    return {
        "id": row.task_id,
        "task": row.task,
        "queue": row.queue,
        "attempts": row.attempts,
        "error": _error(row.error),
        "reason": row.error.reason if row.error else None,
        "failed_at": None if row.failed_at is None else to_text(row.failed_at),
    }


def explanation(explained: Explanation, registry: Registry) -> shapes.Explanation:
    """Why a task died: its error, arguments (as in ``arguments``) and failed attempts, and what to do next."""
    row = explained.row
    return {
        **death(row),
        "status": row.status,
        "arguments": arguments(row, registry),
        "errors": [_attempt(attempt) for attempt in explained.attempts],
        "advice": explained.advice,
    }


def task(row: TaskRow, status: Status) -> shapes.Task:
    """One line of a list of tasks; ``status`` is how the row reads now."""
    return {
        "id": row.task_id,
        "task": row.task,
        "queue": row.queue,
        "status": status,
        "attempts": row.attempts,
        "attempts_left": row.attempts_left,
        "tags": list(row.tags),
        "progress": _progress(row.progress),
        "error": _grouped_error(row.error),
        "created_at": to_text(row.created_at),
        "run_after": _at(row.run_after),
        "retry_at": _at(row.retry_at),
        "lease_expires_at": _at(row.lease_expires_at),
        "finished_at": _at(row.finished_at),
        "failed_at": _at(row.failed_at),
        "retry_sent_at": _at(row.retry_sent_at),
        "forgotten_at": _at(row.forgotten_at),
        "duration_ms": row.duration_ms,
        "origin": row.origin,
        "sensitive": row.sensitive,
        "cancel_requested": row.cancel_requested,
    }


def shown_task(result: TaskResult[Any], registry: Registry) -> shapes.ShownTask:
    """One task with its result and its arguments (as in ``arguments``), secrets redacted."""
    value, error = _result(result)
    return {
        **task(result.row, result.status),
        "result": value,
        "result_error": error,
        "arguments": arguments(result.row, registry),
    }


def attempt(attempt: AttemptRow) -> shapes.Attempt:
    """One failed attempt, with its traceback."""
    return _attempt(attempt)


def error_group(group: ErrorGroup) -> shapes.ErrorGroup:
    """One kind of error in a window of time; ``slots`` are the counts of each ten minutes in which it came."""
    return {
        "fingerprint": group.fingerprint,
        "task": group.task,
        "type": group.type,
        "message": group.message,
        "frame": group.frame,
        "attempts": group.attempts,
        "dead": group.dead,
        "first_at": to_text(group.first_at),
        "last_at": to_text(group.last_at),
        "slots": {to_text(at): count for at, count in sorted(group.slots.items())},
    }


def operation(operation: Operation) -> shapes.Operation:
    """How far a retry or discard of many is."""
    return {
        "id": operation.id,
        "kind": operation.kind,
        "by": operation.by,
        "driver": operation.driver,
        "state": operation.state,
        "search": operation.search or None,
        "chosen": list(operation.chosen) or None,
        "total": operation.total,
        "counted_all": operation.counted_all,
        "done": operation.done,
        "skipped": operation.skipped,
        "failed": operation.failed,
        "note": operation.note or None,
        "started_at": to_text(operation.started_at),
        "updated_at": to_text(operation.updated_at),
    }


def queue(view: QueueView) -> shapes.Queue:
    """One queue: live, and as it has done."""
    return {
        "name": view.name,
        "paused": view.workers.is_paused,
        "live": _attributes(view.live),
        "dead_letters": _attributes(view.letters),
        "workers": workers(view.workers),
        "oldest_age": view.oldest_age,
        "points": [point(each) for each in view.points],
        "differences": differences(view),
        "problems": view.problems,
    }


def workers(workers: Workers) -> shapes.Workers:
    """What works on a queue."""
    processes = workers.processes
    return {
        "paused": workers.is_paused,
        "mapping": None if workers.mapping is None else _mapping(workers.mapping),
        "processes": None if processes is None else {"running": processes.running, "paused": processes.paused},
    }


def _mapping(mapping: EventSourceMapping) -> shapes.EventSource:
    return {
        "enabled": mapping.enabled,
        "state": mapping.state,
        "function": mapping.function,
        "batch_size": mapping.batch_size,
        "batch_window": mapping.batch_window,
        "max_concurrency": mapping.max_concurrency,
        "reports_failures": mapping.reports_failures,
    }


def point(point: Point) -> shapes.Point:
    """One period of a queue."""
    return {
        "at": to_text(point.at),
        "succeeded": point.succeeded,
        "failed": point.failed,
        "dead": point.dead,
        "retried": point.retried,
        "duration_ms": point.duration_ms,
        "queued_ms": point.queued_ms,
    }


def audit_line(line: AuditLine) -> shapes.AuditLine:
    """Who did what, and when."""
    return {
        "at": to_text(line.at),
        "who": line.who,
        "action": line.action,
        "subject": line.subject,
        "details": dict(line.details),
    }


def arguments(row: TaskRow, registry: Registry) -> dict[str, JSON] | None:
    """As enqueued, secrets redacted by the names of their keys; None where the row keeps no envelope.

    What was given by position has the name of its parameter, where ``registry`` knows the task.
    """
    found = _arguments(row)
    if found is None:
        return None
    shown: dict[str, JSON] = redact(found)
    if "args" in shown and row.task in registry:
        names = registry[row.task].codec.positions(len(shown["args"]))
        named = [redact({name: value})[name] for name, value in zip(names, shown["args"], strict=False)]
        shown["args"][: len(named)] = named
    return shown


def _attributes(live: QueueAttributes) -> shapes.Attributes:
    return {
        "visibility_timeout": live.visibility_timeout,
        "retention": live.retention,
        "delay": live.delay,
        "fifo": live.fifo,
        "max_receive_count": live.max_receive_count,
        "dead_letter_queue": live.dead_letter_queue,
        "depth": {
            "visible": live.depth.visible,
            "in_flight": live.depth.in_flight,
            "delayed": live.depth.delayed,
        },
    }


def _at(at: datetime | None) -> str | None:
    return None if at is None else to_text(at)


def _grouped_error(error: ErrorSummary | None) -> shapes.LastError | None:
    if error is None:
        return None
    return {
        "type": error.type,
        "message": error.message,
        "fingerprint": error.fingerprint,
        "reason": error.reason or None,
    }


def _result(result: TaskResult[Any]) -> tuple[JSON, str | None]:
    if result.status is not Status.SUCCEEDED:
        return None, None
    try:
        value = redact(msgspec.to_builtins(result.return_value, str_keys=True))
    except ResultError as error:
        return None, str(error)
    except RecursionError:
        return None, _TOO_DEEP
    return (None, _TOO_DEEP) if is_deeper(value, MAX_DEPTH) else (value, None)


def _progress(progress: Progress | None) -> shapes.Progress | None:
    if progress is None:
        return None
    return {"done": progress.done, "total": progress.total, "note": progress.note}


def _error(error: ErrorSummary | None) -> shapes.ErrorWords | None:
    return None if error is None else {"type": error.type, "message": error.message}


def _arguments(row: TaskRow) -> dict[str, JSON] | None:
    """As enqueued, or where they are if they were too large for the message.

    None where the row keeps no envelope: a sensitive or a large one, or that of a task that never failed.
    """
    if row.envelope is None:
        return None
    try:
        envelope = Envelope.from_json(row.envelope)
    except EnvelopeError as error:
        # Of a later version, say: what in it is a secret cannot be told, so nothing of it is shown.
        return {"unreadable": str(error)}
    if envelope.arguments is not None:
        return {"in_s3": envelope.arguments.key, "bytes": envelope.arguments.bytes}
    return {"args": envelope.args, "kwargs": envelope.kwargs}


def _attempt(attempt: AttemptRow) -> shapes.Attempt:
    return {
        "number": attempt.number,
        "outcome": attempt.outcome,
        "error": {"type": attempt.error_type, "message": attempt.message},
        "traceback": attempt.traceback,
        "started_at": to_text(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "request_id": attempt.request_id,
    }


def examination(report: Report) -> shapes.Examination:
    """What the doctor found."""
    return {
        "well": report.is_well,
        "errors": report.number_of(Severity.ERROR),
        "warnings": report.number_of(Severity.WARNING),
        "findings": [cast("shapes.Finding", msgspec.to_builtins(finding)) for finding in report.findings],
        "not_checked": [cast("shapes.NotChecked", msgspec.to_builtins(one)) for one in report.not_checked],
        "not_here": report.not_here,
        "checks": report.checks,
        "queues": report.queues,
    }

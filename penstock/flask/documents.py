"""Tasks as JSON documents: what the HTTP API answers and ``flask penstock --json`` prints."""

from typing import Any

import msgspec

from penstock.dead_letters import Explanation
from penstock.envelope import JSON, Envelope
from penstock.errors import EnvelopeError, ResultError
from penstock.record import AttemptRow, ErrorSummary, Progress, TaskRow
from penstock.result import TaskResult
from penstock.states import Status
from penstock.times import to_text

Document = dict[str, JSON]


def status(result: TaskResult[Any]) -> Document:
    """Where a task stands. ``result`` is there once it SUCCEEDED; ``result_error`` where its value was not kept."""
    row = result.row
    value, error = _result(result)
    return {
        "id": result.id,
        "task": result.task,
        "queue": result.queue,
        "status": result.status.value,
        "attempts": result.attempts,
        "progress": _progress(result.progress),
        "result": value,
        "result_error": error,
        "error": _error(result.error),
        "created_at": to_text(row.created_at),
        "finished_at": None if row.finished_at is None else to_text(row.finished_at),
        "duration_ms": row.duration_ms,
    }


def death(row: TaskRow) -> Document:
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


def explanation(explained: Explanation) -> Document:
    """Why a task died: its error, arguments and failed attempts, and what to do next."""
    row = explained.row
    return death(row) | {
        "status": row.status.value,
        "arguments": _arguments(row),
        "errors": [_attempt(attempt) for attempt in explained.attempts],
        "advice": explained.advice,
    }


def _result(result: TaskResult[Any]) -> tuple[JSON, str | None]:
    if result.status is not Status.SUCCEEDED:
        return None, None
    try:
        return msgspec.to_builtins(result.return_value, str_keys=True), None
    except ResultError as error:
        return None, str(error)


def _progress(progress: Progress | None) -> Document | None:
    if progress is None:
        return None
    return {"done": progress.done, "total": progress.total, "note": progress.note}


def _error(error: ErrorSummary | None) -> Document | None:
    return None if error is None else {"type": error.type, "message": error.message}


def _arguments(row: TaskRow) -> Document | None:
    """As enqueued, or where they are if they were too large for the message.

    None where the row keeps no envelope: a sensitive or a large one, or that of a task that never failed.
    """
    if row.envelope is None:
        return None
    try:
        envelope = Envelope.from_json(row.envelope)
    except EnvelopeError:  # a message that was never ours to read: the raw text is all there is
        return {"raw": row.envelope}
    if envelope.arguments is not None:
        return {"in_s3": envelope.arguments.key, "bytes": envelope.arguments.bytes}
    return {"args": envelope.args, "kwargs": envelope.kwargs}


def _attempt(attempt: AttemptRow) -> Document:
    return {
        "number": attempt.number,
        "outcome": attempt.outcome.value,
        "error": {"type": attempt.error_type, "message": attempt.message},
        "traceback": attempt.traceback,
        "started_at": to_text(attempt.started_at),
        "duration_ms": attempt.duration_ms,
        "request_id": attempt.request_id,
    }

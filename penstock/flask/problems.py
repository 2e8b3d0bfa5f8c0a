"""Errors as application/problem+json: https://www.rfc-editor.org/rfc/rfc9457"""

import json
from http import HTTPStatus

from flask import Response
from werkzeug.exceptions import HTTPException

from penstock.envelope import JSON
from penstock.errors import (
    ArgumentsLost,
    ConfirmationNeeded,
    EnqueueUncertain,
    EnvelopeLost,
    EnvelopeTooLarge,
    InvalidArguments,
    InvalidOption,
    InvalidSearch,
    NoMapping,
    NotDead,
    NotForgettable,
    OperationNotFound,
    PartialEnqueueError,
    PenstockError,
    TaskIdConflict,
    TaskNotFound,
    Unavailable,
    UnknownTask,
    UnsupportedRow,
    UnsupportedVersion,
)

RETRY_AFTER_SECONDS = 5

_STATUS: tuple[tuple[type[PenstockError], int], ...] = (
    (InvalidArguments, 422),
    (InvalidOption, 422),
    (TaskIdConflict, 409),
    (EnvelopeTooLarge, 413),
    (EnqueueUncertain, 503),
    (Unavailable, 503),
    (UnsupportedRow, 503),  # as a rule a deploy is under way
    (UnsupportedVersion, 503),
    (PartialEnqueueError, 503),
    (TaskNotFound, 404),
    (OperationNotFound, 404),
    (InvalidSearch, 400),
    (ConfirmationNeeded, 422),
    (NotDead, 409),
    (EnvelopeLost, 409),
    (ArgumentsLost, 409),
    (NoMapping, 409),
    (NotForgettable, 409),
    (UnknownTask, 409),
)


def problem(status: int, detail: str, **more: JSON) -> Response:
    """An error answer: ``detail`` says what happened and what to do, ``more`` are further members of the document."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **more}
    response = Response(json.dumps(document), status, content_type="application/problem+json")
    response.headers["Cache-Control"] = "no-store"
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


def of_http_error(error: HTTPException) -> Response:
    """What Flask and ``abort`` raise, with the headers that belong to it."""
    response = problem(error.code or 500, error.description or "")
    for name, value in error.get_headers():
        if name.lower() not in ("content-type", "content-length"):
            response.headers[name] = value
    return response


def of_penstock_error(error: PenstockError) -> Response | None:
    """What Penstock raises where the caller or the moment is to blame; None where the project is."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return problem(status, str(error), **_more(error))
    return None


def _more(error: PenstockError) -> dict[str, JSON]:
    """What a program needs to try again."""
    if isinstance(error, EnqueueUncertain):
        return {"task_id": error.task_id}
    if isinstance(error, PartialEnqueueError):
        return {"sent": [result.id for result in error.sent], "failed": [call._asdict() for call in error.failed]}
    return {}

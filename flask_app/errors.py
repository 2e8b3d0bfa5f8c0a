"""Error pages in plain words."""

import logging
from http import HTTPStatus

from flask import Flask, Response, make_response, render_template, request
from werkzeug.exceptions import HTTPException, SecurityError

from penstock.errors import AccessRefused, EnqueueUncertain, PenstockError, TaskIdConflict, TaskNotFound, Unavailable
from penstock.flask.problems import RETRY_AFTER_SECONDS

logger = logging.getLogger("flask_app")


def register_error_pages(app: Flask) -> None:
    """Answer errors with a page. Penstock's operations views have pages and documents of their own."""

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response:
        if isinstance(error, SecurityError):  # no page: its links would name the foreign host
            return Response(
                "This app does not answer to the host name that you used. If it should, add it to ALLOWED_HOSTS.\n",
                HTTPStatus.BAD_REQUEST,
                content_type="text/plain",
            )
        return error_page(error.code or 500, error.description or "")

    @app.errorhandler(PenstockError)
    def penstock_error(error: PenstockError) -> Response:
        status, words = _explain(error)
        if status >= 500:
            logger.error("cannot serve %s: %s", request.path, error, exc_info=error)
        return error_page(status, words)


def error_page(status: int, words: str) -> Response:
    """A page that says what happened, and for 503 when to come back."""
    title = _TITLES.get(status, HTTPStatus(status).phrase)
    response = make_response(render_template("error.html", title=title, words=words, status=status), status)
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    return response


_TITLES = {
    400: "That cannot be used",
    401: "Sign in first",
    403: "Not allowed",
    404: "Nothing here",
    410: "Too late",
    500: "Something broke",
    503: "Not just now",
}


def _explain(error: PenstockError) -> tuple[int, str]:
    match error:
        case TaskNotFound():
            return 404, "There is no such task: its number is wrong, or it ended more than four weeks ago."
        case EnqueueUncertain():
            return 503, "The queue did not answer. Reload this page: your photo is safe, and is worked on only once."
        case Unavailable():
            return 503, "A service that we need does not answer right now. Reload this page in a moment."
        case TaskIdConflict():
            return 409, str(error)
        case AccessRefused():
            return 500, "This server may not use its queue or its bucket. Its log says what to repair."
        case _:
            return 500, "This server has a problem. Its log says what to repair."

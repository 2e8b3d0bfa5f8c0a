"""The dashboard, at ``<prefix>/``: pages for people.

One module a page: a function that adds its views to the blueprint, each with its ``@requires``. A new one goes into ``PAGES``.
The pages are made here, and can be read without JavaScript; htmx (static/) asks for their live parts and sends their actions.
"""

import json
import logging
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, default_exceptions

from penstock.enqueue import MAX_MESSAGE_BYTES
from penstock.errors import AccessRefused, EnvelopeError, PenstockError, UnknownQueue
from penstock.flask.access import Identity, Mounted, Role, guard
from penstock.flask.access.guard import unauthorized
from penstock.flask.access.headers import add_headers
from penstock.flask.dashboard import (
    audit,
    charts,
    dead_letters,
    errors,
    home,
    operations,
    queues,
    sign_in,
    task,
    task_actions,
    tasks,
    text,
)
from penstock.flask.dashboard.answers import is_htmx, message
from penstock.flask.dashboard.sign_in import own_path, where_to_sign_in
from penstock.flask.problems import RETRY_AFTER_SECONDS, of_penstock_error
from penstock.times import to_text

NAME = "penstock_dashboard"

PAGES: tuple[Callable[[Blueprint, Mounted], None], ...] = (
    home.add_views,
    dead_letters.add_views,
    errors.add_views,
    operations.add_views,
    task.add_views,
    task_actions.add_views,
    tasks.add_views,
    queues.add_views,
    audit.add_views,
    sign_in.add_views,
)
# Endpoint and words of each page that the navigation leads to.
NAVIGATION: tuple[tuple[str, str], ...] = (
    (".home", "Overview"),
    (".tasks", "Tasks"),
    (".dead_letters", "Dead letters"),
    (".errors", "Errors"),
    (".queues", "Queues"),
    (".operations", "Operations"),
    (".audit", "Audit"),
)
# What the API's table of statuses does not say.
_STATUS: tuple[tuple[type[PenstockError], int], ...] = (
    (EnvelopeError, 409),
    (UnknownQueue, 404),
    (AccessRefused, 502),
)
# Our Content-Security-Policy allows no eval and no style of a script's own. An error is shown where it is seen.
_HTMX_CONFIG = json.dumps(
    {
        "includeIndicatorStyles": False,
        "allowEval": False,
        "allowScriptTags": False,
        "historyEnabled": False,
        "timeout": 30_000,
        "responseHandling": [
            {"code": "204", "swap": False},
            {"code": "[23]..", "swap": True},
            {"code": "[45]..", "swap": True, "error": True, "target": "#complaint", "swapOverride": "innerHTML"},
        ],
    }
)

MAX_SIGN_IN_BYTES = 8 * 1024
MAX_FORM_BYTES = 2 * MAX_MESSAGE_BYTES  # as much as the API takes

logger: logging.Logger = logging.getLogger("penstock")


def blueprint(mount: Mounted) -> Blueprint:
    """The dashboard of one app, closed to strangers but for the sign-in page."""
    dashboard = Blueprint(NAME, __name__, url_prefix=mount.prefix, template_folder="templates", static_folder="static")
    add_headers(dashboard)

    @dashboard.before_request
    def limit_size() -> None:  # before the guard: a stranger's sign-in is read as well
        limit = MAX_SIGN_IN_BYTES if request.endpoint == f"{NAME}.sign_in" else MAX_FORM_BYTES
        request.max_content_length = request.max_form_memory_size = limit

    guard(dashboard, _lead_to_sign_in)

    @dashboard.context_processor
    def for_all_pages() -> dict[str, Any]:
        return _for_all_pages(mount)

    for add_views in PAGES:
        add_views(dashboard, mount)
    dashboard.register_error_handler(PenstockError, _of_penstock_error)
    for code in default_exceptions:  # one by one: for a code of its own the app's page would come first
        dashboard.register_error_handler(code, _of_http_error)
    return dashboard


def _for_all_pages(mount: Mounted) -> dict[str, Any]:
    """What templates may use: who looks, what he may do, and the words for what he sees."""
    now = mount.tasks.ports.clock()
    who: Identity | None = g.get("penstock_identity")
    role = Role.VIEWER if who is None or mount.read_only else who.role
    return {
        "navigation": NAVIGATION,
        "signed_in": who,
        "read_only": mount.read_only,
        "may_operate": role >= Role.OPERATOR,
        "may_administer": role >= Role.ADMIN,
        "htmx_config": _HTMX_CONFIG,
        "message": message(),
        "now_text": to_text(now),
        "when": partial(text.when, now=now),
        "expiry": partial(text.expiry, now=now),
        "shown": text.shown,
        "plain": text.plain,
        "short_id": text.short_id,
        "number": text.number,
        "counted": text.counted,
        "lasting": text.lasting,
        "milliseconds": text.milliseconds,
        "frame_of": text.short_frame,
        "quoted": text.quoted,
        "sparkline": charts.sparkline,
    }


def _lead_to_sign_in() -> ResponseReturnValue:
    """A person who opens a page is led to where he can sign in; whatever else a browser sends gets 401."""
    # For a part of a page that was open when the session ended, htmx says which page, and follows HX-Redirect.
    is_part = is_htmx()
    url = where_to_sign_in(_path_of(request.headers.get("HX-Current-URL", "")) if is_part else None)
    if not url:
        raise unauthorized()
    if is_part:
        return _page(HTTPStatus.UNAUTHORIZED, "Sign in first."), HTTPStatus.UNAUTHORIZED, {"HX-Redirect": url}
    if request.method not in ("GET", "HEAD"):
        raise unauthorized()
    return redirect(url, HTTPStatus.SEE_OTHER)


def _path_of(url: str) -> str:
    """Path and query of one of our pages; the first page for anything else."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return own_path("")
    return own_path(f"{parts.path}?{parts.query}".rstrip("?"))


def _of_http_error(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    words = error.description or ""
    if code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        words = f"This form takes {request.max_content_length:,} bytes at most, and more were sent."
    return _page(code, words), code, headers


def _of_penstock_error(error: PenstockError) -> ResponseReturnValue:
    answer = of_penstock_error(error)
    status = answer.status_code if answer is not None else _status_of(error)
    if status is None:
        logger.error("the dashboard cannot serve %s: %s", request.path, error, exc_info=error)
        return _page(500, "The server is not set up for this; its log says why."), 500
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if status == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return _page(status, str(error)), status, headers


def _status_of(error: PenstockError) -> int | None:
    return next((status for kind, status in _STATUS if isinstance(error, kind)), None)


def _page(status: int, words: str) -> str:
    template = "penstock/parts/complaint.html" if is_htmx() else "penstock/error.html"
    return render_template(template, title=HTTPStatus(status).phrase, words=words, status=status)

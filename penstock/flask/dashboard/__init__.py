"""The dashboard, at ``<prefix>/``: pages for people.

One module a page: a function that adds its views to the blueprint, each with its ``@requires``. A new one goes into ``PAGES``.
"""

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, default_exceptions

from penstock.errors import PenstockError
from penstock.flask.access import Mounted, guard
from penstock.flask.access.guard import unauthorized
from penstock.flask.access.headers import add_headers
from penstock.flask.dashboard import home, sign_in
from penstock.flask.dashboard.sign_in import own_path, where_to_sign_in
from penstock.flask.problems import RETRY_AFTER_SECONDS, of_penstock_error

NAME = "penstock_dashboard"

PAGES: tuple[Callable[[Blueprint, Mounted], None], ...] = (home.add_views, sign_in.add_views)
# Endpoint and words of each page that the navigation leads to.
NAVIGATION: tuple[tuple[str, str], ...] = ((".home", "Overview"),)

logger = logging.getLogger("penstock")


def blueprint(mount: Mounted) -> Blueprint:
    """The dashboard of one app, closed to strangers but for the sign-in page."""
    dashboard = Blueprint(NAME, __name__, url_prefix=mount.prefix, template_folder="templates", static_folder="static")
    add_headers(dashboard)
    guard(dashboard, _lead_to_sign_in)

    @dashboard.context_processor
    def for_all_pages() -> dict[str, Any]:
        return {"navigation": NAVIGATION, "signed_in": g.get("penstock_identity"), "read_only": mount.read_only}

    for add_views in PAGES:
        add_views(dashboard, mount)
    dashboard.register_error_handler(PenstockError, _of_penstock_error)
    for code in default_exceptions:  # one by one: for a code of its own the app's page would come first
        dashboard.register_error_handler(code, _of_http_error)
    return dashboard


def _lead_to_sign_in() -> ResponseReturnValue:
    """A person who opens a page is led to where he can sign in; whatever else a browser sends gets 401."""
    # For a part of a page that was open when the session ended, htmx says which page, and follows HX-Redirect.
    is_part = "HX-Request" in request.headers
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
    return _page(code, error.description or ""), code, headers


def _of_penstock_error(error: PenstockError) -> ResponseReturnValue:
    answer = of_penstock_error(error)
    if answer is None:
        logger.error("the dashboard cannot serve %s: %s", request.path, error, exc_info=error)
        return _page(500, "The server is not set up for this; its log says why."), 500
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)} if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE else {}
    return _page(answer.status_code, str(error)), answer.status_code, headers


def _page(status: int, words: str) -> str:
    return render_template("penstock/error.html", title=HTTPStatus(status).phrase, words=words, status=status)

"""Sign in with a key, and out again."""

import logging
import re
from http import HTTPStatus
from urllib.parse import unquote

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from penstock.flask.access import Mounted, mounted, open_to_all
from penstock.flask.access.sessions import drop, keep

logger: logging.Logger = logging.getLogger("penstock")

_PAGE = "penstock_dashboard.sign_in"
_HOME = "penstock_dashboard.home"


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The two views, open to strangers."""
    access = mount.access

    @dashboard.route("/sign-in", methods=["GET", "POST"])
    @open_to_all
    def sign_in() -> Response:
        next_path = own_path(request.args.get("next", ""))
        if not access.takes_keys:
            raise NotFound("There is no sign-in page here: this server knows its visitors in another way.")
        if request.method != "POST":
            return _form(next_path)
        session = access.open_session(request.form.get("key", "").strip())
        if session is None:
            logger.warning("sign-in refused: no such API key, from %s", request.remote_addr)
            return _form(next_path, wrong=True)
        response = redirect(next_path, HTTPStatus.SEE_OTHER)
        keep(response, session)
        return response

    @dashboard.post("/sign-out")
    @open_to_all
    def sign_out() -> Response:
        response = redirect(where_to_sign_in(url_for(_HOME)) or url_for(_HOME), HTTPStatus.SEE_OTHER)
        drop(response)
        return response

    def _form(next_path: str, *, wrong: bool = False) -> Response:
        page = render_template("penstock/sign_in.html", wrong=wrong, login_url=access.login_url(next_path))
        return make_response(page, HTTPStatus.FORBIDDEN if wrong else HTTPStatus.OK)


def where_to_sign_in(next_path: str | None = None) -> str:
    """The page on which a stranger can sign in to come to ``next_path``, by default to this page; empty where there is none."""
    if next_path is None:
        next_path = request.script_root + request.full_path.rstrip("?")
    access = mounted().access
    return url_for(_PAGE, next=next_path) if access.takes_keys else access.login_url(next_path)


def own_path(path: str) -> str:
    """``path`` if it is one of ours, else the first page: a link must not send a visitor elsewhere by our hand."""
    home = url_for(_HOME)
    is_own = path.startswith(home) and not path.startswith("//") and path.isprintable()
    # As a browser reads them: %2e is a dot, and dots lead out of the mount.
    place = unquote(re.split("[?#]", path, maxsplit=1)[0])
    is_plain = "\\" not in path + place and {".", ".."}.isdisjoint(place.split("/"))
    return path if is_own and is_plain else home

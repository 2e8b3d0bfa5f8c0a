"""Who may use the app's own pages: whoever has the token, and on a laptop in local mode whoever sits at it.

The token comes through the sign-in page and is kept as a signed cookie. The server knows only its SHA-256. Penstock's operations
views have a guard of their own (penstock.flask.access), to which these visitors are known as well.
"""

import hashlib
import hmac
import ipaddress
from urllib.parse import urlsplit

from flask import redirect, request, session, url_for
from werkzeug.exceptions import Forbidden, Unauthorized
from werkzeug.wrappers import Response

from flask_app.config import LOOPBACK_NAMES, WebConfig
from penstock.flask.access import Role

# Reading a task needs the token too: its id may be guessable, and its result points to someone's photo.
_OPEN_ENDPOINTS = frozenset({"static", "pages.sign_in", "pages.sign_out"})
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_VISITOR = "visitor"


class Access:
    """The rules, for one configuration."""

    def __init__(self, config: WebConfig) -> None:
        self._local = config.local
        self._digest = config.token_sha256
        # What a session holds: a new token signs everyone out, and the cookie does not give the token's hash away.
        self._mark = hashlib.sha256(b"signed in with " + config.token_sha256.encode()).hexdigest()

    def guard(self) -> Response | None:
        """Before every request: no writes from other sites, no pages for strangers."""
        if (request.blueprint or "").startswith("penstock_"):
            return None  # with a guard of their own
        _refuse_other_sites()
        if request.endpoint is None or request.endpoint in _OPEN_ENDPOINTS:
            return None  # nothing there (404), or open to all
        if self.is_allowed():
            return None
        if self._local and not self._digest:
            raise Forbidden(
                "This app runs in local mode and answers this machine only, under 127.0.0.1 or localhost. "
                "To let others in, set PENSTOCK_WEB_TOKEN_SHA256."
            )
        if request.method not in _SAFE_METHODS:
            raise Unauthorized("Sign in first.")
        return redirect(url_for("pages.sign_in", next=request.full_path.rstrip("?")))

    def is_allowed(self) -> bool:
        """True for a visitor on this machine in local mode, and for a session signed in with the token."""
        if self._local and _is_loopback(request.remote_addr) and _host_name() in LOOPBACK_NAMES:
            return True
        return self.visitor() is not None

    def visitor(self) -> tuple[str, Role] | None:
        """Name and role of whoever has signed in here with the token; None for anybody else."""
        mark = str(session.get(_VISITOR, ""))
        if not self._digest or not hmac.compare_digest(mark.encode(), self._mark.encode()):
            return None
        return "visitor", Role.ADMIN

    def is_token(self, token: str) -> bool:
        """True for the right token."""
        return bool(self._digest) and hmac.compare_digest(hashlib.sha256(token.encode()).hexdigest(), self._digest)

    def sign_in(self) -> None:
        """Remember the visitor, who has shown the token."""
        session.clear()
        session.permanent = True
        session[_VISITOR] = self._mark

    @property
    def has_sign_in(self) -> bool:
        """True where there is a token to sign in with."""
        return bool(self._digest)


def _refuse_other_sites() -> None:
    """Another site must not make a visitor's browser write here: https://web.dev/articles/fetch-metadata"""
    if request.method in _SAFE_METHODS:
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    same_origin = origin is None or urlsplit(origin).netloc == request.host  # programs and old browsers: no Sec-Fetch
    if site not in ("same-origin", "none") if site is not None else not same_origin:
        raise Forbidden("This request comes from another site. Open the page here and try again.")


def _host_name() -> str:
    return request.host.rsplit(":", 1)[0]


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False

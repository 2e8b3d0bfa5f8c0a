"""The login that the app has already: Flask-Login, Flask-Security, its own."""

from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote

from flask import Flask, request

from penstock.errors import ConfigurationError
from penstock.flask.access.identity import Identity, Role
from penstock.flask.access.sign_in import SignIn

Callback = Callable[[], Identity | tuple[str, Role | str] | None]


class HostLogin(SignIn):
    """Sign in as the app's own user.

    ``callback()`` looks at the current request and returns (name, role) for a user who may enter, None for a visitor who should
    sign in; it refuses a user who may not with ``flask.abort(403)``. ``login_url`` is the app's sign-in page, a path that is
    given ``?next=`` or a function of the path to come back to; without one, strangers get 401. An ``Identity`` with
    ``explicit=True`` is for users who come with a header that only programs set, such as an access token.
    """

    def __init__(self, callback: Callback, *, login_url: str | Callable[[str], str] = "") -> None:
        self._callback = callback
        self._login_url = login_url

    def check(self, _app: Flask, /) -> None:
        """ConfigurationError where ``callback`` or ``login_url`` is not what it should be."""
        if not callable(self._callback):
            raise ConfigurationError(
                f"HostLogin({self._callback!r:.60}): pass a function that returns (name, role) or None for the current request"
            )
        url = self._login_url
        if isinstance(url, str) and url and not url.startswith(("/", "https://", "http://")):
            raise ConfigurationError(f"HostLogin(login_url={url!r:.60}): write a path, such as /login, or a whole URL")

    def identify(self) -> Identity | None:
        """Whom the callback knows."""
        found = self._callback()
        if found is None:
            return None
        if isinstance(found, Identity):
            return replace(found, by="host")
        try:
            name, role = found
            return Identity(str(name), Role.of(role), "host")
        except (TypeError, ValueError) as error:
            raise ConfigurationError(
                f"HostLogin's callback returned {found!r:.100}: it must be None, an Identity or (name, role): {error}"
            ) from None

    def login_url(self, next_path: str, /) -> str:
        """The app's sign-in page."""
        if callable(self._login_url):
            return self._login_url(next_path)
        if not self._login_url:
            return ""
        start = request.script_root if self._login_url.startswith("/") else ""
        return f"{start}{self._login_url}{'&' if '?' in self._login_url else '?'}next={quote(next_path, safe='/')}"

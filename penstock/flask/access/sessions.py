"""Signed cookies: proof that a browser has shown a key."""

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.wrappers import Response

from penstock.flask.access.state import mounted
from penstock.times import Clock, from_text, seconds, to_text

COOKIE = "penstock_session"


class Signed(NamedTuple):
    """What a cookie says: the name of the key, and a mark that changes with the key."""

    name: str
    mark: str


class Sessions:
    """Writes and reads the cookies' values, each good for ``lifetime`` seconds."""

    def __init__(self, lifetime: int, clock: Clock) -> None:
        self._lifetime = seconds(lifetime)
        self._clock = clock

    def write(self, name: str, mark: str) -> str:
        """The value of the cookie."""
        value: str | bytes = _serializer().dumps([name, mark, to_text(self._clock() + self._lifetime)])
        return value if isinstance(value, str) else value.decode()

    def read(self, value: str) -> Signed | None:
        """What it says; None where we did not sign it for this app, or where its time is over."""
        try:
            name, mark, ends_at = _serializer().loads(value)
        except BadData:
            return None
        return Signed(name, mark) if self._clock() < from_text(ends_at) else None


def keep(response: Response, value: str) -> None:
    """Have the browser keep a session, for our own paths alone, until it is closed or the session is over."""
    response.set_cookie(
        COOKIE,
        value,
        path=_path(),
        httponly=True,
        samesite="Lax",
        secure=_is_secure(),
    )


def drop(response: Response) -> None:
    """Have the browser forget the session."""
    response.delete_cookie(COOKIE, path=_path(), httponly=True, samesite="Lax", secure=_is_secure())


def _path() -> str:
    return request.script_root + mounted().prefix


def _is_secure() -> bool:
    return request.is_secure or bool(current_app.config["SESSION_COOKIE_SECURE"])


def _serializer() -> URLSafeSerializer:
    # The app's name is in it, for several apps may have one SECRET_KEY.
    return URLSafeSerializer(
        _secret_keys(),
        salt=f"penstock sign-in {current_app.name}",
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def _secret_keys() -> list[Any]:
    """The keys that count, the one that signs last; see Flask's SECRET_KEY_FALLBACKS."""
    fallbacks: Iterable[Any] = current_app.config.get("SECRET_KEY_FALLBACKS") or ()
    return [*fallbacks, current_app.secret_key]

"""Keys for programs, and for people through the sign-in page: the server knows their SHA-256 only.

A key has 256 random bits, so a plain hash keeps it, and guessing it is hopeless at any rate: failed sign-ins are logged, not
counted (processes on Lambda share nothing to count in).
"""

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Mapping
from typing import Any, NamedTuple

from flask import Flask, current_app, request

from penstock.errors import ConfigurationError
from penstock.flask.access.identity import MAX_NAME_CHARACTERS, Identity, Role
from penstock.flask.access.sessions import COOKIE, Sessions
from penstock.flask.access.sign_in import SignIn
from penstock.times import Clock, utc_now

SETTING = "PENSTOCK_API_KEYS"
SESSION_SECONDS = 12 * 60 * 60
_EXAMPLE = '{"ops": {"sha256": "<64 hexadecimal digits>", "role": "operator"}}'
_PREFIX = "penstock_"  # so that a scanner for secrets knows one when it sees one


class Key(NamedTuple):
    """What the server knows of a key. ``digest`` is the SHA-256, as hexadecimal digits."""

    name: str
    digest: str
    role: Role

    @property
    def mark(self) -> str:
        """What a session holds: it dies with the key, and does not give the key's hash away."""
        return hashlib.sha256(b"signed in with " + self.digest.encode()).hexdigest()


class ApiKeys(SignIn):
    """Sign in with a key: ``Authorization: Bearer <key>`` from programs, the sign-in page and a signed cookie from people.

    ``keys`` is name -> {"sha256", "role"}; by default the same as JSON from ``app.config["PENSTOCK_API_KEYS"]``, else from the
    environment. Without any key nobody gets in. ``flask penstock keys new NAME --role operator`` makes one. A session
    ends after ``session_seconds``, and when its key is changed or removed.
    """

    takes_keys = True

    def __init__(
        self,
        keys: Mapping[str, Mapping[str, str]] | None = None,
        *,
        session_seconds: int = SESSION_SECONDS,
        clock: Clock = utc_now,
    ) -> None:
        self._keys = keys
        self._sessions = Sessions(session_seconds, clock)

    def check(self, app: Flask, /) -> None:
        """ConfigurationError where a key is malformed, or the app has no SECRET_KEY to sign sessions with."""
        if not self._table(app):
            app.logger.warning(
                "%s has no keys yet, so nobody can sign in with one: flask penstock keys new NAME", SETTING
            )
        if not app.secret_key:
            raise ConfigurationError(
                "ApiKeys signs the cookies of its sign-in page with the app's SECRET_KEY, which is not set: set it before mount, "
                "the same in every process"
            )

    def identify(self) -> Identity | None:
        """By the header, else by the session."""
        # Not request.authorization: Werkzeug raises ValueError on "Basic" with what is not ASCII.
        kind, _, text = request.headers.get("Authorization", "").partition(" ")
        if kind.lower() == "bearer" and (key := self._find(text.strip())) is not None:
            return Identity(key.name, key.role, "api key", explicit=True)
        if (session := request.cookies.get(COOKIE)) and (signed := self._sessions.read(session)) is not None:
            for key in self._table(current_app):
                if key.name == signed.name and hmac.compare_digest(key.mark.encode(), signed.mark.encode()):
                    return Identity(key.name, key.role, "api key")
        return None

    def open_session(self, key: str, /) -> str | None:
        """The signed cookie for somebody with ``key``."""
        found = self._find(key)
        return None if found is None else self._sessions.write(found.name, found.mark)

    def _find(self, text: str) -> Key | None:
        digest = digest_of(text)
        found = None
        for key in self._table(current_app):  # all of them: how long it takes says nothing
            if hmac.compare_digest(digest, key.digest):
                found = key
        return found

    def _table(self, app: Flask) -> list[Key]:
        """The keys of now: one that is removed from the config is out at once."""
        if self._keys is not None:
            return _keys(self._keys)
        return _keys(_parsed(app.config.get(SETTING) or os.environ.get(SETTING, "")))


def new_key() -> str:
    """A key nobody can guess: 256 random bits as text."""
    return _PREFIX + secrets.token_urlsafe(32)


def digest_of(key: str) -> str:
    """The SHA-256 of ``key`` as 64 hexadecimal digits: what the server is told."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()


def _parsed(source: Any) -> Any:
    if not isinstance(source, str):
        return source
    try:
        return json.loads(source) if source else {}
    except ValueError as error:
        raise ConfigurationError(f"{SETTING} is not JSON ({error}): write {_EXAMPLE}") from None


def _keys(source: Any) -> list[Key]:
    if not isinstance(source, Mapping):
        raise ConfigurationError(f"{SETTING} must be one object, name -> key: write {_EXAMPLE}")
    keys = [_key(name, fields) for name, fields in source.items()]
    if len({key.digest for key in keys}) < len(keys):
        raise ConfigurationError(f"{SETTING} has one key under two names: the audit could not tell them apart")
    return keys


def _key(name: object, fields: Any) -> Key:
    if not isinstance(name, str) or not name.isprintable() or not 1 <= len(name) <= MAX_NAME_CHARACTERS:
        raise ConfigurationError(
            f"{SETTING}: {name!r:.60} is no name for a key, which has 1 to {MAX_NAME_CHARACTERS} characters"
        )
    if not isinstance(fields, Mapping) or fields.keys() != {"sha256", "role"}:
        raise ConfigurationError(f"{SETTING}[{name!r}] has the members sha256 and role and no others: write {_EXAMPLE}")
    digest = fields["sha256"]
    if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
        raise ConfigurationError(
            f"{SETTING}[{name!r}]: sha256 must be 64 small hexadecimal digits, the hash of the key and not the key: "
            "`flask penstock keys new NAME` prints both"
        )
    try:
        return Key(name, digest, Role.of(fields["role"]))
    except ValueError as error:
        raise ConfigurationError(f"{SETTING}[{name!r}]: {error}") from None

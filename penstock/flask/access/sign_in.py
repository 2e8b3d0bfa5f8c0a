"""What every way to sign in has in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

from flask import Flask

from penstock.flask.access.identity import Identity


class SignIn(ABC):
    """One way to sign in. It keeps nothing of a request or of an app, so that one object may serve several apps."""

    takes_keys = False
    """True where the sign-in page has a field for a key."""

    def check(self, _app: Flask, /) -> None:  # noqa: B027 - most have nothing to check
        """At the mount: ConfigurationError where this way cannot work in the app, with the fix."""

    @abstractmethod
    def identify(self) -> Identity | None:
        """Who sent the current request; None where this way does not know."""

    def open_session(self, _key: str, /) -> str | None:
        """The cookie of somebody who has shown a key on the sign-in page; None where the key is not known."""
        return None

    def login_url(self, _next_path: str, /) -> str:
        """Where a person signs in by this way, to come back to a path; empty where there is no such page."""
        return ""


@dataclass(frozen=True, slots=True)
class Access:
    """The ways to sign in, in the order in which they are asked."""

    sign_ins: Sequence[SignIn]

    def identify(self) -> Identity | None:
        """The identity that the first of the ways knows; None for a stranger."""
        for way in self.sign_ins:
            if (found := way.identify()) is not None:
                return found
        return None

    @property
    def takes_keys(self) -> bool:
        """True where a person can sign in with a key, on our own page."""
        return any(way.takes_keys for way in self.sign_ins)

    def open_session(self, key: str) -> str | None:
        """The cookie for ``key``; None where nobody knows the key."""
        for way in self.sign_ins:
            if (cookie := way.open_session(key)) is not None:
                return cookie
        return None

    def login_url(self, next_path: str) -> str:
        """The first sign-in page of somebody else; empty where there is none."""
        return next(filter(None, (way.login_url(next_path) for way in self.sign_ins)), "")

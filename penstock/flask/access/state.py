"""What a mount knows, for the requests that it serves."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from flask import Flask, current_app

from penstock.app import Penstock
from penstock.flask.access.identity import Identity

MOUNT = "penstock_mount"


class SignIn(Protocol):
    """One way to sign in. It keeps nothing of a request or an app: one object may serve several apps."""

    def check(self, app: Flask) -> None:
        """At the mount: ConfigurationError where this way cannot work in ``app``, with the fix."""

    def identify(self) -> Identity | None:
        """Who sent the current request; None where this way does not know."""


@dataclass(frozen=True, slots=True)
class Access:
    """The ways to sign in, in the order in which they are asked."""

    sign_ins: Sequence[SignIn]

    def identify(self) -> Identity | None:
        """The identity that the first of the sign-ins knows; None for a stranger."""
        for sign_in in self.sign_ins:
            if (found := sign_in.identify()) is not None:
                return found
        return None


@dataclass(frozen=True, slots=True)
class Mounted:
    """The operations views of one app: where they are, who may enter, whose tasks they show.

    ``allow_enqueue`` are the names of the tasks that may be enqueued over HTTP.
    """

    prefix: str
    access: Access
    read_only: bool
    tasks: Penstock
    allow_enqueue: frozenset[str] = frozenset()


def mounted() -> Mounted:
    """The mount of the current app."""
    mount = current_app.extensions[MOUNT]
    assert isinstance(mount, Mounted)  # noqa: S101 - for the type checker: only mount() writes it
    return mount

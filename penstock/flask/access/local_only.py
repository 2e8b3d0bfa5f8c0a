"""Whoever sits at this machine: for the local stack, where asking for a key protects nothing."""

import ipaddress

from flask import request

from penstock.flask.access.identity import Identity, Role
from penstock.flask.access.sign_in import SignIn

_HOSTS = frozenset({"127.0.0.1", "localhost"})
# A proxy's request comes from this machine, too, and its visitor from anywhere.
_FORWARDING = (
    "Forwarded",
    "Via",
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Proto",
    "X-Real-IP",
    "X-Client-IP",
)
_LAMBDA = ("lambda.event", "lambda.context", "awsgi.event", "serverless.event")


class LocalOnly(SignIn):
    """Sign in as an admin from loopback, under the name 127.0.0.1 or localhost (so that no foreign name leads here).

    Never where a proxy may stand before the app: one that adds no forwarding header makes every visitor look local.
    """

    def identify(self) -> Identity | None:
        """The person at this machine."""
        is_local = (
            _is_loopback(request.remote_addr)
            and request.host.rsplit(":", 1)[0] in _HOSTS
            and not any(name in request.headers for name in _FORWARDING)
            and not any(name in request.environ for name in _LAMBDA)
        )
        return Identity("local", Role.ADMIN, "local") if is_local else None


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False

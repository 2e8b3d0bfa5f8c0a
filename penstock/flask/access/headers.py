"""Security headers, on our own answers alone: https://owasp.org/www-project-secure-headers/"""

from collections.abc import Mapping
from typing import Any, ClassVar

from flask import Blueprint, Response, request
from werkzeug.datastructures import Headers
from werkzeug.wrappers import Response as AnyResponse

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class OwnResponse(Response):
    """An answer that goes out with our headers, whatever the app's after_request functions, which come later, write there.

    Without CORS headers, too: an app that lets other sites read its own answers has not decided that for tasks.
    """

    own_headers: ClassVar[Mapping[str, str]] = _HEADERS

    def get_wsgi_headers(self, environ: Any) -> Headers:
        """The headers as they are sent."""
        headers = super().get_wsgi_headers(environ)
        for name in [name for name in headers.keys() if name.lower().startswith("access-control-")]:  # noqa: SIM118
            del headers[name]
        for name, value in self.own_headers.items():
            headers[name] = value
        return headers


class OwnPage(OwnResponse):
    """One that no cache may keep: it shows tasks, to somebody who is signed in."""

    own_headers: ClassVar[Mapping[str, str]] = {**_HEADERS, "Cache-Control": "no-store"}


def add_headers(blueprint: Blueprint) -> None:
    """Send our headers with every answer of ``blueprint``; its static files keep their own Cache-Control."""

    @blueprint.after_request
    def own(response: AnyResponse) -> AnyResponse:
        kind = OwnResponse if request.endpoint == f"{blueprint.name}.static" else OwnPage
        return kind.force_type(response)

"""``/health``: this process answers. It asks nobody else: a hiccup of AWS must not take the web down with it."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/health"
_BODY = b'{"status":"ok"}\n'
_HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(_BODY))), ("Cache-Control", "no-store")]


class Health:
    """``application``, and in front of it the answer to ``/health``.

    In front, because the check of a load balancer or of a container names an address, which is none of ALLOWED_HOSTS. The
    answer is the same for everybody and is made of nothing from the request.
    """

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != PATH or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self._application(environ, start_response)
        start_response("200 OK", _HEADERS)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [_BODY]

"""``/health``: this process answers. It asks nobody else: a hiccup of AWS must not take the web down with it.

Run as a file (``python -I flask_app/health.py``) it is the check of a container: it asks port ``PORT`` of this machine, and ends
with 0 or with one line that says why not. It imports nothing of the app then.
"""

import os
import sys
from collections.abc import Iterable, Mapping
from http.client import HTTPConnection, HTTPException
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

PATH = "/health"
_BODY = b'{"status":"ok"}\n'
_HEADERS = [("Content-Type", "application/json"), ("Content-Length", str(len(_BODY))), ("Cache-Control", "no-store")]
_TIMEOUT_SECONDS = 3


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


def what_is_wrong(environ: Mapping[str, str]) -> str:
    """Empty where the web on this machine's port ``PORT`` answers; no proxy is asked, whatever the variables say."""
    port = environ.get("PORT", "8000")
    connection = HTTPConnection("127.0.0.1", int(port), timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", PATH)
        status = connection.getresponse().status
    except (OSError, HTTPException) as error:
        return f"the web does not answer on port {port}: {error}"
    finally:
        connection.close()
    return "" if status == 200 else f"the web answers {status} to {PATH}"


if __name__ == "__main__":
    sys.exit(what_is_wrong(os.environ) or 0)

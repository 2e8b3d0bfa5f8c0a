"""When does a process serve? Questions that the supervisor asks of a child that is starting."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable

from penstock.local.process import Child

Ready = Callable[[Child], bool]

_TIMEOUT_SECONDS = 2  # the socket is open before the child serves it: do not wait long for one that has died
# No proxy: one from the shell would be asked for 127.0.0.1.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def answers(url: str) -> Ready:
    """Ready when a GET of ``url`` is answered with 200."""

    def ready(_: Child) -> bool:
        try:
            with _opener.open(url, timeout=_TIMEOUT_SECONDS) as response:
                return bool(response.status == 200)
        except (urllib.error.URLError, http.client.HTTPException, OSError):
            return False

    return ready


def says(text: str) -> Ready:
    """Ready when the process has written a line with ``text``."""
    return lambda child: child.said(text)

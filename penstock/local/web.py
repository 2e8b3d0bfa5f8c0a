"""The web process of the local stack: ``python -m penstock.local.web --app flask_app.wsgi:app --fd 5``.

Werkzeug's threaded server on a socket that the supervisor owns, so that a reload drops no request: what this process has
accepted it answers, what comes later waits in the socket for the next one.
"""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import cast
from wsgiref.types import WSGIApplication

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server
from werkzeug.utils import import_string

from penstock.local import lifeline
from penstock.local.sockets import HOST

# For requests under way after SIGTERM. A browser's idle connection must not use it up: the supervisor's patience is longer.
GRACE_SECONDS = 1.0
_SHUTDOWN_POLL_SECONDS = 0.05
SERVING = "serving "


class _Handler(WSGIRequestHandler):
    disable_nagle_algorithm = True  # headers and body are two writes: Nagle would hold the second back for 40 ms


def main(arguments: Sequence[str]) -> int:
    """Serve until the process is told to stop."""
    parser = argparse.ArgumentParser(prog="python -m penstock.local.web", description=__doc__)
    parser.add_argument("--app", required=True, help="import path of the WSGI application, such as flask_app.wsgi:app")
    parser.add_argument("--fd", type=int, required=True, help="an inherited listening socket, from the supervisor")
    lifeline.add_argument(parser)
    options = parser.parse_args(arguments)
    lifeline.hold(options)
    application = cast(WSGIApplication, import_string(options.app))
    server = make_server(HOST, 0, application, threaded=True, request_handler=_Handler, fd=options.fd)
    print(f"{SERVING}{options.app}", flush=True)
    serve(server)
    return 0


def serve(server: BaseWSGIServer) -> None:
    """Serve until SIGTERM, then accept no more and give what runs its grace."""
    # shutdown() waits for the loop, which runs in the thread that the signal interrupts: so from another one.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    before = set(threading.enumerate())
    server.serve_forever(poll_interval=_SHUTDOWN_POLL_SECONDS)
    deadline = time.monotonic() + GRACE_SECONDS
    for thread in set(threading.enumerate()) - before:
        thread.join(max(deadline - time.monotonic(), 0))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

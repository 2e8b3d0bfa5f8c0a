"""The web process of the local stack: ``python -m penstock.local.web --app flask_app.wsgi:app --fd 5``.

Werkzeug's threaded server on a socket that the supervisor owns, so that a reload refuses no connection.
"""

import argparse
import sys
from collections.abc import Sequence
from typing import cast
from wsgiref.types import WSGIApplication

from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.utils import import_string

from penstock.local import lifeline
from penstock.local.sockets import HOST


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
    make_server(HOST, 0, application, threaded=True, request_handler=_Handler, fd=options.fd).serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

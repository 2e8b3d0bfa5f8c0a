"""moto's server on loopback, one request at a time: ``python -m penstock.local.moto_host --port 4566``.

moto is not safe under concurrent writes: two winners of one DynamoDB condition were seen. So every request passes one
lock. Bodies are read before the lock is taken, or a slow upload would hold everyone up.
"""

import argparse
import io
import json
import logging
import sys
from collections.abc import Iterable, Sequence
from threading import Lock
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wsgi import get_input_stream

from penstock.errors import ConfigurationError
from penstock.local import lifeline, moto_cloudwatch
from penstock.local.mapping_api import MappingApi
from penstock.local.sockets import HOST, listen

READY_PATH = "/moto-api/"  # answered by moto itself, whatever the services do


class OneAtATime:
    """A WSGI application behind one lock: the next request starts when the answer of the last one is complete."""

    def __init__(self, application: WSGIApplication) -> None:
        self._application = application
        self._lock = Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        body = get_input_stream(environ).read()
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.pop("HTTP_TRANSFER_ENCODING", None)
        with self._lock:
            try:
                return self._answer(environ, start_response)
            except NotImplementedError as error:  # moto's way to say so; without this, a traceback and an HTML page
                body = json.dumps({"__type": "NotImplemented", "message": f"moto: {error}"}).encode()
                start_response("501 Not Implemented", [("Content-Type", "application/x-amz-json-1.0")])
                return [body]

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        answer = self._application(environ, start_response)
        try:
            return list(answer)
        finally:
            close = getattr(answer, "close", None)
            if close is not None:
                close()


class _QuietHandler(MotoRequestHandler):
    """Writes no line per request, and does not wait for more bytes before it sends a small answer."""

    disable_nagle_algorithm = True

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Nothing: a poll a second from each queue would bury every other line."""


def server(fd: int) -> BaseWSGIServer:
    """moto's server on the listening socket ``fd``; ``serve_forever()`` runs it."""
    moto_cloudwatch.install()
    application = MappingApi(OneAtATime(DomainDispatcherApplication(create_backend_app)))
    return make_server(HOST, 0, application, threaded=True, request_handler=_QuietHandler, fd=fd)


def main(arguments: Sequence[str]) -> int:
    """Serve until the process is told to stop; 2 if the port is taken."""
    parser = argparse.ArgumentParser(prog="python -m penstock.local.moto_host", description=__doc__)
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--port", type=int, help="listen on this port of 127.0.0.1; 0 takes any free one")
    where.add_argument("--fd", type=int, help="an inherited listening socket, from the supervisor")
    lifeline.add_argument(parser)
    options = parser.parse_args(arguments)
    lifeline.hold(options)
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        socket = None if options.port is None else listen(options.port, setting="MOTO_PORT", what="moto")
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 2
    moto = server(options.fd if socket is None else socket.fileno())
    print(f"moto answers on http://{HOST}:{moto.server_address[1]}", flush=True)
    moto.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

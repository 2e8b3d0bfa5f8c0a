"""Somebody's webhook: an HTTP server in this process that is out of order at first."""

import http.client
import threading
import time
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

ANSWERS = (503, 503, 200)  # one a request; the last one for all that follow


@dataclass(frozen=True, slots=True)
class Arrival:
    """A request: seconds since the first one, and the HTTP status it was answered with."""

    after_seconds: float
    answer: int


class Receiver:
    """The server, as a context manager; ``arrivals`` grows as requests come."""

    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []
        self._started = 0.0
        self._lock = threading.Lock()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                status = receiver._arrived()
                self.send_response(status, http.client.responses[status])
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Nothing: the demo tells what arrived."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, name="receiver", daemon=True)

    @property
    def host(self) -> str:
        """``host:port``, as WEBHOOK_HOSTS wants it."""
        return f"127.0.0.1:{self._server.server_port}"

    @property
    def url(self) -> str:
        """Where to POST."""
        return f"http://{self.host}/photos"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _arrived(self) -> int:
        with self._lock:
            now = time.monotonic()
            self._started = self._started or now
            answer = ANSWERS[min(len(self.arrivals), len(ANSWERS) - 1)]
            self.arrivals.append(Arrival(round(now - self._started, 2), answer))
            return answer

"""Lambda's Runtime API on loopback, and the real runtime client started on it, as Lambda starts a function.

The API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
"""

import json
import queue
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

_PREFIX = "/2018-06-01/runtime/"


@dataclass(frozen=True)
class Answer:
    """What came back. ``kind``: response, error, init_error, or timeout and exit, where the environment said nothing."""

    kind: str
    value: Any = None


class RuntimeApi:
    """The server. One environment asks it; one invocation at a time."""

    def __init__(self) -> None:
        self.invocations: queue.Queue[tuple[str, dict[str, Any], float]] = queue.Queue()
        self.answers: queue.Queue[Answer] = queue.Queue()
        self.ready = threading.Event()  # the environment has asked for its first event
        self.closing = threading.Event()
        api = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                api.ready.set()
                while not api.closing.is_set():
                    try:
                        request_id, event, deadline = api.invocations.get(timeout=0.05)
                    except queue.Empty:
                        continue
                    self._send(
                        200,
                        event,
                        {
                            "Lambda-Runtime-Aws-Request-Id": request_id,
                            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
                            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:us-east-1:123456789012:function:worker",
                        },
                    )
                    return
                self.close_connection = True

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"] or 0))
                kinds = {"init/error": "init_error", "response": "response", "error": "error"}
                kind = next(kind for ending, kind in kinds.items() if self.path.endswith(ending))
                self._send(202, {"status": "OK"}, {})
                api.answers.put(Answer(kind, json.loads(body)))

            def _send(self, status: int, document: dict[str, Any], headers: Mapping[str, str]) -> None:
                body = json.dumps(document).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing: the tests look at the answers."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def address(self) -> str:
        """Host and port, as AWS_LAMBDA_RUNTIME_API has them."""
        host, port = self.server.server_address[:2]
        return f"{host!s}:{port}"

    def close(self) -> None:
        """Stop serving."""
        self.closing.set()
        self.server.shutdown()
        self.server.server_close()


@dataclass
class ExecutionEnvironment:
    """A function's process and the API that it asks."""

    api: RuntimeApi
    process: "subprocess.Popen[str]"
    started: float

    def wait_until_ready(self, seconds: float = 30) -> float:
        """The seconds that initialisation took: from the start of the process to its first request for an event."""
        end = time.monotonic() + seconds
        while not self.api.ready.wait(0.005):
            assert self.process.poll() is None, f"ended while initialising: {self.process.communicate()}"
            assert time.monotonic() < end, "did not initialise in time"
        return time.monotonic() - self.started

    def invoke(self, event: dict[str, Any], *, timeout: float, deadline: float | None = None) -> Answer:
        """Send ``event``; its answer. After ``timeout`` seconds the process is killed, as Lambda does.

        ``deadline`` (seconds) is what the function is told it has, ``timeout`` if not given.
        """
        self.api.invocations.put(("request-1", event, time.time() + (deadline or timeout)))
        return self.answer(timeout)

    def answer(self, timeout: float) -> Answer:
        """The next answer, or what became of the process instead."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                return self.api.answers.get(timeout=0.05)
            except queue.Empty:
                if self.process.poll() is not None and self.api.answers.empty():
                    return Answer("exit", self.process.returncode)
        self.process.kill()
        return Answer("timeout")


@contextmanager
def execution_environment(
    python: Path, client: Path, package: Path, handler: str, variables: Mapping[str, str]
) -> Iterator[ExecutionEnvironment]:
    """``handler`` of the unzipped ``package`` under the runtime client, with Lambda's variables and ``variables``.

    -S: nothing installed beside this Python is found, only the package, then the client, as below /var/runtime on Lambda.
    """
    api = RuntimeApi()
    environ = {
        "AWS_LAMBDA_RUNTIME_API": api.address,
        "AWS_LAMBDA_FUNCTION_NAME": "worker",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/worker",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
        "LAMBDA_TASK_ROOT": str(package),
        "PYTHONPATH": f"{package}:{client}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "LANG": "C.UTF-8",
        "TZ": ":UTC",
        **variables,
    }
    command = [python, "-s", "-S", "-m", "awslambdaric", handler]
    started = time.monotonic()
    with subprocess.Popen(
        command, cwd=package, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            yield ExecutionEnvironment(api, process, started)
        finally:
            process.kill()
            api.close()

"""`flask penstock worker` as a process of its own, before an SQS that holds its answers back, says no, or lost the queue."""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

import penstock
from penstock.alive import what_is_wrong
from penstock.local.environment import local_environment
from penstock.poller import WAIT_SECONDS

SHOP = """
from flask import Flask
from penstock import Penstock
from penstock.flask import init_app

tasks = Penstock()
app = Flask("shop")
init_app(app, tasks)
"""
# An address at AWS: only there a receive waits. The requests go to AWS_ENDPOINT_URL all the same.
QUEUES = {"default": {"url": "https://sqs.us-east-1.amazonaws.com/123456789012/shop-default"}}
SECONDS = 60
NO_MESSAGES: tuple[int, dict[str, Any]] = (200, {"Messages": []})


def refusal(code: str) -> tuple[int, dict[str, Any]]:
    return 400, {"__type": f"com.amazonaws.sqs#{code}", "message": "it says so"}


class Sqs:
    """Takes a request, and answers it when the test does."""

    def __init__(self) -> None:
        self.requests: queue.Queue[dict[str, Any]] = queue.Queue()
        self.answers: queue.Queue[tuple[int, dict[str, Any]]] = queue.Queue()
        sqs = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                status, answer = self._answer(request)
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/x-amz-json-1.0")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _answer(self, request: dict[str, Any]) -> tuple[int, dict[str, Any]]:
                if self.headers["X-Amz-Target"].startswith("DynamoDB"):
                    return 200, {}  # the worker tells which version it runs
                sqs.requests.put(request)
                return sqs.answers.get()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def sqs() -> Iterator[Sqs]:
    sqs = Sqs()
    yield sqs
    sqs.answers.put(NO_MESSAGES)  # for a request that nobody has answered
    sqs.server.shutdown()
    sqs.server.server_close()


@pytest.fixture
def worker(sqs: Sqs, tmp_path: Path) -> Iterator["subprocess.Popen[str]"]:
    (tmp_path / "shop.py").write_text(SHOP)
    environ = {
        **local_environment(os.environ, f"http://127.0.0.1:{sqs.server.server_port}"),
        "PYTHONPATH": str(Path(penstock.__file__).parents[1]),
        "PENSTOCK_TABLE": "shop",
        "PENSTOCK_QUEUES": json.dumps(QUEUES),
    }
    command = [sys.executable, "-m", "flask", "--app", "shop", "penstock", "worker", "--queue", "default"]
    with subprocess.Popen(
        [*command, "--alive-file", "alive"],
        cwd=tmp_path,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        yield process
        process.kill()


def line_with(text: str, worker: "subprocess.Popen[str]") -> str:
    assert worker.stdout is not None
    said = []
    for line in worker.stdout:
        said.append(line)
        if text in line:
            return line
    raise AssertionError("".join(said))


def test_a_stop_in_a_receive_that_waits_is_over_when_sqs_answers(sqs: Sqs, worker: "subprocess.Popen[str]") -> None:
    asked = sqs.requests.get(timeout=SECONDS)
    worker.send_signal(signal.SIGTERM)
    sqs.answers.put(NO_MESSAGES)
    output, _ = worker.communicate(timeout=SECONDS)
    assert (asked["WaitTimeSeconds"], WAIT_SECONDS) == (10, 10)
    assert (worker.returncode, output.splitlines()[-1]) == (0, "Stopped. Deliveries: none."), output
    assert sqs.requests.empty()


def test_a_second_signal_does_not_wait_for_the_receive(sqs: Sqs, worker: "subprocess.Popen[str]") -> None:
    sqs.requests.get(timeout=SECONDS)
    worker.send_signal(signal.SIGTERM)
    worker.send_signal(signal.SIGINT)
    worker.communicate(timeout=SECONDS)
    assert worker.returncode in (128 + signal.SIGTERM, 128 + signal.SIGINT)


@pytest.mark.parametrize(
    ("code", "advice"),
    [
        ("ExpiredToken", "Get fresh credentials: sign in again, or check that the role can be renewed"),
        (
            "QueueDoesNotExist",
            "It does not exist in this account and region: run terraform apply (or start the local stack), or fix "
            "PENSTOCK_QUEUES",
        ),
    ],
)
def test_a_queue_that_refuses_is_told_with_what_to_do_and_the_worker_stays(
    sqs: Sqs, worker: "subprocess.Popen[str]", tmp_path: Path, code: str, advice: str
) -> None:
    sqs.requests.get(timeout=SECONDS)
    sqs.answers.put(refusal(code))
    line = line_with("is left alone for", worker).rstrip()
    assert (
        f"queue 'default' is left alone for 30 s: SQS ReceiveMessage on {QUEUES['default']['url']} was refused: {code}"
        in line
    )
    assert line.endswith(advice)
    assert (worker.poll(), what_is_wrong(tmp_path / "alive", max_age=SECONDS, now=time.time())) == (None, "")
    worker.send_signal(signal.SIGTERM)  # in the pause of 30 s, which it does not wait for
    output, _ = worker.communicate(timeout=15)
    assert (worker.returncode, output.splitlines()[-1]) == (0, "Stopped. Deliveries: none."), output

"""The stack of a project that is not this one: a WSGI function, a handler, a list of queues."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from penstock.aws.cloudwatch import CloudWatchStats
from penstock.aws.event_source_mappings import LambdaMappings
from penstock.errors import ConfigurationError
from penstock.local.project import Project
from penstock.local.provision import LocalClients
from penstock.local.sockets import listen, port_from
from penstock.local.stack import Stack
from penstock.settings import Settings
from penstock.times import utc_now

ROOT = Path(__file__).resolve().parents[2]
SITE = """
import json, os, time

def app(environ, start_response):
    if environ["PATH_INFO"] == "/slow":
        print("the slow request is here", flush=True)
        time.sleep(0.4)
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps({"pid": os.getpid(), "environ": dict(os.environ)}).encode()]
"""
HANDLER = """
import json, time

def handler(event, context):
    bodies = [record["body"] for record in event["Records"]]
    print("the handler got", *bodies, flush=True)
    directive = {"Namespace": "Penstock", "Dimensions": [["queue", "service"]], "Metrics": [{"Name": "Succeeded"}]}
    head = {"Timestamp": int(time.time() * 1000), "CloudWatchMetrics": [directive]}
    queue = event["Records"][0]["eventSourceARN"].split(":")[-1]
    print(json.dumps({"_aws": head, "queue": queue, "service": "penstock", "Succeeded": [len(bodies)]}), flush=True)
    return {"batchItemFailures": []}
"""
RUN = """
import json, os, sys
from pathlib import Path
from penstock.local.project import Project
from penstock.local.stack import Stack, stop_signals

def log(name, line):
    print(f"{name}| {line}", flush=True)

project = Project(Path.cwd(), "site_of_tests:app", "handler_of_tests:handler", queues=Path("queues.json"), watch=("code",),
                  buckets={"PHOTOS": "photos-of-tests"}, environ={"COLOUR": "green"})
try:
    with stop_signals(), Stack(project, os.environ, log, web_port=0, moto_port=0) as stack:
        print("up", json.dumps({"web": stack.web_url, "moto": stack.endpoint, "pids": stack.pids}), flush=True)
        stack.run()
except KeyboardInterrupt:
    print("stopped", flush=True)
"""


class Running:
    """The stack in a process of its own, as ``dev`` runs it."""

    def __init__(self, folder: Path) -> None:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "AWS_PROFILE": "prod"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", RUN], cwd=folder, env=environ, stdout=subprocess.PIPE, text=True
        )
        self.facts: dict[str, Any] = json.loads(self.line_with("up ").removeprefix("up "))

    def line_with(self, text: str) -> str:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if text in line:
                return line
        self.process.communicate()  # it has ended: leave nothing open behind the failure
        raise AssertionError(f"the stack ended without a line with {text!r}")

    def page(self, path: str = "/") -> dict[str, Any]:
        with urllib.request.urlopen(self.facts["web"] + path, timeout=20) as answer:
            return json.load(answer)

    def stop(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        self.process.communicate(timeout=20)
        return self.process.returncode


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "site_of_tests.py").write_text(SITE)
    (tmp_path / "handler_of_tests.py").write_text(HANDLER)
    (tmp_path / "queues.json").write_text(json.dumps({"queues": {"default": {"time_limit": 5, "batch_size": 1}}}))
    (tmp_path / "code").mkdir()
    return tmp_path


@pytest.fixture
def running(folder: Path) -> Iterator[Running]:
    running = Running(folder)
    yield running
    if running.process.poll() is None:
        running.stop()


def alive(pid: int) -> bool:
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(state.strip()) and not state.startswith("Z")


def test_the_web_gets_the_stack_and_nothing_of_the_shells_aws(running: Running) -> None:
    environ = running.page()["environ"]
    wanted = {name: environ.get(name) for name in ("AWS_ENDPOINT_URL", "AWS_PROFILE", "PHOTOS", "COLOUR")}
    assert wanted == {
        "AWS_ENDPOINT_URL": running.facts["moto"],
        "AWS_PROFILE": None,
        "PHOTOS": "photos-of-tests",
        "COLOUR": "green",
    }


def test_what_is_sent_to_a_queue_reaches_the_handler(running: Running) -> None:
    url = json.loads(running.page()["environ"]["PENSTOCK_QUEUES"])["default"]["url"]
    LocalClients(running.facts["moto"]).sqs().send_message(QueueUrl=url, MessageBody="a-message-of-tests")
    assert running.line_with("the handler got") == "workers| the handler got a-message-of-tests\n"


def default_queue(running: Running) -> tuple[Settings, str]:
    """The settings of the stack, and the URL of its queue."""
    settings = Settings.from_environ({**running.page()["environ"]})
    return settings, settings.url("default")


def mappings_of(running: Running) -> LambdaMappings:
    functions = LocalClients(running.facts["moto"]).functions()
    return LambdaMappings(lambda: functions, default_queue(running)[0])


def state_of(running: Running, mappings: LambdaMappings, *, wanted: str) -> str:
    """The state of the default queue's mapping, as soon as it is ``wanted``."""
    deadline = time.monotonic() + 20
    while (mapping := mappings.get("default")) is not None and time.monotonic() < deadline:
        if mapping.state == wanted:
            return wanted
        time.sleep(0.05)
    return "none" if mapping is None else mapping.state


def test_a_paused_queue_keeps_its_messages_over_a_reload_until_it_is_resumed(running: Running, folder: Path) -> None:
    mappings, (_, url) = mappings_of(running), default_queue(running)
    sqs = LocalClients(running.facts["moto"]).sqs()
    running.line_with("watching code")
    mappings.set_enabled("default", False)
    assert state_of(running, mappings, wanted="Disabled") == "Disabled"
    sqs.send_message(QueueUrl=url, MessageBody="a-message-of-tests")
    (folder / "code" / "new.py").write_text("changed = True\n")
    running.line_with("new.py changed: reloading the web and the workers")
    running.line_with("the workers poll default")
    time.sleep(1)  # longer than any poller waits
    waiting = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"])["Attributes"]
    assert waiting == {"ApproximateNumberOfMessages": "1"}
    mappings.set_enabled("default", True)
    assert running.line_with("the handler got") == "workers| the handler got a-message-of-tests\n"


def test_what_a_function_counts_can_be_read_and_is_no_line_on_the_terminal(running: Running) -> None:
    settings, url = default_queue(running)
    clients = LocalClients(running.facts["moto"])
    for body in ("one", "two"):
        clients.sqs().send_message(QueueUrl=url, MessageBody=body)
    said = sorted(running.line_with("workers|") for _ in range(2))
    cloudwatch = clients.cloudwatch()
    stats = CloudWatchStats(lambda: cloudwatch, settings, clock=utc_now)
    assert succeeded(stats, enough=2) == 2
    assert said == [f"workers| the handler got {body}\n" for body in ("one", "two")]


def succeeded(stats: CloudWatchStats, *, enough: int) -> int:
    """The successes of the last ten minutes, as soon as they are ``enough``."""
    deadline, count = time.monotonic() + 20, 0
    while count < enough and time.monotonic() < deadline:
        until = utc_now() + timedelta(minutes=1)
        points = stats.series(["default"], since=until - timedelta(minutes=10), until=until, period=60)["default"]
        count = sum(point.succeeded for point in points)
        time.sleep(0.05)
    return count


def test_a_change_reloads_the_web_and_never_moto(running: Running, folder: Path) -> None:
    before = running.page()["pid"]
    running.line_with("watching code")
    (folder / "code" / "new.py").write_text("changed = True\n")
    running.line_with("new.py changed: reloading the web and the workers")
    assert another_answers(running, than=before)
    assert alive(running.facts["pids"]["moto"])


def another_answers(running: Running, *, than: int) -> bool:
    """True once a web process other than ``than`` answers; while that one is ending, it may answer or break off."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            if running.page()["pid"] != than:
                return True
        time.sleep(0.05)
    return False


def test_a_request_under_way_is_answered_before_the_web_reloads(running: Running, folder: Path) -> None:
    running.line_with("watching code")
    with ThreadPoolExecutor() as pool:
        answer = pool.submit(running.page, "/slow")
        running.line_with("the slow request is here")
        (folder / "code" / "new.py").write_text("changed = True\n")
        assert answer.result(timeout=20)["pid"] == running.facts["pids"]["web"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_a_signal_stops_everything_within_seconds(running: Running, number: int) -> None:
    started = time.monotonic()
    exit_code = running.stop(number)
    left = [name for name, pid in running.facts["pids"].items() if alive(pid)]
    assert (exit_code, left, time.monotonic() - started < 8) == (0, [], True)


def test_a_port_in_use_is_refused_before_anything_starts(folder: Path) -> None:
    project = Project(folder, "site_of_tests:app", "handler_of_tests:handler", queues=Path("queues.json"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=rf"the web cannot listen on port {port} .*WEB_PORT=<port>"):
            Stack(project, {}, lambda *_: None, web_port=port, moto_port=0)


def test_port_0_takes_any_free_port() -> None:
    with (
        listen(0, setting="WEB_PORT", what="the web") as one,
        listen(0, setting="WEB_PORT", what="the web") as other,
    ):
        assert one.getsockname() != other.getsockname()


@pytest.mark.parametrize("value", ["http", "-1", "65536", "80.0", "٣"])
def test_a_port_that_is_none_is_refused_with_its_value(value: str) -> None:
    with pytest.raises(ConfigurationError, match=r"WEB_PORT is .*it must be a port from 1 to 65535, or 0"):
        port_from({"WEB_PORT": value}, "WEB_PORT", 8000)


@pytest.mark.parametrize(("environ", "port"), [({}, 8000), ({"WEB_PORT": ""}, 8000), ({"WEB_PORT": "0"}, 0)])
def test_a_port_that_is_not_set_is_the_usual_one(environ: dict[str, str], port: int) -> None:
    assert port_from(environ, "WEB_PORT", 8000) == port

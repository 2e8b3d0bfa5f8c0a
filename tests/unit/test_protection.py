"""ECS's task protection: asked for beside a long run, given back after it; and how its agent is asked."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest

from penstock.memory import ManualClock
from penstock.protection import AFTER_SECONDS, AGAIN_SECONDS, EXPIRES_MINUTES, TaskProtection, ecs_agent


class Container:
    """A worker in a container, and what ECS was asked: at which second, for protection or for none."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self._start = self.clock()
        self.asked: list[tuple[int, bool]] = []
        self.why_not = ""
        self._protection = TaskProtection(self._ask, self.clock)

    def works(self, seconds: int) -> None:
        for _ in range(seconds):
            self._protection.show(True)
            self.clock.advance(1)

    def rests(self, seconds: int = 1) -> None:
        for _ in range(seconds):
            self._protection.show(False)
            self.clock.advance(1)

    def _ask(self, on: bool) -> str:
        self.asked.append((round((self.clock() - self._start).total_seconds()), on))
        return self.why_not


@pytest.fixture
def container() -> Container:
    return Container()


def test_a_long_run_is_protected_and_given_back_after_it(container: Container) -> None:
    container.works(60)
    container.rests(30)
    assert container.asked == [(AFTER_SECONDS, True), (60, False)]


def test_a_short_run_is_nothing_to_protect(container: Container) -> None:
    for _ in range(10):
        container.works(AFTER_SECONDS)
        container.rests()
    assert container.asked == []


def test_while_the_run_goes_on_it_is_asked_for_again_long_before_it_expires(container: Container) -> None:
    container.works(2 * AGAIN_SECONDS + AFTER_SECONDS + 1)
    assert container.asked == [(AFTER_SECONDS + beat * AGAIN_SECONDS, True) for beat in range(3)]
    assert AGAIN_SECONDS * 2 < EXPIRES_MINUTES * 60


def test_the_next_long_run_is_protected_as_soon_as_the_first(container: Container) -> None:
    container.works(30)
    container.rests()
    container.works(30)
    assert container.asked == [(20, True), (30, False), (31 + AFTER_SECONDS, True)]


def test_what_was_refused_is_asked_for_again_after_a_minute(container: Container) -> None:
    container.why_not = "AccessDenied"
    container.works(AFTER_SECONDS + 61)
    assert container.asked == [(20, True), (80, True)]


def test_a_protection_that_could_not_be_given_back_is_given_back_later(container: Container) -> None:
    container.works(30)
    container.why_not = "the agent is away"
    container.rests(60)
    container.why_not = ""
    container.rests(60)
    assert container.asked == [(20, True), (30, False), (90, False)]


def test_why_it_was_refused_is_told_once(container: Container, caplog: pytest.LogCaptureFixture) -> None:
    container.why_not = "AccessDenied"
    with caplog.at_level(logging.WARNING):
        container.works(AFTER_SECONDS + 200)
    assert caplog.messages == ["ECS does not protect this container: AccessDenied"]


# -- the agent ------------------------------------------------------------------------------------------------------------


class Agent(HTTPServer):
    """ECS's agent, which answers as told."""

    answer: tuple[int, bytes] = (200, b"")

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Told)
        self.heard: list[tuple[str, str, Any]] = []

    @property
    def uri(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/api/4f1c"


class Told(BaseHTTPRequestHandler):
    server: Agent

    def do_PUT(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.heard.append((self.path, self.headers["Content-Type"], body))
        status, text = self.server.answer
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def agent() -> Iterator[Agent]:
    with Agent() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def protected(on: bool) -> tuple[int, bytes]:
    arn = "arn:aws:ecs:eu-central-1:123456789012:task/shop/1dc5c17a"
    return 200, json.dumps({"protection": {"ProtectionEnabled": on, "TaskArn": arn}}).encode()


@pytest.mark.parametrize(
    ("on", "body"),
    [(True, {"ProtectionEnabled": True, "ExpiresInMinutes": EXPIRES_MINUTES}), (False, {"ProtectionEnabled": False})],
)
def test_the_agent_is_asked_as_its_page_says(agent: Agent, on: bool, body: dict[str, object]) -> None:
    agent.answer = protected(on)
    assert ecs_agent(agent.uri)(on) == ""
    assert agent.heard == [("/api/4f1c/task-protection/v1/state", "application/json", body)]


def test_a_proxy_of_the_environment_is_not_asked(agent: Agent, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    agent.answer = protected(True)
    assert ecs_agent(agent.uri)(True) == ""


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((400, b'{"error": {"Code": "AccessDeniedException", "Message": "no"}}'), "AccessDeniedException"),
        ((200, b'{"failure": {"Reason": "TASK_NOT_VALID"}}'), "TASK_NOT_VALID"),
        (protected(False), '"ProtectionEnabled": false'),
        ((200, b"<html>"), "<html>"),
        ((200, b"[]"), "[]"),
        ((200, b"\xff"), "its agent says"),
    ],
)
def test_a_refusal_is_told_in_the_agent_s_words(agent: Agent, answer: tuple[int, bytes], words: str) -> None:
    agent.answer = answer
    assert words in ecs_agent(agent.uri)(True)


def test_an_agent_that_does_not_answer_is_told() -> None:
    assert ecs_agent("http://127.0.0.1:1")(True).startswith("its agent does not answer (")

"""What the web knows of its tasks, and whether its services answer."""

from dataclasses import dataclass
from datetime import datetime

import jsonschema_rs
import pytest
from msgspec.structs import replace

from penstock import Penstock
from penstock.errors import AccessRefused, Unavailable
from penstock.flask import schemas
from penstock.memory import MemoryResultStore, MemoryTransport
from tests.flask.people import API


@pytest.fixture
def registered(vera):
    return {task["name"]: task for task in vera.get(f"{API}/registry").json["tasks"]}


def test_a_task_s_arguments_are_a_json_schema(registered):
    assert registered["hopeless"]["arguments"] == {
        "type": "object",
        "properties": {"what": {"type": "string"}, "password": {"type": "string"}},
        "required": ["what"],
        "additionalProperties": False,
    }


def test_arguments_without_a_name_are_marked(registered):
    assert registered["later"]["arguments"] == {
        "type": "object",
        "properties": {"what": {"type": "array", "items": {"type": "string"}, "x-positional": True}},
        "required": [],
        "additionalProperties": {"type": "integer"},
    }


def test_a_task_says_how_it_is_run_and_what_it_is_for(registered):
    double = registered["double"]
    assert (double["description"], double["queue"], double["result"]) == (
        "Twice the number.",
        "default",
        {"type": "integer"},
    )
    assert double["options"]["retry_on"] == ["Exception"]


def test_a_task_says_whether_it_may_be_enqueued(registered):
    assert (registered["double"]["may_be_enqueued"], registered["internal"]["may_be_enqueued"]) == (True, False)


@dataclass
class Point:
    """Where."""

    x: int
    y: int = 0


class Unreadable:
    """Nothing that JSON knows."""


def schema_of(function):
    return schemas.arguments(Penstock().task(function))


def test_a_class_among_the_arguments_is_defined_once():
    def draw(start: Point, end: Point) -> None: ...

    schema = schema_of(draw)
    assert schema["properties"] == {name: {"$ref": "#/$defs/Point"} for name in ("start", "end")}
    assert jsonschema_rs.is_valid(schema, {"start": {"x": 1}, "end": {"x": 1, "y": 2}})
    assert not jsonschema_rs.is_valid(schema, {"start": {"x": 1}, "end": {"x": "1"}})


def test_what_json_cannot_say_takes_anything():
    def draw(what: Unreadable, when: datetime | str, plain, /, *, colour: str = "blue", pin: int = 1234) -> None: ...

    assert schema_of(draw)["properties"] == {
        "what": {"x-positional": True},
        "when": {"x-positional": True},
        "plain": {"x-positional": True},
        "colour": {"type": "string", "default": "blue"},
        "pin": {"type": "integer"},
    }


def test_a_name_that_cannot_be_resolved_leaves_the_registry_readable():
    def draw(what: "Nowhere") -> None: ...  # noqa: F821

    assert schema_of(draw)["properties"] == {"what": {}}


def test_the_sensitive_are_marked(registered):
    assert registered["later"]["options"]["sensitive"]


def test_all_is_well(vera):
    assert vera.get(f"{API}/health").json == {
        "table": "ok",
        "queues": {"default": "ok", "images": "ok", "orders": "ok"},
    }


class TableAway(MemoryResultStore):
    """A table that throttles."""

    def get(self, task_id):
        raise Unavailable("arn:aws:dynamodb:secret throttles")


class QueueClosed(MemoryTransport):
    """Queues that may not be asked."""

    def depth(self, queue):
        raise AccessRefused("arn:aws:sqs:secret says no")


def test_health_says_what_does_not_answer_and_leaves_the_why_to_the_log(vera, tasks, caplog):
    ports = tasks.ports
    transport = QueueClosed(ports.settings, clock=ports.clock, random=ports.random)
    tasks.connect(replace(ports, results=TableAway(ports.clock), transport=transport))
    response = vera.get(f"{API}/health")
    assert (response.status_code, response.content_type) == (503, "application/problem+json")
    assert (response.json["table"], response.json["queues"]["images"]) == ("Unavailable", "AccessRefused")
    assert ("secret" in response.text, "secret" in caplog.text) == (False, True)

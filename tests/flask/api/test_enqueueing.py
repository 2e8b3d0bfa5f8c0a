"""Batches and idempotency keys."""

import pytest
from msgspec.structs import replace

from penstock.errors import Unavailable
from penstock.memory import MemoryTransport
from tests.flask.people import API


def detail(response, status):
    assert (response.status_code, response.content_type) == (status, "application/problem+json")
    return response.json["detail"]


def post(client, body, key=None, path="tasks"):
    return client.post(f"{API}/{path}", json=body, headers={} if key is None else {"Idempotency-Key": key})


def calls(*numbers):
    return {"tasks": [{"task": "double", "args": [number]} for number in numbers]}


def test_a_batch_is_enqueued_in_its_order(otto, tasks):
    response = post(otto, calls(1, 2, 3), path="tasks/batch")
    assert (response.status_code, len(response.json["tasks"])) == (202, 3)
    assert tasks.ports.transport.depth("default").visible == 3


def test_a_batch_with_one_bad_call_sends_nothing(otto, tasks):
    assert "argument 'number'" in detail(post(otto, calls(1, "two"), path="tasks/batch"), 422)
    assert tasks.ports.transport.depth("default").visible == 0


@pytest.mark.parametrize("number", [0, 101])
def test_a_batch_has_one_to_a_hundred_calls(otto, number):
    assert "$.tasks" in detail(post(otto, calls(*range(number)), path="tasks/batch"), 400)


class HalfAway(MemoryTransport):
    """Takes the first message of each request, and is not there for the rest."""

    def send_many(self, messages):
        return [self.send(messages[0]), *[Unavailable("throttled")] * (len(messages) - 1)]


def test_a_batch_of_which_sqs_took_only_some_says_so(otto, tasks):
    ports = tasks.ports
    tasks.connect(replace(ports, transport=HalfAway(ports.settings, clock=ports.clock, random=ports.random)))
    response = post(otto, calls(1, 2, 3, 4, 5), path="tasks/batch")
    assert "2 of 5 tasks were not confirmed" in detail(response, 503)
    assert (len(response.json["sent"]), [call["number"] for call in response.json["failed"]]) == (3, [3, 4])
    assert all(call["uncertain"] and call["reason"] == "throttled" for call in response.json["failed"])


def test_the_same_key_and_body_are_one_task(otto, tasks):
    one, other = (post(otto, {"task": "double", "args": [1]}, "k-1") for _ in range(2))
    assert (one.json["id"], one.json["created"], other.json["created"]) == (other.json["id"], True, False)
    assert tasks.ports.transport.depth("default").visible == 1


@pytest.mark.parametrize(
    "other",
    [
        {"task": "double", "args": [2]},
        {"task": "hopeless", "args": ["x"]},
        {"task": "double", "args": [1], "tags": ["blue"]},
        {"task": "double", "args": [1], "delay": 5},
        {"task": "double", "args": [1], "run_after": "2026-01-01T00:01:00Z"},
    ],
)
def test_the_same_key_with_another_body_is_refused(otto, tasks, other):
    post(otto, {"task": "double", "args": [1]}, "k-1")
    assert "another body" in detail(post(otto, other, "k-1"), 422)
    assert tasks.ports.transport.depth("default").visible == 1


@pytest.mark.parametrize("when", [{"delay": 5}, {"run_after": "2026-01-01T00:01:00Z"}, {"tags": ["blue", "red"]}])
def test_the_same_key_finds_a_task_with_its_options(otto, when):
    body = {"task": "double", "args": [1], **when}
    one, other = (post(otto, body, "k-1") for _ in range(2))
    assert (other.status_code, other.json["id"]) == (202, one.json["id"])


def test_a_key_is_its_sender_s_own(otto, ada):
    one, other = (post(client, {"task": "double", "args": [1]}, "k-1") for client in (otto, ada))
    assert one.json["id"] != other.json["id"]


def test_a_key_and_a_task_id_do_not_go_together(otto):
    words = detail(post(otto, {"task": "double", "args": [1], "task_id": "t-1"}, "k-1"), 400)
    assert "send one of them" in words


@pytest.mark.parametrize("key", ["", "a b", "ä", "x" * 201])
def test_a_key_that_is_none_is_refused(otto, key):
    assert "1 to 200" in detail(post(otto, {"task": "double", "args": [1]}, key), 400)


def test_a_batch_with_a_key_is_enqueued_once(otto, tasks):
    one, other = (post(otto, calls(1, 2), "k-1", "tasks/batch") for _ in range(2))
    assert [t["id"] for t in one.json["tasks"]] == [t["id"] for t in other.json["tasks"]]
    assert tasks.ports.transport.depth("default").visible == 2


def test_a_longer_batch_with_the_same_key_is_refused(otto, tasks):
    post(otto, calls(1, 2), "k-1", "tasks/batch")
    assert "another body" in detail(post(otto, calls(1, 2, 3), "k-1", "tasks/batch"), 422)
    assert tasks.ports.transport.depth("default").visible == 2

"""The attributes of a message: what somebody sees of it in the AWS console before they open its body."""

import json

import pytest
from msgspec.structs import replace

from penstock import Penstock, dead_letters, memory
from penstock.enqueue import MAX_MESSAGE_BYTES, size_of
from penstock.ports import OutgoingMessage, ReceivedMessage
from tests.unit.values import item

URL = "https://shop.example/penstock"
PAGE = f"{URL}/tasks/t-1"


@pytest.fixture
def tasks() -> Penstock:
    tasks = Penstock()

    @tasks.task
    def store(text: str) -> None: ...

    ports = memory.ports(clock=memory.ManualClock())
    tasks.connect(replace(ports, settings=replace(ports.settings, dashboard_url=URL)))
    return tasks


def received(tasks: Penstock) -> ReceivedMessage:
    [message] = tasks.ports.transport.receive("default", max_messages=10)
    return message


def enqueued(tasks: Penstock, text: str = "x") -> ReceivedMessage:
    tasks.registry["store"].using(task_id="t-1").enqueue(text)
    return received(tasks)


def test_a_message_names_its_task_and_links_its_page(tasks: Penstock) -> None:
    assert enqueued(tasks).attributes == {"task": "store", "task_id": "t-1", "dashboard": PAGE}


def test_without_a_dashboard_there_is_no_link(tasks: Penstock) -> None:
    tasks.connect(replace(tasks.ports, settings=replace(tasks.ports.settings, dashboard_url="")))
    assert enqueued(tasks).attributes == {"task": "store", "task_id": "t-1"}


def test_many_at_once_carry_it_too(tasks: Penstock) -> None:
    tasks.enqueue_many([tasks.registry["store"].using(task_id="t-1").call("x")])
    assert received(tasks).attributes["dashboard"] == PAGE


def test_a_retry_by_hand_carries_it_too(tasks: Penstock) -> None:
    envelope = enqueued(tasks).body
    row = item("DEAD", task="store", queue="default", envelope=envelope, lease_owner="death-1")
    tasks.ports.results.put_item("t-1", row)  # type: ignore[attr-defined]
    dead_letters.retry(tasks, "t-1")
    assert received(tasks).attributes["dashboard"] == PAGE


def test_the_body_is_json_that_a_person_can_read(tasks: Penstock) -> None:
    body = json.loads(enqueued(tasks, "milk").body)
    assert (body["task"], body["id"], body["kwargs"]) == ("store", "t-1", {"text": "milk"})


def test_the_link_is_left_out_where_the_message_would_be_too_large_with_it(tasks: Penstock) -> None:
    small = enqueued(tasks)
    bytes_left = MAX_MESSAGE_BYTES - size_of(OutgoingMessage("default", small.body, attributes=small.attributes))
    with_link = enqueued_as(tasks, "t-2", "x" * (1 + bytes_left))
    without = enqueued_as(tasks, "t-3", "x" * (1 + bytes_left + 1))
    assert ("dashboard" in with_link.attributes, "dashboard" in without.attributes) == (True, False)


def enqueued_as(tasks: Penstock, task_id: str, text: str) -> ReceivedMessage:
    tasks.registry["store"].using(task_id=task_id).enqueue(text)
    return received(tasks)

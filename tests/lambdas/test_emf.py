"""What deliveries count: by queue always, by task where that is switched on, and never by a name that is not registered."""

import json
from collections.abc import Iterable
from typing import Any

import pytest
from aws_lambda_powertools import Metrics
from aws_lambda_powertools.metrics import MetricUnit
from msgspec.structs import replace

from penstock import Penstock, memory
from penstock.aws import emf
from penstock.batch import work
from penstock.execution import Invocation
from penstock.ports import OutgoingMessage
from penstock.settings import QueueSettings
from penstock.telemetry import RunEvent

URL = "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-default"
OF_A_QUEUE, OF_A_TASK = ["queue", "service"], ["queue", "task", "service"]
Documents = list[dict[str, Any]]


@pytest.fixture
def tasks() -> Penstock:
    tasks = Penstock()
    for name in ("greet", "größe", "\U0001f600" * 200):
        tasks.task(name=name)(lambda: None)
    return connect(tasks, task_metrics=True)


def connect(tasks: Penstock, *, task_metrics: bool) -> Penstock:
    ports = memory.ports({"default": QueueSettings("default", URL)})
    tasks.connect(replace(ports, settings=replace(ports.settings, task_metrics=task_metrics)))
    return tasks


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Any:
    """The documents that counting these events prints."""

    def count(tasks: Penstock, events: Iterable[RunEvent]) -> Documents:
        capsys.readouterr()
        emf.count(tasks, list(events))
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    return count


def event(outcome: str = "SUCCEEDED", task: str = "greet", **fields: Any) -> RunEvent:
    of_a_run = {"attempt": 1, "duration_ms": 20, "queued_ms": 300}
    return RunEvent(outcome, "default", "m-1", 1, task=task, **{**of_a_run, **fields})


def dimensions(document: dict[str, Any]) -> list[str]:
    (names,) = document["_aws"]["CloudWatchMetrics"][0]["Dimensions"]
    return list(names)


def metrics(document: dict[str, Any]) -> dict[str, list[float]]:
    (directive,) = document["_aws"]["CloudWatchMetrics"]
    return {metric["Name"]: document[metric["Name"]] for metric in directive["Metrics"]}


def test_by_default_a_batch_is_one_document_of_its_queue(tasks: Penstock, printed: Any) -> None:
    connect(tasks, task_metrics=False)
    (document,) = printed(tasks, [event(), event("DEAD")])
    assert (dimensions(document), document["queue"], document["service"]) == (OF_A_QUEUE, "shop-default", "penstock")


def test_the_document_of_the_queue_is_the_same_with_and_without_those_of_the_tasks(
    tasks: Penstock, printed: Any
) -> None:
    events = [event(), event("BURNED", attempt=0), event("MALFORMED", "", attempt=0)]
    with_tasks = printed(tasks, events)[0]
    (alone,) = printed(connect(tasks, task_metrics=False), events)
    assert metrics(with_tasks) == metrics(alone)
    assert dimensions(with_tasks) == dimensions(alone)


def test_each_task_of_a_batch_has_its_outcomes_and_times(tasks: Penstock, printed: Any) -> None:
    _, greet, other = printed(tasks, [event(), event("RETRYING", duration_ms=7), event("DEAD", "größe")])
    assert (dimensions(greet), greet["queue"], greet["task"]) == (OF_A_TASK, "shop-default", "greet")
    assert metrics(greet) == {"Succeeded": [1], "Retrying": [1], "Duration": [20, 7], "QueueTime": [300, 300]}
    assert metrics(other) == {"Dead": [1], "Duration": [20], "QueueTime": [300]}


def test_a_task_s_name_is_written_in_the_ascii_that_cloudwatch_takes(tasks: Penstock, printed: Any) -> None:
    _, document = printed(tasks, [event(task="größe")])
    assert document["task"] == r"gr\xf6\xdfe"


def test_a_task_s_name_is_no_longer_than_cloudwatch_takes(tasks: Penstock, printed: Any) -> None:
    _, document = printed(tasks, [event(task="\U0001f600" * 200)])
    assert len(document["task"]) == 1024


@pytest.mark.parametrize("name", ["nobody", "GREET", "greet ", "", "a" * 256])
def test_a_name_that_is_not_registered_makes_no_metric(tasks: Penstock, printed: Any, name: str) -> None:
    assert [dimensions(document) for document in printed(tasks, [event("UNKNOWN", name), event("DEAD", name)])] == [
        OF_A_QUEUE
    ]


def test_bodies_that_name_many_tasks_make_no_metrics(tasks: Penstock, printed: Any) -> None:
    body = {"v": 1, "id": "t", "send_id": "s", "args": [], "kwargs": {}, "created_at": "2026-11-21T04:36:38.123Z"}
    transport = tasks.ports.transport
    for number in range(10):
        transport.send(OutgoingMessage("default", json.dumps({**body, "task": f"hostile-{number}"})))
    received = [message.delivery("default") for message in transport.receive("default", max_messages=10)]
    events = work(tasks, received, Invocation("request-1", lambda: 900.0)).events
    (document,) = printed(tasks, events)
    assert metrics(document) == {"Unknown": [10]}


@pytest.mark.parametrize("outcome", ["ACKNOWLEDGED", "BURNED", "BUSY", "LEFT", "HANDED_BACK", "UNAVAILABLE"])
def test_what_was_done_without_a_run_is_counted_by_queue_alone(tasks: Penstock, printed: Any, outcome: str) -> None:
    (document,) = printed(tasks, [event(outcome, attempt=0)])
    assert dimensions(document) == OF_A_QUEUE


def test_a_task_has_seven_metrics_at_most_as_its_price_says(tasks: Penstock, printed: Any) -> None:
    outcomes = ["SUCCEEDED", "RETRYING", "FAILED", "DEAD", "CANCELLED"]
    _, document = printed(tasks, [event(outcome) for outcome in outcomes])
    assert list(metrics(document)) == ["Succeeded", "Retrying", "Failed", "Dead", "Cancelled", "Duration", "QueueTime"]


def test_a_hundred_values_are_one_document(tasks: Penstock, printed: Any) -> None:
    connect(tasks, task_metrics=False)
    documents = printed(tasks, [event() for _ in range(100)])
    assert sum(len(metrics(document).get("Duration", [])) for document in documents) == 100


def test_what_a_task_counts_by_itself_stays_its_own(tasks: Penstock, printed: Any) -> None:
    connect(tasks, task_metrics=False)
    own = Metrics(namespace="Shop", service="shop")
    own.add_metric(name="Greetings", unit=MetricUnit.Count, value=1)
    (document,) = printed(tasks, [event()])
    assert "Greetings" not in metrics(document)
    assert list(own.metric_set) == ["Greetings"]
    own.provider.clear_metrics()


def test_nothing_counts_nothing(tasks: Penstock, printed: Any) -> None:
    assert printed(tasks, []) == []

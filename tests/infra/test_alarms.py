"""Each alarm hears a bad story and is in alarm, and a good one and is silent.

The alarms are those of the plan, names and all. The metrics are told by others: SQS's and Lambda's by AWS's documentation,
ours by the worker itself, whose lines are counted as the local stack counts them.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.models import DEFAULT_ACCOUNT_ID

from penstock.local.environment import REGION
from penstock.local.metrics import MetricsAgent
from penstock.local.moto_cloudwatch import IndexedCloudWatch
from tests.infra.alarms import Alarm, alarms, story
from tests.infra.terraform import Plan

ROOT = Path(__file__).parents[2]
NIGHT = datetime(2026, 11, 21, 3, 0, tzinfo=UTC)
DEATHS = 3  # what tests/stack.tftest.hcl takes for normal on the queue images

Values = Sequence[float | None]
Lines = Mapping[str, Sequence[str]]


class Night:
    """What CloudWatch is told until three o'clock about the queue ``queue``, its worker and the reconciler."""

    def __init__(self, cloudwatch: Any, plan: Plan, queue: str, lines: Lines) -> None:
        self.cloudwatch = cloudwatch
        self.queue = plan.outputs["queues"][queue]["name"]
        self.letters = plan.outputs["queues"][queue]["dead_letter_name"]
        self.worker = plan.outputs["workers"][queue]["function_name"]
        self.reconciler = plan.outputs["reconciler"]["function_name"]
        self._lines = lines

    def sqs(self, queue: str, metric: str, values: Values) -> None:
        """https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html"""
        self._put("AWS/SQS", metric, "QueueName", queue, values)

    def waiting(self, visible: Values, age: Values) -> None:
        self.sqs(self.queue, "ApproximateNumberOfMessagesVisible", visible)
        self.sqs(self.queue, "ApproximateAgeOfOldestMessage", age)

    def lambda_(self, function: str, **metrics: Values) -> None:
        """https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html"""
        for metric, values in metrics.items():
            self._put("AWS/Lambda", metric, "FunctionName", function, values)

    def worked(self, batch: str, *minutes_ago: int) -> None:
        """A worker has run so many minutes before; ``batch`` is what became of how many tasks."""
        agent = MetricsAgent(self.cloudwatch, on_error=pytest.fail)
        for minutes in minutes_ago:
            for line in self._lines[batch]:
                document = json.loads(line)
                document["_aws"]["Timestamp"] = int((NIGHT - timedelta(minutes=minutes)).timestamp() * 1000)
                assert agent.take(json.dumps(document))
        agent.flush()

    def _put(self, namespace: str, metric: str, dimension: str, name: str, values: Values) -> None:
        for at, value in story(values, NIGHT):
            datum = {"MetricName": metric, "Dimensions": [{"Name": dimension, "Value": name}], "Timestamp": at}
            self.cloudwatch.put_metric_data(Namespace=namespace, MetricData=[{**datum, "Value": value}])


Story = Callable[[Night], object]
BAD: list[tuple[str, str, Story]] = [
    ("letters", "the first letter", lambda it: it.sqs(it.letters, "ApproximateNumberOfMessagesVisible", [0, 0, 1, 1])),
    (
        "letters",
        "a look hides the letters for a minute",
        lambda it: it.sqs(it.letters, "ApproximateNumberOfMessagesVisible", [2, 2, 2, 2, 0]),
    ),
    ("oldest_message", "nobody works", lambda it: it.waiting([3] * 6, [900, 960, 1020, 1080, 1140, 1200])),
    (
        "crashes",
        "it cannot start: one message, which came back after half an hour",
        lambda it: it.lambda_(it.worker, Invocations=[1, *[None] * 30, 1], Errors=[1, *[None] * 30, 1]),
    ),
    ("crashes", "a fifth of all", lambda it: it.lambda_(it.worker, Invocations=[10] * 10, Errors=[2] * 10)),
    ("throttles", "a quarter of an hour", lambda it: it.lambda_(it.worker, Throttles=[1, *[0] * 4] * 3)),
    ("deaths", "four of a batch", lambda it: it.worked(f"DEAD {DEATHS + 1}", 2)),
    ("deaths", "two batches within five minutes", lambda it: it.worked(f"DEAD {DEATHS}", 2, 4)),
    ("unavailable", "one message comes back, and back again", lambda it: it.worked("UNAVAILABLE 1", 25, 24, 18, 9)),
    ("unavailable", "nothing can be worked on", lambda it: it.worked("UNAVAILABLE 2", *range(1, 16))),
    ("reconciler_fails", "two looks", lambda it: it.lambda_(it.reconciler, Invocations=[1, 1, 1], Errors=[1, 0, 1])),
    (
        "reconciler_silent",
        "no look for three periods",
        lambda it: it.lambda_(it.reconciler, Invocations=[1, None, None, None]),
    ),
    ("reconciler_silent", "never a look", lambda it: None),
]
GOOD: list[tuple[str, str, Story]] = [
    ("letters", "work that waits is no letter", lambda it: it.waiting([5] * 5, [1] * 5)),
    (
        "letters",
        "all were redriven",
        lambda it: it.sqs(it.letters, "ApproximateNumberOfMessagesVisible", [9, 0, 0, 0, 0, 0]),
    ),
    ("letters", "a queue that nobody uses", lambda it: None),
    ("oldest_message", "a task waits in a long backoff", lambda it: it.waiting([0] * 6, [7_000] * 6)),
    ("oldest_message", "much to do, and it is done", lambda it: it.waiting([5_000] * 6, [800] * 6)),
    (
        "oldest_message",
        "new messages pass while one is in a backoff",
        lambda it: it.waiting([4, 0, 2, 0, 1, 0], [7_000] * 6),
    ),
    ("oldest_message", "a queue that nobody uses", lambda it: None),
    ("crashes", "one crash", lambda it: it.lambda_(it.worker, Invocations=[1] * 60, Errors=[*[0] * 50, 1, *[0] * 9])),
    ("crashes", "one of a hundred", lambda it: it.lambda_(it.worker, Invocations=[100] * 60, Errors=[1] * 60)),
    (
        "crashes",
        "tasks that die are no crashes",
        lambda it: (it.lambda_(it.worker, Invocations=[1] * 9, Errors=[0] * 9), it.worked("DEAD 4", *range(1, 9))),
    ),
    ("crashes", "nothing to do", lambda it: None),
    ("throttles", "a burst", lambda it: it.lambda_(it.worker, Throttles=[*[0] * 9, 40, 40, *[0] * 4])),
    ("throttles", "nothing to do", lambda it: None),
    ("deaths", "as many as are normal", lambda it: it.worked(f"DEAD {DEATHS}", 2, 7, 12)),
    ("deaths", "tasks that succeed", lambda it: it.worked("SUCCEEDED 10", 1, 2, 3, 4)),
    ("unavailable", "some minutes", lambda it: it.worked("UNAVAILABLE 2", 9, 8, 7, 6, 5, 4)),
    ("unavailable", "tasks that die", lambda it: it.worked("DEAD 4", *range(1, 20))),
    ("reconciler_fails", "one look", lambda it: it.lambda_(it.reconciler, Invocations=[1, 1, 1], Errors=[0, 1, 0])),
    ("reconciler_fails", "no look at all, which is another alarm's matter", lambda it: None),
    ("reconciler_silent", "a look", lambda it: it.lambda_(it.reconciler, Invocations=[None, 1, None])),
]


def named(stories: list[tuple[str, str, Story]]) -> Any:
    return pytest.mark.parametrize(
        ("kind", "told"), [pytest.param(kind, told, id=f"{kind}: {words}") for kind, words, told in stories]
    )


@pytest.fixture(params=["images", "ordered"])
def queue(request: pytest.FixtureRequest) -> str:
    """A standard queue, with thresholds of its own, and a FIFO queue."""
    return str(request.param)


@pytest.fixture(scope="module")
def lines(plans: dict[str, Plan]) -> Mapping[str, Lines]:
    """Queue -> batch -> the metrics documents that the worker prints, in the environment that is planned for it."""
    return {queue: printed(plans["stack"], queue) for queue in ("images", "ordered")}


def printed(plan: Plan, queue: str) -> Lines:
    (function,) = plan.of_type("aws_lambda_function", module=f'module.stack.module.worker["{queue}"]').values()
    batches = ["DEAD 3", "DEAD 4", "SUCCEEDED 10", "UNAVAILABLE 1", "UNAVAILABLE 2"]
    run = subprocess.run(
        [sys.executable, ROOT / "tests" / "infra" / "worker_run.py", queue, *" ".join(batches).split()],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env={
            **function["environment"][0]["variables"],
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(ROOT),
            "AWS_REGION": REGION,
        },
    )
    found: dict[str, list[str]] = {}
    for line in map(json.loads, run.stdout.splitlines()):
        if "batch" in line:
            found[line["batch"]] = []
        elif "_aws" in line:
            found[list(found)[-1]].append(json.dumps(line))
    assert list(found) == batches
    return found


@pytest.fixture
def cloudwatch(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The local stack's CloudWatch, empty."""
    with mock_aws():
        monkeypatch.setitem(
            cloudwatch_backends[DEFAULT_ACCOUNT_ID], REGION, IndexedCloudWatch(REGION, DEFAULT_ACCOUNT_ID)
        )
        yield boto3.client("cloudwatch", region_name=REGION)


@pytest.fixture
def night(cloudwatch: Any, plans: dict[str, Plan], queue: str, lines: Mapping[str, Lines]) -> Night:
    return Night(cloudwatch, plans["stack"], queue, lines[queue])


@pytest.fixture
def alarm(plans: dict[str, Plan], kind: str, queue: str) -> Alarm:
    """The alarm of this kind for this queue."""
    (found,) = [alarm for alarm in alarms(plans["stack"]) if alarm.kind == kind and alarm.queue in (queue, "")]
    return found


@named(BAD)
def test_a_bad_night_is_heard(alarm: Alarm, told: Story, night: Night, queue: str) -> None:
    if alarm.kind == "deaths" and queue == "ordered":
        night.worked(
            "DEAD 4", 1, 2
        )  # with the story's: more than the ten that are normal unless somebody says otherwise
    told(night)
    assert alarm.is_in_alarm(night.cloudwatch, NIGHT)


@named(GOOD)
def test_a_good_night_is_silent(alarm: Alarm, told: Story, night: Night) -> None:
    told(night)
    assert not alarm.is_in_alarm(night.cloudwatch, NIGHT)


def slips(alarm: Alarm) -> Iterator[Alarm]:
    """The alarm as a slip of the pen would make it: in another namespace, on another metric, by another dimension."""
    (dimensions,) = {tuple(metric["dimensions"].items()) for metric in alarm.metrics.values()}
    yield alarm.with_metrics(namespace="AWS/Elsewhere")
    yield alarm.with_metrics(metric_name="Typo")
    yield alarm.with_metrics(dimensions={f"{name}s": value for name, value in dimensions})
    yield alarm.with_metrics(dimensions={name: f"{value}-of-another" for name, value in dimensions})


@named([one for one in BAD if one[0] not in ("reconciler_silent", "deaths")])
def test_an_alarm_with_a_slip_in_a_name_hears_nothing(alarm: Alarm, told: Story, night: Night) -> None:
    told(night)
    assert [slip.is_in_alarm(night.cloudwatch, NIGHT) for slip in slips(alarm)] == [False] * 4


@pytest.mark.parametrize("kind", ["deaths"])
def test_an_alarm_on_deaths_with_a_slip_hears_nothing_of_thirty(alarm: Alarm, night: Night) -> None:
    night.worked("DEAD 3", *[1, 2, 3, 4] * 3)
    assert alarm.is_in_alarm(night.cloudwatch, NIGHT)
    assert [slip.is_in_alarm(night.cloudwatch, NIGHT) for slip in slips(alarm)] == [False] * 4


@pytest.mark.parametrize("kind", ["reconciler_silent"])
def test_the_alarm_that_hears_silence_hears_it_for_ever_with_a_slip(alarm: Alarm, night: Night) -> None:
    night.lambda_(night.reconciler, Invocations=[1] * 30)
    assert [slip.is_in_alarm(night.cloudwatch, NIGHT) for slip in slips(alarm)] == [True] * 4


def test_every_kind_of_alarm_has_a_bad_story_and_a_good_one(plans: dict[str, Plan]) -> None:
    kinds = {alarm.kind for alarm in alarms(plans["stack"])}
    assert {kind for kind, _, _ in BAD} == {kind for kind, _, _ in GOOD} == kinds


def test_the_deaths_of_a_queue_are_not_another_s(
    plans: dict[str, Plan], cloudwatch: Any, lines: Mapping[str, Lines]
) -> None:
    Night(cloudwatch, plans["stack"], "images", lines["images"]).worked("DEAD 4", *range(1, 5))
    heard = {
        alarm.queue
        for alarm in alarms(plans["stack"])
        if alarm.kind == "deaths" and alarm.is_in_alarm(cloudwatch, NIGHT)
    }
    assert heard == {"images"}

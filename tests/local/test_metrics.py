"""CloudWatch on the local stack: from the line that a function prints to the numbers that the adapter reads."""

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from penstock.aws.cloudwatch import CloudWatchStats
from penstock.local.metrics import Metric, MetricsAgent, Sums, read
from penstock.local.provision import LocalClients
from penstock.settings import QueueSettings, Settings
from penstock.watching import Point

ROOT = Path(__file__).parents[2]
WORKER = ROOT / "tests" / "lambdas" / "handled_batch.py"
NOW = datetime.now(UTC).replace(second=0, microsecond=0)
MINUTE = timedelta(minutes=1)


def document(queue: str, at: datetime = NOW, **metrics: Any) -> str:
    """A metrics document as Powertools writes it."""
    directive = {
        "Namespace": "Penstock",
        "Dimensions": [["queue", "service"]],
        "Metrics": [{"Name": name, "Unit": "Count"} for name in metrics],
    }
    head = {"Timestamp": int(at.timestamp() * 1000), "CloudWatchMetrics": [directive]}
    return json.dumps({"_aws": head, "queue": queue, "service": "penstock", **metrics})


def sums(count: float, total: float, least: float, most: float) -> Sums:
    return Sums(count, total, least, most)


class TestReading:
    def test_a_document_is_its_metrics_with_their_dimensions_and_their_minute(self) -> None:
        dimensions = frozenset({("queue", "q"), ("service", "penstock")})
        minute = int(NOW.timestamp()) // 60
        assert read(document("q", NOW + timedelta(seconds=59), Succeeded=[2.0], Duration=[10.0, 30.0])) == [
            (Metric("Penstock", "Succeeded", dimensions), minute, sums(1, 2, 2, 2)),
            (Metric("Penstock", "Duration", dimensions), minute, sums(2, 40, 10, 30)),
        ]

    def test_a_value_may_stand_without_a_list(self) -> None:
        ((_, _, value),) = read(document("q", Succeeded=3))
        assert value == sums(1, 3, 3, 3)

    def test_every_dimension_set_gets_the_values(self) -> None:
        twice = json.loads(document("q", Succeeded=1))
        twice["_aws"]["CloudWatchMetrics"][0]["Dimensions"].append(["queue"])
        assert [len(metric.dimensions) for metric, _, _ in read(json.dumps(twice))] == [2, 1]

    @pytest.mark.parametrize(
        "line",
        [
            "a line of a task",
            '{"level":"INFO","message":"a log line"}',
            '{"CloudWatchMetrics": 1}',
            '{"_aws": {"Timestamp": 1, "CloudWatchMetrics": [{}]}}',
            '{"_aws": {"Timestamp": "soon", "CloudWatchMetrics": []}}',
            '{"_aws": {"CloudWatchMetrics": ',
        ],
    )
    def test_any_other_line_is_none(self, line: str) -> None:
        assert read(line) == []


@pytest.fixture
def queue() -> str:
    """A queue's name at AWS that no other test has, for the tests share one moto."""
    return f"q-{uuid.uuid4().hex[:8]}"


@pytest.fixture
def stats(moto_endpoint: str, queue: str) -> CloudWatchStats:
    cloudwatch = LocalClients(moto_endpoint).cloudwatch()
    queues = {"default": QueueSettings("default", f"{moto_endpoint}/123456789012/{queue}")}
    return CloudWatchStats(lambda: cloudwatch, Settings(queues=queues), clock=lambda: NOW)


@pytest.fixture
def errors() -> list[str]:
    return []


@pytest.fixture
def agent(moto_endpoint: str, errors: list[str]) -> MetricsAgent:
    return MetricsAgent(LocalClients(moto_endpoint).cloudwatch(), on_error=errors.append)


def points(stats: CloudWatchStats, minutes: int = 5, period: int = 60) -> list[Point]:
    until = NOW + MINUTE
    return stats.series(["default"], since=until - minutes * MINUTE, until=until, period=period)["default"]


class TestCounting:
    def test_what_functions_count_is_what_the_adapter_reads(
        self, agent: MetricsAgent, stats: CloudWatchStats, queue: str
    ) -> None:
        for value in (100, 200, 600):
            agent.take(document(queue, NOW, Succeeded=1, Duration=[value], QueueTime=[value / 10]))
        agent.take(document(queue, NOW - MINUTE, Dead=2))
        agent.flush()
        assert points(stats, minutes=2) == [
            Point(NOW - MINUTE, 0, 0, 2, 0, None, None),
            Point(NOW, 3, 0, 0, 0, 300, 30),
        ]

    def test_what_is_sent_in_pieces_adds_up(self, agent: MetricsAgent, stats: CloudWatchStats, queue: str) -> None:
        for value in (100, 400):
            agent.take(document(queue, NOW, Succeeded=1, Duration=[value]))
            agent.flush()
        (point,) = points(stats, minutes=1)
        assert (point.succeeded, point.duration_ms) == (2, 250)

    def test_a_mean_over_minutes_is_the_mean_of_the_runs(
        self, agent: MetricsAgent, stats: CloudWatchStats, queue: str
    ) -> None:
        agent.take(document(queue, NOW, Duration=[100, 100, 100]))
        agent.take(document(queue, NOW - MINUTE, Duration=[500]))
        agent.flush()
        assert [point.duration_ms for point in points(stats, minutes=5, period=3600)][-1] == 200

    def test_stopping_sends_what_is_left(self, agent: MetricsAgent, stats: CloudWatchStats, queue: str) -> None:
        agent.start()
        agent.take(document(queue, NOW, Failed=1))
        agent.stop()
        assert points(stats, minutes=1)[0].failed == 1

    def test_what_the_real_worker_writes_is_counted(
        self, agent: MetricsAgent, stats: CloudWatchStats, queue: str, tmp_path: Path
    ) -> None:
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "AWS_REGION": "eu-central-1"}
        worker = subprocess.run(
            [sys.executable, WORKER, "60000"], capture_output=True, text=True, check=True, env=environ
        )
        (line,) = [line for line in worker.stdout.splitlines() if '"_aws"' in line]
        written = json.loads(line)
        written["queue"] = queue  # the worker's own would count with every other run of it
        written["_aws"]["Timestamp"] = int(NOW.timestamp() * 1000)
        agent.take(json.dumps(written))
        agent.flush()
        (point,) = points(stats, minutes=1)
        assert (point.succeeded, point.dead, point.duration_ms is not None) == (1, 1, True)

    def test_a_line_that_is_no_document_is_left_to_others(self, agent: MetricsAgent) -> None:
        assert not agent.take("a line of a task")

    def test_without_cloudwatch_the_metrics_are_lost_with_a_word(self, errors: list[str]) -> None:
        nobody = MetricsAgent(LocalClients("http://127.0.0.1:9").cloudwatch(), on_error=errors.append)
        nobody.take(document("q", Succeeded=1))
        nobody.flush()
        assert "metrics were lost: " in errors[0]


class TestStatistics:
    @pytest.mark.parametrize(
        ("statistic", "value"), [("Sum", 60), ("Average", 20), ("Minimum", 10), ("Maximum", 30), ("SampleCount", 3)]
    )
    def test_a_statistic_is_over_all_values(self, moto_endpoint: str, queue: str, statistic: str, value: float) -> None:
        cloudwatch = LocalClients(moto_endpoint).cloudwatch()
        metric: Any = {"MetricName": "Weight", "Dimensions": [{"Name": "queue", "Value": queue}]}
        for given in ({"Value": 10.0}, {"Values": [20.0], "Counts": [1.0]}, {"Value": 30.0}):
            cloudwatch.put_metric_data(Namespace="Yours", MetricData=[{**metric, **given, "Timestamp": NOW}])  # type: ignore[typeddict-item]
        query: Any = {
            "Id": "a",
            "MetricStat": {"Metric": {"Namespace": "Yours", **metric}, "Period": 60, "Stat": statistic},
        }
        answer = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=NOW, EndTime=NOW + MINUTE)
        assert answer["MetricDataResults"][0]["Values"] == [value]


class TestOldestAge:
    @pytest.fixture
    def of_a_queue(self, moto_endpoint: str, queue: str) -> Callable[[], int | None]:
        cloudwatch = LocalClients(moto_endpoint).cloudwatch()
        queues = {"default": QueueSettings("default", f"{moto_endpoint}/123456789012/{queue}")}
        stats = CloudWatchStats(
            lambda: cloudwatch, Settings(queues=queues), clock=lambda: datetime.now(UTC) + timedelta(seconds=30)
        )
        return lambda: stats.oldest_age(["default"])["default"]

    def test_it_is_that_of_the_oldest_message(
        self, moto_endpoint: str, queue: str, of_a_queue: Callable[[], int | None]
    ) -> None:
        sqs = LocalClients(moto_endpoint).sqs()
        url = sqs.create_queue(QueueName=queue)["QueueUrl"]
        sqs.send_message(QueueUrl=url, MessageBody="waits")
        assert of_a_queue() in (0, 1, 2)

    def test_an_empty_queue_has_age_0(
        self, moto_endpoint: str, queue: str, of_a_queue: Callable[[], int | None]
    ) -> None:
        LocalClients(moto_endpoint).sqs().create_queue(QueueName=queue)
        assert of_a_queue() == 0

    def test_that_of_a_queue_which_is_not_there_is_not_known(self, of_a_queue: Callable[[], int | None]) -> None:
        assert of_a_queue() is None


def test_it_says_that_this_is_not_the_real_cloudwatch(stats: CloudWatchStats, moto_endpoint: str) -> None:
    assert (stats.source, stats.lag) == (f"the CloudWatch of {moto_endpoint.removeprefix('http://')}", 2)

"""The contract of ``Stats``."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from penstock.aws.metrics import DURATION, NAMESPACE, QUEUE_TIME, SERVICE, outcome_metric
from penstock.errors import UnknownQueue
from penstock.memory import ManualClock, MemoryStats, MemoryTransport
from penstock.ports import OutgoingMessage, Ports
from penstock.watching import Point, Stats
from tests.contract.conftest import QUEUES, Clients

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)

Record = Callable[..., None]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def stats(ports: Ports) -> Stats:
    return ports.stats


@pytest.fixture
def record(ports: Ports, clients: Clients) -> Record:
    """Counts one delivery as the worker does it: in memory by a call, on AWS by what its metrics document says."""

    def count(outcome: str, at: datetime, duration_ms: int = 0, queued_ms: int = 0, queue: str = "default") -> None:
        if isinstance(ports.stats, MemoryStats):
            ports.stats.record(queue, outcome, at, duration_ms, queued_ms)
            return
        values = {outcome_metric(outcome): 1, **({DURATION: duration_ms, QUEUE_TIME: queued_ms} if duration_ms else {})}
        dimensions: Any = [
            {"Name": "queue", "Value": QUEUES[queue].physical_name},
            {"Name": "service", "Value": SERVICE},
        ]
        for name, value in values.items():
            datum: Any = {"MetricName": name, "Dimensions": dimensions, "Values": [value], "Timestamp": at}
            clients.cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=[datum])

    return count


def totals(points: list[Point]) -> tuple[int, int, int, int]:
    return (
        sum(point.succeeded for point in points),
        sum(point.failed for point in points),
        sum(point.dead for point in points),
        sum(point.retried for point in points),
    )


class TestSeries:
    def test_every_period_is_there_with_zeros_where_nothing_happened(self, stats: Stats) -> None:
        points = stats.series(["default"], since=NOON - HOUR, until=NOON, period=1200)["default"]
        assert points == [Point(NOON - HOUR + timedelta(minutes=m), 0, 0, 0, 0, None, None) for m in (0, 20, 40)]

    def test_periods_start_at_multiples_of_their_length(self, stats: Stats) -> None:
        since, until = NOON - timedelta(minutes=17), NOON - timedelta(minutes=4)
        points = stats.series(["default"], since=since, until=until, period=300)["default"]
        assert [(NOON - point.at) // timedelta(minutes=1) for point in points] == [20, 15, 10, 5]

    def test_deliveries_count_in_the_period_in_which_they_ended(self, stats: Stats, record: Record) -> None:
        record("SUCCEEDED", NOON - timedelta(minutes=10))
        record("SUCCEEDED", NOON - timedelta(minutes=5, seconds=1))
        record("SUCCEEDED", NOON - timedelta(minutes=5))
        points = stats.series(["default"], since=NOON - timedelta(minutes=10), until=NOON, period=300)["default"]
        assert [point.succeeded for point in points] == [2, 1]

    def test_the_period_that_has_just_begun_counts(self, stats: Stats, record: Record, clock: ManualClock) -> None:
        clock.advance(30)
        record("DEAD", NOON + timedelta(seconds=10))
        points = stats.series(["default"], since=NOON - HOUR, until=clock(), period=60)["default"]
        assert (points[-1].at, points[-1].dead) == (NOON, 1)

    def test_what_happened_outside_is_left_out(self, stats: Stats, record: Record) -> None:
        record("SUCCEEDED", NOON - HOUR - timedelta(seconds=1))
        assert totals(stats.series(["default"], since=NOON - HOUR, until=NOON, period=60)["default"]) == (0, 0, 0, 0)

    def test_each_outcome_has_its_count(self, stats: Stats, record: Record) -> None:
        for outcome, times in {"SUCCEEDED": 1, "FAILED": 2, "DEAD": 3, "RETRYING": 4, "BUSY": 5}.items():
            for _ in range(times):
                record(outcome, NOON - HOUR)
        assert totals(stats.series(["default"], since=NOON - HOUR, until=NOON, period=300)["default"]) == (1, 2, 3, 4)

    def test_durations_and_queue_times_are_means(self, stats: Stats, record: Record) -> None:
        for duration_ms, queued_ms in ((100, 10), (200, 20), (600, 60)):
            record("SUCCEEDED", NOON - HOUR, duration_ms, queued_ms)
        record("BUSY", NOON - HOUR)
        (point,) = stats.series(["default"], since=NOON - HOUR, until=NOON, period=3600)["default"]
        assert (point.duration_ms, point.queued_ms) == (300, 30)

    def test_each_queue_has_its_own_numbers(self, stats: Stats, record: Record) -> None:
        record("SUCCEEDED", NOON - HOUR, queue="orders")
        series = stats.series(["default", "orders"], since=NOON - HOUR, until=NOON, period=3600)
        assert {queue: totals(points)[0] for queue, points in series.items()} == {"default": 0, "orders": 1}

    def test_no_queues_is_no_series(self, stats: Stats) -> None:
        assert stats.series([], since=NOON - HOUR, until=NOON, period=60) == {}

    @pytest.mark.parametrize(
        ("change", "words"),
        [
            ({"period": 90}, r"period=90: take a multiple of 60 seconds"),
            ({"period": 0}, r"period=0: take a multiple of 60 seconds"),
            ({"since": NOON - 25 * HOUR}, r"1500 periods of 60 s: at most 1440 are given; take a longer period"),
            ({"since": NOON}, r"since=2026-01-01T12:00:00\+00:00 is not before until=2026-01-01T12:00:00\+00:00"),
            ({"since": datetime(2026, 1, 1)}, r"pass aware datetimes"),  # noqa: DTZ001 - what it refuses
        ],
    )
    def test_what_cannot_be_given_is_refused_with_what_fits(
        self, stats: Stats, change: dict[str, Any], words: str
    ) -> None:
        asked: dict[str, Any] = {"since": NOON - HOUR, "until": NOON, "period": 60, **change}
        with pytest.raises(ValueError, match=words):
            stats.series(["default"], **asked)

    def test_a_queue_that_the_settings_do_not_name_is_an_error(self, stats: Stats) -> None:
        with pytest.raises(UnknownQueue, match=r"'nope'"):
            stats.series(["nope"], since=NOON - HOUR, until=NOON, period=60)


class TestOldestAge:
    @pytest.mark.parametrize("queue", ["default", "default-dlq"])
    def test_the_oldest_message_of_a_queue_or_dead_letter_queue_has_an_age(
        self, ports: Ports, clients: Clients, clock: ManualClock, queue: str
    ) -> None:
        if isinstance(ports.transport, MemoryTransport):
            ports.transport.send(OutgoingMessage(queue, "waits"))
            clock.advance(140)
            ports.transport.send(OutgoingMessage(queue, "waits less"))
        else:
            for minutes, age in ((3, 20.0), (1, 140.0)):
                datum: Any = {
                    "MetricName": "ApproximateAgeOfOldestMessage",
                    "Dimensions": [{"Name": "QueueName", "Value": f"test-{queue}"}],
                    "Value": age,
                    "Timestamp": clock() - timedelta(minutes=minutes),
                }
                clients.cloudwatch.put_metric_data(Namespace="AWS/SQS", MetricData=[datum])
        assert ports.stats.oldest_age([queue]) == {queue: 140}

    def test_a_queue_that_the_settings_do_not_name_is_an_error(self, stats: Stats) -> None:
        with pytest.raises(UnknownQueue, match=r"'nope'"):
            stats.oldest_age(["nope"])


def test_it_says_where_the_numbers_come_from_and_when_they_are_complete(stats: Stats) -> None:
    assert (stats.source, stats.lag) in [
        ("this process's memory, at once", 0),
        ("CloudWatch, about a minute behind", 90),
    ]

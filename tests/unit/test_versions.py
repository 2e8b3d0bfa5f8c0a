"""Each worker says once which version it runs; the newest word on each queue counts."""

import pytest
from msgspec.structs import replace

from penstock import memory
from penstock.envelope import VERSION
from penstock.errors import Unavailable
from penstock.ports import Ports
from penstock.versions import FUNCTION, LIFETIME, PROCESS, Announcement, WorkerVersion, latest


@pytest.fixture
def clock() -> memory.ManualClock:
    return memory.ManualClock()


@pytest.fixture
def ports(clock: memory.ManualClock) -> Ports:
    return memory.ports(clock=clock)


def announce(ports: Ports, *queues: str, kind: str = FUNCTION, version: str = "0.1.0") -> None:
    Announcement(ports, kind=kind, version=version).make(queues)


def test_what_a_worker_said_is_found_again(ports: Ports, clock: memory.ManualClock) -> None:
    announce(ports, "default")
    assert latest(ports) == [WorkerVersion("default", FUNCTION, "0.1.0", VERSION, clock())]


def test_the_last_word_counts_whatever_the_numbers_say(ports: Ports, clock: memory.ManualClock) -> None:
    announce(ports, "default", version="0.10.0")
    clock.advance(60)
    announce(ports, "default", version="0.9.0")
    assert [worker.version for worker in latest(ports)] == ["0.9.0"]


def test_a_version_that_comes_back_is_the_last_one_again(ports: Ports, clock: memory.ManualClock) -> None:
    for version in ("0.1.0", "0.2.0", "0.1.0"):
        announce(ports, "default", version=version)
        clock.advance(60)
    assert [worker.version for worker in latest(ports)] == ["0.1.0"]


def test_functions_and_workers_of_one_s_own_are_told_apart(ports: Ports) -> None:
    announce(ports, "default", "images")
    announce(ports, "images", kind=PROCESS)
    assert [(worker.queue, worker.kind) for worker in latest(ports)] == [
        ("default", FUNCTION),
        ("images", FUNCTION),
        ("images", PROCESS),
    ]


@pytest.mark.parametrize(("seconds", "lines"), [(86_399, 1), (86_400, 2)])
def test_a_process_writes_once_a_day_and_queue(
    ports: Ports, clock: memory.ManualClock, seconds: int, lines: int
) -> None:
    announcement = Announcement(ports, kind=FUNCTION, version="0.1.0")
    announcement.make(["default", "default"])
    announcement.make(["default"])
    clock.advance(seconds)
    announcement.make(["default"])
    [line] = ports.ledger.lines("workers", limit=10)
    assert line.fields["told"] == lines


def test_a_worker_that_started_long_ago_is_forgotten(ports: Ports, clock: memory.ManualClock) -> None:
    announce(ports, "default")
    clock.advance(LIFETIME.total_seconds() + 1)
    assert latest(ports) == []


class Away:
    """A ledger that does not answer."""

    def count(self, *_: object, **__: object) -> None:
        raise Unavailable("the table is away")


def test_a_ledger_that_is_away_stops_no_worker(ports: Ports, caplog: pytest.LogCaptureFixture) -> None:
    announce(replace(ports, ledger=Away()), "default")
    assert "the version of the worker of default was not recorded: the table is away" in caplog.text

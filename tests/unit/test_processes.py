"""Pausing the worker processes of a queue: a line in the ledger, at which each of them looks."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from penstock import memory
from penstock.errors import Unavailable
from penstock.ports import Ports
from penstock.processes import LOOK_SECONDS, PAUSE_LIFETIME, Pauses, Processes, look, set_paused
from penstock.versions import FUNCTION, PROCESS, SILENT_AFTER, Announcement


@pytest.fixture
def clock() -> memory.ManualClock:
    return memory.ManualClock()


@pytest.fixture
def ports(clock: memory.ManualClock) -> Ports:
    return memory.ports(clock=clock)


class Away:
    """A ledger that does not answer while ``is_away``, and counts what it was asked."""

    def __init__(self, ledger: Any) -> None:
        self._ledger = ledger
        self.is_away = False
        self.reads = 0

    def read(self, page: str, key: str) -> Any:
        self.reads += 1
        if self.is_away:
            raise Unavailable("DynamoDB does not answer")
        return self._ledger.read(page, key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._ledger, name)


def announce(ports: Ports, kind: str) -> None:
    Announcement(ports, kind=kind, version="0.1.0").make(["default"])


def test_without_a_word_there_are_no_processes(ports: Ports) -> None:
    assert look(ports)["default"] == Processes(running=False, paused=False)


def test_a_process_that_has_spoken_runs(ports: Ports) -> None:
    announce(ports, PROCESS)
    assert look(ports) == {"default": Processes(True, False), "images": Processes(False, False)}


def test_a_function_is_no_process(ports: Ports) -> None:
    announce(ports, FUNCTION)
    assert not look(ports)["default"].known


def test_a_process_that_is_silent_for_days_is_gone(ports: Ports, clock: memory.ManualClock) -> None:
    announce(ports, PROCESS)
    clock.advance(SILENT_AFTER.total_seconds())
    assert not look(ports)["default"].known


def test_a_pause_is_known_though_its_processes_are_gone(ports: Ports) -> None:
    set_paused(ports, "default", True)
    assert look(ports)["default"] == Processes(running=False, paused=True)


def test_a_pause_is_of_one_queue(ports: Ports) -> None:
    set_paused(ports, "default", True)
    assert not look(ports)["images"].paused


def test_a_pause_ends_when_the_queue_is_resumed(ports: Ports) -> None:
    for paused in (True, True, False):
        set_paused(ports, "default", paused)
    assert not look(ports)["default"].paused


@pytest.mark.parametrize(("early", "paused"), [(timedelta(seconds=1), True), (timedelta(0), False)])
def test_a_pause_is_forgotten_after_a_year(
    ports: Ports, clock: memory.ManualClock, early: timedelta, paused: bool
) -> None:
    set_paused(ports, "default", True)
    clock.advance((PAUSE_LIFETIME - early).total_seconds())
    assert look(ports)["default"].paused is paused


@pytest.fixture
def ledger(ports: Ports) -> Away:
    return Away(ports.ledger)


@pytest.fixture
def pauses(ports: Ports, ledger: Away) -> Pauses:
    return Pauses(replace(ports, ledger=ledger))


def test_a_process_that_starts_knows_of_a_pause(ports: Ports, pauses: Pauses) -> None:
    set_paused(ports, "default", True)
    assert (pauses.includes("default"), pauses.includes("images")) == (True, False)


@pytest.mark.parametrize(("waited", "paused"), [(LOOK_SECONDS - 1, False), (LOOK_SECONDS, True)])
def test_a_process_looks_every_ten_seconds(
    ports: Ports, clock: memory.ManualClock, pauses: Pauses, waited: int, paused: bool
) -> None:
    pauses.includes("default")
    set_paused(ports, "default", True)
    clock.advance(waited)
    assert pauses.includes("default") is paused


def test_between_two_looks_the_ledger_is_not_asked(pauses: Pauses, ledger: Away, clock: memory.ManualClock) -> None:
    for _ in range(5):
        pauses.includes("default")
        clock.advance(1)
    assert ledger.reads == 1


@pytest.mark.parametrize("paused", [True, False])
def test_while_the_ledger_is_away_all_stays_as_it_was(
    ports: Ports, pauses: Pauses, ledger: Away, clock: memory.ManualClock, caplog: Any, paused: bool
) -> None:
    set_paused(ports, "default", paused)
    pauses.includes("default")
    ledger.is_away = True
    clock.advance(LOOK_SECONDS)
    assert pauses.includes("default") is paused
    assert f"so it stays {'paused' if paused else 'worked on'}: DynamoDB does not answer" in caplog.text


def test_a_pause_and_its_end_are_each_a_line_in_the_log(
    ports: Ports, pauses: Pauses, clock: memory.ManualClock, caplog: Any
) -> None:
    caplog.set_level("INFO")
    for paused in (True, True, False):
        set_paused(ports, "default", paused)
        pauses.includes("default")
        clock.advance(LOOK_SECONDS)
    assert [record.getMessage() for record in caplog.records] == [
        "queue 'default' is paused: nothing more is received from it",
        "queue 'default' is worked on again",
    ]

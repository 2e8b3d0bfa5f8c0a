"""Error groups: counted by whoever settles a failed attempt, read in a constant number of requests."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from penstock import Penstock, Reject
from penstock.error_groups import ErrorGroup, count_failures, read
from penstock.errors import Unavailable
from penstock.memory import MemoryLedger
from penstock.ports import LedgerLine
from penstock.reconcile import reconcile
from tests.lifecycle.world import World, throttle

HOUR = timedelta(hours=1)


def groups(world: World, window: timedelta = HOUR) -> list[ErrorGroup]:
    return read(world.ports.ledger, window, now=world.clock()).groups


@pytest.fixture
def failing(world: World) -> Any:
    @world.tasks.task(max_attempts=2)
    def failing(number: int) -> None:
        raise ValueError(f"no row {number}")

    return failing


@pytest.fixture
def hopeless(world: World) -> Any:
    @world.tasks.task
    def hopeless(number: int) -> None:
        raise Reject(f"no row {number}")

    return hopeless


def test_errors_that_differ_in_numbers_are_one_group(world: World, hopeless: Any) -> None:
    for number in range(3):
        hopeless.enqueue(number)
    world.drain()
    assert [(group.type, group.message, group.attempts, group.dead) for group in groups(world)] == [
        ("Reject", "no row #", 3, 3)
    ]


def test_a_group_says_where_it_was_raised(world: World, hopeless: Any) -> None:
    hopeless.enqueue(1)
    world.drain()
    assert groups(world)[0].frame.endswith("test_error_groups.py:hopeless")


def test_each_failed_attempt_counts_and_each_death_once(world: World, failing: Any) -> None:
    failing.enqueue(1)
    world.drain()
    assert [(group.attempts, group.dead) for group in groups(world)] == [(2, 1)]


def test_a_success_counts_nothing(world: World) -> None:
    @world.tasks.task
    def good() -> None: ...

    good.enqueue()
    world.drain()
    assert groups(world) == []


def test_what_sqs_buried_by_itself_is_a_group_too(world: World, failing: Any) -> None:
    failing.enqueue(1)
    throttle(world)
    reconcile(world.tasks, "default")
    assert [(group.type, group.dead) for group in groups(world)] == [("Buried", 1)]


def test_what_is_older_than_the_window_is_left_out(world: World, hopeless: Any) -> None:
    hopeless.enqueue(1)
    world.drain()
    world.clock.advance(2 * 3_600)
    assert (groups(world), len(groups(world, timedelta(days=1)))) == ([], 1)


def test_a_window_over_days_adds_them_up(world: World, hopeless: Any) -> None:
    for _ in range(3):
        hopeless.enqueue(1)
        world.drain()
        world.clock.advance(86_400)
    assert [group.attempts for group in groups(world, timedelta(days=7))] == [3]


def test_slots_say_when(world: World, hopeless: Any) -> None:
    for _ in range(2):
        hopeless.enqueue(1)
        world.drain()
        world.clock.advance(1_200)
    assert list(groups(world)[0].slots.values()) == [1, 1]


def test_the_most_frequent_comes_first(world: World, hopeless: Any, failing: Any) -> None:
    hopeless.enqueue(1)
    for number in range(3):
        failing.enqueue(number)
    world.drain()
    assert [group.type for group in groups(world)] == ["ValueError", "Reject"]


def test_a_sensitive_tasks_message_is_hidden(world: World) -> None:
    @world.tasks.task(sensitive=True)
    def secret() -> None:
        raise Reject("the password is 1234")

    secret.enqueue()
    world.drain()
    assert "password" not in groups(world)[0].message


def test_the_failures_of_a_group_are_counted(world: World, hopeless: Any) -> None:
    for number in range(3):
        hopeless.enqueue(number)
    world.drain()
    count = count_failures(world.ports, groups(world)[0].fingerprint)
    assert (count.number, count.exact) == (3, True)


def test_a_count_stops_at_its_highest(world: World, hopeless: Any) -> None:
    for number in range(3):
        hopeless.enqueue(number)
    world.drain()
    count = count_failures(world.ports, groups(world)[0].fingerprint, highest=2)
    assert (count.number, count.exact) == (2, False)


class Away(MemoryLedger):
    def count(self, *args: Any, **kwargs: Any) -> None:
        raise Unavailable("not now")


def test_a_ledger_that_is_away_fails_no_task(world: World) -> None:
    tasks = Penstock()

    @tasks.task
    def hopeless() -> None:
        raise Reject("no")

    tasks.connect(replace(world.ports, ledger=Away(world.clock)))
    world.deploy(tasks)
    hopeless.enqueue()
    assert world.deliver() == ["DEAD"]


class Counting(MemoryLedger):
    requests = 0

    def lines(self, *args: Any, **kwargs: Any) -> list[LedgerLine]:
        self.requests += 1
        return super().lines(*args, **kwargs)


@pytest.mark.parametrize(("window", "days"), [(timedelta(hours=1), 1), (timedelta(days=1), 2), (timedelta(days=7), 8)])
def test_a_page_costs_four_requests_a_day(world: World, window: timedelta, days: int) -> None:
    ledger = Counting(world.clock)
    world.clock.advance(12 * 3_600)
    read(ledger, window, now=world.clock())
    assert ledger.requests == 4 * days

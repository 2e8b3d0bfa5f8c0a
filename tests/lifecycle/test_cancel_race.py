"""A thousand cancels at the moment of delivery.

The worker's and the canceller's requests to the table are interleaved in an order that the race's seed decides.
"""

import random
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from penstock import Retry, current_task
from penstock.ports import Applied
from tests.lifecycle.world import FaultyStore, World

TASKS = 1_000


class Turns:
    """Lets one of two threads go on at a time, the one that ``chance`` picks: a repeatable interleaving of their requests."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._condition = threading.Condition()
        self._waiting: set[str] = set()
        self._alive = {"worker", "canceller"}
        self._turn: str | None = None

    def take(self) -> None:
        """Wait for this thread's turn; it lasts until the thread asks for the next one, or is done."""
        me = threading.current_thread().name
        if me not in self._alive:
            return
        with self._condition:
            self._waiting.add(me)
            self._pick()
            assert self._condition.wait_for(lambda: self._turn == me, timeout=10)
            self._turn = None
            self._waiting.discard(me)

    @contextmanager
    def thread(self, name: str) -> Iterator[None]:
        current = threading.current_thread()
        before, current.name = current.name, name
        try:
            yield
        finally:
            current.name = before
            with self._condition:
                self._alive.discard(name)
                self._pick()

    def _pick(self) -> None:
        if self._waiting and self._waiting == self._alive:
            self._turn = self._chance.choice(sorted(self._waiting))
            self._condition.notify_all()


class Race:
    """One task, its delivery and its cancel at the same moment."""

    def __init__(self, world: World, faults: "Outcomes", task: Any, seed: int) -> None:
        self.world, self.faults, self.seed = world, faults, seed
        self.result = task.enqueue(fails_first=seed % 2 == 1)

    def run(self) -> "Race":
        turns = Turns(random.Random(self.seed))
        self.faults.on_apply = lambda _transition: turns.take()

        def cancel() -> None:
            with turns.thread("canceller"):
                self.cancelled = self.result.cancel()
                self.claims_then = self.faults.claims[self.result.id]

        canceller = threading.Thread(target=cancel)
        with turns.thread("worker"):
            canceller.start()
            self.said = self.world.drain()
        canceller.join(10)
        self.faults.on_apply = lambda _transition: None
        return self


class Outcomes(FaultyStore):
    """Writes down every outcome that the table took (task id -> statuses), and how many claims."""

    def __init__(self, store: Any) -> None:
        super().__init__(store)
        self.recorded: dict[str, list[str]] = {}
        self.claims: Counter[str] = Counter()

    def apply(self, task_id: str, transition: Any) -> Any:
        answer = super().apply(task_id, transition)
        status = transition.set.get("status")
        if isinstance(answer, Applied) and status in ("SUCCEEDED", "FAILED", "CANCELLED", "DEAD"):
            self.recorded.setdefault(task_id, []).append(str(status))
        self.claims[task_id] += isinstance(answer, Applied) and status == "RUNNING"
        return answer


@pytest.fixture(scope="module")
def ran() -> Counter[str]:
    """How often the end of user code was reached, by task id."""
    return Counter()


@pytest.fixture(scope="module")
def races(ran: Counter[str]) -> list[Race]:
    world = World()
    faults = Outcomes(world.ports.results)
    tasks = world.deploy(world.another_process(results=faults))

    def long(fails_first: bool) -> str:
        current_task.progress(1)
        if fails_first and current_task.attempt == 1:
            raise Retry(delay=0)
        ran[current_task.id] += 1
        return "done"

    task = tasks.task(long)
    return [Race(world, faults, task, seed).run() for seed in range(TASKS)]


@pytest.fixture(scope="module")
def recorded(races: list[Race]) -> dict[str, list[str]]:
    return races[0].faults.recorded


def test_each_task_has_exactly_one_outcome(races: list[Race], recorded: dict[str, list[str]]) -> None:
    assert [len(recorded[race.result.id]) for race in races] == [1] * TASKS


def test_what_the_table_says_is_that_outcome(races: list[Race], recorded: dict[str, list[str]]) -> None:
    assert [race.result.refresh().status for race in races] == [recorded[race.result.id][0] for race in races]


def test_none_was_cancelled_and_ran(races: list[Race], ran: Counter[str]) -> None:
    assert [race.seed for race in races if race.result.refresh().status == "CANCELLED" and ran[race.result.id]] == []


def test_none_succeeded_that_was_told_never_to_start(races: list[Race], ran: Counter[str]) -> None:
    told = [race for race in races if race.cancelled]
    assert [race.seed for race in told if ran[race.result.id]] == []


def test_none_was_claimed_once_its_cancel_was_answered(races: list[Race]) -> None:
    late = [race for race in races if race.faults.claims[race.result.id] > race.claims_then]
    assert [race.seed for race in late] == []


def test_each_that_succeeded_ran_once(races: list[Race], ran: Counter[str]) -> None:
    succeeded = [race for race in races if race.result.refresh().status == "SUCCEEDED"]
    assert {ran[race.result.id] for race in succeeded} == {1}


def test_every_way_for_it_to_end_was_seen(races: list[Race]) -> None:
    ways = Counter((race.cancelled, str(race.result.refresh().status)) for race in races)
    assert ways.keys() == {(True, "CANCELLED"), (False, "CANCELLED"), (False, "SUCCEEDED")}
    assert min(ways.values()) > TASKS / 20


def test_no_message_is_left(races: list[Race]) -> None:
    world = races[0].world
    assert (world.is_empty(), world.dead_letters()) == (True, 0)

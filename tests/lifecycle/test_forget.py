"""Forgetting what is stored of a task."""

from typing import Any

import pytest

from penstock import Reject, Status
from penstock.errors import ConfigurationError, NotForgettable, TaskNotFound
from penstock.forget import forget
from penstock.record import MAX_ROW_RESULT_BYTES
from tests.lifecycle.world import World

NAME = "Ada Lovelace"


@pytest.fixture
def greet(world: World) -> Any:
    @world.tasks.task
    def greet(name: str, fails: bool = False) -> str:
        if fails:
            raise Reject(f"no {name}", discard=True)
        return f"hello {name}"

    return greet


def stored(world: World) -> str:
    results: Any = world.ports.results
    payloads: Any = world.ports.payloads
    return repr([results._tasks, results._attempts, payloads._contents])


def test_nothing_of_a_success_is_left(world: World, greet: Any) -> None:
    result = greet.using(tags=("vip",)).enqueue(NAME)
    world.drain()
    assert NAME in stored(world)
    forget(world.tasks, result.id)
    assert (NAME in stored(world), "vip" in stored(world)) == (False, False)


def test_nothing_of_a_failure_is_left(world: World, greet: Any) -> None:
    result = greet.enqueue(NAME, fails=True)
    world.drain()
    assert forget(world.tasks, result.id).attempts == 1
    assert NAME not in stored(world)


def test_a_large_result_is_deleted_from_the_payload_store(world: World) -> None:
    @world.tasks.task
    def large() -> str:
        return NAME * MAX_ROW_RESULT_BYTES

    result = large.enqueue()
    world.drain()
    forgotten = forget(world.tasks, result.id)
    assert (len(forgotten.payloads), NAME in stored(world)) == (1, False)


def test_large_arguments_are_deleted_from_the_payload_store(world: World, greet: Any) -> None:
    result = greet.enqueue(NAME * 100_000)
    world.drain()
    forgotten = forget(world.tasks, result.id)
    kinds = [key.split("/")[0] for key in forgotten.payloads]
    assert (kinds, NAME in stored(world)) == (["arguments", "results"], False)


def test_what_an_earlier_attempt_has_left_in_the_payload_store_goes_too(world: World) -> None:
    tries: list[int] = []

    @world.tasks.task
    def second_time(text: str) -> None:
        tries.append(1)
        if len(tries) == 1:
            raise ValueError("not yet")

    result = second_time.enqueue(NAME * 25_000)
    world.drain()
    assert NAME in stored(world)
    forget(world.tasks, result.id)
    assert (result.refresh().status, NAME in stored(world)) == (Status.SUCCEEDED, False)


def test_what_is_in_a_bucket_that_this_process_does_not_know_is_not_forgotten_by_halves(world: World) -> None:
    @world.tasks.task
    def large() -> str:
        return NAME * MAX_ROW_RESULT_BYTES

    result = large.enqueue()
    world.drain()
    with pytest.raises(ConfigurationError, match="set PENSTOCK_PAYLOAD_BUCKET"):
        forget(world.another_process(payloads=None), result.id)


def test_the_outcome_stays(world: World, greet: Any) -> None:
    result = greet.enqueue(NAME)
    world.drain()
    forget(world.tasks, result.id)
    assert (result.refresh().status, result.row.forgotten_at) == (Status.SUCCEEDED, world.clock())


def test_a_late_duplicate_still_finds_that_the_task_is_over(world: World, greet: Any) -> None:
    result = greet.enqueue(NAME)
    world.drain()
    event = world.worker.event
    forget(world.tasks, result.id)
    assert world.replay(event) == ["ACKNOWLEDGED"]


def test_twice_is_once(world: World, greet: Any) -> None:
    result = greet.enqueue(NAME)
    world.drain()
    forget(world.tasks, result.id)
    assert forget(world.tasks, result.id).attempts == 0


def test_a_dead_task_is_discarded_first(world: World) -> None:
    @world.tasks.task
    def hopeless() -> None:
        raise Reject("no")

    result = hopeless.enqueue()
    world.drain()
    with pytest.raises(NotForgettable, match="is DEAD: its message is in a queue"):
        forget(world.tasks, result.id)


def test_a_task_that_nobody_knows_is_refused(world: World) -> None:
    with pytest.raises(TaskNotFound):
        forget(world.tasks, "nobody")

"""Tasks that are coroutine functions."""

import asyncio
import signal
from typing import Any

import pytest

from penstock import Reject, Status, current_task
from tests.lifecycle.world import World


def time_is_up_soon() -> None:
    """Rings the alarm of the running time limit within milliseconds instead of seconds."""
    signal.setitimer(signal.ITIMER_REAL, 0.02)


def test_a_coroutine_function_is_run_to_its_end(world: World) -> None:
    @world.tasks.task
    async def add(one: int, other: int) -> int:
        await asyncio.sleep(0)
        return one + other

    result = add.enqueue(1, other=2)
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], 3)


def test_current_task_is_known_in_it_and_in_what_it_starts(world: World) -> None:
    async def child() -> str:
        return current_task.id

    @world.tasks.task
    async def parent() -> list[str]:
        return list(await asyncio.gather(child(), asyncio.create_task(child())))

    result = parent.enqueue()
    world.deliver()
    assert result.refresh().return_value == [result.id] * 2


def test_its_error_is_that_of_the_run(world: World) -> None:
    @world.tasks.task
    async def fails() -> None:
        await asyncio.sleep(0)
        raise Reject("no such picture")

    result = fails.enqueue()
    world.deliver()
    assert (result.refresh().status, result.error and result.error.message) == (Status.DEAD, "no such picture")


def test_its_time_limit_ends_an_await(world: World) -> None:
    @world.tasks.task
    async def waits() -> None:
        time_is_up_soon()
        await asyncio.sleep(3_600)

    result = waits.enqueue()
    assert (world.deliver(), result.errors[0].error_type) == (["RETRYING"], "TimeLimitExceeded")


def test_its_time_limit_ends_a_loop_without_awaits(world: World) -> None:
    @world.tasks.task
    async def spins() -> None:
        time_is_up_soon()
        while True:
            pass

    result = spins.enqueue()
    assert (world.deliver(), result.errors[0].error_type) == (["RETRYING"], "TimeLimitExceeded")


def test_its_time_limit_is_not_swallowed_by_except_exception(world: World) -> None:
    @world.tasks.task
    async def stubborn() -> None:
        while True:
            try:
                time_is_up_soon()
                await asyncio.sleep(3_600)
            except Exception:
                went_on.append(1)

    went_on: list[int] = []
    stubborn.enqueue()
    assert (world.deliver(), went_on) == (["RETRYING"], [])


def test_its_time_limit_ends_what_it_gathers(world: World) -> None:
    async def spins() -> None:
        time_is_up_soon()
        while True:
            pass

    @world.tasks.task
    async def gathers() -> None:
        await asyncio.gather(spins(), asyncio.sleep(3_600))

    result = gathers.enqueue()
    assert (world.deliver(), result.errors[0].error_type) == (["RETRYING"], "TimeLimitExceeded")


def test_what_it_started_is_cancelled_when_its_time_is_up(world: World) -> None:
    ended: list[str] = []

    async def child() -> None:
        try:
            await asyncio.sleep(3_600)
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    @world.tasks.task
    async def parent() -> None:
        started = asyncio.create_task(child())
        await asyncio.sleep(0)
        time_is_up_soon()
        await started

    parent.enqueue()
    assert (world.deliver(), ended) == (["RETRYING"], ["cancelled"])


def test_a_cancel_of_the_task_ends_it_in_its_next_progress(world: World) -> None:
    @world.tasks.task
    async def long() -> None:
        world.tasks.result(current_task.id).cancel()
        await asyncio.sleep(0)
        current_task.progress(1)

    result = long.enqueue()
    assert (world.deliver(), result.refresh().status) == (["CANCELLED"], Status.CANCELLED)


def test_middleware_is_around_the_whole_of_it(world: World) -> None:
    said: list[str] = []

    @world.tasks.middleware
    def around(_run: Any, call_next: Any) -> Any:
        said.append("before")
        value = call_next()
        said.append("after")
        return value

    @world.tasks.task
    async def runs() -> None:
        await asyncio.sleep(0)
        said.append("run")

    runs.enqueue()
    world.deliver()
    assert said == ["before", "run", "after"]


def test_a_plain_call_gives_the_coroutine(world: World) -> None:
    @world.tasks.task
    async def add(one: int) -> int:
        return one + 1

    assert asyncio.run(add(1)) == 2


def test_a_function_that_returns_a_coroutine_is_run_to_its_end_too(world: World) -> None:
    async def inner() -> str:
        return "done"

    result = world.tasks.task(name="outer")(lambda: inner()).enqueue()
    world.deliver()
    assert result.refresh().return_value == "done"


@pytest.mark.parametrize("runs", [2])
def test_each_run_has_an_event_loop_of_its_own(world: World, runs: int) -> None:
    loops: list[Any] = []

    @world.tasks.task
    async def noted() -> None:
        loops.append(asyncio.get_running_loop())

    for _ in range(runs):
        noted.enqueue()
    world.drain()
    assert (len(set(map(id, loops))), {loop.is_closed() for loop in loops}) == (runs, {True})

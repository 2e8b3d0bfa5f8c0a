"""Cancelling a task while it runs."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from penstock import Reject, Retry, Status, TaskResult, current_task
from penstock.dead_letters import redrive
from penstock.errors import TaskCancelled
from tests.lifecycle.world import AFTER_A_CRASH_SECONDS, FaultyStore, World


def cancel_and(world: World, then: Callable[[], Any], **options: Any) -> TaskResult[Any]:
    """A task that is cancelled from another process in its first attempt, and goes on with ``then``."""

    def long() -> Any:
        if current_task.attempt == 1:
            assert world.another_process().result(current_task.id).cancel() is False
        world.clock.advance(1)
        return then()

    result: TaskResult[Any] = world.tasks.task(**options)(long).enqueue()
    return result


def test_a_running_task_sees_that_it_is_cancelled(world: World) -> None:
    result = cancel_and(world, lambda: current_task.cancelled)
    world.deliver()
    assert result.refresh().return_value is True


def test_a_running_task_that_nobody_cancels_sees_so(world: World) -> None:
    result = world.tasks.task(lambda: current_task.cancelled).enqueue()
    world.deliver()
    assert result.refresh().return_value is False


def test_the_next_progress_of_a_cancelled_task_ends_it(world: World) -> None:
    after: list[str] = []
    result = cancel_and(world, lambda: (current_task.progress(1), after.append("went on")))
    assert (world.drain(), after, result.refresh().status) == (["CANCELLED"], [], Status.CANCELLED)


def test_the_message_of_a_task_cancelled_while_it_runs_is_deleted(world: World) -> None:
    cancel_and(world, lambda: current_task.progress(1))
    world.deliver()
    assert (world.is_empty(), world.dead_letters()) == (True, 0)


def test_a_cancelled_task_may_clean_up(world: World) -> None:
    cleaned: list[str] = []

    def then() -> None:
        try:
            current_task.progress(1)
        finally:
            cleaned.append("temporary files")

    cancel_and(world, then)
    assert (world.deliver(), cleaned) == (["CANCELLED"], ["temporary files"])


def test_except_exception_sees_a_cancel_as_it_is(world: World) -> None:
    seen: list[type] = []

    def then() -> None:
        try:
            current_task.progress(1)
        except Exception as error:
            seen.append(type(error))
            raise

    cancel_and(world, then)
    assert (world.deliver(), seen) == (["CANCELLED"], [TaskCancelled])


def test_a_cancelled_task_that_swallows_it_and_returns_has_succeeded(world: World) -> None:
    def then() -> str:
        with contextlib.suppress(TaskCancelled):
            current_task.progress(1)
        return "done"

    result = cancel_and(world, then)
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


@pytest.mark.parametrize("error", [ValueError("x"), Retry(delay=60)])
def test_a_cancelled_task_that_fails_is_not_tried_again(world: World, error: Exception) -> None:
    def then() -> None:
        raise error

    result = cancel_and(world, then)
    assert (world.drain(), result.refresh().status) == (["CANCELLED"], Status.CANCELLED)


def test_a_cancelled_task_that_rejects_itself_is_dead(world: World) -> None:
    def then() -> None:
        raise Reject("no such picture")

    result = cancel_and(world, then)
    world.drain()
    assert (result.refresh().status, world.dead_letters()) == (Status.DEAD, 1)


def test_a_second_cancel_of_a_running_task_changes_nothing(world: World) -> None:
    result = cancel_and(world, lambda: (world.tasks.result(current_task.id).cancel(), current_task.progress(1)))
    assert (world.drain(), result.refresh().status) == (["CANCELLED"], Status.CANCELLED)


def test_while_it_runs_a_cancelled_task_reads_as_running(world: World) -> None:
    seen: list[Status] = []
    cancel_and(world, lambda: seen.append(world.tasks.result(current_task.id).status))
    world.deliver()
    assert seen == [Status.RUNNING]


def test_a_cancel_that_cannot_be_seen_leaves_the_task_running(world: World) -> None:
    faults = FaultyStore(world.ports.results)
    world.deploy(world.another_process(results=faults))
    faults.away["progress"] = 1
    result = cancel_and(world, lambda: current_task.progress(1) or "done")
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


def test_a_redriven_task_does_not_remember_the_cancel_of_an_earlier_run(world: World) -> None:
    def then() -> str:
        if current_task.attempt == 1:
            raise Reject("no")
        current_task.progress(1)
        return "done"

    result = cancel_and(world, then)
    world.drain()
    redrive(world.tasks, "default")
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


def test_a_zombies_cancel_is_its_successors(world: World) -> None:
    def long() -> str:
        if current_task.attempt == 1:
            world.clock.advance(AFTER_A_CRASH_SECONDS)
            world.deliver()
            current_task.progress(1)  # of a lost lease: not written, whatever the row says
        else:
            world.tasks.result(current_task.id).cancel()
        return f"attempt {current_task.attempt}"

    result = world.tasks.task(long).enqueue()
    world.drain()
    assert result.refresh().return_value == "attempt 2"

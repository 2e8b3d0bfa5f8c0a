"""Hooks and middleware where they are called from: the worker, a crash that is noticed, the reconciler."""

import signal
from collections.abc import Callable
from typing import Any

import pytest

from penstock import Penstock, Reject, Retry, Status, current_task
from penstock.current import Run
from penstock.dead_letters import redrive
from penstock.errors import TimeLimitExceeded
from penstock.hooks import Ended
from penstock.reconcile import reconcile
from tests.lifecycle.world import AFTER_A_CRASH_SECONDS, FaultyStore, World, throttle


@pytest.fixture
def dead(world: World) -> list[Ended]:
    """What on_dead was told."""
    told: list[Ended] = []
    world.tasks.on_dead(told.append)
    return told


@pytest.fixture
def succeeded(world: World) -> list[Ended]:
    """What on_success was told."""
    told: list[Ended] = []
    world.tasks.on_success(told.append)
    return told


def raising(error: BaseException) -> Callable[[], Any]:
    def fails() -> None:
        raise error

    return fails


def test_a_success_is_told_once(world: World, succeeded: list[Ended], dead: list[Ended]) -> None:
    result = world.tasks.task(name="good")(lambda: "done").using(tags=("monthly",)).enqueue()
    world.drain()
    told = Ended(result.id, "good", "default", Status.SUCCEEDED, 1, tags=("monthly",))
    assert (succeeded, dead) == ([told], [])


def test_a_death_is_told_once_with_error_and_exception(world: World, dead: list[Ended]) -> None:
    error = Reject("no such picture")
    world.tasks.task(name="hopeless")(raising(error)).enqueue()
    world.drain()
    (told,) = dead
    assert told.error is not None
    assert (told.task, told.attempt, told.error.message, told.exception) == ("hopeless", 1, "no such picture", error)


def test_a_death_is_told_after_it_was_recorded(world: World) -> None:
    read: list[Status] = []
    world.tasks.on_dead(lambda ended: read.append(world.tasks.result(ended.task_id).status))
    world.tasks.task(raising(Reject("no"))).enqueue()
    world.deliver()
    assert read == [Status.DEAD]


@pytest.mark.parametrize("error", [Retry(delay=60), Reject("no", discard=True)])
def test_what_is_no_death_is_not_told(
    world: World, dead: list[Ended], succeeded: list[Ended], error: BaseException
) -> None:
    world.tasks.task(raising(error)).enqueue()
    world.deliver()
    assert (dead, succeeded) == ([], [])


def test_a_cancelled_task_is_not_told(world: World, dead: list[Ended], succeeded: list[Ended]) -> None:
    @world.tasks.task
    def long() -> None:
        world.tasks.result(current_task.id).cancel()
        current_task.progress(1)

    long.enqueue()
    assert (world.drain(), dead, succeeded) == (["CANCELLED"], [], [])


def test_a_crash_in_the_last_attempt_is_told_by_who_notices_it(world: World, dead: list[Ended]) -> None:
    world.tasks.task(max_attempts=1)(raising(KeyboardInterrupt())).enqueue()
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    world.clock.advance(AFTER_A_CRASH_SECONDS)
    world.drain()
    (told,) = dead
    assert told.error is not None
    assert (told.error.type, told.exception) == ("RunLost", None)


def test_a_death_by_sqs_is_told_by_the_reconciler(world: World, dead: list[Ended]) -> None:
    result = world.tasks.task(name="never")(lambda: None).using(tags=("monthly",)).enqueue()
    throttle(world)
    reconcile(world.tasks, "default")
    (told,) = dead
    assert told.error is not None
    assert (told.task_id, told.task, told.attempt, told.tags, told.error.type) == (
        result.id,
        "never",
        0,
        ("monthly",),
        "Buried",
    )


def test_a_second_reconciler_tells_nothing_again(world: World, dead: list[Ended]) -> None:
    world.tasks.task(lambda: None).enqueue()
    throttle(world)
    for _ in range(2):
        reconcile(world.tasks, "default")
    assert len(dead) == 1


def test_the_next_death_of_a_redriven_task_is_told_again(world: World, dead: list[Ended]) -> None:
    world.tasks.task(raising(Reject("still no"))).enqueue()
    world.drain()
    redrive(world.tasks, "default")
    world.drain()
    assert [told.attempt for told in dead] == [1, 2]


def test_a_zombie_whose_death_came_too_late_tells_nothing(world: World, dead: list[Ended]) -> None:
    @world.tasks.task
    def slow() -> str:
        if current_task.attempt == 1:
            world.clock.advance(AFTER_A_CRASH_SECONDS)
            world.deliver()
            raise Reject("too late")
        return "done"

    slow.enqueue()
    world.drain()
    assert dead == []


def test_a_hook_that_fails_changes_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.tasks.on_success(lambda _ended: 1 / 0)
    result = world.tasks.task(lambda: "done").enqueue()
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")
    assert "a hook failed after task" in caplog.text


def test_a_hook_that_fails_in_the_reconciler_keeps_no_other_task_open(world: World) -> None:
    world.tasks.on_dead(lambda _ended: 1 / 0)
    results = [world.tasks.task(name=f"t-{n}")(lambda: None).enqueue() for n in range(3)]
    throttle(world)
    assert reconcile(world.tasks, "default").closed == 3
    assert {result.refresh().status for result in results} == {Status.DEAD}


def test_a_death_whose_reply_was_lost_is_told_all_the_same(world: World) -> None:
    faults = FaultyStore(world.ports.results)
    process = world.deploy(world.another_process(results=faults))
    dead: list[Ended] = []
    process.on_dead(dead.append)
    process.task(raising(Reject("no"))).enqueue()
    faults.lost["dead"] = 1
    world.drain()
    assert len(dead) == 1


# middleware


def test_middleware_is_around_user_code_in_the_run(world: World) -> None:
    said: list[str] = []

    @world.tasks.middleware
    def around(run: Run, call_next: Callable[[], Any]) -> Any:
        said.append(f"{run.name} {current_task.attempt}")
        value = call_next()
        said.append("after")
        return value

    world.tasks.task(name="good")(lambda: said.append("run")).enqueue()
    world.deliver()
    assert said == ["good 1", "run", "after"]


def test_middleware_sees_the_error_and_the_retry_goes_on(world: World) -> None:
    seen: list[str] = []

    @world.tasks.middleware
    def around(_run: Run, call_next: Callable[[], Any]) -> Any:
        try:
            return call_next()
        except ValueError as error:
            seen.append(str(error))
            raise

    world.tasks.task(raising(ValueError("not yet"))).enqueue()
    assert (world.deliver(), seen) == (["RETRYING"], ["not yet"])


def test_an_error_of_middleware_is_an_error_of_the_run(world: World) -> None:
    ran: list[int] = []
    world.tasks.middleware(lambda _run, _call_next: 1 / 0)
    result = world.tasks.task(lambda: ran.append(1)).enqueue()
    assert (world.deliver(), ran, result.errors[0].error_type) == (["RETRYING"], [], "ZeroDivisionError")


def test_what_middleware_returns_is_the_result(world: World) -> None:
    world.tasks.middleware(lambda _run, call_next: call_next() + 1)
    result = world.tasks.task(lambda: 41).enqueue()
    world.deliver()
    assert result.refresh().return_value == 42


def test_middleware_counts_towards_the_time_limit(world: World) -> None:
    @world.tasks.middleware
    def slow(_run: Run, call_next: Callable[[], Any]) -> Any:
        signal.raise_signal(signal.SIGALRM)  # what the timer does when the time is up
        return call_next()

    result = world.tasks.task(lambda: None).enqueue()
    world.deliver()
    assert result.errors[0].error_type == TimeLimitExceeded.__name__


def test_middleware_can_clean_up_after_a_cancelled_run(world: World) -> None:
    cleaned: list[str] = []

    @world.tasks.middleware
    def around(_run: Run, call_next: Callable[[], Any]) -> Any:
        try:
            return call_next()
        finally:
            cleaned.append(current_task.id)

    @world.tasks.task
    def long() -> None:
        world.tasks.result(current_task.id).cancel()
        current_task.progress(1)

    result = long.enqueue()
    assert (world.deliver(), cleaned) == (["CANCELLED"], [result.id])


def test_the_middleware_of_one_project_is_not_around_anothers_tasks(world: World) -> None:
    said: list[int] = []
    Penstock().middleware(lambda _run, call_next: said.append(1) or call_next())
    world.tasks.task(lambda: None).enqueue()
    assert (world.deliver(), said) == (["SUCCEEDED"], [])

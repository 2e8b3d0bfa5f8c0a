"""Services that are away for minutes, clocks that are wrong, capacity that is missing, rows that are gone."""

from datetime import timedelta
from typing import Any

import pytest

from penstock import Penstock, Reject, Retry, Status, current_task
from penstock.errors import TaskNotFound, Unavailable
from penstock.record import MAX_RETENTION, ROW_LIFETIME
from penstock.transitions import Transition
from tests.lifecycle.world import AFTER_A_CRASH_SECONDS, INVOCATION_SECONDS, FaultyStore, World, lets_die, throttle

OUTAGE_SECONDS = 600


@pytest.fixture
def runs() -> list[int]:
    """The attempts that user code has seen."""
    return []


def away(world: World, *transitions: str) -> Penstock:
    """A worker whose table is away from the first of these transitions on, for ten minutes, for everything."""
    faults = FaultyStore(world.ports.results)
    until: list[Any] = []

    def no_answer(transition: Transition) -> None:
        if not until and transition.name in transitions:
            until.append(world.clock() + timedelta(seconds=OUTAGE_SECONDS))
        if until and world.clock() < until[0]:
            raise Unavailable("the table does not answer")

    faults.on_apply = no_answer
    return world.deploy(world.another_process(results=faults))


def noting(runs: list[int]) -> Any:
    def noted() -> str:
        runs.append(current_task.attempt)
        return f"attempt {current_task.attempt}"

    return noted


# DynamoDB is away for ten minutes


def test_a_table_away_for_ten_minutes_at_the_claim_costs_receives_but_no_attempt(world: World, runs: list[int]) -> None:
    result = away(world, "claim").task(noting(runs)).enqueue()
    done = world.drain()
    assert (set(done[:-1]), done[-1], runs) == ({"UNAVAILABLE"}, "SUCCEEDED", [1])
    assert result.refresh().return_value == "attempt 1"


def test_the_receives_that_an_outage_of_ten_minutes_costs_leave_enough_for_all_attempts(
    world: World, runs: list[int]
) -> None:
    def fails() -> str:
        runs.append(current_task.attempt)
        if len(runs) < 5:
            raise Retry(delay=1)
        return "done"

    result = away(world, "claim").task(fails).enqueue()
    world.drain()
    assert (runs, result.refresh().return_value) == ([1, 2, 3, 4, 5], "done")


def test_after_an_outage_a_task_runs_within_another_ten_minutes(world: World, runs: list[int]) -> None:
    result = away(world, "claim").task(noting(runs)).enqueue()
    world.drain()
    finished = result.refresh().row.finished_at
    assert finished is not None
    assert finished - result.row.created_at < timedelta(seconds=2 * OUTAGE_SECONDS)


def test_a_table_away_for_ten_minutes_at_the_settle_loses_nothing(world: World, runs: list[int]) -> None:
    result = away(world, "succeed").task(noting(runs)).enqueue()
    done = world.drain()
    assert (done[0], done[-1], runs, result.refresh().return_value) == ("LEFT", "SUCCEEDED", [1, 2], "attempt 2")


def test_a_death_that_could_not_be_settled_for_ten_minutes_is_settled_by_the_next_attempt(
    world: World, runs: list[int]
) -> None:
    def hopeless() -> None:
        runs.append(current_task.attempt)
        raise Reject("no")

    result = away(world, "dead").task(hopeless).enqueue()
    world.drain()
    assert (runs, result.refresh().status, world.dead_letters()) == ([1, 2], Status.DEAD, 1)


def test_a_last_attempt_that_could_not_be_settled_for_ten_minutes_ends_as_a_crash(
    world: World, runs: list[int]
) -> None:
    result = away(world, "succeed").task(max_attempts=1)(noting(runs)).enqueue()
    world.drain()
    assert result.refresh().error is not None
    assert (runs, result.status, result.error.type) == ([1], Status.DEAD, "RunLost")  # type: ignore[union-attr]


def test_a_table_away_for_ten_minutes_keeps_a_batch_of_ten_as_it_is(world: World, runs: list[int]) -> None:
    process = away(world, "claim")
    task = process.task(noting(runs))
    results = process.enqueue_many(task.call() for _ in range(10))
    world.drain()
    assert {(r.refresh().status, r.attempts) for r in results} == {(Status.SUCCEEDED, 1)}


# clocks


@pytest.mark.parametrize("offset", [-90, 90])
def test_a_worker_whose_clock_is_90_seconds_off_runs_a_task_once(world: World, runs: list[int], offset: int) -> None:
    world.deploy(world.another_process(clock=lambda: world.clock() + timedelta(seconds=offset)))
    result = world.tasks.task(noting(runs)).enqueue()
    assert (world.drain(), runs, result.refresh().return_value) == (["SUCCEEDED"], [1], "attempt 1")


@pytest.mark.parametrize("offset", [-90, 90])
def test_a_retry_by_a_worker_whose_clock_is_90_seconds_off_comes_on_time(world: World, offset: int) -> None:
    world.deploy(world.another_process(clock=lambda: world.clock() + timedelta(seconds=offset)))
    at: list[Any] = []

    @world.tasks.task
    def fails() -> None:
        at.append(world.clock())
        if len(at) == 1:
            raise Retry(delay=60)

    fails.enqueue()
    world.drain()
    assert at[1] - at[0] == timedelta(seconds=60)


@pytest.mark.parametrize("offset", [-90, 90])
def test_a_retry_that_meets_a_worker_whose_clock_is_90_seconds_off_still_runs(world: World, offset: int) -> None:
    at: list[Any] = []

    def fails() -> None:
        at.append(world.clock())
        if len(at) == 1:
            raise Retry(delay=60)

    world.tasks.task(fails).enqueue()
    world.deliver()
    world.deploy(world.another_process(clock=lambda: world.clock() + timedelta(seconds=offset))).task(fails)
    world.drain()
    assert (len(at), at[1] - at[0] < timedelta(seconds=60 + 90 + 60)) == (2, True)


def test_a_worker_whose_clock_is_fast_may_run_a_task_beside_another_but_one_outcome_stands(world: World) -> None:
    """Its clock says that the lease is over. The late owner's fence is gone: only the successor's outcome is recorded."""
    fast = world.another_process(clock=lambda: world.clock() + timedelta(seconds=90))
    slow = world.tasks
    runs: list[int] = []

    def long() -> str:
        runs.append(current_task.attempt)
        if len(runs) == 1:
            world.clock.advance(INVOCATION_SECONDS - 60)
            world.show_again()
            world.deploy(fast)
            assert world.deliver() == ["SUCCEEDED"]
            world.deploy(slow)
        return f"attempt {current_task.attempt}"

    fast.task(long)
    result = slow.task(long).enqueue()
    assert (world.deliver(), runs, result.refresh().return_value) == (["ACKNOWLEDGED"], [1, 2], "attempt 2")


def test_a_worker_whose_clock_is_slow_waits_longer_for_a_crashed_run(world: World, runs: list[int]) -> None:
    def dies_once() -> str:
        runs.append(current_task.attempt)
        if len(runs) == 1:
            raise KeyboardInterrupt
        return "done"

    result = world.tasks.task(dies_once).enqueue()
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    world.deploy(world.another_process(clock=lambda: world.clock() - timedelta(seconds=90))).task(dies_once)
    assert (world.drain(), runs, result.refresh().attempts) == (["BUSY", "SUCCEEDED"], [1, 2], 2)


def test_an_enqueue_by_a_web_whose_clock_is_90_seconds_fast_runs_and_reads_as_queued_before(
    world: World, runs: list[int]
) -> None:
    web = world.another_process(clock=lambda: world.clock() + timedelta(seconds=90))
    world.tasks.task(noting(runs))
    result = web.task(noting(runs)).enqueue()
    assert (result.status, world.drain(), runs) == (Status.QUEUED, ["SUCCEEDED"], [1])


# capacity


def test_nine_throttled_receives_and_then_a_run_are_attempt_one(world: World, runs: list[int]) -> None:
    result = world.tasks.task(noting(runs)).enqueue()
    throttle(world, times=9)
    assert (world.drain(), runs, result.refresh().row.attempts_left) == (["SUCCEEDED"], [1], 4)


def test_a_neighbour_of_ten_that_kills_the_process_costs_the_nine_nothing(world: World, runs: list[int]) -> None:
    def kills(number: int) -> str:
        runs.append(number)
        if number == 4:
            raise KeyboardInterrupt
        return "done"

    task = world.tasks.task(kills)
    results = world.tasks.enqueue_many(task.call(number) for number in range(10))
    lets_die(world)
    ends = [(result.refresh().status, result.attempts) for result in results]
    killer = ends.pop(4)
    assert (set(ends), killer) == ({(Status.SUCCEEDED, 1)}, (Status.DEAD, 5))
    assert (runs.count(4), len(runs), world.dead_letters()) == (5, 14, 1)


def test_a_killer_runs_after_its_neighbours_once_it_is_a_suspect(world: World, runs: list[int]) -> None:
    def kills(number: int) -> None:
        runs.append(number)
        if number == 0:
            raise KeyboardInterrupt

    task = world.tasks.task(kills)
    task.enqueue(0)
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    world.clock.advance(AFTER_A_CRASH_SECONDS)
    for number in range(1, 10):
        task.enqueue(number)
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    assert runs == [0, *range(1, 10), 0]


# FIFO


def test_where_the_first_of_a_group_crashes_to_death_the_rest_run_in_order(world: World, runs: list[int]) -> None:
    def books(number: int) -> None:
        runs.append(number)
        if number == 1:
            raise KeyboardInterrupt

    task = world.tasks.task(queue="ledger", max_attempts=2)(books)
    results = [task.using(group="account-1").enqueue(number) for number in range(1, 5)]
    lets_die(world, "ledger")
    assert (runs, [result.refresh().status for result in results], world.dead_letters("ledger")) == (
        [1, 1, 2, 3, 4],
        [Status.DEAD, *[Status.SUCCEEDED] * 3],
        1,
    )


def test_where_the_first_of_a_group_is_given_up_the_rest_run_in_order(world: World, runs: list[int]) -> None:
    def books(number: int) -> None:
        runs.append(number)
        if number == 1:
            raise Reject("bad booking")

    task = world.tasks.task(queue="ledger")(books)
    results = world.tasks.enqueue_many(task.using(group="account-1").call(number) for number in range(1, 5))
    world.drain("ledger")
    assert (runs, [(r.refresh().status, r.attempts) for r in results]) == (
        [1, 2, 3, 4],
        [(Status.DEAD, 1), *[(Status.SUCCEEDED, 1)] * 3],
    )


def test_the_rest_of_a_group_waits_for_the_retries_of_its_first(world: World, runs: list[int]) -> None:
    def books(number: int) -> None:
        runs.append(number)
        if number == 1 and runs.count(1) < 3:
            raise Retry(delay=60)

    task = world.tasks.task(queue="ledger")(books)
    for number in range(1, 5):
        task.using(group="account-1").enqueue(number)
    world.drain("ledger")
    assert runs == [1, 1, 1, 2, 3, 4]


# rows that are gone


def expire(world: World, task_id: str) -> None:
    """What DynamoDB's TTL does once the row's time has come."""
    store = world.ports.results
    assert int(world.clock().timestamp()) >= store._tasks[task_id]["expires_at"]  # type: ignore[attr-defined]
    store.put_item(task_id, None)  # type: ignore[attr-defined]


@pytest.mark.parametrize("age", [timedelta(0), MAX_RETENTION, 2 * MAX_RETENTION])
def test_as_long_as_sqs_can_keep_a_message_its_outcome_is_there_to_stop_a_second_run(
    world: World, runs: list[int], age: timedelta
) -> None:
    result = world.tasks.task(noting(runs)).enqueue()
    world.deliver()
    world.clock.advance(age.total_seconds())
    assert (world.replay(world.worker.event), runs, result.refresh().attempts) == (["ACKNOWLEDGED"], [1], 1)


def test_a_message_29_days_old_whose_row_has_expired_runs_again_and_is_deleted(world: World, runs: list[int]) -> None:
    """SQS keeps none for so long; if it did, user code would run once more, and the message would still end."""
    result = world.tasks.task(noting(runs)).enqueue()
    world.deliver()
    world.clock.advance(ROW_LIFETIME.total_seconds())
    expire(world, result.id)
    assert (world.replay(world.worker.event), world.replay(world.worker.event)) == (["SUCCEEDED"], ["ACKNOWLEDGED"])


def test_a_row_that_has_expired_is_not_found(world: World, runs: list[int]) -> None:
    result = world.tasks.task(noting(runs)).enqueue()
    world.deliver()
    world.clock.advance(ROW_LIFETIME.total_seconds() + 1)
    with pytest.raises(TaskNotFound):
        world.tasks.result(result.id)


def test_a_row_that_was_lost_while_its_task_ran_is_written_by_the_next_attempt(world: World, runs: list[int]) -> None:
    def loses() -> str:
        runs.append(current_task.attempt)
        if len(runs) == 1:
            world.ports.results.clear()  # type: ignore[attr-defined]
        return "done"

    result = world.tasks.task(loses).enqueue()
    assert (world.drain(), runs, result.refresh().return_value) == (["LEFT", "SUCCEEDED"], [1, 1], "done")


def test_a_task_whose_message_was_purged_reads_as_expired_in_the_end(world: World, runs: list[int]) -> None:
    result = world.tasks.task(noting(runs)).enqueue()
    world.ports.transport.purge("default")
    world.clock.advance(MAX_RETENTION.total_seconds() + 1)
    assert (result.refresh().status, result.status.is_final) == (Status.EXPIRED, True)

"""Faults: what a test can break, and what becomes of the task."""

import pytest

from penstock import Status


def outcomes(task_queue):
    return [event.outcome for event in task_queue.events]


def test_a_failed_run_is_retried_and_its_error_recorded(shop, task_queue):
    task_queue.fail_next(shop.greet, error=ConnectionError("away"))
    shop.greet.enqueue("Ada")
    [result] = task_queue.drain()
    assert (result.status, [error.error_type for error in result.errors]) == (Status.SUCCEEDED, ["ConnectionError"])


def test_so_many_runs_of_anything_fail(shop, task_queue):
    task_queue.fail_next(3)
    shop.greet.enqueue("Ada")
    assert task_queue.drain()[0].attempts == 4


def test_another_task_does_not_fail(shop, task_queue):
    task_queue.fail_next(shop.greet_all)
    shop.greet.enqueue("Ada")
    assert task_queue.drain()[0].attempts == 1


def test_a_task_that_fails_as_often_as_it_may_is_dead(shop, task_queue):
    task_queue.fail_next(shop.greet, times=5)
    shop.greet.enqueue("Ada")
    assert task_queue.drain()[0].status is Status.DEAD


def test_a_message_delivered_twice_runs_once(shop, task_queue):
    task_queue.duplicate()
    shop.greet.enqueue("Ada")
    task_queue.drain()
    assert (outcomes(task_queue), shop.done) == (["SUCCEEDED", "ACKNOWLEDGED"], ["Ada"])


def test_reordered_messages_come_in_the_opposite_order(shop, task_queue):
    for name in "abc":
        shop.greet.enqueue(name)
    task_queue.reorder()
    task_queue.drain()
    assert shop.done == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("step", "runs", "attempts", "last"),
    [("claim", 1, 2, "SUCCEEDED"), ("run", 2, 2, "SUCCEEDED"), ("settle", 1, 1, "ACKNOWLEDGED")],
)
def test_a_killed_process_loses_no_task(shop, task_queue, step, runs, attempts, last):
    task_queue.kill_after(step)
    shop.greet.enqueue("Ada")
    [result] = task_queue.drain()
    assert (result.status, result.attempts, len(shop.done), outcomes(task_queue)[-1]) == (
        Status.SUCCEEDED,
        attempts,
        runs,
        last,
    )


def test_a_process_killed_after_every_claim_ends_in_a_recorded_death(shop, task_queue):
    for _ in range(20):
        task_queue.kill_after("claim")
    shop.greet.enqueue("Ada")
    [result] = task_queue.drain()
    assert (result.status, shop.done) == (Status.DEAD, [])


def test_a_neighbour_of_a_killed_process_succeeds(shop, task_queue):
    task_queue.kill_after("run")
    shop.greet.enqueue("Ada")
    shop.greet.enqueue("Bo")
    assert {result.status for result in task_queue.drain()} == {Status.SUCCEEDED}


def test_a_step_that_does_not_exist_is_refused(task_queue):
    with pytest.raises(ValueError, match="the steps are 'claim', 'run', 'settle'"):
        task_queue.kill_after("lunch")


def test_faults_that_did_not_happen_are_told(shop, task_queue):
    task_queue.fail_next(shop.greet, error=OSError("x"))
    task_queue.kill_after("run")
    task_queue.duplicate(2)
    assert task_queue.unused_faults() == ["fail_next(greet, error=OSError('x'))", "kill_after('run')", "duplicate(2)"]


def test_faults_that_happened_are_used_up(shop, task_queue):
    task_queue.fail_next()
    task_queue.duplicate()
    shop.greet.enqueue("Ada")
    task_queue.drain()
    assert task_queue.unused_faults() == []


def test_zero_failures_are_refused(task_queue):
    with pytest.raises(ValueError, match="1 at least"):
        task_queue.fail_next(0)

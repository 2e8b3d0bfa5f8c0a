"""A row in a status that only a later version knows: nothing runs, nothing is written, nothing is acknowledged; others go on."""

import logging
from typing import Any

import pytest

from penstock import Status, TaskResult, current_task
from penstock.dead_letters import purge, waiting
from penstock.errors import UnsupportedRow
from penstock.reconcile import Reconciliation, reconcile
from tests.lifecycle.world import World, throttle

NEWER = "SNOOZED"


def put_status(world: World, task_id: str, status: str) -> None:
    """What another version writes, past this one."""
    results: Any = world.ports.results
    results.put_item(task_id, {**(results.item(task_id) or {}), "status": status})


def status_in_the_table(world: World, task_id: str) -> str:
    results: Any = world.ports.results
    status: str = results.item(task_id)["status"]
    return status


@pytest.fixture
def runs() -> list[str]:
    """The ids of the tasks that ran."""
    return []


@pytest.fixture
def result(world: World, runs: list[str]) -> TaskResult[Any]:
    """A task that is enqueued, in a status of a later version."""
    result = world.tasks.task(name="note")(lambda: runs.append(current_task.id)).enqueue()
    put_status(world, result.id, NEWER)
    return result


def test_a_worker_leaves_it_for_later(world: World, result: TaskResult[Any], runs: list[str]) -> None:
    assert (world.deliver(), runs, status_in_the_table(world, result.id)) == (["UNKNOWN"], [], NEWER)


def test_it_runs_once_the_later_version_has_let_it_go(world: World, result: TaskResult[Any], runs: list[str]) -> None:
    world.deliver()
    put_status(world, result.id, "QUEUED")
    assert (world.drain(), runs) == (["SUCCEEDED"], [result.id])


def test_its_neighbours_run(world: World, result: TaskResult[Any], runs: list[str]) -> None:
    other = world.tasks.registry["note"].enqueue()
    assert (sorted(world.deliver()), runs) == (["SUCCEEDED", "UNKNOWN"], [other.id])


def test_a_run_whose_row_became_one_acknowledges_nothing(world: World) -> None:
    result = world.tasks.task(lambda: put_status(world, current_task.id, NEWER), name="taken").enqueue()
    assert (world.deliver(), status_in_the_table(world, result.id)) == (["LEFT"], NEWER)
    assert not world.is_empty()


def test_progress_is_no_reason_to_fail_the_work(world: World) -> None:
    def taken() -> str:
        put_status(world, current_task.id, NEWER)
        current_task.progress(1)
        seen.append(current_task.cancelled)
        put_status(world, current_task.id, "RUNNING")
        return "done"

    seen: list[bool] = []
    result = world.tasks.task(taken).enqueue()
    assert (world.deliver(), seen, result.refresh().return_value) == (["SUCCEEDED"], [False], "done")


def test_the_reconciler_leaves_its_letter_and_closes_the_others(
    world: World, result: TaskResult[Any], caplog: pytest.LogCaptureFixture
) -> None:
    other = world.tasks.registry["note"].enqueue()
    throttle(world)
    with caplog.at_level(logging.WARNING, "penstock"):
        assert reconcile(world.tasks, "default") == Reconciliation("default", closed=1, left=1)
    assert (status_in_the_table(world, result.id), other.refresh().status) == (NEWER, Status.DEAD)
    assert f"a dead letter is left: the row of task {result.id}" in caplog.text


def test_a_purge_leaves_its_letter(world: World, result: TaskResult[Any]) -> None:
    throttle(world)
    assert (purge(world.tasks, "default", confirm="default"), waiting(world.tasks, "default")) == (0, 1)
    assert status_in_the_table(world, result.id) == NEWER


def test_enqueueing_its_id_again_is_refused_before_anything_is_sent(world: World, result: TaskResult[Any]) -> None:
    depth = world.ports.transport.depth("default")
    with pytest.raises(UnsupportedRow, match=result.id):
        world.tasks.registry["note"].using(task_id=result.id).enqueue()
    assert world.ports.transport.depth("default") == depth


def test_whoever_waits_for_it_is_told(result: TaskResult[Any]) -> None:
    with pytest.raises(UnsupportedRow, match=f"the row of task {result.id} has the status '{NEWER}'"):
        result.wait(timeout=1)


@pytest.mark.parametrize("action", ["cancel", "refresh"])
def test_what_a_caller_asks_of_it_is_refused(world: World, result: TaskResult[Any], action: str) -> None:
    with pytest.raises(UnsupportedRow):
        getattr(result, action)()
    assert status_in_the_table(world, result.id) == NEWER

"""The reconciler: closing the book on what SQS buried by itself."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from penstock import Reject, Retry, Status, TaskResult, current_task
from penstock.dead_letters import redrive
from penstock.errors import Unavailable
from penstock.ports import OutgoingMessage, QueueDepth, RedriveStatus
from penstock.reconcile import PEEK_SECONDS, Reconciliation, reconcile
from penstock.settings import dead_letter_queue
from tests.lifecycle.world import (
    AFTER_A_CRASH_SECONDS,
    MAX_RECEIVE_COUNT,
    FaultyStore,
    World,
    throttle,
)


class Deaf:
    """A transport that does not answer ``method`` so many ``times``; a delete is carried out all the same."""

    def __init__(self, transport: Any, method: str, times: int) -> None:
        self._transport = transport
        self._method = method
        self._left = times

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._transport, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            if name != self._method or not self._left:
                return method(*args, **kwargs)
            self._left -= 1
            if name == "delete":
                method(*args, **kwargs)
            raise Unavailable(f"no answer to {name}")

        return call


def good(world: World, **options: Any) -> TaskResult[Any]:
    return world.tasks.task(name="good", **options)(lambda: "done").enqueue()


def failing(world: World, *errors: BaseException) -> TaskResult[Any]:
    """A task that raises these, one a run, then succeeds."""
    left = list(errors)

    def fails() -> str:
        if left:
            raise left.pop(0)
        return "done"

    return world.tasks.task(name="failing", max_attempts=2)(fails).enqueue()


def copy(world: World, **fields: Any) -> str:
    """Put a copy of the newest delivered message onto the queue, some of its envelope's fields replaced; its MessageId."""
    body = json.loads(world.worker.event["Records"][0]["body"])
    return world.ports.transport.send(OutgoingMessage("default", json.dumps({**body, **fields})))


def closed(queue: str = "default", *, count: int = 1) -> Reconciliation:
    return Reconciliation(queue, closed=count)


class Moving:
    """A transport whose dead letters are being moved by SQS."""

    def __init__(self, transport: Any, state: str = "RUNNING") -> None:
        self._transport = transport
        self._state = state

    def redrive_status(self, _queue: str) -> RedriveStatus:
        return RedriveStatus(self._state, moved=0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


# what it closes


def test_a_task_throttled_to_death_becomes_dead(world: World) -> None:
    result = good(world)
    throttle(world)
    assert (reconcile(world.tasks, "default"), result.refresh().status) == (closed(), Status.DEAD)


def test_it_says_that_sqs_buried_it_and_after_how_many_receives(world: World) -> None:
    result = good(world)
    throttle(world)
    reconcile(world.tasks, "default")
    error = result.refresh().error
    assert error is not None
    assert (error.type, f"after {MAX_RECEIVE_COUNT + 1} receives" in error.message) == ("Buried", True)


def test_a_task_that_never_ran_has_no_attempts(world: World) -> None:
    result = good(world)
    throttle(world)
    reconcile(world.tasks, "default")
    assert (result.refresh().attempts, result.errors) == (0, [])


def test_a_task_that_crashed_until_sqs_buried_it_becomes_dead(world: World) -> None:
    result = failing(world, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    world.clock.advance(AFTER_A_CRASH_SECONDS)
    throttle(world)
    assert (reconcile(world.tasks, "default"), result.refresh().status) == (closed(), Status.DEAD)


def test_a_task_buried_while_it_waited_for_its_retry_becomes_dead(world: World) -> None:
    result = failing(world, Retry(delay=0))
    world.deliver()
    throttle(world)
    assert (reconcile(world.tasks, "default"), result.refresh().status) == (closed(), Status.DEAD)


def test_a_task_that_no_worker_ever_knew_becomes_dead(world: World) -> None:
    result = world.another_process().task(name="unknown")(lambda: None).enqueue()
    world.drain()
    assert (reconcile(world.tasks, "default"), result.refresh().status) == (closed(), Status.DEAD)


def test_a_task_without_a_row_gets_one(world: World) -> None:
    result = good(world, record=False)
    throttle(world)
    reconcile(world.tasks, "default")
    row = world.tasks.result(result.id).row
    assert (row.status, row.task, row.queue, row.created_at) == (Status.DEAD, "good", "default", result.row.created_at)


def test_a_buried_task_keeps_its_message_in_the_row(world: World) -> None:
    result = good(world)
    throttle(world)
    reconcile(world.tasks, "default")
    assert json.loads(result.refresh().row.envelope or "")["id"] == result.id


def test_a_large_message_of_a_buried_task_is_in_the_payload_store(world: World) -> None:
    result = world.tasks.task(name="load")(lambda _rows: None).enqueue(["x" * 100] * 3_000)
    throttle(world)
    reconcile(world.tasks, "default")
    pointer = result.refresh().row.envelope_pointer
    assert world.ports.payloads is not None
    assert json.loads(world.ports.payloads.get(pointer or ""))["id"] == result.id


def test_a_buried_task_can_be_redriven(world: World) -> None:
    result = good(world)
    throttle(world)
    reconcile(world.tasks, "default")
    redrive(world.tasks, "default")
    assert (world.drain(), result.refresh().attempts, result.return_value) == (["SUCCEEDED"], 1, "done")


def test_a_redriven_task_that_sqs_buries_again_unrun_is_still_dead_and_can_be_redriven_again(world: World) -> None:
    result = good(world)
    for _ in range(2):
        throttle(world)
        reconcile(world.tasks, "default")
        assert (result.refresh().status, redrive(world.tasks, "default")) == (Status.DEAD, 1)
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


def test_a_redriven_task_that_crashed_and_was_buried_again_is_closed_again(world: World) -> None:
    result = failing(world, KeyboardInterrupt())
    throttle(world)
    reconcile(world.tasks, "default")
    redrive(world.tasks, "default")
    with pytest.raises(KeyboardInterrupt):
        world.deliver()
    world.clock.advance(AFTER_A_CRASH_SECONDS)
    throttle(world)
    assert (reconcile(world.tasks, "default"), result.refresh().status) == (closed(), Status.DEAD)


def test_more_letters_than_a_page_are_all_closed(world: World) -> None:
    task = world.tasks.task(name="good")(lambda: None)
    results = world.tasks.enqueue_many(task.call() for _ in range(35))
    throttle(world)
    assert reconcile(world.tasks, "default") == closed(count=35)
    assert {result.refresh().status for result in results} == {Status.DEAD}


def test_no_more_letters_than_the_limit_are_looked_at(world: World) -> None:
    task = world.tasks.task(name="good")(lambda: None)
    world.tasks.enqueue_many(task.call() for _ in range(35))
    throttle(world)
    assert reconcile(world.tasks, "default", limit=12) == closed(count=12)


def test_only_the_queue_that_it_is_told_is_looked_at(world: World) -> None:
    result = good(world)
    throttle(world)
    assert (reconcile(world.tasks, "images"), result.refresh().status) == (Reconciliation("images"), Status.QUEUED)


def test_a_buried_fifo_task_becomes_dead_and_can_be_redriven(world: World) -> None:
    task = world.tasks.task(queue="ledger")(lambda: "done")
    result = task.using(group="account-1").enqueue()
    throttle(world, "ledger")
    assert (reconcile(world.tasks, "ledger"), result.refresh().status) == (closed("ledger"), Status.DEAD)
    redrive(world.tasks, "ledger")
    assert (world.drain("ledger"), result.refresh().return_value) == (["SUCCEEDED"], "done")


def test_a_fifo_task_that_died_natively_is_left(world: World) -> None:
    task = world.tasks.task(queue="ledger")(lambda: _raise(Reject("no")))
    result = task.using(group="account-1").enqueue()
    world.drain("ledger")
    death = result.refresh().row
    assert (reconcile(world.tasks, "ledger"), result.refresh().row) == (Reconciliation("ledger", left=1), death)


# what it leaves


def test_the_letter_stays_in_the_dead_letter_queue_and_is_visible_again(world: World) -> None:
    good(world)
    throttle(world)
    reconcile(world.tasks, "default")
    assert world.depth(dead_letter_queue("default")) == QueueDepth(visible=1, in_flight=0, delayed=0)


def test_the_letters_are_visible_again_where_the_table_failed_in_between(world: World) -> None:
    faults = FaultyStore(world.ports.results)
    process = world.deploy(world.another_process(results=faults))
    task = process.task(name="good")(lambda: None)
    process.enqueue_many(task.call() for _ in range(3))
    throttle(world)

    def refuse(transition: Any) -> None:
        if transition.name == "buried":
            raise RuntimeError("the process breaks off")

    faults.on_apply = refuse
    with pytest.raises(RuntimeError):
        reconcile(process, "default")
    world.clock.advance(PEEK_SECONDS)
    assert world.dead_letters() == 3


def test_twice_is_harmless(world: World) -> None:
    result = good(world)
    throttle(world)
    reconcile(world.tasks, "default")
    row = result.refresh().row
    assert (reconcile(world.tasks, "default"), result.refresh().row) == (Reconciliation("default", left=1), row)


def test_the_death_of_a_task_that_gave_up_is_left_as_it_is(world: World) -> None:
    result = failing(world, Reject("no such picture"))
    world.drain()
    row = result.refresh().row
    assert (reconcile(world.tasks, "default"), result.refresh().row) == (Reconciliation("default", left=1), row)


@pytest.mark.parametrize("body", ["not ours", "{}", '{"v": 99}', '["v"]', ""])
def test_a_letter_that_is_not_ours_or_newer_is_left(world: World, body: str) -> None:
    world.ports.transport.send(OutgoingMessage("default", body))
    throttle(world)
    assert (reconcile(world.tasks, "default"), world.dead_letters()) == (Reconciliation("default", left=1), 1)


def test_a_letter_that_is_not_ours_keeps_no_other_task_open(world: World) -> None:
    world.ports.transport.send(OutgoingMessage("default", "not ours"))
    result = good(world)
    throttle(world)
    assert reconcile(world.tasks, "default") == Reconciliation("default", closed=1, left=1)
    assert result.refresh().status is Status.DEAD


def test_a_letter_of_a_task_that_runs_just_now_is_left(world: World) -> None:
    seen: list[Reconciliation] = []

    @world.tasks.task
    def long() -> str:
        world.show_again()
        throttle(world)
        seen.append(reconcile(world.tasks, "default"))
        return "done"

    result = long.enqueue()
    world.deliver()
    assert (seen, result.refresh().return_value) == ([Reconciliation("default", left=1)], "done")


def test_an_empty_dead_letter_queue_is_nothing_to_do(world: World) -> None:
    assert reconcile(world.tasks, "default") == Reconciliation("default")


@pytest.mark.parametrize("state", ["RUNNING", "CANCELLING"])
def test_while_sqs_moves_dead_letters_it_touches_nothing(world: World, state: str) -> None:
    result = good(world)
    throttle(world)
    process = world.another_process(transport=Moving(world.ports.transport, state))
    done = reconcile(process, "default")
    assert (done, result.refresh().status) == (
        Reconciliation("default", skipped="SQS is moving dead letters"),
        Status.QUEUED,
    )


@pytest.mark.parametrize("state", ["COMPLETED", "CANCELLED", "FAILED"])
def test_a_move_that_is_over_keeps_it_from_nothing(world: World, state: str) -> None:
    good(world)
    throttle(world)
    process = world.another_process(transport=Moving(world.ports.transport, state))
    assert reconcile(process, "default") == closed()


# strays


def test_a_stray_letter_of_a_task_that_succeeded_is_swept(world: World) -> None:
    result = good(world)
    world.deliver()
    copy(world)
    throttle(world)
    assert (reconcile(world.tasks, "default"), world.dead_letters()) == (Reconciliation("default", swept=1), 0)
    assert result.refresh().return_value == "done"


@pytest.mark.parametrize("error", [Reject("no", discard=True), Reject("no")])
def test_a_letter_of_a_task_that_was_given_up_by_choice_is_swept(world: World, error: BaseException) -> None:
    result = failing(world, error)
    world.deliver()
    result.cancel()  # the dead one; the other is FAILED
    copy(world)
    throttle(world)
    swept = reconcile(world.tasks, "default").swept
    assert (swept > 0, world.dead_letters()) == (True, 0)


def test_a_stray_letter_of_another_send_is_swept_while_the_task_lives(world: World) -> None:
    result = failing(world, Retry(delay=3_600))
    world.deliver()
    copy(world, send_id="another-send")
    throttle(world)
    assert reconcile(world.tasks, "default") == Reconciliation("default", swept=1)
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


# the wrong moment


def while_it_looks(world: World, meanwhile: Callable[[], Any]) -> Reconciliation:
    """Reconcile, and let ``meanwhile`` happen between the look at a letter and the write."""
    faults = FaultyStore(world.ports.results)
    left = [meanwhile]

    def first(transition: Any) -> None:
        if transition.name == "buried" and left:
            left.pop()()

    faults.on_apply = first
    return reconcile(world.another_process(results=faults), "default")


def test_a_late_reconciler_writes_nothing_over_a_redriven_task(world: World) -> None:
    result = failing(world, Retry(delay=3_600))
    throttle(world)

    def meanwhile() -> None:
        world.clock.advance(PEEK_SECONDS)  # its peek is over, the letter is visible
        redrive(world.tasks, "default")
        assert world.deliver() == ["RETRYING"]

    done = while_it_looks(world, meanwhile)
    assert (done.closed, done.swept, result.refresh().status, result.row.attempts_left) == (0, 0, Status.RETRYING, 1)


def test_after_a_late_reconciler_the_redriven_task_ends_well(world: World) -> None:
    result = failing(world, Retry(delay=3_600))
    throttle(world)
    while_it_looks(world, lambda: (world.clock.advance(PEEK_SECONDS), redrive(world.tasks, "default"), world.deliver()))
    assert (world.drain(), result.refresh().return_value, world.dead_letters()) == (["SUCCEEDED"], "done", 0)


def test_a_redriven_task_that_waits_in_its_queue_runs_after_a_late_reconciler(world: World) -> None:
    result = good(world)
    throttle(world)
    while_it_looks(world, lambda: (world.clock.advance(PEEK_SECONDS), redrive(world.tasks, "default")))
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


def test_a_task_that_succeeds_while_its_letter_is_looked_at_stays_so(world: World) -> None:
    result = good(world)
    throttle(world)
    done = while_it_looks(
        world, lambda: (world.clock.advance(PEEK_SECONDS), redrive(world.tasks, "default"), world.drain())
    )
    assert (done, result.refresh().return_value) == (Reconciliation("default", swept=1), "done")


def test_a_cancel_while_the_letter_is_looked_at_wins(world: World) -> None:
    result = good(world)
    throttle(world)
    done = while_it_looks(world, result.cancel)
    assert (done, result.refresh().status) == (Reconciliation("default", swept=1), Status.CANCELLED)


def test_two_reconcilers_at_once_close_a_task_once(world: World) -> None:
    good(world)
    throttle(world)
    seen: list[Reconciliation] = []
    mine = while_it_looks(
        world, lambda: (world.clock.advance(PEEK_SECONDS), seen.append(reconcile(world.tasks, "default")))
    )
    assert (seen, mine) == ([closed()], Reconciliation("default", left=1))


@pytest.mark.parametrize("fault", ["away", "lost"])
def test_a_burial_that_is_not_answered_at_once_is_closed_in_the_same_look(world: World, fault: str) -> None:
    first, second = good(world), good(world)
    throttle(world)
    faults = FaultyStore(world.ports.results)
    getattr(faults, fault)["buried"] = 2
    deaths: list[str] = []
    process = world.another_process(results=faults)
    process.on_dead(lambda ended: deaths.append(ended.task_id))

    assert reconcile(process, "default") == closed(count=2)
    assert sorted(deaths) == sorted([first.id, second.id])
    assert (first.refresh().status, second.refresh().status) == (Status.DEAD, Status.DEAD)


def test_a_receive_that_is_not_answered_does_not_end_the_look(world: World) -> None:
    good(world)
    throttle(world)
    process = world.another_process(transport=Deaf(world.ports.transport, "receive", times=1))

    assert reconcile(process, "default") == closed()


def test_a_delete_that_is_not_answered_sweeps_the_letter_all_the_same(world: World) -> None:
    good(world)
    world.deliver()
    copy(world, send_id="another")
    throttle(world)
    process = world.another_process(transport=Deaf(world.ports.transport, "delete", times=1))

    assert (reconcile(process, "default").swept, world.dead_letters()) == (1, 0)


def _raise(error: BaseException) -> Any:
    raise error


def test_attempts_of_a_redriven_task_start_anew_after_a_burial(world: World) -> None:
    seen: list[int] = []

    @world.tasks.task(max_attempts=3)
    def fails() -> None:
        seen.append(current_task.attempt)
        raise ValueError

    fails.enqueue()
    throttle(world)
    reconcile(world.tasks, "default")
    redrive(world.tasks, "default")
    world.drain()
    assert seen == [1, 2, 3]

"""From enqueue to the recorded outcome, without faults."""

import json
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from penstock import Backoff, Reject, Retry, Status, current_task
from penstock.dead_letters import dead, explain, redrive
from penstock.enqueue import MAX_MESSAGE_BYTES
from penstock.errors import ResultError, TaskFailed
from penstock.record import MAX_ROW_ENVELOPE_BYTES, MAX_ROW_RESULT_BYTES, Progress
from tests.lifecycle.world import MAX_RECEIVE_COUNT, Counting, World


def add(one: int, other: int) -> int:
    return one + other


class Unsteady:
    """A repairable cause: ``function`` fails ``left`` more times, then returns "done"."""

    def __init__(self, left: int, error: BaseException) -> None:
        self.left, self.error, self.runs = left, error, 0

    @property
    def function(self) -> Callable[[], str]:
        def unsteady() -> str:
            self.runs += 1
            if self.left:
                self.left -= 1
                raise self.error
            return "done"

        return unsteady


def test_a_good_task_succeeds_at_its_first_delivery(world: World) -> None:
    result = world.tasks.task(add).enqueue(1, other=2)
    world.deliver()
    assert result.refresh().return_value == 3


def test_the_message_of_a_good_task_is_deleted(world: World) -> None:
    world.tasks.task(add).enqueue(1, 2)
    assert (world.drain(), world.dead_letters()) == (["SUCCEEDED"], 0)


def test_a_good_task_costs_one_send_and_three_writes(world: World) -> None:
    calls: list[str] = []
    process = world.another_process(
        transport=Counting(world.ports.transport, calls),
        results=Counting(world.ports.results, calls),
        payloads=Counting(world.ports.payloads, calls),
    )
    world.deploy(process).task(queue="images")(add).enqueue(1, 2)
    world.deliver("images")
    assert calls == ["send", "apply queued", "apply claim", "apply succeed"]


def test_a_task_without_record_costs_one_send_and_two_writes(world: World) -> None:
    calls: list[str] = []
    results = Counting(world.ports.results, calls)
    process = world.another_process(transport=Counting(world.ports.transport, calls), results=results)
    world.deploy(process).task(queue="images", record=False)(add).enqueue(1, 2)
    world.deliver("images")
    assert calls == ["send", "apply claim", "apply succeed"]


def test_a_delayed_task_is_scheduled_and_not_delivered_before_its_time(world: World) -> None:
    result = world.tasks.task(add).using(delay=60).enqueue(1, 2)
    world.clock.advance(59)
    assert (result.refresh().status, world.deliver()) == (Status.SCHEDULED, [])


def test_a_delayed_task_runs_at_its_time(world: World) -> None:
    result = world.tasks.task(add).using(run_after=world.clock() + timedelta(seconds=60)).enqueue(1, 2)
    world.clock.advance(60)
    world.deliver()
    assert result.refresh().status is Status.SUCCEEDED


def test_a_failing_task_is_tried_again_until_it_succeeds(world: World) -> None:
    result = world.tasks.task(Unsteady(2, ValueError("not yet")).function).enqueue()
    assert (world.drain(), result.refresh().return_value) == (["RETRYING", "RETRYING", "SUCCEEDED"], "done")


def test_every_failed_attempt_is_kept_with_its_error(world: World) -> None:
    result = world.tasks.task(Unsteady(2, ValueError("not yet")).function).enqueue()
    world.drain()
    assert [(row.number, row.error_type, row.message, row.outcome) for row in result.errors] == [
        (1, "ValueError", "not yet", Status.RETRYING),
        (2, "ValueError", "not yet", Status.RETRYING),
    ]


def test_a_retry_waits_as_long_as_its_row_says(world: World) -> None:
    result = world.tasks.task(backoff=Backoff(base=100, cap=900))(Unsteady(1, ValueError("x")).function).enqueue()
    world.deliver()
    due = result.refresh().row.retry_at
    world.drain()
    assert result.refresh().row.finished_at == due


def test_a_task_may_choose_the_delay_of_its_retry(world: World) -> None:
    result = world.tasks.task(Unsteady(1, Retry("busy", delay=3_600)).function).enqueue()
    started = world.clock()
    world.drain()
    assert result.refresh().row.finished_at == started + timedelta(hours=1)


def test_a_retry_without_delay_runs_at_once(world: World) -> None:
    world.tasks.task(Unsteady(1, Retry(delay=0)).function).enqueue()
    assert (world.deliver(), world.deliver()) == (["RETRYING"], ["SUCCEEDED"])


def test_a_delivery_before_its_time_is_busy_until_then(world: World) -> None:
    unsteady = Unsteady(1, Retry(delay=100))
    world.tasks.task(unsteady.function).enqueue()
    world.deliver()
    world.clock.advance(40)
    world.show_again()
    outcomes = world.deliver()
    world.clock.advance(59)
    assert (outcomes, unsteady.runs, world.deliver()) == (["BUSY"], 1, [])


def test_a_hopeless_task_runs_once_and_sqs_itself_buries_it(world: World) -> None:
    hopeless = Unsteady(99, Reject("no such picture"))
    result = world.tasks.task(hopeless.function).enqueue()
    done = world.drain()
    assert (done, hopeless.runs) == (["DEAD"] + ["BURNED"] * (MAX_RECEIVE_COUNT - 1), 1)
    assert (result.refresh().status, world.dead_letters()) == (Status.DEAD, 1)


def test_a_task_that_always_fails_uses_its_attempts_and_is_buried(world: World) -> None:
    unsteady = Unsteady(99, ValueError("never"))
    result = world.tasks.task(max_attempts=3)(unsteady.function).enqueue()
    world.drain()
    assert (unsteady.runs, result.refresh().status, world.dead_letters()) == (3, Status.DEAD, 1)


def test_an_error_that_retry_on_does_not_name_is_not_tried_again(world: World) -> None:
    unsteady = Unsteady(99, ValueError("never"))
    world.tasks.task(retry_on=(ConnectionError,))(unsteady.function).enqueue()
    world.drain()
    assert unsteady.runs == 1


def test_a_dead_task_explains_itself(world: World) -> None:
    result = world.tasks.task(Unsteady(99, Reject("no such picture")).function).enqueue()
    world.drain()
    explanation = explain(world.tasks, result.id)
    assert explanation.row.error is not None
    assert (explanation.row.error.message, len(explanation.attempts)) == ("no such picture", 1)


def test_the_dead_can_be_listed_by_queue(world: World) -> None:
    result = world.tasks.task(Unsteady(99, Reject("no")).function).enqueue()
    world.drain()
    listed = [[row.task_id for row in dead(world.tasks, queue)] for queue in (None, "default", "images")]
    assert listed == [[result.id], [result.id], []]


def test_the_return_value_of_a_dead_task_is_its_error(world: World) -> None:
    result = world.tasks.task(Unsteady(99, Reject("no such picture")).function).enqueue()
    world.deliver()
    with pytest.raises(TaskFailed, match="DEAD: Reject: no such picture"):
        _ = result.refresh().return_value


def test_a_discarded_task_fails_and_leaves_no_dead_letter(world: World) -> None:
    result = world.tasks.task(Unsteady(99, Reject("truncated", discard=True)).function).enqueue()
    done = world.drain()
    assert (done, result.refresh().status, world.dead_letters()) == (["FAILED"], Status.FAILED, 0)


def buried(world: World, error: BaseException, attempts: int = 5) -> tuple[Unsteady, Any]:
    unsteady = Unsteady(99, error)
    result = world.tasks.task(max_attempts=attempts)(unsteady.function).enqueue()
    world.drain()
    return unsteady, result


def test_a_redriven_task_succeeds_under_the_same_id(world: World) -> None:
    repaired, result = buried(world, Reject("no such bucket"))
    repaired.left = 0
    assert redrive(world.tasks, "default") == 1
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


def test_the_attempts_of_a_redriven_task_go_on_counting(world: World) -> None:
    repaired, result = buried(world, ValueError("down"), attempts=3)
    repaired.left = 0
    redrive(world.tasks, "default")
    world.drain()
    assert result.refresh().attempts == 4


def test_a_redriven_task_has_its_full_attempts_again(world: World) -> None:
    repaired, result = buried(world, ValueError("down"), attempts=3)
    repaired.left = 2
    redrive(world.tasks, "default")
    assert (world.drain(), result.refresh().attempts) == (["RETRYING", "RETRYING", "SUCCEEDED"], 6)


def test_a_redriven_task_that_is_still_hopeless_is_buried_again(world: World) -> None:
    _, result = buried(world, Reject("still no bucket"))
    redrive(world.tasks, "default")
    world.drain()
    assert (result.refresh().status, result.attempts, world.dead_letters()) == (Status.DEAD, 2, 1)


def test_a_redriven_success_leaves_the_list_of_the_dead(world: World) -> None:
    repaired, _ = buried(world, Reject("no such bucket"))
    repaired.left = 0
    redrive(world.tasks, "default")
    world.drain()
    assert list(dead(world.tasks)) == []


def test_a_task_that_is_past_its_time_limit_is_tried_again(world: World) -> None:
    runs: list[int] = []

    @world.tasks.task(retry_on=(TimeoutError,))
    def slow() -> str:
        runs.append(current_task.attempt)
        if len(runs) == 1:
            signal.raise_signal(signal.SIGALRM)  # what the timer does when the time is up
        return "done"

    result = slow.enqueue()
    assert (world.drain(), result.errors[0].error_type) == (["RETRYING", "SUCCEEDED"], "TimeLimitExceeded")


def test_a_task_that_exits_ends_itself_and_not_its_neighbours(world: World) -> None:
    exits, good = (
        world.tasks.task(name="exits")(Unsteady(9, SystemExit(1)).function).enqueue(),
        world.tasks.task(add).enqueue(1, 2),
    )
    world.deliver()
    assert (exits.refresh().status, good.refresh().status) == (Status.DEAD, Status.SUCCEEDED)


def test_a_result_too_large_for_a_row_comes_back_from_the_payload_store(world: World) -> None:
    @world.tasks.task
    def report() -> str:
        return "x" * MAX_ROW_RESULT_BYTES

    result = report.enqueue()
    world.deliver()
    assert (result.refresh().row.result, result.return_value) == (None, "x" * MAX_ROW_RESULT_BYTES)


def test_a_task_that_cannot_keep_its_result_has_succeeded_all_the_same(world: World) -> None:
    @world.deploy(world.another_process(payloads=None)).task
    def report() -> str:
        return "x" * MAX_ROW_RESULT_BYTES

    result = report.enqueue()
    world.deliver()
    assert (result.refresh().status, "PENSTOCK_PAYLOAD_BUCKET" in (result.row.result_error or "")) == (
        "SUCCEEDED",
        True,
    )


def test_a_task_whose_result_is_no_json_has_succeeded_all_the_same(world: World) -> None:
    @world.tasks.task
    def connect() -> Any:
        return object()

    result = connect.enqueue()
    assert world.drain() == ["SUCCEEDED"]
    with pytest.raises(ResultError, match=r"succeeded, but its return value was not kept.*object has no JSON form"):
        _ = result.refresh().return_value


def test_a_large_envelope_of_a_dead_task_is_in_the_payload_store(world: World) -> None:
    @world.tasks.task
    def load(rows: list[str]) -> None:
        raise Reject("no")

    result = load.enqueue(["x" * 100] * 3_000)
    world.deliver()
    row = result.refresh().row
    assert world.ports.payloads is not None
    assert row.envelope_pointer is not None
    kept = world.ports.payloads.get(row.envelope_pointer).decode()
    assert (row.envelope, kept, len(kept) > MAX_ROW_ENVELOPE_BYTES) == (
        None,
        world.worker.event["Records"][0]["body"],
        True,
    )


def test_a_small_envelope_of_a_dead_task_is_in_its_row(world: World) -> None:
    result = world.tasks.task(Unsteady(9, Reject("no")).function).enqueue()
    world.deliver()
    assert json.loads(result.refresh().row.envelope or "")["id"] == result.id


def test_progress_is_seen_by_another_process_while_the_task_runs(world: World) -> None:
    seen: list[Progress | None] = []

    @world.tasks.task
    def resize() -> None:
        current_task.progress(1, total=3, note="decoded")
        seen.append(world.another_process().result(current_task.id).progress)

    resize.enqueue()
    world.deliver()
    assert seen == [Progress(1, 3, "decoded")]


def test_the_last_progress_is_recorded_with_the_outcome(world: World) -> None:
    @world.tasks.task
    def resize() -> None:
        for done in range(4):
            current_task.progress(done, total=3)

    result = resize.enqueue()
    world.deliver()
    assert result.refresh().progress == Progress(3, 3)


def test_a_task_cancelled_before_its_start_never_runs(world: World) -> None:
    unsteady = Unsteady(0, ValueError())
    result = world.tasks.task(unsteady.function).enqueue()
    assert result.cancel() is True
    assert (world.drain(), unsteady.runs, result.refresh().status) == (["ACKNOWLEDGED"], 0, Status.CANCELLED)


def test_a_retry_can_be_cancelled(world: World) -> None:
    unsteady = Unsteady(1, ValueError())
    result = world.tasks.task(unsteady.function).enqueue()
    world.deliver()
    result.cancel()
    assert (world.drain(), unsteady.runs) == (["ACKNOWLEDGED"], 1)


def test_a_dead_task_that_was_cancelled_is_acknowledged_when_it_is_redriven(world: World) -> None:
    unsteady, result = buried(world, Reject("no"))
    result.cancel()
    redrive(world.tasks, "default")
    assert (world.drain(), unsteady.runs, world.dead_letters()) == (["ACKNOWLEDGED"], 1, 0)


def cancelling(world: World, then: BaseException | None) -> Any:
    @world.tasks.task
    def long() -> str:
        assert world.another_process().result(current_task.id).cancel() is False
        if then is not None:
            raise then
        return "done"

    return long.enqueue()


def test_a_task_cancelled_while_it_runs_is_not_tried_again(world: World) -> None:
    result = cancelling(world, ValueError("x"))
    assert (world.drain(), result.refresh().status) == (["CANCELLED"], Status.CANCELLED)


def test_a_task_cancelled_while_it_runs_may_still_succeed(world: World) -> None:
    result = cancelling(world, None)
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


def test_a_task_of_another_deploy_is_served_when_it_is_there(world: World) -> None:
    newer = world.another_process()
    result = newer.task(add).enqueue(1, 2)
    before = [world.deliver()]
    world.clock.advance(30)
    before += [world.deliver()]
    world.clock.advance(60)
    world.deploy(newer)
    assert (before, world.deliver(), result.refresh().attempts) == ([["UNKNOWN"]] * 2, ["SUCCEEDED"], 1)


def test_an_unknown_task_waits_most_of_two_hours_for_its_deploy(world: World) -> None:
    world.another_process().task(add).enqueue(1, 2)
    started = world.clock()
    assert world.drain() == ["UNKNOWN"] * MAX_RECEIVE_COUNT
    assert (world.dead_letters(), world.clock() - started > timedelta(hours=1.5)) == (1, True)


def test_an_envelope_of_a_newer_version_is_served_when_it_can_be_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = world.tasks.task(name="length")(len).enqueue("x" * MAX_MESSAGE_BYTES)
    with monkeypatch.context() as older:
        older.setattr("penstock.envelope.VERSION", 1)
        assert world.deliver() == ["UNKNOWN"]
    world.clock.advance(30)
    assert (world.deliver(), result.refresh().return_value) == (["SUCCEEDED"], MAX_MESSAGE_BYTES)


def test_a_message_that_no_longer_fits_its_function_dies_at_once(world: World) -> None:
    def add(one: int, other: int, third: int) -> int:
        return one + other + third

    older = world.another_process()
    result = older.task(name="add")(lambda one, other: one + other).enqueue(1, 2)
    world.tasks.task(add)
    world.deliver()
    assert (result.refresh().status, result.error and result.error.type) == (Status.DEAD, "InvalidArguments")


def test_a_redriven_message_reaches_the_repaired_function(world: World) -> None:
    repaired = world.tasks
    result = repaired.task(name="add")(lambda one: one).enqueue(1)
    world.deploy(world.another_process()).task(name="add")(lambda one, other: one)
    world.drain()
    world.deploy(repaired)
    redrive(world.tasks, "default")
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], 1)


def test_a_known_task_id_runs_once(world: World) -> None:
    task = world.tasks.task(add)
    first, again = (task.using(task_id="import-7").enqueue(1, 2) for _ in range(2))
    assert (first.created, again.created, world.drain()) == (True, False, ["SUCCEEDED"])


def test_tasks_of_one_group_run_in_their_order_and_a_dead_one_makes_way(world: World) -> None:
    ran: list[int] = []

    @world.tasks.task(queue="ledger")
    def book(number: int) -> None:
        ran.append(number)
        if number == 1:
            raise Reject("bad booking")

    for number in range(4):
        book.using(group="account-1").enqueue(number)
    world.drain("ledger")
    assert (ran, world.dead_letters("ledger")) == ([0, 1, 2, 3], 1)

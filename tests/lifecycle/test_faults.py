"""Crashes, lost replies, services that are away, duplicates: what the protocol is for."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from penstock import Penstock, Reject, Retry, Status, TaskResult, current_task
from penstock.dead_letters import redrive
from penstock.envelope import Envelope
from penstock.errors import EnqueueUncertain, Unavailable
from penstock.ports import OutgoingMessage
from tests.lifecycle.world import (
    AFTER_A_CRASH_SECONDS,
    INVOCATION_SECONDS,
    MAX_RECEIVE_COUNT,
    FaultyStore,
    FaultyTransport,
    World,
)

Runs = list[int]


@pytest.fixture
def runs() -> Runs:
    """The attempts that user code has seen."""
    return []


def noting(runs: Runs, then: Callable[[int], Any] = lambda attempt: f"attempt {attempt}") -> Callable[[], Any]:
    """A task's function that notes its attempt and goes on with ``then``."""

    def noted() -> Any:
        runs.append(current_task.attempt)
        return then(current_task.attempt)

    return noted


def crash(world: World) -> None:
    """One invocation that ends without a word: its process is killed in the middle of user code."""
    with pytest.raises(KeyboardInterrupt):
        world.deliver()


def dies_until(last: int) -> Callable[[int], str]:
    def then(attempt: int) -> str:
        if attempt <= last:
            raise KeyboardInterrupt
        return f"attempt {attempt}"

    return then


# crashes


def test_after_a_crash_the_next_delivery_runs_the_task_again(world: World, runs: Runs) -> None:
    result = world.tasks.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    world.drain()
    assert (runs, result.refresh().return_value) == ([1, 2], "attempt 2")


def test_a_crashed_message_comes_back_as_soon_as_its_invocation_must_be_over(world: World, runs: Runs) -> None:
    result = world.tasks.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    world.drain()
    finished = result.refresh().row.finished_at
    assert finished == result.row.created_at + timedelta(seconds=AFTER_A_CRASH_SECONDS)


def test_while_its_crash_is_not_noticed_a_task_reads_as_running(world: World, runs: Runs) -> None:
    result = world.tasks.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    assert result.refresh().status is Status.RUNNING


def test_once_its_lease_has_expired_a_crashed_task_reads_as_retrying(world: World, runs: Runs) -> None:
    result = world.tasks.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    world.clock.advance(AFTER_A_CRASH_SECONDS)
    assert result.refresh().status is Status.RETRYING


def test_a_crash_in_the_last_attempt_is_a_death(world: World, runs: Runs) -> None:
    result = world.tasks.task(max_attempts=2)(noting(runs, dies_until(9))).enqueue()
    for _ in range(2):
        crash(world)
        world.clock.advance(AFTER_A_CRASH_SECONDS)
    assert (world.deliver(), result.refresh().status, runs) == (["DEAD"], Status.DEAD, [1, 2])


def test_a_task_that_crashed_to_death_is_buried_and_says_so(world: World, runs: Runs) -> None:
    result = world.tasks.task(max_attempts=1)(noting(runs, dies_until(9))).enqueue()
    crash(world)
    done = world.drain()
    assert (done, world.dead_letters()) == (["DEAD"] + ["BURNED"] * (MAX_RECEIVE_COUNT - 2), 1)
    assert result.refresh().error is not None
    assert "without a word" in result.error.message  # type: ignore[union-attr]


def test_a_task_that_crashed_to_death_can_be_redriven(world: World, runs: Runs) -> None:
    result = world.tasks.task(max_attempts=1)(noting(runs, dies_until(1))).enqueue()
    crash(world)
    world.drain()
    redrive(world.tasks, "default")
    world.drain()
    assert result.refresh().return_value == "attempt 2"


def test_a_crash_spares_the_neighbours_that_were_done(world: World, runs: Runs) -> None:
    good = world.tasks.task(name="good")(lambda: "done").enqueue()
    world.tasks.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    world.drain()
    assert (good.refresh().attempts, good.return_value, runs) == (1, "done", [1, 2])


def test_a_crash_spares_the_attempts_of_the_neighbours_that_were_to_come(world: World, runs: Runs) -> None:
    world.tasks.task(noting(runs, dies_until(1))).enqueue()
    later = world.tasks.task(name="later")(lambda: "done").enqueue()
    crash(world)
    assert later.refresh().status is Status.QUEUED


def test_a_cancelled_task_that_crashed_does_not_run_again(world: World, runs: Runs) -> None:
    result = world.tasks.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    result.cancel()
    assert (world.drain(), runs, result.refresh().status) == (["CANCELLED"], [1], Status.CANCELLED)


# duplicates and zombies


def test_a_second_delivery_while_the_task_runs_is_busy_until_the_lease_ends(world: World, runs: Runs) -> None:
    second: list[list[str]] = []

    def then(attempt: int) -> str:
        world.clock.advance(10)
        world.show_again()
        second.append(world.deliver())
        return "done"

    world.tasks.task(noting(runs, then)).enqueue()
    world.deliver()
    assert (second, runs) == ([["BUSY"]], [1])


def test_a_busy_message_comes_back_when_the_lease_is_over(world: World, runs: Runs) -> None:
    world.tasks.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    world.clock.advance(10)
    world.show_again()
    world.deliver()
    world.clock.advance(AFTER_A_CRASH_SECONDS - 10 - 5)
    early = world.deliver()
    world.clock.advance(10)
    assert (early, world.deliver(), runs) == ([], ["SUCCEEDED"], [1, 2])


def test_a_message_that_comes_back_as_its_lease_runs_out_waits_for_seconds_only(world: World, runs: Runs) -> None:
    world.tasks.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    world.show_again()
    world.clock.advance(INVOCATION_SECONDS + 2)  # a second past the lease: by another clock it may be alive
    busy = world.deliver()
    world.clock.advance(7)  # the tolerance for clocks and the longest jitter
    assert (busy, world.deliver(), runs) == (["BUSY"], ["SUCCEEDED"], [1, 2])


def test_a_lease_that_runs_out_between_the_claim_and_its_answer_costs_seconds_only(world: World, runs: Runs) -> None:
    faults = FaultyStore(world.ports.results)
    process = world.deploy(world.another_process(results=faults))
    process.task(noting(runs, dies_until(1))).enqueue()
    crash(world)
    world.show_again()
    world.clock.advance(INVOCATION_SECONDS + 3)  # the last moment of the lease and its tolerance
    faults.on_apply = lambda _transition: world.clock.advance(0.1)
    busy = world.deliver()
    world.clock.advance(7)
    assert (busy, world.deliver(), runs) == (["BUSY"], ["SUCCEEDED"], [1, 2])


def test_a_second_delivery_after_success_is_acknowledged_without_a_run(world: World, runs: Runs) -> None:
    world.tasks.task(noting(runs)).enqueue()
    world.deliver()
    assert (world.replay(world.worker.event), runs) == (["ACKNOWLEDGED"], [1])


def test_of_two_messages_with_one_task_id_one_runs(world: World, runs: Runs) -> None:
    process = world.deploy(world.another_process(transport=(faulty := FaultyTransport(world.ports.transport))))
    faulty.lost = 1
    result = process.task(noting(runs)).enqueue()
    assert (len(faulty.sent), sorted(world.drain()), runs) == (2, ["ACKNOWLEDGED", "SUCCEEDED"], [1])
    assert (result.refresh().status, world.dead_letters()) == (Status.SUCCEEDED, 0)


def test_the_second_message_of_a_task_that_waits_for_its_retry_goes(world: World, runs: Runs) -> None:
    process = world.deploy(world.another_process(transport=(faulty := FaultyTransport(world.ports.transport))))
    faulty.lost = 1
    task = process.task(noting(runs, lambda attempt: "done" if attempt > 1 else _raise(Retry(delay=60))))
    task.enqueue()
    assert (world.deliver(), world.drain()) == (["RETRYING", "ACKNOWLEDGED"], ["SUCCEEDED"])


def test_a_zombie_cannot_overwrite_the_outcome_of_its_successor(world: World, runs: Runs) -> None:
    def then(attempt: int) -> str:
        if attempt == 1:
            world.clock.advance(AFTER_A_CRASH_SECONDS)  # paused for longer than its lease
            world.deliver()
        return f"attempt {attempt}"

    result = world.tasks.task(noting(runs, then)).enqueue()
    assert (world.deliver(), runs, result.refresh().return_value) == (["ACKNOWLEDGED"], [1, 2], "attempt 2")


def test_a_failing_zombie_cannot_kill_what_its_successor_has_done(world: World, runs: Runs) -> None:
    def then(attempt: int) -> str:
        if attempt == 1:
            world.clock.advance(AFTER_A_CRASH_SECONDS)
            world.deliver()
            raise Reject("too late")
        return f"attempt {attempt}"

    result = world.tasks.task(noting(runs, then)).enqueue()
    world.drain()
    assert (result.refresh().return_value, world.dead_letters()) == ("attempt 2", 0)


def test_a_zombie_acknowledges_nothing_while_its_successor_runs(world: World, runs: Runs) -> None:
    def then(attempt: int) -> str:
        if attempt == 1:
            world.clock.advance(AFTER_A_CRASH_SECONDS)
            with pytest.raises(KeyboardInterrupt):
                world.deliver()
            return "zombie"
        if attempt == 2:
            raise KeyboardInterrupt
        return f"attempt {attempt}"

    result = world.tasks.task(noting(runs, then)).enqueue()
    world.deliver()
    assert world.worker.report is not None
    assert len(world.worker.report.failed) == 1  # a stale receipt handle may still delete on SQS
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "attempt 3")


def test_a_zombie_writes_no_progress(world: World, runs: Runs) -> None:
    def then(attempt: int) -> str:
        if attempt == 1:
            world.clock.advance(AFTER_A_CRASH_SECONDS)
            world.deliver()
            current_task.progress(1, note="zombie")
        return "done"

    result = world.tasks.task(noting(runs, then)).enqueue()
    world.drain()
    assert result.refresh().progress is None


def test_an_obsolete_delivery_of_a_task_that_was_redriven_is_left_alone(world: World, runs: Runs) -> None:
    world.tasks.task(noting(runs, lambda attempt: _raise(Reject("no") if attempt == 1 else Retry(delay=60)))).enqueue()
    world.deliver()
    obsolete = world.worker.event
    world.drain()
    redrive(world.tasks, "default")
    world.deliver()
    assert (world.replay(obsolete), runs) == (["LEFT"], [1, 2])


# the table does not answer


def with_faults(world: World) -> tuple[Penstock, FaultyStore]:
    faults = FaultyStore(world.ports.results)
    return world.deploy(world.another_process(results=faults)), faults


@pytest.mark.parametrize("transition", ["claim", "succeed"])
def test_a_lost_reply_changes_nothing(world: World, runs: Runs, transition: str) -> None:
    process, faults = with_faults(world)
    result = process.task(noting(runs)).enqueue()
    faults.lost[transition] = 1
    assert (world.drain(), runs, result.refresh().attempts) == (["SUCCEEDED"], [1], 1)


@pytest.mark.parametrize("lost", [1, 2])
def test_several_lost_replies_of_a_claim_count_one_attempt(world: World, runs: Runs, lost: int) -> None:
    process, faults = with_faults(world)
    result = process.task(max_attempts=2)(noting(runs)).enqueue()
    faults.lost["claim"], faults.lost["renew"] = 1, lost
    assert (world.drain(), result.refresh().row.attempts_left) == (["SUCCEEDED"], 1)


FAILS: dict[str, tuple[BaseException, list[str], Status]] = {
    "retrying": (Retry(delay=60), ["RETRYING", "SUCCEEDED"], Status.SUCCEEDED),
    "dead": (Reject("no"), ["DEAD"] + ["BURNED"] * (MAX_RECEIVE_COUNT - 1), Status.DEAD),
    "failed": (Reject("no", discard=True), ["FAILED"], Status.FAILED),
}


@pytest.mark.parametrize("transition", FAILS)
def test_a_lost_reply_of_a_failing_settle_changes_nothing(world: World, runs: Runs, transition: str) -> None:
    error, expected, status = FAILS[transition]
    process, faults = with_faults(world)
    result = process.task(noting(runs, lambda attempt: _raise(error) if attempt == 1 else "done")).enqueue()
    faults.lost[transition] = 1
    assert (world.drain(), result.refresh().status) == (expected, status)


def test_a_lost_reply_of_a_redrive_changes_nothing(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    result = process.task(noting(runs, lambda attempt: _raise(Reject("no")) if attempt == 1 else "done")).enqueue()
    world.drain()
    faults.lost["redrive"] = 1
    redrive(process, "default")
    assert (world.drain(), runs, result.refresh().row.attempts_left) == (["SUCCEEDED"], [1, 2], 4)


def test_a_lost_reply_of_closing_a_crash_changes_nothing(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    result = process.task(max_attempts=1)(noting(runs, dies_until(9))).enqueue()
    crash(world)
    faults.lost["crashed"] = 1
    world.drain()
    assert (runs, result.refresh().status, world.dead_letters()) == ([1], Status.DEAD, 1)


def test_a_lost_reply_of_a_cancelled_settle_changes_nothing(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)

    def then(_attempt: int) -> str:
        process.result(current_task.id).cancel()
        raise ValueError

    result = process.task(noting(runs, then)).enqueue()
    faults.lost["cancelled"] = 1
    assert (world.drain(), result.refresh().status) == (["CANCELLED"], Status.CANCELLED)


def test_a_table_that_is_away_at_the_claim_costs_no_attempt(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    result = process.task(noting(runs)).enqueue()
    faults.away["claim"] = 6
    assert (world.drain(), runs, result.refresh().attempts) == (["UNAVAILABLE", "UNAVAILABLE", "SUCCEEDED"], [1], 1)


def test_a_table_that_is_away_for_a_moment_is_asked_again_at_once(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    process.task(noting(runs)).enqueue()
    faults.away["claim"] = faults.away["succeed"] = 2
    assert world.drain() == ["SUCCEEDED"]


def test_an_outcome_that_cannot_be_written_is_not_acknowledged_and_runs_again(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    result = process.task(noting(runs)).enqueue()
    faults.away["succeed"] = 3
    assert (world.drain(), runs, result.refresh().return_value) == (["LEFT", "SUCCEEDED"], [1, 2], "attempt 2")


def test_an_outcome_that_was_written_unheard_is_acknowledged_later(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    result = process.task(noting(runs)).enqueue()
    faults.lost["succeed"] = 3
    assert (world.drain(), runs, result.refresh().return_value) == (["LEFT", "ACKNOWLEDGED"], [1], "attempt 1")


def test_progress_that_cannot_be_written_is_no_reason_to_fail(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    process.task(noting(runs, lambda _attempt: current_task.progress(1, total=2))).enqueue()
    faults.away["progress"] = 9
    assert world.drain() == ["SUCCEEDED"]


# SQS does not answer


def test_sqs_away_three_times_leaves_the_enqueue_uncertain_with_fresh_send_ids(world: World, runs: Runs) -> None:
    process = world.another_process(transport=(faulty := FaultyTransport(world.ports.transport)))
    task = process.task(noting(runs))
    faulty.away = 3
    with pytest.raises(EnqueueUncertain):
        task.using(task_id="import-7").enqueue()
    assert ([sent["id"] for sent in faulty.sent], len({sent["send_id"] for sent in faulty.sent})) == (
        ["import-7"] * 3,
        3,
    )


def test_an_uncertain_enqueue_may_be_repeated_and_runs_once(world: World, runs: Runs) -> None:
    process = world.deploy(world.another_process(transport=(faulty := FaultyTransport(world.ports.transport))))
    task = process.task(noting(runs))
    faulty.lost = 3
    with pytest.raises(EnqueueUncertain) as caught:
        task.enqueue()
    again = task.using(task_id=caught.value.task_id).enqueue()
    world.drain()
    assert (again.created, runs, again.refresh().status) == (True, [1], Status.SUCCEEDED)


def test_a_table_that_is_away_at_the_enqueue_loses_nothing(world: World, runs: Runs, caplog: Any) -> None:
    process, faults = with_faults(world)
    faults.away["queued"] = 1
    result = process.task(noting(runs)).enqueue()
    assert "is enqueued, but its QUEUED row could not be written" in caplog.text
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "attempt 1")


def test_a_delivery_that_is_faster_than_the_queued_row_keeps_its_outcome(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    faults.on_apply = lambda transition: world.deliver() and None if transition.name == "queued" else None
    result = process.task(noting(runs)).enqueue()
    assert (result.created, result.status, result.return_value) == (True, Status.SUCCEEDED, "attempt 1")


# a retry by hand


def by_hand(world: World, result: TaskResult[Any], times: int = 1) -> None:
    """What a retry by hand does: the stored envelope with a fresh send id, answering this death."""
    row = result.refresh().row
    envelope = Envelope.from_json(row.envelope or "")
    for number in range(times):
        again = envelope.resent(f"by-hand-{number}", after=row.lease_owner)
        world.ports.transport.send(OutgoingMessage("default", again.to_json()))


def test_a_retry_by_hand_runs_the_dead_task_with_a_full_budget(world: World, runs: Runs) -> None:
    task = world.tasks.task(noting(runs, lambda attempt: _raise(Reject("no")) if attempt == 1 else "done"))
    result = task.enqueue()
    world.drain()
    by_hand(world, result)
    assert (world.drain(), result.refresh().attempts, result.row.attempts_left) == (["SUCCEEDED"], 2, 4)


def test_two_retries_by_hand_of_one_death_are_one_run(world: World, runs: Runs) -> None:
    task = world.tasks.task(noting(runs, lambda attempt: _raise(Reject("no")) if attempt == 1 else "done"))
    result = task.enqueue()
    world.drain()
    by_hand(world, result, times=2)
    assert (sorted(world.drain()), runs) == (["ACKNOWLEDGED", "SUCCEEDED"], [1, 2])


def test_a_retry_by_hand_of_an_older_death_is_a_foreign_send(world: World, runs: Runs) -> None:
    result = world.tasks.task(noting(runs, lambda _attempt: _raise(Reject("no")))).enqueue()
    world.drain()
    by_hand(world, result, times=2)  # the first leads to a death of its own, which the second does not answer
    world.drain()
    assert (runs, world.dead_letters()) == ([1, 2], 2)


def test_a_lost_reply_of_a_retry_by_hand_changes_nothing(world: World, runs: Runs) -> None:
    process, faults = with_faults(world)
    task = process.task(noting(runs, lambda attempt: _raise(Reject("no")) if attempt == 1 else "done"))
    result = task.enqueue()
    world.drain()
    faults.lost["retry"] = 1
    by_hand(world, result)
    assert (world.drain(), runs) == (["SUCCEEDED"], [1, 2])


# copies of a task that has died


def test_a_duplicate_send_of_a_task_that_has_died_goes_without_a_run(world: World, runs: Runs) -> None:
    process = world.deploy(world.another_process(transport=(faulty := FaultyTransport(world.ports.transport))))
    faulty.lost = 1
    result = process.task(noting(runs, lambda _attempt: _raise(Reject("no")))).enqueue()
    done = world.drain()
    assert (done.count("DEAD"), done.count("ACKNOWLEDGED"), runs) == (1, 1, [1])
    assert (result.refresh().status, world.dead_letters()) == (Status.DEAD, 1)


def test_a_delivery_of_a_dead_message_that_sqs_repeats_is_burned_without_a_run(world: World, runs: Runs) -> None:
    world.tasks.task(noting(runs, lambda _attempt: _raise(Reject("no")))).enqueue()
    world.deliver()
    assert (world.replay(world.worker.event), runs) == (["BURNED"], [1])


def test_a_delivery_that_sqs_repeats_after_the_message_was_buried_is_burned_without_a_run(
    world: World, runs: Runs
) -> None:
    world.tasks.task(noting(runs, lambda _attempt: _raise(Reject("no")))).enqueue()
    world.deliver()
    event = world.worker.event
    world.drain()
    assert (world.replay(event), runs, world.dead_letters()) == (["BURNED"], [1], 1)


# a batch that SQS takes in part


def test_every_task_of_a_half_failed_batch_runs_once(world: World, runs: Runs) -> None:
    class Half(FaultyTransport):
        def send_many(self, messages: Any) -> list[Any]:
            """It took all of the first batch, but its answer says so of the even entries only."""
            answers: list[Any] = self._transport.send_many(messages)
            if self.away:
                return answers
            self.away = 1
            return [Unavailable("not taken") if number % 2 else answer for number, answer in enumerate(answers)]

    process = world.deploy(world.another_process(transport=Half(world.ports.transport)))
    task = process.task(noting(runs))
    results = process.enqueue_many(task.call() for _ in range(10))
    done = world.drain()
    assert (done.count("SUCCEEDED"), done.count("ACKNOWLEDGED"), len(runs)) == (10, 5, 10)
    assert {(result.refresh().status, result.attempts) for result in results} == {(Status.SUCCEEDED, 1)}


def _raise(error: BaseException) -> Any:
    raise error

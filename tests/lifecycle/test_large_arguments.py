"""Arguments too large for a message: in S3 before the send, at hand before the claim, and what follows where they are not."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from penstock import Penstock, Reject, Status, TaskResult, current_task
from penstock.dead_letters import edit, explain, redrive, retry
from penstock.enqueue import MAX_MESSAGE_BYTES
from penstock.errors import (
    AccessRefused,
    ArgumentsLost,
    ConfigurationError,
    EnqueueUncertain,
    TaskIdConflict,
    Unavailable,
)
from penstock.execution.resolve import RENEWED_AFTER
from penstock.ports import OutgoingMessage
from penstock.reconcile import reconcile
from penstock.text import sha256
from tests.lifecycle.world import MAX_RECEIVE_COUNT, Counting, FaultyPayloads, FaultyTransport, World, throttle

ROWS = "x" * MAX_MESSAGE_BYTES


class Import:
    """A task with large arguments; while ``broken`` it dies in its first attempt. ``seen`` is what it was called with."""

    def __init__(self) -> None:
        self.broken = False
        self.seen: list[str] = []

    def on(self, tasks: Penstock, **options: Any) -> Any:
        def load(rows: str, table: str = "people") -> int:
            self.seen.append(table)
            if self.broken:
                raise Reject("no such table")
            return len(rows)

        return tasks.task(**options)(load)


@pytest.fixture
def load() -> Import:
    return Import()


@pytest.fixture
def payloads(world: World) -> FaultyPayloads:
    """S3 as the deployed process sees it."""
    faulty = FaultyPayloads(world.ports.payloads, world.clock)
    world.deploy(world.another_process(payloads=faulty))
    return faulty


def objects(world: World) -> dict[str, bytes]:
    contents: dict[str, bytes] = world.ports.payloads._contents  # type: ignore[union-attr]
    return contents


def message(world: World) -> dict[str, Any]:
    """The envelope of the one message in the queue."""
    [received] = world.ports.transport.receive("default", max_messages=10, visibility_timeout=0)
    body: dict[str, Any] = json.loads(received.body)
    return body


def died(world: World, load: Import, **options: Any) -> TaskResult[Any]:
    """A dead task in the dead-letter queue, whose cause is repaired."""
    load.broken = True
    result: TaskResult[Any] = load.on(world.tasks, **options).enqueue(ROWS)
    world.drain()
    load.broken = False
    assert (result.refresh().status, world.dead_letters()) == (Status.DEAD, 1)
    return result


# enqueue


def test_a_task_runs_with_arguments_that_no_message_holds(world: World, load: Import) -> None:
    result = load.on(world.tasks).enqueue(ROWS)
    assert (world.drain(), result.refresh().return_value, result.attempts) == (["SUCCEEDED"], len(ROWS), 1)


def test_its_message_points_to_the_one_object_that_has_them(world: World, load: Import) -> None:
    result = load.on(world.tasks).enqueue(ROWS, "dogs")
    [(key, content)] = objects(world).items()
    pointer = message(world)["arguments"]
    assert pointer == {
        "key": f"arguments/{result.id}/{sha256(content)}",
        "sha256": sha256(content),
        "bytes": len(content),
        "work_sha256": result.refresh().row.arguments_sha256,
    }
    assert (key, json.loads(content)) == (pointer["key"], {"args": [], "kwargs": {"rows": ROWS, "table": "dogs"}})


def test_the_arguments_are_in_s3_before_the_message_is_sent(world: World, load: Import) -> None:
    calls: list[str] = []
    process = world.another_process(
        payloads=Counting(world.ports.payloads, calls),
        transport=Counting(world.ports.transport, calls),
        results=Counting(world.ports.results, calls),
    )
    load.on(process).enqueue(ROWS)
    assert calls == ["put", "send", "apply queued"]


def test_a_put_that_gets_no_answer_is_tried_again_under_the_same_key(
    world: World, load: Import, payloads: FaultyPayloads
) -> None:
    payloads.away["put"], payloads.lost["put"] = 1, 1
    result = load.on(world.tasks).enqueue(ROWS)
    assert (payloads.calls, len(objects(world))) == (["put"] * 3, 1)
    assert (world.drain(), result.refresh().status) == (["SUCCEEDED"], Status.SUCCEEDED)


def test_without_s3_nothing_is_sent_and_the_error_says_so(world: World, load: Import, payloads: FaultyPayloads) -> None:
    payloads.away["put"] = 3
    with pytest.raises(Unavailable, match="nothing was sent: the arguments of task import-7 must be in S3 first"):
        load.on(world.tasks).using(task_id="import-7").enqueue(ROWS)
    assert (payloads.calls, world.is_empty(), world.ports.results.get("import-7")) == (["put"] * 3, True, None)


def test_a_refused_put_is_not_tried_again_and_nothing_is_sent(
    world: World, load: Import, payloads: FaultyPayloads
) -> None:
    payloads.refused.add("put")
    with pytest.raises(AccessRefused, match=r"nothing was sent.*S3 says no"):
        load.on(world.tasks).enqueue(ROWS)
    assert (payloads.calls, world.is_empty()) == (["put"], True)


def test_a_slow_put_is_not_tried_again_past_the_time_that_enqueueing_may_take(
    world: World, load: Import, payloads: FaultyPayloads
) -> None:
    payloads.away["put"], payloads.seconds = 1, 7
    with pytest.raises(Unavailable, match="nothing was sent"):
        load.on(world.tasks).enqueue(ROWS)
    assert payloads.calls == ["put"]


def test_after_an_uncertain_send_the_same_call_is_enqueued_once(world: World, load: Import) -> None:
    faulty = FaultyTransport(world.ports.transport)
    faulty.lost = 3
    task = load.on(world.deploy(world.another_process(transport=faulty)))
    with pytest.raises(EnqueueUncertain) as caught:
        task.enqueue(ROWS)
    result = task.using(task_id=caught.value.task_id).enqueue(ROWS)
    world.drain()
    assert (load.seen, result.refresh().attempts, len(objects(world))) == (["people"], 1, 1)


# a known task id


def test_a_known_task_id_with_the_same_arguments_is_neither_put_nor_sent_again(
    world: World, load: Import, payloads: FaultyPayloads
) -> None:
    task = load.on(world.tasks).using(task_id="import-7")
    assert (task.enqueue(ROWS).created, task.enqueue(ROWS).created) == (True, False)
    assert (payloads.calls, world.depth().visible) == (["put"], 1)


def test_a_known_task_id_with_other_arguments_is_a_conflict(world: World, load: Import) -> None:
    task = load.on(world.tasks).using(task_id="import-7")
    task.enqueue(ROWS)
    with pytest.raises(TaskIdConflict):
        task.enqueue(ROWS, "dogs")
    assert len(objects(world)) == 1


def test_the_same_work_is_known_whether_its_message_holds_the_arguments_or_not(world: World, load: Import) -> None:
    task, nearly = load.on(world.tasks), "x" * (MAX_MESSAGE_BYTES - 400)
    assert task.using(task_id="import-7").enqueue(nearly).created
    tags = tuple("a" * 100 + str(n) for n in range(10))
    assert not task.using(task_id="import-7", tags=tags).enqueue(nearly).created
    task.using(task_id="import-8", tags=tags).enqueue(nearly)  # with these tags it would not have
    assert len(objects(world)) == 1


def test_the_digest_of_the_work_is_in_the_row_that_a_worker_writes(world: World, load: Import) -> None:
    task = load.on(world.tasks, record=False).using(task_id="import-7")
    task.enqueue(ROWS)
    world.drain()
    assert not task.enqueue(ROWS).created
    with pytest.raises(TaskIdConflict):
        task.enqueue(ROWS, "dogs")


# before the claim


def test_fetching_costs_one_request(world: World, load: Import) -> None:
    calls: list[str] = []
    process = world.another_process(
        payloads=Counting(world.ports.payloads, calls), results=Counting(world.ports.results, calls)
    )
    load.on(world.tasks).enqueue(ROWS)
    load.on(world.deploy(process))
    world.drain()
    assert calls == ["get", "apply claim", "apply succeed"]


def test_s3_being_away_costs_no_attempt(world: World, load: Import, payloads: FaultyPayloads) -> None:
    result = load.on(world.tasks).enqueue(ROWS)
    payloads.away["get"] = 3
    assert (world.deliver(), result.refresh().row.status, result.attempts) == (["UNAVAILABLE"], Status.QUEUED, 0)
    world.clock.advance(29)
    assert world.deliver() == []
    world.clock.advance(1)
    assert (world.deliver(), result.refresh().attempts) == (["SUCCEEDED"], 1)


def test_a_moment_without_s3_is_waited_for(world: World, load: Import, payloads: FaultyPayloads) -> None:
    load.on(world.tasks).enqueue(ROWS)
    payloads.away["get"], payloads.lost["get"] = 1, 1
    assert world.deliver() == ["SUCCEEDED"]


def test_a_worker_that_may_not_read_them_leaves_the_message(
    world: World, load: Import, payloads: FaultyPayloads
) -> None:
    result = load.on(world.tasks).enqueue(ROWS)
    payloads.refused.add("get")
    assert (world.deliver(), result.refresh().attempts, world.worker.report.events[0].reason) == (  # type: ignore[union-attr]
        ["UNAVAILABLE"],
        0,
        "S3 says no",
    )


def test_a_worker_without_a_bucket_leaves_the_message_and_names_the_variable(world: World, load: Import) -> None:
    result = load.on(world.tasks).enqueue(ROWS)
    load.on(world.deploy(world.another_process(payloads=None)))
    assert (world.deliver(), result.refresh().attempts) == (["UNAVAILABLE"], 0)
    assert "PENSTOCK_PAYLOAD_BUCKET" in world.worker.report.events[0].reason  # type: ignore[union-attr]


def test_where_fetching_took_too_long_the_message_is_handed_back_unclaimed(
    world: World, load: Import, payloads: FaultyPayloads
) -> None:
    result = load.on(world.tasks, time_limit=60).enqueue(ROWS)
    payloads.seconds = world.queues[0].function_timeout - 61  # type: ignore[index]
    assert (world.deliver(), result.refresh().row.status) == (["HANDED_BACK"], Status.QUEUED)


# lost


def gone(world: World) -> None:
    objects(world).clear()


def replaced(world: World) -> None:
    [key] = objects(world)
    objects(world)[key] = b'{"args":[],"kwargs":{"rows":""}}'


LOST: dict[str, tuple[Callable[[World], None], str]] = {
    "gone": (gone, "are not in S3 under 'arguments/"),
    "replaced": (replaced, "are not those that were enqueued (sha256)"),
}


@pytest.mark.parametrize("how", LOST)
def test_a_task_whose_arguments_are_lost_is_claimed_never_run_and_dead(world: World, load: Import, how: str) -> None:
    lose, words = LOST[how]
    result = load.on(world.tasks).enqueue(ROWS)
    lose(world)
    world.drain()
    assert (result.refresh().status, result.attempts, load.seen, world.dead_letters()) == (Status.DEAD, 1, [], 1)
    assert result.error is not None
    assert (result.error.type, words in result.error.message) == ("ArgumentsLost", True)
    assert result.error.reason == "without its arguments no attempt can run"


def test_an_object_that_is_no_call_dies_with_words(world: World, load: Import) -> None:
    load.on(world.tasks).enqueue(ROWS)
    body, content = message(world), b'["no call"]'
    world.ports.transport.purge("default")
    body["arguments"] |= {"sha256": sha256(content), "key": f"arguments/{body['id']}/{sha256(content)}"}
    objects(world)[body["arguments"]["key"]] = content
    world.ports.transport.send(OutgoingMessage("default", json.dumps(body)))
    world.drain()
    result = world.tasks.result(body["id"])
    assert (result.status, load.seen) == (Status.DEAD, [])
    assert "are no arguments" in (result.error.message if result.error else "")


def test_its_burned_deliveries_run_nothing_either(world: World, load: Import) -> None:
    load.on(world.tasks).enqueue(ROWS)
    gone(world)
    assert (world.drain(), load.seen) == (["DEAD"] + ["BURNED"] * (MAX_RECEIVE_COUNT - 1), [])


def test_a_cancelled_task_whose_arguments_are_lost_is_acknowledged(world: World, load: Import) -> None:
    result = load.on(world.tasks).enqueue(ROWS)
    result.cancel()
    gone(world)
    assert (world.drain(), result.refresh().status) == (["ACKNOWLEDGED"], Status.CANCELLED)


def test_arguments_that_come_back_run_after_a_redrive(world: World, load: Import) -> None:
    result = load.on(world.tasks).enqueue(ROWS)
    kept = dict(objects(world))
    gone(world)
    world.drain()
    objects(world).update(kept)
    redrive(world.tasks, "default")
    assert (world.drain(), result.refresh().status) == (["SUCCEEDED"], Status.SUCCEEDED)


# afterwards


def test_the_row_of_a_dead_task_keeps_the_pointer_and_s3_no_second_copy(world: World, load: Import) -> None:
    row = died(world, load).row
    assert json.loads(row.envelope or "")["arguments"]["bytes"] == len(next(iter(objects(world).values())))
    assert (row.envelope_pointer, len(objects(world))) == (None, 1)


def test_a_redriven_task_runs_with_them(world: World, load: Import) -> None:
    result = died(world, load)
    redrive(world.tasks, "default")
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], len(ROWS))


def test_a_task_retried_by_hand_runs_with_them(world: World, load: Import, payloads: FaultyPayloads) -> None:
    result = died(world, load)
    payloads.calls.clear()
    retry(world.tasks, result.id)
    assert payloads.calls == []
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], len(ROWS))


def test_an_edited_task_has_the_rest_of_them_in_an_object_of_its_own(world: World, load: Import) -> None:
    result = died(world, load)
    edited = edit(world.tasks, result.id, {"kwargs": {"table": "dogs"}})
    assert (world.drain(), edited.refresh().return_value, load.seen[-1]) == (["SUCCEEDED"], len(ROWS), "dogs")
    assert sorted(key.split("/")[1] for key in objects(world)) == sorted([result.id, edited.id])


def test_an_edit_to_little_needs_no_object(world: World, load: Import) -> None:
    result = died(world, load)
    edited = edit(world.tasks, result.id, {"kwargs": {"rows": "few"}})
    assert (world.drain(), edited.refresh().return_value, len(objects(world))) == (["SUCCEEDED"], 3, 1)


def test_an_edit_without_s3_sends_nothing_and_leaves_the_task_dead(
    world: World, load: Import, payloads: FaultyPayloads
) -> None:
    result = died(world, load)
    payloads.away["put"] = 3
    with pytest.raises(Unavailable, match="nothing was sent"):
        edit(world.tasks, result.id, {"kwargs": {"table": "dogs"}})
    assert (result.refresh().status, world.is_empty()) == (Status.DEAD, True)


def test_an_edit_of_lost_arguments_says_that_they_are(world: World, load: Import) -> None:
    result = died(world, load)
    gone(world)
    with pytest.raises(ArgumentsLost, match="enqueue the work again as a new task"):
        edit(world.tasks, result.id, {"kwargs": {"table": "dogs"}})
    assert result.refresh().status is Status.DEAD


def test_an_edit_in_a_process_without_a_bucket_names_the_variable(world: World, load: Import) -> None:
    result = died(world, load)
    process = world.another_process(payloads=None)
    load.on(process)
    with pytest.raises(ConfigurationError, match="PENSTOCK_PAYLOAD_BUCKET"):
        edit(process, result.id, {})


def test_its_explanation_needs_no_s3(world: World, load: Import) -> None:
    result = died(world, load)
    gone(world)
    assert explain(world.tasks, result.id).row.status is Status.DEAD


def test_what_sqs_buried_is_closed_with_the_pointer_and_runs_after_a_redrive(world: World, load: Import) -> None:
    result = load.on(world.tasks).enqueue(ROWS)
    throttle(world)
    assert reconcile(world.tasks, "default").closed == 1
    row = result.refresh().row
    assert ("arguments" in json.loads(row.envelope or ""), row.envelope_pointer, len(objects(world))) == (True, None, 1)
    world.clock.advance(1)
    redrive(world.tasks, "default")
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], len(ROWS))


def test_a_task_enqueued_by_a_task_may_have_large_arguments(world: World, load: Import) -> None:
    task = load.on(world.tasks)

    @world.tasks.task
    def parent() -> str:
        child: str = task.using(task_id=f"{current_task.id}.child").enqueue(ROWS).id
        return child

    child = parent.enqueue().id + ".child"
    assert world.drain() == ["SUCCEEDED"] * 2
    assert world.tasks.result(child).return_value == len(ROWS)


# for how long


def redriven(world: World, after: timedelta) -> list[str]:
    """What was done with the dead letters after a redrive."""
    world.clock.advance(after.total_seconds())
    redrive(world.tasks, "default")
    return world.drain()


@pytest.mark.parametrize(("days", "calls"), [(0, ["get"]), (10, ["get", "put"])])
def test_arguments_of_a_redriven_message_live_as_long_as_it_does(
    world: World, load: Import, payloads: FaultyPayloads, days: int, calls: list[str]
) -> None:
    died(world, load)
    before = dict(objects(world))
    payloads.calls.clear()
    assert redriven(world, timedelta(days=days, seconds=1)) == ["SUCCEEDED"]
    assert (payloads.calls, objects(world)) == (calls, before)


def test_arguments_that_cannot_be_renewed_run_all_the_same(
    world: World, load: Import, payloads: FaultyPayloads, caplog: pytest.LogCaptureFixture
) -> None:
    died(world, load)
    payloads.away["put"] = 1
    assert (redriven(world, RENEWED_AFTER), "could not be renewed" in caplog.text) == (["SUCCEEDED"], True)


def test_a_fifo_task_has_its_order_and_its_arguments(world: World, load: Import) -> None:
    task = load.on(world.tasks, queue="ledger").using(group="account-1")
    task.enqueue(ROWS, "first")
    task.enqueue("few", "second")
    assert (world.drain("ledger"), load.seen) == (["SUCCEEDED"] * 2, ["first", "second"])


def test_a_neighbour_is_spared_while_s3_is_away(world: World, load: Import, payloads: FaultyPayloads) -> None:
    task = load.on(world.tasks)
    task.enqueue(ROWS, "large")
    task.enqueue("few", "small")
    payloads.refused.add("get")
    assert (sorted(world.deliver()), load.seen) == (["SUCCEEDED", "UNAVAILABLE"], ["small"])


def test_every_call_of_many_has_its_own_arguments(world: World, load: Import) -> None:
    task = load.on(world.tasks)
    calls = [task.call(ROWS, "one"), task.call("few", "two"), task.call(ROWS, "three")]
    results = world.tasks.enqueue_many(calls)
    world.drain()
    assert [result.refresh().return_value for result in results] == [len(ROWS), 3, len(ROWS)]
    assert sorted(load.seen) == ["one", "three", "two"]

"""Every way back from the dead: retry and edit by hand, discard, purge, SQS's own redrive, and all of them at once."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from penstock import Penstock, Reject, Status, TaskResult, current_task
from penstock.dead_letters import (
    cancel_redrive,
    dead,
    discard,
    edit,
    purge,
    redrive,
    redrive_status,
    retry,
    waiting,
)
from penstock.enqueue import MAX_MESSAGE_BYTES, Prepared, prepare
from penstock.errors import (
    AccessRefused,
    ConfirmationNeeded,
    EnqueueError,
    EnqueueUncertain,
    EnvelopeLost,
    InvalidArguments,
    NotDead,
    TaskNotFound,
    Unavailable,
)
from penstock.ports import OutgoingMessage
from penstock.reconcile import Reconciliation, reconcile
from tests.lifecycle.world import FaultyStore, FaultyTransport, World, throttle


class Repairable:
    """A task whose cause can be repaired: until then it dies in its first attempt. ``runs`` are the attempts it has seen."""

    def __init__(self) -> None:
        self.broken = True
        self.runs: list[int] = []
        self.seen: list[Any] = []

    def function(self, picture: str = "cat.jpg", widths: list[int] | None = None) -> str:
        self.runs.append(current_task.attempt)
        self.seen.append((picture, widths))
        if self.broken:
            raise Reject("no such bucket")
        return "done"


@pytest.fixture
def cause() -> Repairable:
    return Repairable()


def resize(tasks: Penstock, cause: Repairable, **options: Any) -> Any:
    def resize(picture: str, widths: list[int] | None = None) -> str:
        return cause.function(picture, widths)

    return tasks.task(**options)(resize)


@pytest.fixture
def result(world: World, cause: Repairable) -> TaskResult[Any]:
    """A dead task in the dead-letter queue, whose cause is repaired."""
    result: TaskResult[Any] = resize(world.tasks, cause).enqueue("cat.jpg", widths=[320])
    world.drain()
    assert (result.refresh().status, world.dead_letters()) == (Status.DEAD, 1)
    cause.broken = False
    return result


# retry


def test_a_retried_task_runs_again_under_its_id(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    assert retry(world.tasks, result.id).id == result.id
    assert (world.drain(), cause.runs, result.refresh().return_value) == (["SUCCEEDED"], [1, 2], "done")


def test_a_retried_task_has_its_arguments(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    retry(world.tasks, result.id)
    world.drain()
    assert cause.seen == [("cat.jpg", [320])] * 2


def test_until_its_run_a_retried_task_reads_as_dead_with_a_note(world: World, result: TaskResult[Any]) -> None:
    retried = retry(world.tasks, result.id)
    assert (retried.status, retried.row.retry_sent_at) == (Status.DEAD, world.clock())


def test_the_note_goes_with_the_run(world: World, result: TaskResult[Any]) -> None:
    retry(world.tasks, result.id)
    world.drain()
    assert result.refresh().row.retry_sent_at is None


def test_a_retried_task_has_all_its_attempts(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    cause.broken = True
    retry(world.tasks, result.id)
    world.deliver()
    assert result.refresh().row.attempts_left == 4


def test_a_message_that_its_deaths_name_would_make_too_long_is_retried_all_the_same(world: World) -> None:
    results: list[Any] = []

    @world.tasks.task
    def long(text: str) -> None:
        if len(results) == 1:
            raise Reject("no")

    overhead = MAX_MESSAGE_BYTES - 1_047_000
    for room in range(overhead, 0, -1):  # the longest text that still goes in its message
        try:
            prepared = prepare(world.ports, long.call("x" * (1_047_000 + room)))
        except EnqueueError:
            continue
        if isinstance(prepared, Prepared) and prepared.content is None:
            break
    results.append(long.enqueue("x" * (1_047_000 + room)))
    world.drain()
    results.append(retry(world.tasks, results[0].id))
    world.drain()
    assert results[0].refresh().status is Status.SUCCEEDED


def test_two_clicks_are_one_run(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    for _ in range(2):
        retry(world.tasks, result.id)
    assert (sorted(world.drain()), cause.runs) == (["ACKNOWLEDGED", "SUCCEEDED"], [1, 2])


def test_two_clicks_on_a_task_that_dies_again_are_one_run(
    world: World, cause: Repairable, result: TaskResult[Any]
) -> None:
    cause.broken = True
    for _ in range(2):
        retry(world.tasks, result.id)
    world.drain()
    assert cause.runs == [1, 2]


@pytest.mark.parametrize("retry_first", [True, False])
def test_a_click_and_a_console_redrive_are_one_run(
    world: World, cause: Repairable, result: TaskResult[Any], retry_first: bool
) -> None:
    ways = [lambda: retry(world.tasks, result.id), lambda: redrive(world.tasks, "default")]
    for way in ways if retry_first else reversed(ways):
        way()
        world.clock.advance(1)
    assert (sorted(world.drain()), cause.runs) == (["ACKNOWLEDGED", "SUCCEEDED"], [1, 2])
    assert (result.refresh().return_value, world.dead_letters()) == ("done", 0)


def test_a_redrive_during_the_run_of_a_retry_is_one_run(world: World, cause: Repairable) -> None:
    def then(attempt: int) -> str:
        if attempt == 1:
            raise Reject("no")
        redrive(world.tasks, "default")
        during.extend(world.deliver())
        return "done"

    during: list[str] = []
    result = world.tasks.task(name="long")(lambda: then(current_task.attempt)).enqueue()
    world.drain()
    retry(world.tasks, result.id)
    assert (world.drain(), during, result.refresh().attempts) == (["SUCCEEDED"], ["ACKNOWLEDGED"], 2)


def test_a_retry_whose_reply_was_lost_was_sent_again_and_is_one_run(
    world: World, cause: Repairable, result: TaskResult[Any]
) -> None:
    faulty = FaultyTransport(world.ports.transport)
    process = world.another_process(transport=faulty)
    resize(process, cause)
    faulty.lost = 1
    retry(process, result.id)
    assert (len({sent["send_id"] for sent in faulty.sent}), len(faulty.sent)) == (2, 2)
    assert (sorted(world.drain()), cause.runs) == (["ACKNOWLEDGED", "SUCCEEDED"], [1, 2])


def test_an_uncertain_retry_may_be_repeated(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    faulty = FaultyTransport(world.ports.transport)
    process = world.another_process(transport=faulty)
    resize(process, cause)
    faulty.lost = 3
    with pytest.raises(EnqueueUncertain):
        retry(process, result.id)
    retry(process, result.id)
    world.drain()
    assert (cause.runs, result.refresh().return_value) == ([1, 2], "done")


def test_a_retry_that_could_not_be_noted_is_sent(
    world: World, cause: Repairable, result: TaskResult[Any], caplog: pytest.LogCaptureFixture
) -> None:
    faults = FaultyStore(world.ports.results)
    process = world.another_process(results=faults)
    resize(process, cause)
    faults.away["retry_sent"] = 9
    retry(process, result.id)
    assert "is sent, but could not be noted" in caplog.text
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")


def test_the_old_letter_of_a_retried_task_is_swept(world: World, result: TaskResult[Any]) -> None:
    retry(world.tasks, result.id)
    world.drain()
    assert (reconcile(world.tasks, "default"), world.dead_letters()) == (Reconciliation("default", swept=1), 0)


def test_the_old_letter_of_a_task_that_died_again_is_swept_and_the_new_one_stays(
    world: World, cause: Repairable, result: TaskResult[Any]
) -> None:
    cause.broken = True
    retry(world.tasks, result.id)
    world.drain()
    assert (reconcile(world.tasks, "default"), world.dead_letters()) == (Reconciliation("default", left=1, swept=1), 1)


def test_a_reconciler_between_retry_and_run_does_no_harm(
    world: World, cause: Repairable, result: TaskResult[Any]
) -> None:
    retry(world.tasks, result.id)
    assert reconcile(world.tasks, "default") == Reconciliation("default", left=1)
    assert (world.drain(), cause.runs, result.refresh().return_value) == (["SUCCEEDED"], [1, 2], "done")


def test_a_reconciler_during_the_run_of_a_retry_does_no_harm(world: World) -> None:
    seen: list[Reconciliation] = []

    @world.tasks.task
    def long() -> str:
        if current_task.attempt == 1:
            raise Reject("no")
        seen.append(reconcile(world.tasks, "default"))
        return "done"

    result = long.enqueue()
    world.drain()
    retry(world.tasks, result.id)
    assert (world.drain(), result.refresh().return_value) == (["SUCCEEDED"], "done")
    assert seen == [Reconciliation("default", swept=1)]  # the old letter is foreign now


def test_a_retry_that_sqs_buried_unrun_can_be_redriven(
    world: World, cause: Repairable, result: TaskResult[Any]
) -> None:
    retry(world.tasks, result.id)
    throttle(world)
    reconcile(world.tasks, "default")
    assert (result.refresh().status, world.dead_letters()) == (Status.DEAD, 2)
    world.clock.advance(1)
    redrive(world.tasks, "default")
    assert (sorted(world.drain()), cause.runs) == (["ACKNOWLEDGED", "SUCCEEDED"], [1, 2])


def test_a_large_message_is_retried_from_the_payload_store(world: World, cause: Repairable) -> None:
    picture = "x" * 300_000
    result = resize(world.tasks, cause).enqueue(picture)
    world.drain()
    cause.broken = False
    assert result.refresh().row.envelope is None
    retry(world.tasks, result.id)
    assert (world.drain(), cause.seen[1]) == (["SUCCEEDED"], (picture, None))


def test_a_large_message_that_is_no_longer_in_the_payload_store_is_lost(world: World, cause: Repairable) -> None:
    result = resize(world.tasks, cause).enqueue("x" * 300_000)
    world.drain()
    world.ports.payloads._contents.clear()  # type: ignore[union-attr]
    with pytest.raises(EnvelopeLost, match="redrive the queue 'default'"):
        retry(world.tasks, result.id)


def test_a_large_message_without_a_payload_store_is_lost(world: World, cause: Repairable) -> None:
    process = world.deploy(world.another_process(payloads=None))
    result = resize(process, cause).enqueue("x" * 300_000)
    world.drain()
    with pytest.raises(EnvelopeLost, match="payload"):
        retry(process, result.id)


def test_a_fifo_task_is_retried_in_its_group(world: World, cause: Repairable) -> None:
    result = resize(world.tasks, cause, queue="ledger").using(group="account-1").enqueue("cat.jpg")
    world.drain("ledger")
    cause.broken = False
    retry(world.tasks, result.id)
    (message,) = world.ports.transport.receive("ledger", max_messages=1, visibility_timeout=0)
    assert (message.group, world.drain("ledger")) == ("account-1", ["SUCCEEDED"])


def test_a_task_that_was_delayed_is_retried_at_once(world: World, cause: Repairable) -> None:
    result = resize(world.tasks, cause).using(delay=900).enqueue("cat.jpg")
    world.drain()
    cause.broken = False
    retry(world.tasks, result.id)
    assert world.deliver() == ["SUCCEEDED"]


def test_a_task_buried_by_sqs_can_be_retried_from_its_row(world: World, cause: Repairable) -> None:
    cause.broken = False
    result = resize(world.tasks, cause).enqueue("cat.jpg")
    throttle(world)
    reconcile(world.tasks, "default")
    retry(world.tasks, result.id)
    assert (world.drain(), cause.runs) == (["SUCCEEDED"], [1])


@pytest.mark.parametrize("way", [retry, lambda tasks, task_id: edit(tasks, task_id, {})])
def test_only_a_dead_task_can_be_retried_or_edited(
    world: World, cause: Repairable, way: Callable[[Penstock, str], Any]
) -> None:
    cause.broken = False
    result = resize(world.tasks, cause).enqueue("cat.jpg")
    world.drain()
    with pytest.raises(NotDead, match="is SUCCEEDED: only a DEAD task"):
        way(world.tasks, result.id)
    assert world.is_empty()


@pytest.mark.parametrize("way", [retry, discard, lambda tasks, task_id: edit(tasks, task_id, {})])
def test_a_task_without_a_row_is_not_found(world: World, way: Callable[[Penstock, str], Any]) -> None:
    with pytest.raises(TaskNotFound, match="'nope'"):
        way(world.tasks, "nope")


# edit


def test_an_edited_task_runs_with_its_new_arguments(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    edited = edit(world.tasks, result.id, {"kwargs": {"picture": "dog.jpg"}})
    assert (world.drain(), cause.seen[1]) == (["SUCCEEDED"], ("dog.jpg", [320]))
    assert edited.refresh().return_value == "done"


def test_an_edited_task_is_a_new_one_that_names_the_old(world: World, result: TaskResult[Any]) -> None:
    edited = edit(world.tasks, result.id, {"kwargs": {"widths": [640]}})
    assert (edited.id != result.id, world.tasks.result(edited.id).row.origin) == (True, result.id)


def test_the_lineage_of_an_edited_task_stays_with_its_outcome(world: World, result: TaskResult[Any]) -> None:
    edited = edit(world.tasks, result.id, {"kwargs": {"widths": [640]}})
    world.drain()
    assert (edited.refresh().status, edited.row.origin) == (Status.SUCCEEDED, result.id)


def test_the_task_that_was_edited_is_cancelled(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    edit(world.tasks, result.id, {"kwargs": {"widths": [640]}})
    world.drain()
    assert (result.refresh().status, list(dead(world.tasks))) == (Status.CANCELLED, [])


def test_the_letter_of_a_task_that_was_edited_is_swept(world: World, result: TaskResult[Any]) -> None:
    edit(world.tasks, result.id, {"kwargs": {"widths": [640]}})
    assert reconcile(world.tasks, "default") == Reconciliation("default", swept=1)


def test_a_task_that_was_edited_does_not_run_when_its_letter_is_redriven(
    world: World, cause: Repairable, result: TaskResult[Any]
) -> None:
    edit(world.tasks, result.id, {"kwargs": {"widths": [640]}})
    redrive(world.tasks, "default")
    assert (sorted(world.drain()), cause.seen[1:]) == (["ACKNOWLEDGED", "SUCCEEDED"], [("cat.jpg", [640])])


def test_a_null_in_the_patch_takes_an_argument_away(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    edit(world.tasks, result.id, {"kwargs": {"widths": None}})
    world.drain()
    assert cause.seen[1] == ("cat.jpg", None)


def test_an_edited_task_keeps_group_and_tags(world: World, cause: Repairable) -> None:
    result = resize(world.tasks, cause).using(group="tenant-1", tags=("monthly",)).enqueue("cat.jpg")
    world.drain()
    edited = edit(world.tasks, result.id, {"kwargs": {"picture": "dog.jpg"}})
    (message,) = world.ports.transport.receive("default", max_messages=1)
    assert (message.group, edited.row.tags) == ("tenant-1", ("monthly",))


@pytest.mark.parametrize(
    "patch",
    [
        {"args": ["cat.jpg", [1], 2]},
        {"args": ["twice.jpg"]},
        {"kwargs": {"picture": 1}},
        {"kwargs": {"picture": None}},
        {"kwargs": {"widths": "wide"}},
        {"kwargs": {"unknown": 1}},
    ],
)
def test_arguments_that_do_not_fit_change_nothing(world: World, result: TaskResult[Any], patch: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        edit(world.tasks, result.id, patch)
    assert (result.refresh().status, world.is_empty()) == (Status.DEAD, True)


@pytest.mark.parametrize(
    "patch", [{"args": None}, {"kwargs": None}, {"args": "cat.jpg"}, {"kwargs": ["widths"]}, {"args": {"0": "x"}}]
)
def test_a_patch_that_leaves_no_list_and_no_object_is_refused(
    world: World, result: TaskResult[Any], patch: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArguments):
        edit(world.tasks, result.id, patch)
    assert (result.refresh().status, world.is_empty()) == (Status.DEAD, True)


def test_a_key_that_is_neither_args_nor_kwargs_is_refused(world: World, result: TaskResult[Any]) -> None:
    with pytest.raises(InvalidArguments, match="kwarg'"):
        edit(world.tasks, result.id, {"kwarg": {"widths": [1]}})


def test_the_refusal_of_a_patch_names_members_and_types_and_no_stored_value(
    world: World, result: TaskResult[Any]
) -> None:
    with pytest.raises(InvalidArguments, match="'kwargs': dict, 'extra': list") as raised:
        edit(world.tasks, result.id, {"extra": ["new"]})
    assert ("cat.jpg" in str(raised.value), "new" in str(raised.value)) == (False, False)


@pytest.mark.parametrize("depth", [110, 700])
def test_a_patch_that_is_nested_too_deeply_is_refused(world: World, result: TaskResult[Any], depth: int) -> None:
    deep: dict[str, Any] = {}
    for _ in range(depth):
        deep = {"a": deep}
    with pytest.raises(InvalidArguments, match="nested too deeply"):
        edit(world.tasks, result.id, {"kwargs": {"widths": deep}})


def test_an_edit_that_could_not_be_sent_leaves_the_task_dead(
    world: World, cause: Repairable, result: TaskResult[Any]
) -> None:
    faulty = FaultyTransport(world.ports.transport)
    process = world.another_process(transport=faulty)
    resize(process, cause)
    faulty.away = 3
    with pytest.raises(EnqueueUncertain):
        edit(process, result.id, {"kwargs": {"picture": "dog.jpg"}})
    assert result.refresh().status is Status.DEAD


def test_a_large_message_is_edited_from_the_payload_store(world: World, cause: Repairable) -> None:
    result = resize(world.tasks, cause).enqueue("x" * 300_000)
    world.drain()
    cause.broken = False
    edit(world.tasks, result.id, {"kwargs": {"picture": "dog.jpg"}})
    assert (world.drain(), cause.seen[1]) == (["SUCCEEDED"], ("dog.jpg", None))


# discard


def test_a_discarded_task_is_cancelled_and_its_letter_swept(world: World, result: TaskResult[Any]) -> None:
    assert discard(world.tasks, result.id) is True
    assert (result.refresh().status, reconcile(world.tasks, "default").swept) == (Status.CANCELLED, 1)


def test_a_discarded_task_never_runs_again(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    discard(world.tasks, result.id)
    redrive(world.tasks, "default")
    assert (world.drain(), cause.runs) == (["ACKNOWLEDGED"], [1])


def test_a_retry_that_is_on_its_way_does_not_run_once_its_task_is_discarded(
    world: World, cause: Repairable, result: TaskResult[Any]
) -> None:
    retry(world.tasks, result.id)
    discard(world.tasks, result.id)
    assert (world.drain(), cause.runs) == (["ACKNOWLEDGED"], [1])


def test_discarding_twice_says_that_there_was_nothing_left(world: World, result: TaskResult[Any]) -> None:
    assert (discard(world.tasks, result.id), discard(world.tasks, result.id)) == (True, False)


def test_what_is_not_dead_is_not_discarded(world: World, cause: Repairable) -> None:
    result = resize(world.tasks, cause).enqueue("cat.jpg")
    assert (discard(world.tasks, result.id), result.refresh().status) == (False, Status.QUEUED)


# purge


@pytest.mark.parametrize("confirm", ["", "images", "yes"])
def test_a_purge_without_the_queues_name_does_nothing_and_says_what_it_would(
    world: World, result: TaskResult[Any], confirm: str
) -> None:
    with pytest.raises(ConfirmationNeeded, match=r"1 dead tasks and delete about 1 messages of 'default'"):
        purge(world.tasks, "default", confirm=confirm)
    assert (result.refresh().status, world.dead_letters()) == (Status.DEAD, 1)


def test_a_purge_discards_the_dead_and_deletes_their_letters(world: World, result: TaskResult[Any]) -> None:
    assert purge(world.tasks, "default", confirm="default") == 1
    assert (result.refresh().status, waiting(world.tasks, "default")) == (Status.CANCELLED, 0)


def test_a_purge_deletes_what_is_not_ours_too(world: World) -> None:
    world.ports.transport.send(OutgoingMessage("default", "not ours"))
    throttle(world)
    assert (purge(world.tasks, "default", confirm="default"), waiting(world.tasks, "default")) == (0, 0)


def test_a_purge_leaves_other_queues_alone(world: World, cause: Repairable, result: TaskResult[Any]) -> None:
    cause.broken = True
    other = world.tasks.task(name="other", queue="images")(lambda: cause.function()).enqueue()
    world.drain("images")
    purge(world.tasks, "default", confirm="default")
    assert (other.refresh().status, world.dead_letters("images")) == (Status.DEAD, 1)


def test_a_purge_that_broke_off_can_be_repeated(world: World, result: TaskResult[Any]) -> None:
    class Away(FaultyTransport):
        def delete(self, _queue: str, _handles: Any) -> None:
            raise Unavailable("SQS does not answer")

    process = world.another_process(transport=Away(world.ports.transport))
    with pytest.raises(Unavailable):
        purge(process, "default", confirm="default")
    purge(world.tasks, "default", confirm="default")
    assert (result.refresh().status, waiting(world.tasks, "default")) == (Status.CANCELLED, 0)


def test_a_purge_leaves_the_letter_of_a_newer_version_whose_task_it_cannot_close(world: World) -> None:
    world.ports.transport.send(OutgoingMessage("default", '{"v": 99}'))
    throttle(world)
    assert (purge(world.tasks, "default", confirm="default"), world.dead_letters()) == (0, 1)


def test_a_task_that_waits_to_be_reconciled_is_closed_by_a_purge(world: World, cause: Repairable) -> None:
    result = resize(world.tasks, cause).enqueue("cat.jpg")
    throttle(world)
    purge(world.tasks, "default", confirm="default")
    assert result.refresh().status is Status.CANCELLED


# redrive


def test_a_rate_that_sqs_would_refuse_is_refused(world: World) -> None:
    with pytest.raises(AccessRefused, match="rate=501"):
        redrive(world.tasks, "default", rate=501)


def test_a_rate_that_sqs_takes_is_taken(world: World, result: TaskResult[Any]) -> None:
    assert redrive(world.tasks, "default", rate=500) == 1


def test_where_nothing_moves_there_is_no_status_and_nothing_to_cancel(world: World) -> None:
    assert (redrive_status(world.tasks, "default"), cancel_redrive(world.tasks, "default")) == (None, False)


def test_a_redrive_of_a_mixed_dead_letter_queue_brings_each_to_its_end(world: World, cause: Repairable) -> None:
    task = resize(world.tasks, cause)
    gave_up = task.enqueue("died.jpg")
    world.drain()
    cause.broken = False
    succeeded = task.enqueue("fine.jpg")
    world.deliver()
    copy = world.worker.event["Records"][0]["body"]
    cancelled, throttled = task.enqueue("cancelled.jpg"), task.enqueue("throttled.jpg")
    for body in (copy, json.dumps({**json.loads(copy), "send_id": "another"}), "not ours", '{"v": 99}'):
        world.ports.transport.send(OutgoingMessage("default", body))
    throttle(world)
    cancelled.cancel()
    assert (redrive(world.tasks, "default"), len(cause.runs)) == (7, 2)
    done = world.drain()
    assert [r.refresh().status for r in (gave_up, succeeded, cancelled, throttled)] == [
        Status.SUCCEEDED,
        Status.SUCCEEDED,
        Status.CANCELLED,
        Status.SUCCEEDED,
    ]
    ran = [picture for picture, _ in cause.seen]
    assert (sorted(ran), done.count("ACKNOWLEDGED"), world.dead_letters()) == (
        ["died.jpg", "died.jpg", "fine.jpg", "throttled.jpg"],
        3,
        2,
    )


def test_a_task_that_had_succeeded_is_acknowledged_when_its_letter_is_redriven(world: World, cause: Repairable) -> None:
    cause.broken = False
    faults = FaultyStore(world.ports.results)
    process = world.deploy(world.another_process(results=faults))
    result = resize(process, cause).enqueue("cat.jpg")
    faults.lost["succeed"] = 3
    assert world.deliver() == ["LEFT"]
    throttle(world)
    world.clock.advance(3_600)
    throttle(world)
    assert (world.dead_letters(), redrive(process, "default")) == (1, 1)
    assert (world.drain(), cause.runs, result.refresh().return_value) == (["ACKNOWLEDGED"], [1], "done")

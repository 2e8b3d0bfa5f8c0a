"""Penstock: what it accepts, what it refuses, and what it sends."""

import json
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from penstock import Backoff, Penstock, Status
from penstock.enqueue import MAX_ARGUMENTS_BYTES
from penstock.errors import (
    AccessRefused,
    ConfigurationError,
    EnqueueUncertain,
    EnvelopeTooLarge,
    InvalidArguments,
    InvalidOption,
    NotConnected,
    TaskIdConflict,
    TaskNotFound,
    Unavailable,
    UnknownQueue,
)
from penstock.memory import ManualClock, SeededRandom, ports
from penstock.ports import OutgoingMessage, Ports
from penstock.settings import RECEIVE_MARGIN, QueueSettings

QUEUES = {
    "default": QueueSettings("default", "memory://default", time_limit=60, max_receive_count=10),
    "ledger": QueueSettings("ledger", "memory://ledger.fifo"),
}


class Sends:
    """A transport that takes notes; ``errors`` are raised first, one a send."""

    def __init__(self, *errors: Exception) -> None:
        self.errors = list(errors)
        self.messages: list[OutgoingMessage] = []

    def send(self, message: OutgoingMessage) -> str:
        self.messages.append(message)
        if self.errors:
            raise self.errors.pop(0)
        return "m-1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        return [json.loads(message.body) for message in self.messages]


class Away:
    """A table that refuses everything."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*_args: Any) -> Any:
            raise self.error

        return call


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def sends() -> Sends:
    return Sends()


@pytest.fixture
def stack(clock: ManualClock, sends: Sends) -> Ports:
    return replace(ports(QUEUES, clock=clock, random=SeededRandom(1)), transport=sends)  # type: ignore[arg-type]


@pytest.fixture
def tasks(stack: Ports) -> Penstock:
    tasks = Penstock()
    tasks.connect(stack)
    return tasks


def add(one: int, other: int) -> int:
    return one + other


def keep(text: str) -> None: ...


# Registering


def test_a_task_is_still_a_function_to_call(tasks: Penstock) -> None:
    assert tasks.task(add)(1, other=2) == 3


def test_a_task_keeps_name_and_docstring_of_its_function(tasks: Penstock) -> None:
    task = tasks.task(name="sum")(add)
    assert (task.name, task.__name__, task.__wrapped__) == ("sum", "add", add)  # type: ignore[attr-defined]


def test_tasks_may_be_enqueued_only_when_connected() -> None:
    with pytest.raises(NotConnected, match=r"init_app\(app, tasks\)"):
        Penstock().task(add).enqueue(1, 2)


@pytest.mark.parametrize("options", [{"max_attempts": 0}, {"max_attempts": -1}, {"time_limit": 0}])
def test_options_without_sense_are_refused_at_once(options: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="must be 1 at least"):
        Penstock().task(**options)


def refused(options: dict[str, Any], *, late: bool) -> ConfigurationError:
    """The error of a task that does not fit its queue, when it is connected, or made after that."""
    tasks = Penstock()
    if late:
        tasks.connect(ports(QUEUES))
    else:
        tasks.task(**options)(add)
    with pytest.raises(ConfigurationError) as caught:
        tasks.task(**options)(add) if late else tasks.connect(ports(QUEUES))
    return caught.value


when = pytest.mark.parametrize("late", [False, True], ids=["at connect", "after connect"])


@when
def test_a_queue_that_does_not_exist_is_refused(late: bool) -> None:
    error = refused({"queue": "images"}, late=late)
    assert isinstance(error, UnknownQueue)
    assert "'images'; known queues: default, ledger" in str(error)


@when
def test_a_time_limit_above_its_queues_is_refused_with_both(late: bool) -> None:
    assert "time_limit=61 s is over its queue's: default allows 60 s" in str(refused({"time_limit": 61}, late=late))


@when
def test_attempts_without_a_margin_of_receives_are_refused_with_the_numbers(late: bool) -> None:
    message = str(refused({"max_attempts": 8}, late=late))
    assert "max_attempts=8" in message
    assert "max_receive_count=10" in message
    assert "at most 7 attempts" in message


def test_attempts_up_to_the_margin_are_taken(tasks: Penstock) -> None:
    assert tasks.task(max_attempts=10 - RECEIVE_MARGIN, time_limit=60)(add).name == "add"


def test_a_refused_connect_leaves_it_unconnected() -> None:
    tasks = Penstock()
    tasks.task(queue="images")(add)
    with pytest.raises(UnknownQueue):
        tasks.connect(ports(QUEUES))
    assert not tasks.is_connected


def test_the_backoff_of_a_task_is_checked_when_it_is_made() -> None:
    with pytest.raises(ConfigurationError, match="Backoff"):
        Penstock().task(backoff=Backoff(base=0))


@pytest.mark.parametrize("name", ["x" * 257, "two\nlines", "\ud800"], ids=["long", "lines", "surrogate"])
def test_a_name_that_no_envelope_carries_is_refused_at_once(name: str) -> None:
    with pytest.raises(ConfigurationError, match="name"):
        Penstock().task(name=name)(add)


def test_a_generator_function_is_refused_for_nobody_would_iterate_it() -> None:
    def lines() -> Any:
        yield 1

    with pytest.raises(ConfigurationError, match="lines"):
        Penstock().task(lines)


# Sending


def test_the_message_says_everything(tasks: Penstock, sends: Sends, clock: ManualClock) -> None:
    result = tasks.task(add).enqueue(1, other=2)
    (sent,) = sends.bodies
    assert {key: sent[key] for key in ("v", "id", "task", "args", "kwargs", "created_at")} == {
        "v": 1,
        "id": result.id,
        "task": "add",
        "args": [],
        "kwargs": {"one": 1, "other": 2},
        "created_at": "2026-01-01T00:00:00.000Z",
    }


def test_the_message_is_sent_before_the_row_is_written(tasks: Penstock, stack: Ports) -> None:
    rows: list[Any] = []
    stack.transport.send = lambda message: rows.append(stack.results.get("t-1")) or "m-1"  # type: ignore[method-assign, func-returns-value]
    tasks.task(add).using(task_id="t-1").enqueue(1, 2)
    assert (rows, stack.results.get("t-1") is None) == ([None], False)


def test_a_fresh_result_is_queued(tasks: Penstock) -> None:
    result = tasks.task(add).enqueue(1, 2)
    assert (result.status, result.created, result.attempts, result.task, result.queue) == (
        Status.QUEUED,
        True,
        0,
        "add",
        "default",
    )


def test_a_result_is_found_from_another_process(tasks: Penstock, stack: Ports) -> None:
    result = tasks.task(add).enqueue(1, 2)
    other = Penstock()
    other.connect(stack)
    assert other.result(result.id).task == "add"


def test_an_unknown_task_id_is_not_found(tasks: Penstock) -> None:
    with pytest.raises(TaskNotFound, match="'nope' is recorded"):
        tasks.result("nope")


def test_a_task_without_record_writes_no_row(tasks: Penstock) -> None:
    result = tasks.task(record=False)(add).enqueue(1, 2)
    with pytest.raises(TaskNotFound):
        tasks.result(result.id)


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2, 3), (1, "2"), (1, None)])
def test_wrong_arguments_are_refused_before_anything_is_sent(
    tasks: Penstock, sends: Sends, arguments: tuple[Any, ...]
) -> None:
    with pytest.raises(InvalidArguments, match="add"):
        tasks.task(add).enqueue(*arguments)
    assert sends.messages == []


def test_wrong_arguments_are_a_type_error_as_in_a_plain_call(tasks: Penstock) -> None:
    with pytest.raises(TypeError):
        tasks.task(add).enqueue(1)  # type: ignore[call-arg]


@pytest.mark.parametrize("delay", [-1, 901, 0.5, 1.0, "30", True, float("nan"), 10**30, timedelta(1)])
def test_a_delay_that_sqs_would_refuse_or_round_is_refused(tasks: Penstock, sends: Sends, delay: Any) -> None:
    with pytest.raises(InvalidOption, match="delay"):
        tasks.task(add).using(delay=delay).enqueue(1, 2)
    assert sends.messages == []


@pytest.mark.parametrize("delay", ["", 0.0, False])
def test_a_delay_of_nothing_that_is_no_whole_number_is_refused_too(tasks: Penstock, delay: Any) -> None:
    with pytest.raises(InvalidOption, match="delay"):
        tasks.task(add).using(delay=delay).enqueue(1, 2)


@pytest.mark.parametrize("delay", [0, 1, 900])
def test_a_delay_in_whole_seconds_is_sqss(tasks: Penstock, sends: Sends, delay: int) -> None:
    tasks.task(add).using(delay=delay).enqueue(1, 2)
    assert sends.messages[0].delay == delay


@pytest.mark.parametrize(("ahead", "delay"), [(-3600, 0), (0, 0), (0.2, 1), (59.9, 60), (900, 900)])
def test_run_after_becomes_a_delay_that_is_never_too_short(
    tasks: Penstock, sends: Sends, clock: ManualClock, ahead: float, delay: int
) -> None:
    tasks.task(add).using(run_after=clock() + timedelta(seconds=ahead)).enqueue(1, 2)
    assert sends.messages[0].delay == delay


def test_a_delayed_task_reads_as_scheduled(tasks: Penstock) -> None:
    assert tasks.task(add).using(delay=30).enqueue(1, 2).status is Status.SCHEDULED


def test_a_run_after_past_the_longest_delay_is_refused_with_a_way_out(tasks: Penstock, clock: ManualClock) -> None:
    with pytest.raises(InvalidOption, match=r"a delay of 901 s: .* 900 s at most.*EventBridge Scheduler"):
        tasks.task(add).using(run_after=clock() + timedelta(seconds=900.1)).enqueue(1, 2)


def test_a_run_after_without_time_zone_is_refused(tasks: Penstock) -> None:
    with pytest.raises(InvalidOption, match="no time zone"):
        tasks.task(add).using(run_after=datetime(2026, 1, 1)).enqueue(1, 2)  # noqa: DTZ001 - what is refused


def test_delay_and_run_after_together_are_refused(tasks: Penstock, clock: ManualClock) -> None:
    with pytest.raises(InvalidOption, match="give one of them"):
        tasks.task(add).using(delay=1, run_after=clock()).enqueue(1, 2)


def test_a_fifo_queue_needs_a_group(tasks: Penstock, sends: Sends) -> None:
    with pytest.raises(InvalidOption, match=r"'ledger' is FIFO: .*using\(group=\.\.\.\)"):
        tasks.task(queue="ledger")(add).enqueue(1, 2)
    assert sends.messages == []


@pytest.mark.parametrize("ahead", [{"delay": 1}, {"run_after": datetime.fromisoformat("2026-01-01T00:01:00Z")}])
def test_a_fifo_queue_takes_no_delay(tasks: Penstock, ahead: dict[str, Any]) -> None:
    with pytest.raises(InvalidOption, match="'ledger' is FIFO: SQS allows no delay"):
        tasks.task(queue="ledger")(add).using(group="a", **ahead).enqueue(1, 2)


def test_on_a_fifo_queue_every_physical_send_has_a_deduplication_id_of_its_own(tasks: Penstock, sends: Sends) -> None:
    task = tasks.task(queue="ledger")(add)
    for _ in range(2):
        task.using(group="a").enqueue(1, 2)
    assert [m.deduplication_id for m in sends.messages] == [body["send_id"] for body in sends.bodies]


def test_a_group_on_a_standard_queue_goes_along_without_a_deduplication_id(tasks: Penstock, sends: Sends) -> None:
    tasks.task(add).using(group="tenant-1").enqueue(1, 2)
    assert (sends.messages[0].group, sends.messages[0].deduplication_id) == ("tenant-1", None)


@pytest.mark.parametrize("group", ["", "x" * 129, "two words", "ü"])
def test_a_group_that_sqs_would_refuse_is_refused(tasks: Penstock, sends: Sends, group: str) -> None:
    with pytest.raises(InvalidOption, match="group"):
        tasks.task(add).using(group=group).enqueue(1, 2)
    assert sends.messages == []


@pytest.mark.parametrize("task_id", ["", " ", "a b", "-a", "a/b", "ü", "a\n", "x" * 129, "\ud800"], ids=ascii)
def test_a_task_id_that_needs_quoting_is_refused(tasks: Penstock, sends: Sends, task_id: str) -> None:
    with pytest.raises(InvalidOption, match="task_id="):
        tasks.task(add).using(task_id=task_id).enqueue(1, 2)
    assert sends.messages == []


@pytest.mark.parametrize("task_id", ["a", "7", "import-7", "user@example.com:2026-01-01", "x" * 128])
def test_a_task_id_of_ones_own_is_used(tasks: Penstock, sends: Sends, task_id: str) -> None:
    assert tasks.task(add).using(task_id=task_id).enqueue(1, 2).id == sends.bodies[0]["id"] == task_id


# Arguments too large for a message


def test_without_a_bucket_a_message_over_one_mebibyte_is_refused_with_its_size(stack: Ports, sends: Sends) -> None:
    tasks = Penstock()
    tasks.connect(replace(stack, payloads=None))
    with pytest.raises(
        EnvelopeTooLarge, match=r"task keep is 10\d{5} bytes; SQS takes 1048576.* Set PENSTOCK_PAYLOAD_BUCKET"
    ):
        tasks.task(keep).enqueue("x" * 1_048_576)
    assert sends.messages == []


def test_a_sensitive_message_over_one_mebibyte_is_refused_and_not_kept_in_s3(
    tasks: Penstock, stack: Ports, sends: Sends
) -> None:
    with pytest.raises(EnvelopeTooLarge, match="arguments of a sensitive task are not kept in S3: put the data"):
        tasks.task(sensitive=True)(keep).enqueue("x" * 1_048_576)
    assert (sends.messages, stack.payloads._contents) == ([], {})  # type: ignore[union-attr]


def test_arguments_over_the_largest_object_are_refused_with_their_size(
    tasks: Penstock, stack: Ports, sends: Sends
) -> None:
    with pytest.raises(EnvelopeTooLarge, match=r"task keep are 16777\d{3} bytes; through S3 go 16777216 at most: put"):
        tasks.task(keep).enqueue("x" * MAX_ARGUMENTS_BYTES)
    assert (sends.messages, stack.payloads._contents) == ([], {})  # type: ignore[union-attr]


def test_a_message_counts_as_many_bytes_as_it_is_sent_with(tasks: Penstock, sends: Sends) -> None:
    tasks.task(keep).enqueue("ü" * 200_000)  # six bytes each as \\u00fc
    assert sends.bodies[0]["v"] == 2


def test_a_message_just_under_one_mebibyte_has_its_arguments(clock: ManualClock) -> None:
    tasks = Penstock()
    tasks.connect(ports(QUEUES, clock=clock))
    assert tasks.task(keep).enqueue("x" * (1_048_576 - 400)).created
    assert tasks.ports.payloads._contents == {}  # type: ignore[union-attr]


# A known task id


def test_a_known_task_id_with_the_same_arguments_is_not_sent_again(tasks: Penstock, sends: Sends) -> None:
    task = tasks.task(add).using(task_id="import-7")
    first, again = task.enqueue(1, other=2), task.enqueue(1, other=2)
    assert (first.created, again.created, again.id, len(sends.messages)) == (True, False, "import-7", 1)


def test_a_known_task_id_with_other_arguments_is_a_conflict(tasks: Penstock, sends: Sends) -> None:
    task = tasks.task(add).using(task_id="import-7")
    task.enqueue(1, 2)
    with pytest.raises(TaskIdConflict, match=r"'import-7' is taken by add \(QUEUED\)"):
        task.enqueue(1, 3)
    assert len(sends.messages) == 1


def test_a_known_task_id_of_another_task_is_a_conflict(tasks: Penstock) -> None:
    tasks.task(add).using(task_id="import-7").enqueue(1, 2)
    with pytest.raises(TaskIdConflict):
        tasks.task(name="other")(add).using(task_id="import-7").enqueue(1, 2)


# AWS does not answer


def test_one_send_without_answer_is_repeated_with_a_fresh_send_id(tasks: Penstock, sends: Sends) -> None:
    sends.errors = [Unavailable("no answer")]
    result = tasks.task(add).enqueue(1, 2)
    assert [body["id"] for body in sends.bodies] == [result.id] * 2
    assert len({body["send_id"] for body in sends.bodies}) == 2


def test_three_sends_without_answer_are_uncertain_and_the_id_is_told(tasks: Penstock, sends: Sends) -> None:
    sends.errors = [Unavailable("no answer")] * 9
    with pytest.raises(EnqueueUncertain, match=r"no answer.*using\(task_id='t-1'\)") as caught:
        tasks.task(add).using(task_id="t-1").enqueue(1, 2)
    assert (caught.value.task_id, len({body["send_id"] for body in sends.bodies}), len(sends.bodies)) == ("t-1", 3, 3)


def test_nobody_waits_longer_than_ten_seconds_for_sqs(tasks: Penstock, stack: Ports, clock: ManualClock) -> None:
    tries: list[OutgoingMessage] = []

    def slow(message: OutgoingMessage) -> str:
        tries.append(message)
        clock.advance(10.5)
        raise Unavailable("no answer")

    stack.transport.send = slow  # type: ignore[method-assign]
    with pytest.raises(EnqueueUncertain):
        tasks.task(add).enqueue(1, 2)
    assert len(tries) == 1


def test_nobody_sleeps_after_the_last_try(stack: Ports, sends: Sends) -> None:
    slept: list[float] = []
    tasks = Penstock()
    tasks.connect(replace(stack, sleep=slept.append))
    sends.errors = [Unavailable("no answer")] * 3
    with pytest.raises(EnqueueUncertain):
        tasks.task(add).enqueue(1, 2)
    assert len(slept) == 2


def test_a_refusal_of_sqs_is_not_repeated(tasks: Penstock, sends: Sends) -> None:
    sends.errors = [AccessRefused("no credentials")]
    with pytest.raises(AccessRefused):
        tasks.task(add).enqueue(1, 2)
    assert len(sends.messages) == 1


@pytest.mark.parametrize("error", [Unavailable("away"), AccessRefused("no such table")])
def test_a_table_that_is_down_at_the_enqueue_is_a_warning(
    stack: Ports, sends: Sends, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    tasks = Penstock()
    tasks.connect(replace(stack, results=Away(error)))  # type: ignore[arg-type]
    result = tasks.task(add).enqueue(1, 2)
    assert (result.created, len(sends.messages), [r.levelno for r in caplog.records]) == (True, 1, [logging.WARNING])


def test_a_table_that_is_down_does_not_stop_a_chosen_task_id(stack: Ports, sends: Sends) -> None:
    tasks = Penstock()
    tasks.connect(replace(stack, results=Away(Unavailable("away"))))  # type: ignore[arg-type]
    assert tasks.task(add).using(task_id="t-1").enqueue(1, 2).created


def test_a_keyword_and_a_position_are_the_same_arguments(tasks: Penstock) -> None:
    task = tasks.task(add)
    task.using(task_id="t-1").enqueue(1, 2)
    assert not task.using(task_id="t-1").enqueue(1, other=2).created


def test_a_send_that_may_have_happened_is_uncertain_though_the_next_try_is_refused(
    tasks: Penstock, stack: Ports
) -> None:
    answers = iter([Unavailable("no reply"), AccessRefused("the token has expired")])

    def send(message: OutgoingMessage) -> str:
        raise next(answers)

    stack.transport.send = send  # type: ignore[method-assign]
    with pytest.raises(EnqueueUncertain, match="expired"):
        tasks.task(add).enqueue(1, 2)


def test_no_try_is_started_that_could_end_after_ten_seconds(tasks: Penstock, stack: Ports, clock: ManualClock) -> None:
    tries: list[OutgoingMessage] = []

    def send(message: OutgoingMessage) -> str:
        tries.append(message)
        clock.advance(4)
        raise Unavailable("no reply")

    stack.transport.send = send  # type: ignore[method-assign]
    with pytest.raises(EnqueueUncertain):
        tasks.task(add).enqueue(1, 2)
    assert len(tries) == 1

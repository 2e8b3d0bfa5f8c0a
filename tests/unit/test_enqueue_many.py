"""enqueue_many: ten messages a request, and one answer for every call."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from penstock import Penstock
from penstock.enqueue import MAX_ARGUMENTS_BYTES
from penstock.errors import (
    AccessRefused,
    EnvelopeTooLarge,
    InvalidOption,
    PartialEnqueueError,
    PenstockError,
    TaskIdConflict,
    Unavailable,
    UnknownQueue,
)
from penstock.memory import ManualClock, SeededRandom, ports
from penstock.ports import OutgoingMessage, Ports
from penstock.settings import QueueSettings
from penstock.task import Task

QUEUES = {
    "default": QueueSettings("default", "memory://default"),
    "images": QueueSettings("images", "memory://images"),
    "ledger": QueueSettings("ledger", "memory://ledger.fifo"),
}
MEBIBYTE = 1_048_576

AWAY = Unavailable("SQS is busy")
REFUSED = AccessRefused("SQS says no")


class Batches:
    """A transport that takes notes of its requests. ``refuse`` gives the error of an entry by its number and the request's;
    ``fail`` the error of a whole request."""

    def __init__(self) -> None:
        self.requests: list[list[OutgoingMessage]] = []
        self.refuse: Callable[[int, OutgoingMessage], PenstockError | None] = lambda _request, _message: None
        self.fail: Callable[[int], PenstockError | None] = lambda _request: None

    def send_many(self, messages: Sequence[OutgoingMessage]) -> list[str | PenstockError]:
        self.requests.append(list(messages))
        request = len(self.requests)
        if (error := self.fail(request)) is not None:
            raise error
        return [self.refuse(request, message) or f"m-{request}-{i}" for i, message in enumerate(messages)]

    @property
    def sizes(self) -> list[int]:
        return [len(request) for request in self.requests]

    def numbers(self, request: int) -> list[Any]:
        """The numbers of the calls in a request (from 1)."""
        return [number_of(message) for message in self.requests[request - 1]]

    def send_ids(self, number: int) -> list[str]:
        """The send ids of every physical send of one call."""
        sent = [message for request in self.requests for message in request if number_of(message) == number]
        return [json.loads(message.body)["send_id"] for message in sent]


@pytest.fixture
def sends() -> Batches:
    return Batches()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def stack(clock: ManualClock, sends: Batches) -> Ports:
    return replace(ports(QUEUES, clock=clock, random=SeededRandom(1)), transport=sends)


@pytest.fixture
def tasks(stack: Ports) -> Penstock:
    tasks = Penstock()
    tasks.connect(stack)
    return tasks


def resize(number: int, padding: str = "") -> None: ...


@pytest.fixture
def task(tasks: Penstock) -> Task[..., None]:
    return tasks.task(resize)


def number_of(message: OutgoingMessage) -> int:
    number: int = json.loads(message.body)["kwargs"]["number"]
    return number


def partial(tasks: Penstock, calls: list[Any]) -> PartialEnqueueError:
    with pytest.raises(PartialEnqueueError) as caught:
        tasks.enqueue_many(calls)
    return caught.value


def reasons(error: PartialEnqueueError) -> list[tuple[int, str]]:
    return [(failed.number, failed.reason) for failed in error.failed]


# how the calls are packed


def test_no_calls_are_no_request(tasks: Penstock, sends: Batches) -> None:
    assert (tasks.enqueue_many([]), sends.requests) == ([], [])


def test_ten_messages_go_in_a_request(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    tasks.enqueue_many(task.call(n) for n in range(25))
    assert sends.sizes == [10, 10, 5]


def test_a_request_stays_within_a_mebibyte(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    tasks.enqueue_many(task.call(n, "x" * 500_000) for n in range(5))
    assert sends.sizes == [2, 2, 1]


def test_a_request_may_have_exactly_a_mebibyte(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    tasks.enqueue_many([task.call(1), task.call(2)])
    (one, other) = sends.requests.pop()
    attributes = sum(len(name) + len("String") + len(value) for name, value in one.attributes.items())
    padding = MEBIBYTE - len(one.body) - len(other.body) - 2 * attributes - len(',"padding":""')
    tasks.enqueue_many([task.call(1, "x" * padding), task.call(2)])
    tasks.enqueue_many([task.call(1, "x" * (padding + 1)), task.call(2)])
    assert sends.sizes == [2, 1, 1]


def test_queues_have_requests_of_their_own(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    other = tasks.task(name="other", queue="images")(resize)
    tasks.enqueue_many([task.call(0), other.call(1), task.call(2), other.call(3)])
    assert ([sends.numbers(1), sends.numbers(2)], [r[0].queue for r in sends.requests]) == (
        [[0, 2], [1, 3]],
        ["default", "images"],
    )


def test_the_options_of_each_call_are_kept(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    tasks.enqueue_many([task.using(delay=30, group="tenant-1").call(0), task.call(1)])
    assert [(m.delay, m.group) for m in sends.requests[0]] == [(30, "tenant-1"), (0, None)]


def test_a_fifo_message_is_deduplicated_by_its_send_id(tasks: Penstock, sends: Batches) -> None:
    tasks.enqueue_many([tasks.task(queue="ledger")(resize).using(group="a").call(0)])
    (message,) = sends.requests[0]
    assert message.deduplication_id == json.loads(message.body)["send_id"]


# what comes back


def test_results_come_in_the_order_of_the_calls(tasks: Penstock, task: Task[..., None]) -> None:
    other = tasks.task(name="other", queue="images")(resize)
    results = tasks.enqueue_many([task.call(0), other.call(1), task.call(2)])
    assert [result.task for result in results] == ["resize", "other", "resize"]


def test_each_result_is_that_of_its_message(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    results = tasks.enqueue_many(task.call(n) for n in range(12))
    sent = [json.loads(message.body)["id"] for request in sends.requests for message in request]
    assert [result.id for result in results] == sent


def test_the_queued_rows_are_written(tasks: Penstock, task: Task[..., None]) -> None:
    results = tasks.enqueue_many(task.call(n) for n in range(12))
    assert [tasks.result(result.id).status for result in results] == ["QUEUED"] * 12


def test_a_known_task_id_is_not_sent_again(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    tasks.enqueue_many([task.using(task_id="import-7").call(0)])
    results = tasks.enqueue_many([task.using(task_id="import-7").call(0), task.call(1)])
    assert ([result.created for result in results], sends.sizes, sends.numbers(2)) == ([False, True], [1, 1], [1])


# entries that SQS did not take


def test_only_the_failed_entries_are_sent_again(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.refuse = lambda request, message: AWAY if request == 1 and number_of(message) in (2, 5) else None
    tasks.enqueue_many(task.call(n) for n in range(8))
    assert (sends.sizes, sends.numbers(2)) == ([8, 2], [2, 5])


def test_an_entry_sent_again_has_a_fresh_send_id(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.refuse = lambda request, message: AWAY if request < 3 and number_of(message) == 1 else None
    tasks.enqueue_many(task.call(n) for n in range(3))
    assert (len(sends.send_ids(1)), len(set(sends.send_ids(1))), len(sends.send_ids(0))) == (3, 3, 1)


def test_an_entry_sent_again_keeps_its_task_id(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.refuse = lambda request, _message: AWAY if request == 1 else None
    (result,) = tasks.enqueue_many([task.call(1)])
    assert [json.loads(r[0].body)["id"] for r in sends.requests] == [result.id] * 2


def test_failed_entries_of_several_requests_share_the_next(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    sends.refuse = lambda request, message: AWAY if request <= 3 and number_of(message) % 10 == 0 else None
    tasks.enqueue_many(task.call(n) for n in range(25))
    assert (sends.sizes, sends.numbers(4)) == ([10, 10, 5, 3], [0, 10, 20])


def test_a_pause_lies_between_two_tries(
    tasks: Penstock, sends: Batches, task: Task[..., None], clock: ManualClock
) -> None:
    started = clock()
    sends.refuse = lambda request, _message: AWAY if request == 1 else None
    tasks.enqueue_many([task.call(1)])
    assert 0 < (clock() - started).total_seconds() < 1


def test_an_entry_that_stays_refused_is_given_up_after_three_tries(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    sends.refuse = lambda _request, message: AWAY if number_of(message) == 1 else None
    error = partial(tasks, [task.call(n) for n in range(3)])
    assert (sends.sizes, reasons(error)) == ([3, 1, 1], [(1, "SQS is busy")])


def test_an_entry_refused_for_good_is_not_sent_again(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.refuse = lambda _request, message: REFUSED if number_of(message) == 1 else None
    error = partial(tasks, [task.call(n) for n in range(3)])
    assert (sends.sizes, reasons(error)) == ([3], [(1, "SQS says no")])


def test_the_error_has_the_results_of_what_was_sent(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.refuse = lambda _request, message: REFUSED if number_of(message) == 1 else None
    error = partial(tasks, [task.using(task_id=f"t-{n}").call(n) for n in range(3)])
    assert [result.id for result in error.sent] == ["t-0", "t-2"]


def test_the_error_says_how_many_and_names_the_first(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.refuse = lambda _request, message: REFUSED if number_of(message) in (3, 7) else None
    error = partial(tasks, [task.call(n) for n in range(12)])
    assert re.match(r"2 of 12 tasks were not confirmed; the first is number 3, .*: SQS says no", str(error))


def test_the_error_names_the_task_ids_to_enqueue_again(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.refuse = lambda _request, message: REFUSED if number_of(message) == 1 else None
    error = partial(tasks, [task.call(n) for n in range(3)])
    assert [failed.task_id for failed in error.failed] == [json.loads(sends.requests[0][1].body)["id"]]


@pytest.mark.parametrize(("reason", "uncertain"), [(AWAY, True), (REFUSED, False)])
def test_a_request_without_an_answer_leaves_its_calls_uncertain_and_a_refused_one_does_not(
    tasks: Penstock, sends: Batches, task: Task[..., None], reason: PenstockError, uncertain: bool
) -> None:
    sends.fail = lambda _request: reason
    error = partial(tasks, [task.call(1)])
    assert [failed.uncertain for failed in error.failed] == [uncertain]


def test_a_call_that_was_not_accepted_has_no_row(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.refuse = lambda _request, message: REFUSED if number_of(message) == 1 else None
    partial(tasks, [task.using(task_id=f"t-{n}").call(n) for n in range(3)])
    assert [tasks.ports.results.get(f"t-{n}") is None for n in range(3)] == [False, True, False]


# requests that fail as a whole


def test_a_request_that_fails_is_sent_again_whole(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.fail = lambda request: AWAY if request == 1 else None
    results = tasks.enqueue_many(task.call(n) for n in range(12))
    assert (sends.sizes, len(results)) == ([10, 2, 10], 12)


def test_a_request_that_always_fails_names_each_of_its_calls(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    other = tasks.task(name="other", queue="images")(resize)
    sends.fail = lambda _request: AWAY if sends.requests[-1][0].queue == "images" else None
    error = partial(tasks, [task.call(0), other.call(1), task.call(2), other.call(3)])
    assert (reasons(error), len(error.sent)) == ([(1, "SQS is busy"), (3, "SQS is busy")], 2)


def test_a_request_refused_for_good_is_not_sent_again(tasks: Penstock, sends: Batches, task: Task[..., None]) -> None:
    sends.fail = lambda _request: REFUSED
    error = partial(tasks, [task.call(n) for n in range(3)])
    assert (sends.sizes, len(error.failed), error.sent) == ([3], 3, [])


# what is refused before the first send


def test_a_call_that_is_too_large_stops_all_before_the_first_send(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    with pytest.raises(EnvelopeTooLarge):
        tasks.enqueue_many([*(task.call(n) for n in range(20)), task.call(20, "x" * MAX_ARGUMENTS_BYTES)])
    assert sends.requests == []


@pytest.mark.parametrize("error", [AWAY, REFUSED], ids=["away", "refused"])
def test_large_arguments_that_do_not_reach_s3_stop_all_before_the_first_send(
    stack: Ports, sends: Batches, error: PenstockError
) -> None:
    class Payloads:
        def put(self, _key: str, _content: bytes) -> None:
            raise error

    tasks = Penstock()
    tasks.connect(replace(stack, payloads=Payloads()))  # type: ignore[arg-type]
    task = tasks.task(resize)
    with pytest.raises(type(error), match=r"nothing was sent: the arguments of task .* must be in S3 first"):
        tasks.enqueue_many([*(task.call(n) for n in range(20)), task.call(20, "x" * MEBIBYTE)])
    assert sends.requests == []


# large arguments


def test_each_large_call_has_an_object_of_its_own(
    tasks: Penstock, stack: Ports, sends: Batches, task: Task[..., None]
) -> None:
    tasks.enqueue_many([task.call(n, "x" * MEBIBYTE) for n in range(3)])
    keys = [json.loads(message.body)["arguments"]["key"] for message in sends.requests[0]]
    contents = stack.payloads._contents  # type: ignore[union-attr]
    assert [json.loads(contents[key])["kwargs"]["number"] for key in keys] == [0, 1, 2]


def test_large_calls_weigh_in_a_request_what_their_messages_do(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    tasks.enqueue_many([task.call(n, "x" * (MEBIBYTE if n % 2 else MEBIBYTE // 3)) for n in range(6)])
    assert sends.sizes == [4, 2]  # two thirds and their neighbours, then the last third


@pytest.mark.parametrize("options", [{"delay": 901}, {"tags": ("no spaces",)}, {"group": "a b"}, {"task_id": "a b"}])
def test_an_option_that_sqs_would_refuse_stops_all_before_the_first_send(
    tasks: Penstock, sends: Batches, task: Task[..., None], options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidOption):
        tasks.enqueue_many([task.call(0), task.using(**options).call(1)])
    assert sends.requests == []


def test_a_task_id_of_other_work_stops_all_before_the_first_send(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    tasks.enqueue_many([task.using(task_id="import-7").call(0)])
    with pytest.raises(TaskIdConflict, match="import-7"):
        tasks.enqueue_many([task.call(1), task.using(task_id="import-7").call(2)])
    assert sends.sizes == [1]


def test_a_queue_that_is_not_there_stops_all_before_the_first_send(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    stranger = Penstock()
    lost = stranger.task(queue="nowhere")(resize)
    with pytest.raises(UnknownQueue, match="nowhere"):
        tasks.enqueue_many([task.call(0), lost.call(1)])
    assert sends.requests == []


def test_one_task_id_for_two_pieces_of_work_stops_all_before_the_first_send(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    with pytest.raises(TaskIdConflict, match="import-7"):
        tasks.enqueue_many([task.using(task_id="import-7").call(0), task.using(task_id="import-7").call(1)])
    assert sends.requests == []


def test_the_same_call_twice_under_one_task_id_is_sent_once(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    results = tasks.enqueue_many([task.using(task_id="import-7").call(0)] * 2)
    assert ([result.created for result in results], sends.sizes) == ([True, False], [1])


def test_the_same_call_twice_under_one_task_id_fails_twice_where_it_was_refused(
    tasks: Penstock, sends: Batches, task: Task[..., None]
) -> None:
    sends.fail = lambda _request: REFUSED
    error = partial(tasks, [task.using(task_id="import-7").call(0)] * 2)
    assert reasons(error) == [(0, "SQS says no"), (1, "SQS says no")]

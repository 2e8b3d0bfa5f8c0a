"""An SQS event to its partial batch response."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from msgspec.structs import replace

from penstock import Penstock, Reject, Retry
from penstock.batch import BatchReport, process
from penstock.envelope import VERSION
from penstock.errors import AccessRefused, NotConnected, PenstockError, Unavailable
from penstock.execution import Invocation
from penstock.execution.resolve import TIME_MARGIN_SECONDS
from penstock.memory import ManualClock, SeededRandom, ports
from penstock.ports import Ports
from penstock.settings import QueueSettings
from tests.unit.values import NOW, body, record

QUEUES = {
    "default": QueueSettings("default", "memory://default"),
    "ledger": QueueSettings("ledger", "memory://ledger.fifo"),
}
LIMIT = 30


class Visibility:
    """A transport that notes the visibility timeouts that are asked of it."""

    def __init__(self) -> None:
        self.changes: list[dict[str, int]] = []
        self.error: Exception | None = None

    def change_visibility(self, queue: str, seconds: Mapping[str, int]) -> None:
        self.changes.append({handle.removeprefix("receipt of "): value for handle, value in seconds.items()})
        if self.error:
            raise self.error


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def visibility() -> Visibility:
    return Visibility()


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def stack(clock: ManualClock, visibility: Visibility) -> Ports:
    return replace(ports(QUEUES, clock=clock, random=SeededRandom(1)), transport=visibility)


@pytest.fixture
def tasks(stack: Ports, ran: list[str], clock: ManualClock) -> Penstock:
    """``resize(key)`` notes its key; the keys "fail", "reject" and "slow" do as they say."""
    tasks = Penstock()

    @tasks.task(time_limit=LIMIT)
    def resize(key: str) -> None:
        ran.append(key)
        if key == "fail":
            raise Retry(delay=7)
        if key == "reject":
            raise Reject("no")
        if key == "slow":
            clock.advance(25)

    tasks.connect(stack)
    return tasks


def task(message_id: str, key: str = "cat", **fields: Any) -> dict[str, Any]:
    """The record of a call of ``resize``; the task id is the message's."""
    return record(message_id, body(id=message_id, args=[key], kwargs={}), **fields)


def booking(message_id: str, key: str, group: str) -> dict[str, Any]:
    fifo = task(message_id, key, MessageGroupId=group)
    return {**fifo, "eventSourceARN": fifo["eventSourceARN"].replace("default", "ledger.fifo")}


def invocation(clock: ManualClock, seconds: float = 50.0) -> Invocation:
    started = clock()
    return Invocation("request-1", lambda: seconds - (clock() - started).total_seconds())


Work = Callable[..., BatchReport]


@pytest.fixture
def work(tasks: Penstock, clock: ManualClock) -> Work:
    def work(*records: dict[str, Any], seconds: float = 50.0) -> BatchReport:
        return process(tasks, {"Records": list(records)}, invocation(clock, seconds))

    return work


def outcomes(report: BatchReport) -> dict[str, str]:
    return {event.message_id: event.outcome for event in report.events}


def test_a_good_batch_reports_nothing(work: Work) -> None:
    assert work(task("m-1"), task("m-2")).response() == {"batchItemFailures": []}


def test_an_empty_batch_reports_nothing(work: Work) -> None:
    assert work().response() == {"batchItemFailures": []}


def test_only_what_failed_is_reported(work: Work) -> None:
    report = work(task("m-1"), task("m-2", "fail"), task("m-3"))
    assert report.response() == {"batchItemFailures": [{"itemIdentifier": "m-2"}]}


def test_a_retry_is_shown_again_after_its_delay(work: Work, visibility: Visibility) -> None:
    work(task("m-1", "fail"))
    assert visibility.changes == [{"m-1": 7}]


def test_a_dead_message_is_shown_again_at_once_so_that_sqs_buries_it(work: Work, visibility: Visibility) -> None:
    assert (work(task("m-1", "reject")).failed, visibility.changes) == (("m-1",), [{"m-1": 0}])


def test_suspects_run_last(work: Work, ran: list[str]) -> None:
    work(task("m-1", "third", count=9), task("m-2", "first"), task("m-3", "second", count=2))
    assert ran == ["first", "second", "third"]


def test_messages_of_one_receive_count_keep_their_order(work: Work, ran: list[str]) -> None:
    work(*(task(f"m-{key}", key) for key in "dacb"))
    assert ran == list("dacb")


def test_a_task_is_claimed_only_when_the_one_before_is_done(work: Work, stack: Ports, clock: ManualClock) -> None:
    work(task("m-1", "slow"), task("m-2"), seconds=100)
    row = stack.results.get("m-2")
    assert row is not None
    assert row.finished_at is not None
    assert (row.finished_at - NOW).total_seconds() == 25


@pytest.mark.parametrize(("seconds", "second"), [(59, "SUCCEEDED"), (57, "SUCCEEDED"), (56.9, "HANDED_BACK")])
def test_a_task_starts_only_if_its_whole_time_limit_is_left(work: Work, seconds: float, second: str) -> None:
    assert TIME_MARGIN_SECONDS + LIMIT + 25 == 57
    assert outcomes(work(task("m-1", "slow"), task("m-2"), seconds=seconds))["m-2"] == second


def test_what_is_handed_back_is_shown_at_once_and_costs_no_attempt(
    work: Work, visibility: Visibility, stack: Ports
) -> None:
    report = work(task("m-1"), seconds=5)
    assert (report.failed, visibility.changes, stack.results.get("m-1")) == (("m-1",), [{"m-1": 0}], None)


def test_what_is_no_task_takes_no_time_and_is_not_handed_back(work: Work) -> None:
    report = work(record("m-1", "hello"), record("m-2", body(task="nope")), seconds=1)
    assert outcomes(report) == {"m-1": "MALFORMED", "m-2": "UNKNOWN"}


MALFORMED = [
    "",
    "hello",
    "{}",
    "[" * 100_000,
    body(args=[float("nan")]),
    body(id="\ud800"),
    body(send_id="two\nlines"),
    body(created_at="9999-12-31T23:59:59Z"),
    body(args=["?"]).replace('"?"', "[" * 500 + "]" * 500),
    body(args=["?"]).replace('"?"', "1e999"),
]


@pytest.mark.parametrize("text", MALFORMED, ids=lambda text: repr(text)[:30])
def test_a_malformed_message_is_burned_and_its_neighbours_are_untouched(
    work: Work, visibility: Visibility, text: str
) -> None:
    report = work(task("m-1"), record("m-2", text), task("m-3"))
    assert outcomes(report) == {"m-1": "SUCCEEDED", "m-2": "MALFORMED", "m-3": "SUCCEEDED"}
    assert (report.failed, visibility.changes) == (("m-2",), [{"m-2": 0}])


@pytest.mark.parametrize(
    "text", [body(task="nope"), body(v=VERSION + 1), body(v=10**4000)], ids=["task", "version", "huge"]
)
@pytest.mark.parametrize(("count", "seconds"), [(1, 30), (2, 60), (3, 120), (6, 900), (99, 900)])
def test_what_a_deploy_may_bring_waits_longer_with_every_receive(
    work: Work, visibility: Visibility, text: str, count: int, seconds: int
) -> None:
    report = work(record("m-1", text, count=count))
    assert (outcomes(report), visibility.changes) == ({"m-1": "UNKNOWN"}, [{"m-1": seconds}])


@dataclass
class Picture:
    """An argument that cannot be made of what the message says, each time for another reason."""

    error: str

    def __post_init__(self) -> None:
        raise {"KeyError": KeyError, "RecursionError": RecursionError, "MemoryError": MemoryError}[self.error]("no")


@pytest.mark.parametrize("error", ["KeyError", "RecursionError", "MemoryError"])
def test_an_argument_type_that_cannot_be_made_fails_its_task_only(
    tasks: Penstock, clock: ManualClock, error: str
) -> None:
    @tasks.task
    def load(picture: Picture) -> None: ...

    message = record("m-1", body(id="m-1", task="load", args=[{"error": error}], kwargs={}))
    report = process(tasks, {"Records": [message, task("m-2")]}, invocation(clock))
    assert outcomes(report) == {"m-1": "RETRYING", "m-2": "SUCCEEDED"}


def test_a_bug_of_our_own_fails_its_message_only(
    tasks: Penstock, clock: ManualClock, stack: Ports, visibility: Visibility
) -> None:
    class Broken:
        def apply(self, task_id: str, transition: Any) -> Any:
            if task_id == "m-1":
                raise AssertionError("a bug")
            return stack.results.apply(task_id, transition)

    tasks.connect(replace(stack, results=Broken()))
    report = process(tasks, {"Records": [task("m-1"), task("m-2")]}, invocation(clock))
    assert (outcomes(report), visibility.changes) == ({"m-1": "LEFT", "m-2": "SUCCEEDED"}, [{"m-1": 30}])


def test_a_message_twice_in_one_event_is_reported_once(work: Work, ran: list[str]) -> None:
    report = work(task("m-1", "fail"), task("m-1", "fail", count=2))
    assert (report.response(), ran) == ({"batchItemFailures": [{"itemIdentifier": "m-1"}]}, ["fail"])


def test_a_report_has_an_event_for_every_message(work: Work) -> None:
    report = work(task("m-1"), task("m-2", "fail"), record("m-3", "hello"))
    assert [event.message_id for event in report.events] == ["m-1", "m-2", "m-3"]


# FIFO


def test_after_a_failure_the_rest_of_its_group_is_handed_back(work: Work, ran: list[str]) -> None:
    report = work(booking("m-1", "one", "a"), booking("m-2", "fail", "a"), booking("m-3", "three", "a"))
    assert (ran, report.failed) == (["one", "fail"], ("m-2", "m-3"))


def test_a_failure_in_one_group_does_not_stop_another(work: Work, ran: list[str]) -> None:
    work(booking("m-1", "fail", "a"), booking("m-2", "two", "b"))
    assert ran == ["fail", "two"]


def test_a_group_on_a_standard_queue_is_a_fair_share_and_no_order(work: Work, ran: list[str]) -> None:
    work(task("m-1", "fail", MessageGroupId="a"), task("m-2", "two", MessageGroupId="a"))
    assert ran == ["fail", "two"]


# The visibility timeout


@pytest.mark.parametrize(
    ("seconds", "changes"), [(60, []), (61, [{"m-1": 66, "m-2": 66}]), (900, [{"m-1": 905, "m-2": 905}])]
)
def test_a_long_invocation_shortens_the_visibility_timeout_once_a_batch(
    work: Work, visibility: Visibility, seconds: float, changes: list[dict[str, int]]
) -> None:
    work(task("m-1"), task("m-2"), seconds=seconds)
    assert visibility.changes == changes


@pytest.mark.parametrize("error", [Unavailable("away"), AccessRefused("no permission")])
def test_a_visibility_timeout_that_cannot_be_changed_is_no_failure(
    work: Work, visibility: Visibility, error: Exception
) -> None:
    visibility.error = error
    report = work(task("m-1"), task("m-2", "fail"), seconds=900)
    assert outcomes(report) == {"m-1": "SUCCEEDED", "m-2": "RETRYING"}


# What is no event of ours


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"Records": None},
        {"Records": 7},
        {"Records": ["text"]},
        {"Records": [{}]},
        {"Records": [{"eventSource": "aws:s3", "s3": {}}]},
        {"Records": [{"EventSource": "aws:sns", "Sns": {}}]},
        {"detail-type": "Scheduled Event", "detail": {}},
        {"Records": [{**record(), "attributes": {}}]},
        {"Records": [record(SentTimestamp="yesterday")]},
        {"Records": [{key: value for key, value in record().items() if key != "body"}]},
        [],
        None,
        "text",
    ],
    ids=lambda event: str(event)[:40],
)
def test_an_event_that_is_not_of_sqs_raises(tasks: Penstock, clock: ManualClock, event: Any) -> None:
    with pytest.raises(PenstockError, match="no SQS event"):
        process(tasks, event, invocation(clock))


def test_an_event_of_an_unknown_queue_raises(tasks: Penstock, clock: ManualClock) -> None:
    foreign = {**record(), "eventSourceARN": "arn:aws:sqs:eu-central-1:123456789012:other"}
    with pytest.raises(PenstockError, match="no queue 'other'"):
        process(tasks, {"Records": [foreign]}, invocation(clock))


def test_a_worker_that_is_not_connected_raises(clock: ManualClock) -> None:
    with pytest.raises(NotConnected):
        process(Penstock(), {"Records": []}, invocation(clock))

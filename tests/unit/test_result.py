"""TaskResult: what the caller holds."""

from typing import Any

import pytest
from msgspec.structs import replace

from penstock import Penstock, Status, TaskResult
from penstock.errors import ResultError, TaskFailed, TaskNotFinished, WaitTimeout
from penstock.memory import ManualClock, SeededRandom, ports
from penstock.ports import Ports
from penstock.record import TaskRow
from penstock.result import _LONGEST_POLL_SECONDS
from penstock.times import to_text
from tests.unit.values import at, item

START = at(0)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def stack(clock: ManualClock, slept: list[float]) -> Ports:
    def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock.advance(seconds)

    return ports(clock=clock, random=SeededRandom(1), sleep=sleep)


@pytest.fixture
def tasks(stack: Ports) -> Penstock:
    tasks = Penstock()

    @tasks.task
    def resize(key: str, *, width: int) -> int:
        return width

    tasks.connect(stack)
    return tasks


def put(stack: Ports, row: dict[str, Any]) -> None:
    stack.results.put_item("t-1", row)  # type: ignore[attr-defined]


def result_of(tasks: Penstock, status: str, **attributes: Any) -> TaskResult[Any]:
    put(tasks.ports, item(status, **attributes))
    return tasks.result("t-1")


def test_a_return_value_is_read_as_the_task_declares_it(tasks: Penstock) -> None:
    assert result_of(tasks, "SUCCEEDED", result="7").return_value == 7


def test_the_return_value_of_an_unknown_task_is_plain_json(tasks: Penstock) -> None:
    assert result_of(tasks, "SUCCEEDED", task="gone", result='["2026-01-01"]').return_value == ["2026-01-01"]


@pytest.mark.parametrize("status", ["QUEUED", "RUNNING", "RETRYING"])
def test_there_is_no_return_value_before_the_end(tasks: Penstock, status: str) -> None:
    with pytest.raises(TaskNotFinished, match=f"task t-1 is {status}"):
        _ = result_of(tasks, status).return_value


@pytest.mark.parametrize("status", ["FAILED", "DEAD"])
def test_a_failed_task_has_its_error_instead_of_a_return_value(tasks: Penstock, status: str) -> None:
    with pytest.raises(TaskFailed, match=f"task t-1 is {status}: ValueError: no such picture"):
        _ = result_of(tasks, status).return_value


def test_a_cancelled_task_has_no_return_value(tasks: Penstock) -> None:
    with pytest.raises(TaskFailed, match="task t-1 is CANCELLED"):
        _ = result_of(tasks, "CANCELLED").return_value


def test_a_return_value_that_was_not_kept_says_why(tasks: Penstock) -> None:
    with pytest.raises(ResultError, match=r"succeeded, but .* not kept: too large"):
        _ = result_of(tasks, "SUCCEEDED", result=..., result_error="too large").return_value


def test_a_return_value_in_s3_needs_the_bucket_in_this_process(tasks: Penstock, stack: Ports) -> None:
    tasks.connect(replace(stack, payloads=None))
    with pytest.raises(ResultError, match="set PENSTOCK_PAYLOAD_BUCKET"):
        _ = result_of(tasks, "SUCCEEDED", result=..., result_pointer="results/t-1/x").return_value


def test_a_return_value_that_is_no_longer_in_s3_is_a_result_error(tasks: Penstock) -> None:
    with pytest.raises(ResultError, match="results/t-1/x"):
        _ = result_of(tasks, "SUCCEEDED", result=..., result_pointer="results/t-1/x").return_value


def test_a_return_value_in_s3_that_was_changed_is_a_result_error(tasks: Penstock, stack: Ports) -> None:
    assert stack.payloads is not None
    stack.payloads.put("results/t-1/x", b"8")
    with pytest.raises(ResultError, match="sha256"):
        _ = result_of(
            tasks, "SUCCEEDED", result=..., result_pointer="results/t-1/x", result_sha256="0" * 64
        ).return_value


def test_a_result_shows_the_row_as_last_read(tasks: Penstock, stack: Ports) -> None:
    result = result_of(tasks, "QUEUED")
    put(stack, item("SUCCEEDED"))
    assert (result.status, result.refresh().status) == (Status.QUEUED, Status.SUCCEEDED)


def test_a_status_is_read_at_the_time_of_asking(tasks: Penstock, clock: ManualClock) -> None:
    result = result_of(tasks, "RUNNING", lease_expires_at=to_text(at(60)))
    before = result.status
    clock.advance(63)
    assert (before, result.status) == (Status.RUNNING, Status.RETRYING)


def test_refresh_keeps_what_it_has_where_there_is_no_row_yet(stack: Ports) -> None:
    unrecorded = TaskRow("t-9", Status.QUEUED, "resize", "default", START)
    assert TaskResult(stack, unrecorded, int).refresh().status is Status.QUEUED


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED", "DEAD", "CANCELLED"])
def test_wait_returns_at_once_where_the_status_is_final(tasks: Penstock, slept: list[float], status: str) -> None:
    result = result_of(tasks, status)
    assert (result.wait() is result, slept) == (True, [])


def test_wait_polls_until_the_task_is_done(tasks: Penstock, stack: Ports, clock: ManualClock) -> None:
    result = result_of(tasks, "RUNNING", lease_expires_at=to_text(at(60)))

    def sleep(seconds: float) -> None:
        if clock.advance(seconds) >= at(5):
            put(stack, item("SUCCEEDED", result="7"))

    tasks.connect(replace(stack, sleep=sleep))
    assert tasks.result(result.id).wait(timeout=20).return_value == 7
    assert clock() < at(7)


def test_wait_gives_up_after_its_timeout(tasks: Penstock, clock: ManualClock) -> None:
    with pytest.raises(WaitTimeout, match="task t-1 is QUEUED after 20 s"):
        result_of(tasks, "QUEUED").wait(timeout=20)
    assert clock() == at(20)


def test_a_wait_timeout_is_a_timeout_error(tasks: Penstock) -> None:
    with pytest.raises(TimeoutError):
        result_of(tasks, "QUEUED").wait(timeout=0)


def test_wait_polls_ever_slower_but_at_least_every_second(tasks: Penstock, slept: list[float]) -> None:
    with pytest.raises(WaitTimeout):
        result_of(tasks, "QUEUED").wait(timeout=60)
    assert slept[:-1] == sorted(slept[:-1])
    assert max(slept) == _LONGEST_POLL_SECONDS


@pytest.mark.parametrize("status", ["QUEUED", "RETRYING", "DEAD"])
def test_cancel_ends_what_does_not_run(tasks: Penstock, status: str) -> None:
    result = result_of(tasks, status)
    assert (result.cancel(), result.status, tasks.result("t-1").status) == (True, Status.CANCELLED, Status.CANCELLED)


def test_cancel_asks_what_runs_to_stop(tasks: Penstock) -> None:
    result = result_of(tasks, "RUNNING")
    assert (result.cancel(), result.row.cancel_requested, result.status) == (False, True, Status.RUNNING)


@pytest.mark.parametrize("status", ["SUCCEEDED", "FAILED"])
def test_cancel_changes_nothing_of_what_is_over(tasks: Penstock, status: str) -> None:
    result = result_of(tasks, status)
    assert (result.cancel(), tasks.result("t-1").status) == (False, status)


def test_a_task_whose_row_does_not_exist_yet_can_be_cancelled(stack: Ports, tasks: Penstock) -> None:
    unrecorded = TaskRow("t-9", Status.QUEUED, "resize", "default", START)
    assert TaskResult(stack, unrecorded, int).cancel() is True
    assert tasks.result("t-9").status is Status.CANCELLED

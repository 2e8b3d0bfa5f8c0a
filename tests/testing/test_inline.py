"""Inline mode: enqueueing runs the task, as a debugger's user wants it."""

import signal
import threading

import pytest

from penstock import Penstock, Reject, Status, current_task
from penstock.testing import inline


@pytest.fixture
def tasks():
    return Penstock()


def test_the_task_has_run_when_enqueue_returns(shop):
    with inline(shop.tasks):
        result = shop.greet.enqueue("Ada")
    assert (result.status, result.return_value) == (Status.SUCCEEDED, "hello Ada")


def test_arguments_take_the_way_through_json(tasks):
    @tasks.task
    def kind(pair: list[int]) -> str:
        return type(pair).__name__

    with inline(tasks):
        assert kind.enqueue((1, 2)).return_value == "list"


def test_the_task_runs_in_this_thread(tasks):
    @tasks.task
    def thread() -> int:
        return threading.get_ident()

    with inline(tasks):
        assert thread.enqueue().return_value == threading.get_ident()


def test_it_works_in_a_web_server_s_thread(shop):
    results = []
    with inline(shop.tasks):
        server = threading.Thread(target=lambda: results.append(shop.greet.enqueue("Ada").status))
        server.start()
        server.join()
    assert results == [Status.SUCCEEDED]


def test_no_time_limit_rings_at_a_breakpoint(tasks):
    @tasks.task(time_limit=1)
    def alarm_is_ours() -> bool:
        return signal.getsignal(signal.SIGALRM) is before

    before = signal.getsignal(signal.SIGALRM)
    with inline(tasks):
        assert alarm_is_ours.enqueue().return_value


def test_the_task_s_own_exception_comes_out_of_enqueue(tasks):
    error = LookupError("here")

    @tasks.task
    def broken() -> None:
        raise error

    with inline(tasks), pytest.raises(LookupError) as raised:
        broken.enqueue()
    assert raised.value is error
    assert raised.traceback[-1].name == "broken"


@pytest.mark.parametrize(
    ("error", "status"),
    [(OSError(), Status.RETRYING), (Reject("x"), Status.DEAD), (Reject("x", discard=True), Status.FAILED)],
)
def test_the_outcome_is_recorded_before_the_exception_comes(tasks, error, status):
    @tasks.task
    def broken() -> None:
        raise error

    with inline(tasks):
        with pytest.raises(type(error)):
            broken.using(task_id="b").enqueue()
        assert tasks.result("b").row.status is status


def test_a_failed_task_does_not_come_back_at_the_next_enqueue(tasks):
    runs = []

    @tasks.task
    def broken() -> None:
        runs.append(1)
        raise OSError

    @tasks.task
    def fine() -> None:
        pass

    with inline(tasks):
        with pytest.raises(OSError):  # noqa: PT011
            broken.enqueue()
        fine.enqueue()
    assert runs == [1]


def test_a_task_ended_by_ctrl_c_does_not_begin_again(tasks):
    runs = []

    @tasks.task
    def interrupted() -> None:
        runs.append(1)
        if len(runs) == 1:
            raise KeyboardInterrupt

    with inline(tasks):
        with pytest.raises(KeyboardInterrupt):
            interrupted.enqueue()
        interrupted.enqueue()
    assert len(runs) == 2


def test_without_raising_it_goes_on_to_the_end_as_the_queue_would(tasks):
    @tasks.task(max_attempts=3)
    def third_time_lucky() -> int:
        if current_task.attempt < 3:
            raise OSError
        return current_task.attempt

    with inline(tasks, raise_errors=False):
        assert third_time_lucky.enqueue().refresh().return_value == 3


def test_a_delay_is_skipped(shop):
    with inline(shop.tasks):
        assert shop.greet.using(delay=900).enqueue("Ada").refresh().status is Status.SUCCEEDED


def test_a_task_enqueued_by_a_task_runs_after_it(tasks):
    order = []

    @tasks.task
    def second() -> None:
        order.append("second")

    @tasks.task
    def first() -> None:
        second.enqueue()
        order.append("first")

    with inline(tasks):
        first.enqueue()
    assert order == ["first", "second"]


def test_enqueue_many_sends_everything_although_one_fails(shop):
    @shop.tasks.task
    def broken() -> None:
        raise LookupError("broken")

    with inline(shop.tasks), pytest.raises(LookupError):
        shop.tasks.enqueue_many([broken.call(), shop.greet.call("Ada")])
    assert shop.done == ["Ada"]


def test_it_begins_at_once_and_ends_with_close(shop):
    mode = inline(shop.tasks)
    shop.greet.enqueue("Ada")
    mode.close()
    assert (shop.done, shop.tasks.is_connected) == (["Ada"], False)

"""The sandbox: draining, the clock, and the way back."""

from datetime import UTC, datetime, timedelta

import pytest

from penstock import Penstock, Reject, Status
from penstock.errors import ConfigurationError, PenstockError
from penstock.memory import ports
from penstock.queue_list import QueueEntry
from penstock.testing import sandbox


def test_drain_runs_what_was_enqueued(shop, task_queue):
    shop.greet.enqueue("Ada")
    [result] = task_queue.drain()
    assert (result.status, result.return_value) == (Status.SUCCEEDED, "hello Ada")


def test_nothing_runs_before_the_drain(shop, task_queue):
    result = shop.greet.enqueue("Ada")
    assert (result.refresh().status, shop.done) == (Status.QUEUED, [])


def test_drain_runs_what_tasks_enqueue(shop, task_queue):
    shop.greet_all.enqueue(["Ada", "Bo"])
    assert [result.task for result in task_queue.drain()] == ["greet_all", "greet", "greet"]


def test_drain_runs_a_task_that_only_a_worker_of_its_own_can_run():
    tasks = Penstock()
    rebuild = tasks.task(queue="long", time_limit=43_080, name="rebuild")(lambda: "done")
    with sandbox(tasks) as box:
        rebuild.enqueue()
        assert [result.return_value for result in box.drain()] == ["done"]


def test_drain_gives_each_task_once(shop, task_queue):
    shop.greet.enqueue("Ada")
    task_queue.drain()
    shop.greet.enqueue("Bo")
    assert [result.return_value for result in task_queue.drain()] == ["hello Bo"]


def test_the_clock_moves_over_a_delay_and_no_further(shop, task_queue):
    before = task_queue.clock()
    shop.greet.using(delay=30).enqueue("Ada")
    task_queue.drain()
    assert task_queue.clock() - before == timedelta(seconds=30)


def test_code_that_reads_the_time_itself_fits_in(shop, task_queue):
    shop.greet.using(run_after=datetime.now(UTC) + timedelta(minutes=5)).enqueue("Ada")
    assert 300 <= task_queue.assert_enqueued(shop.greet).delay <= 330


def test_the_clock_moves_over_a_backoff(shop, task_queue):
    before = task_queue.clock()
    task_queue.fail_next(shop.greet)
    shop.greet.enqueue("Ada")
    [result] = task_queue.drain()
    assert (result.attempts, before < task_queue.clock() <= before + timedelta(seconds=10)) == (2, True)


def test_a_task_without_end_is_an_error_that_says_so(shop, task_queue):
    shop.for_ever.enqueue()
    with pytest.raises(PenstockError, match="enqueue itself without end"):
        task_queue.drain(limit=50)


def test_a_rejected_task_is_in_the_dead_letter_queue(task_queue, shop):
    task_queue.fail_next(error=Reject("no"))
    shop.greet.enqueue("Ada")
    [result] = task_queue.drain()
    assert (result.status, task_queue.dead_letters()) == (Status.DEAD, 1)


def test_what_sqs_buries_by_itself_is_closed_by_the_reconciler(task_queue):
    web = Penstock()  # deployed already, the worker not yet

    @web.task
    def unknown_to_the_worker() -> None: ...

    web.connect(task_queue.ports)
    unknown_to_the_worker.enqueue()
    [result] = task_queue.drain()
    assert (result.row.status, result.error.type) == (Status.DEAD, "Buried")


def test_a_fifo_queue_keeps_its_order(shop, task_queue):
    for number in range(5):
        shop.book.using(group="g").enqueue(number)
    task_queue.reorder()
    task_queue.drain()
    assert shop.done == [0, 1, 2, 3, 4]


def test_the_penstock_object_is_not_connected_afterwards_where_it_was_not_before(shop):
    with sandbox(shop.tasks):
        pass
    assert not shop.tasks.is_connected


def test_the_penstock_object_has_its_ports_back_where_it_had_some(shop):
    before = ports(["default", "ledger"])
    shop.tasks.connect(before)
    with sandbox(shop.tasks):
        assert shop.tasks.ports is not before
    assert shop.tasks.ports is before


def test_no_middleware_is_left_behind(shop):
    with sandbox(shop.tasks):
        assert shop.tasks.hooks.middleware
    assert shop.tasks.hooks.middleware == []


def test_a_queue_that_the_list_does_not_name_is_refused(shop):
    with pytest.raises(ConfigurationError, match="ledger"), sandbox(shop.tasks, [QueueEntry("default")]):
        pass


def test_without_a_list_every_task_finds_a_queue_that_it_fits():
    tasks = Penstock()

    @tasks.task(queue="long", time_limit=600, max_attempts=20)
    def patient() -> int:
        return 1

    with sandbox(tasks) as box:
        patient.enqueue()
        assert box.drain()[0].status is Status.SUCCEEDED


def test_the_hooks_and_middleware_of_the_project_run(shop, task_queue):
    seen = []
    shop.tasks.on_success(lambda ended: seen.append(ended.task))
    shop.greet.enqueue("Ada")
    task_queue.drain()
    assert seen == ["greet"]


def test_a_paused_queue_waits_until_it_is_resumed(shop, task_queue):
    shop.greet.enqueue("Ada")
    task_queue.ports.mappings.set_enabled("default", False)
    paused = task_queue.drain()
    task_queue.ports.mappings.set_enabled("default", True)
    assert (len(paused), len(task_queue.drain())) == (0, 1)


def test_what_was_worked_on_is_in_the_numbers(shop, task_queue):
    shop.greet.enqueue("Ada")
    task_queue.fail_next(shop.greet)
    start = task_queue.clock()
    task_queue.drain()
    until = task_queue.clock() + timedelta(minutes=1)
    points = task_queue.ports.stats.series(["default"], since=start, until=until, period=60)["default"]
    assert (sum(point.retried for point in points), sum(point.succeeded for point in points)) == (1, 1)

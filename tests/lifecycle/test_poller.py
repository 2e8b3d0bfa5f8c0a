"""The worker that polls its queues itself: heartbeats, stopping, and what it does where AWS says no or nothing."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
from msgspec.structs import replace

from penstock import Penstock, Status, current_task
from penstock.conditions import Equals
from penstock.errors import AccessRefused, ConfigurationError, PenstockError, TaskCancelled, Unavailable, UnknownQueue
from penstock.execution import Interrupted
from penstock.poller import LEASE_SECONDS, MAX_TIME_LIMIT_SECONDS, Poller, Stopping
from penstock.ports import ReceivedMessage
from penstock.processes import LOOK_SECONDS, set_paused
from penstock.queue_list import QueueEntry
from penstock.settings import QueueSettings
from penstock.transitions import Transition
from penstock.versions import PROCESS, Announcement, latest
from tests.lifecycle.world import Counting, FaultyStore, World

HOUR = 3600
QUEUES = (QueueEntry("long", time_limit=12 * HOUR, worker="container"), QueueEntry("other"))


class OneWorker:
    """A process of ``flask penstock worker``, in which time passes where a task says so."""

    def __init__(
        self, world: World, *queues: str, tasks: Penstock | None = None, grace: float = 25, **options: Any
    ) -> None:
        self.clock = world.clock
        self.stopping = Stopping(world.clock, grace)
        self.each_second: Callable[[], object] = lambda: None
        self.signs: list[datetime] = []
        self.poller = Poller(
            tasks or world.tasks,
            queues or ("long",),
            stopping=self.stopping,
            interrupt=self._interrupt,
            beside=self._beside,
            name="worker-1",
            alive=lambda: self.signs.append(world.clock()),
            **options,
        )
        self._steps: list[Callable[[], None]] = []

    def let_pass(self, seconds: int) -> None:
        """Time in user code, with the heartbeat beside it."""
        for _ in range(seconds):
            self.clock.advance(1)
            self.each_second()
            self._steps[-1]()

    def outcomes(self) -> dict[str, int]:
        return dict(self.poller.outcomes)

    @contextmanager
    def _beside(self, step: Callable[[], None]) -> Iterator[None]:
        self._steps.append(step)
        yield
        self._steps.pop()

    def _interrupt(self) -> None:
        raise Interrupted


@pytest.fixture
def world() -> World:
    return World(queues=QUEUES)


@pytest.fixture
def store(world: World) -> FaultyStore:
    """The table, which the tasks of the world's workers reach through this."""
    faults = FaultyStore(world.ports.results)
    world.tasks.connect(replace(world.ports, results=faults))
    return faults


class Queues:
    """The queues, which refuse or wait as told: ``error`` is raised by receives of the queue ``broken``."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self.error: PenstockError | None = None
        self.broken = "long"
        self.while_waiting: Callable[[], object] = lambda: None
        self.receives: list[dict[str, Any]] = []
        self.lost_deletes = 0

    def receive(self, queue: str, **options: Any) -> list[ReceivedMessage]:
        self.receives.append({"queue": queue, **options})
        if self.error is not None and queue == self.broken:
            raise self.error
        self.while_waiting()
        messages: list[ReceivedMessage] = self._transport.receive(queue, **options)
        return messages

    def delete(self, queue: str, receipt_handles: list[str]) -> None:
        if self.lost_deletes:
            self.lost_deletes -= 1
            raise Unavailable("SQS does not answer")
        self._transport.delete(queue, receipt_handles)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


@pytest.fixture
def queues(world: World) -> Queues:
    transport = Queues(world.ports.transport)
    world.tasks.connect(replace(world.ports, transport=transport))
    return transport


def sleeps(world: World, worker: OneWorker, seconds: int = HOUR, **options: Any) -> Any:
    """A task that takes so long, enqueued."""

    def nap() -> int:
        worker.let_pass(seconds)
        return current_task.attempt

    return world.tasks.task(queue="long", time_limit=2 * HOUR, **options)(nap).enqueue()


# -- the heartbeat ----------------------------------------------------------------------------------------------------------


def test_a_task_runs_for_longer_than_any_invocation(world: World) -> None:
    worker = OneWorker(world)
    result = sleeps(world, worker)
    worker.poller.step()
    assert (result.refresh().status, world.is_empty("long")) == (Status.SUCCEEDED, True)


def test_a_task_longer_than_its_first_lease_is_not_run_twice(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    result = sleeps(world, worker)
    worker.each_second = other.poller.step
    worker.poller.step()
    assert (result.refresh().return_value, worker.outcomes(), other.outcomes()) == (1, {"SUCCEEDED": 1}, {})


def test_its_message_is_seen_by_nobody_while_it_runs(world: World) -> None:
    worker = OneWorker(world)
    sleeps(world, worker)
    seen: list[int] = []
    worker.each_second = lambda: seen.append(world.depth("long").visible)
    worker.poller.step()
    assert set(seen) == {0}


def test_without_a_heartbeat_its_message_comes_back_when_the_lease_has_run_out(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)

    def nap() -> int:
        if current_task.attempt == 1:
            world.clock.advance(LEASE_SECONDS + 4)
            assert not other.poller.step()
            world.clock.advance(1)
            assert other.poller.step()
        return current_task.attempt

    result = world.tasks.task(queue="long")(nap).enqueue()
    worker.poller.step()
    assert (result.refresh().return_value, worker.outcomes(), other.outcomes()) == (
        2,
        {"ACKNOWLEDGED": 1},
        {"SUCCEEDED": 1},
    )


def test_it_beats_three_times_a_lease_the_row_before_the_message(world: World) -> None:
    calls: list[str] = []
    world.tasks.connect(
        replace(
            world.ports,
            results=Counting(world.ports.results, calls),
            transport=Counting(world.ports.transport, calls),
        )
    )
    worker = OneWorker(world)
    sleeps(world, worker, LEASE_SECONDS)
    del calls[:]
    worker.poller.step()
    beat = ["apply renew", "change_visibility"]
    assert calls == ["receive", "apply claim", *beat * 3, "apply succeed", "delete"]


def test_it_hides_the_message_of_a_granted_lease_only(world: World, store: FaultyStore) -> None:
    calls: list[str] = []
    world.tasks.connect(replace(world.tasks.ports, transport=Counting(world.ports.transport, calls)))
    worker = OneWorker(world)
    store.away["renew"] = 1000
    sleeps(world, worker, LEASE_SECONDS)
    worker.poller.step()
    assert "change_visibility" not in calls


@pytest.mark.parametrize("then", [lambda: "too late", lambda: current_task.progress(1)])
def test_a_lease_that_the_row_gives_to_another_before_its_end_is_lost_at_the_next_beat(
    world: World, then: Callable[[], Any]
) -> None:
    calls: list[str] = []
    world.tasks.connect(replace(world.ports, transport=Counting(world.ports.transport, calls)))
    worker = OneWorker(world)
    seen: list[bool] = []

    def nap() -> Any:
        # Whose clock is far ahead may believe that the lease has run out.
        steal = Transition("claim", when=Equals("status", "RUNNING"), set={"lease_owner": "another"})
        world.ports.results.apply(current_task.id, steal)
        for _ in range(2):
            worker.let_pass(LEASE_SECONDS // 6)
            seen.append(current_task.cancelled)
        return then()

    world.tasks.task(queue="long")(nap).enqueue()
    del calls[:]
    worker.poller.step()
    assert (seen, worker.outcomes(), calls) == ([False, True], {"LEFT": 1}, ["receive"])


def freeze(world: World, frozen: OneWorker, other: OneWorker, then: Callable[[], Any]) -> Any:
    """A task whose first attempt stands still, process and all, until another worker has run it; then it goes on."""

    def nap() -> Any:
        if current_task.attempt == 1:
            world.clock.advance(2 * LEASE_SECONDS)
            other.poller.step()
            frozen.let_pass(1)
            return then()
        return "by the other"

    return world.tasks.task(queue="long")(nap).enqueue()


def test_a_run_that_another_has_taken_over_settles_nothing(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    result = freeze(world, worker, other, lambda: "too late")
    worker.poller.step()
    assert (result.refresh().return_value, worker.outcomes(), other.outcomes()) == (
        "by the other",
        {"LEFT": 1},
        {"SUCCEEDED": 1},
    )


def test_a_run_that_another_has_taken_over_acknowledges_nothing(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    calls: list[str] = []

    def then() -> None:
        world.tasks.connect(replace(world.ports, transport=Counting(world.ports.transport, calls)))

    freeze(world, worker, other, then)
    worker.poller.step()
    assert calls == []


def test_a_row_that_only_a_later_version_can_read_is_a_lost_lease(world: World) -> None:
    worker = OneWorker(world)
    results: Any = world.ports.results

    def nap() -> None:
        results.put_item(current_task.id, {**results.item(current_task.id), "status": "SNOOZED"})
        worker.let_pass(LEASE_SECONDS // 2)
        seen.append(current_task.cancelled)

    seen: list[bool] = []
    result = world.tasks.task(queue="long")(nap).enqueue()
    worker.poller.step()
    assert (worker.outcomes(), seen, results.item(result.id)["status"]) == ({"LEFT": 1}, [True], "SNOOZED")


def test_a_task_that_lost_its_lease_is_told_to_stop(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    seen: list[object] = []

    def then() -> None:
        seen.append(current_task.cancelled)
        with pytest.raises(TaskCancelled, match="lost its lease"):
            current_task.progress(1)

    freeze(world, worker, other, then)
    worker.poller.step()
    assert seen == [True]


def test_a_task_that_stops_because_its_lease_is_lost_is_not_recorded_as_cancelled(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    result = freeze(world, worker, other, lambda: current_task.progress(1))
    worker.poller.step()
    assert result.refresh().status is Status.SUCCEEDED


def test_a_renewal_without_an_answer_is_tried_again(world: World, store: FaultyStore) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    store.away["renew"] = 15  # 2 s apart: ten seconds before it runs out
    result = sleeps(world, worker)
    worker.each_second = other.poller.step
    worker.poller.step()
    assert (result.refresh().return_value, other.outcomes()) == (1, {})


def test_a_renewal_whose_reply_was_lost_is_tried_again(world: World, store: FaultyStore) -> None:
    worker = OneWorker(world)
    store.lost["renew"] = 5
    result = sleeps(world, worker)
    worker.poller.step()
    assert result.refresh().status is Status.SUCCEEDED


def test_without_any_answer_the_task_is_told_two_seconds_before_its_lease_runs_out(
    world: World, store: FaultyStore
) -> None:
    worker = OneWorker(world)
    store.away["renew"] = 1000
    told: list[int] = []

    def nap() -> None:
        for second in range(1, 2 * LEASE_SECONDS):
            worker.let_pass(1)
            if current_task.cancelled:
                told.append(second)
                return

    world.tasks.task(queue="long")(nap).enqueue()
    worker.poller.step()
    assert (told, worker.outcomes()) == ([LEASE_SECONDS + 1 - 2], {"LEFT": 1})  # a claim holds for a second more


def test_a_task_that_its_time_limit_cannot_end_is_not_kept_for_ever(world: World) -> None:
    worker = OneWorker(world)

    def stuck() -> bool:
        worker.let_pass(30 + 2 * LEASE_SECONDS)
        return current_task.cancelled

    world.tasks.task(queue="long", time_limit=30)(stuck).enqueue()
    worker.poller.step()
    assert worker.outcomes() == {"LEFT": 1}


def test_a_cancelled_task_is_cancelled_here_too(world: World) -> None:
    worker = OneWorker(world)

    def nap() -> None:
        world.another_process().result(current_task.id).cancel()
        worker.let_pass(30)
        current_task.progress(1)

    result = world.tasks.task(queue="long")(nap).enqueue()
    worker.poller.step()
    assert (result.refresh().status, world.is_empty("long")) == (Status.CANCELLED, True)


def test_what_became_of_each_delivery_is_told_to_whoever_counts_it(world: World) -> None:
    told: list[str] = []
    worker = OneWorker(world, count=lambda events: told.extend(event.outcome for event in events))
    sleeps(world, worker)
    world.tasks.task(queue="long", name="hopeless", max_attempts=1)(lambda: 1 / 0).enqueue()
    worker.poller.step()
    worker.poller.step()
    assert told == ["SUCCEEDED", "DEAD"]


def test_its_message_is_deleted_before_anything_is_counted(world: World) -> None:
    left: list[bool] = []
    worker = OneWorker(world, count=lambda _events: left.append(not world.is_empty("long")))
    sleeps(world, worker)
    worker.poller.step()
    assert left == [False]


def test_a_shorter_lease_has_the_message_back_sooner(world: World) -> None:
    worker, other = OneWorker(world, lease_seconds=6), OneWorker(world, lease_seconds=6)

    def nap() -> int:
        if current_task.attempt == 1:
            world.clock.advance(6 + 4)
            assert not other.poller.step()
            world.clock.advance(1)
            assert other.poller.step()
        return current_task.attempt

    result = world.tasks.task(queue="long")(nap).enqueue()
    worker.poller.step()
    assert result.refresh().return_value == 2


# -- the sign of life -------------------------------------------------------------------------------------------------------


def longest_silence(worker: OneWorker, started: datetime) -> float:
    """Seconds, until now."""
    times = [started, *worker.signs, worker.clock()]
    return max((after - before).total_seconds() for before, after in itertools.pairwise(times))


def test_a_worker_shows_that_it_is_well_all_through_a_task_of_hours(world: World) -> None:
    worker, started = OneWorker(world), world.clock()
    result = sleeps(world, worker, 3 * HOUR // 2)
    worker.poller.step()
    assert (result.refresh().status, longest_silence(worker, started)) == (Status.SUCCEEDED, 1)


def test_a_worker_without_tasks_says_again_and_again_what_it_runs(world: World) -> None:
    announcement = Announcement(world.ports, kind=PROCESS, version="1.0")
    worker = OneWorker(world, announce=lambda: announcement.make(["long"]))
    worker.poller.step()
    world.clock.advance(29 * 24 * HOUR)
    worker.poller.step()
    assert [said.queue for said in latest(world.ports)] == ["long"]


def test_a_run_that_its_time_limit_cannot_end_is_no_sign_of_life_once_its_lease_is_given_up(world: World) -> None:
    worker, started = OneWorker(world), world.clock()

    def stuck() -> None:
        worker.let_pass(30 + 3 * LEASE_SECONDS)

    world.tasks.task(queue="long", time_limit=30)(stuck).enqueue()
    worker.poller.step()
    assert 0 <= (worker.signs[-1] - started).total_seconds() - (30 + LEASE_SECONDS) < LEASE_SECONDS / 3  # the next beat


def test_a_worker_is_well_while_its_queue_refuses_it(world: World, queues: Queues) -> None:
    queues.error = AccessRefused("ExpiredToken")
    worker, started = OneWorker(world), world.clock()
    pauses(world, queues, worker, 1)
    assert longest_silence(worker, started) == 1


# -- several workers, several queues ----------------------------------------------------------------------------------------


def test_two_workers_share_a_queue_one_message_each(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    ran: list[str] = []

    @world.tasks.task(queue="long")
    def nap(name: str) -> None:
        ran.append(name)
        if name == "a":
            other.poller.step()
            assert world.depth("long").visible == 1

    for name in "abc":
        nap.enqueue(name)
    worker.poller.step()
    assert (ran, worker.outcomes(), other.outcomes()) == (["a", "b"], {"SUCCEEDED": 1}, {"SUCCEEDED": 1})


def test_its_queues_take_turns(world: World) -> None:
    ran: list[str] = []
    for queue in ("long", "other"):
        task = world.tasks.task(queue=queue, name=queue)(lambda queue: ran.append(queue))
        for _ in range(2):
            task.enqueue(queue)
    worker = OneWorker(world, "long", "other")
    while worker.poller.step():
        pass
    assert ran == ["long", "other", "long", "other"]


@pytest.mark.parametrize(
    ("url", "names", "wait"),
    [
        ("https://sqs.eu-central-1.amazonaws.com/1/long", ["long"], 10),
        ("https://sqs.eu-central-1.amazonaws.com/1/long", ["long", "other"], 2),
        ("http://127.0.0.1:4566/1/long", ["long"], 0),
        ("http://localhost:4566/1/long", ["long"], 0),
    ],
)
def test_it_waits_for_messages_but_not_on_the_local_stack(
    world: World, queues: Queues, url: str, names: list[str], wait: int
) -> None:
    settings = world.ports.settings
    long = QueueSettings("long", url)
    world.tasks.connect(
        replace(world.tasks.ports, settings=replace(settings, queues={**settings.queues, "long": long}))
    )
    OneWorker(world, *names).poller.step()
    assert queues.receives[0] == {"queue": "long", "max_messages": 1, "visibility_timeout": 65, "wait": wait}


# -- stopping ---------------------------------------------------------------------------------------------------------------


def test_it_works_until_it_is_asked_to_stop(world: World) -> None:
    worker = OneWorker(world)
    naps = [sleeps(world, worker, 1, name=f"nap-{number}") for number in range(3)]
    world.tasks.task(queue="long", name="stop")(lambda: worker.stopping.ask()).enqueue()
    worker.poller.run()
    assert ([nap.refresh().status for nap in naps], worker.outcomes()) == ([Status.SUCCEEDED] * 3, {"SUCCEEDED": 4})


def test_it_receives_nothing_more_once_it_is_asked(world: World) -> None:
    worker = OneWorker(world)
    sleeps(world, worker)
    worker.stopping.ask()
    worker.poller.run()
    assert world.depth("long").visible == 1


def test_a_message_received_while_it_was_asked_is_shown_again_at_once(world: World, queues: Queues) -> None:
    worker = OneWorker(world)
    sleeps(world, worker)
    queues.while_waiting = worker.stopping.ask
    worker.poller.run()
    assert (world.depth("long").visible, worker.outcomes()) == (1, {})


def stopped_after(world: World, worker: OneWorker, needs: int, **options: Any) -> Any:
    """A task that is asked to stop at its start and needs so many seconds more."""

    def nap() -> str:
        if current_task.attempt == 1:
            worker.stopping.ask()
            worker.let_pass(needs)
        return f"attempt {current_task.attempt}"

    return world.tasks.task(queue="long", **options)(nap).enqueue()


def test_a_task_that_ends_within_the_grace_is_settled(world: World) -> None:
    worker = OneWorker(world)
    result = stopped_after(world, worker, 24)
    worker.poller.run()
    assert (result.refresh().return_value, world.is_empty("long")) == ("attempt 1", True)


def test_a_task_that_does_not_is_handed_back(world: World) -> None:
    worker = OneWorker(world)
    result = stopped_after(world, worker, 26)
    worker.poller.run()
    assert (result.refresh().status, worker.outcomes()) == (Status.RETRYING, {"HANDED_BACK": 1})


def test_what_is_handed_back_runs_at_once_elsewhere(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    result = stopped_after(world, worker, 26)
    worker.poller.run()
    other.poller.step()
    assert (result.refresh().return_value, other.outcomes()) == ("attempt 2", {"SUCCEEDED": 1})


def test_a_last_attempt_that_is_handed_back_is_a_dead_letter(world: World) -> None:
    worker, other = OneWorker(world), OneWorker(world)
    result = stopped_after(world, worker, 26, max_attempts=1)
    worker.poller.run()
    while other.poller.step():
        pass
    assert (result.refresh().status, world.dead_letters("long")) == (Status.DEAD, 1)


def test_what_cannot_be_handed_back_waits_for_the_end_of_its_lease(world: World, store: FaultyStore) -> None:
    worker, other = OneWorker(world, grace=5), OneWorker(world)
    result = stopped_after(world, worker, 6)
    store.away["renew"] = 3
    worker.poller.run()
    assert not other.poller.step()
    world.clock.advance(LEASE_SECONDS)
    other.poller.step()
    assert (worker.outcomes(), result.refresh().return_value) == ({"HANDED_BACK": 1}, "attempt 2")


def test_a_task_cleans_up_before_it_is_handed_back(world: World) -> None:
    worker = OneWorker(world)
    cleaned: list[Status] = []

    def nap() -> None:
        worker.stopping.ask()
        try:
            worker.let_pass(HOUR)
        finally:
            cleaned.append(world.tasks.result(current_task.id).status)

    world.tasks.task(queue="long", time_limit=2 * HOUR)(nap).enqueue()
    worker.poller.run()
    assert cleaned == [Status.RUNNING]


def test_a_task_that_swallows_the_interrupt_is_interrupted_again(world: World) -> None:
    worker = OneWorker(world)

    def nap() -> None:
        worker.stopping.ask()
        try:
            worker.let_pass(HOUR)
        except BaseException:
            worker.let_pass(HOUR)

    world.tasks.task(queue="long", time_limit=2 * HOUR)(nap).enqueue()
    started = world.clock()
    worker.poller.run()
    assert (worker.outcomes(), (world.clock() - started).total_seconds()) == ({"HANDED_BACK": 1}, 30)


# -- AWS says no, or nothing ------------------------------------------------------------------------------------------------


def pauses(world: World, queues: Queues, worker: OneWorker, hours: int) -> list[int]:
    """The seconds between the receives of some hours."""
    times: list[float] = []
    end = world.clock.advance(0).timestamp() + hours * HOUR
    queues.receives.clear()
    while world.clock().timestamp() < end:
        before = len(queues.receives)
        worker.poller.step()
        if len(queues.receives) > before:
            times.append(world.clock().timestamp())
        world.clock.advance(1)
    return [round(after - before) for before, after in itertools.pairwise(times)]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (AccessRefused("ExpiredToken"), [30, 60, 120, 240, 480, 900, 900]),
        (Unavailable("no answer"), [1, 2, 4, 8, 16, 32, 60]),
    ],
)
def test_it_leaves_a_queue_alone_that_refuses_for_longer_each_time(
    world: World, queues: Queues, error: PenstockError, expected: list[int]
) -> None:
    queues.error = error
    assert pauses(world, queues, OneWorker(world), 1)[: len(expected)] == expected


def test_it_says_so_in_one_line(world: World, queues: Queues, caplog: pytest.LogCaptureFixture) -> None:
    queues.error = AccessRefused("ExpiredToken:\n sign in again")
    OneWorker(world).poller.step()
    assert caplog.messages == ["queue 'long' is left alone for 30 s: ExpiredToken: sign in again"]


def test_it_goes_on_once_the_queue_answers_again(world: World, queues: Queues) -> None:
    worker = OneWorker(world)
    result = sleeps(world, worker, 1)
    queues.error = AccessRefused("ExpiredToken")
    worker.poller.step()
    queues.error = None
    world.clock.advance(30)
    worker.poller.step()
    assert result.refresh().status is Status.SUCCEEDED


def test_a_queue_that_is_gone_does_not_stop_the_others(world: World, queues: Queues) -> None:
    queues.error = AccessRefused("QueueDoesNotExist")
    result = world.tasks.task(queue="other")(lambda: "done").enqueue()
    OneWorker(world, "long", "other").poller.step()
    assert result.refresh().return_value == "done"


def test_a_stop_does_not_wait_for_the_end_of_a_pause(world: World, queues: Queues) -> None:
    def sleep(seconds: float) -> None:
        worker.stopping.ask()
        world.clock.advance(seconds)

    queues.error = AccessRefused("ExpiredToken")
    world.tasks.connect(replace(world.tasks.ports, sleep=sleep))
    started, worker = world.clock(), OneWorker(world)
    worker.poller.run()
    assert (world.clock() - started).total_seconds() <= 1


def test_credentials_that_expire_in_a_run_lose_nothing(world: World, store: FaultyStore, queues: Queues) -> None:
    refusing = Refusing(store)
    world.tasks.connect(replace(world.ports, results=refusing, transport=queues))
    worker = OneWorker(world)

    def nap() -> int:
        refusing.refuses = current_task.attempt == 1
        worker.let_pass(LEASE_SECONDS)
        return current_task.attempt

    result = world.tasks.task(queue="long")(nap).enqueue()
    worker.poller.step()
    refusing.refuses = False
    world.clock.advance(LEASE_SECONDS)
    worker.poller.step()
    assert (result.refresh().return_value, worker.outcomes()) == (2, {"LEFT": 1, "SUCCEEDED": 1})


class Refusing:
    """A table that says no."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.refuses = False

    def apply(self, *args: Any) -> Any:
        if self.refuses:
            raise AccessRefused("ExpiredToken")
        return self._store.apply(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def test_a_table_that_does_not_answer_has_the_queue_left_alone(world: World, store: FaultyStore) -> None:
    worker = OneWorker(world)
    for number in range(2):
        sleeps(world, worker, 1, name=f"nap-{number}")
    store.away["claim"] = 3
    worker.poller.step()
    assert (worker.outcomes(), worker.poller.step()) == ({"UNAVAILABLE": 1}, False)


def test_a_message_that_could_not_be_deleted_is_deleted_when_it_comes_back(world: World, queues: Queues) -> None:
    worker = OneWorker(world)
    sleeps(world, worker, 1)
    queues.lost_deletes = 3
    worker.poller.step()
    world.clock.advance(LEASE_SECONDS + 5)
    worker.poller.step()
    assert (worker.outcomes(), world.is_empty("long")) == ({"SUCCEEDED": 1, "ACKNOWLEDGED": 1}, True)


# -- start-up ---------------------------------------------------------------------------------------------------------------


def test_a_queue_that_the_settings_do_not_name_is_refused(world: World) -> None:
    with pytest.raises(UnknownQueue, match="'images'"):
        OneWorker(world, "images")


def test_a_task_that_outlasts_what_sqs_can_hide_is_refused(world: World) -> None:
    world.tasks.task(queue="long", time_limit=MAX_TIME_LIMIT_SECONDS + 1, name="migrate")(lambda: None)
    with pytest.raises(ConfigurationError, match=r"migrate: time_limit=43081 s .* 43080 s is the longest"):
        OneWorker(world)


@pytest.mark.parametrize("seconds", [5, 61])
def test_a_lease_too_short_for_its_beats_or_too_long_for_the_longest_task_is_refused(
    world: World, seconds: int
) -> None:
    with pytest.raises(ConfigurationError, match=f"lease_seconds={seconds}: a worker's lease is 6 to 60 s long"):
        OneWorker(world, lease_seconds=seconds)


def test_the_longest_task_that_is_taken_stays_hidden_to_its_end(world: World) -> None:
    worker = OneWorker(world)
    seen: list[int] = []
    worker.each_second = lambda: seen.append(world.depth("long").visible)

    def nap() -> None:
        worker.let_pass(MAX_TIME_LIMIT_SECONDS)

    result = world.tasks.task(queue="long", time_limit=MAX_TIME_LIMIT_SECONDS)(nap).enqueue()
    worker.poller.step()
    assert (result.refresh().status, set(seen)) == (Status.SUCCEEDED, {0})


# -- pauses -----------------------------------------------------------------------------------------------------------------


def test_nothing_is_received_from_a_paused_queue(world: World, queues: Queues) -> None:
    set_paused(world.ports, "long", True)
    assert (OneWorker(world).poller.step(), queues.receives) == (False, [])


def test_a_pause_of_one_queue_leaves_the_others_at_work(world: World, queues: Queues) -> None:
    set_paused(world.ports, "long", True)
    OneWorker(world, "long", "other").poller.step()
    assert [receive["queue"] for receive in queues.receives] == ["other"]


def test_a_worker_that_rests_is_well_and_says_that_it_is_there(world: World) -> None:
    set_paused(world.ports, "long", True)
    announcement = Announcement(world.ports, kind=PROCESS, version="0.1.0")
    worker = OneWorker(world, announce=lambda: announcement.make(["long"]))
    worker.poller.step()
    assert (len(worker.signs), [one.queue for one in latest(world.ports)]) == (1, ["long"])


def test_what_runs_when_its_queue_is_paused_is_finished_and_nothing_more_is_begun(world: World) -> None:
    worker = OneWorker(world)
    running, waiting = sleeps(world, worker), sleeps(world, worker)
    worker.each_second = lambda: set_paused(world.ports, "long", True)
    worker.poller.step()
    assert worker.poller.step() is False
    statuses = [result.refresh().status for result in (running, waiting)]
    assert statuses == [Status.SUCCEEDED, Status.QUEUED]


def test_a_queue_that_is_resumed_is_worked_on(world: World) -> None:
    set_paused(world.ports, "long", True)
    worker = OneWorker(world)
    result = sleeps(world, worker)
    worker.poller.step()
    set_paused(world.ports, "long", False)
    world.clock.advance(LOOK_SECONDS)
    worker.poller.step()
    assert result.refresh().status is Status.SUCCEEDED


# -- ECS's task protection --------------------------------------------------------------------------------------------------


def test_it_is_busy_beside_a_run_and_not_between_two(world: World) -> None:
    busy: list[bool] = []
    worker = OneWorker(world, protect=busy.append)
    sleeps(world, worker, seconds=2)
    worker.poller.step()
    worker.poller.step()
    assert busy == [False, True, True, False]


def test_a_run_that_has_lost_its_lease_is_nothing_to_protect(world: World, store: FaultyStore) -> None:
    busy: list[bool] = []
    worker = OneWorker(world, protect=busy.append)
    sleeps(world, worker, seconds=2 * LEASE_SECONDS)
    store.away["renew"] = 1_000
    worker.poller.step()
    assert busy.count(True) < LEASE_SECONDS

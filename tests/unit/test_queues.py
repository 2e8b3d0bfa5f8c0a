"""The queues as an operator sees them."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from penstock import Penstock
from penstock.errors import AccessRefused, NoMapping, Unavailable, UnknownQueue
from penstock.memory import ManualClock, MemoryMappings
from penstock.memory import ports as memory_ports
from penstock.ports import QueueAttributes, QueueDepth
from penstock.processes import Processes
from penstock.queues import QueueView, Workers, differences, one, overview, pause, resume
from penstock.settings import QueueSettings
from penstock.versions import PROCESS, Announcement
from penstock.watching import Mapping

MAPPING = Mapping("default", True, "Enabled", "worker", 10, 0, 10, True)
SETTINGS = QueueSettings("default", "memory://default", visibility_timeout=360)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def tasks(clock: ManualClock) -> Penstock:
    tasks = Penstock()

    @tasks.task
    def noop() -> None: ...

    tasks.connect(memory_ports(("images", "default"), clock=clock))
    return tasks


def test_every_queue_is_there_in_the_order_of_names(tasks: Penstock) -> None:
    assert [view.name for view in overview(tasks)] == ["default", "images"]


def test_what_waits_is_counted(tasks: Penstock) -> None:
    tasks.registry["noop"].enqueue()
    assert one(tasks, "default").live.depth == QueueDepth(visible=1, in_flight=0, delayed=0)


def test_the_window_has_a_point_for_every_period(tasks: Penstock) -> None:
    assert len(one(tasks, "default", window=timedelta(hours=1), period=60).points) == 60


def test_an_unknown_queue_is_refused(tasks: Penstock) -> None:
    with pytest.raises(UnknownQueue):
        one(tasks, "nowhere")


def test_a_paused_queue_says_so_until_it_is_resumed(tasks: Penstock) -> None:
    pause(tasks, "default")
    paused = one(tasks, "default").workers.is_paused
    resume(tasks, "default")
    assert (paused, one(tasks, "default").workers.is_paused) == (True, False)


@pytest.fixture
def alone(tasks: Penstock) -> Penstock:
    """Tasks whose queues no Lambda function polls."""
    tasks.connect(replace(tasks.ports, mappings=MemoryMappings(tasks.ports.settings, [])))
    return tasks


def announce(tasks: Penstock) -> None:
    Announcement(tasks.ports, kind=PROCESS, version="0.1.0").make(["default"])


def test_a_queue_of_worker_processes_is_paused_and_resumed(alone: Penstock) -> None:
    announce(alone)
    was = one(alone, "default").workers
    paused, resumed = pause(alone, "default"), resume(alone, "default")
    assert [workers.is_paused for workers in (was, paused, resumed)] == [False, True, False]
    assert one(alone, "default").workers == Workers(None, Processes(running=True, paused=False))


def test_a_pause_of_processes_is_there_for_the_next_who_looks(alone: Penstock) -> None:
    announce(alone)
    pause(alone, "default")
    assert (one(alone, "default").workers.is_paused, one(alone, "images").workers.is_paused) == (True, False)


def test_a_queue_that_nothing_is_known_to_work_on_cannot_be_paused(alone: Penstock) -> None:
    with pytest.raises(NoMapping, match=r"Nor has a worker process said within three days"):
        pause(alone, "default")
    assert not one(alone, "default").workers.are_there


def test_a_pause_can_be_ended_when_its_processes_are_long_gone(alone: Penstock, clock: ManualClock) -> None:
    announce(alone)
    pause(alone, "default")
    clock.advance(10 * 24 * 3_600)
    assert one(alone, "default").workers.are_there
    resume(alone, "default")
    assert not one(alone, "default").workers.are_there


def test_a_queue_of_both_is_paused_for_both(tasks: Penstock) -> None:
    announce(tasks)
    both = pause(tasks, "default")
    assert (both.mapping and both.mapping.enabled, both.processes) == (False, Processes(running=True, paused=True))


def test_a_pause_of_a_function_leaves_nothing_behind_for_processes(tasks: Penstock) -> None:
    pause(tasks, "default")
    assert one(tasks, "default").workers.processes == Processes(running=False, paused=False)


def test_where_the_ledger_is_away_the_function_is_shown_and_why_the_rest_is_not(tasks: Penstock) -> None:
    refusing: Any = Refusing()
    tasks.connect(replace(tasks.ports, ledger=refusing))
    view = one(tasks, "default")
    assert (view.workers.are_there, view.workers.processes) == (True, None)
    assert view.problems == ["lines was refused: allow it"]


class Away:
    """A ledger that does not answer."""

    def __getattr__(self, name: str) -> Any:
        def fail(*_: object, **__: object) -> Any:
            raise Unavailable("DynamoDB does not answer")

        return fail


def test_a_function_can_be_paused_while_the_table_is_away(tasks: Penstock) -> None:
    away: Any = Away()
    tasks.connect(replace(tasks.ports, ledger=away))
    paused = pause(tasks, "default")
    assert (paused.is_paused, paused.problems) == (True, ("DynamoDB does not answer",))


def test_worker_processes_cannot_be_paused_while_the_table_is_away(alone: Penstock) -> None:
    announce(alone)
    away: Any = Away()
    alone.connect(replace(alone.ports, ledger=away))
    with pytest.raises(Unavailable):
        pause(alone, "default")


class Refusing:
    """Stats and mappings that this role may not read."""

    def __getattr__(self, name: str) -> Any:
        def refuse(*_: object, **__: object) -> Any:
            raise AccessRefused(f"{name} was refused: allow it")

        return refuse


def test_what_may_not_be_read_is_told_and_the_rest_is_shown(tasks: Penstock) -> None:
    refusing: Any = Refusing()
    tasks.connect(replace(tasks.ports, stats=refusing, mappings=refusing))
    view = one(tasks, "default")
    assert (view.points, view.workers.mapping, view.oldest_age, view.live.depth.visible) == ([], None, None, 0)
    assert [problem.split()[0] for problem in view.problems] == ["series", "oldest_age", "get"]


def view(
    live: dict[str, Any] | None = None,
    letters: dict[str, Any] | None = None,
    *,
    resting: bool = False,
    **mapping: Any,
) -> QueueView:
    """A queue as it was set up, but for what is given."""
    nothing = QueueDepth(0, 0, 0)
    as_set_up = QueueAttributes(360, 345_600, 0, False, 10, "default-dlq", nothing)
    return QueueView(
        name="default",
        settings=SETTINGS,
        live=replace(as_set_up, **(live or {})),
        letters=replace(as_set_up, **{"retention": 1_209_600, **(letters or {})}),
        workers=Workers(replace(MAPPING, **mapping), Processes(running=False, paused=resting)),
        oldest_age=0,
        points=[],
        problems=[],
    )


def test_a_queue_as_it_was_set_up_has_no_differences() -> None:
    assert differences(view()) == []


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        (view(live={"max_receive_count": 3}), "its max_receive_count is 3, and 10 was set up"),
        (view(live={"retention": 60}), "its retention is 60, and 345600 was set up"),
        (view(live={"visibility_timeout": 30}), "its visibility timeout is 30, and 360 was set up"),
        (view(live={"max_receive_count": None}), "it has no dead-letter queue"),
        (view(live={"delay": 5}), "every message waits 5 s first"),
        (view(letters={"retention": 345_600}), "its dead-letter queue keeps letters for 345600 s"),
        (view(reports_failures=False), "its mapping lacks ReportBatchItemFailures"),
        (view(resting=True), "its mapping is enabled, and its worker processes are paused"),
    ],
)
def test_a_difference_is_told_with_what_follows(changed: QueueView, words: str) -> None:
    (told,) = differences(changed)
    assert told.startswith(words)

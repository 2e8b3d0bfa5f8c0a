"""The queues as an operator sees them."""

from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from penstock import Penstock
from penstock.errors import AccessRefused, UnknownQueue
from penstock.memory import ManualClock
from penstock.memory import ports as memory_ports
from penstock.ports import QueueAttributes, QueueDepth
from penstock.queues import QueueView, differences, one, overview, pause, resume
from penstock.settings import QueueSettings
from penstock.watching import Mapping

SETTINGS = QueueSettings("default", "memory://default", visibility_timeout=360)


@pytest.fixture
def tasks() -> Penstock:
    tasks = Penstock()

    @tasks.task
    def noop() -> None: ...

    tasks.connect(memory_ports(("images", "default"), clock=ManualClock()))
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
    paused = one(tasks, "default").is_paused
    resume(tasks, "default")
    assert (paused, one(tasks, "default").is_paused) == (True, False)


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
    assert (view.points, view.mapping, view.oldest_age, view.live.depth.visible) == ([], None, None, 0)
    assert [problem.split()[0] for problem in view.problems] == ["series", "oldest_age", "get"]


def view(live: dict[str, Any] | None = None, letters: dict[str, Any] | None = None, **mapping: Any) -> QueueView:
    """A queue as it was set up, but for what is given."""
    nothing = QueueDepth(0, 0, 0)
    as_set_up = QueueAttributes(360, 345_600, 0, False, 10, "default-dlq", nothing)
    return QueueView(
        name="default",
        settings=SETTINGS,
        live=replace(as_set_up, **(live or {})),
        letters=replace(as_set_up, **{"retention": 1_209_600, **(letters or {})}),
        mapping=replace(Mapping("default", True, "Enabled", "worker", 10, 0, 10, True), **mapping),
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
    ],
)
def test_a_difference_is_told_with_what_follows(changed: QueueView, words: str) -> None:
    (told,) = differences(changed)
    assert told.startswith(words)

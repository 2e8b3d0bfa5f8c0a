"""Which tasks died, and why."""

import pytest

from penstock import Penstock, Status
from penstock.dead_letters import dead, explain, redrive, waiting
from penstock.errors import TaskNotFound, UnknownQueue
from penstock.memory import ManualClock, ports
from tests.unit.values import NOW, item


@pytest.fixture
def tasks() -> Penstock:
    tasks = Penstock()
    tasks.connect(ports(clock=ManualClock(NOW)))
    return tasks


def put(tasks: Penstock, task_id: str, status: str, **attributes: object) -> None:
    tasks.ports.results.put_item(task_id, item(status, **attributes))  # type: ignore[attr-defined]


def test_only_dead_tasks_are_listed(tasks: Penstock) -> None:
    for status in ("DEAD", "FAILED", "SUCCEEDED", "RUNNING"):
        put(tasks, status.lower(), status)
    assert [row.task_id for row in dead(tasks)] == ["dead"]


def test_all_pages_are_listed(tasks: Penstock) -> None:
    for number in range(250):
        put(tasks, f"t-{number}", "DEAD")
    assert len({row.task_id for row in dead(tasks)}) == 250


def test_the_dead_of_one_queue_are_listed(tasks: Penstock) -> None:
    put(tasks, "t-1", "DEAD")
    put(tasks, "t-2", "DEAD", queue="images")
    assert [row.task_id for row in dead(tasks, "images")] == ["t-2"]


def test_the_advice_for_a_dead_task_names_its_queue(tasks: Penstock) -> None:
    put(tasks, "t-1", "DEAD", queue="images")
    assert "flask penstock dlq redrive images" in explain(tasks, "t-1").advice


@pytest.mark.parametrize(
    "status", [status.value for status in Status if status.value not in ("SCHEDULED", "EXPIRED", "DEAD")]
)
def test_there_is_nothing_to_repair_where_a_task_is_not_dead(tasks: Penstock, status: str) -> None:
    put(tasks, "t-1", status)
    assert explain(tasks, "t-1").advice == f"The task is {status}: there is nothing to repair."


def test_an_unknown_task_cannot_be_explained(tasks: Penstock) -> None:
    with pytest.raises(TaskNotFound, match="'nope'"):
        explain(tasks, "nope")


@pytest.mark.parametrize("call", [redrive, waiting, lambda tasks, queue: list(dead(tasks, queue))])
def test_an_unknown_queue_is_refused(tasks: Penstock, call: object) -> None:
    with pytest.raises(UnknownQueue, match="'nope'"):
        call(tasks, "nope")  # type: ignore[operator]

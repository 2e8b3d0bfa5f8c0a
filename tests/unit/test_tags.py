"""Tags: short words to find a task by."""

import json
from typing import Any

import pytest

from penstock import Penstock
from penstock.enqueue import MAX_TAGS
from penstock.envelope import Envelope
from penstock.errors import InvalidOption
from penstock.memory import ManualClock, ports
from penstock.task import Task
from tests.unit.values import body

TAGS = ("monthly", "customer:42")


@pytest.fixture
def tasks() -> Penstock:
    tasks = Penstock()
    tasks.connect(ports(clock=ManualClock()))
    return tasks


@pytest.fixture
def task(tasks: Penstock) -> Task[[], None]:
    @tasks.task
    def report() -> None: ...

    return report


def sent(tasks: Penstock) -> dict[str, Any]:
    (message,) = tasks.ports.transport.receive("default", max_messages=10)
    fields: dict[str, Any] = json.loads(message.body)
    return fields


def test_they_are_in_the_row(tasks: Penstock, task: Task[[], None]) -> None:
    result = task.using(tags=TAGS).enqueue()
    assert tasks.result(result.id).row.tags == TAGS


def test_they_are_in_the_message(tasks: Penstock, task: Task[[], None]) -> None:
    task.using(tags=TAGS).enqueue()
    assert sent(tasks)["tags"] == list(TAGS)


def test_a_task_without_tags_says_nothing_of_them(tasks: Penstock, task: Task[[], None]) -> None:
    result = task.enqueue()
    assert ("tags" in sent(tasks), tasks.result(result.id).row.tags) == (False, ())


def test_they_come_back_from_a_message() -> None:
    assert Envelope.from_json(body(tags=list(TAGS))).tags == TAGS


def test_other_tags_are_not_other_work(tasks: Penstock, task: Task[[], None]) -> None:
    task.using(task_id="report-7", tags=TAGS).enqueue()
    assert task.using(task_id="report-7").enqueue().created is False


@pytest.mark.parametrize(
    "tags",
    [("two words",), ("",), ("-",), ("x" * 129,), (7,), ("ünï",), tuple(str(n) for n in range(MAX_TAGS + 1))],
)
def test_what_is_no_tag_is_refused_with_the_rule(tasks: Penstock, task: Task[[], None], tags: Any) -> None:
    with pytest.raises(InvalidOption, match=r"at most 10, each a letter or digit"):
        task.using(tags=tags).enqueue()


def test_ten_tags_of_full_length_are_taken(tasks: Penstock, task: Task[[], None]) -> None:
    tags = tuple(f"{n}{'x' * 127}" for n in range(MAX_TAGS))
    result = task.using(tags=tags).enqueue()
    assert tasks.result(result.id).row.tags == tags


def test_one_word_instead_of_a_list_of_words_is_refused(tasks: Penstock, task: Task[[], None]) -> None:
    with pytest.raises(InvalidOption, match="tags='monthly'"):
        task.using(tags="monthly").enqueue()  # type: ignore[arg-type]

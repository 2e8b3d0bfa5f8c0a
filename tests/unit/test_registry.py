"""The registry of tasks."""

from collections.abc import Callable
from typing import Any

import pytest

from penstock import Penstock
from penstock.errors import ConfigurationError, UnknownTask


def other() -> Callable[[], Any]:
    def make_thumbnails() -> None: ...

    return make_thumbnails


def make_thumbnails() -> None: ...


@pytest.fixture
def tasks() -> Penstock:
    tasks = Penstock()
    tasks.task(make_thumbnails)
    return tasks


def test_a_task_is_found_by_its_name(tasks: Penstock) -> None:
    assert tasks.registry["make_thumbnails"].function is make_thumbnails


def test_names_can_be_iterated_and_counted(tasks: Penstock) -> None:
    assert (list(tasks.registry), len(tasks.registry)) == (["make_thumbnails"], 1)


def test_it_tells_whether_it_knows_a_name(tasks: Penstock) -> None:
    assert ("make_thumbnails" in tasks.registry, "nope" in tasks.registry) == (True, False)


def test_an_unknown_name_is_refused_with_the_closest_known_one(tasks: Penstock) -> None:
    with pytest.raises(UnknownTask, match=r"'make_thumbnail' .*did you mean 'make_thumbnails'"):
        tasks.registry["make_thumbnail"]


def test_two_functions_of_one_name_are_refused_with_both_places(tasks: Penstock) -> None:
    with pytest.raises(ConfigurationError, match=r"two tasks are named 'make_thumbnails'.*other\.<locals>"):
        tasks.task(other())


def test_a_name_of_its_own_settles_it(tasks: Penstock) -> None:
    tasks.task(name="other_thumbnails")(other())
    assert set(tasks.registry) == {"make_thumbnails", "other_thumbnails"}


def test_the_same_function_may_be_registered_again_as_a_reload_does(tasks: Penstock) -> None:
    tasks.task(make_thumbnails)
    assert len(tasks.registry) == 1

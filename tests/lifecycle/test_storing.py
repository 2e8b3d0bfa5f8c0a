"""Results and error texts that cannot be stored as they are: nothing of them keeps a task from its outcome."""

import json
import math
from collections.abc import Callable
from typing import Any

import pytest

from penstock import Status, TaskResult
from penstock.errors import ResultError, Unavailable
from penstock.failure import MAX_MESSAGE_CHARACTERS
from penstock.record import AttemptRow
from tests.lifecycle.world import World

TWO_MEGABYTES = 2 * 1024 * 1024
LONE_SURROGATE = "caf\udce9"


class Unspeakable(Exception):
    """Raises whenever someone asks what it is."""

    def __str__(self) -> str:
        raise ValueError("no words")

    __repr__ = __str__


class Endless:
    """An object whose looks never end."""

    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        raise RecursionError("endless")

    def __repr__(self) -> str:
        raise RecursionError("endless")


def circle() -> list[Any]:
    items: list[Any] = []
    items.append(items)
    return items


def returning(world: World, value: Any) -> TaskResult[Any]:
    result: TaskResult[Any] = world.tasks.task(name="returns")(lambda: value).enqueue()
    assert world.drain() == ["SUCCEEDED"]
    return result.refresh()


def raising(world: World, error: Callable[[], BaseException]) -> tuple[TaskResult[Any], AttemptRow]:
    def fails() -> None:
        raise error()

    result: TaskResult[Any] = world.tasks.task(name="fails")(fails).enqueue()
    assert world.deliver() == ["RETRYING"]
    (attempt,) = result.errors
    return result.refresh(), attempt


@pytest.mark.parametrize(
    ("value", "read"),
    [
        ("x" * TWO_MEGABYTES, "x" * TWO_MEGABYTES),
        ({3, 1, 2}, [1, 2, 3]),
        (LONE_SURROGATE, LONE_SURROGATE),
        ("\x00", "\x00"),
        ({1: "a"}, {"1": "a"}),
        (None, None),
    ],
    ids=["2 MB", "set", "lone surrogate", "NUL", "int keys", "None"],
)
def test_a_result_that_no_row_holds_as_it_is_comes_back_as_json_can_say_it(world: World, value: Any, read: Any) -> None:
    assert returning(world, value).return_value == read


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, [math.nan], object(), Endless(), circle(), 1j, 10**5_000, lambda: None],
    ids=["NaN", "infinity", "NaN inside", "object", "endless", "circle", "complex", "5,000 digits", "function"],
)
def test_a_result_without_json_form_leaves_a_success_that_says_so(world: World, value: Any) -> None:
    result = returning(world, value)
    assert (result.status, bool(result.row.result_error), world.dead_letters()) == (Status.SUCCEEDED, True, 0)


@pytest.mark.parametrize("value", [math.nan, Endless()], ids=["NaN", "endless"])
def test_asking_for_a_result_without_json_form_is_a_result_error(world: World, value: Any) -> None:
    with pytest.raises(ResultError, match="succeeded, but its return value was not kept"):
        _ = returning(world, value).return_value


def test_a_large_result_while_s3_is_away_leaves_a_success_that_says_so(world: World) -> None:
    class Away:
        def put(self, _key: str, _content: bytes) -> None:
            raise Unavailable("S3 does not answer")

    world.deploy(world.another_process(payloads=Away()))
    result = returning(world, "x" * TWO_MEGABYTES)
    assert (result.status, "S3 does not answer" in (result.row.result_error or "")) == (Status.SUCCEEDED, True)


ERRORS: dict[str, Callable[[], BaseException]] = {
    "2 MB": lambda: ValueError("x" * TWO_MEGABYTES),
    "lone surrogate": lambda: ValueError(LONE_SURROGATE),
    "NUL and escapes": lambda: ValueError("\x00\x1b[31m"),
    "raising str and repr": Unspeakable,
    "arguments that raise in repr": lambda: ValueError(Endless()),
    "a set": lambda: ValueError({1, 2}),
    "NaN": lambda: ValueError(math.nan),
    "no text": ValueError,
    "a group": lambda: ExceptionGroup(LONE_SURROGATE, [Unspeakable(), ValueError("x" * TWO_MEGABYTES)]),
    "a cause": lambda: _with_cause(ValueError("x"), Unspeakable()),
}


def _with_cause(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_that_cannot_be_stored_as_it_is_leaves_texts_that_can(world: World, name: str) -> None:
    result, attempt = raising(world, ERRORS[name])
    assert result.error is not None
    texts = (result.error.type, result.error.message, attempt.message, attempt.traceback)
    assert len(json.dumps(texts).encode() + "".join(texts).encode()) < 100_000


@pytest.mark.parametrize("name", ERRORS)
def test_a_task_with_such_an_error_still_dies_after_its_attempts(world: World, name: str) -> None:
    def fails() -> None:
        raise ERRORS[name]()

    result = world.tasks.task(max_attempts=2)(fails).enqueue()
    world.drain()
    assert (result.refresh().status, result.attempts, len(result.errors)) == (Status.DEAD, 2, 2)


def test_an_error_text_of_two_megabytes_is_cut_with_a_word_on_it(world: World) -> None:
    result, _ = raising(world, ERRORS["2 MB"])
    assert result.error is not None
    assert (len(result.error.message) < MAX_MESSAGE_CHARACTERS + 100, "characters cut" in result.error.message) == (
        True,
        True,
    )

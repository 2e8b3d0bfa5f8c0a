"""Middleware around a run, and hooks at the end of one."""

import logging
from collections.abc import Callable
from typing import Any

import pytest

from penstock import Penstock
from penstock.current import Run
from penstock.hooks import Ended, Hooks
from penstock.memory import ManualClock
from penstock.states import Status

RUN = Run("t-1", "resize", "default", 1, ManualClock(), lambda _progress: False, lambda: False)


def ended(status: Status) -> Ended:
    return Ended("t-1", "resize", "default", status, 1)


def wrapping(name: str, said: list[str]) -> Callable[[Run, Callable[[], Any]], Any]:
    def around(_run: Run, call_next: Callable[[], Any]) -> Any:
        said.append(f"before {name}")
        value = call_next()
        said.append(f"after {name}")
        return value

    return around


def test_without_middleware_the_call_is_made() -> None:
    assert Hooks().around(RUN, lambda: "done") == "done"


def test_the_first_middleware_added_is_the_outermost() -> None:
    said: list[str] = []
    hooks = Hooks()
    hooks.middleware += [wrapping("first", said), wrapping("second", said)]
    hooks.around(RUN, lambda: said.append("run"))
    assert said == ["before first", "before second", "run", "after second", "after first"]


def test_middleware_is_given_the_run() -> None:
    seen: list[Run] = []
    hooks = Hooks()
    hooks.middleware.append(lambda run, call_next: seen.append(run) or call_next())
    hooks.around(RUN, lambda: None)
    assert seen == [RUN]


def test_the_value_of_the_call_goes_through_middleware() -> None:
    hooks = Hooks()
    hooks.middleware.append(lambda _run, call_next: call_next() * 2)
    assert hooks.around(RUN, lambda: 21) == 42


def test_an_error_of_the_call_goes_through_middleware() -> None:
    said: list[str] = []
    hooks = Hooks()
    hooks.middleware.append(wrapping("only", said))

    def fails() -> None:
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        hooks.around(RUN, fails)
    assert said == ["before only"]


@pytest.mark.parametrize(
    ("status", "called"), [(Status.SUCCEEDED, ["success"]), (Status.DEAD, ["dead"]), (Status.FAILED, [])]
)
def test_each_end_has_its_hooks(status: Status, called: list[str]) -> None:
    said: list[str] = []
    hooks = Hooks()
    hooks.on_success.append(lambda _ended: said.append("success"))
    hooks.on_dead.append(lambda _ended: said.append("dead"))
    hooks.notify(ended(status))
    assert said == called


def test_hooks_are_called_in_the_order_in_which_they_were_added() -> None:
    said: list[int] = []
    hooks = Hooks()
    for number in range(3):
        hooks.on_dead.append(lambda _ended, number=number: said.append(number))
    hooks.notify(ended(Status.DEAD))
    assert said == [0, 1, 2]


def test_a_hook_that_fails_keeps_nothing_from_the_next() -> None:
    said: list[str] = []
    hooks = Hooks()
    hooks.on_dead += [lambda _ended: 1 / 0, lambda _ended: said.append("called")]
    hooks.notify(ended(Status.DEAD))
    assert said == ["called"]


def test_a_hook_that_fails_is_logged_with_its_task(caplog: pytest.LogCaptureFixture) -> None:
    hooks = Hooks()
    hooks.on_dead.append(lambda _ended: 1 / 0)
    hooks.notify(ended(Status.DEAD))
    (line,) = caplog.records
    assert (line.levelno, line.getMessage()) == (logging.ERROR, "a hook failed after task t-1 was DEAD")


@pytest.mark.parametrize("decorator", ["middleware", "on_success", "on_dead"])
def test_a_decorated_function_stays_itself(decorator: str) -> None:
    def function(*_args: Any) -> None: ...

    assert getattr(Penstock(), decorator)(function) is function


def test_each_penstock_object_has_its_own_hooks() -> None:
    one, other = Penstock(), Penstock()
    one.on_dead(lambda _ended: None)
    assert other.hooks.on_dead == []

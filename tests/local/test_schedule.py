"""The schedule of the local stack: what it calls, and that an error is told and not the end of it."""

import threading
from collections.abc import Mapping
from typing import Any

from penstock.local.invocation import FunctionError, InvocationResult, Returned
from penstock.local.schedule import EVENT, Schedule

PATIENCE = 20.0  # seconds that nothing here takes


class Called:
    """A function that notes its events and answers as told; ``often`` is set at the second call."""

    def __init__(self, answer: InvocationResult) -> None:
        self.answer = answer
        self.events: list[Mapping[str, Any]] = []
        self.often = threading.Event()
        self.closed = False

    def invoke(self, event: Mapping[str, Any], timeout: float) -> InvocationResult:
        self.events.append(event)
        if len(self.events) > 1:
            self.often.set()
        return self.answer

    def close(self) -> None:
        self.closed = True


def scheduled(function: Called, errors: list[str]) -> Schedule:
    return Schedule(function, seconds=0.01, timeout=1.0, on_error=errors.append)


def test_it_calls_its_function_again_and_again() -> None:
    function = Called(Returned("{}"))
    schedule = scheduled(function, [])
    schedule.start()
    assert function.often.wait(PATIENCE)
    schedule.stop()
    assert function.events[0] == EVENT


def test_an_error_of_the_function_is_told_and_the_next_call_comes() -> None:
    function, errors = Called(FunctionError("KeyError", "no such table")), list[str]()
    schedule = scheduled(function, errors)
    schedule.start()
    assert function.often.wait(PATIENCE)
    schedule.stop()
    assert "no such table" in errors[0]


def test_stopping_it_ends_the_functions_process() -> None:
    function = Called(Returned("{}"))
    schedule = scheduled(function, [])
    schedule.start()
    schedule.stop()
    assert function.closed

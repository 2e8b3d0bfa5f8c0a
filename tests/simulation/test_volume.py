"""Many good messages through the handler: memory stays where it is, and each costs the calls that were promised."""

import logging
import resource
import sys
from collections import Counter
from typing import Any

import pytest
from msgspec.structs import replace

from tests.simulation.handler import BATCH_SIZE, Handler
from tests.simulation.seeds import is_proof

MESSAGES = 100_000 if is_proof() else 3_000
ROUND = 100
MAX_GROWTH_BYTES = 5 * 1024 * 1024


class Counted:
    """A port that counts its calls."""

    def __init__(self, port: Any, calls: Counter[str]) -> None:
        self._port, self._calls = port, calls

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._port, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._calls[f"{name} {args[1].name}" if name == "apply" else name] += 1
            return method(*args, **kwargs)

        return call


@pytest.fixture
def counted(caplog: pytest.LogCaptureFixture) -> tuple[Handler, Counter[str]]:
    caplog.set_level(logging.CRITICAL, "penstock")
    handler, calls = Handler(), Counter[str]()
    own: Any = handler.ports  # what the mapping receives and deletes is not the worker's call
    handler.tasks.connect(
        replace(
            own,
            transport=Counted(own.transport, calls),
            results=Counted(own.results, calls),
            payloads=Counted(own.payloads, calls),
        )
    )
    return handler, calls


@pytest.mark.parametrize("record", [True, False])
def test_a_task_costs_one_send_two_conditional_updates_and_an_optional_row(
    counted: tuple[Handler, Counter[str]], record: bool
) -> None:
    handler, calls = counted

    @handler.tasks.task(name="double", max_attempts=1, record=record)
    def double(n: int) -> int:
        return 2 * n

    for n in range(50):
        double.enqueue(n)
    handler.drain()
    # One request a batch, not a task: this invocation is a long one, so it shortens the visibility timeout of its batch.
    row = {"apply queued": 50} if record else {}
    assert dict(calls) == {
        "send": 50,
        "apply claim": 50,
        "apply succeed": 50,
        "change_visibility": 50 // BATCH_SIZE,
        **row,
    }


@pytest.mark.timeout(600)
def test_the_worker_remembers_nothing_of_what_it_has_done(counted: tuple[Handler, Counter[str]]) -> None:
    handler, calls = counted
    results: Any = handler.ports.results

    @handler.tasks.task(name="double", max_attempts=1)
    def double(n: int) -> int:
        return 2 * n

    def one_round() -> None:
        for n in range(ROUND):
            double.enqueue(n)
        handler.drain()
        assert {row["status"] for row in results._tasks.values()} == {"SUCCEEDED"}
        results.clear()

    for _ in range(5):  # caches, first imports, and the room that a round needs
        one_round()
    before = peak_bytes()
    for _ in range(MESSAGES // ROUND):
        one_round()
    assert peak_bytes() - before < MAX_GROWTH_BYTES
    assert calls["apply succeed"] == calls["send"] == MESSAGES + 5 * ROUND


def peak_bytes() -> int:
    """The most memory that this process has had so far: it only grows."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024

"""Bad bodies through the handler: nothing escapes, nothing runs, neighbours are untouched, and SQS buries each by itself.

PENSTOCK_BODIES says how many, PENSTOCK_SEED from which seed.
"""

import contextlib
import json
import logging
import os
import time
import tracemalloc

import pytest

from penstock import Penstock
from penstock.ports import OutgoingMessage
from tests.simulation.bodies import LARGE_KINDS, WRONG, Bodies, good
from tests.simulation.handler import BATCH_SIZE, LETTERS, QUEUE, Handler
from tests.simulation.seeds import SEED, is_proof

HOW_MANY = int(os.environ.get("PENSTOCK_BODIES", "20000" if is_proof() else "1500"))
CHUNK = 900
MAX_SECONDS = 0.050
MAX_BYTES = 64 * 1024 * 1024


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "penstock")


class Fuzzed(Handler):
    """A handler with one task, and the numbers that it was run with."""

    def __init__(self) -> None:
        super().__init__()
        self.ran: list[int] = []
        self.add_task(self.tasks)

    def add_task(self, tasks: Penstock) -> None:
        @tasks.task(name="good", max_attempts=1)
        def run(n: int) -> int:
            self.ran.append(n)
            return n

    def send(self, body: str) -> None:
        self.ports.transport.send(OutgoingMessage(QUEUE, body))

    def letters(self) -> list[str]:
        """The dead letters; they are taken away."""
        taken: list[str] = []
        while page := self.ports.transport.receive(LETTERS, max_messages=10):
            taken += [message.body for message in page]
            self.ports.transport.delete(LETTERS, [message.receipt_handle for message in page])
        return taken


@pytest.mark.timeout(24 * 3600 if HOW_MANY > 20_000 else 240)
def test_every_bad_body_ends_in_the_dead_letter_queue_and_spares_its_neighbours() -> None:
    source = Bodies(SEED)
    for start in range(0, HOW_MANY, CHUNK):
        handler = Fuzzed()
        bad = [source.next() for _ in range(min(CHUNK, HOW_MANY - start))]
        neighbours = range(0, len(bad), BATCH_SIZE - 1)
        for number, body in enumerate(bad):
            if number in neighbours:
                handler.send(json.dumps(good(number)))
            handler.send(body)
        handler.drain()
        letters = sorted(handler.letters())
        assert letters == sorted(bad), f"seed {SEED}, bodies {start} to {start + len(bad)}: {odd(letters, bad)}"
        assert handler.ran == list(neighbours), f"seed {SEED}, bodies from {start}"


def odd(letters: list[str], bad: list[str]) -> list[str]:
    """What is missing in the dead-letter queue, shortened."""
    return [body[:300] for body in bad if body not in letters][:5]


def largest_and_each_kind() -> list[str]:
    source = Bodies(SEED)
    return [source.large(kind) for kind in range(LARGE_KINDS)] + [source.next() for _ in range(300)]


def test_no_bad_body_takes_longer_than_50_ms_or_64_mb() -> None:
    for body in largest_and_each_kind():
        handler = Fuzzed()
        # Well-formed JSON of a quarter of a million objects: there Python's own parser, on this machine, is the measure.
        limit = max(MAX_SECONDS, 8 * parse_seconds(body))
        assert min(seconds_for(handler, body) for _ in range(3)) < limit, body[:200]
        assert bytes_for(handler, body) < MAX_BYTES, body[:200]


def parse_seconds(body: str) -> float:
    """CPU seconds that json.loads takes."""
    started = time.process_time()
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(body)
    return time.process_time() - started


def seconds_for(handler: Fuzzed, body: str) -> float:
    """CPU seconds of one delivery."""
    handler.send(body)
    started = time.process_time()
    handler.deliver()
    taken = time.process_time() - started
    handler.ports.transport.purge(QUEUE)
    return taken


def bytes_for(handler: Fuzzed, body: str) -> int:
    """The most memory that one delivery takes, beside the message itself."""
    handler.send(body)
    tracemalloc.start()
    try:
        handler.deliver()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_the_same_seed_gives_the_same_bodies() -> None:
    one, other = Bodies(3), Bodies(3)
    assert [one.next() for _ in range(500)] == [other.next() for _ in range(500)]


@pytest.mark.parametrize("field", sorted(WRONG))
def test_no_wrong_value_of_a_field_runs(field: str) -> None:
    handler = Fuzzed()
    for number, value in enumerate(WRONG[field]):
        handler.send(json.dumps({**good(number), field: value}))
    handler.drain()
    assert (handler.ran, len(handler.letters())) == ([], len(WRONG[field]))

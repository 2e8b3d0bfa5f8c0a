"""A producer: enqueues one task after the other, and has its own log of what it knows."""

import random
import time
from contextlib import suppress
from pathlib import Path

from penstock.errors import EnqueueUncertain, PenstockError
from tests.kills.logs import Log, read
from tests.kills.user_code import POLLED, enqueue, tasks
from tests.kills.worker import QUEUE

# Of the tasks that are in doubt: a caller that is gone for good, and nobody knows whether they were accepted.
_FORSAKEN = 0.2
_BACKLOG, _LOOK_EVERY = 200, 5  # messages; tasks


def produce(path: Path, seed: int, numbers: range) -> None:
    """Enqueue the tasks ``numbers``, from where the log at ``path`` ends: this producer may have been killed before."""
    log, facts = Log(path), read(path)
    attempted = {fact["number"] for fact in facts if fact["kind"] == "attempted"}
    settled = {fact["number"] for fact in facts if fact["kind"] in ("acknowledged", "forsaken")}
    for number in sorted(attempted - settled):
        _again(log, seed, number)
    for number in numbers:
        if number not in attempted:
            _wait_for_room(number)
            _enqueue(log, seed, number)
    log.note("done")


def _wait_for_room(number: int) -> None:
    """Do not run far ahead of the workers: the longer its queue is, the longer the emulator takes to receive from it."""
    with suppress(PenstockError):
        while number % _LOOK_EVERY == 0 and _waiting() > _BACKLOG:
            time.sleep(0.5)


def _waiting() -> int:
    return sum(tasks.ports.transport.depth(queue).visible for queue in (QUEUE, POLLED))


def _enqueue(log: Log, seed: int, number: int) -> None:
    task = f"task-{number}"
    log.note("attempted", number=number, task=task)
    try:
        enqueue(seed, number)
    except EnqueueUncertain:
        log.note("uncertain", number=number, task=task)
        _again(log, seed, number)
    else:
        log.note("acknowledged", number=number, task=task)


def _again(log: Log, seed: int, number: int) -> None:
    """A task in doubt is enqueued again under its id; now and then there is nobody left to do it."""
    if random.random() < _FORSAKEN:
        log.note("forsaken", number=number, task=f"task-{number}")
    else:
        _enqueue(log, seed, number)

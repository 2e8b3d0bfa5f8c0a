"""Breadth first through every reachable state, then backwards from the good ends."""

import gc
from collections import deque

from msgspec import Struct

from tests.simulation.model import judge
from tests.simulation.model.protocol import Model
from tests.simulation.model.state import Message, State
from tests.simulation.model.steps import By


class Finding(Struct, frozen=True):
    """A broken promise, or a state without a good end: what, and a shortest way to it."""

    what: str
    trace: str


class Exploration(Struct, frozen=True):
    """How many states there were, which steps led to them (their labels), and what is wrong with them."""

    states: int
    labels: frozenset[str]
    finding: Finding | None


def explore(model: Model, *, limit: int = 1_000_000) -> Exploration:
    """Visit each state once. The first broken promise ends it; without one, every state must have a good end."""
    collecting = gc.isenabled()
    gc.disable()  # a state refers to no other: looking for circles among all of them is half of the time
    try:
        return _explore(model, limit)
    finally:
        if collecting:
            gc.enable()


def _explore(model: Model, limit: int) -> Exploration:
    start = model.start()
    numbers: dict[State, int] = {start: 0}
    came_from: list[tuple[State | None, str]] = [(None, "nothing has happened yet")]
    leads_here: list[list[int]] = [[]]  # by steps of nature alone
    ends: list[int] = []
    waiting = deque([start])
    labels: set[str] = set()

    def found(what: str, path: list[tuple[str, State]]) -> Exploration:
        return Exploration(len(numbers), frozenset(labels), Finding(what, _told(path)))

    while waiting:
        state = waiting.popleft()
        number = numbers[state]
        for label, by, after, broken in model.steps(state):
            labels.add(label)
            if after not in numbers:
                numbers[after] = len(numbers)
                came_from.append((state, label))
                leads_here.append([])
                waiting.append(after)
                broken = broken or judge.broken(after, model.faults.max_attempts)
            if broken:
                return found(broken, [*_path(state, numbers, came_from), (label, after)])
            if by is By.NATURE:
                leads_here[numbers[after]].append(number)
        if model.is_good_end(state):
            ends.append(number)
        if len(numbers) > limit:
            raise RuntimeError(f"more than {limit:,} states: make the configuration smaller")
    stuck = _without_good_end(ends, leads_here)
    if stuck is None:
        return Exploration(len(numbers), frozenset(labels), None)
    state = next(state for state, number in numbers.items() if number == stuck)
    return found(STUCK, _path(state, numbers, came_from))


STUCK = "stuck: without further faults no way leads to a good end"


def _without_good_end(ends: list[int], leads_here: list[list[int]]) -> int | None:
    good = bytearray(len(leads_here))
    waiting = list(ends)
    for end in ends:
        good[end] = True
    while waiting:
        for before in leads_here[waiting.pop()]:
            if not good[before]:
                good[before] = True
                waiting.append(before)
    stuck = good.find(0)
    return None if stuck < 0 else stuck


def _path(
    state: State, numbers: dict[State, int], came_from: list[tuple[State | None, str]]
) -> list[tuple[str, State]]:
    path: list[tuple[str, State]] = []
    here: State | None = state
    while here is not None:
        before, label = came_from[numbers[here]]
        path.append((label, here))
        here = before
    return path[::-1]


def _told(path: list[tuple[str, State]]) -> str:
    return "\n".join(f"{label:<36} {_shown(state)}" for label, state in path)


def _shown(state: State) -> str:
    row = state.row
    parts = ["no row"]
    if row is not None:
        fields = {
            "lease": row.lease,
            "send": row.send,
            "sent": row.sent,
            "left": row.left,
            "retry": row.retry,
            "cancel": row.cancel or None,
        }
        parts = [" ".join([row.status, *(f"{name}={value}" for name, value in fields.items() if value is not None)])]
    parts += [
        f"{name}: {' '.join(map(_named, messages))}"
        for name, messages in (("queue", state.queue), ("letters", state.dead_letters))
        if messages
    ]
    parts += [
        f"{w.phase} {_named(w.message)}{'' if w.owns else ' (not the owner)'}" for w in state.workers if w.message
    ]
    return " │ ".join(parts)


def _named(message: Message) -> str:
    after = ("", "-after", "-stale")[message.after]
    return f"s{message.send}@{message.sent}{after}"

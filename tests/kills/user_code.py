"""What the tasks of a kill run do, and its log of effects: a line when a run begins and one when it ends, however it ends.

The odd ones are for Lambda's stand-in, the even ones for the worker that polls its queue itself.
"""

import os
import random
import secrets
import signal
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from penstock import Backoff, Penstock, Reject, Retry, TaskResult, current_task
from tests.kills.logs import Log

TIME_LIMIT = 1  # seconds, the least there is
MAX_ATTEMPTS = 4

# What a task does, in percent. "dies" and "rejected" do so until their cause is repaired. The first run of a "late" one
# ignores its time limit, as C code can, outlives its lease, and ends when the second run has begun: a zombie. A "long" one
# takes longer than the lease that it begins with: without a heartbeat it would run twice at once.
PLANS = {"good": 84, "unlucky": 8, "retry": 3, "dies": 2, "rejected": 2, "late": 1}
POLLED_PLANS = {**PLANS, "good": 82, "long": 2}
LONG_MILLISECONDS = (7_500, 9_000)
LONG_TIME_LIMIT = 12
POLLED = "polled"
_LONGEST_ZOMBIE_SECONDS = 25.0  # a worker with a heartbeat gives its lease up eight seconds after the start


@dataclass
class Here:
    """What user code sees of its process. ``lease_until`` is when the leases of this invocation end, in seconds since 1970."""

    folder: Path = Path()
    effects: Log | None = None
    lease_until: float = 0

    @property
    def is_repaired(self) -> bool:
        """True once somebody has repaired what the dead tasks died of."""
        return (self.folder / "repaired").exists()


here = Here()
tasks = Penstock()


def work(plan: str, milliseconds: int) -> dict[str, Any]:
    """Take ``milliseconds``, then do what the plan says; the result is the log's, so that the two can be compared."""
    _note("started", pid=os.getpid(), lease_until=here.lease_until)
    try:
        _take_time(plan, milliseconds)
        _fail(plan)
    except BaseException as error:
        _note("ended", pid=os.getpid(), error=type(error).__name__)
        raise
    result = {"attempt": current_task.attempt, "token": secrets.token_hex(8)}
    _note("ended", pid=os.getpid(), result=result)
    return result


_task = partial(tasks.task, max_attempts=MAX_ATTEMPTS, backoff=Backoff(base=1, cap=2))
_invoked = _task(name="work", time_limit=TIME_LIMIT)(work)
_polled = _task(name="work_polled", queue=POLLED, time_limit=TIME_LIMIT)(work)
_long = _task(name="work_long", queue=POLLED, time_limit=LONG_TIME_LIMIT)(work)


def enqueue(seed: int, number: int) -> TaskResult[dict[str, Any]]:
    """Enqueue task ``number`` under its name."""
    name, milliseconds = plan(seed, number)
    task = _long if name == "long" else _invoked if number % 2 else _polled
    return task.using(task_id=f"task-{number}").enqueue(name, milliseconds)


def plan(seed: int, number: int) -> tuple[str, int]:
    """What task ``number`` does and how long it takes (milliseconds): always the same for one seed."""
    chance = random.Random(f"{seed}:{number}")
    plans = PLANS if number % 2 else POLLED_PLANS
    (name,) = chance.choices(list(plans), list(plans.values()))
    return name, chance.randint(*LONG_MILLISECONDS) if name == "long" else chance.randint(50, 600)


def zombie(folder: Path, pid: int) -> Path:
    """Exists while the process ``pid`` is in a run that outlives its lease: whoever kills at random should spare it."""
    return folder / f"zombie-{pid}"


def _take_time(plan: str, milliseconds: int) -> None:
    second_run = here.folder / f"{current_task.id}-again"
    if plan != "late":
        time.sleep(milliseconds / 1000)
    elif current_task.attempt > 1:
        second_run.touch()
        time.sleep(0.8)
    else:
        signal.setitimer(signal.ITIMER_REAL, 0)
        mark = zombie(here.folder, os.getpid())
        mark.touch()
        end = time.monotonic() + _LONGEST_ZOMBIE_SECONDS
        while not second_run.exists() and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(random.uniform(0, 1.2))  # in the middle of the second run, or after it
        mark.unlink()


def _fail(plan: str) -> None:
    first = current_task.attempt == 1
    if plan == "retry" and first:
        raise Retry("the service is away", delay=1)
    if plan == "unlucky" and first:
        raise ValueError("bad luck")
    if plan == "dies" and not here.is_repaired:
        raise ValueError("the cause is not repaired")
    if plan == "rejected" and not here.is_repaired:
        raise Reject("a damaged picture")


def _note(kind: str, **facts: Any) -> None:
    if here.effects is not None:
        here.effects.note(kind, task=current_task.id, attempt=current_task.attempt, **facts)

"""The one task of a kill run, and its log of effects: a line when a run begins and one when it ends, however it ends."""

import os
import random
import secrets
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock import Backoff, Penstock, Reject, Retry, current_task
from tests.kills.logs import Log

TIME_LIMIT = 1  # seconds, the least there is
MAX_ATTEMPTS = 4

# What a task does, in percent. "dies" and "rejected" do so until their cause is repaired. The first run of a "late" one
# ignores its time limit, as C code can, outlives its lease, and ends when the second run has begun: a zombie.
PLANS = {"good": 84, "unlucky": 8, "retry": 3, "dies": 2, "rejected": 2, "late": 1}
_LONGEST_ZOMBIE_SECONDS = 15.0


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


@tasks.task(max_attempts=MAX_ATTEMPTS, time_limit=TIME_LIMIT, backoff=Backoff(base=1, cap=2))
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


def plan(seed: int, number: int) -> tuple[str, int]:
    """What task ``number`` does and how long it takes (milliseconds): always the same for one seed."""
    chance = random.Random(f"{seed}:{number}")
    (name,) = chance.choices(list(PLANS), list(PLANS.values()))
    return name, chance.randint(50, 600)


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

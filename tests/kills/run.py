"""One kill run: storm, repair and redrive under the same storm, calm, rest; then the judge.

``python -m tests.kills.run --seed 1`` does one by hand; ``--mutant`` with a rule of the protocol broken.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from penstock.local import lifeline
from penstock.local.environment import local_environment
from penstock.local.process import Child, Log, Program, StackError
from penstock.local.ready import says
from penstock.local.sockets import HOST, listen
from tests.e2e.emulator import ROOT
from tests.kills import checker, logs, nursery, proxy
from tests.kills.cloud import Cloud
from tests.simulation.mutants import MUTANTS

WORKERS, POLLERS = 4, 4
PRODUCERS = 3
KILLED, KILLED_POLLERS = "killed workers", "of them pollers"
# A run without one of these proves nothing, nor does one with too few kills.
NEEDED = ("lost request", "lost reply", "stopped", "runs cut off", "zombies", KILLED_POLLERS)
NEEDED_OF_POLLERS = ("asked to stop", "ended when asked", "handed back", "renewals", "runs past their first lease")
LOSS_RATE = 0.02  # of requests, and of replies
PRODUCER_LOSS_RATE = 0.15  # its network is worse: three sends in a row have to fail for an EnqueueUncertain
_REDRIVE_STORM_SECONDS = 15.0  # at least: kills and losses go on while dead letters are redriven
# Most runs need one minute: letters whose receive was lost stay hidden for 40 s. But a message that finds no table, three
# tries in a row, waits by its receive count, 15 minutes at most: about one run in a hundred of CI's size sees that.
HEAL_SECONDS = 1_000.0
_LAST_RUN_SECONDS = 20.0  # longer than any run, zombies included


@dataclass(frozen=True)
class Size:
    """How large a run is; it fails if fewer than ``kills`` workers were killed."""

    tasks: int = 1_000
    kills: int = 100

    @property
    def storm_seconds(self) -> float:
        """When the storm ends at the latest, with work left or not: then something hangs."""
        return 300 + 0.5 * self.tasks


def run(size: Size, seed: int, folder: Path, log: Log, *, mutant: str | None = None) -> checker.Report:
    """A whole run in ``folder``, with everything that it writes left there. Every process of it has ended at the end."""
    with ExitStack() as stack:
        cloud = Cloud(folder / "emulator", log)
        stack.callback(cloud.stop)
        children = _start(cloud, size, seed, folder, log, mutant, stack)
        weather = Weather(folder, cloud, children)
        storm = Rest(("SUCCEEDED", "DEAD"), lambda: _is_all_enqueued(folder) and not any(cloud.left().values()))
        weather.until(storm.has_come, size.storm_seconds)
        (folder / "repaired").touch()
        weather.last(_REDRIVE_STORM_SECONDS)
        (folder / "calm").touch()
        weather.until(Rest(("SUCCEEDED",), lambda: not any(_everywhere(cloud).values())).has_come, HEAL_SECONDS)
        weather.look()
        queues = _everywhere(cloud)
    return judge(size, folder, queues)


def _everywhere(cloud: Cloud) -> dict[str, int]:
    return {**cloud.left(), **cloud.letters()}


def judge(size: Size, folder: Path, queues: dict[str, int]) -> checker.Report:
    """The checker's word on the logs in ``folder``."""
    deaths, losses = logs.read(folder / "kills.jsonl"), logs.read(folder / "losses.jsonl")
    faults = Counter(fact["kind"] for fact in (*deaths, *losses))
    killed = Counter(fact["role"].split()[0] for fact in deaths if fact["kind"] == "killed")
    faults[KILLED] = killed[nursery.WORKER] + killed[nursery.POLLER]
    faults[KILLED_POLLERS] = killed[nursery.POLLER]
    producer = _produced(folder)
    faults["uncertain"] = sum(fact["kind"] == "uncertain" for fact in producer)
    report = checker.check(
        producer,
        logs.read(folder / "effects.jsonl"),
        logs.read(folder / "scans.jsonl"),
        queues,
        faults=faults,
        at_least={KILLED: size.kills, **dict.fromkeys((*NEEDED, *NEEDED_OF_POLLERS), 1)},
    )
    report.violations += [
        f"{fact['role']} crashed: status {fact['status']}" for fact in deaths if fact["kind"] == "crashed"
    ]
    if not _is_all_enqueued(folder):
        report.violations.append("the producers did not get through")
    return report


def _produced(folder: Path) -> list[dict[str, Any]]:
    return [fact for path in sorted(folder.glob("producer-*.jsonl")) for fact in logs.read(path)]


def _is_all_enqueued(folder: Path) -> bool:
    return [fact["kind"] for fact in _produced(folder)].count("done") == PRODUCERS


class Weather:
    """Time passes: the table is scanned every now and then, and the processes are watched."""

    def __init__(self, folder: Path, cloud: Cloud, children: list[Child]) -> None:
        self._scans = logs.Log(folder / "scans.jsonl")
        self._cloud = cloud
        self._children = children
        self._seen: dict[str, Any] = {}

    def look(self) -> dict[str, Any]:
        """Scan the table, and write down each row that is not as it was."""
        rows = self._cloud.rows()
        for task in rows.keys() | self._seen.keys():
            if rows.get(task) != self._seen.get(task):
                self._scans.note("seen", task=task, row=rows.get(task))
        self._seen = rows
        return rows

    def until(self, done: Callable[[dict[str, Any]], bool], seconds: float) -> None:
        """Return when ``done`` holds of the rows, or ``seconds`` have passed: the judge says what that means."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            started = time.monotonic()
            if done(self.look()):
                return
            for child in self._children:
                if child.exit_code is not None:
                    raise StackError(child.obituary("ended by itself"))
            # A scan of many rows is work for the emulator: it gets a tenth of its time for that at most.
            time.sleep(max(0.5, 10 * (time.monotonic() - started)))

    def last(self, seconds: float) -> None:
        """Let ``seconds`` pass."""
        self.until(lambda _rows: False, seconds)


class Rest:
    """The end of a phase: the queues ``are_empty``, and every row has one of ``statuses``, or has had the time for it.

    Where the queues are empty nobody takes a task up again: to wait longer for one that is lost would find nothing.
    """

    def __init__(self, statuses: Sequence[str], are_empty: Callable[[], bool]) -> None:
        self._statuses = statuses
        self._are_empty = are_empty
        self._empty_since: float | None = None

    def has_come(self, rows: dict[str, Any]) -> bool:
        """True when it has come; ``rows`` are the table's now."""
        if not self._are_empty():
            self._empty_since = None
            return False
        self._empty_since = self._empty_since or time.monotonic()
        is_late = time.monotonic() > self._empty_since + _LAST_RUN_SECONDS
        return is_late or all(row["status"] in self._statuses for row in rows.values())


def _start(
    cloud: Cloud, size: Size, seed: int, folder: Path, log: Log, mutant: str | None, stack: ExitStack
) -> list[Child]:
    """The network, then the nursery behind it."""
    near, far = (stack.enter_context(listen(0, setting="", what="the proxy")) for _ in range(2))
    endpoint, producer_endpoint = (f"http://{HOST}:{socket.getsockname()[1]}" for socket in (near, far))
    network = (
        *("--upstream", str(cloud.port), "--log", str(folder / "losses.jsonl"), "--calm", str(folder / "calm")),
        *("--listener", str(near.fileno()), str(LOSS_RATE), "--listener", str(far.fileno()), str(PRODUCER_LOSS_RATE)),
        *("--seed", str(seed)),
    )
    family = (
        *("--folder", str(folder), "--seed", str(seed), "--tasks", str(size.tasks), "--workers", str(WORKERS)),
        *("--pollers", str(POLLERS), "--producers", str(PRODUCERS)),
        *("--queue-arn", cloud.queue_arn, "--producer-endpoint", producer_endpoint),
        *(("--mutant", mutant) if mutant else ()),
    )
    environ = local_environment(os.environ, endpoint)
    programs = (
        Program(
            "proxy",
            (sys.executable, "-m", proxy.__name__, lifeline.argument(), *network),
            environ,
            ROOT,
            ready=says(proxy.READY),
            descriptors=(near.fileno(), far.fileno()),
        ),
        Program(
            "nursery",
            (sys.executable, "-m", nursery.__name__, *family),
            {**environ, **cloud.settings},
            ROOT,
            ready=says(nursery.READY),
        ),
    )
    children = [cloud.child]
    for program in programs:
        children.append(Child(program, log))
        stack.callback(children[-1].stop_within, 0)
        children[-1].wait_until_ready()
    return children


def main(arguments: list[str]) -> int:
    """One run by hand; 1 where the judge found something."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=20260301)
    parser.add_argument("--tasks", type=int, default=Size.tasks)
    parser.add_argument("--kills", type=int, default=Size.kills, help="fewer than these fail the run")
    parser.add_argument("--mutant", choices=list(MUTANTS))
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="penstock-kills-"))
    started = time.monotonic()
    size = Size(options.tasks, options.kills)
    report = run(size, options.seed, folder, lambda name, line: print(f"{name}| {line}"), mutant=options.mutant)
    print(f"seed {options.seed}, {time.monotonic() - started:.0f} s, logs in {folder}\n{report}")
    for violation in report.violations[:20]:
        print(f"  {violation}")
    return 1 if report.violations else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

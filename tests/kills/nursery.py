"""The nursery: forks the workers, the producers and the caretaker, kills one of them at random, and replaces it at once.

It has imported everything and made the AWS clients (which send nothing until they are used), so a child is at work some
milliseconds after its birth, and a kill hits user code and calls of AWS instead of imports. Some children are stopped for
longer than a lease instead, and go on then: zombies. Of the workers that poll their queue themselves some are asked to stop.
"""

import argparse
import os
import random
import select
import signal
import sys
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from pathlib import Path

from penstock.aws import lambda_handler, reconciler_handler
from penstock.aws.connection import ports
from penstock.local import lifeline
from penstock.settings import Settings
from tests.kills.caretaker import take_care
from tests.kills.logs import Log
from tests.kills.polled import app_of, poll
from tests.kills.producer import produce
from tests.kills.user_code import here, tasks, zombie
from tests.kills.worker import serve
from tests.simulation.mutants import MUTANTS, applied

KILL_SECONDS = 0.35  # between two kills, on average
_STOP_SECONDS = 6.0  # between two stops
_STOPPED_SECONDS = 9.5  # longer than a lease and its tolerance
_SHARE_OF_OTHERS = 0.04  # of the kills, for each producer and for the caretaker; the rest hits workers
_SHARE_OF_STOPS = 0.5  # of what hits a poller: SIGTERM, the rest SIGKILL
WORKER, POLLER = "worker", "poller"
READY = "the nursery is ready"


class Nursery:
    """``roles`` are the children to keep alive: name -> what it does. Those whose work can end say so by exit code 0.

    ``folder`` gets the log of kills and the children's output.
    """

    def __init__(self, roles: dict[str, Callable[[], None]], folder: Path, seed: int) -> None:
        self._roles = roles
        self._folder = folder
        self._log = Log(folder / "kills.jsonl")
        self._chance = random.Random(seed)
        self._children: dict[int, str] = {}
        self._stopped: dict[int, float] = {}
        self._asked: set[int] = set()
        self._next_kill = self._next_stop = 0.0

    def run(self) -> None:
        """Until standard input ends. No more kills once the file ``calm`` exists."""
        calm = self._folder / "calm"
        for role in self._roles:
            self._fork(role)
        self._plan_kill()
        self._plan_stop()
        print(READY, flush=True)
        while not select.select([sys.stdin], [], [], 0.02)[0]:
            self._replace_the_dead()
            self._wake(everyone=calm.exists())
            if calm.exists():
                continue
            if time.monotonic() >= self._next_kill and (pid := self._victim()):
                self._plan_kill()
                self._end(pid)
            if time.monotonic() >= self._next_stop and (pid := self._victim()):
                self._plan_stop()
                self._stop(pid)

    def _plan_kill(self) -> None:
        self._next_kill = time.monotonic() + KILL_SECONDS * self._chance.uniform(0.5, 1.5)

    def _plan_stop(self) -> None:
        self._next_stop = time.monotonic() + _STOP_SECONDS * self._chance.uniform(0.5, 1.5)

    def _victim(self) -> int | None:
        """A child at random, mostly a worker. Not one that is to come back as a zombie: hardly any would live to see it."""
        victims = [pid for pid in sorted(self._children) if pid not in self._stopped and not self._is_zombie(pid)]
        workers = [pid for pid in victims if self._children[pid].startswith((WORKER, POLLER))]
        others = [pid for pid in victims if pid not in workers]
        among = others if self._chance.random() < _SHARE_OF_OTHERS * len(others) else workers
        return self._chance.choice(among) if among else None

    def _is_zombie(self, pid: int) -> bool:
        return zombie(self._folder, pid).exists()

    def _end(self, pid: int) -> None:
        is_poller = self._children[pid].startswith(POLLER)
        if not is_poller or pid in self._asked or self._chance.random() >= _SHARE_OF_STOPS:
            self._kill(pid)
            return
        self._asked.add(pid)
        os.kill(pid, signal.SIGTERM)
        self._log.note("asked to stop", role=self._children[pid], pid=pid)

    def _kill(self, pid: int) -> None:
        os.kill(pid, signal.SIGKILL)
        if os.WIFSIGNALED(os.waitpid(pid, 0)[1]):
            self._log.note("killed", role=self._children[pid], pid=pid)
        self._bury(pid)

    def _stop(self, pid: int) -> None:
        self._stopped[pid] = time.monotonic() + _STOPPED_SECONDS
        os.kill(pid, signal.SIGSTOP)
        self._log.note("stopped", role=self._children[pid], pid=pid)

    def _wake(self, *, everyone: bool) -> None:
        for pid, until in list(self._stopped.items()):
            if everyone or time.monotonic() >= until:
                del self._stopped[pid]
                os.kill(pid, signal.SIGCONT)

    def _replace_the_dead(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            if status == 0 and pid in self._asked:
                self._log.note("ended when asked", role=self._children[pid], pid=pid)
            elif status == 0:
                del self._roles[self._children[pid]]  # its work is done
            elif not (pid in self._asked and os.WIFSIGNALED(status)):  # asked before it had a handler for it
                self._log.note("crashed", role=self._children[pid], pid=pid, status=status)
            self._bury(pid)

    def _bury(self, pid: int) -> None:
        role = self._children.pop(pid)
        self._stopped.pop(pid, None)
        self._asked.discard(pid)
        if role in self._roles:
            self._fork(role)

    def _fork(self, role: str) -> None:
        pid = os.fork()
        if pid:
            self._children[pid] = role
            return
        try:
            self._be(self._roles[role])
        except BaseException:
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)

    def _be(self, work: Callable[[], None]) -> None:
        lifeline.hold(argparse.Namespace(lifeline=True))
        output = os.open(self._folder / "output.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        os.dup2(output, 1)
        os.dup2(output, 2)
        work()


def main(arguments: list[str]) -> int:
    """Keep the children of one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--tasks", type=int, required=True)
    parser.add_argument("--workers", type=int, required=True)
    parser.add_argument("--pollers", type=int, required=True)
    parser.add_argument("--producers", type=int, required=True)
    parser.add_argument("--queue-arn", required=True)
    parser.add_argument("--producer-endpoint", required=True)
    parser.add_argument("--mutant", choices=list(MUTANTS))
    options = parser.parse_args(arguments)
    folder: Path = options.folder

    with applied(*MUTANTS[options.mutant]) if options.mutant else nullcontext():
        here.folder, here.effects = folder, Log(folder / "effects.jsonl")
        handler, reconciler = lambda_handler(tasks), reconciler_handler(tasks)
        app = app_of(tasks)
        os.environ["AWS_ENDPOINT_URL"] = options.producer_endpoint
        to_sqs_from_afar = ports(Settings.load())

        def worker() -> None:
            serve(tasks.ports.transport, handler, options.queue_arn)

        def producer(number: int) -> None:
            tasks.connect(to_sqs_from_afar)
            numbers = range(number, options.tasks + 1, options.producers)
            produce(folder / f"producer-{number}.jsonl", options.seed, numbers)

        roles: dict[str, Callable[[], None]] = {
            **{f"producer {number}": partial(producer, number) for number in range(1, options.producers + 1)},
            "caretaker": partial(take_care, tasks, reconciler),
            **{f"{WORKER} {number}": worker for number in range(1, options.workers + 1)},
            **{f"{POLLER} {number}": partial(poll, app, tasks) for number in range(1, options.pollers + 1)},
        }
        Nursery(roles, folder, options.seed).run()
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)  # the children have lifelines too, but a stopped one hears nothing
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

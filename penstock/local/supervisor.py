"""Keeps the processes of the local stack: starts them in order, restarts some on a change, stops all, leaves none.

It has no thread of its own: what goes wrong is raised in the caller's thread, by ``check``.
"""

import time
from collections.abc import Iterable

from penstock.local.process import Child, Log, Program, StackError

GRACE_SECONDS = 3.0  # for a running task to end after SIGTERM; then the process group is killed
SUPERVISOR = "local"  # the name under which it speaks itself
_POLL_SECONDS = 0.1


class Supervisor:
    """The children, by name, in the order in which they were started."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._children: dict[str, Child] = {}

    @property
    def pids(self) -> dict[str, int]:
        """Name -> process id of what runs."""
        return {name: child.pid for name, child in self._children.items() if child.exit_code is None}

    def start(self, *programs: Program) -> None:
        """Start ``programs`` side by side and return when all are ready; StackError tells which one is not, and why."""
        for child in [self._spawn(program) for program in programs]:
            child.wait_until_ready()

    def restart(self, names: Iterable[str]) -> None:
        """Stop these and start them again. One that does not come up is reported and stays down: fix it and save."""
        old = [self._children[name] for name in names]
        _stop(old)
        for child in [self._spawn(child.program) for child in old]:
            try:
                child.wait_until_ready()
            except StackError as error:
                _stop([child])
                self._log(SUPERVISOR, f"{error}\n{child.name} is down until the next change")

    def check(self) -> None:
        """StackError if a child has ended by itself."""
        for child in self._children.values():
            if child.ended_by_itself:
                raise StackError(child.obituary("ended unexpectedly"))

    def wait(self) -> None:
        """Wait until a child ends by itself (StackError) or a signal handler raises."""
        while True:
            self.check()
            time.sleep(_POLL_SECONDS)

    def stop(self) -> None:
        """Stop everything and return when nothing is left: after some seconds at most.

        The first started goes last: the others need moto to finish what they are doing.
        """
        children = list(self._children.values())
        _stop(children[1:])
        _stop(children[:1])

    def _spawn(self, program: Program) -> Child:
        child = self._children[program.name] = Child(program, self._log)
        return child


def _stop(children: Iterable[Child]) -> None:
    stopping = list(children)
    for child in stopping:
        child.ask_to_stop()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in stopping:
        child.stop_within(deadline - time.monotonic())

"""One child process of the supervisor: in a process group of its own, on a lifeline, its output read line by line."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from penstock.errors import PenstockError

LAST_LINES = 25  # a Python traceback and what led to it
_POLL_SECONDS = 0.05
_DRAIN_SECONDS = 1.0

Log = Callable[[str, str], None]
"""Takes a process's name and one line that it wrote."""


class StackError(PenstockError):
    """A process of the local stack did not start, or ended by itself; the message shows its exit code and last lines."""


@dataclass(frozen=True)
class Program:
    """What to run: ``arguments`` is the command line, ``descriptors`` are inherited, ``ready`` says when it serves."""

    name: str
    arguments: tuple[str, ...]
    environ: Mapping[str, str]
    directory: Path
    ready: Callable[["Child"], bool]
    descriptors: tuple[int, ...] = ()
    start_timeout: float = 30.0


@dataclass(eq=False)
class Child:
    """A running ``program``; ``log`` is called from a thread of its own."""

    program: Program
    log: Log
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LAST_LINES))
    stopping: bool = False

    def __post_init__(self) -> None:
        self.started: float = time.monotonic()
        self._process = subprocess.Popen(
            self.program.arguments,
            env=dict(self.program.environ),
            cwd=self.program.directory,
            stdin=subprocess.PIPE,  # the lifeline: see lifeline.py
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=self.program.descriptors,
            process_group=0,  # Ctrl-C reaches the supervisor alone, which then stops everyone in order
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._reader = self._thread(self._read)
        self._waiter = self._thread(self._process.wait)

    @property
    def name(self) -> str:
        """The program's name."""
        return self.program.name

    @property
    def pid(self) -> int:
        """Its process id, which is its process group's id too."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative: the number of the signal that ended it."""
        return self._process.returncode

    def said(self, text: str) -> bool:
        """True once one of its last lines contained ``text``."""
        return any(text in line for line in list(self.lines))

    @property
    def ended_by_itself(self) -> bool:
        """True if it is gone and nobody asked it to stop."""
        return self.exit_code is not None and not self.stopping

    def wait_until_ready(self) -> None:
        """Return when the program serves; StackError if it ends before, or takes too long."""
        while not self.program.ready(self):
            if self.exit_code is not None:
                raise StackError(self.obituary("ended while starting"))
            if time.monotonic() - self.started > self.program.start_timeout:
                raise StackError(self.obituary(f"was not ready within {self.program.start_timeout:.0f} s"))
            time.sleep(_POLL_SECONDS)

    def ask_to_stop(self) -> None:
        """Send SIGTERM and return at once."""
        self.stopping = True
        with contextlib.suppress(ProcessLookupError):
            self._process.terminate()

    def stop_within(self, seconds: float) -> None:
        """Wait ``seconds`` for it to end, then kill what is left of its process group."""
        self.stopping = True
        self._waiter.join(max(seconds, 0))
        self._kill_group()
        self._waiter.join()
        self._reader.join(_DRAIN_SECONDS)
        if self._process.stdin is not None:
            self._process.stdin.close()
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()

    def obituary(self, what: str) -> str:
        """``what`` happened, with the exit code and the last lines."""
        if self.exit_code is not None:
            self._reader.join(_DRAIN_SECONDS)
        said = "\n".join(f"  {line}" for line in self.lines) or "  (it wrote nothing)"
        return f"{self.name} {what}{_how_it_ended(self.exit_code)}. Its last lines:\n{said}"

    def _kill_group(self) -> None:
        # Also after a clean exit: the leader's own children may have outlived it. PermissionError is what macOS says
        # of a group in which only zombies are left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def _read(self) -> None:
        if self._process.stdout is not None:
            for line in self._process.stdout:
                self.lines.append(line.rstrip("\n"))
                self.log(self.name, line.rstrip("\n"))

    def _thread(self, target: Callable[[], object]) -> threading.Thread:
        thread = threading.Thread(target=target, name=f"{self.name}-{target.__name__}", daemon=True)
        thread.start()
        return thread


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return ""
    if code < 0:
        return f" (killed by {signal.Signals(-code).name})"
    return f" (exit code {code})"

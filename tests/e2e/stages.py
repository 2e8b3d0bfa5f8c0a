"""What the stages of the end-to-end tests took, and what their commands said."""

import contextlib
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

_KEPT_LINES = 400
_SHOWN_CHARACTERS = 500  # a plan as JSON is one line of a megabyte


class StageFailed(AssertionError):
    """A command of a stage ended as it should not; the message has the command, its exit code and its last lines."""


@dataclass(slots=True)
class Journal:
    """Durations by stage, and the last lines of every process: shown when something fails."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=_KEPT_LINES))

    def __call__(self, name: str, line: str) -> None:
        """Take one line that the process ``name`` wrote."""
        self.lines.append(f"{name:10}| {line[:_SHOWN_CHARACTERS]}")

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens inside."""
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = self.seconds.get(name, 0.0) + time.monotonic() - started


@dataclass(frozen=True, slots=True)
class Ended:
    """A command that has ended, and what it printed on both streams."""

    command: tuple[str, ...]
    exit_code: int
    output: str

    @property
    def last_line(self) -> str:
        """The last line of its output: the document, where the command was asked for JSON."""
        return self.output.rstrip().rpartition("\n")[2]

    def expect(self, *exit_codes: int) -> "Ended":
        """Itself; StageFailed unless it ended with one of ``exit_codes``."""
        if self.exit_code not in exit_codes:
            last = "\n".join(self.output.splitlines()[-60:])
            raise StageFailed(f"`{' '.join(self.command)}` ended with exit code {self.exit_code}:\n{last}")
        return self


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs commands in ``folder`` with ``environ`` and nothing else of the caller's environment."""

    folder: Path
    environ: Mapping[str, str]
    journal: Journal

    def run(self, *command: str, timeout: float = 300.0, interrupt_after: str | None = None) -> Ended:
        """Run it to its end, ``timeout`` seconds at most; with Ctrl-C as soon as a line contains ``interrupt_after``."""
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=dict(self.environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
        guard = threading.Timer(timeout, end_group, [process])
        guard.start()
        lines: list[str] = []
        try:
            for line in process.stdout or ():
                lines.append(line.rstrip("\n"))
                self.journal(Path(command[0]).name, lines[-1])
                if interrupt_after and interrupt_after in line:
                    # To the whole group, as a terminal does: the children of the command get it too.
                    os.killpg(process.pid, signal.SIGINT)
                    interrupt_after = None
            process.wait()
        finally:
            guard.cancel()
            end_group(process)
            process.wait()
            if process.stdout:
                process.stdout.close()
        return Ended(command, process.returncode, "\n".join(lines))


def end_group(process: subprocess.Popen[str]) -> None:
    """Kill what is left of a process that was started here, and of what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)

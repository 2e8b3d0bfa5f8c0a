"""Logs that survive a SIGKILL: one JSON object a line, each written at once, by any number of processes."""

import json
import os
import time
from pathlib import Path
from typing import Any


class Log:
    """Appends to ``path``. Open it before a fork or after: the kernel puts each write at the end of the file."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def note(self, kind: str, **facts: Any) -> None:
        """Write one line; ``at`` is seconds since 1970 by the machine's clock, the same for every process here."""
        line = json.dumps({"kind": kind, "at": time.time(), **facts})
        # The line end comes first: a death in the middle of a write spoils its own line and no other.
        os.write(self._descriptor, f"\n{line}".encode())


def read(path: Path) -> list[dict[str, Any]]:
    """The facts of a log, oldest first. Half a line, of a process that was killed while it wrote, is no fact."""
    facts = []
    for line in path.read_text(encoding="utf-8").split("\n") if path.exists() else ():
        try:
            facts.append(json.loads(line))
        except ValueError:
            continue
    return facts

"""The ledger as dicts."""

import threading
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from penstock import cursors
from penstock.ports import LedgerLine
from penstock.times import Clock, utc_now

MAX_LINES = 1_000


class MemoryLedger:
    """A ``Ledger``; ``clock`` tells which lines are past their expiry."""

    def __init__(self, clock: Clock = utc_now) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pages: dict[str, dict[str, _Line]] = {}

    def write(
        self, page: str, key: str, fields: Mapping[str, str | int], *, replaces: int, expires_at: datetime
    ) -> int | None:
        """Write a line if its version is ``replaces``."""
        with self._lock:
            lines = self._pages.setdefault(page, {})
            before = lines[key].version if key in lines else 0
            if replaces != before:
                return None
            lines[key] = _Line(dict(fields), before + 1, expires_at)
            return before + 1

    def read(self, page: str, key: str) -> LedgerLine | None:
        """One line."""
        with self._lock:
            return self._live(page, key)

    def lines(self, page: str, *, limit: int, before: str | None = None) -> list[LedgerLine]:
        """The greatest key first."""
        cursors.check_limit(limit, MAX_LINES)
        with self._lock:
            keys = sorted(self._pages.get(page, {}), reverse=True)
            lines = (self._live(page, key) for key in keys if before is None or key < before)
            return [line for line in lines if line is not None][:limit]

    def count(
        self,
        page: str,
        key: str,
        add: Mapping[str, int],
        *,
        first: Mapping[str, str | int],
        latest: Mapping[str, str | int],
        expires_at: datetime,
    ) -> None:
        """Add to the counters of a line."""
        with self._lock:
            lines = self._pages.setdefault(page, {})
            before = lines[key] if key in lines else _Line({}, 0, expires_at)
            fields = {**first, **before.fields, **latest}
            for name, step in add.items():
                fields[name] = before.fields.get(name, 0) + step
            lines[key] = _Line(fields, before.version + 1, expires_at)

    def _live(self, page: str, key: str) -> LedgerLine | None:
        line = self._pages.get(page, {}).get(key)
        if line is None or line.expires_at <= self._clock():
            return None
        return LedgerLine(key, line.version, dict(line.fields))


class _Line:
    def __init__(self, fields: dict[str, Any], version: int, expires_at: datetime) -> None:
        self.fields, self.version, self.expires_at = fields, version, expires_at

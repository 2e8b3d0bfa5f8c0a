"""A clock that stands still until it is told to move."""

import threading
from datetime import UTC, datetime

from penstock.times import seconds, to_milliseconds

START = datetime(2026, 1, 1, tzinfo=UTC)


class ManualClock:
    """A ``times.Clock`` moved by hand; its ``sleep`` moves it on instead of waiting."""

    def __init__(self, start: datetime = START) -> None:
        if start.tzinfo is None:
            raise ValueError(f"ManualClock({start!r}): pass an aware datetime")
        self._lock = threading.Lock()
        self._now = start

    def __call__(self) -> datetime:
        """The time it shows: aware UTC, milliseconds."""
        return to_milliseconds(self._now)

    def advance(self, by: float) -> datetime:
        """Move on by so many seconds; the new time. A ValueError for a step back: SQS's time never runs so."""
        if by < 0:
            raise ValueError(f"advance({by!r}): a clock moves forward only")
        with self._lock:
            self._now += seconds(by)
        return self()

    def sleep(self, seconds: float, /) -> None:
        """Let so many seconds pass, at once."""
        self.advance(seconds)

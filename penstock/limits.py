"""The time limit around user code."""

import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from penstock.errors import ConfigurationError, TimeLimitExceeded

# What a task has for its clean-up between two alarms.
GRACE_SECONDS = 5.0


class _TimeIsUp(BaseException):
    """What interrupts user code: no Exception, so that ``except Exception`` in a task does not swallow it."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeLimitExceeded if the block takes longer than ``seconds``.

    It rests on SIGALRM, which reaches the main thread only, between two byte codes: C code that does not return is ended
    by the end of the process (Lambda's timeout). It rings again every GRACE_SECONDS until the block is left, for whoever has
    swallowed it (a bare ``except``, a background task of asyncio). ConfigurationError in any other thread.
    """
    if threading.current_thread() is not threading.main_thread():
        raise ConfigurationError(
            "a task's time limit can only be kept in the main thread: run workers as processes, not as threads"
        )

    def ring(_signum: int, _frame: FrameType | None) -> None:
        raise _TimeIsUp

    before = signal.signal(signal.SIGALRM, ring)
    started = time.monotonic()
    others, interval = 0.0, 0.0
    try:
        others, interval = signal.setitimer(signal.ITIMER_REAL, seconds, GRACE_SECONDS)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _TimeIsUp as alarm:
        raise TimeLimitExceeded(f"still running after its time limit of {seconds:g} s").with_traceback(
            alarm.__traceback__
        ) from None
    finally:
        signal.signal(signal.SIGALRM, before)
        if others:  # a timer of somebody else's, such as a test runner's: it goes on, less the time that has passed
            signal.setitimer(signal.ITIMER_REAL, max(others - (time.monotonic() - started), 0.001), interval)

"""A schedule in the local stack: one function, called every so many seconds, as EventBridge does it."""

import threading
from collections.abc import Callable
from typing import Any, Protocol

from penstock.local.invocation import Function, FunctionError, TimedOut

EVENT: dict[str, Any] = {"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": {}}


class ClosableFunction(Function, Protocol):
    """A function with processes that have to be ended."""

    def close(self) -> None:
        """End them."""
        ...


class Schedule:
    """Calls ``function`` every ``seconds`` seconds in a thread of its own, from ``start`` to ``stop``."""

    def __init__(
        self, function: ClosableFunction, *, seconds: float, timeout: float, on_error: Callable[[str], None]
    ) -> None:
        self._function = function
        self._seconds = seconds
        self._timeout = timeout
        self._on_error = on_error
        self._told_to_stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin; the first call comes after the first interval."""
        self._thread.start()

    def stop(self) -> None:
        """Call no more, and end the function's process."""
        self._told_to_stop.set()
        self._function.close()
        self._thread.join(timeout=2)

    def _run(self) -> None:
        while not self._told_to_stop.wait(self._seconds):
            result = self._function.invoke(EVENT, self._timeout)
            if isinstance(result, FunctionError | TimedOut) and not self._told_to_stop.is_set():
                self._on_error(str(result))

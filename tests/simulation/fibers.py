"""Fibers: several processes' calls of the real library, one step of one of them at a time, in an order that the test decides.

Each fiber is a thread, but only the one that was resumed runs, and it stops by itself wherever it calls ``pause``: so what
happens is decided by the order of ``resume``, and the same order gives the same run.
"""

import threading
from collections.abc import Callable
from contextvars import Context
from typing import Any


class Fiber:
    """One call of ``body``, stopped before its first step."""

    def __init__(self, name: str, body: Callable[[], Any]) -> None:
        self.name = name
        self.at = "start"
        self.is_over = False
        self.error: BaseException | None = None
        self._body = body
        self._directive: Any = None
        self._go, self._stopped = threading.Lock(), threading.Lock()
        self._go.acquire()
        self._stopped.acquire()
        self._thread = threading.Thread(target=Context().run, args=(self._run,), daemon=True, name=name)
        self._thread.start()

    def resume(self, directive: Any = None) -> None:
        """Let it run to its next pause or to its end; ``directive`` is what its ``pause`` returns."""
        if self.is_over:
            return
        self._directive = directive
        self._go.release()
        self._stopped.acquire()

    def pause(self, at: str) -> Any:
        """From inside: stop here until the next ``resume``; its directive."""
        self.at = at
        self._stopped.release()
        self._go.acquire()
        return self._directive

    def _run(self) -> None:
        self._go.acquire()
        try:
            self._body()
        except BaseException as error:
            self.error = error
        finally:
            self.is_over, self.at = True, "end"
            self._stopped.release()

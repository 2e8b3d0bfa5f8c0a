"""Inline mode: enqueueing runs the task at once, in this process and thread, so that breakpoints and tracebacks work.

    from penstock.testing import inline
    from shop.tasks import tasks

    with inline(tasks):                 # or inline(tasks) and be done: for a script, a shell, a debugger
        sign_up("ada@example.com")      # what it enqueues has run when this returns

It takes the real path: arguments to JSON and back, message, claim, settle, on queues and a table in memory.
"""

import threading
from collections.abc import Callable, Iterable
from datetime import datetime
from types import TracebackType
from typing import Any

from penstock.app import Penstock
from penstock.current import Run
from penstock.errors import AccessRefused, TaskCancelled, TaskFailed, Unavailable
from penstock.queue_list import QueueEntry
from penstock.telemetry import RunEvent
from penstock.testing import queues
from penstock.testing.stack import Stack
from penstock.times import seconds, to_milliseconds, utc_now

_FAILED = frozenset({"RETRYING", "DEAD", "FAILED"})


class SkippingClock:
    """The real time, plus what was skipped: delays and backoffs pass at once, and work takes as long as it takes."""

    def __init__(self) -> None:
        self._skipped = seconds(0)

    def __call__(self) -> datetime:
        return to_milliseconds(utc_now() + self._skipped)

    def sleep(self, by: float, /) -> None:
        """Skip so many seconds."""
        self._skipped += seconds(by)


class Inline:
    """Inline mode while it is open: from its making to ``close`` or the end of its ``with`` block."""

    def __init__(self, tasks: Penstock, entries: Iterable[QueueEntry], *, raise_errors: bool) -> None:
        clock = SkippingClock()
        # No time limits: they would end a task at a breakpoint, and need the main thread, which a web server's is not.
        self._stack = Stack(tasks, entries, clock=clock, advance=clock.sleep, time_limits=False)
        self._raise_errors = raise_errors
        self._errors: dict[str, BaseException] = {}
        self._one_at_a_time = threading.RLock()
        self._is_working = False
        self._stack.transport.after_send = self._work
        self._stack.open(self._remember)

    def close(self) -> None:
        """Connect the Penstock object to what it was connected to before."""
        self._stack.close()

    def __enter__(self) -> "Inline":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _remember(self, run: Run, call_next: Callable[[], Any]) -> Any:
        try:
            return call_next()
        except TaskCancelled:
            raise
        except BaseException as error:
            self._errors[run.id] = error
            raise

    def _work(self) -> None:
        with self._one_at_a_time:
            if self._is_working:  # a task enqueued this one: it runs after it, as from a queue
                return
            self._is_working = True
            try:
                failed = self._run()
            except BaseException:  # Ctrl-C in a task: it must not begin again at the next enqueue
                self._stack.transport.drop_all()
                raise
            finally:
                self._is_working = False
        if failed:
            first, *others = failed
            for other in others:
                first.add_note(f"Another task failed as well: {type(other).__name__}: {other}")
            raise first

    def _run(self) -> list[BaseException]:
        """Work until the queues are empty; the errors to raise."""
        self._errors.clear()
        if not self._raise_errors:
            self._stack.run()
            return []
        errors: list[BaseException] = []
        while (events := self._stack.step()) is not None:
            for event in events:
                if event.outcome in _FAILED:
                    # Its row says what a worker would have written; the retry or the dead letter is not waited for.
                    self._stack.transport.drop(event.message_id)
                    errors.append(self._error(event))
        return errors

    def _error(self, event: RunEvent) -> BaseException:
        error = self._errors.pop(event.task_id, None)
        if error is None or isinstance(
            error, Unavailable | AccessRefused
        ):  # these two, enqueue would take for SQS's own
            failed = TaskFailed(f"task {event.task_id} is {event.outcome}: {event.reason}")
            failed.__cause__ = error
            return failed
        return error


def inline(tasks: Penstock, queue_list: Iterable[QueueEntry] | None = None, *, raise_errors: bool = True) -> Inline:
    """From now on, enqueueing a task runs it before ``enqueue`` returns. ``close()``, or a ``with`` block, ends it.

    What a task raises is recorded as a worker would record it (RETRYING, DEAD, FAILED), then ``enqueue`` raises it itself,
    with its traceback, on the first attempt: whoever debugs wants to stand where it broke. ``raise_errors=False`` goes on
    as the queue would: retries follow at once, nothing is raised, the result says how it ended. Delays are skipped, time
    limits not kept, and a task that a task enqueues runs after it.
    """
    entries = queues.fitting(tasks) if queue_list is None else queue_list
    return Inline(tasks, entries, raise_errors=raise_errors)

"""The sandbox of one test: everything enqueued stays in memory until the test drains it."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from penstock.app import Penstock
from penstock.memory import ManualClock
from penstock.ports import Ports
from penstock.queue_list import QueueEntry
from penstock.registry import AnyTask
from penstock.result import TaskResult
from penstock.settings import dead_letter_queue
from penstock.telemetry import RunEvent
from penstock.testing import queues
from penstock.testing.enqueued import Enqueued, enqueued, matching, missing, unwanted
from penstock.testing.faults import Failures, Step
from penstock.testing.stack import MAX_INVOCATIONS, Stack
from penstock.times import utc_now


class Sandbox:
    """A Penstock object on in-memory queues, with a clock moved by hand. Made by ``sandbox`` or the fixture ``task_queue``."""

    def __init__(self, tasks: Penstock, entries: Iterable[QueueEntry], *, seed: int | None = 0) -> None:
        self.tasks = tasks
        #: Shows the real time of its making, so that code which reads the time itself fits in; then it stands still until
        #: ``drain`` or ``clock.advance(seconds)`` moves it.
        self.clock: ManualClock = ManualClock(utc_now())
        self.stack: Stack = Stack(tasks, entries, clock=self.clock, advance=self.clock.sleep, seed=seed)
        self._failures = Failures()

    # -- what was enqueued --------------------------------------------------------------------------------------------

    def enqueued(self, task: AnyTask | None = None) -> list[Enqueued]:
        """Every call enqueued in this test, by tests, views and tasks alike, or those of ``task``; oldest first."""
        calls = enqueued(self.stack.transport.sent, self.stack.ports.payloads)
        return [call for call in calls if task is None or call.task == task.name]

    def assert_enqueued(self, task: AnyTask, /, *args: Any, **kwargs: Any) -> Enqueued:
        """The first call of ``task`` with these arguments; an AssertionError that shows what was enqueued instead.

        Without arguments any call of the task will do. How a call was spelt (by position, by name, a default left out)
        makes no difference. What has run already counts as well.
        """
        __tracebackhide__ = True
        calls = self.enqueued()
        found = matching(calls, task, args, kwargs)
        if not found:
            raise AssertionError(missing(calls, task, args, kwargs))
        return found[0]

    def refute_enqueued(self, task: AnyTask, /, *args: Any, **kwargs: Any) -> None:
        """An AssertionError if such a call was enqueued; without arguments, any call of the task."""
        __tracebackhide__ = True
        found = matching(self.enqueued(), task, args, kwargs)
        if found:
            raise AssertionError(unwanted(found, task, args, kwargs))

    # -- running it ---------------------------------------------------------------------------------------------------

    def drain(self, *, limit: int = MAX_INVOCATIONS) -> list[TaskResult[Any]]:
        """Run everything to its end, retries and delayed tasks too, and whatever those enqueue.

        The clock moves on over each backoff and delay, never over more. At the end the reconciler closes the book on what
        SQS buried by itself. Gives the result of each task that was worked on, in the order of enqueueing; a task that fails
        raises nothing here: its result says so. A PenstockError after ``limit`` steps.
        """
        done = {event.task_id for event in self.stack.run(limit)}
        self.stack.reconcile()
        calls = enqueued(self.stack.transport.sent, self.stack.ports.payloads)
        rows = [self.ports.results.get(call.id) for call in calls if call.id in done]
        return [self.tasks.result_of(row) for row in rows if row is not None]

    @property
    def events(self) -> list[RunEvent]:
        """What became of every delivery so far, repeated and refused ones included."""
        return list(self.stack.events)

    def dead_letters(self, queue: str = "default") -> int:
        """How many messages are in the dead-letter queue of ``queue``."""
        depth = self.ports.transport.depth(dead_letter_queue(self.ports.settings.queue(queue).name))
        return depth.visible + depth.in_flight

    @property
    def ports(self) -> Ports:
        """The in-memory ports, for whatever is not here."""
        return self.stack.ports

    # -- breaking it --------------------------------------------------------------------------------------------------

    def fail_next(self, what: AnyTask | int = 1, *, error: BaseException | None = None, times: int = 1) -> None:
        """Make user code fail: the next ``times`` runs of a task, or so many runs of whatever comes, raise ``error``."""
        task, times = (None, what) if isinstance(what, int) else (what.name, times)
        if times < 1:
            raise ValueError(f"fail_next of {times} runs: it must be 1 at least")
        self._failures.plan(task, error, times)

    def duplicate(self, messages: int = 1) -> None:
        """Have SQS deliver the next ``messages`` that are acknowledged once more, as a standard queue may do."""
        if messages < 1:
            raise ValueError(f"duplicate({messages}): it must be 1 at least")
        self.stack.transport.duplicates += messages

    def reorder(self) -> None:
        """Have the standard queues deliver what is in them now in the opposite order. FIFO queues keep theirs."""
        self.stack.transport.reverse()

    def kill_after(self, step: Step) -> None:
        """Kill the worker's process once, after the next ``"claim"`` (no user code ran), ``"run"`` (user code ended, the
        outcome is not written) or ``"settle"`` (it is written, the message is not acknowledged).

        SQS shows the whole batch again, as after any crash: ``drain`` goes on with it once the lease is over.
        """
        self.stack.store.plan(step)

    def unused_faults(self) -> list[str]:
        """The faults asked for that have not happened: a test that means to break something broke nothing."""
        repeats = self.stack.transport.duplicates
        return [*self._failures.unused, *self.stack.store.unused, *([f"duplicate({repeats})"] if repeats else [])]

    def open(self) -> "Sandbox":
        """Connect the Penstock object to it."""
        self.stack.open(self._failures.around)
        return self

    def close(self) -> None:
        """Connect the Penstock object to what it was connected to before."""
        self.stack.close()


@contextmanager
def sandbox(
    tasks: Penstock, queue_list: Iterable[QueueEntry] | None = None, *, seed: int | None = 0
) -> Iterator[Sandbox]:
    """Inside, ``tasks`` works on in-memory queues; afterwards it is connected to what it was connected to before.

    ``queue_list`` are the project's queues (``QueueList.read(path).queues.values()``); without it each queue that a task
    names is a standard one in which its tasks fit. ``seed`` makes backoff and ids repeatable.
    """
    box = Sandbox(tasks, queues.fitting(tasks) if queue_list is None else queue_list, seed=seed).open()
    try:
        yield box
    finally:
        box.close()

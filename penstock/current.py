"""``current_task``: what user code can ask about, and say of, the run it is in."""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from operator import index

from msgspec import Struct

from penstock.errors import TaskCancelled
from penstock.failure import clean
from penstock.record import Progress
from penstock.times import Clock

# A progress bar needs no more, and each write costs money.
SECONDS_BETWEEN_REQUESTS = 1.0


class Run(Struct):
    """One run of user code.

    ``write_progress`` carries a Progress to the table and ``look`` reads the row: both answer whether someone has asked to
    cancel the task, or None where the table did not answer. ``lost`` is set from outside once the lease is: the run is
    to stop, whatever the table says.
    """

    id: str
    name: str
    queue: str
    attempt: int
    clock: Clock
    write_progress: Callable[[Progress], bool | None]
    look: Callable[[], bool | None]
    cancelled: bool = False
    lost: bool = False
    unwritten: Progress | None = None
    _asked_at: datetime | None = None

    def report(self, value: Progress) -> None:
        """Write ``value`` now, or keep it for the settle if the last request is under a second ago."""
        self.unwritten = value
        if not self.lost and self._is_time():
            answer = self.write_progress(value)
            if answer is not None:
                self.unwritten, self.cancelled = None, answer

    def ask(self) -> bool:
        """True once someone has asked to cancel the task; as known, if the last request is under a second ago."""
        if not (self.cancelled or self.lost) and self._is_time():
            self.cancelled = bool(self.look())
        return self.cancelled or self.lost

    def _is_time(self) -> bool:
        now = self.clock()
        if self._asked_at is not None and (now - self._asked_at).total_seconds() < SECONDS_BETWEEN_REQUESTS:
            return False
        self._asked_at = now
        return True


running: ContextVar[Run | None] = ContextVar("penstock_run", default=None)


class CurrentTask:
    """The task that is running here. Outside a run (a plain call) ``progress`` does nothing and the rest is a RuntimeError."""

    @property
    def id(self) -> str:
        """The task id: the same in every attempt, so a good idempotency key for what the task calls."""
        return self._run().id

    @property
    def name(self) -> str:
        """The task name."""
        return self._run().name

    @property
    def queue(self) -> str:
        """The queue that it came from."""
        return self._run().queue

    @property
    def attempt(self) -> int:
        """The number of this attempt, from 1; a redriven task goes on counting."""
        return self._run().attempt

    @property
    def cancelled(self) -> bool:
        """True once someone has cancelled the task, or its lease is lost; asks the table at most once a second.

        False outside a run.
        """
        run = running.get()
        return run is not None and run.ask()

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say that ``done`` of ``total`` steps are done. Written at most once a second, the last one always.

        Raises TaskCancelled once someone has cancelled the task, or its lease is lost.
        """
        done, total = index(done), None if total is None else index(total)
        if not 0 <= done <= (MAX_STEPS if total is None else total) <= MAX_STEPS:
            raise ValueError(f"progress({done}, total={total}): needs 0 <= done <= total <= {MAX_STEPS}")
        if len(note) > MAX_NOTE_CHARACTERS:
            raise ValueError(f"progress note of {len(note)} characters: {MAX_NOTE_CHARACTERS} at most")
        run = running.get()
        if run is not None:
            run.report(Progress(done, total, clean(note)))
            if run.lost:
                raise TaskCancelled(f"task {run.id} has lost its lease: another worker may run it")
            if run.cancelled:
                raise TaskCancelled(f"task {run.id} was cancelled while it ran")

    def _run(self) -> Run:
        run = running.get()
        if run is None:
            raise RuntimeError("current_task knows nothing outside a run: this is a plain call of the function")
        return run


MAX_NOTE_CHARACTERS = 200
MAX_STEPS = 2**53  # the table takes 38 digits, JavaScript no more than this

current_task: CurrentTask = CurrentTask()

"""``current_task``: what user code can ask about, and say of, the run it is in."""

from collections.abc import Callable
from contextvars import ContextVar
from datetime import datetime
from operator import index

from msgspec import Struct, field

from penstock.failure import clean
from penstock.record import Progress
from penstock.times import Clock

# A progress bar needs no more, and each write costs money.
SECONDS_BETWEEN_PROGRESS_WRITES = 1.0


class Run(Struct):
    """One run of user code. ``write_progress`` carries a Progress to the table."""

    id: str
    name: str
    queue: str
    attempt: int
    clock: Clock
    write_progress: Callable[[Progress], None]
    unwritten: Progress | None = None
    _written_at: datetime | None = field(default=None)

    def report(self, value: Progress) -> None:
        """Write ``value`` now, or keep it for the settle if the last write is under a second ago."""
        now = self.clock()
        self.unwritten = value
        if self._written_at is None or (now - self._written_at).total_seconds() >= SECONDS_BETWEEN_PROGRESS_WRITES:
            self._written_at = now
            self.write_progress(value)
            self.unwritten = None


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

    def progress(self, done: int, total: int | None = None, note: str = "") -> None:
        """Say that ``done`` of ``total`` steps are done. Written at most once a second, the last one always."""
        done, total = index(done), None if total is None else index(total)
        if not 0 <= done <= (MAX_STEPS if total is None else total) <= MAX_STEPS:
            raise ValueError(f"progress({done}, total={total}): needs 0 <= done <= total <= {MAX_STEPS}")
        if len(note) > MAX_NOTE_CHARACTERS:
            raise ValueError(f"progress note of {len(note)} characters: {MAX_NOTE_CHARACTERS} at most")
        run = running.get()
        if run is not None:
            run.report(Progress(done, total, clean(note)))

    def _run(self) -> Run:
        run = running.get()
        if run is None:
            raise RuntimeError("current_task knows nothing outside a run: this is a plain call of the function")
        return run


MAX_NOTE_CHARACTERS = 200
MAX_STEPS = 2**53  # the table takes 38 digits, JavaScript no more than this

current_task = CurrentTask()

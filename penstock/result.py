"""TaskResult: what the caller holds of a task, in the enqueuing process or in any other."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Generic, TypeVar, cast

from penstock.errors import ResultError, TaskFailed, TaskNotFinished, WaitTimeout
from penstock.ports import Applied, PayloadStore, Ports
from penstock.record import MAX_RETENTION, AttemptRow, ErrorSummary, Progress, TaskRow, status_of
from penstock.states import Status
from penstock.text import sha256
from penstock.transitions import cancel, request_cancel

R = TypeVar("R")
Decode = Callable[[str], Any]

_FIRST_POLL_SECONDS = 0.05
_LONGEST_POLL_SECONDS = 1.0


class TaskResult(Generic[R]):
    """A view of one task. It shows the row as last read; ``refresh`` and ``wait`` read it again."""

    def __init__(self, ports: Ports, row: TaskRow, decode: Decode, *, created: bool = True) -> None:
        self._ports = ports
        self._decode = decode
        self.row: TaskRow = row
        #: False where the task id was known already: nothing was enqueued.
        self.created = created

    @property
    def id(self) -> str:
        """The task id."""
        return self.row.task_id

    @property
    def task(self) -> str:
        """The task name."""
        return self.row.task

    @property
    def queue(self) -> str:
        """The queue it was enqueued to."""
        return self.row.queue

    @property
    def status(self) -> Status:
        """How the row reads now."""
        queue = self._ports.settings.queues.get(self.row.queue)
        retention = MAX_RETENTION if queue is None else timedelta(seconds=queue.retention)
        return status_of(self.row, self._ports.clock(), retention)

    @property
    def attempts(self) -> int:
        """How often user code has started."""
        return self.row.attempts

    @property
    def progress(self) -> Progress | None:
        """What the task last said of its progress."""
        return self.row.progress

    @property
    def error(self) -> ErrorSummary | None:
        """The last error, of a task that is RETRYING, FAILED or DEAD."""
        return self.row.error

    @property
    def errors(self) -> list[AttemptRow]:
        """The failed attempts, oldest first, with tracebacks: one query of the table.

        A run that ended without a word (killed, out of memory) leaves none, unless it was the last.
        """
        return self._ports.results.attempts(self.id)

    @property
    def return_value(self) -> R:
        """What the task returned, as its annotation says.

        Raises TaskNotFinished before the end, TaskFailed where it failed, ResultError where it could not be stored.
        """
        status = self.status
        if status is Status.SUCCEEDED:
            return cast("R", self._decode(self._stored()))
        if not status.is_final:
            raise TaskNotFinished(f"task {self.id} is {status}: wait(timeout=...) first")
        error = f": {self.error.type}: {self.error.message}" if self.error else ""
        raise TaskFailed(f"task {self.id} is {status}{error}")

    def refresh(self) -> "TaskResult[R]":
        """Read the row again; unchanged where there is no row (yet)."""
        self.row = self._ports.results.get(self.id) or self.row
        return self

    def wait(self, timeout: float = 30.0) -> "TaskResult[R]":
        """Poll until the status is final; WaitTimeout after ``timeout`` seconds."""
        deadline = self._ports.clock() + timedelta(seconds=timeout)
        pause = _FIRST_POLL_SECONDS
        while not self.refresh().status.is_final:
            left = (deadline - self._ports.clock()).total_seconds()
            if left <= 0:
                raise WaitTimeout(f"task {self.id} is {self.status} after {timeout:g} s")
            self._ports.sleep(min(pause, left))
            pause = min(pause * 1.5, _LONGEST_POLL_SECONDS)
        return self

    def cancel(self) -> bool:
        """Cancel the task: True if it will never start again, False if it is over, or running and only asked to stop.

        A running task sees it in ``current_task.cancelled``, and its next ``progress`` raises TaskCancelled.
        """
        results = self._ports.results
        while not self.row.status.may_be_acknowledged:
            answer = results.apply(self.id, cancel(self.row, now=self._ports.clock()))
            if isinstance(answer, Applied):
                self.row = answer.row
                return True
            answer = results.apply(self.id, request_cancel())
            self.row = answer.row or self.row
            if isinstance(answer, Applied):
                return False
            # Neither: its run has ended between the two, so it is over or waits for its next attempt.
        return False

    def _stored(self) -> str:
        row = self.row
        if row.result_error is not None:
            raise ResultError(f"task {self.id} succeeded, but its return value was not kept: {row.result_error}")
        if row.result_pointer is not None:
            if self._ports.payloads is None:
                raise ResultError(f"the result of task {self.id} is in S3: set PENSTOCK_PAYLOAD_BUCKET in this process")
            return self._fetched(row.result_pointer, self._ports.payloads)
        return row.result if row.result is not None else json.dumps(None)

    def _fetched(self, pointer: str, payloads: PayloadStore) -> str:
        try:
            content = payloads.get(pointer)
        except KeyError:
            raise ResultError(f"the result of task {self.id} is no longer in S3 under {pointer!r}") from None
        if sha256(content) != self.row.result_sha256:
            raise ResultError(
                f"the result of task {self.id} in S3 under {pointer!r} is not the one that was stored (sha256)"
            )
        return content.decode()

    def __repr__(self) -> str:
        return f"<TaskResult {self.id} {self.task} {self.status}>"

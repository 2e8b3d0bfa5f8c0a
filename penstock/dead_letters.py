"""Dead letters: which tasks died, why, and the way back."""

from collections.abc import Iterator

from msgspec import Struct

from penstock.app import Penstock
from penstock.errors import TaskNotFound
from penstock.record import AttemptRow, TaskRow
from penstock.settings import dead_letter_queue
from penstock.states import Status

_PAGE = 100


class Explanation(Struct, frozen=True):
    """Why a task is where it is: its row, its failed attempts (oldest first), and what to do next, in one sentence."""

    row: TaskRow
    attempts: list[AttemptRow]
    advice: str


def dead(tasks: Penstock, queue: str | None = None) -> Iterator[TaskRow]:
    """The DEAD tasks, of one queue or of all, in no order. Reads the table's sparse index, never the queues."""
    if queue is not None:
        tasks.ports.settings.queue(queue)
    cursor: str | None = None
    while True:
        page = tasks.ports.results.failures(limit=_PAGE, cursor=cursor)
        yield from (row for row in page.rows if row.status is Status.DEAD and queue in (None, row.queue))
        cursor = page.cursor
        if cursor is None:
            return


def waiting(tasks: Penstock, queue: str) -> int:
    """About how many messages are in the dead-letter queue of ``queue``: ours and strays alike."""
    depth = tasks.ports.transport.depth(dead_letter_queue(tasks.ports.settings.queue(queue).name))
    return depth.visible + depth.in_flight


def explain(tasks: Penstock, task_id: str) -> Explanation:
    """Why a task died; TaskNotFound where there is no row."""
    row = tasks.ports.results.get(task_id)
    if row is None:
        raise TaskNotFound(f"no task {task_id!r:.140} is recorded")
    return Explanation(row, tasks.ports.results.attempts(task_id), _advice(row))


def redrive(tasks: Penstock, queue: str) -> int | None:
    """Move everything in the dead-letter queue of ``queue`` back: each task gets its full attempts again.

    How many messages were moved, or None where SQS moves them in the background.
    """
    return tasks.ports.transport.redrive(tasks.ports.settings.queue(queue).name)


def _advice(row: TaskRow) -> str:
    if row.status is not Status.DEAD:
        return f"The task is {row.status}: there is nothing to repair."
    return (
        f"Repair the cause, then move its message back with `flask penstock dlq redrive {row.queue} --yes` or with "
        f"“Start DLQ redrive” on the AWS console's page of the queue. Attempts start anew, the task id stays."
    )

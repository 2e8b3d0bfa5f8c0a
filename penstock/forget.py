"""Forgetting: what is stored of a task and may tell of a person goes, and the task's outcome stays."""

from msgspec import Struct

from penstock.app import Penstock
from penstock.errors import ConfigurationError, NotForgettable, TaskNotFound
from penstock.ports import Applied
from penstock.record import TaskRow
from penstock.transitions import forget as forget_transition

# The payload store's keys begin with one of these and the task's id.
PAYLOAD_KINDS = ("arguments", "envelopes", "results")


class Forgotten(Struct, frozen=True):
    """The row as it is now, the failed attempts that were deleted, and the objects in the payload store that were."""

    row: TaskRow
    attempts: int
    payloads: list[str]


def forget(tasks: Penstock, task_id: str) -> Forgotten:
    """Delete arguments, result, error texts, tracebacks, progress and tags of a task that is SUCCEEDED, FAILED or CANCELLED.

    Its id, name, queue, times and status stay: a late duplicate of its message must still find that it is over. Twice is
    once. NotForgettable for any other status: its message holds the arguments too, so run it, or discard it first. Error
    counts keep messages without numbers, and logs keep what they have for their own retention. TaskNotFound.
    """
    ports = tasks.ports
    row = ports.results.get(task_id)
    if row is None:
        raise TaskNotFound(f"no task {task_id!r:.140} is recorded")
    if not row.status.may_be_acknowledged:
        raise NotForgettable(
            f"task {task_id} is {row.status}: its message is in a queue and holds its arguments. Discard or cancel it first"
        )
    if ports.payloads is None and (row.result_pointer or row.envelope_pointer):
        raise ConfigurationError(
            f"part of task {task_id} is in S3, and this process does not know where: set PENSTOCK_PAYLOAD_BUCKET first"
        )
    attempts = ports.results.attempts(task_id)
    # The row last: what is interrupted here can be done again. By prefix, for each send of a task has objects of its own.
    deleted: list[str] = []
    if ports.payloads is not None:
        for kind in PAYLOAD_KINDS:
            deleted += ports.payloads.delete_under(f"{kind}/{task_id}/")
    ports.results.delete_attempts(task_id)
    answer = ports.results.apply(task_id, forget_transition(now=ports.clock()))
    if not isinstance(answer, Applied):  # such a status is for ever: the row has expired meanwhile
        raise TaskNotFound(f"no task {task_id!r:.140} is recorded any more")
    return Forgotten(answer.row, len(attempts), deleted)

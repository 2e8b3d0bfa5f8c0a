"""Dead letters: which tasks died, why, and every way back.

Everything but ``redrive`` works from the table: it keeps the envelope of each dead task, so chosen ones can be retried,
edited or discarded without receiving a message.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from penstock import arguments
from penstock.app import Penstock
from penstock.enqueue import Accepted, Prepared, fitting, prepare, record, send
from penstock.envelope import JSON, MAX_DEPTH, Envelope, is_deeper
from penstock.errors import ConfirmationNeeded, EnvelopeLost, InvalidArguments, NotDead, PenstockError, TaskNotFound
from penstock.ports import Applied, RedriveStatus
from penstock.reconcile import close_and_delete
from penstock.record import AttemptRow, TaskRow
from penstock.result import TaskResult
from penstock.settings import dead_letter_queue
from penstock.states import Status
from penstock.task import Call, EnqueueOptions
from penstock.telemetry import logger
from penstock.transitions import cancel, retry_sent

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
    row = _row(tasks, task_id)
    return Explanation(row, tasks.ports.results.attempts(task_id), _advice(row))


# -- all of a queue: SQS's own redrive -----------------------------------------------------------------------------------


def redrive(tasks: Penstock, queue: str, *, rate: int | None = None) -> int | None:
    """Move everything in the dead-letter queue of ``queue`` back: each task gets its full attempts again.

    ``rate`` is messages a second, 1 to 500. How many messages were moved, or None where SQS moves them in the background.
    """
    return tasks.ports.transport.redrive(tasks.ports.settings.queue(queue).name, rate=rate)


def redrive_status(tasks: Penstock, queue: str) -> RedriveStatus | None:
    """How far SQS is with the last redrive of ``queue``; None if it knows of none."""
    return tasks.ports.transport.redrive_status(tasks.ports.settings.queue(queue).name)


def cancel_redrive(tasks: Penstock, queue: str) -> bool:
    """Stop a running redrive; False if none was running. What was moved stays moved."""
    return tasks.ports.transport.cancel_redrive(tasks.ports.settings.queue(queue).name)


def purge(tasks: Penstock, queue: str, *, confirm: str) -> int:
    """Discard every dead task of ``queue`` and delete its dead letters; how many tasks were discarded.

    Letter by letter, each closed in the table before it is deleted: SQS's PurgeQueue would take those along of tasks that
    nobody has recorded as dead yet, and they would wait for ever.

    ``confirm`` must be the queue's name: ConfirmationNeeded otherwise, with what would go.
    """
    name = tasks.ports.settings.queue(queue).name
    rows = list(dead(tasks, name))
    if confirm != name:
        raise ConfirmationNeeded(
            f"this would discard {len(rows)} dead tasks and delete about {waiting(tasks, name)} messages of {name!r}: "
            f"say confirm={name!r}"
        )
    gone = sum(discard(tasks, row.task_id) for row in rows)
    return gone + close_and_delete(tasks, name)


# -- chosen ones: from the table -----------------------------------------------------------------------------------------


def retry(tasks: Penstock, task_id: str, *, before: datetime | None = None) -> TaskResult[Any]:
    """Run a DEAD task again, with its full attempts, by sending its stored message anew.

    With ``before``, only if it died no later than that: NotDead for a task that has died again since.

    One send and no write that a rule reads: the new message names the death that it answers, and only its claim changes the
    status. Two clicks, or a click and a redrive, are one run. The old letter is a stray then: the reconciler sweeps it.
    Raises NotDead, EnvelopeLost, or EnqueueUncertain (then call it again).
    """
    row = _dead(tasks, task_id)
    if _died_after(row, before):
        raise NotDead(f"task {task_id} has died again since {before}")
    death = row.lease_owner or ""
    send(_prepared(tasks, row, death), tasks.ports, after=death)
    try:
        answer = tasks.ports.results.apply(task_id, retry_sent(death, now=tasks.ports.clock()))
        row = answer.row or row
    except PenstockError as error:  # a note for people: the retry is sent
        logger.warning("the retry of %s is sent, but could not be noted: %s", task_id, error)
    return tasks.result_of(row)


def discard(tasks: Penstock, task_id: str, *, before: datetime | None = None) -> bool:
    """Give a DEAD task up for good: CANCELLED, its letter swept. False if it was not DEAD any more, or died after ``before``."""
    row = _row(tasks, task_id)
    if row.status is not Status.DEAD or _died_after(row, before):
        return False
    return isinstance(
        tasks.ports.results.apply(task_id, cancel(row, now=tasks.ports.clock(), death=row.lease_owner)), Applied
    )


def edit(tasks: Penstock, task_id: str, patch: Mapping[str, JSON]) -> TaskResult[Any]:
    """Run a DEAD task's work with other arguments: a new task, whose ``row.origin`` is the old one, which is discarded.

    ``patch`` is a JSON merge patch (RFC 7396) of ``{"args": [...], "kwargs": {...}}``. The arguments are checked against the
    function first. Raises NotDead, EnvelopeLost, ArgumentsLost, InvalidArguments, and what ``Task.enqueue`` raises.
    """
    if is_deeper(patch, MAX_DEPTH + 2):  # an argument is the second level of the call
        raise InvalidArguments(f"the patch is nested too deeply: an argument may be {MAX_DEPTH} levels deep")
    row = _dead(tasks, task_id)
    old = _envelope(tasks, row)
    args, kwargs = arguments.of(old, tasks.ports.payloads)
    document = merge_patch({"args": args, "kwargs": kwargs}, patch)
    if not _is_call(document):
        raise InvalidArguments(
            f'after the patch the call is {_kinds(document):.200}: it needs {{"args": [...], "kwargs": {{...}}}} and nothing else'
        )
    task = tasks.registry[old.task]
    args, kwargs = task.codec.decode_arguments(document["args"], document["kwargs"])
    call = Call(task, *task.codec.encode_arguments(tuple(args), kwargs), EnqueueOptions(group=old.group, tags=old.tags))
    prepared = prepare(tasks.ports, call, origin=task_id)
    if isinstance(prepared, Accepted):  # only a task id of the caller's can be known
        raise AssertionError("a fresh task id is known")
    accepted = record(prepared, send(prepared, tasks.ports), tasks.ports)
    try:
        discard(tasks, task_id)
    except PenstockError as error:  # the new task is accepted: raising now would invite a second one
        logger.warning("%s runs edited as %s, but is still DEAD: %s", task_id, accepted.row.task_id, error)
    return tasks.result_of(accepted.row)


def _died_after(row: TaskRow, before: datetime | None) -> bool:
    return before is not None and row.failed_at is not None and row.failed_at > before


def _is_call(document: JSON) -> bool:
    if not isinstance(document, dict) or document.keys() != {"args", "kwargs"}:
        return False
    return isinstance(document["args"], list) and isinstance(document["kwargs"], dict)


def _kinds(document: JSON) -> str:
    """Members and their types without a value: stored arguments may be secrets, and errors are shown and logged."""
    if not isinstance(document, dict):
        return type(document).__name__
    return f"{{{', '.join(f'{name!r}: {type(value).__name__}' for name, value in document.items())}}}"


def merge_patch(target: JSON, patch: JSON) -> JSON:
    """``target`` after a JSON merge patch: https://www.rfc-editor.org/rfc/rfc7396"""
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge_patch(merged.get(key), value)
    return merged


def _row(tasks: Penstock, task_id: str) -> TaskRow:
    row = tasks.ports.results.get(task_id)
    if row is None:
        raise TaskNotFound(f"no task {task_id!r:.140} is recorded")
    return row


def _dead(tasks: Penstock, task_id: str) -> TaskRow:
    row = _row(tasks, task_id)
    if row.status is not Status.DEAD:
        raise NotDead(
            f"task {task_id} is {row.status}: only a DEAD task can be retried or edited. "
            "To do its work once more, enqueue it again as a new task"
        )
    return row


def _envelope(tasks: Penstock, row: TaskRow) -> Envelope:
    if row.envelope is not None:
        return Envelope.from_json(row.envelope)
    payloads = tasks.ports.payloads
    if row.envelope_pointer is not None and payloads is not None:
        try:
            return Envelope.from_json(payloads.get(row.envelope_pointer).decode())
        except KeyError:
            pass
    raise EnvelopeLost(
        f"the table does not keep the message of task {row.task_id}: it is sensitive, or large and not in the payload "
        f"bucket (any more). Its letter still says everything: redrive the queue {row.queue!r}"
    )


def _prepared(tasks: Penstock, row: TaskRow, death: str) -> Prepared:
    envelope = replace(_envelope(tasks, row), run_after=None)
    task = tasks.registry[envelope.task]
    settings = tasks.ports.settings
    call = Call(task, envelope.args, envelope.kwargs)
    prepared = Prepared(call, envelope, settings.queue(row.queue), 0, page=settings.task_page(row.task_id))
    return fitting(prepared, tasks.ports, after=death)  # the death's name may be what makes it too long


def _advice(row: TaskRow) -> str:
    if row.status is not Status.DEAD:
        return f"The task is {row.status}: there is nothing to repair."
    return (
        f"Repair the cause, then move its message back with `flask penstock dlq redrive {row.queue} --yes` or with "
        f"“Start DLQ redrive” on the AWS console's page of the queue. Attempts start anew, the task id stays."
    )

"""Enqueueing: send first, then record if absent. From the moment SQS confirms, the task is accepted."""

import logging
import math
import re
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from penstock.envelope import ID, JSON, Envelope
from penstock.errors import (
    EnqueueUncertain,
    EnvelopeTooLarge,
    InvalidOption,
    PenstockError,
    TaskIdConflict,
    Unavailable,
)
from penstock.ports import Applied, OutgoingMessage, Ports
from penstock.record import TaskRow
from penstock.settings import QueueSettings
from penstock.states import Status
from penstock.task import EnqueueOptions, Task
from penstock.times import to_milliseconds
from penstock.transitions import queued

logger = logging.getLogger("penstock")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_DELAY_SECONDS = 900
MAX_MESSAGE_BYTES = 1_048_576
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html: MessageGroupId
_GROUP = re.compile(r"[!-~]{1,128}")

SEND_TRIES = 3
SEND_SECONDS = 10.0


class Accepted(Struct, frozen=True):
    """An enqueued task: its row as far as it is known. ``created`` is False where the caller's task id was known."""

    row: TaskRow
    created: bool = True


def enqueue(
    ports: Ports, task: Task[Any, Any], args: list[JSON], kwargs: dict[str, JSON], options: EnqueueOptions
) -> Accepted:
    """Enqueue one call; the errors are those of ``Task.enqueue``."""
    now = ports.clock()
    queue = ports.settings.queue(task.queue)
    delay, run_after = _when(options, queue, now)
    _check_group(options.group, queue)
    envelope = Envelope(
        id=_task_id(options.task_id) or ports.random.token(),
        send_id="",
        task=task.name,
        args=args,
        kwargs=kwargs,
        created_at=now,
        run_after=run_after,
    )
    if options.task_id is not None and (known := _known(envelope, ports)) is not None:
        return Accepted(known, created=False)
    sends = _send(envelope, queue, delay, options.group, ports)
    row = TaskRow(envelope.id, Status.QUEUED, task.name, queue.name, now, run_after=run_after)
    return _record(sends, row, ports) if task.options.record else Accepted(row)


def _send(envelope: Envelope, queue: QueueSettings, delay: int, group: str | None, ports: Ports) -> list[Envelope]:
    """Send until SQS confirms. Every physical try, also one whose reply was lost, has a send id of its own: all of them."""
    started = ports.clock()
    sends: list[Envelope] = []
    for attempt in range(SEND_TRIES):
        sent = envelope.resent(ports.random.token())
        sends.append(sent)
        message = OutgoingMessage(
            queue.name,
            sent.to_json(),
            delay=delay,
            group=group,
            deduplication_id=sent.send_id if queue.fifo else None,
            attributes={"task": sent.task, "task_id": sent.id},
        )
        _check_size(message, envelope)
        try:
            ports.transport.send(message)
        except Unavailable as error:
            cause = str(error)
            if attempt == SEND_TRIES - 1 or (ports.clock() - started).total_seconds() > SEND_SECONDS:
                break
            ports.sleep(0.2 * 2**attempt * (0.5 + ports.random.random()))
        else:
            return sends
    raise EnqueueUncertain(envelope.id, cause)


def _record(sends: list[Envelope], row: TaskRow, ports: Ports) -> Accepted:
    """Write the QUEUED row. The task is accepted already: a failure here is a warning."""
    sent = sends[-1]
    try:
        answer = ports.results.apply(sent.id, queued(sent, row.queue))
    except PenstockError as error:
        logger.warning("task %s is enqueued, but its QUEUED row could not be written: %s", sent.id, error)
        return Accepted(row)
    if isinstance(answer, Applied) or answer.row is None:
        return Accepted(answer.row or row)
    _check_same(sent, answer.row)
    mine = answer.row.send_id in [send.send_id for send in sends]  # a delivery was faster than this write
    return Accepted(answer.row, created=mine)


def _known(envelope: Envelope, ports: Ports) -> TaskRow | None:
    """The row of a task id that the caller chose, if there is one; TaskIdConflict if it is other work."""
    try:
        row = ports.results.get(envelope.id)
    except Unavailable as error:
        # Sending is right all the same: of two sends of one task id only one runs.
        logger.warning("cannot tell whether task %s is known: %s", envelope.id, error)
        return None
    if row is not None:
        _check_same(envelope, row)
    return row


def _check_group(group: str | None, queue: QueueSettings) -> None:
    if queue.fifo and group is None:
        raise InvalidOption(f"queue {queue.name!r} is FIFO: say which group with .using(group=...)")
    if group is not None and not _GROUP.fullmatch(group):
        raise InvalidOption(f"group={group!r:.140}: SQS takes 1 to 128 of letters, digits and ASCII punctuation")


def _when(options: EnqueueOptions, queue: QueueSettings, now: datetime) -> tuple[int, datetime | None]:
    """DelaySeconds and the time that it stands for; InvalidOption for what SQS would refuse or round."""
    delay, run_after = options.delay, options.run_after
    if delay is not None and run_after is not None:
        raise InvalidOption(f"delay={delay!r} and run_after={run_after!r}: give one of them")
    if run_after is not None:
        if run_after.tzinfo is None:
            raise InvalidOption(f"run_after={run_after!r} has no time zone: pass an aware datetime")
        delay = max(0, math.ceil((run_after - now).total_seconds()))  # a time in the past is now
    if delay is None:
        return 0, None
    if isinstance(delay, bool) or not isinstance(delay, int) or delay < 0:
        raise InvalidOption(f"delay={delay!r}: SQS delays by whole seconds, 0 to {MAX_DELAY_SECONDS}")
    if delay == 0:
        return 0, None
    if delay > MAX_DELAY_SECONDS:
        raise InvalidOption(
            f"a delay of {delay} s: SQS holds a message back for {MAX_DELAY_SECONDS} s at most. "
            "For later work let EventBridge Scheduler enqueue it at its time"
        )
    if queue.fifo:
        raise InvalidOption(f"queue {queue.name!r} is FIFO: SQS allows no delay of single messages there")
    return delay, to_milliseconds(run_after or now + timedelta(seconds=delay))


def _task_id(task_id: str | None) -> str | None:
    if task_id is not None and not ID.fullmatch(task_id):
        raise InvalidOption(
            f"task_id={task_id!r:.140}: a letter or digit, then up to 127 of letters, digits and _ . : @ - "
            "(hash what does not fit)"
        )
    return task_id


def _check_size(message: OutgoingMessage, envelope: Envelope) -> None:
    attributes = sum(len(name) + len("String") + len(value) for name, value in message.attributes.items())
    size = len(message.body) + attributes  # all ASCII: characters are bytes
    if size > MAX_MESSAGE_BYTES:
        raise EnvelopeTooLarge(
            f"the message of task {envelope.task} is {size} bytes; SQS takes {MAX_MESSAGE_BYTES}. "
            "Put the data into S3 and enqueue its key"
        )


def _check_same(envelope: Envelope, row: TaskRow) -> None:
    digest = envelope.arguments_sha256()
    if row.task != envelope.task or (row.arguments_sha256 is not None and row.arguments_sha256 != digest):
        raise TaskIdConflict(
            f"task id {envelope.id!r} is taken by {row.task} ({row.status}) with other arguments: "
            "one id names one piece of work, so use another id"
        )

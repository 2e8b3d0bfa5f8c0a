"""Enqueueing: send first, then record if absent. From the moment SQS confirms, the task is accepted."""

import logging
import math
from collections.abc import Sequence
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from penstock.arguments import pointing, to_content
from penstock.envelope import GROUP, ID, Envelope
from penstock.errors import (
    AccessRefused,
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
from penstock.task import Call, EnqueueOptions
from penstock.times import to_milliseconds
from penstock.transitions import queued

logger: logging.Logger = logging.getLogger("penstock")

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_DELAY_SECONDS = 900
MAX_MESSAGE_BYTES = 1_048_576
MAX_TAGS = 10

# Arguments are checked, kept and parsed as a whole, when they are enqueued and again beside the task. Measured, 16 MiB of rows
# took 4 s of CPU to enqueue and 0.2 GB in the worker, 16 MiB of empty lists 0.8 GB: a worker with the default 1 GB holds
# the worst. 64 MiB of rows took 21 s and 0.65 GB, of empty lists 3.2 GB.
MAX_ARGUMENTS_BYTES = 16 * 1024 * 1024

SEND_TRIES = 3
SEND_SECONDS = 10.0
LONGEST_TRY_SECONDS = 7.0  # two to connect and five to read, as aws/connection.py has it


class Accepted(Struct, frozen=True):
    """An enqueued task: its row as far as it is known. ``created`` is False where the caller's task id was known."""

    row: TaskRow
    created: bool = True


class Prepared(Struct, frozen=True):
    """A call that may be sent: nothing about it can be refused any more, but by AWS.

    ``content`` are arguments that must be in the payload store before the send. ``page`` is the task's page on the dashboard.
    """

    call: Call
    envelope: Envelope
    queue: QueueSettings
    delay: int
    content: bytes | None = None
    page: str = ""

    def message(self, sent: Envelope) -> OutgoingMessage:
        """One physical send of it. Its attributes are for whoever meets it in the AWS console: no code of ours reads them."""
        message = OutgoingMessage(
            self.queue.name,
            sent.to_json(),
            delay=self.delay,
            group=sent.group,
            deduplication_id=sent.send_id if self.queue.fifo else None,
            attributes={"task": sent.task, "task_id": sent.id},
        )
        if not self.page:
            return message
        linked = replace(message, attributes={**message.attributes, "dashboard": self.page})
        return linked if size_of(linked) <= MAX_MESSAGE_BYTES else message  # nothing is refused because of a link


def enqueue(ports: Ports, call: Call) -> Accepted:
    """Enqueue one call; the errors are those of ``Task.enqueue``."""
    prepared = prepare(ports, call)
    if isinstance(prepared, Accepted):
        return prepared
    sends = send(prepared, ports)
    return record(prepared, sends, ports)


def prepare(ports: Ports, call: Call, *, origin: str | None = None) -> Prepared | Accepted:
    """Check everything that can be checked before a send; Accepted where the caller's task id is known already."""
    options, task, now = call.options, call.task, ports.clock()
    queue = ports.settings.queue(task.queue)
    delay, run_after = _when(options, queue, now)
    _check_group(options.group, queue)
    _check_tags(options.tags)
    envelope = Envelope(
        id=_task_id(options.task_id) or ports.random.token(),
        send_id=ports.random.token(),
        task=task.name,
        args=call.args,
        kwargs=call.kwargs,
        created_at=now,
        run_after=run_after,
        group=options.group,
        origin=origin,
        tags=options.tags,
        sensitive=task.options.sensitive,
    )
    prepared = fitting(Prepared(call, envelope, queue, delay, page=ports.settings.task_page(envelope.id)), ports)
    if options.task_id is not None and (known := _known(envelope, ports)) is not None:
        return Accepted(known, created=False)
    return prepared


def send(prepared: Prepared, ports: Ports, *, after: str | None = None) -> list[Envelope]:
    """Send until SQS confirms. Every physical try, also one whose reply was lost, has a send id of its own: all of them."""
    started = ports.clock()
    store(prepared, ports, started)
    sends: list[Envelope] = []
    for attempt in range(SEND_TRIES):
        sends.append(prepared.envelope.resent(ports.random.token(), after=after))
        try:
            ports.transport.send(prepared.message(sends[-1]))
        except Unavailable as error:
            cause = str(error)
            if attempt == SEND_TRIES - 1 or not may_try_again(started, ports):
                break
            pause(attempt, ports)
        except AccessRefused as error:
            if len(sends) == 1:
                raise  # SQS has answered the only try: nothing was sent
            cause = str(error)
            break
        else:
            return sends
    raise EnqueueUncertain(prepared.envelope.id, cause)


def store(prepared: Prepared, ports: Ports, started: datetime) -> None:
    """Put arguments that the envelope only points to into the payload store; they must be there before the send.

    Unavailable or AccessRefused where they are not: then nothing was sent.
    """
    pointer, content, payloads = prepared.envelope.arguments, prepared.content, ports.payloads
    if pointer is None or content is None or payloads is None:
        return
    words = f"nothing was sent: the arguments of task {pointer.key.split('/')[1]} must be in S3 first"
    for attempt in range(SEND_TRIES):
        try:
            payloads.put(pointer.key, content)
        except Unavailable as error:
            if attempt == SEND_TRIES - 1 or not may_try_again(started, ports):
                raise Unavailable(f"{words}. {error}") from error
            pause(attempt, ports)
        except AccessRefused as error:
            raise AccessRefused(f"{words}. {error}") from error
        else:
            return


def may_try_again(started: datetime, ports: Ports) -> bool:
    """True while one more try of the longest kind ends in time."""
    return (ports.clock() - started).total_seconds() < SEND_SECONDS - LONGEST_TRY_SECONDS


def pause(attempt: int, ports: Ports) -> None:
    """Wait before another try of a send: some tenths of a second, longer each time."""
    ports.sleep(0.2 * 2**attempt * (0.5 + ports.random.random()))


def record(prepared: Prepared, sends: list[Envelope], ports: Ports) -> Accepted:
    """Write the QUEUED row. The task is accepted already: a failure here is a warning."""
    sent = sends[-1]
    queue = prepared.queue.name
    row = TaskRow(sent.id, Status.QUEUED, sent.task, queue, sent.created_at, run_after=sent.run_after, tags=sent.tags)
    if not prepared.call.task.options.record:
        return Accepted(row)
    try:
        answer = ports.results.apply(sent.id, queued(sent, queue))
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
    if group is not None and not GROUP.fullmatch(group):
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


def size_of(message: OutgoingMessage) -> int:
    """What SQS counts of a message, in bytes: its body, and names, types and values of its attributes."""
    attributes = sum(
        len(name.encode()) + len("String") + len(value.encode()) for name, value in message.attributes.items()
    )
    return len(message.body) + attributes  # the body is ASCII


def _check_tags(tags: Sequence[str]) -> None:
    if (
        isinstance(tags, str)
        or len(tags) > MAX_TAGS
        or not all(isinstance(tag, str) and ID.fullmatch(tag) for tag in tags)
    ):
        raise InvalidOption(
            f"tags={tags!r:.140}: at most {MAX_TAGS}, each a letter or digit, then up to 127 of letters, digits and _ . : @ -"
        )


def fitting(prepared: Prepared, ports: Ports, *, after: str | None = None) -> Prepared:
    """As it is where SQS takes its message; else with the arguments apart. EnvelopeTooLarge where that may not be."""
    envelope = prepared.envelope
    size = size_of(prepared.message(envelope.resent(envelope.send_id, after=after)))
    if size <= MAX_MESSAGE_BYTES:
        return prepared
    says = f"the message of task {envelope.task} is {size} bytes; SQS takes {MAX_MESSAGE_BYTES}"
    yourself = "put the data into S3 yourself and enqueue its key"
    if envelope.sensitive:
        raise EnvelopeTooLarge(f"{says}, and arguments of a sensitive task are not kept in S3: {yourself}")
    if ports.payloads is None:
        raise EnvelopeTooLarge(f"{says}. Set PENSTOCK_PAYLOAD_BUCKET, and the arguments go through S3; or {yourself}")
    content = to_content(envelope)
    if len(content) > MAX_ARGUMENTS_BYTES:
        raise EnvelopeTooLarge(
            f"the arguments of task {envelope.task} are {len(content)} bytes; through S3 go {MAX_ARGUMENTS_BYTES} at most: "
            f"{yourself}"
        )
    return replace(prepared, envelope=pointing(envelope, content), content=content)


def _check_same(envelope: Envelope, row: TaskRow) -> None:
    digest = envelope.arguments_sha256()
    if row.task != envelope.task or (row.arguments_sha256 is not None and row.arguments_sha256 != digest):
        raise TaskIdConflict(
            f"task id {envelope.id!r} is taken by {row.task} ({row.status}) with other arguments: "
            "one id names one piece of work, so use another id"
        )

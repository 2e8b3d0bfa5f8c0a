"""SQS in memory: visibility timeouts, receive counts, delays, dead-letter queues and FIFO groups, as AWS documents them.

What it does not do: deliver twice, deliver out of order, or hide a message that is there. Standard queues answer in the
order of sending here, which SQS does not promise.
"""

import threading
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta

from penstock.errors import AccessRefused, PenstockError, UnknownQueue
from penstock.memory.queue import (
    MAX_DELAY_SECONDS,
    MAX_MESSAGE_BYTES,
    MAX_RECEIVED_MESSAGES,
    MAX_VISIBILITY_SECONDS,
    MAX_WAIT_SECONDS,
    Message,
    Queue,
)
from penstock.ports import OutgoingMessage, QueueAttributes, QueueDepth, Random, ReceivedMessage, RedriveStatus
from penstock.settings import Settings, dead_letter_queue
from penstock.times import Clock, seconds

# Where the settings do not tell: a queue's own is six times its function's timeout, here that of one task.
_VISIBILITY_FACTOR = 6
_DEAD_LETTER_VISIBILITY_SECONDS = 30
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
MAX_REDRIVE_RATE = 500


class MemoryTransport:
    """A ``Transport`` with one dead-letter queue for every queue of ``settings``; ``random`` gives message ids."""

    def __init__(self, settings: Settings, *, clock: Clock, random: Random) -> None:
        self._clock = clock
        self._random = random
        self._settings = settings
        self._lock = threading.Lock()
        self._queues: dict[str, Queue] = {}
        for name, queue in settings.queues.items():
            dead_letters = Queue(fifo=queue.fifo, visibility_timeout=_DEAD_LETTER_VISIBILITY_SECONDS)
            self._queues[dead_letter_queue(name)] = dead_letters
            self._queues[name] = Queue(
                fifo=queue.fifo,
                visibility_timeout=queue.visibility_timeout or _VISIBILITY_FACTOR * queue.time_limit,
                max_receive_count=queue.max_receive_count,
                dead_letters=dead_letters,
                retention=timedelta(seconds=queue.retention),
            )

    def send(self, message: OutgoingMessage) -> str:
        """Send once; the MessageId, on a FIFO queue that of the first send of the same deduplication id."""
        with self._lock:
            queue = self._queue(message.queue)
            _check(message, queue)
            now = self._clock()
            return queue.put(
                Message(
                    message_id=self._new_id(),
                    body=message.body,
                    sent_at=now,
                    visible_at=now,
                    delayed_until=now + seconds(message.delay),
                    group=message.group,
                    deduplication_id=message.deduplication_id,
                    attributes=dict(message.attributes),
                )
            )

    def send_many(self, messages: Sequence[OutgoingMessage]) -> list[str | PenstockError]:
        """Each entry on its own, as SQS does it."""
        _check_batch(messages)
        outcomes: list[str | PenstockError] = []
        for message in messages:
            try:
                outcomes.append(self.send(message))
            except AccessRefused as error:
                outcomes.append(error)
        return outcomes

    def receive(
        self, queue: str, *, max_messages: int, visibility_timeout: int | None = None, wait: int = 0
    ) -> list[ReceivedMessage]:
        """Up to ``max_messages`` (1 to 10) messages; what has been received too often moves to the dead-letter queue.

        Does not wait: time may be a test's, and stand still.
        """
        if not 1 <= max_messages <= MAX_RECEIVED_MESSAGES:
            raise AccessRefused(
                f"max_messages={max_messages!r}: SQS gives 1 to {MAX_RECEIVED_MESSAGES} messages a receive"
            )
        if visibility_timeout is not None:
            _check_visibility(visibility_timeout)
        if not 0 <= wait <= MAX_WAIT_SECONDS:
            raise AccessRefused(f"wait={wait!r}: SQS waits 0 to {MAX_WAIT_SECONDS} seconds for a message")
        with self._lock:
            return self._queue(queue).receive(max_messages, visibility_timeout, self._clock())

    def delete(self, queue: str, receipt_handles: Sequence[str]) -> None:
        """Acknowledge messages; only a message's latest handle deletes it, as SQS may do it."""
        with self._lock:
            its_queue = self._queue(queue)
            for handle in receipt_handles:
                its_queue.delete(handle)

    def change_visibility(self, queue: str, seconds: Mapping[str, int]) -> None:
        """Receipt handle -> seconds, 0 to 43,200 in all from the receive; a stale handle changes nothing."""
        with self._lock:
            its_queue, now = self._queue(queue), self._clock()
            refused = []
            for handle, timeout in seconds.items():
                try:
                    _check_visibility(timeout)
                    its_queue.change_visibility(handle, timeout, now)
                except AccessRefused as error:  # the other entries of the batch are carried out, as SQS does it
                    refused.append(error)
        if refused:
            raise refused[0]

    def depth(self, queue: str) -> QueueDepth:
        """How much is in the queue: exact here."""
        with self._lock:
            return self._queue(queue).depth(self._clock())

    def attributes(self, queue: str) -> QueueAttributes:
        """How the queue is set up, which here is what the settings say."""
        with self._lock:
            its_queue = self._queue(queue)
            buries = its_queue.dead_letters is not None
            return QueueAttributes(
                visibility_timeout=its_queue.visibility_timeout,
                retention=int(its_queue.retention.total_seconds()),
                delay=0,
                fifo=its_queue.fifo,
                max_receive_count=its_queue.max_receive_count if buries else None,
                dead_letter_queue=self._settings.queue(queue).dead_letter_url.rsplit("/", 1)[-1] if buries else None,
                depth=its_queue.depth(self._clock()),
            )

    def oldest_age(self, queue: str) -> int:
        """Age of the oldest message of a queue or dead-letter queue, in seconds; 0 where there is none."""
        with self._lock:
            return self._queue(queue).oldest_age(self._clock())

    def redrive(self, queue: str, *, rate: int | None = None) -> int:
        """Move what is visible in the dead-letter queue back, as StartMessageMoveTask does; how many were moved.

        Each gets a new MessageId, a new and always later SentTimestamp, and a receive count of 0.
        """
        if rate is not None and not 1 <= rate <= MAX_REDRIVE_RATE:
            raise AccessRefused(f"rate={rate!r}: SQS moves 1 to {MAX_REDRIVE_RATE} messages a second")
        with self._lock:
            its_queue, now = self._queue(queue), self._clock()
            moved = self._queue(dead_letter_queue(queue)).take_all(now)
            for message in moved:
                its_queue.put(message.redriven(self._new_id(), now))
            return len(moved)

    def redrive_status(self, queue: str) -> RedriveStatus | None:
        """None: here a redrive is over when it returns."""
        self._queue(queue)
        return None

    def cancel_redrive(self, queue: str) -> bool:
        """False: there is never one running."""
        self._queue(queue)
        return False

    def purge(self, queue: str) -> None:
        """Delete every message at once."""
        with self._lock:
            self._queue(queue).clear()

    def _queue(self, name: str) -> Queue:
        try:
            return self._queues[name]
        except KeyError:
            raise UnknownQueue(name, list(self._queues)) from None

    def _new_id(self) -> str:
        return str(uuid.UUID(self._random.token()))


def _check_batch(messages: Sequence[OutgoingMessage]) -> None:
    size = sum(_size(message) for message in messages)
    if not 1 <= len(messages) <= MAX_RECEIVED_MESSAGES or size > MAX_MESSAGE_BYTES:
        raise AccessRefused(
            f"a batch of {len(messages)} messages with {size} bytes: SQS takes 1 to {MAX_RECEIVED_MESSAGES} with "
            f"{MAX_MESSAGE_BYTES} together"
        )


def _size(message: OutgoingMessage) -> int:
    return len(message.body.encode()) + sum(
        len(name.encode()) + len("String") + len(value.encode()) for name, value in message.attributes.items()
    )


def _check(message: OutgoingMessage, queue: Queue) -> None:
    size = _size(message)
    if size > MAX_MESSAGE_BYTES:
        raise AccessRefused(f"the message has {size} bytes with its attributes; SQS takes {MAX_MESSAGE_BYTES}")
    if not 0 <= message.delay <= MAX_DELAY_SECONDS:
        raise AccessRefused(f"delay={message.delay!r}: SQS takes 0 to {MAX_DELAY_SECONDS} seconds")
    if not queue.fifo:
        return
    if message.delay:
        raise AccessRefused(f"delay={message.delay!r}: a FIFO queue takes no delay for a single message")
    if message.group is None or message.deduplication_id is None:
        raise AccessRefused(
            f"a FIFO queue needs a group and a deduplication_id; queue {message.queue!r} got a message without"
        )


def _check_visibility(timeout: int) -> None:
    if not 0 <= timeout <= MAX_VISIBILITY_SECONDS:
        raise AccessRefused(f"visibility timeout {timeout!r}: SQS takes 0 to {MAX_VISIBILITY_SECONDS} seconds")

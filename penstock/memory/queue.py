"""One queue in memory; its owner (MemoryTransport) locks and checks."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from penstock.errors import AccessRefused
from penstock.ports import QueueDepth, ReceivedMessage
from penstock.record import MAX_RETENTION
from penstock.times import seconds

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html
MAX_MESSAGE_BYTES = 1024 * 1024
MAX_DELAY_SECONDS = 900
MAX_VISIBILITY_SECONDS = 43_200
MAX_RECEIVED_MESSAGES = 10
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
MAX_WAIT_SECONDS = 20
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/using-messagededuplicationid-property.html
DEDUPLICATION_INTERVAL = timedelta(minutes=5)


@dataclass(slots=True)
class Message:
    """A message in a queue. The latest receipt handle is its id and its receive count; ``received_at`` is that receive's."""

    message_id: str
    body: str
    sent_at: datetime
    visible_at: datetime
    delayed_until: datetime
    group: str | None = None
    deduplication_id: str | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    receive_count: int = 0
    first_received_at: datetime | None = None
    received_at: datetime | None = None

    def is_delayed(self, now: datetime) -> bool:
        """True before its delay is over."""
        return now < self.delayed_until

    def is_in_flight(self, now: datetime) -> bool:
        """True while a receiver has it."""
        return now < self.visible_at

    @property
    def receipt_handle(self) -> str:
        """Names the latest receive, and no other."""
        return f"{self.message_id}/{self.receive_count}"

    def received(self, now: datetime, visibility_timeout: int) -> ReceivedMessage:
        """Count a receive and hide the message."""
        self.receive_count += 1
        self.received_at = now
        self.first_received_at = first = self.first_received_at or now
        self.visible_at = now + seconds(visibility_timeout)
        return ReceivedMessage(
            message_id=self.message_id,
            receipt_handle=self.receipt_handle,
            body=self.body,
            sent_at=self.sent_at,
            first_received_at=first,
            receive_count=self.receive_count,
            group=self.group,
            deduplication_id=self.deduplication_id,
            attributes=dict(self.attributes),
        )

    def buried(self, *, fifo: bool, now: datetime) -> "Message":
        """The message as SQS itself moves it to a dead-letter queue: the same id, receive count and, on standard queues, age.

        On FIFO queues the age starts anew and the id replaces the deduplication id:
        https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
        """
        if fifo:
            return replace(self, visible_at=now, sent_at=now, deduplication_id=self.message_id)
        return replace(self, visible_at=now)

    def redriven(self, message_id: str, now: datetime) -> "Message":
        """The message as a redrive sends it: to SQS it is a new one.

        A redrive comes later than what it moves, and the claim of a redriven task rests on that: where a clock stands
        still, the time between two calls to SQS is still more than none.
        """
        later = max(now, self.sent_at + timedelta(milliseconds=1))
        return Message(
            message_id=message_id,
            body=self.body,
            sent_at=later,
            visible_at=now,
            delayed_until=now,
            group=self.group,
            deduplication_id=None if self.deduplication_id is None else message_id,
            attributes=self.attributes,
        )


@dataclass(slots=True)
class Queue:
    """Messages in the order of sending; ``visibility_timeout`` is seconds, ``retention`` how long one is kept."""

    fifo: bool
    visibility_timeout: int
    max_receive_count: int = 0
    dead_letters: "Queue | None" = None
    retention: timedelta = MAX_RETENTION
    messages: dict[str, Message] = field(default_factory=dict)
    _deduplication: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def put(self, message: Message) -> str:
        """Take ``message`` in, or on a FIFO queue drop the repetition of one; the id of the message that is there."""
        if self.fifo and message.deduplication_id is not None:
            known = self._deduplication.get(message.deduplication_id)
            if known is not None and message.sent_at < known[0] + DEDUPLICATION_INTERVAL:
                return known[1]
            self._deduplication[message.deduplication_id] = (message.sent_at, message.message_id)
        self.messages[message.message_id] = message
        return message.message_id

    def receive(self, max_messages: int, visibility_timeout: int | None, now: datetime) -> list[ReceivedMessage]:
        """The next messages; those that have used up their receives go to the dead-letter queue instead."""
        self._forget_expired(now)
        timeout = self.visibility_timeout if visibility_timeout is None else visibility_timeout
        blocked = {m.group for m in self.messages.values() if self.fifo and m.is_in_flight(now)}
        received: list[ReceivedMessage] = []
        for message in list(self.messages.values()):
            if len(received) == max_messages:
                break
            if message.is_in_flight(now) or message.is_delayed(now) or message.group in blocked:
                continue
            if self.dead_letters is not None and message.receive_count >= self.max_receive_count:
                del self.messages[message.message_id]
                self.dead_letters.put(message.buried(fifo=self.fifo, now=now))
                continue
            received.append(message.received(now, timeout))
        return received

    def delete(self, receipt_handle: str) -> None:
        """Forget the message whose latest receive this is; a stale handle deletes nothing."""
        message = self._message(receipt_handle)
        if message is not None:
            del self.messages[message.message_id]

    def change_visibility(self, receipt_handle: str, timeout: int, now: datetime) -> None:
        """Show the message again in ``timeout`` seconds; nothing where another receive, or none, holds it."""
        message = self._message(receipt_handle)
        if message is None or message.received_at is None or not message.is_in_flight(now):
            return
        until = now + seconds(timeout)
        if until - message.received_at > seconds(MAX_VISIBILITY_SECONDS):
            raise AccessRefused(
                f"visibility timeout {timeout!r}: SQS hides a message for {MAX_VISIBILITY_SECONDS} seconds in all, "
                f"counted from its receive at {message.received_at.isoformat()}"
            )
        message.visible_at = until

    def take_all(self, now: datetime) -> list[Message]:
        """Remove and give every message that could be received now."""
        self._forget_expired(now)
        ready = [m for m in self.messages.values() if not m.is_in_flight(now) and not m.is_delayed(now)]
        for message in ready:
            del self.messages[message.message_id]
        return ready

    def clear(self) -> None:
        """Forget every message."""
        self.messages.clear()

    def depth(self, now: datetime) -> QueueDepth:
        """Count the messages by where they stand."""
        self._forget_expired(now)
        in_flight = sum(message.is_in_flight(now) for message in self.messages.values())
        delayed = sum(message.is_delayed(now) for message in self.messages.values())
        return QueueDepth(visible=len(self.messages) - in_flight - delayed, in_flight=in_flight, delayed=delayed)

    def oldest_age(self, now: datetime) -> int:
        """Age of the oldest message (whole seconds), whoever holds it; 0 where there is none."""
        self._forget_expired(now)
        return int((now - min((m.sent_at for m in self.messages.values()), default=now)).total_seconds())

    def _message(self, receipt_handle: str) -> Message | None:
        message = self.messages.get(receipt_handle.partition("/")[0])
        return message if message is not None and message.receipt_handle == receipt_handle else None

    def _forget_expired(self, now: datetime) -> None:
        for message in [m for m in self.messages.values() if m.sent_at + self.retention < now]:
            del self.messages[message.message_id]
        for key in [key for key, (at, _) in self._deduplication.items() if at + DEDUPLICATION_INTERVAL <= now]:
            del self._deduplication[key]

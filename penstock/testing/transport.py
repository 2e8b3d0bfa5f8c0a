"""The in-memory queues with what a test wants to know and to break: what was sent, what comes next, twice, out of order."""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

from penstock.errors import PenstockError
from penstock.memory import MemoryTransport
from penstock.memory.queue import Message, Queue
from penstock.ports import OutgoingMessage, Random
from penstock.settings import Settings
from penstock.times import Clock


class SandboxTransport(MemoryTransport):
    """A ``MemoryTransport`` that keeps what it took, and breaks SQS's promises as far as SQS itself does."""

    def __init__(self, settings: Settings, *, clock: Clock, random: Random) -> None:
        super().__init__(settings, clock=clock, random=random)
        self._names = tuple(settings.queues)
        #: Every message taken, in the order of sending.
        self.sent: list[OutgoingMessage] = []
        #: How many of the next acknowledgements SQS forgets, so that the message is delivered again.
        self.duplicates: int = 0
        #: Called after each request that sends.
        self.after_send: Callable[[], None] = lambda: None

    def send(self, message: OutgoingMessage) -> str:
        """As SQS."""
        message_id = super().send(message)
        self.sent.append(message)
        self.after_send()
        return message_id

    def send_many(self, messages: Sequence[OutgoingMessage]) -> list[str | PenstockError]:
        """As SQS; ``after_send`` is called once."""
        after_send, self.after_send = self.after_send, lambda: None
        try:
            outcomes = super().send_many(messages)
        finally:
            self.after_send = after_send
        self.after_send()
        return outcomes

    def delete(self, queue: str, receipt_handles: Sequence[str]) -> None:
        """As SQS, which may show a message again although it was deleted: "at least once" means that."""
        for handle in receipt_handles:
            if self.duplicates and queue in self._names:
                self.duplicates -= 1
                self.change_visibility(queue, {handle: 0})
            else:
                super().delete(queue, [handle])

    def reverse(self) -> None:
        """Have the standard queues give what is in them now in the opposite order."""
        with self._lock:
            for queue in self._work_queues():
                if not queue.fifo:
                    queue.messages = dict(reversed(queue.messages.items()))

    def drop(self, message_id: str) -> None:
        """Forget a message, wherever it is."""
        with self._lock:
            for queue in self._queues.values():
                queue.messages.pop(message_id, None)

    def drop_all(self) -> None:
        """Forget every message."""
        with self._lock:
            for queue in self._queues.values():
                queue.clear()

    def next_change(self) -> datetime | None:
        """When the next hidden or delayed message is shown; None if there is none."""
        with self._lock:
            now = self._clock()
            times = [max(message.visible_at, message.delayed_until) for message in self._waiting()]
        return min((time for time in times if time > now), default=None)

    def _waiting(self) -> Iterator[Message]:
        for queue in self._work_queues():
            yield from queue.messages.values()

    def _work_queues(self) -> list[Queue]:
        return [self._queues[name] for name in self._names]

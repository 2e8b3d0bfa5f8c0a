"""AWS in memory, and the history that it writes: each version of a row, each send, each delete, in the order of time.

The history holds plain values only, so that the checker can read it and know nothing of us.
"""

import copy
import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from penstock.memory import (
    ManualClock,
    MemoryLedger,
    MemoryPayloadStore,
    MemoryResultStore,
    MemoryTransport,
    SeededRandom,
)
from penstock.memory.queue import Message, Queue
from penstock.ports import Applied, Refused
from penstock.settings import QueueSettings, Settings
from penstock.times import to_text
from penstock.transitions import Transition

QUEUE, LETTERS = "default", "default-dlq"
TIME_LIMIT = 30
# Three above the attempts of the simulated tasks, the least that the library takes: so SQS buries by itself often.
MAX_ATTEMPTS = 2
MAX_RECEIVE_COUNT = MAX_ATTEMPTS + 3


class Cloud:
    """One queue, its dead-letter queue, the table and the bucket. ``late`` are requests that are still on their way."""

    def __init__(self, seed: int, *, fifo: bool = False, stale_deletes: bool = False) -> None:
        url = f"memory://{QUEUE}" + (".fifo" if fifo else "")
        queue = QueueSettings(QUEUE, url, time_limit=TIME_LIMIT, max_receive_count=MAX_RECEIVE_COUNT)
        self.settings = Settings(queues={QUEUE: queue}, table="tasks", payload_bucket="payloads")
        self.clock = ManualClock()
        self.random = SeededRandom(seed)
        self.history: list[dict[str, Any]] = []
        self.faults: Counter[str] = Counter()
        self.late: list[Callable[[], Any]] = []
        self.acting = "aws"
        self.table = Table(self)
        self.transport = Queues(self, stale_deletes=stale_deletes)
        self.payloads = MemoryPayloadStore()
        self.ledger = MemoryLedger(self.clock)

    @contextmanager
    def acting_as(self, name: str) -> Iterator[None]:
        """What happens inside is written down as done by ``name``."""
        before, self.acting = self.acting, name
        try:
            yield
        finally:
            self.acting = before

    def note(self, kind: str, **facts: Any) -> None:
        """Append to the history."""
        self.history.append({"kind": kind, "at": to_text(self.clock()), **facts})

    def fault(self, fault: str, by: str, what: str) -> None:
        """Write down that a fault fired."""
        self.faults[str(fault)] += 1
        self.note("fault", fault=str(fault), by=by, what=what)

    def arrive_late(self, which: int) -> None:
        """One of the late requests is carried out now; nobody waits for its answer."""
        if self.late:
            self.late.pop(which % len(self.late))()


class Table(MemoryResultStore):
    """The table, with its stream."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud.clock)
        self._cloud = cloud

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        before = self._tasks.get(task_id)
        answer = super().apply(task_id, transition)
        if isinstance(answer, Applied):
            self._cloud.note("row", by=self._cloud.acting, task=task_id, before=before, after=self._tasks[task_id])
        return answer

    def scan(self) -> dict[str, dict[str, Any]]:
        """Every row: task id -> attributes."""
        return dict(self._tasks)


class Queues(MemoryTransport):
    """The queues; what is deleted is written down with the row as it was then, and can come back.

    With ``stale_deletes`` an old receipt handle deletes as well as the latest, which SQS leaves open.
    """

    def __init__(self, cloud: Cloud, *, stale_deletes: bool) -> None:
        super().__init__(cloud.settings, clock=cloud.clock, random=cloud.random)
        self._cloud = cloud
        self._stale_deletes = stale_deletes
        self.gone: list[Message] = []

    def delete(self, queue: str, receipt_handles: Sequence[str]) -> None:
        its_queue = self._queue(queue)
        for handle in receipt_handles:
            message = its_queue.messages.get(handle.partition("/")[0])
            if message is None:
                continue
            if self._stale_deletes:
                handle = message.receipt_handle
            super().delete(queue, [handle])
            if message.message_id not in its_queue.messages:
                self._note_deleted(queue, message)

    def _note_deleted(self, queue: str, message: Message) -> None:
        task_id = json.loads(message.body)["id"]
        row = self._cloud.table.scan().get(task_id)
        self._cloud.note("deleted", queue=queue, body=message.body, row=row, by=self._cloud.acting)
        self.gone.append(message)

    def of(self, queue: str) -> Queue:
        """The queue itself, for what only AWS can do to it."""
        return self._queue(queue)

    def bodies(self, queue: str) -> list[str]:
        """What is in a queue, visible or not."""
        return [message.body for message in self._queue(queue).messages.values()]

    def has_visible(self, queue: str) -> bool:
        """True if a receive would find something."""
        now = self._cloud.clock()
        return any(
            not message.is_in_flight(now) and not message.is_delayed(now)
            for message in self._queue(queue).messages.values()
        )

    def show_again(self, queue: str, which: int) -> bool:
        """Deliver at least once: a message in flight becomes visible before its time. False where none is in flight."""
        now = self._cloud.clock()
        in_flight = [message for message in self._queue(queue).messages.values() if message.is_in_flight(now)]
        if in_flight:
            in_flight[which % len(in_flight)].visible_at = now
        return bool(in_flight)

    def redrive(self, queue: str, *, rate: int | None = None) -> int:
        self.gone += self._queue(LETTERS).messages.values()
        return super().redrive(queue, rate=rate)

    def bury(self, which: int) -> bool:
        """What a row of throttles comes to: SQS moves a message to the dead-letter queue. False where there is none."""
        queue, now = self._queue(QUEUE), self._cloud.clock()
        messages = list(queue.messages.values())
        if messages:
            message = messages[which % len(messages)]
            del queue.messages[message.message_id]
            message.receive_count = MAX_RECEIVE_COUNT
            self._queue(LETTERS).put(message.buried(fifo=queue.fifo, now=now))
        return bool(messages)

    def bring_back(self, queue: str, which: int) -> bool:
        """A standard queue may show a message again that was deleted, or moved. False where none was."""
        its_queue, now = self._queue(queue), self._cloud.clock()
        if not self.gone or its_queue.fifo:
            return False
        message = copy.copy(self.gone[which % len(self.gone)])
        message.visible_at = now
        its_queue.messages.setdefault(message.message_id, message)
        return True

"""THE event source mapping simulator: receives a queue's messages, invokes a function with them, settles the batch.

It does what AWS documents, and is driven in two ways by the same code: step by step with a clock that tests move
(``poll``, ``drain``), or by the threads of ``pollers.py`` in real time (``collect``, then ``carry_out``).

- https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
- https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
- https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html

A failed message is left alone: it comes back when its visibility timeout, or what the function made of it, runs out, and
SQS itself moves it to the dead-letter queue. Not simulated: filters, provisioned pollers, and how AWS adds pollers under
load and backs off after errors (it says that it does, not by how much).
"""

import json
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from penstock.errors import PenstockError
from penstock.local import sqs_event
from penstock.local.batch_answer import judge
from penstock.local.invocation import (
    MAX_PAYLOAD_BYTES,
    Function,
    FunctionError,
    InvocationResult,
    Returned,
    Throttled,
    TimedOut,
)
from penstock.ports import ReceivedMessage, Transport
from penstock.queue_list import QueueEntry
from penstock.times import Clock, seconds

MAX_RECEIVED_MESSAGES = 10  # what one ReceiveMessage gives
_BRACKETS_BYTES = len(b'{"Records": []}')
_SEPARATOR_BYTES = len(b", ")


@dataclass(frozen=True, slots=True)
class Held:
    """A message in the hands of the mapping; ``size`` is its bytes in the event."""

    message: ReceivedMessage
    record: dict[str, Any]
    size: int
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """What one invocation gets. Every batch from ``collect`` goes to ``carry_out``, once."""

    items: tuple[Held, ...]

    @property
    def messages(self) -> tuple[ReceivedMessage, ...]:
        """Its messages, in the order of the event."""
        return tuple(item.message for item in self.items)

    @property
    def event(self) -> dict[str, Any]:
        """The Lambda event."""
        return sqs_event.event(item.record for item in self.items)


@dataclass(frozen=True, slots=True)
class SettledBatch:
    """What became of a batch: the function's ``result``, the ids ``deleted`` and ``left`` in the queue, and why."""

    messages: tuple[ReceivedMessage, ...]
    result: InvocationResult
    deleted: tuple[str, ...]
    left: tuple[str, ...]
    reason: str


class EventSourceMapping:
    """A queue mapped to a function; safe between threads.

    ``source_arn`` is the ARN of the queue; batch size, window, concurrency and timeouts are those of ``queue``. Errors of
    the transport (Unavailable, AccessRefused) pass through: what was received then comes back by itself.
    """

    def __init__(
        self,
        transport: Transport,
        function: Function,
        queue: QueueEntry,
        clock: Clock,
        *,
        source_arn: str,
        report_batch_item_failures: bool = True,
    ) -> None:
        self.queue = queue
        self._transport = transport
        self._function = function
        self._clock = clock
        self._source_arn = source_arn
        self._report_batch_item_failures = report_batch_item_failures
        # Two locks: a batch that ends must not wait for a receive, and only one thread at a time receives.
        self._collecting = threading.Lock()
        self._state = threading.Lock()
        self._held: list[Held] = []
        self._in_flight = 0
        self._groups_in_flight: set[str] = set()

    @property
    def held(self) -> int:
        """How many messages are received and wait for the batch window, for their group or after a throttle."""
        with self._state:
            return len(self._held)

    def poll(self) -> SettledBatch | None:
        """One receive; if a batch is due, invoke with it and settle it. None if none is due."""
        batch = self.collect()
        return None if batch is None else self.carry_out(batch)

    def drain(self, limit: int = 1_000) -> list[SettledBatch]:
        """Poll until no batch is due: nothing is visible, a window has to pass, or a throttle has to end.

        More than ``limit`` batches is a PenstockError: the function makes its messages visible without end.
        """
        settled: list[SettledBatch] = []
        while (batch := self.poll()) is not None:
            settled.append(batch)
            if isinstance(batch.result, Throttled):
                break
            if len(settled) > limit:
                raise PenstockError(
                    f"queue {self.queue.name!r} is not drained after {limit} batches; the last one: {batch.reason}. "
                    "Does a message come back at once each time, on a queue without a dead-letter queue?"
                )
        return settled

    def collect(self) -> Batch | None:
        """Receive, and give a batch if one is due and the maximum concurrency allows it; it then counts as in flight."""
        with self._collecting:
            with self._state:
                if self._in_flight >= self.queue.max_concurrency:
                    return None
                self._drop_expired()
            self._receive()
            with self._state:
                return self._cut()

    def carry_out(self, batch: Batch) -> SettledBatch:
        """Invoke the function with ``batch`` and delete what succeeded."""
        throttled = False
        try:
            result = self._function.invoke(batch.event, self.queue.function_timeout)
            throttled = isinstance(result, Throttled)
            return self._settle(batch, result)
        finally:
            with self._state:
                self._in_flight -= 1
                self._groups_in_flight -= self._groups(batch.items)
                if throttled:
                    # Lambda tries the invocation again until the visibility timeout runs out; then it drops the batch.
                    self._held[:0] = batch.items

    def give_back(self) -> None:
        """Show held messages to others at once: for the end, where nobody would work on them until they time out."""
        with self._state:
            held, self._held = self._held, []
        if held:
            self._transport.change_visibility(self.queue.name, {item.message.receipt_handle: 0 for item in held})

    def _receive(self) -> None:
        # Only the holder of _collecting adds messages; without a window, one receive makes a batch.
        while (wanted := self._room()) > 0:
            # Lambda uses the queue's own visibility timeout; to name it is the same, and holds on every transport.
            messages = self._transport.receive(
                self.queue.name,
                max_messages=min(wanted, MAX_RECEIVED_MESSAGES),
                visibility_timeout=self.queue.visibility_timeout,
            )
            now = self._clock()
            with self._state:
                self._held += [self._hold(message, now) for message in messages]
            if not messages or self.queue.batch_window == 0:
                return

    def _room(self) -> int:
        """How many messages a batch still lacks; 0 where the payload is full."""
        with self._state:
            free = [item for item in self._held if not self._is_blocked(item)]
            full = _payload(free) >= MAX_PAYLOAD_BYTES
            return 0 if full else self.queue.batch_size - len(free)

    def _cut(self) -> Batch | None:
        items: list[Held] = []
        size = _BRACKETS_BYTES
        full = False
        for item in self._held:
            if self._is_blocked(item):
                continue
            size += item.size
            full = len(items) == self.queue.batch_size or (bool(items) and size > MAX_PAYLOAD_BYTES)
            if full:
                break
            items.append(item)
        full = full or len(items) == self.queue.batch_size
        if not items or not (full or self._window_is_over(items)):
            return None
        taken = {id(item) for item in items}
        self._held = [item for item in self._held if id(item) not in taken]
        self._in_flight += 1
        self._groups_in_flight |= self._groups(items)
        return Batch(tuple(items))

    def _settle(self, batch: Batch, result: InvocationResult) -> SettledBatch:
        failed, reason = self._failed(batch, result)
        done = [message for message in batch.messages if message.message_id not in failed]
        if done:
            self._transport.delete(self.queue.name, [message.receipt_handle for message in done])
        return SettledBatch(
            messages=batch.messages,
            result=result,
            deleted=tuple(message.message_id for message in done),
            left=tuple(message.message_id for message in batch.messages if message.message_id in failed),
            reason=reason,
        )

    def _failed(self, batch: Batch, result: InvocationResult) -> tuple[frozenset[str], str]:
        message_ids = frozenset(message.message_id for message in batch.messages)
        match result:
            case Returned(payload) if self._report_batch_item_failures:
                verdict = judge(payload, message_ids)
                return verdict.failed, verdict.reason
            case Returned():
                return frozenset(), "returned; without ReportBatchItemFailures that is complete success"
            case FunctionError(error_type, message):
                return message_ids, f"{error_type}: {message}: complete failure"
            case TimedOut(timeout):
                return message_ids, f"timed out after {timeout:g} s: complete failure"
            case Throttled(limit):
                return message_ids, f"throttled: {limit} invocations are under way; tried again while it is hidden"

    def _drop_expired(self) -> None:
        # Their visibility timeout is over: the queue shows them to others, so they are no longer ours to work on.
        shown_again = self._clock() - seconds(self.queue.visibility_timeout)
        self._held = [item for item in self._held if item.received_at > shown_again]

    def _window_is_over(self, items: Iterable[Held]) -> bool:
        oldest = min(item.received_at for item in items)
        return self._clock() >= oldest + seconds(self.queue.batch_window)

    def _is_blocked(self, item: Held) -> bool:
        return self.queue.fifo and item.message.group in self._groups_in_flight

    def _groups(self, items: Iterable[Held]) -> set[str]:
        # A group on a standard queue makes it fair, not ordered.
        return {item.message.group for item in items if self.queue.fifo and item.message.group is not None}

    def _hold(self, message: ReceivedMessage, now: datetime) -> Held:
        record = sqs_event.record(message, self._source_arn)
        size = len(json.dumps(record, ensure_ascii=False).encode()) + _SEPARATOR_BYTES
        return Held(message, record, size, now)


def _payload(items: Iterable[Held]) -> int:
    return _BRACKETS_BYTES + sum(item.size for item in items)

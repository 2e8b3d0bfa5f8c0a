"""A whole stack in this process: in-memory ports, one event source mapping a queue, and the worker behind them.

A Penstock object is connected to it while it is open, and then to what it was connected to before.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, cast

from penstock.app import Penstock
from penstock.batch import process
from penstock.errors import PenstockError
from penstock.execution import Invocation
from penstock.hooks import Middleware
from penstock.local.invocation import FunctionError, InvocationResult, Returned
from penstock.local.mapping import EventSourceMapping
from penstock.memory import (
    MemoryLedger,
    MemoryMappings,
    MemoryPayloadStore,
    MemoryResultStore,
    MemoryStats,
    SeededRandom,
)
from penstock.ports import Ports, ResultStore, Sleep
from penstock.queue_list import QueueEntry
from penstock.reconcile import reconcile
from penstock.settings import Settings
from penstock.telemetry import RunEvent
from penstock.testing import queues
from penstock.testing.faults import DeadlyStore, Killed
from penstock.testing.transport import SandboxTransport
from penstock.times import Clock

_SHORTEST_STEP_SECONDS = 0.001
MAX_INVOCATIONS = 10_000  # who needs more has tasks that enqueue each other for ever


class Stack:
    """Connects ``tasks`` to in-memory ports. ``clock`` tells the time, ``advance`` moves it by so many seconds."""

    def __init__(
        self,
        tasks: Penstock,
        entries: Iterable[QueueEntry],
        *,
        clock: Clock,
        advance: Sleep,
        seed: int | None = None,
        time_limits: bool = True,
    ) -> None:
        self.tasks = tasks
        self.clock = clock
        self.events: list[RunEvent] = []
        self._advance = advance
        self._time_limits = time_limits
        entries = list(entries)
        settings = Settings(queues=queues.settings(entries), table="memory", payload_bucket="memory")
        random = SeededRandom(seed)
        self.transport: SandboxTransport = SandboxTransport(settings, clock=clock, random=random)
        self.store: DeadlyStore = DeadlyStore(MemoryResultStore(clock))
        self.stats: MemoryStats = MemoryStats(settings, self.transport.oldest_age)
        self.ports: Ports = Ports(
            settings=settings,
            transport=self.transport,
            results=cast(ResultStore, self.store),
            payloads=MemoryPayloadStore(),
            clock=clock,
            random=random,
            sleep=advance,
            ledger=MemoryLedger(clock),
            stats=self.stats,
            mappings=MemoryMappings(settings),
        )
        self._mappings = [
            EventSourceMapping(self.transport, self, entry, clock, source_arn=queues.arn(settings.queues[entry.name]))
            for entry in entries
        ]
        self._before: Ports | None = None
        self._middleware: list[Middleware] = []

    def open(self, *middleware: Middleware) -> None:
        """Connect, with ``middleware`` inside the project's own."""
        before = self.tasks.ports if self.tasks.is_connected else None
        self.tasks.connect(self.ports)
        self._before = before
        self._middleware = list(middleware)
        self.tasks.hooks.middleware += middleware

    def close(self) -> None:
        """Leave the Penstock object as it was."""
        for middleware in self._middleware:
            self.tasks.hooks.middleware.remove(middleware)
        self._middleware = []
        # Not connect(): what it was connected to was checked then, and "not connected" is a state to go back to, too.
        self.tasks._ports = self._before

    def invoke(self, event: Mapping[str, Any], timeout: float) -> InvocationResult:
        """The worker's function: the batch handler, in this process."""
        ends = self.clock() + timedelta(seconds=timeout)
        invocation = Invocation(
            request_id=f"request-{len(self.events) + 1}",
            remaining=lambda: (ends - self.clock()).total_seconds(),
            time_limits=self._time_limits,
        )
        try:
            report = process(self.tasks, event, invocation)
        except Killed as death:
            return FunctionError("Runtime.ExitError", str(death))
        self.events += report.events
        for done in report.events:
            self.stats.record(done.queue, done.outcome, self.clock(), done.duration_ms, done.queued_ms)
        return Returned(json.dumps(report.response()))

    def run(self, limit: int = MAX_INVOCATIONS) -> list[RunEvent]:
        """Work until the queues are empty, letting time pass where everything waits; what was done.

        More than ``limit`` steps are a PenstockError: tasks that enqueue each other for ever.
        """
        done: list[RunEvent] = []
        for _ in range(limit):
            step = self.step()
            if step is None:
                return done
            done += step
        raise PenstockError(
            f"the queues are not empty after {limit} steps, at {self.clock().isoformat()}; the last delivery: "
            f"{done[-1] if done else None}. Does a task enqueue itself without end?"
        )

    def step(self) -> list[RunEvent] | None:
        """One invocation for each queue that has something due, or time passes until one has; None: nothing is left."""
        first = len(self.events)
        settled = [mapping.poll() for mapping in self._mappings if self._is_enabled(mapping.queue.name)]
        if any(settled) or self._let_time_pass():
            return self.events[first:]
        return None

    def reconcile(self) -> None:
        """Close the book on what SQS buried by itself, as the reconciler does on its schedule."""
        for name in self.ports.settings.queues:
            reconcile(self.tasks, name)

    def _is_enabled(self, queue: str) -> bool:
        mapping = self.ports.mappings.get(queue)
        return mapping is not None and mapping.enabled

    def _let_time_pass(self) -> bool:
        if any(mapping.held for mapping in self._mappings):  # a batch window is open
            self._advance(1)
            return True
        change = self.transport.next_change()
        if change is None:
            return False
        self._advance(max(_SHORTEST_STEP_SECONDS, (change - self.clock()).total_seconds()))
        return True

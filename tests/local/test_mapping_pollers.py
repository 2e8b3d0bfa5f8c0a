"""The event source mapping in real time: threads over the in-memory queues."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from penstock.errors import Unavailable
from penstock.local import pollers as pollers_module
from penstock.local.invocation import FunctionError, InvocationResult, Returned
from penstock.local.mapping import EventSourceMapping, SettledBatch
from penstock.local.pollers import Pollers
from penstock.memory import MemoryTransport, SeededRandom
from penstock.ports import OutgoingMessage, QueueDepth
from penstock.queue_list import QueueEntry
from penstock.settings import QueueSettings, Settings
from penstock.times import utc_now

PATIENCE = 20.0  # how long a test waits for what must happen; it never waits so long for what does


class Gate:
    """A function whose invocations wait until they may go on."""

    def __init__(self) -> None:
        self.entered = threading.Semaphore(0)
        self.may_end = threading.Event()
        self.abandoned = threading.Event()
        self._lock = threading.Lock()
        self._running = 0
        self.most = 0

    def invoke(self, event: Mapping[str, Any], timeout: float) -> InvocationResult:
        with self._lock:
            self._running += 1
            self.most = max(self.most, self._running)
        self.entered.release()
        assert self.may_end.wait(PATIENCE)
        with self._lock:
            self._running -= 1
        return FunctionError("Runtime.ExitError", "killed") if self.abandoned.is_set() else Returned("null")

    def abandon(self) -> None:
        self.abandoned.set()
        self.may_end.set()


class Stage:
    """Threads over one queue; ``settled`` is released for every batch, ``failed`` for every error."""

    def __init__(self, threads: int, **options: Any) -> None:
        settings = Settings(queues={"default": QueueSettings("default", "memory://default")})
        self.transport = MemoryTransport(settings, clock=utc_now, random=SeededRandom(1))
        self.gate = Gate()
        self.settled = threading.Semaphore(0)
        self.failed = threading.Semaphore(0)
        self.batches: list[SettledBatch] = []
        self.errors: list[Exception] = []
        mapping = EventSourceMapping(
            self.transport,
            self.gate,
            QueueEntry("default", **{"batch_size": 1, **options}),
            utc_now,
            source_arn="arn:aws:sqs:us-east-1:123456789012:penstock-local-default",
        )
        self.pollers = Pollers(
            mapping,
            threads=threads,
            on_batch=self.keep(self.batches, self.settled),
            on_error=self.keep(self.errors, self.failed),
            abandon=self.gate.abandon,
        )

    @staticmethod
    def keep(items: list[Any], told: threading.Semaphore) -> Callable[[Any], None]:
        def take(item: Any) -> None:
            items.append(item)
            told.release()

        return take

    def send(self, *bodies: str) -> None:
        for body in bodies:
            self.transport.send(OutgoingMessage("default", body))

    @contextmanager
    def running(self) -> Iterator[None]:
        self.pollers.start()
        try:
            yield
        finally:
            self.gate.may_end.set()
            self.pollers.stop(PATIENCE)


def wait_for(semaphore: threading.Semaphore, times: int = 1) -> None:
    for _ in range(times):
        assert semaphore.acquire(timeout=PATIENCE)


def test_what_is_sent_is_carried_out() -> None:
    stage = Stage(threads=2)
    stage.gate.may_end.set()
    with stage.running():
        stage.send("a", "b", "c")
        wait_for(stage.settled, 3)
    assert stage.transport.depth("default") == QueueDepth(0, 0, 0)


def test_invocations_run_at_once_as_many_as_there_are_threads() -> None:
    stage = Stage(threads=3)
    with stage.running():
        stage.send("a", "b", "c")
        wait_for(stage.gate.entered, 3)
    assert stage.gate.most == 3


def test_max_concurrency_holds_with_more_threads() -> None:
    stage = Stage(threads=4, max_concurrency=2)
    stage.send("a", "b", "c", "d")
    with stage.running():
        wait_for(stage.gate.entered, 2)
        stage.gate.may_end.set()
        wait_for(stage.settled, 4)
    assert stage.gate.most == 2


def test_stop_lets_an_invocation_end() -> None:
    stage = Stage(threads=1)
    stage.send("a")
    stage.pollers.start()
    wait_for(stage.gate.entered)
    stage.pollers.ask_to_stop()
    stage.gate.may_end.set()
    assert stage.pollers.stop(PATIENCE)
    assert stage.transport.depth("default") == QueueDepth(0, 0, 0)


def test_stop_abandons_an_invocation_that_does_not_end_and_leaves_its_message() -> None:
    stage = Stage(threads=1)
    stage.send("a")
    stage.pollers.start()
    wait_for(stage.gate.entered)
    assert not stage.pollers.stop(0.01)
    wait_for(stage.settled)
    assert stage.transport.depth("default").in_flight == 1


def test_after_stop_nothing_is_received() -> None:
    stage = Stage(threads=2)
    stage.pollers.start()
    stage.pollers.stop(PATIENCE)
    stage.send("a")
    assert stage.transport.depth("default").visible == 1


def test_stop_gives_back_what_waits_for_its_window() -> None:
    stage = Stage(threads=1, batch_size=2, batch_window=300)
    stage.send("a")
    stage.pollers.start()
    deadline = time.monotonic() + PATIENCE
    while stage.transport.depth("default").in_flight == 0 and time.monotonic() < deadline:
        time.sleep(0.001)
    stage.pollers.stop(PATIENCE)
    assert stage.transport.depth("default").visible == 1


def test_an_unavailable_transport_is_told_and_polled_again(monkeypatch: Any) -> None:
    monkeypatch.setattr(pollers_module, "PAUSE_AFTER_ERROR_SECONDS", 0.001)
    stage = Stage(threads=1)
    stage.gate.may_end.set()
    works = stage.transport.receive

    def away_once(queue: str, **options: Any) -> Any:
        stage.transport.receive = works  # type: ignore[method-assign]
        raise Unavailable("moto is away")

    stage.transport.receive = away_once  # type: ignore[method-assign]
    with stage.running():
        stage.send("a")
        wait_for(stage.settled)
    assert [str(error) for error in stage.errors] == ["moto is away"]


def held_by_nobody(stage: Stage) -> bool:
    """True once nothing is in flight."""
    deadline = time.monotonic() + PATIENCE
    while stage.transport.depth("default").in_flight and time.monotonic() < deadline:
        time.sleep(0.001)
    return stage.transport.depth("default").in_flight == 0


def test_a_paused_queue_keeps_its_messages() -> None:
    stage = Stage(threads=2)
    stage.gate.may_end.set()
    stage.pollers.set_enabled(False)
    with stage.running():
        stage.send("a")
        assert not stage.settled.acquire(timeout=2 * pollers_module.LONGEST_PAUSE_SECONDS)
    assert stage.transport.depth("default") == QueueDepth(visible=1, in_flight=0, delayed=0)


def test_a_resumed_queue_is_worked_on() -> None:
    stage = Stage(threads=2)
    stage.gate.may_end.set()
    stage.pollers.set_enabled(False)
    with stage.running():
        stage.send("a")
        stage.pollers.set_enabled(True)
        wait_for(stage.settled)
    assert stage.transport.depth("default") == QueueDepth(0, 0, 0)


def test_a_pause_lets_what_is_under_way_end() -> None:
    stage = Stage(threads=1)
    with stage.running():
        stage.send("a")
        wait_for(stage.gate.entered)
        stage.pollers.set_enabled(False)
        stage.gate.may_end.set()
        wait_for(stage.settled)
    assert stage.transport.depth("default") == QueueDepth(0, 0, 0)


def test_a_pause_gives_back_what_waits_for_its_window() -> None:
    stage = Stage(threads=1, batch_size=2, batch_window=300)
    with stage.running():
        stage.send("a")
        deadline = time.monotonic() + PATIENCE
        while stage.transport.depth("default").in_flight == 0 and time.monotonic() < deadline:
            time.sleep(0.001)
        stage.pollers.set_enabled(False)
        assert held_by_nobody(stage)
    assert stage.transport.depth("default").visible == 1

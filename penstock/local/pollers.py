"""An event source mapping in real time: threads that take turns at polling and each carry out what they got."""

import threading
import time
from collections.abc import Callable

from penstock.errors import PenstockError
from penstock.local.invocation import Throttled
from penstock.local.mapping import Batch, EventSourceMapping, SettledBatch

# An idle queue is looked at this often (seconds): at first soon, then less and less. Short polls, because moto sleeps
# inside long ones with everyone else waiting for it.
FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 0.2
PAUSE_AFTER_ERROR_SECONDS = 1.0


class Pollers:
    """``threads`` invocations at once over one mapping.

    Only one thread at a time polls, so an idle queue costs the same however many there are. ``on_batch`` gets what became
    of each batch, ``on_error`` what went wrong instead (polling goes on a second later: moto may be starting); both are
    called from the threads. ``abandon`` ends invocations that are under way, such as ``LocalFunction.close``.
    """

    def __init__(
        self,
        mapping: EventSourceMapping,
        *,
        threads: int,
        on_batch: Callable[[SettledBatch], None],
        on_error: Callable[[Exception], None],
        abandon: Callable[[], None],
    ) -> None:
        self._mapping = mapping
        self._on_batch = on_batch
        self._on_error = on_error
        self._abandon = abandon
        self._stopping = threading.Event()
        self._paused = threading.Event()
        self._turn = threading.Lock()
        self._threads = [
            threading.Thread(target=self._run, name=f"poller-{mapping.queue.name}-{number}", daemon=True)
            for number in range(1, threads + 1)
        ]

    def start(self) -> None:
        """Begin to poll."""
        for thread in self._threads:
            thread.start()

    def stop(self, grace: float) -> bool:
        """Poll no more; give what is under way ``grace`` seconds to end, then abandon it.

        True if everything ended by itself. What was abandoned is left in its queue and runs again when its visibility
        timeout is over; what was received and not yet begun is given back at once.
        """
        self.ask_to_stop()
        finished = self._join(grace)
        if not finished:
            self._abandon()
            self._join(grace)
        try:
            self._mapping.give_back()
        except PenstockError as error:  # the queues may be gone already; then there is nothing to give back
            self._on_error(error)
        return finished

    def set_enabled(self, enabled: bool) -> None:
        """False: receive no more until True; what is under way ends, what waits for its window goes back. Returns at once."""
        if enabled:
            self._paused.clear()
        else:
            self._paused.set()

    def ask_to_stop(self) -> None:
        """Poll no more, and return at once: for several mappings, ask all before you stop the first."""
        self._stopping.set()

    def _join(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                batch = self._next_batch()
                if batch is None:
                    return
                settled = self._mapping.carry_out(batch)
                self._on_batch(settled)
            except Exception as error:  # whatever it is: a poller that ends leaves its queue standing without a word
                self._on_error(error)
                self._stopping.wait(PAUSE_AFTER_ERROR_SECONDS)
                continue
            if isinstance(settled.result, Throttled):
                self._stopping.wait(LONGEST_PAUSE_SECONDS)

    def _next_batch(self) -> Batch | None:
        """Wait for this thread's turn, then for a batch; None when it is time to stop."""
        with self._turn:
            pause = FIRST_PAUSE_SECONDS
            while not self._stopping.is_set():
                if self._paused.is_set():
                    self._mapping.give_back()
                    self._stopping.wait(LONGEST_PAUSE_SECONDS)
                    continue
                batch = self._mapping.collect()
                if batch is not None:
                    return batch
                self._stopping.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
        return None

"""All in-memory ports, wired."""

import random as stdlib_random
import threading
import time
from collections.abc import Iterable, Mapping

from penstock.memory.ledger import MemoryLedger
from penstock.memory.manual_clock import ManualClock
from penstock.memory.mappings import MemoryMappings
from penstock.memory.payloads import MemoryPayloadStore
from penstock.memory.results import MemoryResultStore
from penstock.memory.stats import MemoryStats
from penstock.memory.transport import MemoryTransport
from penstock.ports import Ports, Random, Sleep
from penstock.settings import QueueSettings, Settings
from penstock.times import Clock, utc_now

DEFAULT_QUEUES = ("default", "images")


class SeededRandom:
    """A ``ports.Random``: repeatable from a seed, different every time without one. Its tokens can be guessed: no secrets."""

    def __init__(self, seed: int | None = None) -> None:
        self._lock = threading.Lock()
        self._source = stdlib_random.Random(seed)  # noqa: S311 - repeatable on purpose

    def random(self) -> float:
        """A float in [0, 1)."""
        with self._lock:
            return self._source.random()

    def token(self) -> str:
        """32 hexadecimal digits."""
        with self._lock:
            return f"{self._source.getrandbits(128):032x}"


def ports(
    queues: Iterable[str] | Mapping[str, QueueSettings] = DEFAULT_QUEUES,
    *,
    clock: Clock | None = None,
    random: Random | None = None,
    sleep: Sleep | None = None,
) -> Ports:
    """In-memory ports for ``tasks.connect``.

    ``queues`` are names, each then a standard queue with the settings' defaults, or settings by name. Without ``clock``
    time is real; with a ``ManualClock`` sleeping moves that clock, unless ``sleep`` says otherwise.
    """
    settings = Settings(queues=_queue_settings(queues), table="memory", payload_bucket="memory")
    the_clock = clock or utc_now
    the_random = random or SeededRandom()
    transport = MemoryTransport(settings, clock=the_clock, random=the_random)
    return Ports(
        settings=settings,
        transport=transport,
        results=MemoryResultStore(the_clock),
        payloads=MemoryPayloadStore(),
        clock=the_clock,
        random=the_random,
        sleep=sleep or (clock.sleep if isinstance(clock, ManualClock) else time.sleep),
        ledger=MemoryLedger(the_clock),
        stats=MemoryStats(settings, transport.oldest_age),
        mappings=MemoryMappings(settings),
    )


def _queue_settings(queues: Iterable[str] | Mapping[str, QueueSettings]) -> dict[str, QueueSettings]:
    if isinstance(queues, Mapping):
        return dict(queues)
    return {name: QueueSettings(name, f"memory://{name}") for name in queues}

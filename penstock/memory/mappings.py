"""Event source mappings in memory: a switch a queue, for whoever polls the in-memory queues to look at."""

import threading
from collections.abc import Iterable

from msgspec.structs import replace

from penstock.errors import NoMapping
from penstock.settings import Settings
from penstock.watching import Mapping


class MemoryMappings:
    """A ``Mappings`` of the queues of ``settings``, each at once in the state that was asked for.

    Without ``mappings`` each queue has one, enabled, with AWS's own defaults.
    """

    def __init__(self, settings: Settings, mappings: Iterable[Mapping] | None = None) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        given = map(_enabled, settings.queues) if mappings is None else mappings
        self._mappings = {mapping.queue: mapping for mapping in given}

    def get(self, queue: str) -> Mapping | None:
        """See ``watching.Mappings``."""
        self._settings.url(queue)
        return self._mappings.get(queue)

    def set_enabled(self, queue: str, enabled: bool) -> Mapping:
        """See ``watching.Mappings``."""
        with self._lock:
            mapping = self.get(queue)
            if mapping is None:
                raise NoMapping(queue, "in memory")
            changed = replace(mapping, enabled=enabled, state="Enabled" if enabled else "Disabled")
            self._mappings[queue] = changed
            return changed


def _enabled(queue: str) -> Mapping:
    return Mapping(
        queue=queue,
        enabled=True,
        state="Enabled",
        function=f"memory-worker-{queue}",
        batch_size=10,
        batch_window=0,
        max_concurrency=None,
        reports_failures=True,
    )

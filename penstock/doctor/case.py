"""What the checks look at: the live facts, and what must hold."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from msgspec import Struct

from penstock.facts import Denial, Facts, LiveFunction, LiveMapping, LiveQueue, LiveTable, Maybe, NotReadable
from penstock.queue_list import QueueList
from penstock.settings import QueueSettings, Settings
from penstock.versions import WorkerVersion
from penstock.versions import running as heard_of

T = TypeVar("T")
WORKER, CONTAINER, RECONCILER, WEB = "worker", "container", "reconciler", "web"  # kinds of roles


class Names(Struct, frozen=True):
    """What the settings do not name: the reconciler's function, which its schedule is called after, and the web's role.

    None where nobody said, and the queues' names do not tell.
    """

    reconciler: str | None
    web_role: str | None


class TaskNeeds(Struct, frozen=True):
    """What one task asks of its queue."""

    task: str
    queue: str
    max_attempts: int


class RoleAccess(Struct, frozen=True):
    """What the role of a WORKER's function or CONTAINER, of the RECONCILER or of the WEB lacks; None: there is no such role."""

    kind: str
    role: str
    denied: Maybe[tuple[Denial, ...]]


class Strays(Struct, frozen=True):
    """Among ``looked_at`` recent tasks, how many are on queues that no setting names, by queue."""

    looked_at: int
    queues: Mapping[str, int]


class Case(Struct, frozen=True):
    """All that is known at ``now``. ``resting`` are the queues whose worker processes are paused.

    ``version`` is this process's Penstock, ``queue_list`` the file to compare with.
    """

    settings: Settings
    tasks: Sequence[TaskNeeds]
    names: Names
    facts: Facts
    access: Sequence[RoleAccess]
    workers: Sequence[WorkerVersion] | NotReadable
    resting: Collection[str] | NotReadable
    strays: Strays | NotReadable
    queue_list: QueueList | None
    version: str
    now: datetime

    def queues(self) -> Iterator[tuple[QueueSettings, LiveQueue]]:
        """The queues that are there and could be read."""
        for name, facts in self.facts.queues.items():
            if (live := there(facts.queue)) is not None:
                yield self.settings.queue(name), live

    def letters(self) -> Iterator[tuple[QueueSettings, LiveQueue, LiveQueue]]:
        """The queues with their dead-letter queues, where both could be read."""
        for queue, live in self.queues():
            if (letters := there(self.facts.queues[queue.name].letters)) is not None:
                yield queue, live, letters

    def mappings(self) -> Iterator[tuple[QueueSettings, LiveMapping]]:
        """Every event source mapping, with the queue that it polls."""
        for name, facts in self.facts.queues.items():
            if not isinstance(facts.mappings, NotReadable):
                yield from ((self.settings.queue(name), mapping) for mapping in facts.mappings)

    def functions(self) -> Iterator[tuple[QueueSettings, LiveMapping, LiveFunction]]:
        """Every mapping whose function could be read."""
        for queue, mapping in self.mappings():
            if (function := there(self.facts.functions.get(mapping.function_arn))) is not None:
                yield queue, mapping, function

    def without_mapping(self) -> Iterator[QueueSettings]:
        """The queues that no event source mapping polls."""
        for queue, _ in self.queues():
            if self.facts.queues[queue.name].mappings == ():
                yield queue

    @property
    def table(self) -> LiveTable | None:
        """The table, where it could be read."""
        return there(self.facts.table.table)


def there(value: Maybe[T]) -> T | None:
    """``value`` if it is there and could be read."""
    return None if isinstance(value, NotReadable) else value


def running(workers: Sequence[WorkerVersion] | NotReadable, now: datetime) -> set[str]:
    """The queues on which a worker of one's own runs, as far as that is known."""
    return set() if isinstance(workers, NotReadable) else heard_of(workers, now)

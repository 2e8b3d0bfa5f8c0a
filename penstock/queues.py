"""The queues as an operator sees them: how much is in them, how they do, what works on them, and what is not as it was set up."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from penstock import processes
from penstock.app import Penstock
from penstock.errors import PenstockError, Unavailable
from penstock.ports import Ports, QueueAttributes
from penstock.processes import Processes
from penstock.settings import QueueSettings, dead_letter_queue
from penstock.watching import Mapping, Point

T = TypeVar("T")


class Workers(Struct, frozen=True):
    """What works on a queue: a Lambda function by the queue's ``mapping``, or ``processes`` of one's own.

    None is what is not there, and what could not be read: then ``problems`` says so.
    """

    mapping: Mapping | None = None
    processes: Processes | None = None
    problems: tuple[str, ...] = ()

    @property
    def is_paused(self) -> bool:
        """True where they were told to rest; where there is a mapping, it alone counts."""
        if self.mapping is not None:
            return not self.mapping.enabled
        return self.processes is not None and self.processes.paused

    @property
    def are_there(self) -> bool:
        """True where there are some, at work or paused."""
        return self.mapping is not None or (self.processes is not None and self.processes.known)


class QueueView(Struct, frozen=True):
    """One queue now. ``live`` and ``letters`` are the queue and its dead-letter queue as SQS has them at this moment.

    ``oldest_age`` (seconds) and ``points`` lag behind by what ``Stats.lag`` says. ``problems`` are what could not be read,
    in words: the rest is shown all the same.
    """

    name: str
    settings: QueueSettings
    live: QueueAttributes
    letters: QueueAttributes
    workers: Workers
    oldest_age: int | None
    points: list[Point]
    problems: list[str]


def overview(tasks: Penstock, *, window: timedelta = timedelta(hours=1), period: int = 60) -> list[QueueView]:
    """Every queue, in the order of their names: three requests each, and four for all together.

    ``window`` back from now in periods of ``period`` seconds. Raises Unavailable or AccessRefused where SQS does.
    """
    return _views(tasks.ports, sorted(tasks.ports.settings.queues), window, period)


def one(tasks: Penstock, name: str, *, window: timedelta = timedelta(hours=1), period: int = 60) -> QueueView:
    """One queue; UnknownQueue."""
    return _views(tasks.ports, [tasks.ports.settings.queue(name).name], window, period)[0]


def pause(tasks: Penstock, name: str) -> Workers:
    """Let nothing more be taken from a queue; what waits there goes on counting towards its retention.

    A Lambda function's mapping takes some seconds, worker processes up to LOOK_SECONDS and the receive that they are at.
    NoMapping where nothing is known to work on the queue. While the ledger is away a mapping can be paused all the same.
    """
    return _set_paused(tasks.ports, tasks.ports.settings.queue(name).name, True)


def resume(tasks: Penstock, name: str) -> Workers:
    """Let the queue be worked on again. NoMapping."""
    return _set_paused(tasks.ports, tasks.ports.settings.queue(name).name, False)


def workers(ports: Ports, names: Sequence[str]) -> dict[str, Workers]:
    """Queue -> what works on it, as far as that can be read: one request each, and two for all together."""
    problems: list[str] = []
    found = _try(lambda: processes.look(ports), problems) or {}
    return {name: _workers(ports, name, found.get(name), problems) for name in names}


def differences(view: QueueView) -> list[str]:
    """What is not as it was set up, or must not be so, each with what follows from it; empty where all is well."""
    live, settings, found = view.live, view.settings, []
    for what, now, wanted in (
        ("max_receive_count", live.max_receive_count, settings.max_receive_count),
        ("retention", live.retention, settings.retention),
        ("visibility timeout", live.visibility_timeout, settings.visibility_timeout),
    ):
        if wanted is not None and now is not None and now != wanted:
            found.append(f"its {what} is {now}, and {wanted} was set up: `terraform apply` puts it back")
    if live.max_receive_count is None:
        found.append(
            "it has no dead-letter queue: what cannot be worked on is tried until its retention ends, then lost"
        )
    if live.delay:
        found.append(f"every message waits {live.delay} s first (the queue's own delay), which nothing here asks for")
    if live.max_receive_count is not None and view.letters.retention <= live.retention:
        found.append(
            f"its dead-letter queue keeps letters for {view.letters.retention} s, no longer than the queue's "
            f"{live.retention} s: SQS counts from the first send, so a letter may vanish as it arrives"
        )
    mapping, own = view.workers.mapping, view.workers.processes
    if mapping is not None and not mapping.reports_failures:
        found.append("its mapping lacks ReportBatchItemFailures: Lambda deletes failed messages")
    if mapping is not None and mapping.enabled and own is not None and own.paused:
        found.append(
            "its mapping is enabled, and its worker processes are paused: `flask penstock queues resume` lets both work"
        )
    return found


def _views(ports: Ports, names: Sequence[str], window: timedelta, period: int) -> list[QueueView]:
    now = ports.clock()
    problems: list[str] = []
    points = _try(lambda: ports.stats.series(names, since=now - window, until=now, period=period), problems) or {}
    ages = _try(lambda: ports.stats.oldest_age(names), problems) or {}
    at_work = workers(ports, names)
    return [
        QueueView(
            name=name,
            settings=ports.settings.queue(name),
            live=ports.transport.attributes(name),
            letters=ports.transport.attributes(dead_letter_queue(name)),
            workers=at_work[name],
            oldest_age=ages.get(name),
            points=points.get(name, []),
            problems=[*problems, *at_work[name].problems],
        )
        for name in names
    ]


def _workers(ports: Ports, name: str, found: Processes | None, problems: Sequence[str]) -> Workers:
    own = list(problems)
    mapping = _try(lambda: ports.mappings.get(name), own)
    return Workers(mapping, found, tuple(own))


def _set_paused(ports: Ports, name: str, paused: bool) -> Workers:
    mapping = ports.mappings.get(name)
    try:
        own = processes.look(ports)[name]
    except Unavailable as error:
        if mapping is None:
            raise
        # In an outage of the table this may be what is needed most.
        return Workers(ports.mappings.set_enabled(name, not paused), None, (str(error),))
    if mapping is not None or not own.known:
        mapping = ports.mappings.set_enabled(name, not paused)
    if mapping is None or own.known:  # no line without need: who resumes the mapping at AWS would leave it behind
        processes.set_paused(ports, name, paused)
        own = replace(own, paused=paused)
    return Workers(mapping, own)


def _try(read: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return read()
    except PenstockError as error:
        problems.append(str(error))
        return None

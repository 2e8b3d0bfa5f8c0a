"""The queues as an operator sees them: how much is in them, how they do, what works on them, and what is not as it was set up."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import TypeVar

from msgspec import Struct

from penstock.app import Penstock
from penstock.errors import PenstockError
from penstock.ports import Ports, QueueAttributes
from penstock.settings import QueueSettings, dead_letter_queue
from penstock.watching import Mapping, Point

T = TypeVar("T")


class QueueView(Struct, frozen=True):
    """One queue now. ``live`` and ``letters`` are the queue and its dead-letter queue as SQS has them at this moment.

    ``oldest_age`` (seconds) and ``points`` lag behind by what ``Stats.lag`` says. ``problems`` are what could not be read,
    in words: the rest is shown all the same.
    """

    name: str
    settings: QueueSettings
    live: QueueAttributes
    letters: QueueAttributes
    mapping: Mapping | None
    oldest_age: int | None
    points: list[Point]
    problems: list[str]

    @property
    def is_paused(self) -> bool:
        """True where an event source mapping is there and was told to rest."""
        return self.mapping is not None and not self.mapping.enabled


def overview(tasks: Penstock, *, window: timedelta = timedelta(hours=1), period: int = 60) -> list[QueueView]:
    """Every queue, in the order of their names: three requests each, and two of the stats for all together.

    ``window`` back from now in periods of ``period`` seconds. Raises Unavailable or AccessRefused where SQS does.
    """
    return _views(tasks.ports, sorted(tasks.ports.settings.queues), window, period)


def one(tasks: Penstock, name: str, *, window: timedelta = timedelta(hours=1), period: int = 60) -> QueueView:
    """One queue; UnknownQueue."""
    return _views(tasks.ports, [tasks.ports.settings.queue(name).name], window, period)[0]


def pause(tasks: Penstock, name: str) -> Mapping:
    """Let nothing more be taken from a queue; what waits there goes on counting towards its retention. NoMapping."""
    return tasks.ports.mappings.set_enabled(tasks.ports.settings.queue(name).name, False)


def resume(tasks: Penstock, name: str) -> Mapping:
    """Let the queue be worked on again. NoMapping."""
    return tasks.ports.mappings.set_enabled(tasks.ports.settings.queue(name).name, True)


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
    if view.mapping is not None and not view.mapping.reports_failures:
        found.append("its mapping lacks ReportBatchItemFailures: Lambda deletes failed messages")
    return found


def _views(ports: Ports, names: Sequence[str], window: timedelta, period: int) -> list[QueueView]:
    now = ports.clock()
    problems: list[str] = []
    points = _try(lambda: ports.stats.series(names, since=now - window, until=now, period=period), problems) or {}
    ages = _try(lambda: ports.stats.oldest_age(names), problems) or {}
    return [_view(ports, name, points.get(name, []), ages.get(name), problems) for name in names]


def _view(ports: Ports, name: str, points: list[Point], oldest_age: int | None, problems: list[str]) -> QueueView:
    own = list(problems)
    mapping = _try(lambda: ports.mappings.get(name), own)
    return QueueView(
        name=name,
        settings=ports.settings.queue(name),
        live=ports.transport.attributes(name),
        letters=ports.transport.attributes(dead_letter_queue(name)),
        mapping=mapping,
        oldest_age=oldest_age,
        points=points,
        problems=own,
    )


def _try(read: Callable[[], T], problems: list[str]) -> T | None:
    try:
        return read()
    except PenstockError as error:
        problems.append(str(error))
        return None

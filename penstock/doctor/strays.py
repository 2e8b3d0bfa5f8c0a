"""Tasks on queues that no setting names."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from penstock.doctor.case import Case, Strays
from penstock.doctor.checking import Found, Severity, check
from penstock.errors import PenstockError
from penstock.facts import NotReadable
from penstock.ports import Ports
from penstock.record import INDEX_BY_CREATED, partitions
from penstock.times import to_text

_DAYS = 2
_ENTRIES = 250  # of each shard of a day: one request


def read(ports: Ports) -> Strays | NotReadable:
    """A look at the newest tasks of two days, in eight requests."""
    now = ports.clock()
    found: Counter[str] = Counter()
    try:
        for day in (now - timedelta(days=back) for back in range(_DAYS)):
            for partition in partitions(to_text(day)[:10]):
                entries = ports.results.entries(
                    INDEX_BY_CREATED, partition, limit=_ENTRIES, since=now - timedelta(days=_DAYS), until=now
                )
                found.update(entry.queue for entry in entries)
    except PenstockError as error:
        return NotReadable("dynamodb:Query", f"{ports.settings.table}/index/{INDEX_BY_CREATED}", str(error))
    strays = {queue: count for queue, count in found.items() if queue not in ports.settings.queues}
    return Strays(found.total(), strays)


@check(
    "stray-tasks",
    Severity.WARNING,
    "tasks",
    why="nothing here watches that queue, redrives its letters or closes its book",
)
def stray_tasks(case: Case) -> Iterator[Found]:
    if isinstance(case.strays, NotReadable):
        return
    for queue, count in sorted(case.strays.queues.items()):
        yield Found(
            queue,
            f"{count} of the {case.strays.looked_at} newest tasks are on it, and PENSTOCK_QUEUES does not name it",
            f"add {queue!r} to queues.auto.tfvars.json again and terraform apply; or let it run empty",
        )

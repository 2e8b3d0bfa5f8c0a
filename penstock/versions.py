"""Which version of Penstock the workers run: each process of theirs says so at its start and once a day, in the ledger.

What is declared beside a package can differ from what is in it, so the code that runs speaks for itself.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from msgspec import Struct

from penstock.envelope import VERSION as ENVELOPE_VERSION
from penstock.errors import PenstockError
from penstock.ports import LedgerLine, Ports
from penstock.telemetry import logger
from penstock.times import from_text, to_text

FUNCTION, PROCESS = "function", "process"  # a Lambda function, or a worker of one's own
LIFETIME = timedelta(days=28)
AGAIN_AFTER = timedelta(days=1)
# A process speaks between two tasks, of up to half a day each, and once it may go unheard.
SILENT_AFTER = 3 * AGAIN_AFTER
_PAGE = "workers"
_MAX_LINES = 1_000


class WorkerVersion(Struct, frozen=True):
    """What a worker of ``queue`` said last: its version, and the newest envelope that it reads."""

    queue: str
    kind: str
    version: str
    envelope: int
    last_at: datetime

    def is_running(self, now: datetime) -> bool:
        """True for a PROCESS that has spoken within SILENT_AFTER. Of a function nothing follows: it is silent without tasks."""
        return self.kind == PROCESS and now - self.last_at < SILENT_AFTER


class Announcement:
    """Says what runs in this process; ``kind`` is FUNCTION or PROCESS."""

    def __init__(self, ports: Ports, *, kind: str, version: str) -> None:
        self._ports = ports
        self._kind = kind
        self._version = version
        self._told_at: dict[str, datetime] = {}

    def make(self, queues: Iterable[str]) -> None:
        """Write the line of each queue, once in AGAIN_AFTER at most. Never a reason to fail: it is a line in the log then."""
        now = self._ports.clock()
        for queue in set(queues):
            if queue in self._told_at and now < self._told_at[queue] + AGAIN_AFTER:
                continue
            self._told_at[queue] = now
            try:
                self._write(queue)
            except PenstockError as error:
                logger.warning("the version of the worker of %s was not recorded: %s", queue, error)

    def _write(self, queue: str) -> None:
        now = self._ports.clock()
        about: dict[str, str | int] = {"queue": queue, "kind": self._kind, "release": self._version}
        self._ports.ledger.count(
            _PAGE,
            f"{queue}#{self._kind}#{self._version}",
            {"told": 1},
            first={**about, "first_at": to_text(now)},
            latest={"last_at": to_text(now), "envelope": ENVELOPE_VERSION},
            expires_at=now + LIFETIME,
        )


def latest(ports: Ports) -> list[WorkerVersion]:
    """What was said last of each queue and kind within LIFETIME; raises what the ledger does."""
    found: dict[tuple[str, str], WorkerVersion] = {}
    for line in ports.ledger.lines(_PAGE, limit=_MAX_LINES):
        worker = _worker(line)
        before = found.get((worker.queue, worker.kind))
        if before is None or before.last_at < worker.last_at:
            found[worker.queue, worker.kind] = worker
    return sorted(found.values(), key=lambda worker: (worker.queue, worker.kind))


def running(workers: Sequence[WorkerVersion], now: datetime) -> set[str]:
    """The queues on which a worker process of one's own runs, as far as that is known."""
    return {worker.queue for worker in workers if worker.is_running(now)}


def _worker(line: LedgerLine) -> WorkerVersion:
    fields = line.fields
    return WorkerVersion(
        queue=str(fields["queue"]),
        kind=str(fields["kind"]),
        version=str(fields["release"]),
        envelope=int(fields["envelope"]),
        last_at=from_text(str(fields["last_at"])),
    )

"""The worker processes that poll a queue themselves, as an operator sees them, and the way to pause them.

Nobody holds a list of these processes and nothing at AWS switches them, as a mapping does for a Lambda function. So a pause is a
line in the ledger, and each process looks for it before it receives, once in LOOK_SECONDS at most.
"""

from datetime import datetime, timedelta

from msgspec import Struct

from penstock.errors import PenstockError
from penstock.ports import Ports
from penstock.telemetry import logger
from penstock.times import seconds, to_text
from penstock.versions import latest, running

LOOK_SECONDS = 10
# Messages live for 14 days at most: a pause that outlasts them all would be forgotten by everybody else too.
PAUSE_LIFETIME = timedelta(days=365)
_PAGE = "pauses"
_MAX_LINES = 1_000


class Processes(Struct, frozen=True):
    """The processes of one queue. ``running``: one has said within three days that it polls it; ``paused``: they are to rest."""

    running: bool
    paused: bool

    @property
    def known(self) -> bool:
        """True where there are some, or were when they were paused."""
        return self.running or self.paused


def look(ports: Ports) -> dict[str, Processes]:
    """Queue -> its processes, for every queue of the settings: two requests. Raises what the ledger does."""
    heard, told = running(latest(ports), ports.clock()), paused(ports)
    return {name: Processes(name in heard, name in told) for name in ports.settings.queues}


def paused(ports: Ports) -> set[str]:
    """The queues whose processes are paused. Raises what the ledger does."""
    return {line.key for line in ports.ledger.lines(_PAGE, limit=_MAX_LINES) if line.fields["paused"]}


def set_paused(ports: Ports, queue: str, paused: bool) -> None:
    """Tell the processes of ``queue`` to rest, or to go on: those there are, and those that start later."""
    now = ports.clock()
    said: dict[str, str | int] = {"paused": int(paused), "changed_at": to_text(now)}
    ports.ledger.count(_PAGE, queue, {"changes": 1}, first={}, latest=said, expires_at=now + PAUSE_LIFETIME)


class Pauses:
    """What one process knows of the pauses of its queues. Where the ledger does not answer, all stays as it was."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._paused: dict[str, bool] = {}
        self._next_look: dict[str, datetime] = {}

    def includes(self, queue: str) -> bool:
        """True while ``queue`` is paused, as far as is known."""
        now = self._ports.clock()
        if now >= self._next_look.get(queue, now):
            self._next_look[queue] = now + seconds(LOOK_SECONDS)
            self._look(queue)
        return self._paused.get(queue, False)

    def _look(self, queue: str) -> None:
        before = self._paused.get(queue, False)
        try:
            line = self._ports.ledger.read(_PAGE, queue)
        except PenstockError as error:
            stays = "paused" if before else "worked on"
            logger.warning("whether queue %r is paused cannot be read, so it stays %s: %s", queue, stays, error)
            return
        self._paused[queue] = now = line is not None and bool(line.fields["paused"])
        if now is not before:
            logger.info(
                "queue %r is %s", queue, "paused: nothing more is received from it" if now else "worked on again"
            )

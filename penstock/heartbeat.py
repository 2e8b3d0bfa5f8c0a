"""The heartbeat of a run that may outlast its lease: the row first, and only if that is granted the message's visibility."""

from datetime import datetime, timedelta

from penstock.current import Run
from penstock.delivery import Delivery
from penstock.errors import AccessRefused, PenstockError, Unavailable, UnsupportedRow
from penstock.execution import Execution
from penstock.execution.value import known
from penstock.ports import Applied, Ports
from penstock.record import CLOCK_TOLERANCE
from penstock.telemetry import logger
from penstock.times import seconds
from penstock.transitions import lease_for, renew

# A message whose worker died comes back once its lease has run out by everybody's clock: before, it would find the task busy.
VISIBILITY_MARGIN_SECONDS = 5
_BEATS_A_LEASE = 3
_PAUSE_WITHOUT_ANSWER_SECONDS = 2.0


def visibility_for(lease_seconds: int) -> int:
    """For how many seconds a message is hidden whose lease begins now."""
    return lease_seconds + VISIBILITY_MARGIN_SECONDS


class Heartbeat:
    """Keeps the lease of ``x`` (claimed) and hides its message, by ``lease_seconds`` at a time.

    ``step`` is called again and again beside the run, about once a second. Where the lease is lost, ``run.lost`` says so:
    the task is told to stop, and nothing is settled. A run that its time limit could not end is not kept for ever: the lease
    is given up ``lease_seconds`` after that.
    """

    def __init__(self, x: Execution, run: Run, ports: Ports, lease_seconds: int) -> None:
        row, now = known(x.row), ports.clock()
        self._task_id = row.task_id
        self._owner = x.owner
        self._delivery: Delivery = x.delivery
        self._run = run
        self._ports = ports
        self._lease_seconds = lease_seconds
        self._until: datetime = known(row.lease_expires_at)
        self._next_at = now + self._period
        self._last_at = now + seconds(known(x.task).options.time_limit + lease_seconds)

    def step(self) -> None:
        """Renew the lease if that is due."""
        now = self._ports.clock()
        if self._run.lost or now < self._next_at:
            return
        if now >= self._until - CLOCK_TOLERANCE:
            self._lose("the table has not answered until it ran out")
        elif now >= self._last_at:
            self._lose("it ran past its time limit, which could not end it")
        else:
            self._renew(now)

    @property
    def _period(self) -> timedelta:
        return seconds(self._lease_seconds / _BEATS_A_LEASE)

    def _renew(self, now: datetime) -> None:
        lease = lease_for(self._owner, now, self._lease_seconds)
        try:
            answer = self._ports.results.apply(self._task_id, renew(self._owner, lease.until))
        except UnsupportedRow as error:  # not RUNNING, whatever else it is
            self._lose(str(error))
            return
        except (Unavailable, AccessRefused) as error:
            logger.warning("the lease of %s was not renewed, and is tried again: %s", self._task_id, error)
            # It must be noticed in time that the lease runs out.
            self._next_at = min(
                self._ports.clock() + seconds(_PAUSE_WITHOUT_ANSWER_SECONDS), self._until - CLOCK_TOLERANCE
            )
            return
        if not isinstance(answer, Applied):
            self._lose("the row says so")
            return
        self._until, self._next_at = lease.until, now + self._period
        hidden = {self._delivery.receipt_handle: visibility_for(self._lease_seconds)}
        try:
            self._ports.transport.change_visibility(self._delivery.queue, hidden)
        except PenstockError as error:  # who gets the message meanwhile finds the task busy
            logger.warning("the message of %s is hidden no longer than before: %s", self._task_id, error)

    def _lose(self, why: str) -> None:
        self._run.lost = True
        logger.warning("the lease of %s is lost (%s): nothing that this run does is recorded", self._task_id, why)

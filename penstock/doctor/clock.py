"""This machine's clock against AWS's."""

from collections.abc import Iterator

from penstock.doctor.case import Case
from penstock.doctor.checking import Found, Severity, check
from penstock.facts import ClockOffset
from penstock.record import CLOCK_TOLERANCE

_SUBJECT = "clock"
TOLERATED_SECONDS = CLOCK_TOLERANCE.total_seconds()
# The tests of the protocol have clocks that are wrong by as much: work may be done twice, and each task still has one outcome.
SAFE_SECONDS = 90.0
_FIX = "synchronise the clock of this machine with a time server (chrony, systemd-timesyncd; on EC2 169.254.169.123)"


@check(
    "clock-wrong",
    Severity.ERROR,
    _SUBJECT,
    why="beyond it nothing is promised, and AWS refuses signed requests soon after",
)
def clock_wrong(case: Case) -> Iterator[Found]:
    yield from _beyond(case.facts.clock, SAFE_SECONDS)


@check(
    "clock-drift", Severity.WARNING, _SUBJECT, why="a lease that still holds may be taken as over, so a task runs twice"
)
def clock_drift(case: Case) -> Iterator[Found]:
    if not _is_beyond(case.facts.clock, SAFE_SECONDS):
        yield from _beyond(case.facts.clock, TOLERATED_SECONDS)


def _is_beyond(clock: ClockOffset | None, limit: float) -> bool:
    """True where it is certain: AWS tells whole seconds only."""
    return clock is not None and (clock.low > limit or clock.high < -limit)


def _beyond(clock: ClockOffset | None, limit: float) -> Iterator[Found]:
    if clock is not None and _is_beyond(clock, limit):
        by, way = (clock.low, "ahead of") if clock.low > 0 else (-clock.high, "behind")
        yield Found("this machine", f"its clock is at least {by:.1f} s {way} AWS's; {limit:g} s are tolerated", _FIX)

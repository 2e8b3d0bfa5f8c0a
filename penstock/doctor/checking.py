"""What a check is: a function over a Case that gives what it found, with a name, a severity and a reason."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from msgspec import Struct

from penstock.doctor.case import Case


class Severity(StrEnum):
    """An ``error`` loses, repeats or stops work, or will; a ``warning`` is not as it should be."""

    ERROR = "error"
    WARNING = "warning"


class Found(Struct, frozen=True):
    """What a check found on ``resource``: with the numbers, and the setting or command that repairs it."""

    resource: str
    found: str
    fix: str


class Finding(Struct, frozen=True):
    """What a check found, with the check's own name, severity, subject and reason."""

    name: str
    severity: Severity
    subject: str
    resource: str
    found: str
    why: str
    fix: str


Look = Callable[[Case], Iterable[Found]]


class Check(Struct, frozen=True):
    """One question. ``why`` is one clause; ``aws_only`` where a stand-in for AWS on one machine has no answer."""

    name: str
    severity: Severity
    subject: str
    why: str
    aws_only: bool
    look: Look

    def findings(self, case: Case) -> list[Finding]:
        """Everything that this check finds."""
        if self.aws_only and case.facts.local:
            return []
        return [
            Finding(self.name, self.severity, self.subject, one.resource, one.found, self.why, one.fix)
            for one in self.look(case)
        ]


def check(name: str, severity: Severity, subject: str, *, why: str, aws_only: bool = False) -> Callable[[Look], Check]:
    """Make a function a check, under a name that docs/doctor.md explains."""
    return lambda look: Check(name, severity, subject, why, aws_only, look)

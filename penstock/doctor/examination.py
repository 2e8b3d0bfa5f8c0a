"""One examination: read, judge, report."""

from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from penstock.app import Penstock
from penstock.doctor import access, strays
from penstock.doctor.case import Case, Names, TaskNeeds, running
from penstock.doctor.checking import Finding, Severity
from penstock.doctor.checks import CHECKS
from penstock.doctor.not_checked import NotChecked, not_checked
from penstock.errors import ConfigurationError, PenstockError
from penstock.facts import NotReadable
from penstock.ports import Ports
from penstock.processes import paused
from penstock.queue_list import QueueList
from penstock.settings import Settings
from penstock.versions import latest

T = TypeVar("T")


class Report(Struct, frozen=True):
    """What was found, errors first, and what could not be looked at. ``checks`` is how many questions were asked.

    ``not_here`` are the names of checks for which a stand-in for AWS on one machine has no answer.
    """

    findings: list[Finding]
    not_checked: list[NotChecked]
    not_here: list[str]
    checks: int
    queues: int

    def number_of(self, severity: Severity) -> int:
        """How many findings are of that severity."""
        return sum(finding.severity is severity for finding in self.findings)

    @property
    def is_well(self) -> bool:
        """True where no error was found, and everything essential could be read."""
        return not self.number_of(Severity.ERROR) and not any(one.essential for one in self.not_checked)


def examine(tasks: Penstock, names: Names, *, version: str, queue_list: QueueList | None = None) -> Report:
    """Look at everything that ``tasks`` rests on; ``version`` is that of the Penstock that runs here.

    ConfigurationError where ``tasks`` is connected to no AWS and no stand-in for it.
    """
    return judge(gather(tasks, names, version=version, queue_list=queue_list))


def gather(tasks: Penstock, names: Names, *, version: str, queue_list: QueueList | None = None) -> Case:
    """The facts and what must hold; ConfigurationError as above."""
    ports, inspector = tasks.ports, tasks.ports.inspector
    if inspector is None:
        raise ConfigurationError(
            "there is nothing to examine: these ports reach no AWS. Connect them by init_app or penstock.aws.connect, "
            "to AWS or to the local stack"
        )
    settings, now = ports.settings, ports.clock()
    facts, workers = inspector.look(reconciler=names.reconciler), _from_ledger(ports, latest)
    return Case(
        settings=settings,
        tasks=[TaskNeeds(task.name, task.queue, task.options.retry.max_attempts) for task in tasks.registry.values()],
        names=names,
        facts=facts,
        access=[
            *access.read(inspector, settings, facts, names.web_role),
            *access.of_containers(inspector, settings, facts, running(workers, now), _prefix(settings)),
        ],
        workers=workers,
        resting=_from_ledger(ports, paused),
        strays=strays.read(ports),
        queue_list=queue_list,
        version=version,
        now=now,
    )


def judge(case: Case) -> Report:
    """Ask every check."""
    findings = [finding for check in CHECKS for finding in check.findings(case)]
    left_out = [check.name for check in CHECKS if check.aws_only and case.facts.local]
    return Report(
        findings=sorted(findings, key=lambda finding: finding.severity is Severity.WARNING),
        not_checked=[*not_checked(case)],
        not_here=left_out,
        checks=len(CHECKS) - len(left_out),
        queues=len(case.settings.queues),
    )


def usual_names(settings: Settings) -> Names:
    """The names that Terraform gives: ``<project>-<stage>-reconciler`` and ``-web``, as the queues' begin alike."""
    prefix = _prefix(settings)
    if prefix is None:
        return Names(reconciler=None, web_role=None)
    return Names(reconciler=f"{prefix}-reconciler", web_role=f"{prefix}-web")


def _prefix(settings: Settings) -> str | None:
    """``<project>-<stage>``, as the queues' names at AWS all begin; None where they do not."""
    prefixes = {
        queue.physical_name.removesuffix(".fifo").removesuffix(f"-{queue.name}") for queue in settings.queues.values()
    }
    alike = prefixes.pop() if len(prefixes) == 1 else None
    is_usual = all(f"{alike}-{queue.name}" in queue.url for queue in settings.queues.values())
    return alike if is_usual else None


def _from_ledger(ports: Ports, read: Callable[[Ports], T]) -> T | NotReadable:
    try:
        return read(ports)
    except PenstockError as error:
        return NotReadable("dynamodb:Query", ports.settings.table, str(error))

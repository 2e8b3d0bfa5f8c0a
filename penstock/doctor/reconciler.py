"""The reconciler: there, called by its schedule, and looking at the letters of every queue."""

from collections.abc import Iterator

from penstock.doctor.case import Case, there
from penstock.doctor.checking import Found, Severity, check
from penstock.doctor.functions import differences

_SUBJECT = "reconciler"
_WHY = "tasks that SQS buried by itself keep their old status, and nobody is told that they are dead"


@check("reconciler-missing", Severity.ERROR, _SUBJECT, why=_WHY, aws_only=True)
def reconciler_missing(case: Case) -> Iterator[Found]:
    name = case.names.reconciler
    if name is not None and case.facts.reconciler is None:
        yield Found(name, "there is no such function", "terraform apply, or name it: --reconciler NAME")


@check("reconciler-schedule", Severity.ERROR, _SUBJECT, why=_WHY, aws_only=True)
def reconciler_schedule(case: Case) -> Iterator[Found]:
    name, schedule, reconciler = case.names.reconciler, case.facts.schedule, there(case.facts.reconciler)
    if name is None or reconciler is None:
        return
    if schedule is None:
        yield Found(name, "no schedule of that name calls it", "terraform apply")
    elif (live := there(schedule)) is not None:
        if not live.enabled:
            yield Found(
                name, f"its schedule {live.expression} is disabled", "terraform apply, or enable it in the console"
            )
        elif live.target_arn != reconciler.arn:
            yield Found(name, f"its schedule calls {live.target_arn}, and it is {reconciler.arn}", "terraform apply")


@check(
    "reconciler-settings",
    Severity.ERROR,
    _SUBJECT,
    why="it looks at the dead letters of other queues, or writes into another table",
    aws_only=True,
)
def reconciler_settings(case: Case) -> Iterator[Found]:
    reconciler = there(case.facts.reconciler)
    if reconciler is not None:
        for wrong in differences(case.settings, reconciler, list(case.settings.queues.values())):
            yield Found(reconciler.name, wrong, "terraform apply")

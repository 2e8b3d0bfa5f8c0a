"""What could not be read, so that nothing is known of it: never the same as fine."""

from collections.abc import Iterator

from msgspec import Struct

from penstock.doctor.case import CONTAINER, WEB, Case, there
from penstock.facts import NotReadable
from penstock.versions import FUNCTION

NO_ROLE = {
    WEB: "there is no such role: name the one that it runs as with --web-role ROLE",
    CONTAINER: "their role is not known: none has Terraform's name, <project>-<stage>-worker-<queue>",
}


class NotChecked(Struct, frozen=True):
    """``what`` is not known of ``subject``, and why. ``permission`` (of ``resource``) is what it takes; empty: none helps.

    Without an ``essential`` fact nobody can say that the stack works.
    """

    subject: str
    what: str
    reason: str
    permission: str = ""
    resource: str = ""
    essential: bool = False


def not_checked(case: Case) -> Iterator[NotChecked]:
    """Everything that could not be read, what matters most first."""
    found = [*_of_queues(case), *_of_functions(case), *_of_table(case), *_of_bucket(case), *_of_the_rest(case)]
    yield from sorted(found, key=lambda one: not one.essential)


def _refused(subject: str, what: str, value: object, *, essential: bool = False) -> Iterator[NotChecked]:
    if isinstance(value, NotReadable):
        yield NotChecked(subject, what, value.reason, value.permission, value.resource, essential)


def _of_queues(case: Case) -> Iterator[NotChecked]:
    for name, facts in case.facts.queues.items():
        yield from _refused("queues", f"the attributes of {name}", facts.queue, essential=True)
        yield from _refused("dead-letter queues", f"the attributes of {name}'s", facts.letters, essential=True)
        yield from _refused("event source mappings", f"what polls {name}", facts.mappings, essential=True)
    for queue in case.without_mapping():
        what = f"whether a worker of your own polls {queue.name}, which no mapping does"
        yield from _refused("event source mappings", what, case.workers, essential=True)


def _of_functions(case: Case) -> Iterator[NotChecked]:
    for arn, function in case.facts.functions.items():
        name = arn.split(":")[6]
        yield from _refused("functions", f"the configuration of {name}", function, essential=True)
        if function is not None and not isinstance(function, NotReadable):
            yield from _refused("functions", f"the settings of {name}", function.environment)
            yield from _refused("functions", f"the reserved concurrency of {name}", function.reserved_concurrency)


def _of_table(case: Case) -> Iterator[NotChecked]:
    table = case.facts.table
    yield from _refused("table", "its keys, indexes and protection", table.table, essential=True)
    yield from _refused("table", "its time to live", table.ttl_attribute, essential=True)
    yield from _refused("table", "point-in-time recovery", table.recovers)


def _of_bucket(case: Case) -> Iterator[NotChecked]:
    if case.facts.bucket is not None:
        yield from _refused("payload bucket", "whether it is there", case.facts.bucket.exists)
        yield from _refused("payload bucket", "whether it is closed", case.facts.bucket.public_access_open)
        yield from _refused("payload bucket", "when its objects expire", case.facts.bucket.expiries)


def _of_the_rest(case: Case) -> Iterator[NotChecked]:
    yield from _refused("queues", "whose credentials these are", case.facts.account)
    yield from _refused("reconciler", "its function", case.facts.reconciler)
    if (reconciler := there(case.facts.reconciler)) is not None:
        yield from _refused("reconciler", "its settings", reconciler.environment)
    yield from _refused("reconciler", "its schedule", case.facts.schedule)
    yield from _refused("versions", "what the workers run", case.workers)
    yield from _refused("event source mappings", "which queues' worker processes are paused", case.resting)
    yield from _refused("tasks", "which queues tasks are on", case.strays)
    yield from _of_roles(case)
    yield from _of_versions(case)
    if case.facts.clock is None:
        yield NotChecked("clock", "this machine's clock", "no answer of AWS had a Date")
    if not case.facts.local and case.names.reconciler is None:
        yield NotChecked("reconciler", "its function and its schedule", "their name is not known: --reconciler NAME")


def _of_roles(case: Case) -> Iterator[NotChecked]:
    for role in case.access:
        yield from _refused("roles", f"what {role.role} may do", role.denied)
        if role.denied is None:
            yield NotChecked("roles", f"what {role.role} may do", NO_ROLE.get(role.kind, "there is no such role"))
    if not case.facts.local and case.names.web_role is None:
        yield NotChecked("roles", "what the web may do", "its role is not known: --web-role ROLE")


def _of_versions(case: Case) -> Iterator[NotChecked]:
    if isinstance(case.workers, NotReadable):
        return
    known = {worker.queue for worker in case.workers if worker.kind == FUNCTION}
    silent = sorted({queue.name for queue, _ in case.mappings()} - known)
    if silent:
        reason = "no worker of these queues has run a task since workers tell their version"
        yield NotChecked("versions", f"what the functions of {', '.join(silent)} run", reason)

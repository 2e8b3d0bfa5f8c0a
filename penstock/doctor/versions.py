"""The Penstock of this process against those of the workers, as they told in the ledger."""

from collections.abc import Iterator

from penstock.doctor.case import Case
from penstock.doctor.checking import Found, Severity, check
from penstock.envelope import VERSION
from penstock.facts import NotReadable
from penstock.times import to_text
from penstock.versions import FUNCTION, WorkerVersion

_SUBJECT = "versions"
_PACKAGE = "`flask penstock package` (in a checkout of Penstock `make package`)"


@check(
    "envelope-version",
    Severity.ERROR,
    _SUBJECT,
    why="it leaves messages of a newer form, until they are buried unrun",
)
def envelope_version(case: Case) -> Iterator[Found]:
    for worker in _workers(case):
        if worker.envelope < VERSION:
            yield Found(
                worker.queue,
                f"its {_kind(worker)} reads envelopes up to version {worker.envelope}, and this process writes up to {VERSION}",
                f"deploy the workers with Penstock {case.version}: {_PACKAGE}, terraform apply",
            )


@check("version-skew", Severity.WARNING, _SUBJECT, why="a change of the library reaches one of the two only")
def version_skew(case: Case) -> Iterator[Found]:
    for worker in _workers(case):
        if worker.version != case.version and worker.envelope >= VERSION:
            yield Found(
                worker.queue,
                f"its {_kind(worker)} ran Penstock {worker.version} when it last said so ({to_text(worker.last_at)}), and "
                f"this process runs {case.version}",
                f"deploy the older of the two: workers by {_PACKAGE} and terraform apply, the web by its own deployment",
            )


def _workers(case: Case) -> Iterator[WorkerVersion]:
    if not isinstance(case.workers, NotReadable):
        yield from (worker for worker in case.workers if worker.queue in case.settings.queues)


def _kind(worker: WorkerVersion) -> str:
    return "function" if worker.kind == FUNCTION else "`flask penstock worker`"

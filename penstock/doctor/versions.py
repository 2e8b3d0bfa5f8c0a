"""The Penstock of this process against those of the workers, as they told in the ledger."""

from collections.abc import Iterator

from penstock.doctor.case import Case
from penstock.doctor.checking import Found, Severity, check
from penstock.envelope import VERSION
from penstock.facts import NotReadable
from penstock.times import to_text
from penstock.versions import FUNCTION, WorkerVersion

_SUBJECT = "versions"
_PACKAGE = "`flask penstock package` (in a checkout of Penstock `make package`) and terraform apply"
_IMAGE = "a new image of the worker, or a new environment where it is a process, started anew"


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
                f"deploy it with Penstock {case.version}: {_deployment(worker)}",
            )


@check("version-skew", Severity.WARNING, _SUBJECT, why="a change of the library reaches one of the two only")
def version_skew(case: Case) -> Iterator[Found]:
    for worker in _workers(case):
        if worker.version != case.version and worker.envelope >= VERSION:
            yield Found(
                worker.queue,
                f"its {_kind(worker)} ran Penstock {worker.version} when it last said so ({to_text(worker.last_at)}), and "
                f"this process runs {case.version}",
                f"deploy the older of the two: the worker by {_deployment(worker)}, the web by its own deployment",
            )


def _workers(case: Case) -> Iterator[WorkerVersion]:
    """Who works on the queues now: functions that a mapping calls, and processes that have spoken lately."""
    called = {queue.name for queue, _ in case.mappings()}
    for worker in () if isinstance(case.workers, NotReadable) else case.workers:
        if worker.queue in case.settings.queues and (
            worker.queue in called if worker.kind == FUNCTION else worker.is_running(case.now)
        ):
            yield worker


def _deployment(worker: WorkerVersion) -> str:
    return _PACKAGE if worker.kind == FUNCTION else _IMAGE


def _kind(worker: WorkerVersion) -> str:
    return "function" if worker.kind == FUNCTION else "`flask penstock worker`"

"""The event source mappings: one a queue, switched on, reporting failures, with batches that fit."""

from collections.abc import Iterator

from penstock.doctor.case import Case, running, there
from penstock.doctor.checking import Found, Severity, check
from penstock.facts import LiveFunction, LiveMapping, NotReadable
from penstock.queue_list import FUNCTION_TIMEOUT_MARGIN_SECONDS
from penstock.settings import QueueSettings
from penstock.versions import SILENT_AFTER

_SUBJECT = "event source mappings"
_APPLY = "terraform apply"
_PAUSED = frozenset({"Disabled", "Disabling"})


def change(mapping: LiveMapping, options: str) -> str:
    """The command that changes a mapping."""
    return f"aws lambda update-event-source-mapping --uuid {mapping.uuid} {options}"


@check(
    "mapping-missing", Severity.ERROR, _SUBJECT, why="tasks wait in the queue until its retention ends, then are lost"
)
def mapping_missing(case: Case) -> Iterator[Found]:
    if isinstance(case.workers, NotReadable):
        return
    attended = running(case.workers, case.now)
    for queue in case.without_mapping():
        if queue.name not in attended:
            yield Found(
                queue.name,
                f"no event source mapping polls it, and no `flask penstock worker` has said in {SILENT_AFTER.days} days that "
                "it does",
                f"{_APPLY}, or start `flask penstock worker --queue {queue.name}`",
            )


@check(
    "mapping-several",
    Severity.ERROR,
    _SUBJECT,
    why="each takes some of the messages, and a pause stops one of them only",
)
def mapping_several(case: Case) -> Iterator[Found]:
    for queue, _ in case.queues():
        found = case.facts.queues[queue.name].mappings
        if not isinstance(found, NotReadable) and len(found) > 1:
            polling = ", ".join(f"{mapping.uuid} ({_function(mapping)})" for mapping in found)
            yield Found(
                queue.name,
                f"{len(found)} event source mappings poll it: {polling}",
                "delete all but the one that Terraform made: aws lambda delete-event-source-mapping --uuid UUID",
            )


@check(
    "mapping-function",
    Severity.ERROR,
    _SUBJECT,
    why="the reconciler runs no task of a batch, so its messages are deleted unrun or buried",
)
def mapping_function(case: Case) -> Iterator[Found]:
    reconciler = there(case.facts.reconciler)
    for queue, mapping in case.mappings():
        if reconciler is not None and _function(mapping) == reconciler.name:
            yield Found(
                queue.name,
                f"its mapping calls the reconciler, {reconciler.name}, and not a worker",
                f"{_APPLY}, or {change(mapping, '--function-name WORKER')}",
            )


@check("mapping-disabled", Severity.WARNING, _SUBJECT, why="what waits goes on counting towards the queue's retention")
def mapping_disabled(case: Case) -> Iterator[Found]:
    for queue, mapping in case.mappings():
        if mapping.state in _PAUSED:
            yield Found(queue.name, f"it is paused ({mapping.state})", f"flask penstock queues resume {queue.name}")


@check("processes-paused", Severity.WARNING, _SUBJECT, why="what waits goes on counting towards the queue's retention")
def processes_paused(case: Case) -> Iterator[Found]:
    if isinstance(case.resting, NotReadable):
        return
    for queue, _ in case.queues():
        if queue.name in case.resting:
            yield Found(queue.name, "its worker processes are paused", f"flask penstock queues resume {queue.name}")


@check("report-batch-item-failures", Severity.ERROR, _SUBJECT, why="Lambda deletes the messages that failed")
def report_batch_item_failures(case: Case) -> Iterator[Found]:
    for queue, mapping in case.mappings():
        if not mapping.reports_failures:
            yield Found(
                queue.name,
                "its mapping lacks ReportBatchItemFailures",
                f"{_APPLY}, or {change(mapping, '--function-response-types ReportBatchItemFailures')}",
            )


@check("mapping-filter", Severity.ERROR, _SUBJECT, why="Lambda deletes what a filter does not match, unseen")
def mapping_filter(case: Case) -> Iterator[Found]:
    for queue, mapping in case.mappings():
        if mapping.filtered:
            yield Found(
                queue.name,
                "its mapping has filter criteria",
                change(mapping, "--filter-criteria '{}'"),
            )


@check(
    "fifo-batch",
    Severity.ERROR,
    _SUBJECT,
    why="handing back the rest of a message group after a failure costs each of its messages a receive",
)
def fifo_batch(case: Case) -> Iterator[Found]:
    for queue, mapping in case.mappings():
        if queue.fifo and mapping.batch_size != 1:
            yield Found(
                queue.name,
                f"its batch size is {mapping.batch_size}, and a FIFO queue takes 1",
                f"{_APPLY}, or {change(mapping, '--batch-size 1')}",
            )


@check(
    "batch-time",
    Severity.ERROR,
    _SUBJECT,
    why="Lambda ends the invocation before its last tasks, and what did not run has lost a receive",
)
def batch_time(case: Case) -> Iterator[Found]:
    for queue, mapping, function in case.functions():
        needed = mapping.batch_size * queue.time_limit + FUNCTION_TIMEOUT_MARGIN_SECONDS
        if needed > function.timeout:
            yield Found(
                queue.name,
                f"a full batch takes {mapping.batch_size} x {queue.time_limit} s + {FUNCTION_TIMEOUT_MARGIN_SECONDS} s = "
                f"{needed} s, and {function.name} ends after {function.timeout} s",
                f"{_APPLY}, or a smaller batch: {change(mapping, f'--batch-size {_fitting(queue, function)}')}",
            )


@check(
    "reserved-concurrency",
    Severity.ERROR,
    _SUBJECT,
    why="Lambda throttles what is above it, and SQS counts each throttled receive",
)
def reserved_concurrency(case: Case) -> Iterator[Found]:
    for queue, mapping, function in case.functions():
        reserved = function.reserved_concurrency
        most = mapping.max_concurrency
        if isinstance(reserved, int) and (most is None or most > reserved):
            asked = "without a maximum" if most is None else f"up to {most} times at once"
            yield Found(
                queue.name,
                f"its mapping calls {function.name} {asked}, and {reserved} are reserved",
                f"aws lambda delete-function-concurrency --function-name {function.name}; or a max_concurrency of at most "
                f"{reserved} in queues.auto.tfvars.json",
            )


def _function(mapping: LiveMapping) -> str:
    return mapping.function_arn.split(":")[6]


def _fitting(queue: QueueSettings, function: LiveFunction) -> int:
    return max(1, (function.timeout - FUNCTION_TIMEOUT_MARGIN_SECONDS) // queue.time_limit)

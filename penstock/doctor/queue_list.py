"""The list of queues, infra/terraform/queues.auto.tfvars.json, against what is live."""

from collections.abc import Iterator, Mapping

from penstock.doctor.case import Case
from penstock.doctor.checking import Found, Severity, check
from penstock.facts import LiveQueue
from penstock.queue_list import QueueEntry
from penstock.settings import QueueSettings

_SUBJECT = "list of queues"
_APPLY = "terraform apply, or take the live value into the list"


@check("queue-not-live", Severity.WARNING, _SUBJECT, why="a task on it is refused when the web starts")
def queue_not_live(case: Case) -> Iterator[Found]:
    for name in _listed(case):
        if name not in case.settings.queues:
            yield Found(
                name, "it is in the list, and PENSTOCK_QUEUES does not name it", "terraform apply, then deploy the web"
            )


@check("queue-not-listed", Severity.WARNING, _SUBJECT, why="the next terraform apply deletes it, or refuses to")
def queue_not_listed(case: Case) -> Iterator[Found]:
    listed = _listed(case)
    for name in case.settings.queues if listed else ():
        if name not in listed:
            yield Found(
                name, "PENSTOCK_QUEUES names it, and the list does not", "add it to the list again, or take it away"
            )


@check("list-drift", Severity.WARNING, _SUBJECT, why="what runs is not what was decided")
def list_drift(case: Case) -> Iterator[Found]:
    listed = _listed(case)
    for queue, live in case.queues():
        if (entry := listed.get(queue.name)) is not None:
            for what, now, wanted in _differing(case, entry, queue, live):
                yield Found(queue.name, f"{what} is {now}, and follows from the list as {wanted}", _APPLY)


def _listed(case: Case) -> Mapping[str, QueueEntry]:
    """The queues of the list; none where nobody named one, for a list is never empty."""
    return {} if case.queue_list is None else case.queue_list.queues


def _differing(
    case: Case, entry: QueueEntry, queue: QueueSettings, live: LiveQueue
) -> Iterator[tuple[str, object, object]]:
    compared: list[tuple[str, object, object]] = [
        ("fifo", live.fifo, entry.fifo),
        ("time_limit", queue.time_limit, entry.time_limit),
        ("max_receive_count", live.max_receive_count, entry.max_receive_count),
        ("the visibility timeout", live.visibility_timeout, entry.visibility_timeout),
    ]
    for of, mapping in case.mappings():
        if of.name == queue.name:
            compared += [
                ("batch_size", mapping.batch_size, entry.batch_size),
                ("batch_window", mapping.batch_window, entry.batch_window),
                ("max_concurrency", mapping.max_concurrency, entry.max_concurrency),
            ]
    compared += [
        ("the function timeout", function.timeout, entry.function_timeout)
        for of, _, function in case.functions()
        if of.name == queue.name
    ]
    yield from ((what, now, wanted) for what, now, wanted in compared if now != wanted)

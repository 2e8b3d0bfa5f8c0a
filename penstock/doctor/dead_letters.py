"""The dead-letter queues: there, of the same type, with a longer memory, and with the way in and out open."""

from collections.abc import Iterator

from penstock.doctor.case import Case
from penstock.doctor.checking import Found, Severity, check
from penstock.doctor.queues import set_attribute
from penstock.facts import LiveQueue
from penstock.settings import QueueSettings

_SUBJECT = "dead-letter queues"
_MAX_RETENTION_SECONDS = 1_209_600
_APPLY = "terraform apply"


@check(
    "redrive-policy",
    Severity.ERROR,
    _SUBJECT,
    why="what cannot be worked on is tried until its retention ends and is then lost, or goes where nobody looks",
)
def redrive_policy(case: Case) -> Iterator[Found]:
    for queue, live in case.queues():
        if live.dead_letter_arn is None:
            yield Found(queue.name, "it has no redrive policy, so no dead-letter queue", _APPLY)
        elif not _is_of_other_type(queue, live) and _name(live) != _wanted(queue):
            yield Found(
                queue.name,
                f"its redrive policy names {_name(live)}, and its dead-letter queue is {_wanted(queue)}",
                f"redrive what is in {_name(live)}, then {_APPLY}",
            )


@check(
    "dead-letter-type",
    Severity.ERROR,
    _SUBJECT,
    why="SQS moves letters of a FIFO queue into a FIFO queue only, and those of a standard queue into a standard one",
)
def dead_letter_type(case: Case) -> Iterator[Found]:
    for queue, live in case.queues():
        if _is_of_other_type(queue, live):
            kinds = ("a FIFO", "a standard") if queue.fifo else ("a standard", "a FIFO")
            yield Found(
                queue.name,
                f"it is {kinds[0]} queue, and {_name(live)}, where its letters go, is {kinds[1]} one",
                _APPLY,
            )


@check(
    "dead-letter-queue-missing",
    Severity.ERROR,
    _SUBJECT,
    why="SQS cannot move what it buries, so messages are received without end",
)
def dead_letter_queue_missing(case: Case) -> Iterator[Found]:
    for queue, _ in case.queues():
        if case.facts.queues[queue.name].letters is None:
            yield Found(queue.name, f"there is no queue {queue.dead_letter_url}", _APPLY)


@check(
    "dead-letter-retention",
    Severity.ERROR,
    _SUBJECT,
    why="SQS counts it from the first send, so a letter may vanish as it arrives",
)
def dead_letter_retention(case: Case) -> Iterator[Found]:
    for queue, live, letters in case.letters():
        if letters.retention <= live.retention:
            yield Found(
                queue.name,
                f"its dead-letter queue keeps letters for {letters.retention} s, no longer than the queue's {live.retention} s",
                f"{_APPLY}, or {set_attribute(queue.dead_letter_url, 'MessageRetentionPeriod', _MAX_RETENTION_SECONDS)}",
            )


@check(
    "redrive-allow-policy",
    Severity.ERROR,
    _SUBJECT,
    why="SQS lets only the queues that it names bury their letters in it",
)
def redrive_allow_policy(case: Case) -> Iterator[Found]:
    for queue, live, letters in case.letters():
        allowed = letters.allows_redrive_from
        if allowed is not None and live.arn not in allowed:
            named = ", ".join(arn.rpartition(":")[2] for arn in allowed) or "no queue"
            yield Found(queue.name, f"its dead-letter queue takes letters of {named}, and not of {queue.name}", _APPLY)


def _name(live: LiveQueue) -> str:
    return (live.dead_letter_arn or "").rpartition(":")[2]


def _wanted(queue: QueueSettings) -> str:
    return queue.dead_letter_url.rsplit("/", 1)[-1]


def _is_of_other_type(queue: QueueSettings, live: LiveQueue) -> bool:
    return live.dead_letter_arn is not None and _name(live).endswith(".fifo") != queue.fifo

"""The queues: there, in the right place, and with timeouts and receives that leave room for the tasks."""

import re
from collections.abc import Iterator

from penstock.doctor.case import Case, there
from penstock.doctor.checking import Found, Severity, check
from penstock.facts import LiveQueue
from penstock.queue_list import MIN_RECEIVE_COUNT, VISIBILITY_FACTOR
from penstock.settings import RECEIVE_MARGIN, QueueSettings

_SUBJECT = "queues"
_APPLY = "terraform apply"
# https://docs.aws.amazon.com/general/latest/gr/sqs-service.html, the legacy endpoints included
_REGION = re.compile(r"https://(?:sqs\.([a-z0-9-]+)|([a-z0-9-]+)\.queue)\.amazonaws\.com[./]")


def set_attribute(url: str, name: str, value: object) -> str:
    """The command that changes one attribute of a queue."""
    return f"aws sqs set-queue-attributes --queue-url {url} --attributes {name}={value}"


@check(
    "queue-region",
    Severity.ERROR,
    _SUBJECT,
    why="SQS answers for queues of the region that is asked, and no other",
    aws_only=True,
)
def queue_region(case: Case) -> Iterator[Found]:
    account = there(case.facts.account)
    for queue in case.settings.queues.values():
        region = region_of(queue)
        if account is not None and region is not None and region != account.region:
            yield Found(
                queue.name,
                f"its URL is of {region}, and this process asks in {account.region}",
                f"set AWS_REGION={region}, or PENSTOCK_QUEUES[{queue.name!r}]['url'] to the queue of {account.region}",
            )


@check(
    "queue-account",
    Severity.ERROR,
    _SUBJECT,
    why="the table and the functions are looked for in the account of the credentials",
    aws_only=True,
)
def queue_account(case: Case) -> Iterator[Found]:
    account = there(case.facts.account)
    for queue in case.settings.queues.values():
        if account is not None and account_of(queue) != account.id:
            yield Found(
                queue.name,
                f"its URL is of account {account_of(queue)}, and the credentials are of {account.id}",
                f"use credentials of {account_of(queue)} (AWS_PROFILE), or set PENSTOCK_QUEUES to the queues of {account.id}",
            )


@check("queue-missing", Severity.ERROR, _SUBJECT, why="what is enqueued to it is refused")
def queue_missing(case: Case) -> Iterator[Found]:
    account = there(case.facts.account)
    for name, facts in case.facts.queues.items():
        queue = case.settings.queue(name)
        elsewhere = account is not None and (
            account_of(queue) != account.id or region_of(queue) not in (None, account.region)
        )
        if facts.queue is None and (case.facts.local or not elsewhere):
            yield Found(name, f"there is no queue {queue.url}", f"{_APPLY}, or fix PENSTOCK_QUEUES[{name!r}]['url']")


@check(
    "visibility-timeout",
    Severity.ERROR,
    _SUBJECT,
    why="a message shows again while its batch still runs, and each showing costs one of its receives",
)
def visibility_timeout(case: Case) -> Iterator[Found]:
    for queue, live in case.queues():
        least = least_visibility(case, queue)
        if least is not None and live.visibility_timeout < least:
            yield Found(
                queue.name,
                f"its visibility timeout is {live.visibility_timeout} s, and must be {least} s at least: "
                f"{VISIBILITY_FACTOR} x the function timeout + the batch window",
                f"{_APPLY}, or {set_attribute(queue.url, 'VisibilityTimeout', least)}",
            )


@check(
    "receive-margin",
    Severity.ERROR,
    _SUBJECT,
    why="SQS buries a message at max_receive_count, and busy answers and throttles cost receives too",
)
def receive_margin(case: Case) -> Iterator[Found]:
    for queue, live in case.queues():
        attempts = most_attempts(case, queue)
        if lacks_margin(case, queue, live):
            task = next(task.task for task in case.tasks if task.queue == queue.name and task.max_attempts == attempts)
            yield Found(
                queue.name,
                f"its max_receive_count is {live.max_receive_count}, and the {attempts} attempts of the task {task} need "
                f"{attempts + RECEIVE_MARGIN} at least",
                f"set max_receive_count to {attempts + RECEIVE_MARGIN} or more in queues.auto.tfvars.json and {_APPLY}, "
                "or lower the task's max_attempts",
            )


@check("receive-count", Severity.WARNING, _SUBJECT, why="throttles alone bury messages that never ran")
def receive_count(case: Case) -> Iterator[Found]:
    for queue, live in case.queues():
        if lacks_margin(case, queue, live):
            continue
        if live.max_receive_count is not None and live.max_receive_count < MIN_RECEIVE_COUNT:
            yield Found(
                queue.name,
                f"its max_receive_count is {live.max_receive_count}, below {MIN_RECEIVE_COUNT}",
                f"set max_receive_count to {MIN_RECEIVE_COUNT} or more in queues.auto.tfvars.json and {_APPLY}",
            )


@check("queue-delay", Severity.WARNING, _SUBJECT, why="every message waits before it can be worked on")
def queue_delay(case: Case) -> Iterator[Found]:
    for queue, live in case.queues():
        if live.delay:
            yield Found(
                queue.name,
                f"the queue delays every message by {live.delay} s, which nothing here asks for",
                set_attribute(queue.url, "DelaySeconds", 0),
            )


@check(
    "queue-encryption",
    Severity.WARNING,
    _SUBJECT,
    why="arguments of tasks lie in it in the clear",
    aws_only=True,
)
def queue_encryption(case: Case) -> Iterator[Found]:
    for queue, live in case.queues():
        letters = there(case.facts.queues[queue.name].letters)
        for url, one in ((queue.url, live), (queue.dead_letter_url, letters)):
            if one is not None and not one.encrypted:
                yield Found(
                    queue.name,
                    f"{url.rsplit('/', 1)[-1]} is not encrypted at rest",
                    f"{_APPLY}, or {set_attribute(url, 'SqsManagedSseEnabled', 'true')}",
                )


@check(
    "queue-drift",
    Severity.WARNING,
    _SUBJECT,
    why="somebody changed it by hand: what is expected of the queue does not hold",
)
def queue_drift(case: Case) -> Iterator[Found]:
    for queue, live in case.queues():
        for what, now, wanted in drifted(case, queue, live):
            yield Found(
                queue.name,
                f"its {what} is {now}, and PENSTOCK_QUEUES says {wanted}",
                f"{_APPLY} puts it back; or take {now} into PENSTOCK_QUEUES and queues.auto.tfvars.json",
            )


def drifted(case: Case, queue: QueueSettings, live: LiveQueue) -> Iterator[tuple[str, int, int]]:
    """What is not as the settings say but breaks no other rule: what does is told by the check of that rule."""
    least, wanted = least_visibility(case, queue) or 0, queue.visibility_timeout
    if wanted not in (None, live.visibility_timeout) and live.visibility_timeout >= least:
        yield "visibility timeout", live.visibility_timeout, wanted or 0
    count = live.max_receive_count or 0
    if count >= MIN_RECEIVE_COUNT and count != queue.max_receive_count and not lacks_margin(case, queue, live):
        yield "max_receive_count", count, queue.max_receive_count
    letters = there(case.facts.queues[queue.name].letters)
    if live.retention != queue.retention and (letters is None or letters.retention > live.retention):
        yield "retention", live.retention, queue.retention


def least_visibility(case: Case, queue: QueueSettings) -> int | None:
    """The shortest visibility timeout (seconds) that the queue's functions allow; None where none could be read."""
    return max(
        (
            VISIBILITY_FACTOR * function.timeout + mapping.batch_window
            for of, mapping, function in case.functions()
            if of.name == queue.name
        ),
        default=None,
    )


def most_attempts(case: Case, queue: QueueSettings) -> int:
    """The most attempts of a task on this queue; 0 where it has none."""
    return max((task.max_attempts for task in case.tasks if task.queue == queue.name), default=0)


def lacks_margin(case: Case, queue: QueueSettings, live: LiveQueue) -> bool:
    """True where a task's attempts leave no margin under the live max_receive_count."""
    attempts = most_attempts(case, queue)
    return bool(attempts) and live.max_receive_count is not None and attempts + RECEIVE_MARGIN > live.max_receive_count


def region_of(queue: QueueSettings) -> str | None:
    """The region in a queue's URL; None where AWS did not make the URL."""
    found = _REGION.match(queue.url)
    return found and (found[1] or found[2])


def account_of(queue: QueueSettings) -> str:
    """The account in a queue's URL."""
    return queue.url.rsplit("/", 2)[-2]

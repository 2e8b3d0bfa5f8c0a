"""Every error that Penstock raises, in one tree.

::

    PenstockError
    ├── ConfigurationError         the project is wired wrongly: raised at start-up, before any work is taken
    │   ├── NotConnected           no ports: init_app, aws.connect or connect(ports) was not called
    │   └── UnknownQueue           a queue that the settings do not name
    ├── EnqueueError               the call was refused or its fate is not known; says which
    │   ├── InvalidArguments       they do not fit the signature, or would not survive the trip as JSON (a TypeError)
    │   ├── InvalidOption          a delay, task id or group that SQS would refuse (a ValueError)
    │   ├── EnvelopeTooLarge       over SQS's limit for one message, and not fit for S3
    │   ├── TaskIdConflict         a known task id with another task or other arguments
    │   ├── EnqueueUncertain       SQS did not answer: enqueue again with the same task id
    │   └── PartialEnqueueError    enqueue_many got some of its calls accepted only: says which
    ├── Unavailable                AWS did not answer, or not now: trying again later is right
    ├── AccessRefused              AWS answered and said no: credentials, permissions, a resource that is not there
    ├── EnvelopeError              a message that must never run code
    │   ├── MalformedEnvelope      not ours, or damaged
    │   └── UnsupportedVersion     written by a newer Penstock
    ├── UnsupportedRow             a row of the table that this Penstock cannot read: a newer one wrote it
    ├── UnknownTask                no function of that name in this process
    ├── NoMapping                  nothing polls that queue, so it can be neither paused nor resumed
    ├── NotDead                    only a DEAD task can be retried or edited by hand
    ├── EnvelopeLost               the table does not have the message of a dead task: redrive it instead
    ├── ArgumentsLost              the large arguments of a task are not in S3 (any more)
    ├── ConfirmationNeeded         a destructive call without its confirmation
    ├── InvalidSearch              a filter that cannot be read (a ValueError)
    ├── OperationNotFound          no operation of that id
    ├── NotForgettable             a task whose message may still be in a queue
    ├── ResultError                asking for a result
    │   ├── TaskNotFound           no row of that task id
    │   ├── TaskNotFinished        return_value before the end
    │   ├── TaskFailed             return_value of a task that has none, because it failed
    │   └── WaitTimeout            not finished in time (a TimeoutError)
    └── TimeLimitExceeded          a task ran longer than its time_limit (a TimeoutError)

    TaskSignal                     raised BY a task to decide its own fate
    ├── Retry                      try again, after ``delay`` seconds or the task's backoff
    ├── Reject                     never try again
    └── TaskCancelled              raised IN a task, by progress(), once someone has cancelled it
"""

from typing import Any, NamedTuple


class PenstockError(Exception):
    """Base of every error that Penstock raises."""


class ConfigurationError(PenstockError):
    """The project is wired wrongly; the message names the setting, its value and the fix."""


class NotConnected(ConfigurationError):
    """The Penstock object has no ports yet."""

    def __init__(self) -> None:
        super().__init__(
            "this Penstock object is not connected: call penstock.flask.init_app(app, tasks), "
            "penstock.aws.connect(tasks) or tasks.connect(penstock.memory.ports(...)) before you enqueue"
        )


class UnknownQueue(ConfigurationError):
    """A queue that the settings do not name."""

    def __init__(self, queue: str, known: list[str]) -> None:
        super().__init__(
            f"there is no queue {queue!r}; known queues: {', '.join(sorted(known)) or 'none'}. "
            "Add it to infra/terraform/queues.auto.tfvars.json (and PENSTOCK_QUEUES), or fix the task's queue="
        )
        self.queue = queue


class EnqueueError(PenstockError):
    """A task was not accepted; nothing was sent unless the subclass says otherwise."""


class InvalidArguments(EnqueueError, TypeError):
    """The arguments do not fit the task's signature, or would not come back from JSON as they went."""


class InvalidOption(EnqueueError, ValueError):
    """An option of enqueue that SQS would refuse."""


class EnvelopeTooLarge(EnqueueError, ValueError):
    """The message is over SQS's size limit, and its arguments cannot go to S3; the message says why."""


class TaskIdConflict(EnqueueError, ValueError):
    """The task id is taken by another task or by other arguments."""


class EnqueueUncertain(EnqueueError):
    """SQS did not say whether it took the message. Enqueueing again with ``task_id`` is safe: it runs once."""

    def __init__(self, task_id: str, cause: str) -> None:
        super().__init__(
            f"SQS did not confirm task {task_id} ({cause}): it may or may not have been accepted. "
            f"Enqueue it again with .using(task_id={task_id!r}): one task id has one outcome"
        )
        self.task_id = task_id


class FailedCall(NamedTuple):
    """A call of ``enqueue_many`` that was not confirmed: its number in the list (from 0), its task id, and why.

    ``uncertain`` where SQS may have taken it all the same: enqueue it again with ``using(task_id=...)`` only.
    """

    number: int
    task_id: str
    reason: str
    uncertain: bool


class PartialEnqueueError(EnqueueError):
    """Some calls of ``enqueue_many`` were not confirmed.

    ``sent`` are the results of those that were, ``failed`` the rest. Enqueueing a failed one again with its task id is safe:
    one task id has one outcome.
    """

    def __init__(self, sent: list[Any], failed: list[FailedCall]) -> None:
        first = failed[0]
        super().__init__(
            f"{len(failed)} of {len(sent) + len(failed)} tasks were not confirmed; the first is number {first.number}, "
            f"task id {first.task_id}: {first.reason}. Enqueue them again with .using(task_id=...)"
        )
        self.sent = sent
        self.failed = failed


class Unavailable(PenstockError):
    """A service did not answer, or asked us to slow down; the same call may work later."""


class AccessRefused(PenstockError):
    """A service answered and refused: credentials, permissions, or something that does not exist."""


class EnvelopeError(PenstockError):
    """A message body that must never run code."""


class MalformedEnvelope(EnvelopeError):
    """A body that is not a Penstock envelope."""


class UnsupportedVersion(EnvelopeError):
    """An envelope of a version that this Penstock does not read."""


class UnsupportedRow(PenstockError):
    """A row, or a failed attempt, that says what this Penstock does not know. It is left as it is."""

    def __init__(self, task_id: str, what: str) -> None:
        super().__init__(
            f"the row of task {task_id} {what}, which this version of Penstock does not know: a newer one wrote it. Nothing was "
            "changed. Deploy that version here as well (docs/upgrading.md)"
        )


class UnknownTask(PenstockError):
    """No task of that name is registered in this process."""


class NoMapping(PenstockError):
    """No event source mapping polls the queue, and no worker process is known to."""

    def __init__(self, queue: str, where: str) -> None:
        super().__init__(
            f"no event source mapping polls the queue {queue!r} ({where}), so there is nothing to pause or to resume. Is the "
            "worker deployed in this account and region (terraform apply), or the local stack up? Nor has a worker process "
            "said within three days that it does: where you have just started one, try again"
        )
        self.queue = queue


class NotDead(PenstockError):
    """The task is not DEAD, so there is nothing to retry or to edit."""


class EnvelopeLost(PenstockError):
    """The table does not keep the message of this task (it is sensitive, or too large without a payload bucket)."""


class ArgumentsLost(PenstockError):
    """The arguments of a task were too large for its message, and are not in S3 as they were enqueued."""


class InvalidSearch(PenstockError, ValueError):
    """A filter that cannot be read; the message says which part, and what would be right."""


class OperationNotFound(PenstockError):
    """No operation of that id is known, or it is past its retention."""


class NotForgettable(PenstockError):
    """What is stored of a task can only be deleted once its message is gone."""


class ConfirmationNeeded(PenstockError):
    """A destructive call that was not confirmed; nothing was done."""


class ResultError(PenstockError):
    """A result cannot be given."""


class TaskNotFound(ResultError):
    """No row of that task id: never enqueued, not yet recorded, or past its retention."""


class TaskNotFinished(ResultError):
    """The task has no outcome yet."""


class TaskFailed(ResultError):
    """The task ended without a return value."""


class WaitTimeout(ResultError, TimeoutError):
    """The task had no outcome within the time given to ``wait``."""


class TimeLimitExceeded(PenstockError, TimeoutError):
    """A task ran longer than its ``time_limit`` (seconds)."""


class TaskSignal(Exception):
    """Base of what a task raises to decide its own fate."""


class Retry(TaskSignal):
    """Raised by a task: try again after ``delay`` seconds (the task's backoff if None), within its max_attempts."""

    def __init__(self, reason: str = "", *, delay: float | None = None) -> None:
        if delay is not None and not 0 <= delay <= MAX_RETRY_DELAY_SECONDS:
            raise InvalidOption(
                f"Retry(delay={delay!r}): a retry waits 0 to {MAX_RETRY_DELAY_SECONDS} seconds, "
                "because SQS keeps a received message invisible for 12 hours at most"
            )
        super().__init__(reason or "the task asked to be tried again")
        self.delay = delay


class Reject(TaskSignal):
    """Raised by a task: never try again.

    The task becomes DEAD and its message goes to the dead-letter queue, where someone can repair the cause and redrive
    it. With ``discard=True`` nothing can be repaired (a truncated upload): it becomes FAILED and leaves no dead letter.
    """

    def __init__(self, reason: str, *, discard: bool = False) -> None:
        super().__init__(reason)
        self.discard = discard


class TaskCancelled(TaskSignal):
    """Raised by ``current_task.progress`` once someone has cancelled the task: clean up and let it through."""


# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
# 43,200 s in all, counted from the receive; the longest run before it (900 s) is taken off.
MAX_RETRY_DELAY_SECONDS = 43_200 - 900

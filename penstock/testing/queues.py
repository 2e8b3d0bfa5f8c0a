"""Which queues a project under test has: those of its list, or such as its tasks ask for."""

from collections.abc import Iterable

from penstock.app import Penstock
from penstock.queue_list import CONTAINER, LAMBDA, MAX_TIME_LIMIT_OF_FUNCTIONS, QueueEntry
from penstock.settings import RECEIVE_MARGIN, QueueSettings

_ACCOUNT = "123456789012"
_REGION = "us-east-1"
_TIME_LIMIT_SECONDS = 60
_RECEIVES = 10


def fitting(tasks: Penstock) -> list[QueueEntry]:
    """A standard queue for each name that a task gives, in which all of its tasks fit, and ``default``."""
    limits: dict[str, tuple[int, int]] = {"default": (_TIME_LIMIT_SECONDS, _RECEIVES)}
    for task in tasks.registry.values():
        seconds, receives = limits.get(task.queue, (_TIME_LIMIT_SECONDS, _RECEIVES))
        needed = task.options.retry.max_attempts + RECEIVE_MARGIN
        limits[task.queue] = (max(seconds, task.options.time_limit), max(receives, needed))
    return [
        QueueEntry(
            name,
            time_limit=seconds,
            max_receive_count=receives,
            batch_size=_batch_size(seconds),
            worker=LAMBDA if seconds <= MAX_TIME_LIMIT_OF_FUNCTIONS else CONTAINER,
        )
        for name, (seconds, receives) in limits.items()
    ]


def settings(entries: Iterable[QueueEntry]) -> dict[str, QueueSettings]:
    """The library's settings of these queues."""
    return {
        entry.name: QueueSettings(
            entry.name,
            f"memory://{entry.name}" + (".fifo" if entry.fifo else ""),
            time_limit=entry.time_limit,
            max_receive_count=entry.max_receive_count,
            visibility_timeout=entry.visibility_timeout,
        )
        for entry in entries
    }


def arn(queue: QueueSettings) -> str:
    """An ARN, as events name their source."""
    return f"arn:aws:sqs:{_REGION}:{_ACCOUNT}:{queue.physical_name}"


def _batch_size(time_limit: int) -> int:
    # ten tasks of 60 s fit into Lambda's 900 s; longer ones come one by one
    return 10 if time_limit <= _TIME_LIMIT_SECONDS else 1

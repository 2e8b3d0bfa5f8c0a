"""A task: a function with a stable name that can be called, or enqueued."""

import functools
import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

from msgspec import Struct, field

from penstock.codec import Codec
from penstock.envelope import JSON
from penstock.errors import ConfigurationError
from penstock.result import TaskResult
from penstock.retry import RetryPolicy
from penstock.settings import RECEIVE_MARGIN, Settings

P = ParamSpec("P")
R = TypeVar("R")


class TaskOptions(Struct, frozen=True):
    """How a task is run. ``time_limit`` is seconds; ``record=False`` saves the write of the QUEUED row.

    ``sensitive=True`` keeps arguments and error texts out of the table and the logs.
    """

    queue: str = "default"
    time_limit: int = 30
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    record: bool = True
    sensitive: bool = False

    def check(self, task: str, settings: Settings) -> None:
        """ConfigurationError where the task and its queue do not go together."""
        queue = settings.queue(self.queue)
        if self.time_limit > queue.time_limit:
            raise ConfigurationError(
                f"task {task}: time_limit={self.time_limit} s is over its queue's: {queue.name} allows "
                f"{queue.time_limit} s. Lower it, or raise the queue's time_limit in queues.auto.tfvars.json"
            )
        if self.retry.max_attempts + RECEIVE_MARGIN > queue.max_receive_count:
            raise ConfigurationError(
                f"task {task}: max_attempts={self.retry.max_attempts} leaves no margin of {RECEIVE_MARGIN} under the "
                f"max_receive_count={queue.max_receive_count} of queue {queue.name}: SQS would bury it before its last "
                f"attempt. Use at most {queue.max_receive_count - RECEIVE_MARGIN} attempts, or raise the queue's "
                f"max_receive_count to {self.retry.max_attempts + RECEIVE_MARGIN}"
            )


class EnqueueOptions(Struct, frozen=True):
    """How one enqueue differs from the task's default. ``delay`` is whole seconds, ``run_after`` an aware datetime."""

    delay: int | None = None
    run_after: datetime | None = None
    task_id: str | None = None
    group: str | None = None
    tags: tuple[str, ...] = ()


class Call(Struct, frozen=True):
    """One call of a task, its arguments checked and in JSON, ready for ``enqueue_many``."""

    task: "Task[Any, Any]"
    args: list[JSON]
    kwargs: dict[str, JSON]
    options: EnqueueOptions = EnqueueOptions()


class Enqueuer(Protocol):
    """What a task needs of its Penstock object."""

    def enqueue_call(self, call: Call) -> TaskResult[Any]:
        """Enqueue one call."""
        ...

    def new_id(self) -> str:
        """A fresh task id."""
        ...


class Enqueue(Generic[P, R]):
    """``task.using(...)``: the task with some options of this one enqueue."""

    def __init__(self, task: "Task[P, R]", options: EnqueueOptions) -> None:
        self._task = task
        self._options = options

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[R]:
        """As ``Task.enqueue``, with the options given to ``using``."""
        return self._task.enqueuer.enqueue_call(self.call(*args, **kwargs))

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """The call for ``Penstock.enqueue_many``; InvalidArguments if it does not fit the signature."""
        return Call(self._task, *self._task.codec.encode_arguments(args, kwargs), self._options)


class Task(Generic[P, R]):
    """A function that can also be enqueued. Made by ``Penstock.task``."""

    def __init__(self, function: Callable[P, R], name: str, options: TaskOptions, enqueuer: Enqueuer) -> None:
        self.function = function
        self.name = name
        self.options = options
        self.enqueuer = enqueuer
        self.codec: Codec = Codec(function, name)
        functools.update_wrapper(self, function)

    @property
    def queue(self) -> str:
        """The name of its queue."""
        return self.options.queue

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        """A plain call of the function, here and now."""
        return self.function(*args, **kwargs)

    def enqueue(self, *args: P.args, **kwargs: P.kwargs) -> TaskResult[R]:
        """Put the call on the task's queue.

        Raises InvalidArguments, InvalidOption or EnvelopeTooLarge (nothing was sent), EnqueueUncertain (SQS did not
        answer: enqueue again with the same task id), AccessRefused (credentials or permissions), Unavailable (arguments too
        large for a message could not be put into S3; nothing was sent).
        """
        return self.using().enqueue(*args, **kwargs)

    def using(
        self,
        *,
        delay: int | None = None,
        run_after: datetime | None = None,
        task_id: str | None = None,
        group: str | None = None,
        tags: tuple[str, ...] = (),
    ) -> Enqueue[P, R]:
        """The task with options for one enqueue.

        ``delay`` (whole seconds, 0 to 900) or ``run_after`` (aware datetime, at most 900 s ahead) hold it back.
        ``task_id`` makes it known by your own id: a known id is not enqueued twice. ``group`` is SQS's MessageGroupId:
        needed on FIFO queues, a fair share on standard ones. ``tags`` are short words to find the task by.
        """
        return Enqueue(self, EnqueueOptions(delay, run_after, task_id, group, tags))

    def call(self, *args: P.args, **kwargs: P.kwargs) -> Call:
        """The call for ``Penstock.enqueue_many``; InvalidArguments if it does not fit the signature."""
        return self.using().call(*args, **kwargs)

    def run(self, *args: Any, **kwargs: Any) -> Any:
        """A plain call to its end: a coroutine function is run in an event loop of its own."""
        value = self.function(*args, **kwargs)
        if not inspect.iscoroutine(value):
            return value
        import asyncio  # here, for most workers never need it

        return asyncio.run(value)

    def __repr__(self) -> str:
        return f"<Task {self.name} on {self.queue}>"

"""Penstock, the facade: register tasks, enqueue them, find their results."""

import inspect
import json
from collections.abc import Callable, Iterable
from typing import Any, ParamSpec, TypeVar, overload

from penstock.enqueue import Accepted, enqueue
from penstock.enqueue_many import enqueue_many
from penstock.envelope import MAX_NAME_LENGTH
from penstock.errors import ConfigurationError, FailedCall, NotConnected, PartialEnqueueError, TaskNotFound
from penstock.hooks import Hook, Hooks, Middleware
from penstock.ports import Ports
from penstock.record import TaskRow
from penstock.registry import Registry
from penstock.result import TaskResult
from penstock.retry import Backoff, RetryPolicy
from penstock.task import Call, Task, TaskOptions

P = ParamSpec("P")
R = TypeVar("R")


class Penstock:
    """The task queue of one project.

    Make one at import, decorate functions with ``task``, connect it at start-up (``penstock.flask.init_app``,
    ``penstock.aws.connect`` or ``connect``).
    """

    def __init__(self) -> None:
        self.registry: Registry = Registry()
        self.hooks: Hooks = Hooks()
        self._ports: Ports | None = None

    @overload
    def task(self, function: Callable[P, R], /) -> Task[P, R]: ...

    @overload
    def task(
        self,
        /,
        *,
        name: str | None = None,
        queue: str = "default",
        max_attempts: int = 5,
        retry_on: tuple[type[Exception], ...] = (Exception,),
        time_limit: int = 30,
        backoff: Backoff | None = None,
        record: bool = True,
        sensitive: bool = False,
    ) -> Callable[[Callable[P, R]], Task[P, R]]: ...

    def task(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        name: str | None = None,
        queue: str = "default",
        max_attempts: int = 5,
        retry_on: tuple[type[Exception], ...] = (Exception,),
        time_limit: int = 30,
        backoff: Backoff | None = None,
        record: bool = True,
        sensitive: bool = False,
    ) -> Any:
        """Make a function a task.

        ``name`` (the function's own by default) is what messages carry: keep it when you move the function.
        ``max_attempts`` starts at most, on errors of the classes in ``retry_on``, ``backoff`` apart. ``time_limit`` is
        seconds. ``record=False`` leaves out the write of the QUEUED row: two writes a task instead of three, but a task
        that has not started cannot be seen. ``sensitive=True`` keeps arguments and error texts out of the table and the
        logs, so such a task can be redriven but not edited or retried by hand. A coroutine function is run by
        ``asyncio.run``. ConfigurationError where an option makes no sense.
        """
        if max_attempts < 1 or time_limit < 1:
            raise ConfigurationError(
                f"max_attempts={max_attempts} and time_limit={time_limit} (seconds) must be 1 at least"
            )
        policy = RetryPolicy(max_attempts, retry_on, backoff or Backoff())
        options = TaskOptions(queue, time_limit, policy, record, sensitive)

        def register(function: Callable[P, R]) -> Task[P, R]:
            _check_function(function, name or function.__name__)
            task = Task(function, name or function.__name__, options, self)
            if self._ports is not None:
                options.check(task.name, self._ports.settings)
            self.registry.add(task)
            return task

        return register if function is None else register(function)

    def connect(self, ports: Ports) -> None:
        """Use ``ports`` from now on; ConfigurationError if a task does not fit its queue."""
        for task in self.registry.values():
            task.options.check(task.name, ports.settings)
        self._ports = ports

    @property
    def is_connected(self) -> bool:
        """True once ``connect`` was called."""
        return self._ports is not None

    @property
    def ports(self) -> Ports:
        """The ports it works with; NotConnected before ``connect``."""
        if self._ports is None:
            raise NotConnected
        return self._ports

    def result(self, task_id: str) -> TaskResult[Any]:
        """The result of a task, from any process; TaskNotFound where the table has no such row."""
        row = self.ports.results.get(task_id)
        if row is None:
            raise TaskNotFound(
                f"no task {task_id!r:.140} is recorded: never enqueued, not recorded yet, or past its retention"
            )
        return self.result_of(row)

    def enqueue_call(self, call: Call) -> TaskResult[Any]:
        """Enqueue one call. ``Task.enqueue`` is the way to it."""
        accepted = enqueue(self.ports, call)
        return self.result_of(accepted.row, created=accepted.created)

    def new_id(self) -> str:
        """A fresh task id, for whoever must know it before the send."""
        return self.ports.random.token()

    def enqueue_many(self, calls: Iterable[Call]) -> list[TaskResult[Any]]:
        """Enqueue calls made by ``task.call(...)``, ten a request; complete before it returns.

        Raises what ``Task.enqueue`` raises if a call can be refused beforehand (nothing was sent then), and
        PartialEnqueueError if SQS took only some: it has the results of those, and number, task id and reason of the rest.
        """
        sent: list[TaskResult[Any]] = []
        failed: list[FailedCall] = []
        for outcome in enqueue_many(self.ports, list(calls)):
            if isinstance(outcome, Accepted):
                sent.append(self.result_of(outcome.row, created=outcome.created))
            else:
                failed.append(outcome)
        if failed:
            raise PartialEnqueueError(sent, failed)
        return sent

    def middleware(self, around: Middleware) -> Middleware:
        """Decorator: call ``around(run, call_next)`` around every run, inside its time limit; return call_next()'s value."""
        self.hooks.middleware.append(around)
        return around

    def on_success(self, hook: Hook) -> Hook:
        """Decorator: call ``hook(ended)`` in the worker after a success was recorded; what it raises is only logged.

        At most once a success: not where the worker dies, or loses the table's replies, between the record and the hook.
        """
        self.hooks.on_success.append(hook)
        return hook

    def on_dead(self, hook: Hook) -> Hook:
        """Decorator: call ``hook(ended)`` after a death was recorded, by the worker or the reconciler; at most once, as above."""
        self.hooks.on_dead.append(hook)
        return hook

    def result_of(self, row: TaskRow, *, created: bool = True) -> TaskResult[Any]:
        """The result that shows ``row``, its return value decoded by the task's annotation."""
        # A task of another project, or one that was deleted: its result stays plain JSON.
        decode = self.registry[row.task].codec.decode_result if row.task in self.registry else json.loads
        return TaskResult(self.ports, row, decode, created=created)


def _check_function(function: Callable[..., Any], name: str) -> None:
    if not 0 < len(name) <= MAX_NAME_LENGTH or not name.isprintable():
        raise ConfigurationError(
            f"a task's name is {name!r:.80}: it must have 1 to {MAX_NAME_LENGTH} printable characters"
        )
    if not inspect.isroutine(function):
        raise ConfigurationError(f"task {name}: {function!r:.80} is no function: decorate a function that calls it")
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise ConfigurationError(
            f"task {name} is a generator function, whose call only makes an object that nobody runs: return a list"
        )

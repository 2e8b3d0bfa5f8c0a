"""What a project hangs on its tasks: middleware around each run, and functions to call at the end of one."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from typing import Any, Protocol, runtime_checkable

from msgspec import Struct

from penstock.current import Run
from penstock.record import ErrorSummary
from penstock.states import Status
from penstock.telemetry import logger


class Ended(Struct, frozen=True):
    """A task whose outcome was recorded. ``exception`` is there where the process that ran it still has it."""

    task_id: str
    task: str
    queue: str
    status: Status
    attempt: int
    error: ErrorSummary | None = None
    exception: BaseException | None = None
    tags: tuple[str, ...] = ()


Middleware = Callable[[Run, Callable[[], Any]], Any]
Hook = Callable[[Ended], object]


@runtime_checkable
class AroundHooks(Protocol):
    """Middleware that has something for hooks as well, such as the context of an app."""

    def around_hook(self) -> AbstractContextManager[object]:
        """What each hook runs inside of; made anew for each."""


class Hooks:
    """The hooks of one Penstock object, in the order in which they were added."""

    def __init__(self) -> None:
        self.middleware: list[Middleware] = []
        self.on_success: list[Hook] = []
        self.on_dead: list[Hook] = []

    def around(self, run: Run, call: Callable[[], Any]) -> Any:
        """Run ``call`` inside all middleware; the first added is the outermost."""
        for middleware in reversed(self.middleware):
            call = partial(middleware, run, call)
        return call()

    def notify(self, ended: Ended) -> None:
        """Call the hooks of ``ended.status``. The outcome is recorded already: an error here is a log line."""
        hooks = {Status.SUCCEEDED: self.on_success, Status.DEAD: self.on_dead}.get(ended.status, [])
        middlewares: list[object] = [*self.middleware]  # some are more than a function
        around = [middleware.around_hook for middleware in middlewares if isinstance(middleware, AroundHooks)]
        for hook in hooks:
            try:
                with ExitStack() as inside:
                    for context in around:
                        inside.enter_context(context())
                    hook(ended)
            except Exception:
                logger.exception("a hook failed after task %s was %s", ended.task_id, ended.status)

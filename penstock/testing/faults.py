"""What a test breaks on purpose: user code that fails, and a process that dies at the worst moment."""

from collections.abc import Callable
from typing import Any, Literal, get_args

from penstock.current import Run
from penstock.ports import Applied, Refused, ResultStore
from penstock.transitions import Transition

Step = Literal["claim", "run", "settle"]

_CLAIMS = frozenset({"claim", "redrive", "retry"})
_SETTLES = frozenset({"succeed", "retrying", "failed", "dead", "cancelled"})


class Killed(BaseException):
    """The process dies here. No task and no handler can catch it; the simulator sees a function that exited."""


class MadeToFail(Exception):
    """The error of a run that ``fail_next`` made fail without naming another."""


class Failures:
    """Errors to raise in place of user code. It is middleware, so what it raises takes the real path."""

    def __init__(self) -> None:
        self._planned: list[tuple[str | None, BaseException]] = []

    def plan(self, task: str | None, error: BaseException | None, times: int) -> None:
        """Make the next ``times`` runs of ``task`` (of any, if None) raise ``error``."""
        self._planned += [(task, error or MadeToFail("made to fail by the test"))] * times

    def around(self, run: Run, call_next: Callable[[], Any]) -> Any:
        """The middleware."""
        for index, (task, error) in enumerate(self._planned):
            if task in (None, run.name):
                del self._planned[index]
                raise error
        return call_next()

    @property
    def unused(self) -> list[str]:
        """Planned failures that nothing ran into."""
        return [f"fail_next({task or 'any task'}, error={error!r})" for task, error in self._planned]


class DeadlyStore:
    """A table whose caller dies right after a claim, right before a settle, or right after it."""

    def __init__(self, store: ResultStore) -> None:
        self._store = store
        self._planned: list[Step] = []

    def plan(self, step: Step) -> None:
        """Kill the process once, at the next such moment; ValueError for a step that does not exist."""
        if step not in get_args(Step):
            raise ValueError(f"kill_after({step!r}): the steps are {', '.join(map(repr, get_args(Step)))}")
        self._planned.append(step)

    def apply(self, task_id: str, transition: Transition) -> Applied | Refused:
        """As the table, unless the caller dies."""
        is_settle = transition.name in _SETTLES
        if is_settle:
            self._die("run")
        answer = self._store.apply(task_id, transition)
        if transition.name in _CLAIMS and isinstance(answer, Applied):
            self._die("claim")
        if is_settle:
            self._die("settle")
        return answer

    def _die(self, step: Step) -> None:
        if step in self._planned:
            self._planned.remove(step)
            raise Killed(f"kill_after({step!r})")

    @property
    def unused(self) -> list[str]:
        """Planned deaths that did not come."""
        return [f"kill_after({step!r})" for step in self._planned]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

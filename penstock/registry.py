"""Task names to tasks."""

import difflib
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.errors import ConfigurationError, UnknownTask
from penstock.task import Task

AnyTask = Task[Any, Any]


class Registry(Mapping[str, AnyTask]):
    """The tasks of one Penstock object by name."""

    def __init__(self) -> None:
        self._tasks: dict[str, AnyTask] = {}

    def add(self, task: AnyTask) -> None:
        """Register ``task``; ConfigurationError if another function has its name."""
        other = self._tasks.get(task.name)
        if other is not None and _place(other) != _place(task):
            raise ConfigurationError(
                f"two tasks are named {task.name!r}: {_place(other)} and {_place(task)}. "
                "Give one of them a name of its own: @tasks.task(name=...)"
            )
        self._tasks[task.name] = task

    def __getitem__(self, name: str) -> AnyTask:
        try:
            return self._tasks[name]
        except KeyError:
            close = difflib.get_close_matches(name, self._tasks, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise UnknownTask(f"no task is named {name!r:.100} here{hint} Is its module imported?") from None

    def __contains__(self, name: object) -> bool:
        return name in self._tasks

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)


def _place(task: AnyTask) -> str:
    return f"{task.function.__module__}.{task.function.__qualname__}"

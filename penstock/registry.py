"""Task names to tasks."""

from collections.abc import Iterator, Mapping
from typing import Any

from penstock.errors import ConfigurationError, UnknownTask
from penstock.task import Task
from penstock.text import closest

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
            meant = closest(name, self._tasks)
            hint = f"; did you mean {meant!r}?" if meant else ""
            raise UnknownTask(f"no task is named {name!r:.100} here{hint} Is its module imported?") from None

    def __contains__(self, name: object) -> bool:
        return name in self._tasks

    def __iter__(self) -> Iterator[str]:
        return iter(self._tasks)

    def __len__(self) -> int:
        return len(self._tasks)


def _place(task: AnyTask) -> str:
    return f"{task.function.__module__}.{task.function.__qualname__}"

"""What the shell offers after a tab: click asks these functions, and the answers come from the app itself."""

import click
from click.shell_completion import CompletionItem

from penstock.app import Penstock
from penstock.envelope import JSON
from penstock.search import Search
from penstock.states import Status


def task_names(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the app's tasks, with the first line of their docstrings."""
    tasks = _tasks(context)
    named = {} if tasks is None else {name: _first_line(task.function.__doc__) for name, task in tasks.registry.items()}
    return [CompletionItem(name, help=words) for name, words in named.items() if name.startswith(incomplete)]


def queues(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The names of the queues."""
    return [CompletionItem(name) for name in _queues(_tasks(context)) if name.startswith(incomplete)]


def filters(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """A filter's names, and the values of those that have few."""
    tasks = _tasks(context)
    values: dict[str, list[str]] = {
        "status": [status.value for status in Status],
        "queue": _queues(tasks),
        "task": [] if tasks is None else list(tasks.registry),
        "since": ["1h", "24h", "7d"],
    }
    name, colon, _ = incomplete.partition(":")
    words = (
        [f"{name}:{value}" for value in values.get(name, [])]
        if colon
        else [f"{name}:" for name in Search.__struct_fields__]
    )
    return [CompletionItem(word) for word in words if word.startswith(incomplete)]


def _tasks(context: click.Context) -> Penstock | None:
    return context.find_object(Penstock)


def _queues(tasks: Penstock | None) -> list[str]:
    # Without connected ports there is nothing to offer, and an error would garble the line that is being typed.
    return list(tasks.ports.settings.queues) if tasks is not None and tasks.is_connected else []


def _first_line(docstring: JSON) -> str:
    return str(docstring or "").strip().partition("\n")[0]

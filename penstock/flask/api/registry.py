"""The registry: which tasks there are, what they take, and how they are run."""

from typing import Annotated, Any, TypedDict

from flask import Blueprint
from msgspec import Meta

from penstock.flask import schemas
from penstock.flask.access import Mounted, Role
from penstock.flask.api.routes import route
from penstock.registry import AnyTask


class TaskOptions(TypedDict):
    """How a task is run. ``time_limit`` is seconds; ``retry_on`` are the classes of errors that it is retried on."""

    time_limit: int
    max_attempts: int
    retry_on: list[str]
    record: bool
    sensitive: bool


class RegisteredTask(TypedDict):
    """One task. ``arguments`` and ``result`` are JSON schemas, from the function's signature."""

    name: str
    queue: str
    description: str
    may_be_enqueued: Annotated[bool, Meta(description="True where POST tasks takes it")]
    options: TaskOptions
    arguments: dict[str, Any]
    result: dict[str, Any]


class Registry(TypedDict):
    """All tasks by name."""

    tasks: list[RegisteredTask]


def add_views(api: Blueprint, mount: Mounted) -> None:
    """What the web knows of its tasks."""

    @api.get("/registry")
    @route(Role.VIEWER)
    def list_registry() -> Registry:
        """The tasks of this app, with the JSON schemas of their arguments."""
        return {"tasks": [document(task) for _, task in sorted(mount.tasks.registry.items())]}

    def document(task: AnyTask) -> RegisteredTask:
        retry = task.options.retry
        return {
            "name": task.name,
            "queue": task.queue,
            "description": schemas.description(task),
            "may_be_enqueued": task.name in mount.allow_enqueue,
            "options": {
                "time_limit": task.options.time_limit,
                "max_attempts": retry.max_attempts,
                "retry_on": [kind.__name__ for kind in retry.retry_on],
                "record": task.options.record,
                "sensitive": task.options.sensitive,
            },
            "arguments": schemas.arguments(task),
            "result": schemas.result(task),
        }

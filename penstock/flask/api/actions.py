"""What can be done to one task: each action is a noun, made by POST."""

from typing import Annotated, Any, TypedDict

import msgspec
from flask import Blueprint, url_for
from msgspec import UNSET, Meta, Struct, UnsetType
from werkzeug.exceptions import UnprocessableEntity

from penstock import dead_letters
from penstock.errors import NotDead
from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role, acted
from penstock.flask.api.body import JSON_TYPE
from penstock.flask.api.routes import Accepted, route
from penstock.flask.shapes import TaskId
from penstock.forget import forget
from penstock.redaction import REDACTED, has_redacted

MERGE_PATCH_TYPE = "application/merge-patch+json"


class Edit(Struct, frozen=True, forbid_unknown_fields=True):
    """A JSON merge patch (RFC 7396) of the call: null takes a keyword argument away, a list stands for the whole list."""

    args: list[Any] | UnsetType = UNSET
    kwargs: dict[str, Any] | UnsetType = UNSET


class Cancelled(shapes.TaskStatus):
    """Where the task stands now."""

    cancelled: Annotated[
        bool,
        Meta(description="True where it will not start again; false where it is over, or runs and was asked to stop"),
    ]


class Forgotten(TypedDict):
    """What was deleted of a task: its failed attempts, and its objects in the payload bucket."""

    id: str
    attempts: int
    payloads: int


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Retry, edit, cancel, discard and forget."""
    tasks = mount.tasks

    @api.post("/tasks/<task_id>/retries")
    @route(Role.OPERATOR)
    def retry_task(task_id: TaskId) -> Accepted[shapes.TaskStatus]:
        """Run a DEAD task again, with all its attempts. Twice is one run."""
        acted("retry", f"task:{task_id}")
        return Accepted(documents.status(dead_letters.retry(tasks, task_id)), url_for(".show_task", task_id=task_id))

    @api.post("/tasks/<task_id>/edits")
    @route(Role.OPERATOR, media=(JSON_TYPE, MERGE_PATCH_TYPE))
    def edit_task(task_id: TaskId, body: Edit) -> Accepted[shapes.TaskStatus]:
        """Run a DEAD task's work with other arguments: as a new task, and the old one is discarded."""
        patch = msgspec.to_builtins(body)
        if has_redacted(patch):
            raise UnprocessableEntity(
                f"the patch has {REDACTED!r} in it, which stands for a secret that is not shown: leave that member out, and the "
                "task keeps its value, or write a new value"
            )
        acted("edit", f"task:{task_id}", members=sorted(patch.get("kwargs", {})))
        edited = dead_letters.edit(tasks, task_id, patch)
        return Accepted(documents.status(edited), url_for(".show_task", task_id=edited.id))

    @api.post("/tasks/<task_id>/cancellations")
    @route(Role.OPERATOR)
    def cancel_task(task_id: TaskId) -> Cancelled:
        """Cancel a task; one that runs is asked to stop."""
        result = tasks.result(task_id)
        acted("cancel", f"task:{task_id}")
        cancelled = result.cancel()
        return {**documents.status(result), "cancelled": cancelled}

    @api.post("/tasks/<task_id>/discards")
    @route(Role.OPERATOR)
    def discard_task(task_id: TaskId) -> shapes.TaskStatus:
        """Give a DEAD task up for good: CANCELLED, and its dead letter goes."""
        acted("discard", f"task:{task_id}")
        discarded = dead_letters.discard(tasks, task_id)
        result = tasks.result(task_id)
        if not discarded:
            raise NotDead(f"task {task_id} is {result.status}: only a DEAD task can be discarded")
        return documents.status(result)

    @api.delete("/tasks/<task_id>")
    @route(Role.ADMIN)
    def forget_task(task_id: TaskId) -> Forgotten:
        """Delete what is stored of a task that is over, and may tell of a person; its status and its times stay."""
        acted("forget", f"task:{task_id}")
        forgotten = forget(tasks, task_id)
        return {"id": task_id, "attempts": forgotten.attempts, "payloads": len(forgotten.payloads)}

"""What can be done with one task: retries, edits, cancellations, discards, forgettings."""

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from penstock import dead_letters, forget
from penstock.app import Penstock
from penstock.envelope import JSON
from penstock.errors import NotDead
from penstock.flask import documents
from penstock.flask.access import Mounted, Role, acted, requires
from penstock.flask.dashboard.answers import led_to
from penstock.flask.dashboard.edits import patch_of
from penstock.flask.dashboard.text import visible_json
from penstock.record import TaskRow
from penstock.states import Status


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """One POST each. The audit's line comes first: nothing is done unseen."""
    tasks = mount.tasks

    @dashboard.post("/tasks/<task_id>/retries")
    @requires(Role.OPERATOR)
    def retry(task_id: str) -> ResponseReturnValue:
        acted("retry", f"task:{task_id}")
        dead_letters.retry(tasks, task_id)
        return led_to(".task", task_id=task_id, done="retry-sent")

    @dashboard.post("/tasks/<task_id>/discards")
    @requires(Role.OPERATOR)
    def discard(task_id: str) -> ResponseReturnValue:
        acted("discard", f"task:{task_id}")
        is_done = dead_letters.discard(tasks, task_id)
        return led_to(".task", task_id=task_id, done="discarded" if is_done else "not-discarded")

    @dashboard.post("/tasks/<task_id>/cancellations")
    @requires(Role.OPERATOR)
    def cancel(task_id: str) -> ResponseReturnValue:
        acted("cancel", f"task:{task_id}")
        result = tasks.result(task_id)
        done = "cancelled" if result.cancel() else "cancel-requested" if result.row.cancel_requested else "over"
        return led_to(".task", task_id=task_id, done=done)

    @dashboard.get("/tasks/<task_id>/edits/new")
    @requires(Role.OPERATOR)
    def new_edit(task_id: str) -> str:
        result = tasks.result(task_id)
        if result.status is not Status.DEAD:
            raise NotDead(f"task {task_id} is {result.status}: only a DEAD task can be edited")
        shown = _editable(tasks, result.row)
        # Unknown arguments cannot be shown, but some of them replaced: an empty patch to start from.
        text = visible_json({} if shown is None else shown)
        return render_template("penstock/edit.html", row=result.row, text=text, is_known=shown is not None)

    @dashboard.post("/tasks/<task_id>/edits")
    @requires(Role.OPERATOR)
    def edit(task_id: str) -> ResponseReturnValue:
        shown = _editable(tasks, tasks.result(task_id).row)
        patch = patch_of({} if shown is None else shown, request.form.get("arguments", ""))
        acted("edit", f"task:{task_id}", changed=_names(patch))
        edited = dead_letters.edit(tasks, task_id, patch)
        return led_to(".task", task_id=edited.id, done="edited")

    @dashboard.post("/tasks/<task_id>/forgettings")
    @requires(Role.ADMIN)
    def forget_task(task_id: str) -> ResponseReturnValue:
        acted("forget", f"task:{task_id}")
        forget.forget(tasks, task_id)
        return led_to(".task", task_id=task_id, done="forgotten")


def _editable(tasks: Penstock, row: TaskRow) -> JSON:
    """The redacted arguments; None where the row has none to start from: sensitive, large, or never ours."""
    shown = documents.arguments(row, tasks.registry)
    return shown if shown is not None and "args" in shown else None


def _names(patch: dict[str, object]) -> list[str]:
    """Which arguments are changed: their values may be secrets, which the audit does not need."""
    kwargs = patch.get("kwargs")
    named = [f"kwargs.{name}" for name in kwargs] if isinstance(kwargs, dict) else []
    return [*(name for name in patch if name != "kwargs"), *named]

"""Tasks: find them, see where one stands, and its failed attempts."""

from typing import TypedDict

from flask import Blueprint

from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role
from penstock.flask.api.listing import Filter, LookedBackTo, NextCursor, back_to, found
from penstock.flask.api.routes import route
from penstock.flask.shapes import TaskId
from penstock.search import read_status


class TaskPage(TypedDict):
    """Tasks, newest first."""

    tasks: list[shapes.Task]
    cursor: NextCursor
    back_to: LookedBackTo


class Attempts(TypedDict):
    """The failed attempts of a task, oldest first."""

    attempts: list[shapes.Attempt]


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Reading tasks."""
    tasks = mount.tasks

    @api.get("/tasks")
    @route(Role.VIEWER)
    def list_tasks(query: Filter) -> TaskPage:
        """Tasks that a filter finds, newest first.

        By time of creation; where only DEAD or FAILED ones are asked for, by time of failure. A page costs the same however
        many tasks there are: it may be short, even empty, and still have a cursor that goes on.
        """
        now = tasks.ports.clock()
        page = found(tasks, query.search(now), query)
        rows = [documents.task(row, read_status(row, tasks.ports.settings, now)) for row in page.rows]
        return {"tasks": rows, "cursor": page.cursor, "back_to": back_to(page)}

    @api.get("/tasks/<task_id>")
    @route(Role.VIEWER)
    def show_task(task_id: TaskId) -> shapes.ShownTask:
        """Where a task stands."""
        return documents.shown_task(tasks.result(task_id), tasks.registry)

    @api.get("/tasks/<task_id>/attempts")
    @route(Role.VIEWER)
    def list_attempts(task_id: TaskId) -> Attempts:
        """The failed attempts of a task, with their tracebacks."""
        return {"attempts": [documents.attempt(attempt) for attempt in tasks.result(task_id).errors]}

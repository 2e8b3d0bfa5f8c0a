"""Dead letters: which tasks died, and why."""

from typing import TypedDict

from flask import Blueprint
from msgspec.structs import replace

from penstock import dead_letters
from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role
from penstock.flask.api.listing import Filter, LookedBackTo, NextCursor, back_to, found
from penstock.flask.api.routes import route
from penstock.flask.shapes import TaskId
from penstock.states import Status


class DeathPage(TypedDict):
    """DEAD tasks, the latest death first."""

    dead_letters: list[shapes.Death]
    cursor: NextCursor
    back_to: LookedBackTo


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Reading of deaths, from the table: the dead-letter queues are not touched."""
    tasks = mount.tasks

    @api.get("/dead-letters")
    @route(Role.VIEWER)
    def list_dead_letters(query: Filter) -> DeathPage:
        """DEAD tasks that a filter finds, the latest death first. ``status`` is always DEAD."""
        search = replace(query.search(tasks.ports.clock()), status=frozenset({Status.DEAD}))
        page = found(tasks, search, query)
        deaths = [documents.death(row) for row in page.rows]
        return {"dead_letters": deaths, "cursor": page.cursor, "back_to": back_to(page)}

    @api.get("/dead-letters/<task_id>")
    @route(Role.VIEWER)
    def explain_dead_letter(task_id: TaskId) -> shapes.Explanation:
        """Why a task died, and what to do next. Secrets in its arguments are redacted by their names."""
        explained = dead_letters.explain(tasks, task_id)
        return documents.explanation(explained, tasks.registry)

"""Queues: how much is in them, how they do, what works on them; and pauses."""

from typing import TypedDict

from flask import Blueprint, url_for

from penstock import queues
from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role, acted
from penstock.flask.api.lookup import QueueName, queue_of
from penstock.flask.api.routes import Accepted, route
from penstock.flask.api.windows import PERIODS, WINDOWS, Window


class Queues(TypedDict):
    """All queues by name. ``source`` and ``lag`` (seconds) are those of the points and of the oldest age."""

    queues: list[shapes.Queue]
    source: str
    lag: int
    period: int


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Reading live attributes, never messages."""
    tasks = mount.tasks

    @api.get("/queues")
    @route(Role.VIEWER)
    def list_queues(query: Window) -> Queues:
        """All queues: depths, ages, what polls them, and a point for each period of the window."""
        views = queues.overview(tasks, window=WINDOWS[query.window], period=PERIODS[query.window])
        stats = tasks.ports.stats
        return {
            "queues": [documents.queue(view) for view in views],
            "source": stats.source,
            "lag": stats.lag,
            "period": PERIODS[query.window],
        }

    @api.get("/queues/<queue>")
    @route(Role.VIEWER)
    def show_queue(queue: QueueName, query: Window) -> shapes.Queue:
        """One queue."""
        name = queue_of(tasks, queue).name
        view = queues.one(tasks, name, window=WINDOWS[query.window], period=PERIODS[query.window])
        return documents.queue(view)

    @api.post("/queues/<queue>/pauses")
    @route(Role.OPERATOR)
    def pause_queue(queue: QueueName) -> Accepted[shapes.Workers]:
        """Let nothing more be taken from a queue. What runs is finished; what waits goes on counting towards its retention."""
        name = queue_of(tasks, queue).name
        acted("pause", f"queue:{name}", required=False)
        return Accepted(documents.workers(queues.pause(tasks, name)), url_for(".show_queue", queue=name))

    @api.delete("/queues/<queue>/pauses")
    @route(Role.OPERATOR)
    def resume_queue(queue: QueueName) -> Accepted[shapes.Workers]:
        """Let a queue be worked on again."""
        name = queue_of(tasks, queue).name
        acted("resume", f"queue:{name}", required=False)
        return Accepted(documents.workers(queues.resume(tasks, name)), url_for(".show_queue", queue=name))

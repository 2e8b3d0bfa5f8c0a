"""Stats: how many runs of each queue ended how, over time."""

from typing import TypedDict

from flask import Blueprint

from penstock.flask import documents, shapes
from penstock.flask.access import Mounted, Role
from penstock.flask.api.routes import route
from penstock.flask.api.windows import PERIODS, WINDOWS, Window


class Stats(TypedDict):
    """Queue -> its points, oldest first. ``source`` says where they come from, ``lag`` how many seconds they are behind.

    ``period`` is the length of a period in seconds.
    """

    source: str
    lag: int
    period: int
    queues: dict[str, list[shapes.Point]]


def add_views(api: Blueprint, mount: Mounted) -> None:
    """Reading the stats port, and nothing else."""
    tasks = mount.tasks

    @api.get("/stats")
    @route(Role.VIEWER)
    def show_stats(query: Window) -> Stats:
        """A point for each queue and period of the window: ended runs, retries and mean times."""
        ports, now, period = tasks.ports, tasks.ports.clock(), PERIODS[query.window]
        names = sorted(ports.settings.queues)
        series = ports.stats.series(names, since=now - WINDOWS[query.window], until=now, period=period)
        return {
            "source": ports.stats.source,
            "lag": ports.stats.lag,
            "period": period,
            "queues": {name: [documents.point(each) for each in series[name]] for name in names},
        }

"""Tasks: a filter that lives in the URL, pages of what it finds, and from there to an operation on some or all of it."""

import re

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from msgspec import Struct
from msgspec.structs import replace

from penstock.envelope import ID
from penstock.errors import InvalidSearch
from penstock.flask.access import Mounted, Role, requires
from penstock.flask.dashboard.listing import page_of
from penstock.search import Search
from penstock.states import Status

ROWS = 50
MAX_FILTER = 1_000
_STATUS = re.compile(r"(?:^|\s)status:\S*")
# In the order of a task's life.
_TABS = (
    Status.SCHEDULED, Status.QUEUED, Status.RUNNING, Status.RETRYING, Status.SUCCEEDED,
    Status.FAILED, Status.DEAD, Status.CANCELLED, Status.EXPIRED,
)  # fmt: skip


class Tab(Struct, frozen=True):
    """A status to narrow the filter to."""

    words: str
    url: str
    is_here: bool


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The list."""
    penstock = mount.tasks

    @dashboard.get("/tasks")
    @requires(Role.VIEWER)
    def tasks() -> ResponseReturnValue:
        q = request.args.get("q", "").strip()[:MAX_FILTER]
        if ":" not in q and ID.fullmatch(q):
            return redirect(url_for(".task", task_id=q))
        try:
            search = Search.parse(q, now=penstock.ports.clock())
        except InvalidSearch as error:
            return render_template("penstock/tasks.html", q=q, complaint=str(error), tabs=[], page=None), 400
        only_dead = search.status <= {Status.DEAD}
        return render_template(
            "penstock/tasks.html",
            q=q,
            tabs=_tabs(q, search),
            page=page_of(penstock, search, limit=ROWS),
            all_dead=_with_status(q, search, Status.DEAD) if q and only_dead else "",
        )


def _tabs(q: str, search: Search) -> list[Tab]:
    here = search.status
    tabs = [Tab("All", url_for(".tasks", q=_with_status(q, search, None) or None), not here)]
    return tabs + [
        Tab(status.value.capitalize(), url_for(".tasks", q=_with_status(q, search, status)), here == {status})
        for status in _TABS
    ]


def _with_status(q: str, search: Search, status: Status | None) -> str:
    """The filter with another status, as it was written; where quotes make that hard to see, as it was read."""
    rest = replace(search, status=frozenset()).to_text() if '"' in q else _STATUS.sub("", q).strip()
    return f"{rest} status:{status.value}".strip() if status else rest

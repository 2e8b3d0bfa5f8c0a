"""Pages of tasks: what a search finds, from where the URL's cursor says."""

from datetime import datetime

from flask import request, url_for
from msgspec import Struct
from werkzeug.exceptions import BadRequest

from penstock.app import Penstock
from penstock.record import MAX_RETENTION, TaskRow
from penstock.search import Search, find, read_status
from penstock.settings import Settings
from penstock.states import Status

# What a page with a list takes from its URL, but for the cursor.
_KEPT = frozenset({"kind", "q", "queue", "window"})


class Line(Struct, frozen=True):
    """A task, how it reads now, and when SQS drops its dead letter (None where it has none)."""

    row: TaskRow
    status: Status
    letter_expires_at: datetime | None


class Page(Struct, frozen=True):
    """Tasks, newest first. ``next_url`` goes on, empty at the end; ``back_to`` is how far the page has looked."""

    lines: list[Line]
    next_url: str
    back_to: datetime
    is_first: bool


def page_of(tasks: Penstock, search: Search, *, limit: int) -> Page:
    """The page of ``search`` that this request asks for; BadRequest for a cursor that is none."""
    ports, cursor = tasks.ports, request.args.get("cursor") or None
    now = ports.clock()
    try:
        found = find(ports.results, ports.settings, search, limit=limit, now=now, cursor=cursor)
    except ValueError as error:
        raise BadRequest(str(error)) from None
    lines = [line_of(row, ports.settings, now) for row in found.rows]
    return Page(lines, _here(cursor=found.cursor) if found.cursor else "", found.back_to, cursor is None)


def line_of(row: TaskRow, settings: Settings, now: datetime) -> Line:
    """``row`` as a line of a list."""
    status = read_status(row, settings, now)
    return Line(row, status, _letter_expires_at(row, settings) if status is Status.DEAD else None)


def _letter_expires_at(row: TaskRow, settings: Settings) -> datetime | None:
    """When SQS drops the letter: its age counts from the first send, on a FIFO queue from the move to the dead-letter queue."""
    queue = settings.queues.get(row.queue)
    start = row.failed_at if queue is not None and queue.fifo else row.sent_at or row.created_at
    return None if start is None else start + MAX_RETENTION


def _here(**changed: str | None) -> str:
    """The URL of this page with other arguments. Of those that came only ours stay: url_for has some names of its own."""
    kept = {name: value for name, value in request.args.items() if name in _KEPT}
    return url_for(str(request.endpoint), **{**(request.view_args or {}), **kept, **changed})

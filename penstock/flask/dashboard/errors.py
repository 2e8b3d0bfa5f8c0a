"""Errors, grouped: what goes wrong, how often, since when; and retrying or discarding all dead tasks of one kind."""

from flask import Blueprint, render_template
from msgspec import Struct
from werkzeug.exceptions import NotFound

from penstock import operations
from penstock.app import Penstock
from penstock.flask.access import Mounted, Role, requires
from penstock.flask.dashboard import causes, windows
from penstock.flask.dashboard.causes import Cause
from penstock.flask.dashboard.listing import Page, page_of
from penstock.flask.dashboard.windows import Window
from penstock.record import AttemptRow
from penstock.search import FINGERPRINT, Search

ROWS = 25
MAX_GROUPS = 100


class Title(Struct, frozen=True):
    """What kind of error it is: from the counts, else from the newest task that has it."""

    type: str
    message: str
    task: str
    frame: str = ""


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The list and the page of one kind."""
    tasks = mount.tasks

    @dashboard.get("/errors")
    @requires(Role.VIEWER)
    def errors() -> str:
        window = windows.chosen()
        found = causes.read(tasks, window, now=tasks.ports.clock())
        return render_template(
            "penstock/errors.html",
            window=window,
            windows=windows.WINDOWS,
            causes=found.causes[:MAX_GROUPS],
            more_causes=max(0, len(found.causes) - MAX_GROUPS),
            complete=found.complete,
        )

    @dashboard.get("/errors/<fingerprint>")
    @requires(Role.VIEWER)
    def error(fingerprint: str) -> str:
        if not FINGERPRINT.fullmatch(fingerprint):
            raise NotFound(
                "A kind of error has a name of 16 hexadecimal digits. The list of errors has those that there are."
            )
        window = windows.chosen()
        cause = _cause(tasks, fingerprint, window)
        # A narrow window may be empty: the widest one still knows what kind of error it is.
        known = cause or (None if window is windows.WEEK else _cause(tasks, fingerprint, windows.WEEK))
        page = page_of(tasks, Search(error=fingerprint), limit=ROWS)
        title = _title(known, page)
        if title is None:
            raise NotFound("No such error came in the last days, and no task in the table has it.")
        return render_template(
            "penstock/error_group.html",
            fingerprint=fingerprint,
            window=window,
            windows=windows.WINDOWS,
            cause=cause,
            title_of=title,
            page=page,
            latest=_latest(tasks, page),
            there=causes.still_there(tasks, fingerprint),
            search=operations.of_group(fingerprint).to_text(),
        )


def _cause(tasks: Penstock, fingerprint: str, window: Window) -> Cause | None:
    found = causes.read(tasks, window, now=tasks.ports.clock()).causes
    return next((cause for cause in found if cause.group.fingerprint == fingerprint), None)


def _title(cause: Cause | None, page: Page) -> Title | None:
    if cause is not None:
        return Title(cause.group.type, cause.group.message, cause.group.task, cause.group.frame)
    for line in page.lines:
        if line.row.error is not None:
            return Title(line.row.error.type, line.row.error.message, line.row.task)
    return None


def _latest(tasks: Penstock, page: Page) -> AttemptRow | None:
    """The last failed attempt of the newest task on the page: its traceback is the cause."""
    if not page.lines:
        return None
    attempts = tasks.ports.results.attempts(page.lines[0].row.task_id)
    return attempts[-1] if attempts else None

"""Who did what: the lines of the audit, newest first."""

import json

from flask import Blueprint, render_template, request, url_for
from msgspec import Struct
from werkzeug.exceptions import BadRequest

from penstock import audit as core
from penstock.audit import AuditLine
from penstock.envelope import ID
from penstock.flask.access import Mounted, Role, requires
from penstock.search import FINGERPRINT

ROWS = 50


class Line(Struct, frozen=True):
    """A line, the page of what was acted on (empty: it has none), and the details as short JSON."""

    line: AuditLine
    url: str
    details: str


def add_views(dashboard: Blueprint, mount: Mounted) -> None:
    """The list."""
    tasks = mount.tasks

    @dashboard.get("/audit")
    @requires(Role.VIEWER)
    def audit() -> str:
        try:
            page = core.recent(tasks.ports, limit=ROWS, cursor=request.args.get("cursor") or None)
        except ValueError as error:
            raise BadRequest(str(error)) from None
        lines = [Line(line, _url(line.subject), _details(line)) for line in page.lines]
        next_url = url_for(".audit", cursor=page.cursor) if page.cursor else ""
        return render_template("penstock/audit.html", lines=lines, next_url=next_url, back_to=page.back_to)


def _url(subject: str) -> str:
    kind, _, name = subject.partition(":")
    if kind == "error" and FINGERPRINT.fullmatch(name):
        return url_for(".error", fingerprint=name)
    if not ID.fullmatch(name):
        return ""
    match kind:
        case "task":
            return url_for(".task", task_id=name)
        case "operation":
            return url_for(".operation", operation_id=name)
        case "queue":
            return url_for(".queue", name=name)
    return ""


def _details(line: AuditLine) -> str:
    said = {name: value for name, value in line.details.items() if value is not None}
    return json.dumps(said, ensure_ascii=False) if said else ""

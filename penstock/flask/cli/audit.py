"""``audit``: who did what, and when."""

import json

from penstock import audit as audit_log
from penstock.app import Penstock
from penstock.flask import documents
from penstock.flask.cli.base import Misused, command
from penstock.flask.cli.output import say, show, table, when
from penstock.flask.cli.tasks import cursor_option, limit_option, more
from penstock.flask.documents import Document
from penstock.times import to_text


@command("audit")
@limit_option
@cursor_option
def audit(tasks: Penstock, as_json: bool, limit: int, cursor: str | None) -> None:
    """Who did what, newest first.

    Through the command line, the API and the dashboard alike.
    """
    try:
        page = audit_log.recent(tasks.ports, limit=limit, cursor=cursor)
    except ValueError as error:  # a cursor that is none
        raise Misused(str(error)) from None
    lines = [documents.audit_line(line) for line in page.lines]
    show({"lines": lines, "cursor": page.cursor, "back_to": to_text(page.back_to)[:10]}, _lines, as_json)


def _lines(document: Document) -> None:
    if document["lines"]:
        rows = [
            (when(line["at"]), line["who"], line["action"], line["subject"], _words(line["details"]))
            for line in document["lines"]
        ]
        table(("at (UTC)", "who", "did", "to", "with"), rows)
    else:
        say("Nothing in the audit." if document["cursor"] is None else "Nothing in this month.")
    more(document)


def _words(details: Document) -> str:
    return " ".join(f"{name}={json.dumps(value, ensure_ascii=False)}" for name, value in details.items())

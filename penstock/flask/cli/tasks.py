"""``list`` and ``show``: which tasks there are, and where one stands."""

import json
from collections.abc import Sequence
from typing import Any

import click

from penstock.app import Penstock
from penstock.flask import documents
from penstock.flask.cli.base import Decorator, Misused, command
from penstock.flask.cli.completing import filters
from penstock.flask.cli.output import Bar, facts, moment, say, table, visible, when
from penstock.flask.cli.output import show as show_document
from penstock.flask.documents import Document
from penstock.record import TaskRow
from penstock.search import MAX_LIMIT, Found, Search, find, read_status
from penstock.times import to_text

MAX_ALL = 10_000  # what --all stops at: a longer answer is a job for the table's export
MAX_PAGES = 8  # of a list without --all: enough for the 29 days that a row lives, where little has happened in them

limit_option: Decorator = click.option(
    "--limit", type=click.IntRange(1, MAX_LIMIT), default=25, show_default=True, help="How many at most."
)
cursor_option: Decorator = click.option("--cursor", help="Go on where an earlier page ended.")
all_option: Decorator = click.option("--all", "everything", is_flag=True, help=f"All of them, {MAX_ALL:,} at most.")


@command("list")
@click.argument("filter", nargs=-1, shell_complete=filters)
@limit_option
@cursor_option
@all_option
def list_tasks(
    tasks: Penstock, as_json: bool, filter: Sequence[str], limit: int, cursor: str | None, everything: bool
) -> None:
    """Tasks, newest first: those that FILTER matches.

    FILTER is what the dashboard's filter bar takes: task:NAME queue:NAME status:DEAD,RETRYING tag:WORD error:TYPE since:24h
    until:2026-11-21T04:36, in any combination. Put a value with spaces into quotes: 'error:"Some Error"'.
    """
    search = Search.parse(" ".join(filter), now=tasks.ports.clock())
    found = search_for(tasks, search, limit=limit, cursor=cursor, everything=everything)
    show_document({"tasks": lines_of(tasks, found), **place_of(found)}, _list, as_json)


@command("show")
@click.argument("task_id")
def show(tasks: Penstock, as_json: bool, task_id: str) -> None:
    """Where the task TASK_ID stands."""
    result = tasks.result(task_id)
    show_document(documents.shown_task(result, tasks.registry), task_facts, as_json)


def search_for(tasks: Penstock, search: Search, *, limit: int, cursor: str | None, everything: bool) -> Found:
    """``limit`` rows of ``search``, or all of them until MAX_ALL.

    A page of ``find`` ends where its budget is used up, short or even empty: it goes on from there, MAX_PAGES times unless
    everything is asked for.
    """
    wanted, rows, pages = MAX_ALL if everything else limit, list[TaskRow](), 0
    with Bar() as bar:
        while True:
            found = _page(tasks, search, min(MAX_LIMIT, wanted - len(rows)), cursor)
            rows += found.rows
            cursor, pages = found.cursor, pages + 1
            if cursor is None or len(rows) >= wanted or (pages == MAX_PAGES and not everything):
                return Found(rows, cursor, found.back_to)
            bar.update(f"{len(rows)} found, back to {when(to_text(found.back_to))}")


def lines_of(tasks: Penstock, found: Found) -> list[Document]:
    """The tasks of a page."""
    now = tasks.ports.clock()
    return [documents.task(row, read_status(row, tasks.ports.settings, now)) for row in found.rows]


def place_of(found: Found) -> Document:
    """Where a page ends: its cursor, and how far back it has looked; None for both where there is nothing more."""
    return {"cursor": found.cursor, "back_to": None if found.cursor is None else to_text(found.back_to)}


def more(document: Document) -> None:
    """How to go on after a page, if there is more."""
    if document["cursor"] is not None:
        say(f"Looked back to {when(document['back_to'])} UTC. Go on with --cursor {document['cursor']}", dim=True)


def task_facts(document: Document) -> None:
    """Everything about one task that has a value."""
    rows: list[tuple[str, Any]] = [(name, document[name]) for name in ("id", "task", "queue", "status")]
    rows.append(("attempts", _attempts(document)))
    if progress := document["progress"]:
        total = "" if progress["total"] is None else f" of {progress['total']}"
        rows.append(("progress", f"{progress['done']}{total} {progress['note']}".strip()))
    if error := document["error"]:
        rows.append(("error", f"{error['type']}: {error['message']}"))
    rows.append(("tags", ", ".join(document["tags"]) or None))
    rows.append(("edited from", document["origin"]))
    times = ("created_at", "run_after", "retry_at", "retry_sent_at", "failed_at", "finished_at", "forgotten_at")
    rows += [(name, document[name]) for name in times]
    rows.append(("duration", None if document["duration_ms"] is None else f"{document['duration_ms']} ms"))
    if document["cancel_requested"] and document["status"] == "RUNNING":
        rows.append(("cancel", "asked for; the task has not stopped yet"))
    if document["result_error"]:
        rows.append(("result", f"not shown: {document['result_error']}"))
    if document["arguments"] is not None:
        rows.append(("arguments", json.dumps(document["arguments"], ensure_ascii=False)))
    if document["status"] == "SUCCEEDED" and not document["result_error"]:
        rows.append(("result", json.dumps(document["result"], indent=2, ensure_ascii=False)))
    facts(rows)
    if document["status"] in ("DEAD", "FAILED", "RETRYING"):
        say(f"\nWhy: flask penstock dlq show {document['id']}", dim=True)


def _page(tasks: Penstock, search: Search, limit: int, cursor: str | None) -> Found:
    ports = tasks.ports
    try:
        return find(ports.results, ports.settings, search, limit=limit, now=ports.clock(), cursor=cursor)
    except ValueError as error:  # a cursor that is none
        raise Misused(str(error)) from None


def _attempts(document: Document) -> str:
    left = document["attempts_left"]
    return str(document["attempts"]) if left is None else f"{document['attempts']}, {left} left"


def _list(document: Document) -> None:
    if not document["tasks"]:
        say("No task matches." if document["cursor"] is None else "Nothing so far.")
    else:
        headings = ("task id", "task", "queue", "status", "tries", "created (UTC)", "error")
        rows = [_line(line) for line in document["tasks"]]
        table(headings, rows, whole=("task id", "status", "created (UTC)"), wide=("queue", "tries"))
    more(document)


def _line(line: Document) -> list[object]:
    error = line["error"]
    words = "" if error is None else f"{error['type']}: {visible(error['message'], 100)}"
    cells = [line[name] for name in ("id", "task", "queue", "status", "attempts")]
    return [*cells, moment(line["created_at"]), words]

"""The documents for human eyes, by rich (extra ``cli``). Texts of tasks are shown as they are, never as markup."""

import json
from typing import TYPE_CHECKING

import click

from penstock.flask.documents import Document

if TYPE_CHECKING:
    from rich.console import Console


def status(document: Document) -> None:
    """Where one task stands."""
    rows = [(name, _text(document[name])) for name in ("id", "task", "queue", "status", "attempts")]
    if progress := document["progress"]:
        total = "" if progress["total"] is None else f" of {progress['total']}"
        rows.append(("progress", f"{progress['done']}{total} {progress['note']}".strip()))
    if error := document["error"]:
        rows.append(("error", f"{error['type']}: {error['message']}"))
    rows += [(name, _text(document[name])) for name in ("created_at", "finished_at") if document[name] is not None]
    if document["duration_ms"] is not None:
        rows.append(("duration", f"{document['duration_ms']} ms"))
    if document["result_error"]:
        rows.append(("result", f"not kept: {document['result_error']}"))
    elif document["status"] == "SUCCEEDED":
        rows.append(("result", json.dumps(document["result"], indent=2, ensure_ascii=False)))
    _facts(_console(), rows)


def deaths(documents: list[Document]) -> None:
    """The list of dead letters."""
    console = _console()
    from rich.table import Table
    from rich.text import Text

    if not documents:
        console.print("No dead letters.")
        return
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in ("task id", "task", "queue", "died (UTC)"):
        table.add_column(name, no_wrap=name == "task id")  # to be copied whole
    table.add_column("error")
    for document in documents:
        error = document["error"]
        words = "" if error is None else f"{error['type']}: {error['message']}"
        cells = (
            document["id"],
            document["task"],
            document["queue"],
            (document["failed_at"] or "")[:19].replace("T", " "),
            words,
        )
        table.add_row(*(Text(cell, overflow="fold") for cell in cells))
    console.print(table)
    console.print("\nWhy: flask penstock dlq show TASK_ID", style="dim", highlight=False)


def explanation(document: Document) -> None:
    """Why one task died."""
    console = _console()
    from rich.text import Text

    rows = [(name, _text(document[name])) for name in ("id", "task", "queue", "status", "attempts")]
    if error := document["error"]:
        rows.append(("error", f"{error['type']}: {error['message']}"))
    if document["reason"]:
        rows.append(("why no retry", document["reason"]))
    if document["arguments"]:
        rows.append(("arguments", json.dumps(document["arguments"], ensure_ascii=False)))
    _facts(console, rows)
    for attempt in document["errors"]:
        console.print()
        title = (
            f"Attempt {attempt['number']}, {attempt['started_at']}, {attempt['duration_ms']} ms → {attempt['outcome']}"
        )
        console.print(Text(title, style="bold"))
        console.print(Text(attempt["traceback"].rstrip()), soft_wrap=True)
    console.print()
    console.print(Text(f"Next: {document['advice']}"), soft_wrap=True)


def _facts(console: "Console", rows: list[tuple[str, str]]) -> None:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in rows:
        table.add_row(name.replace("_", " "), Text(value, overflow="fold"))
    console.print(table)


def _console() -> "Console":
    try:
        from rich.console import Console
    except ImportError:
        raise click.ClickException("tables need rich: pip install 'penstock[cli]', or add --json") from None
    return Console()


def _text(value: object) -> str:
    return str(value)

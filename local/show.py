"""How the demo looks while it runs: bars that move on a terminal, a line a change everywhere else."""

from collections.abc import Sequence
from typing import Protocol, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from local.outcome import Command, Document, Watched
from local.receiver import Arrival
from penstock.states import Status

WIDTH_WITHOUT_TERMINAL = 120
MAX_CELL_CHARACTERS = 160

_STYLES = {
    Status.SUCCEEDED: "green",
    Status.RUNNING: "cyan",
    Status.RETRYING: "yellow",
    Status.FAILED: "magenta",
    Status.DEAD: "red",
}


class Show(Protocol):
    """Where the demo tells what goes on; a context manager."""

    def __enter__(self) -> Self: ...
    def __exit__(self, *_: object) -> None: ...
    def say(self, text: str) -> None:
        """One line of the story."""
        ...

    def saw(self, watched: Watched, *, changed: bool) -> None:
        """A task as it is now; ``changed`` if its status or attempts are new."""
        ...


class Lines:
    """Plain lines."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def say(self, text: str) -> None:
        """One line."""
        self._console.print(Text(text))

    def saw(self, watched: Watched, *, changed: bool) -> None:
        """One line a change."""
        if changed:
            self._console.print(Text(f"  {watched.label}: {watched.moment}"))


class Bars:
    """A bar a task; the story scrolls above them."""

    def __init__(self, console: Console) -> None:
        self._progress = Progress(
            SpinnerColumn(finished_text=" "),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[moment]}", style="bold"),
            TextColumn("{task.fields[note]}", style="dim"),
            TimeElapsedColumn(),
            console=console,
        )
        self._bars: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def say(self, text: str) -> None:
        """One line above the bars."""
        self._progress.console.print(Text(text))

    def saw(self, watched: Watched, *, changed: bool) -> None:  # noqa: ARG002 - progress moves it, too
        """Move the task's bar."""
        if watched.id not in self._bars:
            # Escaped by rich's own means: a file may be called [bold].jpg.
            label = watched.label.replace("[", r"\[")
            self._bars[watched.id] = self._progress.add_task(label, total=None, moment="", note="")
        done, total, note = _progress_of(watched.document)
        ended = watched.status.is_final
        style = _STYLES.get(watched.status, "white")
        self._progress.update(
            self._bars[watched.id],
            completed=(total or 1) if ended else done,
            total=(total or 1) if ended else total,
            moment=f"[{style}]{watched.moment}[/]",
            note="" if ended else note.replace("[", r"\["),
        )


def console_for(*, as_json: bool) -> Console:
    """stdout, or stderr where stdout is kept for the JSON document."""
    console = Console(stderr=as_json)
    return console if console.is_terminal else Console(stderr=as_json, width=WIDTH_WITHOUT_TERMINAL)


def show_on(console: Console) -> Show:
    """Bars if ``console`` is a terminal."""
    return Bars(console) if console.is_terminal else Lines(console)


def print_table(console: Console, tasks: Sequence[Watched]) -> None:
    """Every task: status, attempts, duration, result, and a mark for what is as it should be."""
    table = Table("", "task", "what", "status", "attempts", "duration", "result", title="What happened")
    table.columns[1].overflow = "fold"
    for watched in tasks:
        document = watched.document
        duration = "" if document["duration_ms"] is None else f"{document['duration_ms'] / 1000:.2f} s"
        mark = Text("✗", "bold red") if watched.mismatch() else Text("✓", "green")
        status = Text(watched.status.value, _STYLES.get(watched.status, ""))
        what = Text(watched.label + (f"\n{watched.note}" if watched.note else ""))
        result = Text(_short(_result(document)))
        table.add_row(mark, Text(document["task"]), what, status, str(watched.attempts), duration, result)
    console.print()
    console.print(table)


def print_command(say: Show, command: Command) -> None:
    """A command as on a terminal, with what it printed."""
    say.say(f"\n$ {command.line}")
    say.say(command.output.rstrip() + "\n")


def arrivals_in_words(arrivals: Sequence[Arrival]) -> str:
    """When each attempt reached the receiver: the backoff, to be seen."""
    told = ", ".join(f"+{arrival.after_seconds:.1f} s → {arrival.answer}" for arrival in arrivals)
    return f"deliver_webhook reached its receiver {len(arrivals)} times: {told}"


def _progress_of(document: Document) -> tuple[int, int | None, str]:
    progress = document["progress"]
    return (0, None, "") if progress is None else (progress["done"], progress["total"], progress["note"])


def _result(document: Document) -> str:
    if document["error"] and document["status"] != Status.SUCCEEDED:
        return f"{document['error']['type']}: {document['error']['message']}"
    result = document["result"]
    if isinstance(result, dict) and "thumbnails" in result:
        sizes = ", ".join(f"{one['width']}×{one['height']}" for one in result["thumbnails"])
        skipped = f"; {len(result['skipped'])} skipped" if result["skipped"] else ""
        return f"{result['width']}×{result['height']} → {sizes or 'nothing'}{skipped}"
    return "" if result is None else ", ".join(f"{key} {value}" for key, value in result.items())


def _short(text: str) -> str:
    return text if len(text) <= MAX_CELL_CHARACTERS else text[: MAX_CELL_CHARACTERS - 1] + "…"

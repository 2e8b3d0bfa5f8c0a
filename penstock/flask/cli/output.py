"""Documents for human eyes, by rich (extra ``cli``), or as JSON.

Texts of tasks are shown as they are, never as markup; control characters and marks that turn the direction of writing are
shown as escapes, so that nothing a task says can move the cursor or pretend to be ours.
"""

import json
import re
import sys
from collections.abc import Callable, Collection, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from penstock.failure import clean

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress, TaskID

MAX_CELL_CHARACTERS = 300
MAX_FACT_CHARACTERS = 20_000
WIDE = 110
_MAX_WHOLE_CHARACTERS = 40  # longer ids are folded rather than cut by a narrow terminal

# What reorders or hides text around it: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
_MARKS = re.compile("[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_BARS = "▁▂▃▄▅▆▇█"


def visible(text: object, limit: int = MAX_FACT_CHARACTERS) -> str:
    """``text`` as it may go to a terminal: lines and tabs stay, other control characters are escapes, ``limit`` characters."""
    return _MARKS.sub(lambda match: f"\\u{ord(match.group()):04x}", clean(str(text), limit))


def one_line(text: object, limit: int = MAX_CELL_CHARACTERS) -> str:
    """As ``visible``, with line breaks and tabs as escapes too."""
    return visible(text, limit).replace("\n", "\\n").replace("\t", "\\t")


def show(document: Any, screen: Callable[[Any], None], as_json: bool) -> None:
    """Print a document as JSON, or by ``screen``."""
    if as_json:
        print_json(document)
    else:
        screen(document)


def print_json(document: Any) -> None:
    """One document on stdout, in ASCII."""
    text = json.dumps(document, indent=2, default=str)
    click.echo(text.replace("\x7f", "\\u007f"))  # the one control character that JSON leaves alone


def console(*, stderr: bool = False) -> "Console":
    """Rich's console, as wide as the terminal."""
    try:
        from rich.console import Console
    except ImportError:
        raise click.ClickException("tables need rich: pip install 'penstock[cli]', or add --json") from None
    return Console(stderr=stderr)


def say(text: str, *, dim: bool = False) -> None:
    """A line of ours, with texts of tasks in it as they are. Wrapped by the terminal, so that commands can be copied."""
    words = visible(text)
    click.echo(click.style(words, dim=True) if dim else words)


def facts(rows: Sequence[tuple[str, object]]) -> None:
    """Names and values, a line each; those with the value None are left out."""
    target = console()
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(style="bold", no_wrap=True)
    table.add_column()
    for name, value in rows:
        if value is not None:
            table.add_row(Text(name.replace("_", " ")), Text(visible(value), overflow="fold"))
    target.print(table)


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    whole: Collection[str] = (),
    wide: Collection[str] = (),
) -> None:
    """A table. Columns in ``whole`` are not wrapped where they fit, to be copied; numbers stand to the right.

    Columns in ``wide`` are left out on a terminal of fewer than WIDE columns.
    """
    target = console()
    if target.width < WIDE:
        kept = [number for number, heading in enumerate(headings) if heading not in wide]
        headings = [headings[number] for number in kept]
        rows = [[row[number] for number in kept] for row in rows]
    from rich.table import Table
    from rich.text import Text

    drawn = Table(box=None, header_style="bold", pad_edge=False)
    for number, heading in enumerate(headings):
        cells = [row[number] for row in rows]
        longest = max((len(str(cell)) for cell in cells), default=0)
        numbers = bool(cells) and all(isinstance(cell, int) for cell in cells)
        drawn.add_column(
            Text(heading),
            no_wrap=heading in whole and longest <= _MAX_WHOLE_CHARACTERS,
            justify="right" if numbers else "left",
            overflow="fold",
        )
    for row in rows:
        drawn.add_row(*(Text("" if cell is None else one_line(cell), overflow="fold") for cell in row))
    target.print(drawn)


def heading(text: str) -> None:
    """A title above what follows, after an empty line."""
    click.echo()
    click.echo(click.style(one_line(text), bold=True))


def when(text: str | None) -> str:
    """A time of a document, to the second, for a column that says UTC."""
    return (text or "")[:19].replace("T", " ")


def moment(text: str | None) -> str:
    """As ``when``, without the year: for lists, whose rows are a month old at most."""
    return when(text)[5:]


def age(seconds: float | None) -> str:
    """A duration in words; empty where it is not known."""
    if seconds is None:
        return ""
    whole = round(seconds)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if whole >= 2 * size:
            return f"{whole // size} {unit}"
    return f"{whole} s"


def number_of(count: int, what: str) -> str:
    """``1 task``, ``1,234 tasks``."""
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def spark(counts: Sequence[int]) -> str:
    """Counts as a row of small bars; a dot for none."""
    top = max(counts, default=0)
    return "".join("·" if count == 0 else _BARS[(count * len(_BARS) - 1) // top] for count in counts)


class Bar:
    """A progress bar on stderr while the ``with`` goes on. Nothing where that is no terminal, or rich is not installed."""

    def __init__(self, *, shown: bool = True, target: "Console | None" = None) -> None:
        self._progress: Progress | None = None
        self._line: TaskID | None = None
        if target is None and (not shown or not sys.stderr.isatty()):
            return
        try:
            from rich import progress
        except ImportError:
            return
        words = progress.TextColumn("{task.description}", markup=False)
        columns = (words, progress.BarColumn(), progress.MofNCompleteColumn(), progress.TimeElapsedColumn())
        self._progress = progress.Progress(*columns, console=target or console(stderr=True), transient=True)

    def update(self, words: str, done: int = 0, total: int | None = None) -> None:
        """Say how far it is; without ``total`` the bar only moves."""
        if self._progress is None:
            return
        if self._line is None:
            self._line = self._progress.add_task("", total=None)
        self._progress.update(self._line, description=one_line(words, 60), completed=done, total=total)

    def __enter__(self) -> "Bar":
        if self._progress is not None:
            self._progress.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self._progress is not None:
            self._progress.stop()

"""A CSV of any size to statistics of its columns and a chart.

| file | what happens |
|---|---|
| not in the bucket | DEAD: upload it and redrive |
| empty, not UTF-8, no header, rows of another length, open quotes | FAILED at once, with the number of the line |
| S3 cannot be reached, or goes away half-way | retried from the start |
| longer than the time limit takes | DEAD: raise the time limits of the task and its queue, and redrive |

The file is streamed: memory depends on the number of columns, not on that of rows. Comma, semicolon and tab are told apart
by the header. Blank lines hold no row and are passed over.
"""

import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

from penstock import Reject, current_task
from tasks import config
from tasks.app import tasks
from tasks.charts import chart
from tasks.columns import Column, ColumnStatistics
from tasks.storage import Stream, UploadNotFound, UploadStore

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_COLUMNS = 500
MAX_LINE_CHARACTERS = 1_000_000
_CHUNK_CELLS = 50_000
_CHUNK_BYTES = 4 * 1024 * 1024  # a chunk of rows ends here too, where its cells are long
_DELIMITERS = ",;\t"


@dataclass(frozen=True, slots=True)
class Report:
    """The statistics of a CSV, and the key of the chart that shows them."""

    rows: int
    columns: list[ColumnStatistics]
    chart: str


# A file that takes longer than the time limit would do so again: TimeoutError is not retried.
@tasks.task(queue="reports", max_attempts=5, time_limit=600, retry_on=(ConnectionError,))
def make_report(key: str) -> Report:
    """Read the CSV ``key`` of UPLOADS_BUCKET and write its chart as ``reports/<key>/chart.svg``.

    Running it again writes the same key.
    """
    store = UploadStore(config.uploads_bucket())
    try:
        with store.stream(key) as stream:
            table = _Table(_Source(stream))
            rows = table.read()
    except UploadNotFound:
        raise Reject(f"there is no {key!r} in the bucket: upload it and redrive") from None
    statistics = [column.statistics() for column in table.columns]
    chart_key = f"reports/{key}/chart.svg"
    store.write(chart_key, chart(key, rows, statistics).encode(), "image/svg+xml")
    current_task.progress(stream.size, stream.size, f"{rows:,} rows")
    return Report(rows, statistics, chart_key)


class _Source(io.RawIOBase):
    """The object's bytes as a file, counted."""

    def __init__(self, stream: Stream) -> None:
        self.size = stream.size
        self.read_bytes = 0
        self._chunks = stream.chunks
        self._chunk = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer", /) -> int:
        if not self._chunk:
            self._chunk = memoryview(next(self._chunks, b""))
        target = memoryview(buffer)
        taken = min(len(target), len(self._chunk))
        target[:taken] = self._chunk[:taken]
        self._chunk = self._chunk[taken:]
        self.read_bytes += taken
        return taken


class _Table:
    """A CSV while it is read; Reject names the line that cannot be."""

    def __init__(self, source: _Source) -> None:
        self._source = source
        self._text = io.TextIOWrapper(io.BufferedReader(source), encoding="utf-8-sig", newline="")
        self._line = 0
        with self._errors():
            first = self._first_line()
            self._reader = csv.reader(chain([first], self._lines()), delimiter=_delimiter(first), strict=True)
            names = next(self._reader)
            _check_header(names, self._line)
        self.columns = [Column(name) for name in names]

    def read(self) -> int:
        """Take in all rows; how many there are."""
        width, rows = len(self.columns), 0
        most = max(1, _CHUNK_CELLS // width)
        chunk: list[list[str]] = []
        chunk_start = self._source.read_bytes
        with self._errors():
            for row in self._reader:
                if len(row) != width:
                    if not row:
                        continue
                    raise _bad(self._line, f"the row has {len(row)} cells, the header {width}")
                chunk.append(row)
                if len(chunk) >= most or self._source.read_bytes - chunk_start > _CHUNK_BYTES:
                    rows += self._take(chunk)
                    chunk, chunk_start = [], self._source.read_bytes
                    current_task.progress(self._source.read_bytes, self._source.size, f"{rows:,} rows")
        rows += self._take(chunk)
        if rows == 0:
            raise _bad(self._line, "there are no rows below the header")
        return rows

    def _take(self, chunk: list[list[str]]) -> int:
        if chunk:
            for column, cells in zip(self.columns, zip(*chunk, strict=True), strict=True):
                column.add(cells)
        return len(chunk)

    def _first_line(self) -> str:
        for line in self._lines():
            if line.strip():
                return line
        raise Reject("the file is empty: there is not even a header", discard=True)

    def _lines(self) -> Iterator[str]:
        while line := self._text.readline(MAX_LINE_CHARACTERS):
            self._line += 1
            if len(line) == MAX_LINE_CHARACTERS:
                raise _bad(self._line, f"it has {MAX_LINE_CHARACTERS:,} characters or more: is this a CSV?")
            yield line

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:
            # All complete lines before the piece that holds the byte were read; the rest is counted in the piece.
            line = self._line + 1 + error.object[: error.start].count(b"\n")
            raise _bad(line, f"byte 0x{error.object[error.start]:02x} is not UTF-8: save the file as UTF-8") from None
        except csv.Error as error:
            raise _bad(self._line, f"it is not CSV: {error}") from None


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=lambda candidate: len(next(csv.reader([header], delimiter=candidate))))


def _check_header(names: list[str], line: int) -> None:
    if len(names) > MAX_COLUMNS:
        raise _bad(line, f"the header has {len(names)} columns: {MAX_COLUMNS} at most")
    for number, name in enumerate(names, start=1):
        if not name.strip():
            raise _bad(line, f"column {number} of the header has no name")
        if name in names[: number - 1]:
            raise _bad(line, f"two columns of the header are named {name!r:.100}")
    if all(map(_is_number, names)):
        raise _bad(line, "there is no header: every cell of the first line is a number")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _bad(line: int, reason: str) -> Reject:
    return Reject(f"line {line}: {reason}", discard=True)

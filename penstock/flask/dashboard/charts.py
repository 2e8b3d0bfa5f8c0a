"""Charts as SVG, drawn here: without script, with words for those who do not see them. Colours are in penstock.css."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from markupsafe import Markup
from msgspec import Struct

from penstock.flask.dashboard.text import counted, lasting, milliseconds
from penstock.states import Status

_HEIGHT = 24
_BAR = 3
_GAP = 1


def sparkline(counts: Sequence[int], what: str, *, starts: Sequence[datetime] = (), kind: str = "") -> Markup:
    """A bar for each of ``counts``, oldest first. ``what`` is one of what is counted; ``starts`` are the bars' times."""
    highest = max(counts, default=0)
    words = f"{counted(sum(counts), what)}, at most {highest} in one of {len(counts)} bars"
    bars = Markup("").join(
        Markup('<rect x="{}" y="{}" width="{}" height="{}"><title>{}</title></rect>').format(
            index * (_BAR + _GAP), _HEIGHT - height, _BAR, height, _bar_words(count, what, starts, index)
        )
        for index, count in enumerate(counts)
        if (height := _height(count, highest))
    )
    width = max(1, len(counts) * (_BAR + _GAP) - _GAP)
    return Markup(
        '<svg class="spark {}" role="img" aria-label="{}" viewBox="0 0 {} {}" width="{}" height="{}" preserveAspectRatio="none">'
        '<path class="axis" d="M0 {}.5H{}"/>{}</svg>'
    ).format(kind, words, width, _HEIGHT + 1, width, _HEIGHT + 1, _HEIGHT, width, bars)


def bars(
    counts: Mapping[datetime, int], *, since: datetime, until: datetime, number: int
) -> tuple[list[int], list[datetime]]:
    """``counts`` at times put into ``number`` bars from ``since`` to ``until``, and when each bar starts."""
    width = (until - since) / number
    sums = [0] * number
    for at, count in counts.items():
        index = int((at - since) / width)
        sums[min(max(index, 0), number - 1)] += count
    return sums, [since + index * width for index in range(number)]


class Span(Struct, frozen=True):
    """One attempt on the time line, and what it led to."""

    number: int
    outcome: Status
    start: datetime
    duration_ms: int

    @property
    def end(self) -> datetime:
        """When it was over."""
        return self.start + timedelta(milliseconds=self.duration_ms)


_LINE_WIDTH = 640
_ROW = 18
_LABEL = 40
_LEAST = 4


def timeline(spans: Sequence[Span], created_at: datetime) -> Markup:
    """Attempts as bars on one axis of time, from the enqueueing on: how long each ran, how long it waited for the next."""
    start = min([created_at, *(span.start for span in spans)])
    whole = max((max([start, *(span.end for span in spans)]) - start).total_seconds(), 0.001)
    rows = Markup("").join(
        _span(span, index, start, (_LINE_WIDTH - _LABEL) / whole) for index, span in enumerate(spans)
    )
    height = len(spans) * _ROW + 18
    words = f"Time line of {counted(len(spans), 'attempt')} in {lasting(whole)}"
    return Markup(
        '<svg class="timeline" role="img" aria-label="{}" viewBox="0 0 {} {}">{}<text x="{}" y="{}">{}</text>'
        '<text class="end" x="{}" y="{}">+ {}</text></svg>'
    ).format(
        words,
        _LINE_WIDTH,
        height,
        rows,
        _LABEL,
        height - 4,
        f"{start:%H:%M:%S}",
        _LINE_WIDTH,
        height - 4,
        lasting(whole),
    )


def _span(span: Span, index: int, start: datetime, scale: float) -> Markup:
    x = min(_LABEL + (span.start - start).total_seconds() * scale, _LINE_WIDTH - _LEAST)
    width = min(max(span.duration_ms / 1_000 * scale, _LEAST), _LINE_WIDTH - x)
    words = (
        f"attempt {span.number}: {span.start:%H:%M:%S} UTC, ran {milliseconds(span.duration_ms)}, then {span.outcome}"
    )
    return Markup(
        '<g class="{}"><title>{}</title><text x="0" y="{}">#{}</text><path class="axis" d="M{} {}.5H{}"/>'
        '<rect x="{:.1f}" y="{}" width="{:.1f}" height="{}" rx="2"/></g>'
    ).format(
        span.outcome.value.lower(), words, index * _ROW + 13, span.number, _LABEL, index * _ROW + 9, _LINE_WIDTH,
        x, index * _ROW + 4, width, _ROW - 7,
    )  # fmt: skip


def _height(count: int, highest: int) -> int:
    # One of many must be seen, too.
    return max(2, round(count * _HEIGHT / highest)) if count > 0 else 0


def _bar_words(count: int, what: str, starts: Sequence[datetime], index: int) -> str:
    words = counted(count, what)
    return f"{starts[index]:%d %b %H:%M} UTC: {words}" if starts else words

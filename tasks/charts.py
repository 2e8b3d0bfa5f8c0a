"""Column statistics as a picture: an SVG by hand, one line a column."""

import re
from collections.abc import Sequence
from html import escape

from tasks.columns import ColumnStatistics

MAX_COLUMNS = 40
_WIDTH, _LINE, _TOP = 960, 34, 64
_NAME_X, _FILL_X, _PLOT_X, _PLOT_WIDTH = 16, 260, 420, 380
_FILL_WIDTH = 120
_LONGEST_NAME = 28
# What XML 1.0 cannot hold, not even escaped: https://www.w3.org/TR/xml/#charsets
_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def chart(title: str, rows: int, columns: Sequence[ColumnStatistics]) -> str:
    """An SVG document: for each column how full it is, and its range (numbers) or its most frequent values (the rest)."""
    shown = columns[:MAX_COLUMNS]
    height = _TOP + _LINE * len(shown) + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" width="{_WIDTH}" height="{height}" '
        f'font-family="system-ui, sans-serif" font-size="13" role="img">',
        f"<title>{_text(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{_NAME_X}" y="28" font-size="18" font-weight="600">{_text(_short(title, 80))}</text>',
        f'<text x="{_NAME_X}" y="48" fill="#666666">{rows:,} rows, {len(columns)} columns</text>',
    ]
    for number, column in enumerate(shown):
        parts += _line(column, _TOP + _LINE * number)
    if len(columns) > len(shown):
        rest = len(columns) - len(shown)
        parts.append(f'<text x="{_NAME_X}" y="{height - 14}" fill="#666666">and {rest} more columns</text>')
    return "\n".join([*parts, "</svg>\n"])


def _line(column: ColumnStatistics, y: int) -> list[str]:
    filled = column.count / (column.count + column.empty)
    middle = y + _LINE // 2 + 4
    parts = [
        f'<text x="{_NAME_X}" y="{middle}">{_text(_short(column.name, _LONGEST_NAME))}'
        f'<tspan fill="#999999"> {column.type}</tspan></text>',
        f'<rect x="{_FILL_X}" y="{y + 10}" width="{_FILL_WIDTH}" height="14" rx="3" fill="#eeeeee"/>',
        f'<rect x="{_FILL_X}" y="{y + 10}" width="{_FILL_WIDTH * filled:.1f}" height="14" rx="3" fill="#5b8def">'
        f"<title>{filled:.1%} filled</title></rect>",
    ]
    return parts + (_range(column, y) if column.mean is not None else _values(column, y))


def _range(column: ColumnStatistics, y: int) -> list[str]:
    """From the smallest to the largest number, with a box of one standard deviation around the mean."""
    low, high, mean = column.minimum or 0.0, column.maximum or 0.0, column.mean or 0.0
    deviation = column.stdev or 0.0

    def x(value: float) -> float:
        share = 0.5 if high == low else (value / 2 - low / 2) / (high / 2 - low / 2)  # halves: no overflow
        return _PLOT_X + _PLOT_WIDTH * min(1.0, max(0.0, share))

    left, right, middle = x(mean - deviation), x(mean + deviation), y + 17
    figures = f"{low:.4g} to {high:.4g}, mean {mean:.4g}"
    return [
        f'<line x1="{_PLOT_X}" x2="{_PLOT_X + _PLOT_WIDTH}" y1="{middle}" y2="{middle}" stroke="#999999"/>',
        f'<rect x="{left:.1f}" y="{y + 10}" width="{max(1.0, right - left):.1f}" height="14" rx="3" fill="#cfe0ff">'
        f"<title>{figures}, standard deviation {deviation:.4g}</title></rect>",
        f'<line x1="{x(mean):.1f}" x2="{x(mean):.1f}" y1="{y + 8}" y2="{y + 26}" stroke="#1f4fbf" stroke-width="2"/>',
        f'<text x="{_PLOT_X + _PLOT_WIDTH + 12}" y="{y + 21}" font-size="11" fill="#666666">{low:.4g} to {high:.4g}</text>',
    ]


def _values(column: ColumnStatistics, y: int) -> list[str]:
    """The most frequent values, each as wide as its share of the column."""
    parts, x = [], float(_PLOT_X)
    for number, frequent in enumerate(column.frequent):
        width = _PLOT_WIDTH * frequent.count / column.count
        shade = ("#3f7f5f", "#5f9f7f", "#7fb99b", "#a2cfb8", "#c6e4d5")[number % 5]
        parts.append(
            f'<rect x="{x:.1f}" y="{y + 10}" width="{width:.1f}" height="14" fill="{shade}">'
            f"<title>{_text(frequent.value)}: {frequent.count:,}</title></rect>"
        )
        x += width
    first = column.frequent[0].value if column.frequent else "no values"
    label = _text(_short(first, 20))
    return [
        *parts,
        f'<text x="{_PLOT_X + _PLOT_WIDTH + 12}" y="{y + 21}" font-size="11" fill="#666666">{label}</text>',
    ]


def _short(text: str, length: int) -> str:
    return text if len(text) <= length else text[: length - 1] + "…"


def _text(text: str) -> str:
    return escape(_NO_XML.sub("\ufffd", text))

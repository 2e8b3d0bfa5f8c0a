"""Text of tasks on our pages: escaped, isolated and cut; times, durations and numbers in words.

Whatever a task can influence (its name, arguments, errors, progress) is a stranger's text. It goes through ``shown``.
"""

import json
import re
from datetime import datetime

from markupsafe import Markup

from penstock.times import to_text

MAX_LINE = 200
_ID = 16
SOON_SECONDS = 2 * 86_400

# Control characters but tab and line feed, and the marks that change the direction of what stands around them.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def plain(value: object, limit: int = MAX_LINE) -> str:
    """``value`` as text of ``limit`` characters at most and a word on the cut; what cannot be seen is written out (``\\x1b``)."""
    text = value if isinstance(value, str) else str(value)
    head = text[:limit].encode("utf-8", "backslashreplace").decode()
    head = _HIDDEN.sub(_written_out, head)
    return head if len(text) <= limit else f"{head}… ({number(len(text) - limit)} more characters)"


def shown(value: object, limit: int = MAX_LINE) -> Markup:
    """``plain`` as HTML of its own direction: it neither runs nor turns the words around it."""
    return Markup("<bdi>{}</bdi>").format(plain(value, limit))


def short_id(task_id: str) -> Markup:
    """Enough of a task id to tell it from its neighbours."""
    return Markup("<bdi>{}</bdi>").format(plain(task_id) if len(task_id) <= _ID else f"{plain(task_id[:_ID])}…")


def number(value: int) -> str:
    """``2,013``."""
    return f"{value:,}"


def counted(value: int, one: str, many: str = "") -> str:
    """``1 task``, ``2,013 tasks``."""
    return f"{number(value)} {one if value == 1 else many or one + 's'}"


def lasting(seconds: float) -> str:
    """A duration in its two largest units: ``3 d 4 h``, ``12 s``."""
    left = max(0, round(seconds))
    parts: list[str] = []
    for size, unit in _UNITS:
        if left >= size:
            parts.append(f"{left // size} {unit}")
            left %= size
        elif parts:
            break  # "3 d 12 s" would promise hours
        if len(parts) == 2:
            break
    return " ".join(parts) or "0 s"


def milliseconds(value: int | None) -> str:
    """A run's duration: ``12 ms``, ``1.4 s``, ``3 min 20 s``."""
    if value is None:
        return "–"
    if value < 1_000:
        return f"{value} ms"
    return f"{value / 1_000:.1f} s" if value < 60_000 else lasting(value / 1_000)


def ago(at: datetime, now: datetime) -> str:
    """``3 min ago``, ``in 2 h``, in the largest unit that fits. dashboard.js writes it anew as time goes by."""
    seconds = (now - at).total_seconds()
    for size, unit in _UNITS:
        if abs(seconds) >= size:
            count = int(abs(seconds) // size)
            return f"{count} {unit} ago" if seconds > 0 else f"in {count} {unit}"
    return "now"


def when(at: datetime | None, now: datetime) -> Markup:
    """A time, UTC, and how long ago it was. The date only where it is another day."""
    if at is None:
        return Markup('<span class="dim">–</span>')
    text = to_text(at)
    day = "" if at.date() == now.date() else f"{at:%d %b} "
    return Markup('<time datetime="{}" title="{} UTC">{} <span class="ago">{}</span></time>').format(
        text, f"{at:%Y-%m-%d %H:%M:%S}", f"{day}{at:%H:%M:%S}", ago(at, now)
    )


def visible_json(value: object) -> str:
    """``value`` as JSON to be edited: what cannot be seen, or turns the direction, stands there as an escape of JSON's."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return _HIDDEN.sub(lambda match: f"\\u{ord(match.group()):04x}", text.encode("utf-8", "backslashreplace").decode())


def _written_out(match: re.Match[str]) -> str:
    code = ord(match.group())
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def expiry(at: datetime | None, now: datetime) -> Markup:
    """How long until ``at``, with a mark where it is less than two days, and what is past."""
    if at is None:
        return Markup('<span class="dim">–</span>')
    left = (at - now).total_seconds()
    kind = "gone" if left <= 0 else "soon" if left < SOON_SECONDS else ""
    words = "expired" if left <= 0 else f"in {lasting(left)}"
    return Markup('<time class="expiry {}" datetime="{}" title="{} UTC">{}</time>').format(
        kind, to_text(at), f"{at:%Y-%m-%d %H:%M:%S}", words
    )


def short_frame(frame: str) -> str:
    """``file:function`` without the folders before the last one."""
    return "/".join(frame.rsplit("/", 2)[-2:])


def quoted(value: str) -> str:
    """``value`` as a filter's value that is read back as it is."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

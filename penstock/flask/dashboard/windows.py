"""The windows of time that pages of counts offer."""

from datetime import timedelta

from flask import request
from msgspec import Struct
from werkzeug.exceptions import BadRequest


class Window(Struct, frozen=True):
    """``name`` stands in the URL, ``words`` on the page; ``bars`` is how many a chart of it has."""

    name: str
    words: str
    span: timedelta
    bars: int


WINDOWS = (
    Window("1h", "1 hour", timedelta(hours=1), 6),
    Window("24h", "24 hours", timedelta(hours=24), 48),
    Window("7d", "7 days", timedelta(days=7), 56),
)
HOUR, DAY, WEEK = WINDOWS


def chosen() -> Window:
    """The window that this request asks for, 24 hours by default; BadRequest for one that there is not."""
    name = request.args.get("window", DAY.name)
    for window in WINDOWS:
        if window.name == name:
            return window
    raise BadRequest(f"window={name[:20]!r}: there are {', '.join(window.name for window in WINDOWS)}")

"""What listings have in common: the filter, the limit, the cursor."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, TypeVar

from msgspec import Meta, Struct
from werkzeug.exceptions import BadRequest

from penstock.app import Penstock
from penstock.flask.shapes import Time
from penstock.search import MAX_LIMIT, Found, Search, find
from penstock.times import to_text

T = TypeVar("T")

Limit = Annotated[int, Meta(ge=1, le=MAX_LIMIT, description=f"Rows of a page, 1 to {MAX_LIMIT}")]
Cursor = Annotated[str, Meta(description="The cursor of an earlier page, as it was")]
LookedBackTo = Annotated[
    Time | None, Meta(description="How far this page has looked back; null where all was looked at")
]
NextCursor = Annotated[
    str | None, Meta(description="Goes on behind this page; null at the end. A short page may have one")
]


class Page(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Which page of a listing."""

    limit: Limit = 25
    cursor: Cursor = ""


class Filter(Page, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """Which tasks: ``q`` is the text of a filter bar, and the others are its parts one by one."""

    q: Annotated[str, Meta(description="A filter, such as: task:thumbnails status:DEAD since:24h")] = ""
    task: Annotated[str, Meta(description="A task name")] = ""
    queue: Annotated[str, Meta(description="A queue's name")] = ""
    status: Annotated[str, Meta(description="Statuses, comma-separated")] = ""
    tag: Annotated[str, Meta(description="A tag")] = ""
    error: Annotated[str, Meta(description="A fingerprint, or the name of an exception's class")] = ""
    since: Annotated[str, Meta(description="An age (30m, 24h, 7d) or a UTC time")] = ""
    until: Annotated[str, Meta(description="An age (30m, 24h, 7d) or a UTC time")] = ""

    def search(self, now: datetime) -> Search:
        """What to look for; InvalidSearch names the part that cannot be read."""
        parts = {name: getattr(self, name) for name in ("task", "queue", "status", "tag", "error", "since", "until")}
        return Search.parse(" ".join([self.q, *(f"{n}:{_quoted(v)}" for n, v in parts.items() if v)]), now=now)


def found(tasks: Penstock, search: Search, page: Page) -> Found:
    """One page of what ``search`` finds; BadRequest for a cursor that is none of its own."""
    ports = tasks.ports
    return or_bad_request(
        lambda: find(
            ports.results, ports.settings, search, limit=page.limit, now=ports.clock(), cursor=page.cursor or None
        )
    )


def back_to(page: Found) -> str | None:
    """How far back a page has looked; None where there is nothing more to look at."""
    return None if page.cursor is None else to_text(page.back_to)


def or_bad_request(read: Callable[[], T]) -> T:
    """What ``read`` gives; BadRequest where the cursor that it was given is none."""
    try:
        return read()
    except ValueError as error:
        raise BadRequest(str(error)) from None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

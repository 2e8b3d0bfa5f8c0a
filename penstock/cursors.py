"""Cursors: where a listing goes on, as opaque text that is safe in a URL."""

import base64
import json
from collections.abc import Collection, Mapping


def encode(position: Mapping[str, str]) -> str:
    """``position`` as a cursor."""
    return base64.urlsafe_b64encode(json.dumps(position, separators=(",", ":")).encode()).decode().rstrip("=")


def decode(cursor: str, names: Collection[str]) -> dict[str, str]:
    """The position in ``cursor``, which must have exactly these names; ValueError for any text that is no cursor."""
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, RecursionError):
        raise _not_a_cursor(cursor) from None
    if not isinstance(position, dict) or position.keys() != set(names):
        raise _not_a_cursor(cursor)
    if not all(isinstance(value, str) and value for value in position.values()):
        raise _not_a_cursor(cursor)
    return position


def check_limit(limit: int, highest: int) -> None:
    """ValueError unless a page may have ``limit`` rows."""
    if not 1 <= limit <= highest:
        raise ValueError(f"limit={limit!r}: a page has 1 to {highest} rows")


def _not_a_cursor(cursor: str) -> ValueError:
    return ValueError(f"{cursor!r:.80} is not a cursor: pass the cursor of an earlier page as it was, or none")

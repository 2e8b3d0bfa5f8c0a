"""Writing an error down, which cannot fail: whatever the task raised becomes short, clean text."""

import re
import traceback

from msgspec import Struct

from penstock.text import sha256

MAX_TYPE_CHARACTERS = 200
MAX_MESSAGE_CHARACTERS = 1_000
MAX_TRACEBACK_CHARACTERS = 16_000

HIDDEN = "<hidden: the task is sensitive>"


class Failure(Struct, frozen=True):
    """An error as text. ``fingerprint`` is the same for errors of one kind at one place: 16 hexadecimal digits.

    ``normal`` is the message without its numbers and ids, ``frame`` where it was raised (``file:function``).
    """

    type: str
    message: str
    traceback: str
    fingerprint: str
    normal: str = ""
    frame: str = ""


def describe(error: BaseException, task: str, *, hide: bool = False) -> Failure:
    """``error`` as text, without the values of local variables: those may be secrets. ``hide`` leaves the message out too."""
    kind = clean(type(error).__qualname__, MAX_TYPE_CHARACTERS)
    message = HIDDEN if hide else clean(_message(error), MAX_MESSAGE_CHARACTERS)
    frames, text = _traceback(error)
    if hide:
        text = "\n".join(frames)
    frame = frames[-1] if frames else ""
    return Failure(kind, message, text, fingerprint(task, kind, message, frame), normal(message), frame)


def normal(message: str) -> str:
    """``message`` without its numbers and ids: the same for errors of one kind."""
    return _ID.sub("#", message)


def fingerprint(task: str, kind: str, message: str, top_frame: str = "") -> str:
    """What groups errors: task, class, message without its numbers and ids, and the frame that raised."""
    text = "\n".join((task, kind, normal(message), top_frame))
    return sha256(text.encode("utf-8", "backslashreplace"))[:16]


# Each text matches in one way only: optional dashes between repeated groups would make the search take n**4 steps.
_ID = re.compile(r"\b[0-9a-f]{12,}\b|\b[0-9a-f]{8}(?:-[0-9a-f]{4,}){1,4}\b|0x[0-9a-f]+|\d+", re.IGNORECASE)


def _message(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # a __str__ that raises must not hide the error that it belongs to
        return f"<{type(error).__qualname__} has no readable message>"


def _traceback(error: BaseException) -> tuple[list[str], str]:
    try:
        described = traceback.TracebackException.from_exception(error, capture_locals=False)
        frames = [f"{frame.filename}:{frame.name}" for frame in described.stack]
        return frames, clean("".join(described.format()), MAX_TRACEBACK_CHARACTERS, keep_end=True)
    except Exception:  # __str__ and __repr__ of foreign exceptions run in there
        return [], "<the traceback could not be formatted>"


def clean(text: str, limit: int = MAX_MESSAGE_CHARACTERS, *, keep_end: bool = False) -> str:
    """``text`` without what UTF-8 or a terminal cannot take, cut to ``limit`` characters with a word on the cut."""
    text = text.encode("utf-8", "backslashreplace").decode()
    text = _CONTROL.sub(lambda match: f"\\x{ord(match.group()):02x}", text)
    if len(text) <= limit:
        return text
    cut = f"[{len(text) - limit} characters cut]"
    return f"{cut} {text[-limit:]}" if keep_end else f"{text[:limit]} {cut}"


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

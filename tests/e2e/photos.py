"""What a visitor does with photos, and what must come of it: the same for gunicorn and for Zappa."""

import io
import time
from collections.abc import Callable
from typing import Any

from PIL import Image

from flask_app.config import WIDTHS
from local.browser import last_part
from local.samples import Photo
from penstock.states import Status
from tests.e2e.visitor import Visitor

Document = dict[str, Any]
_WAIT_SECONDS = 90.0
_POLL_SECONDS = 0.3


def upload_all(visitor: Visitor, photos: list[Photo]) -> dict[str, str]:
    """Upload them through the form of the page; the task id of each, by the photo's name."""
    return {photo.name: last_part(visitor.upload(photo.name, photo.content)) for photo in photos}


def until(visitor: Visitor, task_id: str, done: Callable[[Document], bool]) -> Document:
    """The task's document once it is ``done``; AssertionError with where it stands if that takes too long."""
    deadline = time.monotonic() + _WAIT_SECONDS
    while not done(document := visitor.status(task_id)):
        assert time.monotonic() < deadline, f"after {_WAIT_SECONDS:.0f} s the task stands like this: {document}"
        time.sleep(_POLL_SECONDS)
    return document


def is_final(document: Document) -> bool:
    """Whether nothing more will come of it by itself."""
    return Status(document["status"]).is_final


def sizes_written(read: Callable[[str], bytes], document: Document) -> dict[int, tuple[int, int]]:
    """Width asked for -> size in pixels of the file that is really in the bucket."""
    found = {}
    for thumbnail in document["result"]["thumbnails"]:
        with Image.open(io.BytesIO(read(thumbnail["key"]))) as image:
            image.load()
            found[thumbnail["width"]] = image.size
    return found


def wanted_sizes(document: Document) -> dict[int, tuple[int, int]]:
    """What ``sizes_written`` should be: every width of the page but those above the photo's own."""
    result = document["result"]
    told = {thumbnail["width"]: (thumbnail["width"], thumbnail["height"]) for thumbnail in result["thumbnails"]}
    assert set(told) == {width for width in WIDTHS if width <= result["width"]}
    return told

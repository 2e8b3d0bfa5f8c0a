"""Photos to thumbnails.

| photo | what happens |
|---|---|
| not in the bucket | DEAD: upload it and redrive |
| 0 bytes, over 200 MB, truncated, no picture, over 100 megapixels | FAILED at once: no retry can repair it |
| S3 cannot be reached | retried |
| a width above the photo's own | left out and named in ``skipped``: blowing a photo up adds bytes, not detail |

EXIF rotation is carried out, then all metadata (place, camera, thumbnail) is left behind; the colour profile stays.
A picture with transparency becomes a PNG, any other a JPEG. Of an animation the first frame is taken.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from penstock import Reject, current_task
from tasks import config
from tasks.app import tasks
from tasks.storage import UploadNotFound, UploadStore, UploadTooLarge

if TYPE_CHECKING:
    from tasks.pictures import Encoded

MAX_PHOTO_BYTES = 200 * 1024 * 1024
MAX_WIDTH = 8_000  # pixels
MAX_WIDTHS = 20
_IN_MEMORY_BYTES = 32 * 1024 * 1024  # a larger upload waits in /tmp


@dataclass(frozen=True, slots=True)
class Thumbnail:
    """One written size: its key in the bucket, and its pixels."""

    key: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Thumbnails:
    """What became of a photo: its own size in pixels (upright), the sizes written, and the widths left out."""

    width: int
    height: int
    thumbnails: list[Thumbnail]
    skipped: list[int]


@tasks.task(queue="images", max_attempts=5, time_limit=60, retry_on=(ConnectionError, TimeoutError))
def make_thumbnails(key: str, *, widths: list[int]) -> Thumbnails:
    """Write the photo ``key`` of UPLOADS_BUCKET as ``thumbnails/<key>/<width>.jpg`` (or ``.png``), a file a width.

    ``widths`` are pixels. Running it again writes the same keys.
    """
    from tasks import pictures  # Pillow comes with it: in the worker only

    _check(widths)
    steps = 2 + len(widths)
    current_task.progress(0, steps, "fetching the photo")
    store = UploadStore(config.uploads_bucket())
    with tempfile.SpooledTemporaryFile(max_size=_IN_MEMORY_BYTES) as file:
        _fetch(store, key, file)
        current_task.progress(1, steps, "decoding")
        try:
            picture = pictures.decode(file, largest_width=max(widths))
        except pictures.NotAPicture as error:
            raise Reject(str(error), discard=True) from error
    written = []
    for done, width in enumerate(widths, start=2):
        current_task.progress(done, steps, f"{width} pixels wide")
        if width <= picture.width:
            written.append(_write(store, key, picture.resized(width)))
    current_task.progress(steps, steps, "done")
    return Thumbnails(picture.width, picture.height, written, [width for width in widths if width > picture.width])


def _check(widths: Sequence[int]) -> None:
    if not 1 <= len(widths) <= MAX_WIDTHS or len(set(widths)) != len(widths):
        raise Reject(f"widths={widths!r:.200}: give 1 to {MAX_WIDTHS} different widths", discard=True)
    for width in widths:
        if not 1 <= width <= MAX_WIDTH:
            raise Reject(f"a width of {width} pixels: thumbnails are 1 to {MAX_WIDTH} pixels wide", discard=True)


def _fetch(store: UploadStore, key: str, file: IO[bytes]) -> None:
    try:
        size = store.read(key, file, max_bytes=MAX_PHOTO_BYTES)
    except UploadNotFound:
        raise Reject(f"there is no {key!r} in the bucket: upload it and redrive") from None
    except UploadTooLarge as error:
        raise Reject(
            f"the file has {error.size:,} bytes: photos have {MAX_PHOTO_BYTES:,} at most", discard=True
        ) from None
    if size == 0:
        raise Reject("the file is empty (0 bytes): the upload did not bring a photo", discard=True)


def _write(store: UploadStore, key: str, encoded: "Encoded") -> Thumbnail:
    name = f"thumbnails/{key}/{encoded.width}.{encoded.extension}"
    store.write(name, encoded.content, encoded.content_type)
    return Thumbnail(name, encoded.width, encoded.height)

"""The user's own photos: read, and looked at before anything starts."""

import io
import warnings
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from local.samples import Photo
from tasks.pictures import FORMATS, MAX_PIXELS


class FileRefused(Exception):
    """A file that the demo does not upload; the message says which, why and what to do."""


def photos_from(paths: Sequence[Path], *, max_bytes: int) -> list[Photo]:
    """The files as photos, with what to expect of each: a picture, or something that a worker must refuse."""
    return [_photo(path, max_bytes) for path in paths]


def _photo(path: Path, max_bytes: int) -> Photo:
    try:
        size = path.stat().st_size
        if size > max_bytes:
            raise FileRefused(
                f"{path} has {size:,} bytes: the upload form takes {max_bytes:,} at most. Make it smaller first"
            )
        content = path.read_bytes()
    except OSError as error:
        raise FileRefused(f"{path} cannot be read: {error.strerror}. Name photos on this machine") from None
    if not content:
        raise FileRefused(f"{path} is empty (0 bytes): there is nothing to upload. Name another file")
    picture = _is_picture(content)
    return Photo(path.name, content, picture, note="yours" if picture else "yours; no picture that the worker can read")


def _is_picture(content: bytes) -> bool:
    """True if Pillow can decode all of it: the demo's own judgement, to hold the worker's against."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                if image.width * image.height > MAX_PIXELS:
                    return False
                image.load()
    except Exception:  # decoders raise anything on damaged files
        return False
    return True

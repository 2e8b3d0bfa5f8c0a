"""Pictures as Pillow knows them: decode once, resize and encode often. Imports Pillow, so only task functions import it."""

import io
import warnings
from dataclasses import dataclass
from typing import IO, Final

from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

# On purpose above today's cameras and below what a worker's memory can take: 100 megapixels are 300 MB as RGB.
MAX_PIXELS: Final = 100_000_000
# What people upload, and no more: every decoder is a surface for attacks.
FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "TIFF", "BMP")
JPEG_QUALITY: Final = 85

_ORIENTATION = 0x0112  # the EXIF tag
_SIDEWAYS = frozenset({5, 6, 7, 8})  # its values that swap width and height
_KEPT_MODES = frozenset({"L", "LA", "RGB", "RGBA"})


class NotAPicture(Exception):
    """The bytes cannot be made a picture; the message says why, for the one who uploaded them."""


@dataclass(frozen=True, slots=True)
class Encoded:
    """A picture as a file."""

    content: bytes
    width: int
    height: int
    extension: str
    content_type: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture, upright. ``width`` and ``height`` are the original's; ``image`` may be a smaller draft of it."""

    width: int
    height: int
    image: Image.Image
    icc_profile: bytes | None

    def resized(self, width: int) -> Encoded:
        """It at ``width`` pixels (at most its own), the height in proportion: PNG with transparency, JPEG without."""
        size = (width, max(1, round(self.height * width / self.width)))
        image = self.image.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
        image.info.clear()  # Pillow would write comments and the like back from there
        file = io.BytesIO()
        if "A" in image.getbands():
            image.save(file, "PNG", optimize=True, icc_profile=self.icc_profile)
            return Encoded(file.getvalue(), *size, "png", "image/png")
        image.save(file, "JPEG", quality=JPEG_QUALITY, optimize=True, progressive=True, icc_profile=self.icc_profile)
        return Encoded(file.getvalue(), *size, "jpg", "image/jpeg")


def decode(file: IO[bytes], *, largest_width: int) -> Picture:
    """Decode ``file``, in no more detail than ``largest_width`` pixels need; NotAPicture where that cannot be done."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # odd metadata, most of it: the photo decides
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            return _decode(file, largest_width)
    except (NotAPicture, MemoryError):
        raise
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise NotAPicture(
            f"the picture has more than {MAX_PIXELS // 1_000_000} megapixels: make it smaller and upload it again"
        ) from None
    except UnidentifiedImageError:
        raise NotAPicture(f"this is not a picture of a known kind ({', '.join(FORMATS)})") from None
    except (
        Exception
    ) as error:  # decoders raise anything on damaged files: OSError, SyntaxError, ValueError, struct.error
        raise NotAPicture(f"the picture is damaged, cut short, or of an unusual make: {error}") from error


def _decode(file: IO[bytes], largest_width: int) -> Picture:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS
    image: Image.Image = Image.open(file, formats=FORMATS)  # the header: size and kind, no pixels yet
    orientation = _orientation(image)
    width, height = reversed(image.size) if orientation in _SIDEWAYS else image.size
    _draft(image, min(1.0, largest_width / width))
    image.load()
    image, icc_profile = _plain(image)
    return Picture(width, height, _upright(image, orientation), icc_profile)


def _draft(image: Image.Image, scale: float) -> None:
    """Have a JPEG decoded at 1/2, 1/4 or 1/8 of its size where that leaves twice the pixels asked for. Others: nothing.

    It is what keeps 40 megapixels within a small worker's memory and time.
    """
    wanted = (max(1, round(image.width * scale * 2)), max(1, round(image.height * scale * 2)))
    image.draft(image.mode, wanted)


def _orientation(image: Image.Image) -> int:
    if image.format == "TIFF":
        return 1  # Pillow turns these itself, their size is the upright one
    try:
        return int(image.getexif().get(_ORIENTATION, 1))
    except Exception:  # a photo with damaged EXIF is still a photo
        return 1


def _upright(image: Image.Image, orientation: int) -> Image.Image:
    """Turn it as its EXIF said, which was read before the conversions that may drop it."""
    image.info.clear()
    exif = image.getexif()
    exif.clear()
    exif[_ORIENTATION] = orientation
    return ImageOps.exif_transpose(image)


def _plain(image: Image.Image) -> tuple[Image.Image, bytes | None]:
    """In a mode that PNG or JPEG can keep, with the colour profile as long as it describes that mode."""
    profile = image.info.get("icc_profile") or None
    if image.mode == "CMYK":
        return _rgb_of_cmyk(image, profile), None
    if image.has_transparency_data:
        return image.convert("LA" if image.mode in ("L", "LA", "1") else "RGBA"), profile
    if image.mode in _KEPT_MODES:
        return image, profile
    if image.mode == "1":
        return image.convert("L"), profile
    if image.mode.startswith("I"):  # 16 bits of grey: convert("L") alone would clip them to white
        return image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L"), profile
    return image.convert("RGB"), profile if image.mode in ("P", "RGBX") else None


def _rgb_of_cmyk(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Print colours to screen colours: by the picture's own profile where that works, by rule of thumb otherwise."""
    if profile is not None:
        try:
            converted = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB"
            )
        except (ImageCms.PyCMSError, OSError):
            converted = None
        if converted is not None:
            return converted
    return image.convert("RGB")

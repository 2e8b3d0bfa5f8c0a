"""The demo's own photos, drawn and never downloaded: each is a kind that breaks careless thumbnailers.

The same bytes every time: hills below a sun, so that a wrong rotation or wrong colours can be seen.
"""

import io
import math
from dataclasses import dataclass

from PIL import Image, ImageCms, ImageDraw

_ORIENTATION = 0x0112  # the EXIF tag; 6 means: turn it a quarter to the right to see it upright
_TURN_RIGHT = 6
_SKY_TOP, _SKY_BOTTOM = (36, 66, 132), (252, 196, 142)
_SUN = (255, 240, 184)
_HILLS = ((94, 108, 148), (62, 92, 104), (30, 62, 58))
_SCENE = (1600, 1000)  # drawn at this size, then stretched: drawing 40 megapixels takes seconds


@dataclass(frozen=True, slots=True)
class Photo:
    """A file to upload. ``picture`` says whether a thumbnailer can and must make something of it."""

    name: str
    content: bytes
    picture: bool
    note: str = ""


def photos() -> list[Photo]:
    """EXIF rotation, CMYK, transparency, 40 megapixels, and one that was cut short."""
    scene = _scene()
    return [
        Photo("rotated.jpg", _rotated(scene), picture=True, note="lies on its side, EXIF says so"),
        Photo("print.jpg", _jpeg(scene.convert("CMYK")), picture=True, note="CMYK, as for a printer"),
        Photo("logo.png", _logo(), picture=True, note="PNG with transparency"),
        Photo("huge.jpg", _jpeg(scene.resize((8000, 5000))), picture=True, note="40 megapixels"),
        Photo("truncated.jpg", _truncated(scene), picture=False, note="cut short on its way"),
    ]


def missing_photo() -> Photo:
    """The one that a hopeless task waits for."""
    return Photo("missing.jpg", _jpeg(_scene()), picture=True, note="uploaded too late")


def _scene() -> Image.Image:
    width, height = _SCENE
    image = Image.composite(
        Image.new("RGB", _SCENE, _SKY_BOTTOM),
        Image.new("RGB", _SCENE, _SKY_TOP),
        Image.linear_gradient("L").resize(_SCENE),
    )
    draw = ImageDraw.Draw(image)
    draw.ellipse((1050, 180, 1250, 380), fill=_SUN)
    for number, colour in enumerate(_HILLS, start=1):
        base, swing = height * (0.45 + 0.14 * number), 70 - 12 * number
        ridge = [
            (x, base + swing * math.sin(x / (150 + 40 * number) + 2 * number) + 18 * math.sin(x / 47 + number))
            for x in range(0, width + 8, 8)
        ]
        draw.polygon([(0, height), *ridge, (width, height)], fill=colour)
    return image


def _jpeg(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=85)
    return file.getvalue()


def _rotated(scene: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[_ORIENTATION] = _TURN_RIGHT
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    file = io.BytesIO()
    # Stored as a phone held upright stores it: the sensor lies on its side.
    scene.resize((1200, 1600)).transpose(Image.Transpose.ROTATE_90).save(
        file, "JPEG", quality=85, exif=exif, icc_profile=profile
    )
    return file.getvalue()


def _logo() -> bytes:
    """A drop of water over a turbine's ring; what is around it is transparent."""
    image = Image.new("RGBA", (900, 900), (0, 0, 0, 0))
    draw = ImageDraw.Draw(image)
    draw.ellipse((90, 90, 810, 810), outline=(30, 62, 58, 255), width=60)
    draw.polygon([(450, 190), (330, 470), (570, 470)], fill=(40, 120, 200, 255))
    draw.ellipse((315, 390, 585, 660), fill=(40, 120, 200, 255))
    draw.ellipse((380, 460, 460, 560), fill=(255, 255, 255, 140))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def _truncated(scene: Image.Image) -> bytes:
    whole = _jpeg(scene)
    return whole[: len(whole) // 3]

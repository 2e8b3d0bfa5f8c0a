"""Pillow's part: every kind of photo becomes upright, plain and small."""

import io
from typing import Any

import pytest
from PIL import Image, ImageCms

from tasks import pictures

RED, BLUE = (254, 0, 0), (0, 0, 254)


def encoded(image: Image.Image, kind: str = "JPEG", **options: Any) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **options)
    file.seek(0)
    return file


def two_halves(size: tuple[int, int] = (400, 200)) -> Image.Image:
    image = Image.new("RGB", size, RED)
    image.paste(BLUE, (size[0] // 2, 0, *size))
    return image


def thumbnail(file: io.BytesIO, width: int) -> Image.Image:
    made = pictures.decode(file, largest_width=width).resized(width)
    image = Image.open(io.BytesIO(made.content))
    image.load()
    assert image.size == (made.width, made.height)
    return image


def colour(image: Image.Image, x: float, y: float) -> str:
    red, green, blue = image.convert("RGB").getpixel((int(image.width * x), int(image.height * y)))
    return max((red, "red"), (green, "green"), (blue, "blue"))[1]


def with_orientation(value: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = value
    return exif


def test_the_height_keeps_the_proportions():
    assert thumbnail(encoded(two_halves((400, 200))), 100).size == (100, 50)


@pytest.mark.parametrize(
    ("orientation", "red_at"), [(1, (0.2, 0.5)), (3, (0.8, 0.5)), (6, (0.5, 0.2)), (8, (0.5, 0.8))]
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
def test_a_photo_is_turned_as_its_exif_says(kind, orientation, red_at):
    options = {"quality": 90} if kind in ("JPEG", "WEBP") else {}
    image = thumbnail(encoded(two_halves(), kind, exif=with_orientation(orientation), **options), 80)
    assert image.size == ((80, 40) if orientation in (1, 3) else (80, 160))
    assert (colour(image, *red_at), colour(image, 1 - red_at[0], 1 - red_at[1])) == ("red", "blue")


def test_the_size_told_is_that_of_the_upright_picture():
    picture = pictures.decode(encoded(two_halves(), exif=with_orientation(6)), largest_width=50)
    assert (picture.width, picture.height) == (200, 400)


def test_cmyk_becomes_rgb():
    image = thumbnail(encoded(two_halves().convert("CMYK")), 80)
    assert (image.mode, colour(image, 0.2, 0.5), colour(image, 0.8, 0.5)) == ("RGB", "red", "blue")


def test_a_cmyk_photo_with_a_broken_profile_is_converted_all_the_same():
    image = thumbnail(encoded(two_halves().convert("CMYK"), icc_profile=b"no profile"), 80)
    assert (image.mode, colour(image, 0.2, 0.5), "icc_profile" in image.info) == ("RGB", "red", False)


def test_a_png_with_alpha_stays_a_png_with_alpha():
    source = two_halves().convert("RGBA")
    source.paste((0, 0, 0, 0), (0, 0, 200, 200))
    image = thumbnail(encoded(source, "PNG"), 80)
    assert (image.format, image.getpixel((10, 20))[3], image.getpixel((70, 20))[3]) == ("PNG", 0, 255)


def test_a_palette_with_a_transparent_colour_keeps_it():
    source = two_halves().quantize(8)
    image = thumbnail(encoded(source, "GIF", transparency=source.getpixel((10, 10))), 80)
    assert (image.format, image.mode, image.getpixel((10, 20))[3]) == ("PNG", "RGBA", 0)


def test_a_picture_without_alpha_becomes_a_jpeg():
    assert thumbnail(encoded(two_halves(), "PNG"), 80).format == "JPEG"


def test_sixteen_bits_of_grey_are_scaled_and_not_clipped():
    image = thumbnail(encoded(Image.new("I;16", (200, 100), 0x8000), "PNG"), 50)
    assert (image.mode, image.getpixel((20, 20))) == ("L", 128)


def test_metadata_is_left_behind():
    exif = with_orientation(1)
    exif[0x010F] = "A camera"
    image = thumbnail(encoded(two_halves(), exif=exif, comment=b"secret", xmp=b"<x:xmpmeta/>"), 80)
    assert image.info.keys() & {"exif", "comment", "xmp"} == set()


def test_the_colour_profile_is_kept():
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert thumbnail(encoded(two_halves(), icc_profile=profile), 80).info["icc_profile"] == profile


def test_a_large_jpeg_is_decoded_at_a_fraction_of_its_size():
    picture = pictures.decode(encoded(Image.new("RGB", (4000, 3000))), largest_width=400)
    assert (picture.width, picture.image.width) == (4000, 1000)


def test_damaged_exif_does_not_cost_the_photo():
    assert thumbnail(encoded(two_halves(), exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage"), 80).size == (80, 40)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_truncated_picture_is_refused(kind):
    noise = Image.effect_noise((300, 300), 80).convert("RGB")
    content = encoded(noise, kind).getvalue()
    with pytest.raises(pictures.NotAPicture, match="cut short"):
        pictures.decode(io.BytesIO(content[: len(content) // 2]), largest_width=100)


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7 no picture", b"\0" * 2000, b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_a_foreign_file_is_refused_with_the_kinds_that_are_taken(content):
    with pytest.raises(pictures.NotAPicture, match=r"not a picture of a known kind .*PNG"):
        pictures.decode(io.BytesIO(content), largest_width=100)


@pytest.mark.parametrize("side", [10_001, 20_000])
def test_a_decompression_bomb_is_refused_before_it_is_decoded(side):
    bomb = encoded(Image.new("1", (side, side)), "PNG")
    with pytest.raises(pictures.NotAPicture, match="more than 100 megapixels"):
        pictures.decode(bomb, largest_width=100)

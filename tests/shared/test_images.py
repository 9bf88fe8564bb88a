"""Pictures are checked, stripped and kept once."""

import hashlib
import os
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow
from PIL import PngImagePlugin
from PIL.TiffImagePlugin import IFDRational

from shared import images
from shared.images import Image, ImageTooLarge, ImageTypeUnsupported, ImageUnreadable, image_name, store, stripped
from shared.storage import Storage

GPS = 0x8825


def a_picture(kind: str = "JPEG", *, mode: str = "RGB", size: tuple[int, int] = (64, 48), **options: Any) -> bytes:
    written = BytesIO()
    Pillow.new(mode, size, 120 if mode in {"L", "P"} else None).save(written, format=kind, **options)
    return written.getvalue()


def a_photo_with_place() -> bytes:
    exif = Pillow.Exif()
    exif[0x010F] = "Camera of Somebody"
    exif[0x0112] = 6  # held upright: to be turned by 90 degrees
    exif.get_ifd(GPS)[1] = "S"
    exif.get_ifd(GPS)[2] = (7.0, 48.0, 3.0)
    return a_picture(exif=exif, comment=b"in front of the house of Somebody", icc_profile=b"profile" * 20)


async def unnoted(_picture: Image) -> None:
    """Stand in for the row that a service notes of a picture before it is kept."""


@pytest.mark.parametrize(("kind", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png"), ("WEBP", "image/webp")])
async def test_a_picture_is_kept_under_the_digest_of_what_is_kept(kind: str, media_type: str, tmp_path: Path) -> None:
    kept = await store(a_picture(kind), Storage(tmp_path.as_uri()), note=unnoted)
    assert (kept.media_type, kept.width, kept.height) == (media_type, 64, 48)
    content = (tmp_path / image_name(kept.digest, kept.media_type)).read_bytes()
    assert hashlib.sha256(content).hexdigest() == kept.digest


def test_everything_but_the_picture_goes() -> None:
    photo = a_photo_with_place()
    assert b"Somebody" in photo
    clean, _, size = stripped(photo)
    assert size == (48, 64), "it was turned upright before the note of it went"
    assert b"Somebody" not in clean
    opened = Pillow.open(BytesIO(clean))
    assert not opened.getexif()
    assert not {"exif", "icc_profile", "comment", "xmp"} & opened.info.keys()


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_texts_and_places_in_other_kinds_go_too(kind: str) -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Somebody")
    exif = Pillow.Exif()
    exif[0x010F] = "Somebody"
    options: dict[str, Any] = {"pnginfo": notes} if kind == "PNG" else {"xmp": b"<x>Somebody</x>"}
    photo = a_picture(kind, exif=exif, icc_profile=b"Somebody's profile", **options)
    assert b"Somebody" in photo
    clean, _, _ = stripped(photo)
    assert b"Somebody" not in clean
    assert not Pillow.open(BytesIO(clean)).info.keys() & {"exif", "icc_profile", "xmp", "Author"}


@pytest.mark.parametrize(
    ("kind", "mode"), [("JPEG", "CMYK"), ("PNG", "P"), ("PNG", "1"), ("PNG", "I;16"), ("WEBP", "RGBA")]
)
def test_uncommon_kinds_of_pixels_are_read(kind: str, mode: str) -> None:
    assert stripped(a_picture(kind, mode=mode))[2] == (64, 48)


def test_transparency_stays() -> None:
    clean, _, _ = stripped(a_picture("PNG", mode="RGBA"))
    assert Pillow.open(BytesIO(clean)).mode == "RGBA"


@pytest.mark.parametrize("content", [b"", b"hello", b"GIF89a" + bytes(40), b"%PDF-1.7", b"<svg/>", a_picture("BMP")])
def test_other_kinds_are_refused(content: bytes) -> None:
    with pytest.raises(ImageTypeUnsupported):
        stripped(content)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_half_a_picture_is_refused(kind: str) -> None:
    content = a_picture(kind, size=(400, 400))
    with pytest.raises(ImageUnreadable):
        stripped(content[: len(content) // 2])


def test_a_false_name_helps_nobody() -> None:
    with pytest.raises(ImageUnreadable):
        stripped(b"\xff\xd8\xff" + a_picture("PNG"))


def test_a_bomb_is_refused_before_it_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(images, "MOST_PIXELS", 63 * 48)
    with pytest.raises(ImageTooLarge):
        stripped(a_picture("PNG"))


def test_too_many_bytes_are_refused() -> None:
    with pytest.raises(ImageTooLarge):
        stripped(a_picture() + bytes(images.MOST_BYTES))


async def test_the_same_picture_is_kept_once_and_nothing_half_written_stays(tmp_path: Path) -> None:
    storage = Storage(tmp_path.as_uri())
    first, second = [await store(a_picture(), storage, note=unnoted) for _ in "12"]
    assert first == second
    files = [name for _, _, names in os.walk(tmp_path) for name in names]
    assert files == [f"{first.digest}.jpg"]


@pytest.mark.parametrize(
    "noted",
    [
        {2: (IFDRational(0, 0),) * 3},
        {2: (IFDRational(1, 0),) * 3},
        {2: (7.0,)},
        {2: (91.0, 0.0, 0.0)},
    ],
    ids=str,
)
def test_a_place_that_is_none_is_no_fault(noted: dict[int, Any]) -> None:
    exif = Pillow.Exif()
    here = (IFDRational(7, 1), IFDRational(48, 1), IFDRational(3, 1))
    exif.get_ifd(GPS).update({1: "S", 2: here, 3: "E", 4: here})
    assert images.location_of(a_picture(exif=exif)) is not None
    exif.get_ifd(GPS).update(noted)

    assert images.location_of(a_picture(exif=exif)) is None


@pytest.mark.filterwarnings("ignore")
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(["JPEG", "PNG", "WEBP"]), st.data())
def test_whatever_is_broken_in_a_picture_is_refused_or_kept(kind: str, data: st.DataObject) -> None:
    exif = Pillow.Exif()
    exif[0x0112] = 6
    exif.get_ifd(GPS).update({1: "S", 2: (7.0, 48.0, 3.0), 3: "E", 4: (110.0, 22.0, 12.0)})
    content = bytearray(a_picture(kind, exif=exif))
    places = st.lists(st.tuples(st.integers(0, len(content) - 1), st.integers(0, 255)), min_size=1, max_size=8)
    for place, value in data.draw(places):
        content[place] = value
    try:
        stripped(bytes(content))
    except (ImageUnreadable, ImageTypeUnsupported, ImageTooLarge):
        return
    images.location_of(bytes(content))

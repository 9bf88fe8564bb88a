"""Photos: checked, stripped of everything but the picture, and kept by their digest."""

import asyncio
import hashlib
import struct
import zlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Annotated, Any

from fastapi import Depends, Request
from PIL import ExifTags, ImageOps
from PIL import Image as Pillow

from shared.errors import Invalid, Text
from shared.storage import Storage

MOST_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 40_000_000
"""What a telephone's camera makes at its usual setting; decoded it takes four bytes a pixel."""

AT_ONCE = asyncio.Semaphore(2)
"""How many pictures a process opens at a time, so that their pixels never fill the memory."""

FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
ENDINGS = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}
MODES = {"image/jpeg": ("RGB", "L"), "image/png": ("RGB", "RGBA", "L", "LA"), "image/webp": ("RGB", "RGBA")}
QUALITY: dict[str, dict[str, Any]] = {
    "image/jpeg": {"quality": 85},
    "image/png": {},
    "image/webp": {"quality": 85, "method": 2},
}
BROKEN = (OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, struct.error, zlib.error)
"""What the decoders raise when the bytes are not what they claim."""

# Our own bound is checked first and refuses instead of warning.
Pillow.MAX_IMAGE_PIXELS = None


class ImageUnreadable(Invalid):
    code = "image.unreadable"
    title = Text("Gambar tidak terbaca", "Unreadable image")
    detail = Text("Isi permintaan bukan gambar yang utuh.", "The body is not a whole image.")
    fix = Text("Kirim ulang berkas foto aslinya.", "Send the original photo again.")


class ImageTooLarge(Invalid):
    status = 413
    code = "image.too_large"
    title = Text("Gambar terlalu besar", "Image too large")
    detail = Text(
        "Satu gambar paling besar {bytes} bita dan {pixels} piksel.",
        "One image is at most {bytes} bytes and {pixels} pixels.",
    )
    fix = Text("Perkecil fotonya sebelum dikirim.", "Make the photo smaller before sending it.")

    def __init__(self) -> None:
        super().__init__(bytes=MOST_BYTES, pixels=MOST_PIXELS)


class ImageTypeUnsupported(Invalid):
    status = 415
    code = "image.type_unsupported"
    title = Text("Jenis gambar tidak didukung", "Unsupported kind of image")
    detail = Text("Hanya JPEG, PNG dan WebP yang diterima.", "Only JPEG, PNG and WebP are taken.")
    fix = Text("Simpan fotonya sebagai JPEG.", "Save the photo as JPEG.")


@dataclass(frozen=True, slots=True)
class Image:
    """A picture as it is kept: SHA-256 (hex) of its bytes, kind, and width and height in pixels."""

    digest: str
    media_type: str
    width: int
    height: int


def media_type_of(content: bytes) -> str:
    """Return what kind of image the bytes begin as, or ImageTypeUnsupported; names and headers may lie."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    raise ImageTypeUnsupported


def stripped(content: bytes, *, most_bytes: int = MOST_BYTES) -> tuple[bytes, str, tuple[int, int]]:
    """Return a picture's bytes encoded anew, its media type and size: no EXIF, no place, no comment.

    It is turned upright first, because the note of which way the camera was held goes too.
    """
    if len(content) > most_bytes:
        raise ImageTooLarge
    media_type = media_type_of(content)
    try:
        with Pillow.open(BytesIO(content), formats=(FORMATS[media_type],)) as opened:
            if opened.width * opened.height > MOST_PIXELS:
                raise ImageTooLarge
            upright = ImageOps.exif_transpose(opened)
            modes = MODES[media_type]
            if upright.mode in modes:
                pixels = upright.copy()
            else:
                pixels = upright.convert("RGBA" if upright.has_transparency_data and "RGBA" in modes else "RGB")
        pixels.info.clear()
        written = BytesIO()
        pixels.save(written, format=FORMATS[media_type], **QUALITY[media_type])
    except BROKEN as error:
        raise ImageUnreadable from error
    return written.getvalue(), media_type, pixels.size


def thumbnail(clean: bytes, edge: int) -> bytes:
    """Return a JPEG of a stripped picture, neither side longer than `edge` pixels."""
    with Pillow.open(BytesIO(clean)) as opened:
        small = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    small.thumbnail((edge, edge))
    if small.mode == "RGBA":
        ground = Pillow.new("RGB", small.size, "white")
        ground.paste(small, mask=small.getchannel("A"))
        small = ground
    written = BytesIO()
    small.save(written, format="JPEG", quality=75)
    return written.getvalue()


def location_of(content: bytes) -> tuple[Decimal, Decimal] | None:
    """Return latitude and longitude in degrees, as a camera noted them in a picture; None where it did not."""
    try:
        with Pillow.open(BytesIO(content), formats=(FORMATS[media_type_of(content)],)) as opened:
            noted = opened.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        latitude = _degrees(noted[ExifTags.GPS.GPSLatitude], south_or_west=noted[ExifTags.GPS.GPSLatitudeRef] == "S")
        longitude = _degrees(noted[ExifTags.GPS.GPSLongitude], south_or_west=noted[ExifTags.GPS.GPSLongitudeRef] == "W")
        # Also no number: a telephone that does not know yet where it is notes 0/0.
        known = abs(latitude) <= 90 and abs(longitude) <= 180
    except (*BROKEN, ArithmeticError):
        return None
    return (latitude, longitude) if known else None


def _degrees(parts: tuple[Any, Any, Any], *, south_or_west: bool) -> Decimal:
    degrees, minutes, seconds = (Decimal(str(float(one))) for one in parts)
    found = (degrees + minutes / 60 + seconds / 3600).quantize(Decimal("0.000001"))
    return -found if south_or_west else found


def image_name(digest: str, media_type: str) -> str:
    """Return the name of a picture in storage."""
    return f"{digest[:2]}/{digest}.{ENDINGS[media_type]}"


async def store(content: bytes, storage: Storage, *, note: Callable[[Image], Awaitable[None]]) -> Image:
    """Check and strip a picture and keep it; ImageUnreadable, ImageTooLarge or ImageTypeUnsupported.

    It is noted before it is put, so that nothing lies in storage of which no row knows. Call it before the
    transaction's first statement: it takes some tenths of a second, in a thread.
    """
    async with AT_ONCE:
        clean, media_type, (width, height) = await asyncio.to_thread(stripped, content)
    image = Image(hashlib.sha256(clean).hexdigest(), media_type, width, height)
    await note(image)
    name = image_name(image.digest, media_type)
    if not await storage.has(name):
        await storage.put(name, clean)
    return image


async def _image_body(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise ImageTooLarge
    return await request.body()


ImageBody = Annotated[bytes, Depends(_image_body)]
"""The raw body of an upload; put it after the permission in a route's signature."""

IMAGE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "One picture of at most 5 MB; what the camera noted beside it is removed",
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FORMATS},
    }
}
"""Goes into a route's `openapi_extra`."""

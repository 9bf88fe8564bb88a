"""Drawn pictures that stand for photos, with a place and a camera written into them as telephones do."""

from functools import cache
from io import BytesIO
from random import Random

from PIL import Image, ImageDraw, ImageFont
from PIL.ExifTags import GPS, IFD, Base

SIZE = (640, 480)
SKY, GROUND, WALL = (186, 206, 217), (139, 125, 107), (205, 186, 160)
WATER, EARTH, CONCRETE = (96, 116, 122), (94, 70, 50), (168, 168, 164)
NEAR_KRICAK = ((7.0, 46.0, 30.0), (110.0, 21.0, 25.0))
"""Degrees, minutes and seconds south and east: a place that must never come out again."""


@cache
def drawn(stage: str, caption: str) -> bytes:
    """Return a JPEG of a lane before, during or after the works; the same picture each time."""
    picture = Image.new("RGB", SIZE, SKY)
    pen, chance = ImageDraw.Draw(picture), Random(f"{stage}/{caption}")
    pen.rectangle((0, 210, 640, 480), fill=GROUND)
    for left in range(-40, 680, 120):
        top = 110 + chance.randint(-25, 25)
        pen.rectangle((left, top, left + 100, 300), fill=WALL, outline=EARTH)
        pen.polygon([(left - 8, top), (left + 50, top - 45), (left + 108, top)], fill=(150, 70, 50))
    match stage:
        case "before":
            pen.polygon([(60, 480), (250, 300), (420, 300), (600, 480)], fill=WATER)
            for _ in range(40):
                x, y = chance.randint(120, 520), chance.randint(330, 470)
                pen.arc((x, y, x + 30, y + 8), 180, 360, fill=(200, 215, 220))
        case "during":
            pen.polygon([(260, 480), (315, 300), (345, 300), (400, 480)], fill=EARTH)
            for step in range(6):
                pen.line((250 - step * 2, 320 + step * 28, 200, 320 + step * 28), fill=EARTH, width=6)
        case _:
            pen.polygon([(240, 480), (310, 300), (350, 300), (420, 480)], fill=CONCRETE)
            pen.polygon([(290, 480), (322, 300), (338, 300), (370, 480)], fill=WATER)
    pen.rectangle((0, 0, 640, 34), fill=(20, 30, 40))
    pen.text((10, 9), f"GAMBAR CONTOH - {caption} - {stage}", fill="white", font=ImageFont.load_default())
    out = BytesIO()
    picture.save(out, "JPEG", quality=72, exif=_exif())
    return out.getvalue()


def _exif() -> Image.Exif:
    exif = Image.Exif()
    exif[Base.Make.value], exif[Base.Model.value] = "Telepon Contoh", "C-1"
    south, east = NEAR_KRICAK
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef.value: "S",
            GPS.GPSLatitude.value: south,
            GPS.GPSLongitudeRef.value: "E",
            GPS.GPSLongitude.value: east,
        }
    )
    return exif

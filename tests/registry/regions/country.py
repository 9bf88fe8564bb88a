"""A country of full size: invented names under codes of the real shape, as many of each level as Indonesia has."""

import csv
import gzip
from collections.abc import Iterator
from itertools import cycle, islice
from pathlib import Path
from random import Random
from typing import Any

from services.registry.regions.editions import FILES
from services.registry.regions.rules import Level

PROVINCES = (
    *range(11, 20), 21, *range(31, 37), *range(51, 54), *range(61, 66), *range(71, 77), 81, 82, *range(91, 97),
)  # fmt: skip
"""First parts of the codes in use: islands from west to east, and within them the provinces by age."""

KABUPATEN, KOTA, DISTRICTS, VILLAGES = 416, 98, 7_277, 83_763
DESA_ADAT = 14
SYLLABLES = ("ba", "du", "ka", "li", "mo", "nga", "pe", "ra", "si", "ta", "wu", "yo", "cak", "den", "gun", "lem", "pur")
AFTER = ("", "", "", " Lor", " Kidul", " Baru", " I", " II", "'ala", ", Hilir", ' "Lama"')
"""What follows some names; a file has to say it in quotes."""

Line = tuple[str, str]


def whole_country(folder: Path) -> Path:
    """Write the four files of a country that is not there, the same at every time."""
    chance = Random("negeri")
    provinces = [str(code) for code in PROVINCES]
    regencies = [
        *_numbered(provinces, KABUPATEN, form="{above}.{number:02}", first=1),
        *_numbered(provinces, KOTA, form="{above}.{number:02}", first=71),
    ]
    districts = list(_numbered(regencies, DISTRICTS, form="{above}.{number:02}", first=1))
    in_towns = [code for code in districts if int(code[3:5]) >= 71]
    in_country = [code for code in districts if int(code[3:5]) < 71]
    villages = [
        *_numbered(in_towns, KOTA * 87, form="{above}.1{number:03}", first=1),
        *_numbered(in_country, VILLAGES - KOTA * 87 - DESA_ADAT, form="{above}.2{number:03}", first=1),
        *_numbered(in_country, DESA_ADAT, form="{above}.3{number:03}", first=1),
    ]
    for level, codes in zip(Level, (provinces, regencies, districts, villages), strict=True):
        with (folder / FILES[level]).open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("code", "name"))
            writer.writerows((code, _name(level, code, chance)) for code in sorted(codes))
    return folder


def _numbered(above: list[str], count: int, *, form: str, first: int) -> Iterator[str]:
    """Yield the codes of so many regions, spread over those above, and numbered from the first on in each."""
    numbers = dict.fromkeys(above, first)
    for code in islice(cycle(above), count):
        yield form.format(above=code, number=numbers[code])
        numbers[code] += 1


def _name(level: Level, code: str, chance: Random) -> str:
    word = "".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).title()
    if level is Level.REGENCY:
        return f"{'KOTA' if int(code[3:5]) >= 71 else 'KABUPATEN'} {word.upper()}"
    return word.upper() if level is Level.PROVINCE else word + (chance.choice(AFTER) if level is Level.VILLAGE else "")


def lines_of(folder: Path, level: Level) -> list[Line]:
    """Return code and name of each line of a file, plain or packed."""
    plain, packed = folder / FILES[level], folder / f"{FILES[level]}.gz"
    opener: Any = gzip.open if packed.exists() else open
    with opener(packed if packed.exists() else plain, "rt", encoding="utf-8", newline="") as file:
        return [(row["code"], row["name"].strip()) for row in csv.DictReader(file)]

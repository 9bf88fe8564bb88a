"""What a region code says about a region (REG-1)."""

import re
from enum import StrEnum

KOTA_FROM = 71
"""Kabupaten are numbered 01-69 in their province, kota 71-99 (§10)."""


class Level(StrEnum):
    """The four levels of the Kemendagri code."""

    PROVINCE = "province"
    REGENCY = "regency"
    DISTRICT = "district"
    VILLAGE = "village"


class Kind(StrEnum):
    """What a region is called."""

    PROVINSI = "provinsi"
    KABUPATEN = "kabupaten"
    KOTA = "kota"
    KECAMATAN = "kecamatan"
    KELURAHAN = "kelurahan"
    DESA = "desa"
    DESA_ADAT = "desa_adat"


PATTERNS = {
    Level.PROVINCE: re.compile(r"[0-9]{2}"),
    Level.REGENCY: re.compile(r"[0-9]{2}\.[0-9]{2}"),
    Level.DISTRICT: re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}"),
    Level.VILLAGE: re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{2}\.[0-9]{4}"),
}
VILLAGE_KINDS = {"1": Kind.KELURAHAN, "2": Kind.DESA, "3": Kind.DESA_ADAT}


class CodeInvalidError(ValueError):
    """A code that does not have the form of its level."""


def level_of(code: str) -> Level:
    """Return the level a code belongs to, or CodeInvalidError (REG-1)."""
    for level, pattern in PATTERNS.items():
        if pattern.fullmatch(code):
            return level
    raise CodeInvalidError(code)


def kind_of(code: str) -> Kind:
    """Return what a region with this code is called, or CodeInvalidError.

    A village whose last part begins with 3 is a desa adat: kept (REG-1). Another first digit is refused.
    """
    match level_of(code):
        case Level.PROVINCE:
            return Kind.PROVINSI
        case Level.REGENCY:
            return Kind.KOTA if int(code[-2:]) >= KOTA_FROM else Kind.KABUPATEN
        case Level.DISTRICT:
            return Kind.KECAMATAN
        case Level.VILLAGE:
            kind = VILLAGE_KINDS.get(code[-4])
            if kind is None:
                raise CodeInvalidError(code)
            return kind


def parent_of(code: str) -> str | None:
    """Return the code of the region above, None above a province."""
    above = code.rpartition(".")[0]
    return above or None

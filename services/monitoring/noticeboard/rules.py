"""How numbers, days and choices are written for people, in either language."""

from collections.abc import Mapping
from datetime import date

from shared.errors import Language

MONTHS: Mapping[Language, tuple[str, ...]] = {
    "id": ("Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"),
    "en": ("January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"),
}  # fmt: skip
SEPARATOR: Mapping[Language, str] = {"id": ".", "en": ","}


def number(value: int, language: Language) -> str:
    """Return a number with its thousands apart: 1.500.000 in Indonesian, 1,500,000 in English."""
    return f"{value:,}".replace(",", SEPARATOR[language])


def rupiah(value: int, language: Language) -> str:
    """Return an amount of rupiah: Rp1.500.000."""
    return f"Rp{number(value, language)}"


def day(value: date, language: Language) -> str:
    """Return a day: 5 Maret 2026."""
    return f"{value.day} {MONTHS[language][value.month - 1]} {value.year}"


def month(value: str, language: Language) -> str:
    """Return a month such as 2026-03, for a narrow column: Mar 2026."""
    year, _, of_year = value.partition("-")
    return f"{MONTHS[language][int(of_year) - 1][:3]} {year}"


def share(numerator: int, denominator: int) -> str:
    """Return a fraction in whole percent, cut and never rounded up: 99.9 % is not all."""
    return f"{numerator * 100 // denominator} %"


def grouped(digest: str) -> str:
    """Return the first 16 bytes of a digest (hex) in groups that two people can read to each other."""
    return " ".join(digest[start : start + 4] for start in range(0, 32, 4))

"""Which texts are a NIK or the number of a family card by their form, and why two households may have one card."""

import re
from enum import StrEnum

from shared.errors import Conflict, Fault, Invalid, Text

NIK_SHOWN = 4
"""Last digits of a NIK or KK number that are shown in place of the whole."""

WOMEN_FROM = 40
"""Added to the day of birth in the NIK of a woman."""


class NumberAbsent(StrEnum):
    """Why a NIK or the number of a family card is missing.

    Belum terbit, tidak ditunjukkan, hilang, tidak diketahui, keberatan, tidak ditanyakan.
    """

    NOT_ISSUED = "not_issued"
    NOT_SHOWN = "not_shown"
    LOST = "lost"
    NOT_KNOWN = "not_known"
    DECLINED = "declined"
    NOT_ASKED = "not_asked"


class KkShared(StrEnum):
    """Why a household has the family card of another one.

    Belum pecah KK, satu keluarga di dua rumah, pindah dari tempat yang belum menutupnya, nomor di sana keliru.
    """

    CARD_NOT_SPLIT = "card_not_split"
    TWO_HOUSES = "two_houses"
    MOVED_HERE = "moved_here"
    OTHER_MISTAKEN = "other_mistaken"


class KkRecorded(Conflict):
    code = "household.kk_recorded"
    title = Text("Nomor KK sudah tercatat", "Family card on record already")
    detail = Text(
        "Rumah tangga lain yang masih ada tercatat dengan nomor KK ini.",
        "Another household that still exists is on record with this number of a family card.",
    )
    fix = Text(
        "Lihat rumah tangga di `existing` bila disebut; bila keduanya memang memakai satu KK, sebutkan alasannya di"
        " kk_shared_reason.",
        "Look at the household in `existing` where one is named; if both do have one card, say why in"
        " kk_shared_reason.",
    )


class NikUnusable(Invalid):
    code = "nik.unusable"
    title = Text("NIK tidak dapat dipakai", "Unusable NIK")
    detail = Text("Yang dicari bukan NIK; lihat `errors`.", "What is looked for is not a NIK; see `errors`.")
    fix = Text("Salin NIK dari KTP atau KK.", "Copy the NIK from the KTP or KK.")


PLACEHOLDER = Text(
    "Ini pengisi, bukan nomor: kosongkan (null) dan sebutkan alasannya di {reason}.",
    "This is a placeholder, not a number: leave it null and say why in {reason}.",
)
MALFORMED = Text(
    "Nomor ini terdiri dari 16 angka dengan tanggal di dalamnya; bila tidak diketahui, kosongkan (null) dan sebutkan "
    "alasannya di {reason}.",
    "The number has 16 digits with a date among them; if it is not known, leave it null and say why in {reason}.",
)
NOTHING_SHARED = Text(
    "Alasan ini hanya untuk rumah tangga dengan nomor KK.", "This reason is for a household with a number only."
)
_SIXTEEN = re.compile(r"[0-9]{16}")
_UPWARD, _DOWNWARD = "01234567890123456789012345", "98765432109876543210987654"


def _is_placeholder(number: str) -> bool:
    """Tell whether a text stands where a number is missing: nothing, a word, 0, few digits repeated, 123456…"""
    digits = "".join(sign for sign in number if sign.isdigit())
    if not digits or len(number) - len(digits) > len(digits):
        return True
    repeated = any(digits == (digits[:n] * len(digits))[: len(digits)] for n in (1, 2, 4) if n < len(digits))
    few = len(set(digits)) < 3 and len(digits) > 3
    return len(digits) == 1 or few or repeated or digits in _UPWARD or digits in _DOWNWARD or digits.startswith("00")


def _has_form(number: str, *, latest_day: int) -> bool:
    """Tell whether a number reads as region, day, month, year and serial (Permendagri 73/2022)."""
    if not _SIXTEEN.fullmatch(number):
        return False
    day, month = int(number[6:8]), int(number[8:10])
    if day > WOMEN_FROM and latest_day > WOMEN_FROM:
        day -= WOMEN_FROM
    return number[:2] >= "11" and 1 <= day <= 31 and 1 <= month <= 12 and number[12:] != "0000"


def _number_faults(number: str, *, pointer: str, code: str, reason: str, latest_day: int) -> list[Fault]:
    if _is_placeholder(number):
        return [Fault(pointer, f"{code}.placeholder", PLACEHOLDER, {"reason": reason})]
    if not _has_form(number, latest_day=latest_day):
        return [Fault(pointer, f"{code}.malformed", MALFORMED, {"reason": reason})]
    return []


def nik_faults(nik: str) -> list[Fault]:
    """Return what is wrong with the form of a NIK; whether it suits sex and age is nobody's to judge here."""
    return _number_faults(nik, pointer="/nik", code="nik", reason="nik_absent_reason", latest_day=31 + WOMEN_FROM)


def kk_faults(number: str) -> list[Fault]:
    """Return what is wrong with the form of a family card's number (KK)."""
    return _number_faults(number, pointer="/kk_number", code="kk", reason="kk_absent_reason", latest_day=31)


def kk_shared_faults(*, given: bool, reason: KkShared | None) -> list[Fault]:
    """Return a fault for a reason to share the number of a family card where there is none."""
    return [] if given or reason is None else [Fault("/kk_shared_reason", "kk.nothing_shared", NOTHING_SHARED, {})]


def card_in(text: str) -> str | None:
    """Return the number of a family card that a text is, None where it is none that two households could share."""
    number = text.strip()
    return None if kk_faults(number) else number

"""What a region code says about a region (REG-1), and what an act of law may make of regions (REG-3)."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import Fault, Invalid, Text

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


BPS_DIGITS = {Level.PROVINCE: 2, Level.REGENCY: 4, Level.DISTRICT: 7, Level.VILLAGE: 10}
"""How many digits the statistics office's code of a level has (REG-1)."""


def wrong_bps_code(kemendagri_code: str, bps_code: str) -> str | None:
    """Return what is wrong with a pair of codes: their form and their level; None when nothing is (REG-1)."""
    try:
        level = level_of(kemendagri_code)
    except CodeInvalidError:
        return f"{kemendagri_code!r} is no Kemendagri code"
    if len(bps_code) != BPS_DIGITS[level] or not (bps_code.isascii() and bps_code.isdigit()):
        return f"{bps_code!r} is no BPS code of a {level}"
    return None


def overlapping(times: Iterable[tuple[str, date | None, date | None]]) -> set[tuple[str, date | None]]:
    """Return code and first day of each time that shares a day with another one of its code.

    Both days count; without a first day it always was, without a last day it still is.
    """
    found: set[tuple[str, date | None]] = set()
    # What a day shares with an earlier time it shares with the one among them that lasts longest.
    longest: dict[str, tuple[date | None, date]] = {}
    for code, first, last in sorted(times, key=lambda one: (one[0], one[1] or date.min)):
        until = last or date.max
        if code in longest:
            before, its_end = longest[code]
            if (first or date.min) <= its_end:
                found |= {(code, before), (code, first)}
            if until <= its_end:
                continue
        longest[code] = (first, until)
    return found


class SuccessionKind(StrEnum):
    """What an act of law does to regions."""

    SPLIT = "split"
    MERGE = "merge"
    RENAME = "rename"
    CHANGE_OF_KIND = "change_of_kind"
    RENUMBERING = "renumbering"


@dataclass(frozen=True, slots=True)
class Successor:
    """What an act opens: its code, its name where that is new, and regions right below that it gets under new codes."""

    code: str
    name: str | None
    takes: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """A region that becomes another one; `inherits` says whether its recorded rows stay with that one."""

    old: str
    new: str
    name: str | None
    inherits: bool


class SuccessionInvalid(Invalid):
    code = "succession.invalid"
    title = Text("Penerusan wilayah tidak sah", "Invalid succession")
    detail = Text(
        "Penerusan wilayah ini melanggar {count} aturan; lihat `errors`.",
        "This succession breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa peraturan yang menjadi dasarnya.", "Check the regulation it rests on.")


ONE = Text("Tindakan ini mengenai satu wilayah.", "This act is about one region.")
SEVERAL = Text("Tindakan ini memerlukan dua wilayah atau lebih.", "This act needs two regions or more.")
TWICE = Text("Kode ini disebut lebih dari sekali.", "This code is named more than once.")
NO_CODE = Text("Kode ini tidak menurut bentuk kode Kemendagri.", "This code has no form of a Kemendagri code.")
OTHER_LEVEL = Text("Semua wilayah harus setingkat.", "All regions are of one level.")
SAME_CODE = Text("Ganti nama mempertahankan kode.", "A new name keeps the code.")
OTHER_CODE = Text("Tindakan ini memberi kode baru.", "This act gives a new code.")
SAME_KIND = Text("Kode ini menunjuk {kind} lagi, bukan jenis lain.", "This code says {kind} again, no other kind.")
OTHER_KIND = Text(
    "Kode ini menunjuk {kind}; penomoran ulang tidak mengubah jenis.",
    "This code says {kind}; renumbering does not change the kind.",
)
NAME = Text("Nama wilayah baru harus disebut.", "A new region needs its name.")
HEIR = Text("Pewaris harus salah satu penerus.", "The heir is one of the successors.")
NO_HEIR = Text("Hanya pemekaran memiliki pewaris.", "Only a split has an heir.")
HEIR_KEEPS = Text(
    "Penerus yang mempertahankan kode adalah pewarisnya.", "The successor that keeps the code is the heir."
)
MINUTES = Text("Berita acara yang menyebut pewaris harus disebut.", "Name the minutes that say who the heir is.")
NOT_BELOW = Text(
    "Kode ini tidak tepat di bawah wilayah yang diteruskan.", "This code is not right below a region that is succeeded."
)
NOT_UNDER = Text("Kode baru ini tidak tepat di bawah penerusnya.", "This new code is not right below its successor.")
TAKES_NONE = Text("Ganti nama tidak memindahkan apa pun.", "A new name moves nothing.")


def _kind(code: str) -> Kind | None:
    try:
        return kind_of(code)
    except CodeInvalidError:
        return None


def _numbers_faults(kind: SuccessionKind, predecessors: Sequence[str], successors: Sequence[Successor]) -> list[Fault]:
    found = []
    for pointer, count, several in (
        ("/predecessors", len(predecessors), kind is SuccessionKind.MERGE),
        ("/successors", len(successors), kind is SuccessionKind.SPLIT),
    ):
        if several and count < 2:
            found.append(Fault(pointer, "succession.too_few", SEVERAL, {}))
        if not several and count != 1:
            found.append(Fault(pointer, "succession.not_one", ONE, {}))
    return found


def _code_faults(kind: SuccessionKind, predecessors: Sequence[str], successors: Sequence[Successor]) -> list[Fault]:
    """Return what is wrong with the codes: form, level, and what the act may change of them (REG-1)."""
    level = level_of(predecessors[0])
    named = [(f"/predecessors/{index}", code) for index, code in enumerate(predecessors)]
    opened = [(f"/successors/{index}/code", one.code) for index, one in enumerate(successors)]
    found = []
    for group in (named, opened):
        codes = Counter(code for _, code in group)
        found += [Fault(pointer, "succession.named_twice", TWICE, {}) for pointer, code in group if codes[code] > 1]
        found += [
            Fault(pointer, "succession.other_level", OTHER_LEVEL, {})
            for pointer, code in group
            if level_of(code) is not level
        ]
    found += [Fault(pointer, "region.code_invalid", NO_CODE, {}) for pointer, code in opened if _kind(code) is None]
    if found or kind in {SuccessionKind.SPLIT, SuccessionKind.MERGE}:
        return found
    pointer, new = opened[0]
    old, said = predecessors[0], {"kind": kind_of(new)}
    if kind is SuccessionKind.RENAME:
        return [] if new == old else [Fault(pointer, "succession.same_code", SAME_CODE, {})]
    if new == old:
        return [Fault(pointer, "succession.other_code", OTHER_CODE, {})]
    changes = kind_of(new) is not _kind(old)
    if kind is SuccessionKind.CHANGE_OF_KIND and not changes:
        return [Fault(pointer, "succession.same_kind", SAME_KIND, said)]
    if kind is SuccessionKind.RENUMBERING and changes:
        return [Fault(pointer, "succession.other_kind", OTHER_KIND, said)]
    return []


def _name_faults(kind: SuccessionKind, predecessors: Sequence[str], successors: Sequence[Successor]) -> list[Fault]:
    keeps = {SuccessionKind.CHANGE_OF_KIND, SuccessionKind.RENUMBERING}
    return [
        Fault(f"/successors/{index}/name", "succession.name_missing", NAME, {})
        for index, one in enumerate(successors)
        if one.name is None and kind not in keeps and (kind is SuccessionKind.RENAME or one.code not in predecessors)
    ]


def _heir_faults(
    kind: SuccessionKind,
    predecessors: Sequence[str],
    successors: Sequence[Successor],
    *,
    heir: str | None,
    minutes: str | None,
) -> list[Fault]:
    if kind is not SuccessionKind.SPLIT:
        return [] if heir is None else [Fault("/heir", "succession.no_heir", NO_HEIR, {})]
    codes = {one.code for one in successors}
    found = []
    if heir not in codes:
        found.append(Fault("/heir", "succession.heir", HEIR, {}))
    elif predecessors[0] in codes and heir != predecessors[0]:
        # One code cannot mean its own rows today and another region's rows of yesterday.
        found.append(Fault("/heir", "succession.heir_keeps_code", HEIR_KEEPS, {}))
    if minutes is None:
        found.append(Fault("/minutes_reference", "succession.minutes_missing", MINUTES, {}))
    return found


def _takes_faults(kind: SuccessionKind, predecessors: Sequence[str], successors: Sequence[Successor]) -> list[Fault]:
    every = [pair for one in successors for pair in one.takes]
    olds, news = Counter(old for old, _ in every), Counter(new for _, new in every)
    found = []
    for index, one in enumerate(successors):
        if one.takes and kind is SuccessionKind.RENAME:
            found.append(Fault(f"/successors/{index}/takes", "succession.takes_none", TAKES_NONE, {}))
            continue
        for number, (old, new) in enumerate(one.takes):
            at = f"/successors/{index}/takes/{number}"
            if parent_of(old) not in predecessors:
                found.append(Fault(f"{at}/code", "succession.not_below", NOT_BELOW, {}))
            if parent_of(new) != one.code:
                found.append(Fault(f"{at}/new_code", "succession.not_under", NOT_UNDER, {}))
            if _kind(new) is None:
                found.append(Fault(f"{at}/new_code", "region.code_invalid", NO_CODE, {}))
            if olds[old] > 1:
                found.append(Fault(f"{at}/code", "succession.named_twice", TWICE, {}))
            if news[new] > 1:
                found.append(Fault(f"{at}/new_code", "succession.named_twice", TWICE, {}))
    return found


def require_valid_succession(
    kind: SuccessionKind,
    *,
    predecessors: Sequence[str],
    successors: Sequence[Successor],
    heir: str | None,
    minutes: str | None,
) -> None:
    """Refuse an act that contradicts itself or the form of codes, naming each fault (REG-1, REG-3)."""
    found = _numbers_faults(kind, predecessors, successors)
    if not found:
        found += _code_faults(kind, predecessors, successors)
        found += _name_faults(kind, predecessors, successors)
        found += _heir_faults(kind, predecessors, successors, heir=heir, minutes=minutes)
        found += _takes_faults(kind, predecessors, successors)
    if found:
        raise SuccessionInvalid(faults=found, count=len(found))


def steps(
    *, predecessors: Sequence[str], successors: Sequence[Successor], heir: str | None, standing: Iterable[str]
) -> list[Step]:
    """Return each region that becomes another: those named, then what lies below them.

    `standing` are the codes of the predecessors and of all that lies below. What a successor takes goes there with
    all that lies below it; the rest follows the heir, under its last parts as before.
    """
    inherits = heir or successors[0].code
    found = [Step(old, one.code, one.name, inherits=one.code == inherits) for old in predecessors for one in successors]
    moved = {old: new for one in successors for old, new in one.takes}
    moved |= dict.fromkeys(predecessors, inherits)
    for code in sorted(set(standing) - set(predecessors)):
        above: str | None = code
        while above is not None and above not in moved:
            above = parent_of(above)
        if above is not None and moved[above] != above:
            found.append(Step(code, f"{moved[above]}{code[len(above) :]}", None, inherits=True))
    return found

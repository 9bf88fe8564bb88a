"""What an officer may declare, and which numbers of a board everybody may see (§12 #1, EL-6, EL-10, EL-12)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import Fault, Invalid, Text

SMALLEST_CELL = 5
"""Persons; fewer poor officers than this are not told, for their names are public."""


class WomanUnknown(StrEnum):
    """Why it is not known whether an officer is a woman: tidak ditanyakan, keberatan."""

    NOT_ASKED = "not_asked"
    DECLINED = "declined"


class PoorUnknown(StrEnum):
    """Why it is not known whether an officer is poor: tidak ditanyakan, keberatan, belum ada daftar miskin (PS-2)."""

    NOT_ASKED = "not_asked"
    DECLINED = "declined"
    NO_POVERTY_LIST = "no_poverty_list"


class OccupationUnknown(StrEnum):
    """Why it is not known what an officer lives from: tidak ditanyakan, keberatan."""

    NOT_ASKED = "not_asked"
    DECLINED = "declined"


class OfficesUnknown(StrEnum):
    """Why it is not known what else an officer is: tidak ditanyakan, keberatan."""

    NOT_ASKED = "not_asked"
    DECLINED = "declined"


class Occupation(StrEnum):
    """What an officer lives from.

    Petani atau nelayan, buruh, pedagang atau usaha sendiri, karyawan, ASN atau guru, TNI atau Polri, tenaga ahli,
    mengurus rumah tangga, pensiunan, pelajar, tidak bekerja, lainnya.
    """

    FARMER_OR_FISHER = "farmer_or_fisher"
    LABOURER = "labourer"
    TRADER = "trader"
    EMPLOYEE = "employee"
    CIVIL_SERVANT = "civil_servant"
    MILITARY_OR_POLICE = "military_or_police"
    PROFESSIONAL = "professional"
    HOMEMAKER = "homemaker"
    RETIRED = "retired"
    STUDENT = "student"
    WITHOUT_WORK = "without_work"
    OTHER = "other"


class OtherOffice(StrEnum):
    """What else an officer is in the kelurahan (EL-10).

    Ketua RT, ketua RW, aparat kelurahan atau desa, BPD, LPMK/LKMD, PKK, pejabat pemerintah, anggota DPRD,
    pengurus partai, pemuka agama atau adat, lainnya.
    """

    RT_HEAD = "rt_head"
    RW_HEAD = "rw_head"
    KELURAHAN_STAFF = "kelurahan_staff"
    VILLAGE_COUNCIL = "village_council"
    LPM = "lpm"
    PKK = "pkk"
    GOVERNMENT = "government"
    LEGISLATOR = "legislator"
    PARTY = "party"
    RELIGIOUS_OR_CUSTOMARY = "religious_or_customary"
    OTHER = "other"


class Untold(StrEnum):
    """Why a number is null; a missing number is never zero."""

    NOBODY_IN_OFFICE = "nobody_in_office"
    NOTHING_DECLARED = "nothing_declared"
    NOT_ALL_DECLARED = "not_all_declared"
    CHANGED_SINCE_ELECTION = "changed_since_election"
    FEWER_THAN_FIVE = "fewer_than_five"
    TELLS_ANOTHER = "tells_another"
    ALL_ALIKE = "all_alike"
    NOT_COUNTED = "not_counted"


class DeclarationInvalid(Invalid):
    code = "declaration.invalid"
    title = Text("Pernyataan tidak lengkap", "Incomplete declaration")
    detail = Text(
        "Pernyataan ini melanggar {count} aturan; lihat `errors`.",
        "This declaration breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Isi nilainya, atau alasan mengapa kosong.", "Give the value, or the reason why it is missing.")


class OfficerUnknown(Invalid):
    code = "officer.unknown"
    title = Text("Anggota tidak dikenal", "Unknown officer")
    detail = Text("Tidak ada anggota dengan id {id} di lembaga ini.", "This board has no officer with the id {id}.")
    fix = Text(
        "Cari id-nya di /registry/v1/boards/{id}/officers.", "Look the id up in /registry/v1/boards/{id}/officers."
    )


REASON_MISSING = Text("Nilainya kosong: sebutkan alasannya.", "The value is null: say why.")
REASON_SUPERFLUOUS = Text("Nilainya ada, jadi alasan harus kosong.", "The value is there, so the reason must be null.")
TWICE = Text("Disebut lebih dari sekali.", "Named more than once.")
OUTSIDE_OFFICE = Text(
    "Anggota ini baru dapat menyatakannya dari {since} sampai {until}.",
    "This officer could declare it from {since} to {until} only.",
)


def declared_since(*, starts_on: date, term_starts_on: date, elected_on: date) -> date:
    """Return the first day on which an officer could declare anything about themselves.

    Who began with the term was made an officer by its election, which may lie before the first day in office; who
    followed within the term is one from the first day.
    """
    return elected_on if starts_on <= term_starts_on else starts_on


def office_faults(declared_on: date, *, since: date, until: date) -> list[Fault]:
    """Return the fault of a declaration of a day on which its officer was not elected yet, or not in office any more."""
    if since <= declared_on <= until:
        return []
    return [Fault("/declared_on", "declaration.outside_office", OUTSIDE_OFFICE, {"since": since, "until": until})]


def declaration_faults(values: Sequence[tuple[str, object, object]]) -> list[Fault]:
    """Return what is wrong with a declaration: each value (name, value, reason) has a reason where it is missing."""
    found: list[Fault] = []
    for name, value, reason in values:
        pointer = f"/{name}_unknown_reason"
        if value is None and reason is None:
            found.append(Fault(pointer, "declaration.reason_missing", REASON_MISSING, {}))
        if value is not None and reason is not None:
            found.append(Fault(pointer, "declaration.reason_superfluous", REASON_SUPERFLUOUS, {}))
        if isinstance(value, list) and len(set(value)) < len(value):
            found.append(Fault(f"/{name}", "declaration.named_twice", TWICE, {}))
    return found


@dataclass(frozen=True, slots=True)
class Declared:
    """What an officer declared by a day; None where it is not known."""

    woman: bool | None
    poor: bool | None
    occupation: str | None
    other_offices: Sequence[str] | None


@dataclass(frozen=True, slots=True)
class Share:
    """So many of those of whom it is known (persons), and of how many it is not; null for a reason."""

    numerator: int | None
    denominator: int | None
    unknown: int
    null_reason: Untold | None


def share(known: Iterable[bool | None]) -> Share:
    """Return how many of the officers something is true of; null when nobody is in office or nobody declared it."""
    values = list(known)
    told = [one for one in values if one is not None]
    if not told:
        reason = Untold.NOTHING_DECLARED if values else Untold.NOBODY_IN_OFFICE
        return Share(None, None, len(values), reason)
    return Share(sum(told), len(told), len(values) - len(told), None)


def poor_share(officers: Sequence[Declared], *, as_elected: bool) -> Share:
    """Return how many officers are poor, as far as that tells nothing of a single one, whose name is public.

    Told are only none, and five or more but not all; only once all have declared, since each further declaration
    would tell of one more person; and only of a board as it was elected, since one who leaves would take the
    difference along.
    """
    found = share([one.poor for one in officers])
    if found.numerator is None:
        return found
    reason: Untold | None = None
    if found.unknown:
        reason = Untold.NOT_ALL_DECLARED
    elif not as_elected:
        reason = Untold.CHANGED_SINCE_ELECTION
    elif 0 < found.numerator < SMALLEST_CELL:
        reason = Untold.FEWER_THAN_FIVE
    elif found.numerator == found.denominator:
        reason = Untold.ALL_ALIKE
    return found if reason is None else Share(None, None, found.unknown, reason)


def occupations(officers: Iterable[Declared]) -> list[tuple[str, int]]:
    """Return how many officers live from what, the most frequent first."""
    return _counted(one.occupation for one in officers if one.occupation is not None)


def other_offices(officers: Iterable[Declared]) -> list[tuple[str, int]]:
    """Return how many officers hold which other office, the most frequent first; one may hold several."""
    return _counted(office for one in officers for office in one.other_offices or ())


def _counted(values: Iterable[str]) -> list[tuple[str, int]]:
    return sorted(Counter(values).items(), key=lambda one: (-one[1], one[0]))

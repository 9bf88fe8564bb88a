"""What volunteers do, and which of their numbers everybody may see (§9)."""

from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from shared.errors import Conflict, Fault, Invalid, Text

SMALLEST_PUBLIC_COUNT = 5
"""Women or men among a kelurahan's volunteers are not told apart where they are fewer, for neighbours know each other."""


class VolunteerRole(StrEnum):
    """What a volunteer does.

    Relawan penggerak, tim survei (Pemetaan Swadaya), tim perencanaan partisipatif, panitia pemilihan BKM, panitia
    pembangunan, pemantau partisipatif.
    """

    MOBILISER = "mobiliser"
    SURVEY_TEAM = "survey_team"
    PLANNING_TEAM = "planning_team"
    ELECTION_COMMITTEE = "election_committee"
    WORKS_TEAM = "works_team"
    MONITORING_TEAM = "monitoring_team"


class SexMissing(StrEnum):
    """Why women and men are not told apart."""

    SUPPRESSED = "suppressed"


class BySex(NamedTuple):
    """Volunteers of one sex and the other (persons); both are None together, with the reason."""

    women: int | None
    men: int | None
    missing: SexMissing | None


class VolunteerInvalid(Invalid):
    code = "volunteer.invalid"
    title = Text("Data relawan tidak sah", "Invalid volunteer")
    detail = Text(
        "Data relawan ini melanggar {count} aturan; lihat `errors`.",
        "This volunteer breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa tugas dan tanggalnya.", "Check the roles and the dates.")


class VolunteerAlready(Conflict):
    code = "volunteer.already"
    title = Text("Sudah menjadi relawan", "A volunteer already")
    detail = Text(
        "Orang ini sudah tercatat sebagai relawan di kelurahan ini sejak {starts_on}.",
        "This person is a volunteer of this kelurahan already, since {starts_on}.",
    )
    fix = Text("Ubah tugas pada data yang ada.", "Change the roles of what is recorded.")


class ResidentElsewhere(Invalid):
    code = "volunteer.resident_elsewhere"
    title = Text("Bukan warga ini", "Not this resident")
    detail = Text(
        "Warga dengan id ini tinggal di kelurahan lain, atau orang maupun jenis kelaminnya lain.",
        "The resident of this id lives in another kelurahan, or is another person or of another sex.",
    )
    fix = Text("Cari id-nya di /registry/v1/residents.", "Look the id up in /registry/v1/residents.")


TWICE = Text("Tugas ini disebut dua kali.", "This role is named twice.")


def require_roles(roles: Sequence[str]) -> None:
    """Refuse a role that is named twice."""
    twice = [index for index, role in enumerate(roles) if role in roles[:index]]
    if twice:
        found = [Fault(f"/roles/{index}", "volunteer.role_twice", TWICE, {}) for index in twice]
        raise VolunteerInvalid(faults=found, count=len(found))


def shown_by_sex(*, women: int, men: int, original: bool = False) -> BySex:
    """Return the numbers of women and men, or neither: one alone would tell the other, beside their sum.

    So would numbers in `original` boundaries beside today's: where a kelurahan became part of another.
    """
    if original or any(0 < count < SMALLEST_PUBLIC_COUNT for count in (women, men)):
        return BySex(None, None, SexMissing.SUPPRESSED)
    return BySex(women, men, None)

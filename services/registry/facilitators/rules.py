"""What kinds of facilitators there are, and how many kelurahan one of them can serve (§9)."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from shared.errors import Conflict, Invalid, Text


class FacilitatorRole(StrEnum):
    """What a facilitator works on.

    Of a team: senior faskel, faskel teknik, faskel ekonomi, faskel sosial. Of a whole city: korkot, askot manajemen
    keuangan, askot infrastruktur, askot CD, asmandat; askot mandiri where there is no korkot.
    """

    SENIOR_FACILITATOR = "senior_facilitator"
    TECHNICAL_FACILITATOR = "technical_facilitator"
    ECONOMIC_FACILITATOR = "economic_facilitator"
    SOCIAL_FACILITATOR = "social_facilitator"
    CITY_COORDINATOR = "city_coordinator"
    FINANCE_ASSISTANT = "finance_assistant"
    INFRASTRUCTURE_ASSISTANT = "infrastructure_assistant"
    COMMUNITY_DEVELOPMENT_ASSISTANT = "community_development_assistant"
    DATA_ASSISTANT = "data_assistant"
    INDEPENDENT_ASSISTANT = "independent_assistant"


class Load(StrEnum):
    """How many kelurahan somebody serves, against the guideline: fewer, as many, or more."""

    BELOW = "below"
    WITHIN = "within"
    ABOVE = "above"


class AssignmentEnd(StrEnum):
    """Why an assignment ends though nobody took over what is in progress there.

    Meninggal, berhalangan tetap, mengundurkan diri, diberhentikan, kontrak berakhir, keliru dicatat.
    """

    DIED = "died"
    UNABLE = "unable"
    RESIGNED = "resigned"
    DISMISSED = "dismissed"
    CONTRACT_ENDED = "contract_ended"
    MISTAKEN = "mistaken"


@dataclass(frozen=True, slots=True)
class FacilitationRules:
    """What the programme phase expects of a team: kelurahan for each member, and which roles form it."""

    fewest_kelurahan: int
    most_kelurahan: int
    team: list[FacilitatorRole]


class FacilitatorUnknown(Invalid):
    code = "facilitator.unknown"
    title = Text("Fasilitator tidak dikenal", "Unknown facilitator")
    detail = Text("Tidak ada fasilitator dengan id {id}.", "There is no facilitator with the id {id}.")
    fix = Text("Cari id-nya di /registry/v1/facilitators.", "Look the id up in /registry/v1/facilitators.")


class AccountNotTheirs(Invalid):
    code = "facilitator.account_not_theirs"
    title = Text("Bukan akun fasilitator ini", "Not this facilitator's account")
    detail = Text(
        "Tidak ada akun fasilitator atau koordinator kota milik orang ini dengan id {id}.",
        "There is no account of this person, as a facilitator or city coordinator, with the id {id}.",
    )
    fix = Text("Mintalah id akun kepada pemiliknya.", "Ask its holder for the account's id.")


class AssignmentElsewhere(Invalid):
    code = "assignment.elsewhere"
    title = Text("Di luar wilayah fasilitator", "Outside the facilitator's region")
    detail = Text(
        "Fasilitator ini bekerja di {region}; {code} tidak termasuk.",
        "This facilitator works in {region}; {code} is not part of it.",
    )
    fix = Text("Pilih kelurahan di wilayahnya.", "Choose a kelurahan of that region.")


class AssignmentOutsideEmployment(Invalid):
    code = "assignment.outside_employment"
    title = Text("Di luar masa kerja", "Outside the employment")
    detail = Text(
        "Fasilitator ini bekerja dari {starts_on} sampai {ends_on}.",
        "This facilitator works from {starts_on} to {ends_on}.",
    )
    fix = Text("Sesuaikan tanggalnya.", "Choose dates within it.")


class AssignmentOverlaps(Conflict):
    code = "assignment.overlaps"
    title = Text("Sudah ditugaskan", "Assigned already")
    detail = Text(
        "Fasilitator ini sudah ditugaskan di {code} sejak {starts_on}.",
        "This facilitator is assigned to {code} already, since {starts_on}.",
    )
    fix = Text("Akhiri penugasan itu lebih dahulu.", "End that assignment first.")


class ReasonWithoutEnd(Invalid):
    code = "assignment.reason_without_end"
    title = Text("Alasan tanpa akhir", "Reason without an end")
    detail = Text("Penugasan ini belum berakhir.", "This assignment has no last day.")
    fix = Text("Sebutkan ends_on.", "Give ends_on.")


def is_shortened(before: date | None, after: date | None, *, today: date) -> bool:
    """Tell whether an assignment that still goes on gets an earlier end: whoever held it then has to hand it over."""
    goes_on = before is None or before >= today
    return goes_on and after is not None and (before is None or after < before)


def load_of(role: FacilitatorRole, kelurahan: int, *, rules: FacilitationRules) -> Load | None:
    """Return how many kelurahan somebody serves against the guideline; None for whoever serves a whole city (§9)."""
    if role not in rules.team:
        return None
    if kelurahan > rules.most_kelurahan:
        return Load.ABOVE
    return Load.BELOW if kelurahan < rules.fewest_kelurahan else Load.WITHIN


def require_employed(
    starts_on: date, ends_on: date | None, *, employed_from: date, employed_to: date | None, pointer: str
) -> None:
    """Refuse an assignment that begins outside an employment or outlasts it by more than being left open."""
    outlasts = employed_to is not None and (starts_on > employed_to or (ends_on is not None and ends_on > employed_to))
    if starts_on < employed_from or outlasts:
        raise AssignmentOutsideEmployment(pointer=pointer, starts_on=employed_from, ends_on=employed_to or "…")

"""What a phase of the programme is, and when a readiness meeting (RKM) enrols a kelurahan in it (CY-2, CY-5)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from shared.errors import Conflict, Fault, Invalid, Text


@dataclass(frozen=True, slots=True)
class Words:
    """What a phase called the same things, in the order in which the names came up (§0.1)."""

    board: list[str]
    city_committee: list[str]
    city_strategy: list[str]
    grant: list[str]


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of the programme: names and years."""

    name: str
    other_names: list[str]
    first_year: int
    last_year: int
    words: Words


class Decision(StrEnum):
    """What the readiness meeting decided."""

    ACCEPTED = "accepted"
    REFUSED = "refused"


class EnrolmentState(StrEnum):
    """How an enrolment stands on a day."""

    ENROLLED = "enrolled"
    REFUSED = "refused"
    AWAITED = "awaited"
    ENDED = "ended"


class ProgrammeUnknown(Invalid):
    code = "programme.unknown"
    title = Text("Program tidak dikenal", "Unknown programme")
    detail = Text("Tidak ada tahap program dengan kode {code}.", "There is no phase with the code {code}.")
    fix = Text("Lihat kodenya di /registry/v1/programmes.", "See the codes at /registry/v1/programmes.")


class EnrolmentInvalid(Invalid):
    code = "enrolment.invalid"
    title = Text("Keikutsertaan tidak sah", "Invalid enrolment")
    detail = Text(
        "Keikutsertaan ini melanggar {count} aturan; lihat `errors`.",
        "This enrolment breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa berita acara Rembug Kesiapan Masyarakat.", "Check the minutes of the readiness meeting.")


class AlreadyEnrolled(Conflict):
    code = "enrolment.already"
    title = Text("Sudah ikut serta", "Already enrolled")
    detail = Text(
        "Kelurahan {code} sudah ikut serta dalam tahap ini sejak {starts_on}.",
        "The kelurahan {code} has been enrolled in this phase since {starts_on}.",
    )
    fix = Text("Akhiri keikutsertaan yang lama lebih dahulu.", "End the earlier enrolment first.")


class NeverEnrolled(Conflict):
    code = "enrolment.refused"
    title = Text("Warga menolak", "The residents refused")
    detail = Text(
        "Warga menolak program, jadi tidak ada keikutsertaan yang dapat diakhiri.",
        "The residents refused the programme, so there is no enrolment to end.",
    )
    fix = Text(
        "Catat rembug berikutnya bila warga berubah pikiran.", "Record the next meeting if residents reconsider."
    )


class ResidentsRefused(Conflict):
    code = "enrolment.residents_refused"
    title = Text("Warga menolak program", "The residents refused the programme")
    detail = Text(
        "Rembug kesiapan pada {held_on} menolak program, jadi siklusnya tidak dimulai di kelurahan ini.",
        "The readiness meeting of {held_on} refused the programme, so its cycle does not begin in this kelurahan.",
    )
    fix = Text(
        "Catat rembug yang menerima lebih dahulu, bila warga berubah pikiran.",
        "Record the meeting that accepted first, if residents reconsidered.",
    )


STOPPED = Text("Rembug yang menolak tidak memulai apa pun.", "A meeting that refused starts nothing.")
BEFORE_MEETING = Text("Keikutsertaan tidak mulai sebelum rembugnya.", "It does not start before its meeting.")
REFUSED_SINCE = Text(
    "Rembug pada {held_on} menolak, jadi rembug ini tidak memulai apa pun.",
    "The meeting of {held_on} refused, so this one starts nothing.",
)
BEFORE_PHASE = Text("Tahap ini baru mulai pada tahun {year}.", "This phase began only in {year}.")
AFTER_PHASE = Text("Tahap ini berakhir pada tahun {year}.", "This phase ended in {year}.")
ORDER = Text("Keikutsertaan tidak berakhir sebelum dimulai.", "An enrolment does not end before it starts.")


def first_day(
    *, held_on: date, decision: Decision, starts_on: date | None, refused_on: date | None = None
) -> date | None:
    """Return from when a kelurahan is enrolled: never when its residents refused, there or later, on `refused_on` (CY-2)."""
    if decision is Decision.REFUSED or refused_on is not None:
        return None
    return starts_on or held_on


def last_year_of(phase: Phase, phases: Iterable[Phase]) -> int | None:
    """Return the year after which nobody enrols in a phase; none while no later phase is on record.

    What follows the last one is not known yet, and kelurahan take part today.
    """
    return phase.last_year if any(one.first_year > phase.first_year for one in phases) else None


def require_valid_enrolment(
    phase: Phase,
    *,
    last_year: int | None,
    held_on: date,
    decision: Decision,
    attendance: Sequence[Fault],
    starts_on: date | None,
    refused_on: date | None = None,
) -> None:
    """Refuse an enrolment whose meeting was counted wrongly, outside its phase's years, or refused and yet starts (CY-2).

    `attendance` holds what is wrong with the meeting's count (CY-5), `refused_on` the day of a later meeting that refused.
    """
    found = [replace(one, pointer=f"/readiness_meeting{one.pointer}") for one in attendance]
    if held_on.year < phase.first_year:
        pointer, values = "/readiness_meeting/held_on", {"year": phase.first_year}
        found.append(Fault(pointer, "enrolment.before_phase", BEFORE_PHASE, values))
    elif last_year is not None and held_on.year > last_year:
        pointer, values = "/readiness_meeting/held_on", {"year": last_year}
        found.append(Fault(pointer, "enrolment.after_phase", AFTER_PHASE, values))
    elif last_year is not None and starts_on is not None and starts_on.year > last_year:
        found.append(Fault("/starts_on", "enrolment.after_phase", AFTER_PHASE, {"year": last_year}))
    if starts_on is not None and decision is Decision.REFUSED:
        found.append(Fault("/starts_on", "enrolment.stopped", STOPPED, {}))
    elif starts_on is not None and refused_on is not None:
        found.append(Fault("/starts_on", "enrolment.refused_since", REFUSED_SINCE, {"held_on": refused_on}))
    elif starts_on is not None and starts_on < held_on:
        found.append(Fault("/starts_on", "enrolment.before_meeting", BEFORE_MEETING, {}))
    if found:
        raise EnrolmentInvalid(faults=found, count=len(found))


def require_order(starts_on: date | None, ends_on: date | None) -> None:
    """Refuse to end what never began, or before it began."""
    if starts_on is None:
        raise NeverEnrolled
    if ends_on is not None and ends_on < starts_on:
        raise EnrolmentInvalid(faults=[Fault("/ends_on", "enrolment.order", ORDER, {})], count=1)

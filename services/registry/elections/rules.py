"""An election's states, the numbers its guideline sets, and what an RT's ballot came to (EL-4 to EL-9)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from shared.errors import Conflict, Fault, Invalid, Text

SMALLEST_PUBLIC_COUNT = 5
"""Smaller counts under the level of a kelurahan are not told: of poor people in public, of those recorded to nobody."""


class ElectionState(StrEnum):
    """Where an election stands."""

    OPEN = "open"
    COUNTED = "counted"
    CERTIFIED = "certified"
    ANNULLED = "annulled"


class Act(StrEnum):
    """What may be done to an election; it is counted by itself once every sheet is there and agreed."""

    EDIT = "edit"
    ENTER = "enter"
    WITHDRAW = "withdraw"
    COUNT = "count"
    CERTIFY = "certify"
    ANNUL = "annul"


NEXT = {
    (ElectionState.OPEN, Act.EDIT): ElectionState.OPEN,
    (ElectionState.OPEN, Act.ENTER): ElectionState.OPEN,
    (ElectionState.OPEN, Act.WITHDRAW): ElectionState.OPEN,
    (ElectionState.OPEN, Act.COUNT): ElectionState.COUNTED,
    (ElectionState.OPEN, Act.ANNUL): ElectionState.ANNULLED,
    (ElectionState.COUNTED, Act.EDIT): ElectionState.OPEN,
    (ElectionState.COUNTED, Act.ENTER): ElectionState.OPEN,
    (ElectionState.COUNTED, Act.WITHDRAW): ElectionState.OPEN,
    (ElectionState.COUNTED, Act.CERTIFY): ElectionState.CERTIFIED,
    (ElectionState.COUNTED, Act.ANNUL): ElectionState.ANNULLED,
}
"""The state after each act that a state allows; what is not here is refused."""

UNDER_WAY = (ElectionState.OPEN, ElectionState.COUNTED)


class Standing(StrEnum):
    """How one person's tally stands against the other person's of the same sheet, or that it was withdrawn."""

    WAITING = "waiting"
    DIFFERS = "differs"
    AGREED = "agreed"
    WITHDRAWN = "withdrawn"


class Result(StrEnum):
    """What an RT's ballot came to (EL-5)."""

    VALID = "valid"
    BELOW_THRESHOLD = "below_threshold"
    WITHOUT_VOTE = "without_vote"


class PoorMissing(StrEnum):
    """Why a number of poor people is null: nobody counted, or it is too small to be shown."""

    NOT_RECORDED = "not_recorded"
    LIST_LOST = "list_lost"
    NO_POVERTY_LIST = "no_poverty_list"
    FEWER_THAN_FIVE = "fewer_than_five"


class TurnoutMissing(StrEnum):
    """Why the turnout, or the part of it collected door to door, is null: belum dihitung, tidak dicatat."""

    NOT_COUNTED = "not_counted"
    NOT_RECORDED = "not_recorded"


@dataclass(frozen=True, slots=True)
class ElectionRules:
    """What the programme phase asks: percent of eligible adults and of women, names a ballot, persons, periods.

    `eligible_tolerance_percent`: how far the adults on a sheet may lie from those recorded before that is told (EL-3).
    """

    eligible_tolerance_percent: int
    turnout_percent: int
    least_names_per_ballot: int
    most_names_per_ballot: int
    least_pokja_persons: int
    women_percent: int
    most_periods: int


class ElectionStateWrong(Conflict):
    code = "election.state"
    title = Text("Tidak mungkin pada tahap ini", "Not possible in this state")
    detail = Text("Pemilihan ini {state}; {act} tidak mungkin.", "This election is {state}; {act} is not possible.")
    fix = Text("Lihat tahap pemilihannya.", "See the election's state.")


class ElectionUnderWay(Conflict):
    code = "election.under_way"
    title = Text("Pemilihan masih berjalan", "An election is under way")
    detail = Text(
        "Lembaga ini masih memiliki pemilihan yang belum selesai, {election_id}.",
        "The board still has an election that is not finished, {election_id}.",
    )
    fix = Text("Sahkan atau batalkan pemilihan itu lebih dahulu.", "Certify or annul that election first.")


class ElectionInvalid(Invalid):
    code = "election.invalid"
    title = Text("Pemilihan tidak sah", "Invalid election")
    detail = Text(
        "Program pemilihan ini melanggar {count} aturan; lihat `errors`.",
        "This election's programme breaks {count} rule(s); see `errors`.",
    )
    fix = Text("Periksa jadwal dan panitianya.", "Check its dates and its committee.")


class ElectionNotReady(Conflict):
    code = "election.not_ready"
    title = Text("Belum dapat disahkan", "Not ready to be certified")
    detail = Text("Masih kurang {count} hal; lihat `errors`.", "{count} thing(s) are still missing; see `errors`.")
    fix = Text(
        "Lengkapi semuanya; `gates` pemilihan ini menyebutkan yang masih kurang.",
        "Complete them; the election's `gates` name what is still missing.",
    )


class DelegateWithdrawn(Conflict):
    code = "delegate.withdrawn"
    title = Text("Utusan sudah ditarik", "Delegate withdrawn")
    detail = Text("Utusan ini sudah ditarik dari daftar.", "This delegate was withdrawn from the list.")
    fix = Text("Catat lagi sebagai utusan baru.", "Record them again as a new delegate.")


class CertifiedTooEarly(Invalid):
    code = "election.certified_too_early"
    title = Text("Pengesahan sebelum rapat", "Certified before the meeting")
    detail = Text("Rapat kelurahan baru diadakan {held_on}.", "The kelurahan meeting was held on {held_on}.")
    fix = Text("Periksa tanggal pengesahannya.", "Check the day of certification.")


ORDER = Text("Tidak boleh sebelum {before}.", "Cannot be before {before}.")
PERSONS = Text(
    "Lebih banyak orang disebut daripada jumlah panitia, {persons}.",
    "More persons are named than the committee has, {persons}.",
)
NAMES_PER_BALLOT = Text(
    "Satu surat suara memuat {least} sampai {most} nama.", "A ballot holds {least} to {most} names."
)


def state_after(state: ElectionState, act: Act) -> ElectionState:
    """Return the state after an act, or ElectionStateWrong."""
    try:
        return NEXT[state, act]
    except KeyError:
        raise ElectionStateWrong(state=state.value, act=act.value, members={"state": state.value}) from None


def reaches(part: int, whole: int, *, percent: int) -> bool:
    """Tell whether a part is at least so many percent of the whole, exactly; of nobody it is not."""
    return whole > 0 and part * 100 >= whole * percent


def eligible_differ(eligible: int, *, adults: int, of_unknown_age: int, percent: int) -> bool:
    """Tell whether the adults on an RT's sheet lie further from those recorded than so many percent of them (EL-3).

    Whoever is of unknown age may be an adult or not.
    """
    return eligible * 100 < adults * (100 - percent) or eligible * 100 > (adults + of_unknown_age) * (100 + percent)


def told_count(count: int) -> str:
    """Return a count of recorded people of an RT as it may be told: fewer than five would point at somebody."""
    return str(count) if count >= SMALLEST_PUBLIC_COUNT else f"<{SMALLEST_PUBLIC_COUNT}"


def result_of(*, voters: int, eligible: int, rules: ElectionRules) -> Result:
    """Return what an RT's ballot came to: valid from the threshold on (EL-5)."""
    if voters == 0:
        return Result.WITHOUT_VOTE
    return Result.VALID if reaches(voters, eligible, percent=rules.turnout_percent) else Result.BELOW_THRESHOLD


def door_to_door_allowed(result: Result) -> bool:
    """Tell whether officers may collect (more) votes door to door: below the threshold only (EL-5)."""
    return result is not Result.VALID


def shown_poor(count: int | None, missing: str | None, *, full: bool) -> tuple[int | None, str | None]:
    """Return a count of poor people of an RT as it may be seen, or None and why it is missing."""
    if count is not None and not full and count < SMALLEST_PUBLIC_COUNT:
        return None, PoorMissing.FEWER_THAN_FIVE
    return count, missing


def programme_faults(
    *,
    ballots_from: date,
    ballots_until: date,
    meeting_on: date,
    names_per_ballot: int,
    committee: int,
    person_ids: Sequence[UUID],
    of_term: Iterable[Fault],
    rules: ElectionRules,
) -> list[Fault]:
    """Return what is wrong with an election's programme (EL-4); `committee` counts the persons of its pokja.

    `of_term` is what boards' own rules say of a term; only what they say of its days can be mended here (EL-8).
    """
    found = [replace(one, pointer="/term_ends_on") for one in of_term if one.pointer == "/ends_on"]
    if ballots_until < ballots_from:
        found.append(Fault("/ballots_until", "election.order", ORDER, {"before": ballots_from}))
    if meeting_on < ballots_until:
        found.append(Fault("/meeting_on", "election.order", ORDER, {"before": ballots_until}))
    if not rules.least_names_per_ballot <= names_per_ballot <= rules.most_names_per_ballot:
        values = {"least": rules.least_names_per_ballot, "most": rules.most_names_per_ballot}
        found.append(Fault("/names_per_ballot", "election.names_per_ballot", NAMES_PER_BALLOT, values))
    if len(set(person_ids)) > committee:
        found.append(Fault("/committee/person_ids", "election.committee_persons", PERSONS, {"persons": committee}))
    return found

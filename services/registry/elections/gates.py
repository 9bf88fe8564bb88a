"""What keeps an election from being certified, and what is only told: each thing with where it stands."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from services.registry.elections.rules import (
    ElectionRules,
    ElectionState,
    Result,
    Standing,
    eligible_differ,
    reaches,
    result_of,
    told_count,
)
from services.registry.elections.sheets import Sheet
from shared.errors import Fault, Text


@dataclass(frozen=True, slots=True)
class Programme:
    """What an election's programme says that gates look at."""

    state: ElectionState
    rt_count: int
    pokja: Mapping[str, int]
    chair_person_id: UUID | None
    chair_resigned_on: date | None


@dataclass(frozen=True, slots=True)
class Counted:
    """The sheet of one RT, by its first tally; `sheet` only once both tallies agree.

    `adults` and `of_unknown_age` are the residents who are recorded in that RT; None where nobody is.
    """

    ballot_id: UUID
    rt: str
    rw: str | None
    standing: Standing
    sheet: Sheet | None
    adults: int | None = None
    of_unknown_age: int = 0

    @property
    def pointer(self) -> str:
        return f"/ballots/{self.ballot_id}"

    @property
    def values(self) -> dict[str, Any]:
        return {"rt": self.rt, "rw": self.rw or "-"}


@dataclass(frozen=True, slots=True)
class Elected:
    """One elected member, how many periods before, whether the name is still known, and whether the id was told."""

    person_id: UUID | None
    woman: bool
    periods: int
    named: bool = True
    told: bool = True


@dataclass(frozen=True, slots=True)
class Assembly:
    """The kelurahan meeting, by its first tally; numbers and members only once both tallies agree."""

    meeting_id: UUID
    standing: Standing
    held_on: date
    present: int
    members: Sequence[Elected]


CLOSED = Text("Pemilihan ini sudah {state}.", "This election is already {state}.")
POKJA = Text("Pokja memerlukan paling sedikit {least} orang (EL-9).", "A pokja needs at least {least} persons (EL-9).")
SHEETS = Text(
    "Baru {found} dari {awaited} lembar RT yang masuk.", "Only {found} of {awaited} RT sheets have been entered."
)
EXTRA = Text("Ada {found} lembar RT, padahal RT hanya {awaited}.", "There are {found} RT sheets of {awaited} RT.")
WAITING = Text("RT {rt} RW {rw}: belum dimasukkan orang kedua.", "RT {rt} RW {rw}: not entered by a second person yet.")
DIFFERS = Text("RT {rt} RW {rw}: kedua entri berbeda.", "RT {rt} RW {rw}: the two tallies differ.")
TURNOUT = Text(
    "RT {rt} RW {rw}: {voters} dari {eligible} warga dewasa memilih, kurang dari {percent} % (EL-5);"
    " kumpulkan dari pintu ke pintu, atau sebutkan berita acara penanganan tersendiri.",
    "RT {rt} RW {rw}: {voters} of {eligible} adults voted, under {percent} % (EL-5);"
    " collect door to door, or name the minutes of how it was handled separately.",
)
NOT_TOLD_APART = Text(
    "RT {rt} RW {rw}: sebutkan di kedua entri berapa pemilih yang hadir dan berapa yang didatangi dari pintu ke pintu (EL-5).",
    "RT {rt} RW {rw}: say in both tallies how many voters attended and how many were visited door to door (EL-5).",
)
NEEDLESS = Text(
    "RT {rt} RW {rw}: {attending} dari {eligible} warga dewasa hadir, jadi ambang tercapai, tetapi suara {collected}"
    " orang dikumpulkan dari pintu ke pintu (EL-5).",
    "RT {rt} RW {rw}: {attending} of {eligible} adults attended, which reaches the threshold, yet the votes of"
    " {collected} more were collected door to door (EL-5).",
)
ELIGIBLE = Text(
    "RT {rt} RW {rw}: {eligible} warga dewasa di lembar, sedangkan yang tercatat {adults} dan {unknown} yang"
    " umurnya tidak diketahui (EL-3).",
    "RT {rt} RW {rw}: {eligible} adults on the sheet, while {adults} are recorded, and {unknown} of unknown age (EL-3).",
)
NO_MEETING = Text("Rapat kelurahan belum dimasukkan.", "The kelurahan meeting has not been entered.")
MEETING_WAITING = Text(
    "Rapat kelurahan belum dimasukkan orang kedua.", "The kelurahan meeting was not entered by a second person yet."
)
MEETING_DIFFERS = Text("Kedua entri rapat kelurahan berbeda.", "The two tallies of the kelurahan meeting differ.")
TOO_MANY = Text(
    "Utusan yang hadir {present}, yang terpilih di RT {delegates}.",
    "{present} delegates attended, the RT sent {delegates}.",
)
CHAIR = Text(
    "Ketua panitia terpilih, tetapi tidak mengundurkan diri sebelum rapat (EL-10).",
    "The committee's chair was elected without resigning before the meeting (EL-10).",
)
NAMELESS = Text("Nama anggota ini sudah dihapus.", "This member's name was erased.")
WOMEN_DELEGATES = Text(
    "Utusan perempuan {women} dari {all}, sasaran {percent} % (EL-6).",
    "{women} of {all} delegates are women, the target is {percent} % (EL-6).",
)
WOMEN_MEMBERS = Text(
    "Anggota perempuan {women} dari {all}, sasaran {percent} % (EL-6).",
    "{women} of {all} members are women, the target is {percent} % (EL-6).",
)
PERIODS = Text(
    "Sudah {periods} periode menjabat; paling banyak {most} (EL-8).",
    "Served {periods} periods already; at most {most} (EL-8).",
)
LOW = Text(
    "Seluruhnya {voters} dari {eligible} warga dewasa memilih, sasaran {percent} % (KPI-01).",
    "In all {voters} of {eligible} adults voted, the target is {percent} % (KPI-01).",
)
NOT_LISTED = Text(
    "Terpilih, tetapi tidak ada di daftar utusan; anggota dipilih dari antara utusan (EL-1).",
    "Elected, but not on the list of delegates; members are elected from among them (EL-1).",
)
LISTED = Text(
    "Daftar utusan memuat {listed} orang, lembar RT {delegates}.",
    "The list of delegates holds {listed} persons, the RT sheets {delegates}.",
)


def missing(
    programme: Programme,
    ballots: Sequence[Counted],
    assembly: Assembly | None,
    *,
    of_term: Sequence[Fault],
    rules: ElectionRules,
) -> list[Fault]:
    """Return everything that keeps an election from being certified; `of_term` is what boards' own rules say."""
    if programme.state in {ElectionState.CERTIFIED, ElectionState.ANNULLED}:
        return [Fault("/state", "election.closed", CLOSED, {"state": programme.state.value})]
    found = [
        Fault(f"/committee/{name}", "committee.too_few_persons", POKJA, {"least": rules.least_pokja_persons})
        for name, persons in programme.pokja.items()
        if persons < rules.least_pokja_persons
    ]
    if len(ballots) < programme.rt_count:
        values = {"found": len(ballots), "awaited": programme.rt_count}
        found.append(Fault("/ballots", "ballots.missing", SHEETS, values))
    elif len(ballots) > programme.rt_count:
        values = {"found": len(ballots), "awaited": programme.rt_count}
        found.append(Fault("/ballots", "ballots.too_many", EXTRA, values))
    for one in ballots:
        found += _of_ballot(one, rules)
    found += _of_meeting(programme, ballots, assembly)
    return [*found, *of_term]


def _of_ballot(ballot: Counted, rules: ElectionRules) -> Iterator[Fault]:
    if ballot.sheet is None:
        code, text = ("ballot.waiting", WAITING) if ballot.standing is Standing.WAITING else ("ballot.differs", DIFFERS)
        yield Fault(ballot.pointer, code, text, ballot.values)
        return
    sheet = ballot.sheet
    result = result_of(voters=sheet.voters, eligible=sheet.eligible, rules=rules)
    if result is not Result.VALID and sheet.handled_separately is None:
        values = {"voters": sheet.voters, "eligible": sheet.eligible, "percent": rules.turnout_percent}
        yield Fault(f"{ballot.pointer}/voters", "ballot.below_threshold", TURNOUT, ballot.values | values)
    if sheet.door_to_door and sheet.collected is None:
        yield Fault(f"{ballot.pointer}/collected", "ballot.not_told_apart", NOT_TOLD_APART, ballot.values)


def _of_meeting(programme: Programme, ballots: Sequence[Counted], assembly: Assembly | None) -> Iterator[Fault]:
    if assembly is None:
        yield Fault("/meeting", "meeting.missing", NO_MEETING, {})
        return
    if assembly.standing is not Standing.AGREED:
        waiting = assembly.standing is Standing.WAITING
        code, text = ("meeting.waiting", MEETING_WAITING) if waiting else ("meeting.differs", MEETING_DIFFERS)
        yield Fault(f"/meetings/{assembly.meeting_id}", code, text, {})
        return
    delegates = sum(one.sheet.delegates for one in ballots if one.sheet is not None)
    if all(one.sheet is not None for one in ballots) and assembly.present > delegates:
        values = {"present": assembly.present, "delegates": delegates}
        yield Fault("/meeting/present", "meeting.present_exceed_delegates", TOO_MANY, values)
    chair = programme.chair_person_id
    resigned = programme.chair_resigned_on is not None and programme.chair_resigned_on <= assembly.held_on
    for index, one in enumerate(assembly.members):
        if not one.named:
            yield Fault(f"/meeting/members/{index}/name", "members.name_erased", NAMELESS, {})
        if chair is not None and one.person_id == chair and not resigned:
            yield Fault(f"/meeting/members/{index}", "committee.chair_elected", CHAIR, {})


def _needless(ballot: Counted, rules: ElectionRules) -> Iterator[Fault]:
    """Give an RT where officers collected votes although enough adults had attended: its paper cannot be otherwise."""
    sheet = ballot.sheet
    if sheet is None or not sheet.attending or not sheet.collected:
        return
    if reaches(sheet.attending, sheet.eligible, percent=rules.turnout_percent):
        values = {"attending": sheet.attending, "eligible": sheet.eligible, "collected": sheet.collected}
        yield Fault(f"{ballot.pointer}/collected", "ballot.collected_needlessly", NEEDLESS, ballot.values | values)


def _eligible(ballot: Counted, rules: ElectionRules) -> Iterator[Fault]:
    """Give an RT whose sheet and whose recorded residents tell of different numbers of adults; either may be wrong."""
    if ballot.sheet is None or ballot.adults is None:
        return
    eligible, adults, unknown = ballot.sheet.eligible, ballot.adults, ballot.of_unknown_age
    if eligible_differ(eligible, adults=adults, of_unknown_age=unknown, percent=rules.eligible_tolerance_percent):
        values = {"eligible": eligible, "adults": told_count(adults), "unknown": told_count(unknown)}
        yield Fault(f"{ballot.pointer}/eligible", "ballot.eligible_differ", ELIGIBLE, ballot.values | values)


def warnings(
    ballots: Sequence[Counted], assembly: Assembly | None, *, listed: Collection[UUID], rules: ElectionRules
) -> list[Fault]:
    """Return what is told and keeps nothing from being certified; `listed` are the delegates listed singly."""
    found: list[Fault] = []
    sheets = [one.sheet for one in ballots if one.sheet is not None]
    voters, eligible = sum(one.voters for one in sheets), sum(one.eligible for one in sheets)
    if sheets and not reaches(voters, eligible, percent=rules.turnout_percent):
        values = {"voters": voters, "eligible": eligible, "percent": rules.turnout_percent}
        found.append(Fault("/turnout", "turnout.below_target", LOW, values))
    for one in ballots:
        found += _needless(one, rules)
        found += _eligible(one, rules)
    women, delegates = sum(one.delegates_women for one in sheets), sum(one.delegates for one in sheets)
    if delegates and not reaches(women, delegates, percent=rules.women_percent):
        values = {"women": women, "all": delegates, "percent": rules.women_percent}
        found.append(Fault("/ballots", "delegates.few_women", WOMEN_DELEGATES, values))
    if listed and len(listed) != delegates:
        values = {"listed": len(listed), "delegates": delegates}
        found.append(Fault("/delegates", "delegates.listed_differ", LISTED, values))
    if assembly is None or assembly.standing is not Standing.AGREED:
        return found
    women, seats = sum(one.woman for one in assembly.members), len(assembly.members)
    if not reaches(women, seats, percent=rules.women_percent):
        values = {"women": women, "all": seats, "percent": rules.women_percent}
        found.append(Fault("/meeting/members", "members.few_women", WOMEN_MEMBERS, values))
    # Without an id on the list or on the sheet nobody can tell.
    found += [
        Fault(f"/meeting/members/{index}", "members.not_listed", NOT_LISTED, {})
        for index, one in enumerate(assembly.members)
        if listed and one.told and one.person_id not in listed
    ]
    found += [
        Fault(
            f"/meeting/members/{index}",
            "members.periods",
            PERIODS,
            {"periods": one.periods, "most": rules.most_periods},
        )
        for index, one in enumerate(assembly.members)
        if one.periods >= rules.most_periods
    ]
    return found

"""Elections, tallies and delegates as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from services.registry.boards.service import Position
from services.registry.elections.rules import ElectionState, PoorMissing, Result, Standing, TurnoutMissing
from services.registry.residents.service import Sex, numbered
from shared.attendance import PoorNotCounted
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery

MOST = 100_000
"""More people than any kelurahan has voters; a slip of the finger beyond."""
Neighbourhood = Annotated[
    str, StringConstraints(pattern=r"^0*[1-9][0-9]{0,2}[A-Z]?$"), AfterValidator(numbered), Field(examples=["003"])
]
REFERENCE = "Number of the minutes (berita acara)"


class Committee(Body):
    """The election committee (panitia) with its three pokja (EL-9): counts, and ids where persons are known."""

    election_pokja: int = Field(ge=0, le=1000, description="Persons of the pokja pemilihan")
    statutes_pokja: int = Field(ge=0, le=1000, description="Persons of the pokja tata tertib dan AD")
    monitoring_pokja: int = Field(ge=0, le=1000, description="Persons of the pokja pemantau partisipatif")
    person_ids: list[UUID] = Field(default=[], max_length=200, description="Those of them whose id is known")
    chair_person_id: UUID | None = Field(None, description="The committee's chair (ketua panitia)")
    chair_resigned_on: date | None = Field(None, description="Declared; needed before a chair is elected (EL-10)")


class ElectionCommitteeView(BaseModel):
    """The election committee, in the full view only."""

    election_pokja: int
    statutes_pokja: int
    monitoring_pokja: int
    person_ids: list[UUID]
    chair_person_id: UUID | None
    chair_resigned_on: date | None


class CommitteeChange(Body):
    """What may be edited of the committee; what is absent stays (RFC 7396)."""

    election_pokja: int = may_change(ge=0, le=1000)
    statutes_pokja: int = may_change(ge=0, le=1000)
    monitoring_pokja: int = may_change(ge=0, le=1000)
    person_ids: list[UUID] = may_change(max_length=200)
    chair_person_id: UUID | None = may_change()
    chair_resigned_on: date | None = may_change()


class ElectionDraft(Draft):
    """The programme of an election: its dates, its committee, and how residents vote."""

    board_id: UUID
    ballots_from: date = Field(description="The first day of the RT ballots; decides which rule set judges")
    ballots_until: date = Field(description="The last day of the RT ballots")
    meeting_on: date = Field(description="The day planned for the kelurahan meeting")
    term_starts_on: date = Field(description="The first day of the mandate that residents give")
    term_ends_on: date = Field(description="The last day of that mandate (EL-8)")
    rt_count: int = Field(ge=1, le=1000, description="RT that vote: so many sheets are awaited")
    names_per_ballot: int = Field(
        ge=1, le=10, description="Different names on a ballot, as the kelurahan set it (EL-4)"
    )
    committee: Committee


class ElectionChange(Body):
    """What may be edited until an election is certified; what is absent stays (RFC 7396)."""

    ballots_from: date = may_change()
    ballots_until: date = may_change()
    meeting_on: date = may_change()
    term_starts_on: date = may_change()
    term_ends_on: date = may_change()
    rt_count: int = may_change(ge=1, le=1000)
    committee: CommitteeChange = may_change()


class Certification(Body):
    """That an election was certified (pengesahan)."""

    certified_on: date = Field(description="Not in the future, and not before the meeting")
    minutes_reference: str = Field(min_length=1, max_length=200, description=REFERENCE)


class Annulment(Body):
    """That an election was annulled (pembatalan)."""

    annulled_on: date = Field(description="Not in the future")
    reason: str = Field(min_length=3, max_length=2000, description="Why; seen only in the own region")


class Turnout(BaseModel):
    """KPI-01: adults who voted, of those eligible, over all RT (persons)."""

    numerator: int | None = Field(description="Voters")
    denominator: int | None = Field(description="Eligible adults")
    null_reason: TurnoutMissing | None


class ElectionView(BaseModel):
    """An election."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    board_id: UUID
    board_name: str
    state: ElectionState = Field(
        description="open (berjalan), counted (selesai dihitung), certified (disahkan), annulled (dibatalkan)"
    )
    ruleset: str = Field(description="Version of the rule set that judges it")
    ballots_from: date
    ballots_until: date
    meeting_on: date
    term_starts_on: date
    term_ends_on: date
    rt_count: int
    names_per_ballot: int
    committee: ElectionCommitteeView | None = Field(description="Null in the public view")
    turnout: Turnout
    term_id: UUID | None = Field(description="The term that came of it, with the elected members' names")
    certified_on: date | None
    certification_reference: str | None
    annulled_on: date | None
    annulment_reason: str | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class ElectionSort(StrEnum):
    """How elections may be sorted."""

    RECORDED = "recorded"
    LATEST = "latest"


class ElectionQuery(PlacedQuery):
    """Filters of the list of elections."""

    board_id: UUID | None = None
    state: ElectionState | None = None
    sort: ElectionSort = Field(ElectionSort.RECORDED, description="`latest`: by the day of the meeting, backwards")


class GateView(BaseModel):
    """One thing that is missing or noteworthy."""

    pointer: str = Field(description="JSON pointer: /ballots/{id}, /meeting/members, a field of the election")
    code: str
    message: str


class GatesView(BaseModel):
    """What still keeps an election from being certified, and what is told without keeping it."""

    election_id: UUID
    state: ElectionState
    ready: bool = Field(description="Whether somebody who touched none of it may certify it now")
    missing: list[GateView]
    warnings: list[GateView] = Field(description="Targets missed (EL-6), a third period (EL-8): no refusal")


class BySex(Body):
    """Persons by sex."""

    men: int = Field(ge=0, le=MOST)
    women: int = Field(ge=0, le=MOST)


class Counted(BySex):
    """Persons by sex, and the poor among them."""

    poor: int | None = Field(None, ge=0, le=MOST, description="Those of poor households (PS-2), of both sexes")
    poor_missing: PoorNotCounted | None = Field(None, description="Needed exactly when `poor` is null")


class Papers(Body):
    """The ballots (surat suara) in the box."""

    valid: int = Field(ge=0, le=MOST)
    invalid: int = Field(ge=0, le=MOST)
    names: int = Field(ge=0, le=MOST, description="Different persons named on the valid ballots")


class BySexChange(Body):
    """Persons by sex to be corrected."""

    men: int = may_change(ge=0, le=MOST)
    women: int = may_change(ge=0, le=MOST)


class CountedChange(BySexChange):
    """What was read wrongly; what is absent stays (RFC 7396)."""

    poor: int | None = may_change(ge=0, le=MOST)
    poor_missing: PoorNotCounted | None = may_change()


class PapersChange(Body):
    """What was read wrongly; what is absent stays (RFC 7396)."""

    valid: int = may_change(ge=0, le=MOST)
    invalid: int = may_change(ge=0, le=MOST)
    names: int = may_change(ge=0, le=MOST)


class BallotDraft(Draft):
    """What one person reads from the sheet of an RT's ballot."""

    rt: Neighbourhood
    rw: Neighbourhood | None = Field(None, description="Null where there is none")
    eligible: BySex = Field(description="Adults of the RT who may vote (EL-3)")
    voters: Counted
    papers: Papers
    delegates: Counted = Field(description="Delegates (utusan) whom the RT sends to the kelurahan meeting")
    door_to_door: bool = Field(description="Whether votes were also collected door to door (EL-5)")
    handled_separately: str | None = Field(
        None, min_length=1, max_length=200, description="Minutes of how an RT without a valid vote was handled (EL-5)"
    )
    minutes_reference: str = Field(min_length=1, max_length=200, description=REFERENCE)


class BallotChange(Body):
    """What was read wrongly; what is absent stays (RFC 7396)."""

    eligible: BySexChange = may_change()
    voters: CountedChange = may_change()
    papers: PapersChange = may_change()
    delegates: CountedChange = may_change()
    door_to_door: bool = may_change()
    handled_separately: str | None = may_change(min_length=1, max_length=200)
    minutes_reference: str = may_change(min_length=1, max_length=200)


class DifferenceView(BaseModel):
    """One line in which the two tallies of a sheet differ."""

    pointer: str
    this: int | str | bool | None = Field(description="Null, as `other`, where a name differs and is not shown")
    other: int | str | bool | None


class CountedView(BySex):
    """Persons by sex, and the poor among them."""

    poor: int | None = Field(description="Null with a reason; under 5 only in the full view")
    poor_missing: PoorMissing | None


class TallyView(BaseModel):
    """What the two kinds of tally have in common."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    kelurahan_code_now: str
    election_id: UUID
    number: int = Field(description="1 or 2: which of the two tallies of the sheet")
    entered_by: UUID | None = Field(description="The person's own id; null in the public view")
    standing: Standing = Field(description="waiting for the second person, differs, or agreed: then it counts")
    differences: list[DifferenceView]
    version: int
    recorded_at: datetime
    changed_at: datetime


class BallotView(TallyView):
    """A tally of an RT's ballot."""

    rt: str
    rw: str | None
    eligible: BySex
    voters: CountedView
    papers: Papers
    delegates: CountedView
    door_to_door: bool
    handled_separately: str | None
    minutes_reference: str
    result: Result = Field(description="valid from the threshold of turnout on (EL-5)")
    door_to_door_allowed: bool = Field(description="Whether officers may collect (more) votes door to door (EL-5)")


class TallyQuery(PageQuery):
    """Filters of the tallies of an election."""

    number: int | None = Field(None, ge=1, le=2, description="Only the first or the second tally of each sheet")
    standing: Standing | None = None


class BallotQuery(TallyQuery):
    """Filters of the tallies of an election's RT ballots."""

    rt: Neighbourhood | None = None
    rw: Neighbourhood | None = None


class ElectedMember(Body):
    """One person elected to the board; there were no candidates (EL-2)."""

    name: str = Field(min_length=2, max_length=200)
    person_id: UUID | None = Field(None, description="The person's own id where it is known")
    sex: Sex
    votes: int = Field(ge=1, le=MOST)
    position: Position = Field(description="koordinator: chosen by the members from among themselves (EL-11)")


class MeetingDraft(Draft):
    """What one person reads from the sheet of the kelurahan meeting."""

    held_on: date = Field(description="Not in the future")
    present: BySex = Field(description="Delegates who attended")
    observers: int = Field(ge=0, le=MOST, description="Who watched without a vote (pemantau)")
    members: list[ElectedMember] = Field(min_length=1, max_length=50, description="In the paper's order")
    minutes_reference: str = Field(min_length=1, max_length=200, description=REFERENCE)


class MeetingChange(Body):
    """What was read wrongly; what is absent stays (RFC 7396). A list of members replaces the whole list."""

    held_on: date = may_change()
    present: BySexChange = may_change()
    observers: int = may_change(ge=0, le=MOST)
    members: list[ElectedMember] = may_change(min_length=1, max_length=50)
    minutes_reference: str = may_change(min_length=1, max_length=200)


class MemberView(BaseModel):
    """One person elected to the board."""

    name: str | None = Field(
        description="Null without registry:personal:read and in replies to writes; the term names who is in office"
    )
    person_id: UUID | None
    sex: Sex
    votes: int
    position: Position


class MeetingView(TallyView):
    """A tally of the kelurahan meeting."""

    held_on: date
    present: BySex
    observers: int
    members: list[MemberView]
    minutes_reference: str


class DelegateDraft(Draft):
    """A delegate (utusan) of an RT."""

    rt: Neighbourhood
    rw: Neighbourhood | None = Field(None, description="Null where there is none")
    sex: Sex
    poor: bool | None = Field(None, description="Of a poor household (PS-2); null when nobody knows")
    name: str | None = Field(None, min_length=2, max_length=200, description="Kept sealed")
    person_id: UUID | None = Field(None, description="The person's own id where it is known; made here when absent")


class DelegateView(BaseModel):
    """A delegate, in the caller's own regions."""

    id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    election_id: UUID
    rt: str
    rw: str | None
    sex: Sex
    poor: bool | None = Field(description="Null without registry:personal:read, or when nobody knows")
    name: str | None = Field(description="Null without registry:personal:read, or when none was given")
    person_id: UUID
    version: int
    recorded_at: datetime
    changed_at: datetime


class DelegateQuery(PageQuery):
    """Filters of the delegates of an election."""

    rt: Neighbourhood | None = None
    rw: Neighbourhood | None = None
    sex: Sex | None = None

"""Elections and delegates as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, BaseModel, Field, StringConstraints

from services.registry.elections.rules import ElectionState, TurnoutMissing
from services.registry.personal.service import Relinking
from services.registry.residents.service import Sex, numbered
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.names import PersonName

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
    collected: int | None = Field(description="Of the voters, those visited door to door (EL-5)")
    collected_null_reason: TurnoutMissing | None


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

    pointer: str = Field(
        description="JSON pointer: /ballots/{id}, /meetings/{id}, /meeting/members, a field of the election"
    )
    code: str
    message: str


class GatesView(BaseModel):
    """What still keeps an election from being certified, and what is told without keeping it."""

    election_id: UUID
    state: ElectionState
    ready: bool = Field(description="Whether somebody who touched none of it may certify it now")
    missing: list[GateView]
    warnings: list[GateView] = Field(
        description="Targets missed (EL-6), adults unlike those recorded (EL-3): no refusal"
    )


class DelegateDraft(Draft):
    """A delegate (utusan) of an RT."""

    rt: Neighbourhood
    rw: Neighbourhood | None = Field(None, description="Null where there is none")
    sex: Sex
    poor: bool | None = Field(None, description="Of a poor household (PS-2); null when nobody knows")
    name: PersonName | None = Field(None, min_length=2, max_length=200, description="Kept sealed")
    person_id: UUID | None = Field(None, description="The person's own id where it is known; made here when absent")


class DelegateChange(Body):
    """What was listed wrongly; what is absent stays (RFC 7396). Another delegate is listed anew."""

    rt: Neighbourhood = may_change()
    rw: Neighbourhood | None = may_change()
    sex: Sex = may_change()
    poor: bool | None = may_change()
    name: PersonName | None = may_change(min_length=2, max_length=200)
    person_id: UUID = may_change(description="Whom it means, if linked wrongly; with `person_reason`")
    person_reason: Relinking = may_change()


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
    withdrawn_at: datetime | None = Field(description="Since when no longer listed")
    version: int
    recorded_at: datetime
    changed_at: datetime


class DelegateQuery(PageQuery):
    """Filters of the delegates of an election."""

    rt: Neighbourhood | None = None
    rw: Neighbourhood | None = None
    sex: Sex | None = None

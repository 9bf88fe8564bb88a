"""Tallies as they come in and go out: what a person reads from a sheet, and how it compares."""

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.boards.service import Position
from services.registry.elections.rules import PoorMissing, Result, Standing
from services.registry.elections.schemas import MOST, REFERENCE, Neighbourhood
from services.registry.residents.service import Sex
from shared.attendance import PoorNotCounted
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery
from shared.names import PersonName


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
    voters: Counted = Field(description="All who voted, whichever way")
    attending: BySex | None = Field(None, description="Voters who attended; needed exactly when `door_to_door`")
    collected: BySex | None = Field(None, description="Those visited door to door; with `attending` they make `voters`")
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
    attending: BySexChange | None = may_change()
    collected: BySexChange | None = may_change()
    papers: PapersChange = may_change()
    delegates: CountedChange = may_change()
    door_to_door: bool = may_change()
    handled_separately: str | None = may_change(min_length=1, max_length=200)
    minutes_reference: str = may_change(min_length=1, max_length=200)


class TallyWithdrawal(Body):
    """That a tally no longer counts, so that another person may enter its sheet."""

    tally_id: UUID = Field(description="Of an RT's ballot or of the kelurahan meeting")
    reason: str = Field(min_length=3, max_length=2000, description="Why; seen only in the own region")


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
    standing: Standing = Field(description="waiting for the second person, differs, agreed: then it counts, withdrawn")
    withdrawal_reason: str | None = Field(description="Null in the public view")
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
    attending: BySex | None = Field(description="Null when nothing was collected, or nobody noted how much")
    collected: BySex | None
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

    name: PersonName = Field(min_length=2, max_length=200)
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

"""Declarations and a board's composition as they come in and go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.registry.boards.service import Unchecked
from services.registry.composition.rules import (
    Occupation,
    OccupationUnknown,
    OfficesUnknown,
    OtherOffice,
    PoorUnknown,
    Untold,
    WomanUnknown,
)
from shared.items import Draft
from shared.lists import PageQuery


class DeclarationDraft(Draft):
    """What an officer says; each value that is null has its reason. A later one replaces an earlier one."""

    officer_id: UUID
    declared_on: date = Field(description="From the officer's election to the last day in office; not in the future")
    woman: bool | None = None
    woman_unknown_reason: WomanUnknown | None = None
    poor: bool | None = Field(None, description="Of a household on the list of poor households (PS-2)")
    poor_unknown_reason: PoorUnknown | None = None
    occupation: Occupation | None = None
    occupation_unknown_reason: OccupationUnknown | None = None
    other_offices: list[OtherOffice] | None = Field(None, max_length=11, description="Empty when there is none (EL-10)")
    other_offices_unknown_reason: OfficesUnknown | None = None


class DeclarationView(BaseModel):
    """A declaration; seen with `registry:personal:read` in the board's own regions, and each reading is noted."""

    id: UUID
    board_id: UUID
    officer_id: UUID
    kelurahan_code: str
    declared_on: date
    woman: bool | None
    woman_unknown_reason: WomanUnknown | None
    poor: bool | None
    poor_unknown_reason: PoorUnknown | None
    occupation: Occupation | None
    occupation_unknown_reason: OccupationUnknown | None
    other_offices: list[OtherOffice] | None
    other_offices_unknown_reason: OfficesUnknown | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class DeclarationQuery(PageQuery):
    """Filters of a board's declarations."""

    officer_id: UUID | None = None


class CompositionQuery(BaseModel):
    """The day of a composition."""

    model_config = ConfigDict(extra="forbid")

    as_of: date | None = Field(None, description="Today when absent")


class ShareView(BaseModel):
    """So many of those of whom it is known (persons); null for a reason, and never zero for what is missing."""

    numerator: int | None
    denominator: int | None
    unknown: int = Field(description="Officers of whom it is not known")
    null_reason: Untold | None


class OccupationCount(BaseModel):
    """How many officers live from something."""

    occupation: Occupation
    count: int


class OfficeCount(BaseModel):
    """How many officers hold another office."""

    office: OtherOffice
    count: int


class TermSeen(BaseModel):
    """The latest term begun by the day."""

    id: UUID
    starts_on: date
    ends_on: date


class Doubling(BaseModel):
    """Persons who sit in the secretariat beside board or unit (rangkap jabatan, EL-12)."""

    persons: int
    not_checked: int = Field(description="Seats of board, secretariat and units of which only names are compared")
    not_checked_reason: Unchecked | None
    forbidden: bool | None = Field(description="What the statutes of the day say; null when they do not speak of it")


class PopulationShare(BaseModel):
    """The same of the kelurahan's people."""

    numerator: int | None
    denominator: int | None
    null_reason: Untold | None


class Population(BaseModel):
    """Whom the board stands for."""

    women: PopulationShare = Field(description="Women of all residents recorded on the day (persons)")
    poor: PopulationShare = Field(description="Poor households (PS-2) of those that a meeting decided about")


class CompositionView(BaseModel):
    """Whom a board is made of on a day, beside the people it stands for; numbers only."""

    board_id: UUID
    kelurahan_code: str
    as_of: date
    term: TermSeen | None
    officers: int = Field(description="In office on the day (persons)")
    women: ShareView
    women_by_sheet: int = Field(
        description="Of those known, officers who declared nothing: by the sheet of the certified election"
    )
    poor: ShareView = Field(
        description="Told only of a board as elected once all have declared: none, or five and more but not all"
    )
    other_office_holders: ShareView
    other_offices: list[OfficeCount]
    occupations: list[OccupationCount]
    doubling: Doubling
    population: Population

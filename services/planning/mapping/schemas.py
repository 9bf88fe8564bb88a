"""Problems and causes as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.planning.mapping.rules import CountMissing, Dimension
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.places import KelurahanCode

MOST = 1_000_000
TRIDAYA = "Tridaya: environment (lingkungan), social (sosial), economic (ekonomi)"
HOUSEHOLDS = "Households affected (KK terdampak)"
POOR = "Poor households among them, those on the PS-2 list (KK miskin); null when not counted"


class ProblemDraft(Draft):
    """A problem that the self-survey found."""

    kelurahan_code: KelurahanCode
    title: str = Field(min_length=3, max_length=200, examples=["Gang tergenang setiap hujan"])
    dimension: Dimension = Field(description=TRIDAYA)
    location: str = Field(
        min_length=2, max_length=200, description="Where, by RT and RW; no house", examples=["RT 03/RW 05"]
    )
    households_affected: int = Field(ge=0, le=MOST, description=HOUSEHOLDS)
    poor_households: int | None = Field(None, ge=0, le=MOST, description=POOR)
    observed_on: date = Field(description="The day it was observed; not in the future")


class ProblemChange(Body):
    """What may be edited until a ratified plan rests on it; what is absent stays (RFC 7396)."""

    title: str = may_change(min_length=3, max_length=200)
    dimension: Dimension = may_change(description=TRIDAYA)
    location: str = may_change(min_length=2, max_length=200)
    households_affected: int = may_change(ge=0, le=MOST, description=HOUSEHOLDS)
    poor_households: int | None = may_change(ge=0, le=MOST, description=POOR)
    observed_on: date = may_change()


class ProblemView(BaseModel):
    """A problem."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    title: str
    dimension: Dimension
    location: str
    households_affected: int
    poor_households: int | None = Field(description="Null with a reason; under 5 only in the full view")
    poor_households_missing: CountMissing | None = Field(description="Why poor_households is null")
    observed_on: date
    published_on: date | None = Field(description="Since when everybody sees it; null before a plan rests on it")
    version: int
    recorded_at: datetime
    changed_at: datetime


class ProblemSort(StrEnum):
    """How problems may be sorted."""

    RECORDED = "recorded"
    TITLE = "title"


class ProblemQuery(PlacedQuery):
    """Filters of the list of problems."""

    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the title, or how they begin")
    dimension: Dimension | None = None
    published: bool | None = Field(None, description="Whether a ratified plan rests on it")
    sort: ProblemSort = ProblemSort.RECORDED


class CauseDraft(Draft):
    """A cause of the problem, or of another of its causes."""

    parent_cause_id: UUID | None = Field(None, description="The cause it explains; null when it explains the problem")
    statement: str = Field(min_length=3, max_length=500, examples=["Saluran tersumbat sampah"])
    root: bool = Field(False, description="True when nothing lies below it (akar masalah)")


class CauseView(BaseModel):
    """A cause in the tree below a problem."""

    id: UUID
    problem_id: UUID
    kelurahan_code: str
    parent_cause_id: UUID | None
    statement: str
    root: bool
    version: int
    recorded_at: datetime
    changed_at: datetime


class CauseQuery(PageQuery):
    """Filters of the list of a problem's causes."""

    root: bool | None = Field(None, description="Only root causes, or only the others")

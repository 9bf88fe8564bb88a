"""Plans as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.planning.plans.rules import PlanState
from shared.items import Body, Draft, may_change
from shared.lists import PlacedQuery
from shared.places import KelurahanCode

EARLIEST = date(1999, 1, 1)
LATEST = date(2100, 1, 1)
STARTS = "First day of year 1; the last day follows from the guideline's horizon (three years, PL-1)"


class PlanDraft(Draft):
    """A plan to be drafted."""

    board_id: UUID = Field(description="The board (BKM/LKM) whose plan it is")
    kelurahan_code: KelurahanCode
    title: str = Field(min_length=3, max_length=200, examples=["PJM Pronangkis 2024-2026"])
    starts_on: date = Field(ge=EARLIEST, le=LATEST, description=STARTS)
    vision: str | None = Field(None, max_length=2000, description="What residents want to reach (visi)")


class PlanChange(Body):
    """What may be edited while it is a draft; what is absent stays (RFC 7396)."""

    title: str = may_change(min_length=3, max_length=200)
    starts_on: date = may_change(ge=EARLIEST, le=LATEST, description=STARTS)
    vision: str | None = may_change(max_length=2000)


class PlanView(BaseModel):
    """A plan (PJM Pronangkis)."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    board_id: UUID
    board_name: str | None = Field(description="Null for the moments until a new board is known here")
    title: str
    vision: str | None
    starts_on: date
    ends_on: date = Field(description="Last day of the last year")
    horizon_years: int = Field(description="How many years it covers; activities stand in years 1 to this")
    ruleset: str = Field(description="Version of the rule set that gave the horizon")
    state: PlanState = Field(description="draft (rancangan), ratified (disahkan rembug warga)")
    ratified_on: date | None = Field(
        description="The day of the meeting that accepted it; the meeting itself: /planning/v1/meetings?plan_id="
    )
    version: int
    recorded_at: datetime
    changed_at: datetime


class PlanSort(StrEnum):
    """How plans may be sorted."""

    RECORDED = "recorded"
    STARTS_ON = "starts_on"


class PlanQuery(PlacedQuery):
    """Filters of the list of plans."""

    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the title, or how they begin")
    board_id: UUID | None = None
    state: PlanState | None = None
    covers: date | None = Field(None, description="Only plans that run on this day")
    sort: PlanSort = PlanSort.RECORDED

"""Residents' meetings as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.planning.cycle.rules import Decision, MeetingKind
from shared.attendanceviews import Attendance
from shared.items import Draft
from shared.lists import PlacedQuery

MOST = 100_000
"""More people than any kelurahan can gather; a slip of the finger beyond."""


class MeetingDraft(Draft):
    """The outcome of a residents' meeting."""

    held_on: date = Field(description="The day it was held; not in the future")
    place: str = Field(min_length=3, max_length=200, description="Where; seen only in the own region")
    attendance: Attendance
    adults_invited: int | None = Field(None, ge=1, le=MOST, description="Adults invited; null when nobody counted")
    decision: Decision = Field(description="accepted (disetujui) or refused (ditolak)")
    minutes_reference: str = Field(
        min_length=1, max_length=200, description="Number of the minutes (berita acara)", examples=["BA/07/2024"]
    )


class MeetingView(BaseModel):
    """A residents' meeting."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    kind: MeetingKind
    board_id: UUID
    plan_id: UUID | None
    held_on: date
    place: str | None = Field(description="Null in the public view")
    attendance: Attendance
    adults_invited: int | None
    decision: Decision
    minutes_reference: str
    version: int
    recorded_at: datetime
    changed_at: datetime


class MeetingSort(StrEnum):
    """How meetings may be sorted."""

    RECORDED = "recorded"
    LATEST = "latest"


class MeetingQuery(PlacedQuery):
    """Filters of the list of meetings."""

    board_id: UUID | None = None
    plan_id: UUID | None = None
    kind: MeetingKind | None = None
    decision: Decision | None = None
    sort: MeetingSort = Field(MeetingSort.RECORDED, description="`latest`: by the day they were held, backwards")

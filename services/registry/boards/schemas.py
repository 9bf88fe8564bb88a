"""Boards as they come in and go out."""

from datetime import date, datetime
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.boards.rules import LegalStatus, Position
from shared.items import Body, Draft, may_change
from shared.lists import PageQuery, PlacedQuery
from shared.places import KelurahanCode


class BoardDraft(Draft):
    """A board to be recorded."""

    kelurahan_code: KelurahanCode
    name: str = Field(min_length=3, max_length=200, examples=["BKM Contoh Sejahtera"])
    founded_on: date = Field(description="The day residents founded it; not in the future")
    legal_status: LegalStatus = LegalStatus.NONE
    deed_number: str | None = Field(None, max_length=100)
    phone: str | None = Field(None, max_length=20, description="Seen only in the board's own region")


class BoardChange(Body):
    """What may be edited; what is absent stays (RFC 7396)."""

    name: str = may_change(min_length=3, max_length=200)
    legal_status: LegalStatus = may_change()
    deed_number: str | None = may_change(max_length=100)
    phone: str | None = may_change(max_length=20)


class Mandate(BaseModel):
    """The latest term of a board, and whether it covers today."""

    term_id: UUID
    starts_on: date
    ends_on: date
    lapsed: bool = Field(description="True when the term has ended: residents owe themselves an election")


class BoardView(BaseModel):
    """A board."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    name: str
    founded_on: date
    legal_status: LegalStatus
    deed_number: str | None
    phone: str | None = Field(description="Null in the public view")
    mandate: Mandate | None = Field(description="Null when no election was recorded yet")
    version: int
    recorded_at: datetime
    changed_at: datetime


class BoardSort(StrEnum):
    """How boards may be sorted."""

    RECORDED = "recorded"
    NAME = "name"


class BoardQuery(PlacedQuery):
    """Filters of the list of boards."""

    q: str | None = Field(None, min_length=2, max_length=100, description="Words of the name, or how they begin")
    legal_status: LegalStatus | None = None
    mandate: Literal["valid", "lapsed", "none"] | None = Field(
        None, description="How the board's mandate stands on the day"
    )
    as_of: date | None = Field(None, description="Boards and mandates as of this day; today when absent")
    sort: BoardSort = BoardSort.RECORDED


class OfficerDraft(Body):
    """One person elected to the board."""

    person_id: UUID | None = Field(None, description="The person's own id where it is known; made here when absent")
    name: str = Field(min_length=2, max_length=200)
    position: Position


class TermDraft(Draft):
    """The outcome of an election: a term with its officers."""

    starts_on: date
    ends_on: date
    elected_on: date = Field(description="The day of the kelurahan meeting; not in the future")
    officers: list[OfficerDraft] = Field(min_length=1, max_length=50)


class OfficerView(BaseModel):
    """An elected officer."""

    id: UUID
    person_id: UUID
    name: str | None = Field(description="Null in the public view once the term has ended")
    position: Position


class TermView(BaseModel):
    """A term with its officers."""

    id: UUID
    board_id: UUID
    kelurahan_code: str
    starts_on: date
    ends_on: date
    elected_on: date
    officers: list[OfficerView]
    version: int
    recorded_at: datetime
    changed_at: datetime


class TermQuery(PageQuery):
    """Filters of the list of a board's terms."""

"""A notice board as it goes out."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel, Field


class BoardSeen(BaseModel):
    """The board itself."""

    id: UUID
    name: str
    founded_on: date
    legal_status: str
    dissolved_on: date | None = Field(description="Null while the board stands")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str


class MandateSeen(BaseModel):
    """The board's latest term."""

    starts_on: date
    ends_on: date
    lapsed: bool = Field(description="True when the term has ended: residents owe themselves an election")


class OfficerSeen(BaseModel):
    """Somebody elected for that term who is in office."""

    name: str
    position: str


class PlanSeen(BaseModel):
    """The ratified plan that runs today, or the latest one; money in rupiah."""

    id: UUID
    title: str
    starts_on: date
    ends_on: date
    ratified_on: date
    activities: int
    total_cost_rupiah: int
    funding_rupiah: dict[str, int] = Field(description="By source")


class ActivitySeen(BaseModel):
    """An activity of the plan; money in rupiah."""

    id: UUID
    title: str
    dimension: str
    year: int
    state: str
    total_cost_rupiah: int
    funding_rupiah: dict[str, int] = Field(description="By source")
    households: int | None
    percent: int | None = Field(description="As last reported; null while nothing was")
    reported_on: date | None


class AgreementSeen(BaseModel):
    """A channeling agreement; money in rupiah."""

    id: UUID
    partner: str | None = Field(description="Null while the partner is too new to be known here")
    activity: str | None
    instrument: str
    agreed_on: date
    committed_rupiah: int
    sent_rupiah: int
    received_rupiah: int = Field(description="Confirmed by both sides")


class MeetingSeen(BaseModel):
    """A meeting of residents; persons, null where nobody counted."""

    id: UUID
    kind: str
    held_on: date
    attendance_total: int | None
    attendance_women: int | None


class ValueSeen(BaseModel):
    """An indicator in one month."""

    month: str
    numerator: int | None
    denominator: int | None
    null_reason: str | None


class SeriesSeen(BaseModel):
    """An indicator over the last months."""

    indicator: str
    definition_version: int
    values: list[ValueSeen]


class HeadSeen(BaseModel):
    """How far a journal had come when its service signed it for the day, and its digest."""

    service: str
    day: date
    position: int
    digest: str


class NoticeBoard(BaseModel):
    """All that everybody should know of a board."""

    as_of: date
    board: BoardSeen
    mandate: MandateSeen | None = Field(description="Null when no election was recorded yet")
    officers: list[OfficerSeen]
    plan: PlanSeen | None
    activities: list[ActivitySeen] = Field(description="The newest; `plan.activities` counts all")
    agreements: list[AgreementSeen] = Field(description="The newest")
    agreements_total: int
    meetings: list[MeetingSeen] = Field(description="The latest")
    indicators: list[SeriesSeen]
    complaints: dict[str, int] = Field(description="All complaints about the board, by state")
    journals: list[HeadSeen] = Field(description="Signed daily heads: this service's own, the others' as it saw them")

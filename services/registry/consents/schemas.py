"""Consents as they come in and go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.consents.rules import ConsentKind, Data, Manner, Purpose
from shared.items import Body, Draft
from shared.lists import PlacedQuery


class ConsentDraft(Draft):
    """A consent as it was given: by a resident (`resident_id`), or by a board for its groups (`board_id`)."""

    resident_id: UUID | None = None
    board_id: UUID | None = None
    purpose: Purpose = Field(description="Program, channeling, publikasi, penelitian")
    partner_id: UUID | None = Field(None, description="Who may have the data; absent: whoever works for the purpose")
    data: list[Data] = Field(min_length=1, max_length=10, description="Which data it covers")
    manner: Manner = Field(description="Formulir bertanda tangan, lisan di depan saksi, berita acara BKM")
    reference: str | None = Field(None, min_length=1, max_length=200, description="Of form or minutes; names nobody")
    witnesses: int | None = Field(None, ge=0, le=99, description="Of a spoken consent (persons)")
    by_guardian: bool = Field(False, description="Given by the guardian (wali) of a child")
    starts_on: date = Field(description="The day it was given; not in the future")
    ends_on: date | None = Field(None, description="Its last day; absent: until it is withdrawn")


class Withdrawal(Body):
    """From when a consent no longer holds."""

    withdrawn_on: date = Field(description="The first day without it; not in the future")


class ConsentView(BaseModel):
    """A consent; it names nobody."""

    id: UUID
    kind: ConsentKind
    kelurahan_code: str
    kelurahan_code_now: str
    resident_id: UUID | None = Field(description="The record it was given under, also when that was merged since")
    board_id: UUID | None
    purpose: Purpose
    partner_id: UUID | None = Field(description="Null: whoever works for the purpose")
    data: list[Data]
    manner: Manner
    reference: str | None
    witnesses: int | None
    by_guardian: bool
    starts_on: date
    ends_on: date | None
    withdrawn_on: date | None = Field(description="The first day on which it no longer holds")
    holds: bool = Field(description="On the day of `as_of`, or today")
    version: int
    recorded_at: datetime
    changed_at: datetime


class ConsentQuery(PlacedQuery):
    """Filters of the list of consents."""

    kind: ConsentKind | None = None
    resident_id: UUID | None = Field(None, description="Of this person, under every record merged or moved")
    board_id: UUID | None = None
    purpose: Purpose | None = None
    partner_id: UUID | None = Field(None, description="Consents that name this partner")
    as_of: date | None = Field(None, description="Only what holds on this day")

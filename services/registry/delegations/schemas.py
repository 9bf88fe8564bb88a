"""Delegations as they come in and go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.delegations.rules import Seat, Work
from shared.items import Body, Draft, may_change
from shared.lists import PlacedQuery
from shared.places import KelurahanCode


class DelegationDraft(Draft):
    """Work on a board's records that another person shall do (pendelegasian tugas)."""

    board_id: UUID = Field(description="The board whose records they are")
    account_id: UUID = Field(
        description="Account of somebody who serves this kelurahan alone and whose person is recorded as an officer of the"
        " board, in its organs, as an officer of one of its groups or as a volunteer"
    )
    scopes: list[Work] = Field(min_length=1)
    minutes_reference: str = Field(
        min_length=1, max_length=200, description="Where the minutes of the board's decision are found"
    )
    starts_on: date | None = Field(None, description="First day, today or later; today when absent")
    ends_on: date = Field(description="Last day, within the board's term")


class DelegationChange(Body):
    """When a delegation ends."""

    ends_on: date = may_change(description="Last day, today or later, within the board's term")


class DelegationView(BaseModel):
    """Work that a board lets another person do."""

    id: UUID
    board_id: UUID
    kelurahan_code: KelurahanCode
    kelurahan_code_now: KelurahanCode
    delegator_id: UUID = Field(
        description="Account of the officer who lends; what that has no more, this gives no more"
    )
    officer_id: UUID | None = Field(description="The elected seat of who lends; null: not kept then")
    account_id: UUID
    seat: Seat | None = Field(description="What the account's person is to the board; null: not kept then")
    seat_id: UUID | None
    scopes: list[Work]
    minutes_reference: str | None
    starts_on: date
    ends_on: date
    lasts_until: date = Field(description="`ends_on`, or earlier with one of the two seats")
    revoked_at: datetime | None = Field(description="Taken back before its time")
    version: int
    recorded_at: datetime
    changed_at: datetime


class DelegationQuery(PlacedQuery):
    """Filters of the list of delegations."""

    board_id: UUID | None = None
    account_id: UUID | None = None
    as_of: date | None = Field(None, description="Only what holds on a day, with the seats it rests on")

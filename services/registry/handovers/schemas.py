"""Handovers as they come in and go out."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field

from services.registry.handovers.rules import HandoverState, InProgress
from services.registry.unfinished.service import Unfinished
from shared.items import Body, Draft
from shared.lists import PlacedQuery
from shared.places import KelurahanCode

REFERENCE = r"^[a-z]+/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"


class ItemInProgress(Body):
    """One thing that is under way in a kelurahan: which one, or how many. No free text, for it would name people."""

    kelurahan_code: KelurahanCode
    kind: InProgress
    subject: str | None = Field(
        None, pattern=REFERENCE, description="The one it is", examples=["plans/01900000-0000-7000-8000-000000000000"]
    )
    count: int | None = Field(None, ge=1, le=100_000, description="How many, where no single one is named")


class HandoverDraft(Draft):
    """A handover to be recorded; the facilitator of the address gives."""

    to_facilitator_id: UUID = Field(description="Who receives; another person, employed on the day")
    handed_over_on: date = Field(description="The day of the handover; not in the future")
    kelurahan_codes: list[KelurahanCode] | None = Field(
        None, min_length=1, max_length=500, description="All that the giver serves on the day when absent"
    )
    in_progress: list[ItemInProgress] = Field(
        max_length=2000, description="What is under way there; an empty list says that nothing is"
    )


class AcknowledgementDraft(Body):
    """That the receiver took over, what is in progress included."""

    acknowledged_on: date = Field(description="The giver's last day there; not in the future")


class PassingKelurahan(BaseModel):
    """A kelurahan that passes."""

    kelurahan_code: str
    from_assignment_id: UUID
    to_assignment_id: UUID
    opened: bool = Field(description="False where the receiver was assigned there before")


class UnfinishedItem(BaseModel):
    """Something that registry itself knew to be under way."""

    kelurahan_code: str | None = Field(description="Null: of the giver's account, who alone can list it")
    subject: Unfinished
    count: int
    address: str = Field(examples=["/registry/v1/duplicates?region=34.71.03.1001"])


class Access(BaseModel):
    """What the handover did to what the two accounts may; what is left over is an operator's work."""

    shared: list[str] = Field(description="Kelurahan that the receiver's account gained")
    receiver_lacks: list[str] = Field(description="Kelurahan that it does not reach: no account, or other roles")
    giver_keeps: list[str] = Field(description="Kelurahan that the giver's account still reaches once acknowledged")


class HandoverView(BaseModel):
    """A handover, seen in its region and by the two between whom it happens."""

    id: UUID
    region_code: str
    from_facilitator_id: UUID
    to_facilitator_id: UUID
    state: HandoverState = Field(description="pending (both serve), acknowledged (diterima), withdrawn (dibatalkan)")
    handed_over_on: date
    acknowledged_on: date | None
    kelurahan: list[PassingKelurahan]
    in_progress: list[ItemInProgress]
    unfinished: list[UnfinishedItem] | None = Field(
        description="What registry knew of it itself on recording, besides; null where that was not kept"
    )
    access: Access
    version: int
    recorded_at: datetime
    changed_at: datetime


class HandoverQuery(PlacedQuery):
    """Filters of the list of handovers."""

    facilitator_id: UUID | None = Field(None, description="Given or received by this facilitator")
    state: HandoverState | None = None

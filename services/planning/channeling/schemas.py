"""Opportunities, agreements and disbursements as they come in and go out; amounts are whole rupiah."""

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, Field

from services.planning.channeling.rules import (
    AgreementState,
    ClosingReason,
    DisbursementState,
    Instrument,
    OpportunityState,
    Side,
)
from services.planning.mapping.service import Dimension
from shared.items import Body, Draft
from shared.lists import PageQuery, PlacedQuery
from shared.tables import LARGEST_RUPIAH

EARLIEST = date(1999, 1, 1)
LATEST = date(2100, 1, 1)
TRIDAYA = "Tridaya: environment (lingkungan), social (sosial), economic (ekonomi)"
HELP = "grant (hibah), loan (pinjaman), in_kind (barang), technical_assistance (bantuan teknis), volunteers (relawan)"

Amount = Annotated[int, Field(ge=1, le=LARGEST_RUPIAH, description="Rupiah; for goods and work what they are worth")]
Day = Annotated[date, Field(ge=EARLIEST, le=LATEST)]


class OpportunityDraft(Draft):
    """What an activity of a ratified plan still lacks."""

    activity_id: UUID = Field(description="An activity of a ratified plan in a kelurahan that you serve")
    gap_rupiah: Amount
    summary: str = Field(
        min_length=10,
        max_length=1000,
        description="What is needed and why, for everybody to read: no personal data",
        examples=["Drainase 120 m di RT 03; warga menyumbang tenaga."],
    )
    kinds: list[Instrument] = Field(
        default=list(Instrument), min_length=1, max_length=5, description=f"What would help: {HELP}"
    )
    published_on: Day | None = Field(None, description="Since when it is sought, not in the future; today when absent")
    open_until: Day = Field(description="The last day for offers")


class ClosureDraft(Body):
    """The end of the search; it ends by itself once all is promised."""

    reason: ClosingReason = Field(description="met (terpenuhi), expired (lewat waktu), withdrawn (ditarik)")
    closed_on: Day | None = Field(None, description="Not in the future; today when absent")


class OpportunityView(BaseModel):
    """What an activity still lacks. No names of residents are in it."""

    id: UUID
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    board_id: UUID
    board_name: str | None = Field(description="Null for the moments until a new board is known here")
    plan_id: UUID
    activity_id: UUID
    activity_title: str
    volume: str = Field(description="Decimal with three places")
    unit: str
    households: int = Field(description="Households served")
    dimension: Dimension = Field(description=TRIDAYA)
    gap_rupiah: int = Field(description="Rupiah sought")
    committed_rupiah: int = Field(description="Rupiah agreed so far")
    left_rupiah: int = Field(description="Rupiah that may still be offered")
    summary: str
    kinds: list[Instrument] = Field(description=HELP)
    published_on: date
    open_until: date
    open: bool = Field(description="True when offers are taken today: not closed, and not too late")
    state: OpportunityState = Field(description="open (terbuka), closed (ditutup)")
    closed_on: date | None
    closing_reason: ClosingReason | None
    version: int
    recorded_at: datetime
    changed_at: datetime


class OpportunitySort(StrEnum):
    """How opportunities may be sorted."""

    RECORDED = "recorded"
    OPEN_UNTIL = "open_until"


class OpportunityQuery(PlacedQuery):
    """Filters of the list of opportunities."""

    open: bool | None = Field(None, description="Whether offers are taken today")
    kind: Instrument | None = Field(None, description="Only those that this would help")
    dimension: Dimension | None = Field(None, description=TRIDAYA)
    board_id: UUID | None = None
    activity_id: UUID | None = None
    sort: OpportunitySort = OpportunitySort.RECORDED


class AgreementDraft(Draft):
    """An offer; the side that makes it has accepted it."""

    opportunity_id: UUID
    partner_id: UUID = Field(description="The partner; an account or client of it offers for it, everybody else to it")
    instrument: Instrument = Field(description=HELP)
    committed_rupiah: Amount
    starts_on: Day
    ends_on: Day = Field(description="Not before starts_on")
    reference: str = Field(min_length=1, max_length=100, description="Number of the MoU or letter; public once agreed")
    offered_on: Day | None = Field(None, description="Not in the future; today when absent")


class AcceptanceDraft(Body):
    """The other side's yes."""

    agreed_on: Day | None = Field(None, description="Not in the future, within the board's mandate; today when absent")


class WithdrawalDraft(Body):
    """The end of an offer that was not accepted, by either side."""

    withdrawn_on: Day | None = Field(None, description="Not in the future; today when absent")


class AgreementView(BaseModel):
    """An agreement, or an offer to make one."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions and for its partner")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    board_id: UUID
    board_name: str | None
    partner_id: UUID
    partner_name: str | None = Field(description="Null for the moments until a new partner is known here")
    activity_id: UUID
    opportunity_id: UUID
    instrument: Instrument = Field(description=HELP)
    committed_rupiah: int = Field(description="Rupiah promised")
    sent_rupiah: int = Field(description="Rupiah sent so far, whether confirmed or not")
    received_rupiah: int = Field(description="Rupiah of what the board confirmed in full")
    starts_on: date
    ends_on: date
    reference: str
    offered_by: Side = Field(description="board (BKM/LKM), partner (mitra)")
    offered_on: date
    agreed_on: date | None
    withdrawn_on: date | None
    withdrawn_by: Side | None = Field(description="The offering side took it back, or the other one declined")
    state: AgreementState = Field(description="offered (ditawarkan), agreed (disepakati), withdrawn (ditarik)")
    registry_position: int = Field(description="How far registry's journal was followed when it was last judged")
    version: int
    recorded_at: datetime
    changed_at: datetime


class AgreementSort(StrEnum):
    """How agreements may be sorted."""

    RECORDED = "recorded"


class AgreementQuery(PlacedQuery):
    """Filters of the list of agreements."""

    board_id: UUID | None = None
    partner_id: UUID | None = None
    activity_id: UUID | None = None
    opportunity_id: UUID | None = None
    instrument: Instrument | None = Field(None, description=HELP)
    state: AgreementState | None = None
    sort: AgreementSort = AgreementSort.RECORDED


class DisbursementDraft(Draft):
    """What the partner sent."""

    amount_rupiah: Amount
    sent_on: Day = Field(description="Not in the future, not before the agreement")
    reference: str = Field(min_length=1, max_length=100, description="Number of the transfer; seen by both sides only")


class ConfirmationDraft(Body):
    """What the board received; another amount than was sent is in dispute, with a reason."""

    received_on: Day = Field(description="Not in the future, not before it was sent")
    amount_rupiah: int = Field(ge=0, le=LARGEST_RUPIAH, description="Rupiah that arrived")
    reason: str | None = Field(
        None, min_length=3, max_length=500, description="Needed exactly when the amount differs; seen by both sides"
    )


class DisbursementView(BaseModel):
    """Money on its way from a partner to a board."""

    id: UUID
    view: Literal["public", "full"] = Field(description="`full` in the caller's own regions and for its partner")
    kelurahan_code: str
    kelurahan_code_now: str
    kelurahan_name: str
    agreement_id: UUID
    board_id: UUID
    partner_id: UUID
    amount_rupiah: int = Field(description="Rupiah sent")
    sent_on: date
    reference: str | None = Field(description="Null in the public view")
    received_on: date | None = Field(description="The day on which the whole of it had arrived")
    received_rupiah: int | None = Field(description="Rupiah that arrived, as the board says; null until it does")
    disputed_on: date | None = Field(description="The day on which the board said that something else arrived")
    dispute_reason: str | None = Field(description="Null in the public view")
    state: DisbursementState = Field(description="sent (dikirim), received (diterima), disputed (dipersoalkan)")
    registry_position: int = Field(description="How far registry's journal was followed when a side last spoke")
    version: int
    recorded_at: datetime
    changed_at: datetime


class DisbursementsQuery(PageQuery):
    """Filters of the list of an agreement's disbursements."""

    state: DisbursementState | None = None


class DisbursementQuery(PlacedQuery):
    """Filters of the list of disbursements."""

    board_id: UUID | None = None
    partner_id: UUID | None = None
    state: DisbursementState | None = None

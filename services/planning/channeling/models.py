"""Tables of channeling: opportunities, agreements and disbursements, all amounts in rupiah."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ColumnElement, String, and_, false, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.planning.channeling.rules import (
    AgreementState,
    ClosingReason,
    DisbursementState,
    Instrument,
    OpportunityState,
    Side,
)
from services.planning.database import Base
from services.planning.mapping.service import Dimension
from shared.permissions import Caller
from shared.tables import CommunityItem, Rupiah, child_of, choice, community, rupiah_within_bounds, serves


class Opportunity(CommunityItem, Base):
    """What an activity of a ratified plan still lacks, for partners to find."""

    __tablename__ = "opportunities"
    __table_args__ = community(
        child_of("plans", "plan_id"),
        child_of("activities", "activity_id"),
        rupiah_within_bounds("gap_rupiah", at_least=1),
        CheckConstraint("open_until >= published_on", name="dates"),
        CheckConstraint("(state = 'closed') = (closed_on IS NOT NULL)", name="closed"),
        CheckConstraint("(closed_on IS NULL) = (closing_reason IS NULL)", name="reason"),
        serves("opportunities_by_place", "kelurahan_code", "id"),
        serves("opportunities_of_activity", "activity_id", "id"),
        serves("opportunities_by_end", "open_until", "id"),
        serves("opportunities_by_state", "state", "id"),
    )
    read_scope = "planning:channeling:read"

    board_id: Mapped[UUID] = mapped_column(Uuid)
    plan_id: Mapped[UUID] = mapped_column(Uuid)
    activity_id: Mapped[UUID] = mapped_column(Uuid)
    dimension: Mapped[Dimension] = choice(Dimension)
    gap_rupiah: Mapped[Rupiah]
    summary: Mapped[str] = mapped_column(String(1000))
    kinds: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    published_on: Mapped[date]
    open_until: Mapped[date]
    state: Mapped[OpportunityState] = choice(OpportunityState)
    closed_on: Mapped[date | None]
    closing_reason: Mapped[ClosingReason | None] = choice(ClosingReason)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()


class Agreement(CommunityItem, Base):
    """What a partner promises a board for an opportunity; public once both sides accepted it.

    Who acted for a side, as persons and as accounts, never acts for the other one.
    """

    __tablename__ = "agreements"
    __table_args__ = community(
        child_of("opportunities", "opportunity_id"),
        child_of("activities", "activity_id"),
        rupiah_within_bounds("committed_rupiah", at_least=1),
        CheckConstraint("ends_on >= starts_on", name="dates"),
        CheckConstraint("(state = 'agreed') = (agreed_on IS NOT NULL)", name="agreed"),
        CheckConstraint("(state = 'withdrawn') = (withdrawn_by IS NOT NULL)", name="withdrawn"),
        CheckConstraint("withdrawn_by IN ('board', 'partner')", name="withdrawn_by"),
        CheckConstraint("(withdrawn_by IS NULL) = (withdrawn_on IS NULL)", name="withdrawal"),
        CheckConstraint("NOT acted_for_board && acted_for_partner", name="both_sides"),
        serves("agreements_by_place", "kelurahan_code", "id"),
        serves("agreements_of_opportunity", "opportunity_id", "state"),
        serves("agreements_of_activity", "activity_id", "id"),
        serves("agreements_of_board", "board_id", "id"),
        serves("agreements_of_partner", "partner_id", "id"),
    )
    read_scope = "planning:channeling:read"

    board_id: Mapped[UUID] = mapped_column(Uuid)
    activity_id: Mapped[UUID] = mapped_column(Uuid)
    opportunity_id: Mapped[UUID] = mapped_column(Uuid)
    partner_id: Mapped[UUID] = mapped_column(Uuid)
    instrument: Mapped[Instrument] = choice(Instrument)
    committed_rupiah: Mapped[Rupiah]
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(100))
    offered_by: Mapped[Side] = choice(Side)
    offered_on: Mapped[date]
    agreed_on: Mapped[date | None]
    withdrawn_on: Mapped[date | None]
    withdrawn_by: Mapped[str | None] = mapped_column(String(20))
    state: Mapped[AgreementState] = choice(AgreementState)
    acted_for_board: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    acted_for_partner: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    registry_position: Mapped[int] = mapped_column(BigInteger)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return cls.state == AgreementState.AGREED

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        return false() if caller.org is None else cls.partner_id == caller.org

    @classmethod
    def is_withheld(cls, caller: Caller) -> ColumnElement[bool]:
        """Keep an offer from other partners, whatever regions they have."""
        if caller.org is None:
            return false()
        return and_(cls.state != AgreementState.AGREED, cls.partner_id != caller.org)


class Disbursement(CommunityItem, Base):
    """Money, or what is worth it, sent under an agreement: the partner says sent, the board says received.

    `registry_position` is how far registry's journal was followed when the latest side spoke.
    """

    __tablename__ = "disbursements"
    __table_args__ = community(
        child_of("agreements", "agreement_id"),
        rupiah_within_bounds("amount_rupiah", at_least=1),
        rupiah_within_bounds("received_rupiah"),
        CheckConstraint("received_on >= sent_on AND disputed_on >= sent_on", name="dates"),
        CheckConstraint("(state = 'received') = (received_on IS NOT NULL)", name="received"),
        CheckConstraint("state <> 'received' OR received_rupiah = amount_rupiah", name="whole"),
        CheckConstraint(
            "state <> 'disputed' OR (received_rupiah <> amount_rupiah AND disputed_on IS NOT NULL"
            " AND dispute_reason IS NOT NULL)",
            name="disputed",
        ),
        CheckConstraint("NOT sent_by && confirmed_by", name="both_sides"),
        serves("disbursements_by_place", "kelurahan_code", "id"),
        serves("disbursements_of_agreement", "agreement_id", "id"),
        serves("disbursements_of_board", "board_id", "id"),
        serves("disbursements_of_partner", "partner_id", "id"),
    )
    read_scope = "planning:channeling:read"

    agreement_id: Mapped[UUID] = mapped_column(Uuid)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    partner_id: Mapped[UUID] = mapped_column(Uuid)
    amount_rupiah: Mapped[Rupiah]
    sent_on: Mapped[date]
    reference: Mapped[str] = mapped_column(String(100))
    received_on: Mapped[date | None]
    received_rupiah: Mapped[Rupiah | None] = mapped_column(BigInteger)
    disputed_on: Mapped[date | None]
    dispute_reason: Mapped[str | None] = mapped_column(String(500))
    state: Mapped[DisbursementState] = choice(DisbursementState)
    sent_by: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    confirmed_by: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid))
    registry_position: Mapped[int] = mapped_column(BigInteger)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        return false() if caller.org is None else cls.partner_id == caller.org

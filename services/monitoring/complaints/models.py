"""Tables of complaints; what could point at somebody lies apart from what is journaled and counted."""

from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, String, Text, and_, exists, false, or_, select, true
from sqlalchemy.orm import Mapped, aliased, mapped_column
from sqlalchemy.types import Uuid

from services.monitoring.complaints.rules import AccusedKind, Category, Channel, ComplaintScope, ComplaintState
from services.monitoring.database import Base
from services.monitoring.facts import service as facts
from shared.permissions import Caller
from shared.tables import (
    Code,
    CommunityItem,
    Digest,
    Moment,
    Rupiah,
    child_of,
    choice,
    community,
    rupiah_within_bounds,
    serves,
)

BOARD_OFFICER = "board_officer"
"""The role whose holders never see a complaint about their kelurahan's board."""


class Complaint(CommunityItem, Base):
    """A complaint of one kelurahan; found again by its complainant through a code that is not kept."""

    __tablename__ = "complaints"
    __table_args__ = community(
        serves("complaints_by_place", "kelurahan_code", "recorded_at", "id"),
        serves("complaints_of_board", "board_id", "occurred_on"),
        serves("complaints_newest", "recorded_at", "id"),
        serves("complaints_by_code", "code_digest"),
        serves("complaints_by_key", "key_digest"),
    )
    read_scope = "monitoring:complaints:read"

    board_id: Mapped[UUID | None] = mapped_column(Uuid)
    activity_id: Mapped[UUID | None] = mapped_column(Uuid)
    scope: Mapped[ComplaintScope] = choice(ComplaintScope)
    state: Mapped[ComplaintState] = choice(ComplaintState)
    occurred_on: Mapped[date]
    resolved_on: Mapped[date | None]
    code_digest: Mapped[Digest]
    key_digest: Mapped[Digest | None]

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        """Let who holds its code add to it."""
        return false() if caller.code is None else cls.code_digest == caller.code

    @classmethod
    def is_withheld(cls, caller: Caller) -> ColumnElement[bool]:
        """Keep a complaint from whoever is accused in it, wherever they serve and in whatever role.

        An accused officer is the person, under any account; an accused board is everyone who ever
        sat on it and every board officer's account there.
        """
        # Under a name of its own: the statement around may read the details too.
        details = aliased(ComplaintDetails, name="accused")
        kind = details.accused_kind
        conditions: list[ColumnElement[bool]] = []
        if caller.person_id is not None:
            officer = facts.is_officer(details.accused_officer_id, caller.person_id)
            sat = facts.sat_on_board(cls.board_id, caller.person_id)
            conditions += [and_(kind == AccusedKind.OFFICER, officer), and_(kind == AccusedKind.BOARD, sat)]
        if BOARD_OFFICER in caller.roles:
            conditions.append(kind == AccusedKind.BOARD)
        if not conditions:
            return false()
        return exists(select(true()).where(details.id == cls.id, or_(*conditions)))


class ComplaintDetails(Base):
    """What was said, of whom and by whom: never journaled, never public."""

    __tablename__ = "complaint_details"
    __table_args__ = community(child_of("complaints", "id"), rupiah_within_bounds("amount_reported_rupiah"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kelurahan_code: Mapped[Code]
    category: Mapped[Category] = choice(Category)
    text: Mapped[str] = mapped_column(Text)
    accused_kind: Mapped[AccusedKind] = choice(AccusedKind)
    accused_officer_id: Mapped[UUID | None] = mapped_column(Uuid)
    channel: Mapped[Channel] = choice(Channel)
    amount_reported_rupiah: Mapped[Rupiah | None]
    contact: Mapped[str | None] = mapped_column(String(200))


class ComplaintStep(Base):
    """One step of a complaint's history: received, answered, resolved or reopened."""

    __tablename__ = "complaint_steps"
    __table_args__ = community(
        child_of("complaints", "complaint_id"), serves("steps_of_complaint", "complaint_id", "number")
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kelurahan_code: Mapped[Code]
    complaint_id: Mapped[UUID] = mapped_column(Uuid)
    number: Mapped[int] = mapped_column(Integer)
    state: Mapped[ComplaintState] = choice(ComplaintState)
    text: Mapped[str | None] = mapped_column(Text)
    recorded_at: Mapped[Moment]

"""Table of consents; it names nobody."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ColumnElement, Integer, String, and_, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.consents.rules import Data, Manner, Purpose
from services.registry.database import Base
from shared.tables import CommunityItem, Dated, child_of, choice, community, serves

_KNOWN = ", ".join(f"'{one.value}'" for one in Data)


class Consent(CommunityItem, Dated, Base):
    """What a resident, or a board for its groups, allows from a day on, until it ends or is withdrawn."""

    __tablename__ = "consents"
    __table_args__ = community(
        child_of("residents", "resident_id"),
        CheckConstraint("(resident_id IS NULL) <> (board_id IS NULL)", name="subject"),
        CheckConstraint("(resident_id IS NULL) = (person_id IS NULL)", name="person"),
        CheckConstraint("ends_on >= starts_on AND withdrawn_on >= starts_on", name="order"),
        CheckConstraint(f"data <@ ARRAY[{_KNOWN}]::varchar[]", name="data"),
        serves("consents_by_place", "kelurahan_code", "id"),
        serves("consents_of_person", "person_id", "purpose"),
        serves("consents_of_resident", "resident_id", "id"),
        serves("consents_of_board", "board_id", "purpose"),
        serves("consents_by_partner", "partner_id", "id"),
    )
    read_scope = "registry:consents:read"

    resident_id: Mapped[UUID | None] = mapped_column(Uuid)
    person_id: Mapped[UUID | None] = mapped_column(Uuid)
    """Whose consent it is, wherever that person lives by now."""

    board_id: Mapped[UUID | None] = mapped_column(Uuid)
    purpose: Mapped[Purpose] = choice(Purpose)
    partner_id: Mapped[UUID | None] = mapped_column(Uuid)
    """Who may have the data; None: whoever works for the purpose."""

    data: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    manner: Mapped[Manner] = choice(Manner)
    reference: Mapped[str | None] = mapped_column(String(200))
    witnesses: Mapped[int | None] = mapped_column(Integer)
    by_guardian: Mapped[bool] = mapped_column(Boolean)
    withdrawn_on: Mapped[date | None]
    """The first day on which it no longer holds."""

    @classmethod
    def holds_on(cls, day: Any) -> ColumnElement[bool]:
        """Return the condition that it holds on a day: begun, not over, not withdrawn."""
        return and_(super().holds_on(day), or_(cls.withdrawn_on.is_(None), cls.withdrawn_on > day))

    @classmethod
    def overlapping(cls, starts_on: date, ends_on: date | None) -> ColumnElement[bool]:
        """Return the condition that it holds on a day of a time from one day to another, or without end."""
        return and_(
            super().overlapping(starts_on, ends_on), or_(cls.withdrawn_on.is_(None), cls.withdrawn_on > starts_on)
        )

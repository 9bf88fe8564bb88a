"""Table of handovers."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, String, false, or_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.handovers.rules import HandoverState
from shared.permissions import Caller
from shared.tables import FourEyes, RegionalItem, choice, regional, serves


class Handover(RegionalItem, FourEyes, Base):
    """Kelurahan that pass from one facilitator to another on a day, until it is acknowledged served by both.

    `passing` holds for each kelurahan the giver's assignment, the receiver's, and whether that was opened here;
    `in_progress` the lines of what is under way there, and `unfinished` what registry knew of it itself when it was
    recorded (null of what was recorded before that was kept). None is read by its parts.
    """

    __tablename__ = "handovers"
    __table_args__ = regional(
        CheckConstraint("(state = 'acknowledged') = (acknowledged_on IS NOT NULL)", name="acknowledged"),
        CheckConstraint("from_person_id <> to_person_id", name="persons"),
        serves("handovers_by_place", "region_code", "id"),
        serves("handovers_from", "from_facilitator_id", "id"),
        serves("handovers_to", "to_facilitator_id", "id"),
    )
    read_scope = "registry:facilitators:read"

    from_facilitator_id: Mapped[UUID] = mapped_column(Uuid)
    to_facilitator_id: Mapped[UUID] = mapped_column(Uuid)
    from_person_id: Mapped[UUID] = mapped_column(Uuid)
    to_person_id: Mapped[UUID] = mapped_column(Uuid)
    state: Mapped[HandoverState] = choice(HandoverState)
    handed_over_on: Mapped[date]
    acknowledged_on: Mapped[date | None]
    passing: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    in_progress: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    unfinished: Mapped[list[dict[str, Any]] | None] = mapped_column(JSONB(none_as_null=True))
    shared_codes: Mapped[list[str]] = mapped_column(ARRAY(String(13)))
    lacking_codes: Mapped[list[str]] = mapped_column(ARRAY(String(13)))
    kept_codes: Mapped[list[str]] = mapped_column(ARRAY(String(13)))

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        """Let the two between whom it happens see it, wherever their accounts serve."""
        if caller.person_id is None:
            return false()
        return or_(cls.from_person_id == caller.person_id, cls.to_person_id == caller.person_id)

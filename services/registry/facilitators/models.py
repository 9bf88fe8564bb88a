"""Tables of facilitators and their assignments; what names them is sealed in the personal records."""

from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, exists, false, or_
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.facilitators.rules import AssignmentEnd, FacilitatorRole
from shared.permissions import Caller
from shared.places import within_any
from shared.tables import CommunityItem, Dated, RegionalItem, choice, community, regional, serves


class Assignment(CommunityItem, Dated, Base):
    """A kelurahan that a facilitator serves for a time; several may serve the same, of one role too."""

    __tablename__ = "assignments"
    __table_args__ = community(
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("ended_because IS NULL OR ends_on IS NOT NULL", name="ended"),
        serves("assignments_by_place", "kelurahan_code", "id"),
        serves("assignments_of_facilitator", "facilitator_id", "id"),
        serves("assignments_of_person", "person_id"),
    )
    read_scope = "registry:facilitators:read"

    facilitator_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("facilitators.id"))
    person_id: Mapped[UUID] = mapped_column(Uuid)
    role: Mapped[FacilitatorRole] = choice(FacilitatorRole)
    ended_because: Mapped[AssignmentEnd | None] = choice(AssignmentEnd)

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        return false() if caller.person_id is None else cls.person_id == caller.person_id


class Facilitator(RegionalItem, Dated, Base):
    """A person who works for the programme in a region, employed for a time; the personal record has the same id."""

    __tablename__ = "facilitators"
    __table_args__ = regional(
        CheckConstraint("ends_on >= starts_on", name="order"),
        serves("facilitators_by_place", "region_code", "id"),
        serves("facilitators_of_account", "account_id"),
        serves("facilitators_of_person", "person_id"),
    )
    read_scope = "registry:facilitators:read"

    person_id: Mapped[UUID] = mapped_column(Uuid)
    account_id: Mapped[UUID | None] = mapped_column(Uuid)
    role: Mapped[FacilitatorRole] = choice(FacilitatorRole)

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        """Let facilitators see themselves, and a kelurahan's people who serves it."""
        if caller.anonymous:
            return false()
        serving = exists().where(
            Assignment.facilitator_id == cls.id,
            Assignment.ends_on.is_(None),
            within_any(Assignment.kelurahan_code.expression, caller.regions if caller.may(cls.read_scope) else ()),
        )
        return or_(serving, cls.person_id == caller.person_id) if caller.person_id is not None else serving

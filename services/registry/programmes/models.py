"""Table of enrolments, each made by one readiness meeting (RKM)."""

from datetime import date

from sqlalchemy import CheckConstraint, ColumnElement, Integer, String, and_, or_, true
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.database import Base
from services.registry.programmes.rules import Decision
from shared.attendance import PoorNotCounted, WomenNotCounted
from shared.tables import CommunityItem, choice, community, serves


class Enrolment(CommunityItem, Base):
    """What the residents of a kelurahan decided about a phase, and how long they took part.

    A missing count is null, with its reason. What was refused, then or later, has no first day.
    """

    __tablename__ = "enrolments"
    __table_args__ = community(
        CheckConstraint("attendance_total >= 1", name="attendance"),
        CheckConstraint("women BETWEEN 0 AND attendance_total AND poor BETWEEN 0 AND attendance_total", name="parts"),
        CheckConstraint(
            "(women IS NULL) = (women_not_counted IS NOT NULL) AND (poor IS NULL) = (poor_not_counted IS NOT NULL)",
            name="reasons",
        ),
        CheckConstraint("decision = 'accepted' OR starts_on IS NULL", name="decided"),
        CheckConstraint("starts_on >= held_on AND (ends_on IS NULL OR ends_on >= starts_on)", name="order"),
        CheckConstraint("ends_on IS NULL OR starts_on IS NOT NULL", name="ended"),
        serves("enrolments_by_place", "kelurahan_code", "programme", "id"),
        serves("enrolments_of_programme", "programme", "id"),
        serves("enrolments_by_day", "held_on", "id"),
        serves("enrolments_in_force", "ends_on", "starts_on", "id"),
    )
    read_scope = "registry:boards:read"

    programme: Mapped[str] = mapped_column(String(40))
    held_on: Mapped[date]
    attendance_total: Mapped[int] = mapped_column(Integer)
    women: Mapped[int | None] = mapped_column(Integer)
    women_not_counted: Mapped[WomenNotCounted | None] = choice(WomenNotCounted)
    poor: Mapped[int | None] = mapped_column(Integer)
    poor_not_counted: Mapped[PoorNotCounted | None] = choice(PoorNotCounted)
    decision: Mapped[Decision] = choice(Decision)
    minutes_reference: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()

    @classmethod
    def holds_on(cls, day: date | ColumnElement[date]) -> ColumnElement[bool]:
        """Return the condition that the kelurahan is enrolled on a day, first and last day included."""
        return and_(cls.starts_on <= day, or_(cls.ends_on.is_(None), cls.ends_on >= day))

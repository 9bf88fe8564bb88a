"""Table of residents' meetings."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Integer, String, true
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.planning.cycle.rules import Decision, MeetingKind
from services.planning.database import Base
from shared.attendance import PoorNotCounted, WomenNotCounted
from shared.tables import CommunityItem, child_of, choice, community, serves


class Meeting(CommunityItem, Base):
    """A meeting in which residents decided (rembug warga); a missing count is null, with its reason."""

    __tablename__ = "meetings"
    __table_args__ = community(
        child_of("plans", "plan_id"),
        CheckConstraint("attendance_total >= 1", name="attendance"),
        CheckConstraint("women BETWEEN 0 AND attendance_total AND poor BETWEEN 0 AND attendance_total", name="parts"),
        CheckConstraint(
            "(women IS NULL) = (women_not_counted IS NOT NULL) AND (poor IS NULL) = (poor_not_counted IS NOT NULL)",
            name="reasons",
        ),
        serves("meetings_by_place", "kelurahan_code", "id"),
        serves("meetings_of_board", "board_id", "id"),
        serves("meetings_of_plan", "plan_id", "id"),
        serves("meetings_by_day", "held_on", "id"),
    )
    read_scope = "planning:plans:read"

    kind: Mapped[MeetingKind] = choice(MeetingKind)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    plan_id: Mapped[UUID | None] = mapped_column(Uuid)
    held_on: Mapped[date]
    venue: Mapped[str] = mapped_column(String(200))
    attendance_total: Mapped[int] = mapped_column(Integer)
    women: Mapped[int | None] = mapped_column(Integer)
    women_not_counted: Mapped[WomenNotCounted | None] = choice(WomenNotCounted)
    poor: Mapped[int | None] = mapped_column(Integer)
    poor_not_counted: Mapped[PoorNotCounted | None] = choice(PoorNotCounted)
    adults_invited: Mapped[int | None] = mapped_column(Integer)
    decision: Mapped[Decision] = choice(Decision)
    minutes_reference: Mapped[str] = mapped_column(String(200))

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()

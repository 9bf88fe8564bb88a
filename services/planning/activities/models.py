"""Table of activities; the money by source stands in the row, where the database itself adds it up."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Integer, Numeric, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.planning.activities.rules import ActivityState, Source
from services.planning.database import Base
from services.planning.mapping.service import Dimension
from shared.searching import searched
from shared.tables import CommunityItem, Rupiah, child_of, choice, community, rupiah_within_bounds, serves

FUNDING = {source: f"{source.value}_rupiah" for source in Source}
"""The column of each source."""


class Activity(CommunityItem, Base):
    """A work of a plan; public once residents ratified the plan."""

    __tablename__ = "activities"
    __table_args__ = community(
        child_of("plans", "plan_id"),
        UniqueConstraint("kelurahan_code", "plan_id", "year", "priority_rank"),
        CheckConstraint("volume > 0", name="volume"),
        CheckConstraint("total_cost_rupiah = volume * unit_cost_rupiah", name="cost"),
        CheckConstraint(f"total_cost_rupiah = {' + '.join(FUNDING.values())}", name="funding"),
        CheckConstraint("poor_households BETWEEN 0 AND households", name="poor"),
        *(rupiah_within_bounds(column) for column in ("unit_cost_rupiah", "total_cost_rupiah", *FUNDING.values())),
        serves("activities_by_place", "kelurahan_code", "id"),
        serves("activities_of_plan", "plan_id", "id"),
        serves("activities_of_board", "board_id", "id"),
        serves("activities_of_problem", "problem_id"),
        searched("activities_by_words", "title"),
    )
    read_scope = "planning:activities:read"

    plan_id: Mapped[UUID] = mapped_column(Uuid)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    problem_id: Mapped[UUID | None] = mapped_column(Uuid)
    """No foreign key, for the problem may stand under another code that the plan's kelurahan had."""

    title: Mapped[str] = mapped_column(String(200))
    dimension: Mapped[Dimension] = choice(Dimension)
    location: Mapped[str | None] = mapped_column(String(200))
    year: Mapped[int] = mapped_column(Integer)
    priority_rank: Mapped[int] = mapped_column(Integer)
    bappuk_reference: Mapped[str | None] = mapped_column(String(100))
    volume: Mapped[Decimal] = mapped_column(Numeric(14, 3))
    unit: Mapped[str] = mapped_column(String(40))
    unit_cost_rupiah: Mapped[Rupiah]
    total_cost_rupiah: Mapped[Rupiah]
    blm_rupiah: Mapped[Rupiah]
    swadaya_rupiah: Mapped[Rupiah]
    apbd_kabkota_rupiah: Mapped[Rupiah]
    apbd_province_rupiah: Mapped[Rupiah]
    apbn_other_rupiah: Mapped[Rupiah]
    channeling_rupiah: Mapped[Rupiah]
    upk_surplus_rupiah: Mapped[Rupiah]
    other_rupiah: Mapped[Rupiah]
    households: Mapped[int] = mapped_column(Integer)
    poor_households: Mapped[int | None] = mapped_column(Integer)
    women: Mapped[int | None] = mapped_column(Integer)
    men: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[ActivityState] = choice(ActivityState)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return cls.state != ActivityState.DRAFT


def funding_of(row: Any) -> dict[Source, int]:
    """Return the rupiah by source of an activity or of a row with its columns."""
    return {source: getattr(row, column) for source, column in FUNDING.items()}

"""Table of plans."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Integer, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.planning.database import Base
from services.planning.plans.rules import PlanState
from shared.searching import searched
from shared.tables import CommunityItem, FourEyes, choice, community, serves


class Plan(CommunityItem, FourEyes, Base):
    """A neighbourhood's poverty plan (PJM Pronangkis) of a board; public once residents ratified it.

    Its version rises with every edit of an activity too, so that who ratifies has seen all of them.
    """

    __tablename__ = "plans"
    __table_args__ = community(
        CheckConstraint("ends_on > starts_on", name="order"),
        CheckConstraint("(state = 'draft') = (ratified_on IS NULL)", name="ratified"),
        serves("plans_by_place", "kelurahan_code", "id"),
        serves("plans_of_board", "board_id", "starts_on"),
        serves("plans_by_start", "starts_on", "id"),
        searched("plans_by_words", "title"),
    )
    read_scope = "planning:plans:read"

    board_id: Mapped[UUID] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(String(200))
    vision: Mapped[str | None] = mapped_column(String(2000))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    horizon_years: Mapped[int] = mapped_column(Integer)
    ruleset: Mapped[str] = mapped_column(String(40))
    state: Mapped[PlanState] = choice(PlanState)
    ratified_on: Mapped[date | None]

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return cls.state != PlanState.DRAFT

"""Tables of the self-survey: problems, and the causes below them."""

from datetime import date
from uuid import UUID

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    ColumnElement,
    ForeignKeyConstraint,
    Integer,
    String,
    UniqueConstraint,
    exists,
    select,
)
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.planning.database import Base
from services.planning.mapping.rules import Dimension
from shared.searching import searched
from shared.tables import CommunityItem, child_of, choice, community, serves


class Problem(CommunityItem, Base):
    """A problem that residents found; public from the day a ratified plan rests on it."""

    __tablename__ = "problems"
    __table_args__ = community(
        CheckConstraint("households_affected >= 0", name="households"),
        CheckConstraint("poor_households BETWEEN 0 AND households_affected", name="poor"),
        serves("problems_by_place", "kelurahan_code", "id"),
        serves("problems_by_title", "title", "id"),
        searched("problems_by_words", "title"),
    )
    read_scope = "planning:mapping:read"

    title: Mapped[str] = mapped_column(String(200))
    dimension: Mapped[Dimension] = choice(Dimension)
    location: Mapped[str] = mapped_column(String(200))
    households_affected: Mapped[int] = mapped_column(Integer)
    poor_households: Mapped[int | None] = mapped_column(Integer)
    observed_on: Mapped[date]
    published_on: Mapped[date | None]

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return cls.published_on.is_not(None)


class Cause(CommunityItem, Base):
    """Why a problem, or another cause of it, is there; a tree that only grows, so it has no cycle."""

    __tablename__ = "causes"
    __table_args__ = community(
        child_of("problems", "problem_id"),
        UniqueConstraint("id", "problem_id", "kelurahan_code"),
        ForeignKeyConstraint(
            ["parent_cause_id", "problem_id", "kelurahan_code"],
            ["causes.id", "causes.problem_id", "causes.kelurahan_code"],
        ),
        CheckConstraint("parent_cause_id <> id", name="not_itself"),
        serves("causes_of_problem", "problem_id", "id"),
    )
    read_scope = "planning:mapping:read"

    problem_id: Mapped[UUID] = mapped_column(Uuid)
    parent_cause_id: Mapped[UUID | None] = mapped_column(Uuid)
    statement: Mapped[str] = mapped_column(String(500))
    root: Mapped[bool] = mapped_column(Boolean)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return exists(select(Problem.id).where(Problem.id == cls.problem_id, Problem.is_public()))

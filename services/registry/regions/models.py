"""Tables of regions: a row for each time a code meant one thing, what the law made of it, and the bridge to BPS."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, ForeignKey, String, UniqueConstraint, and_, or_
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger, Uuid

from services.registry.database import Base
from services.registry.regions.rules import Kind, Level, SuccessionKind
from shared.searching import searched
from shared.tables import Item, Moment, choice, reference, serves

CODE = String(13, collation="C")


class Valid:
    """What is valid for a while, both days included; null where nobody says since when, or while it lasts."""

    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]

    @classmethod
    def valid_on(cls, day: Any) -> ColumnElement[bool]:
        """Return the condition that it is valid on a day, given or left open as a parameter."""
        return and_(
            or_(cls.valid_from.is_(None), cls.valid_from <= day), or_(cls.valid_to.is_(None), cls.valid_to >= day)
        )


class Succession(Item, Base):
    """An act of law that made other regions of some: split, merger, new name, new kind or new numbers."""

    __tablename__ = "successions"
    __table_args__ = reference(
        CheckConstraint("(kind = 'split') = (heir IS NOT NULL)", name="heir"),
        serves("successions_by_day", "effective_on", "id"),
        serves("successions_of_region", "predecessors", postgresql_using="gin"),
    )

    kind: Mapped[SuccessionKind] = choice(SuccessionKind)
    effective_on: Mapped[date]
    legal_basis: Mapped[str] = mapped_column(String(200))
    minutes_reference: Mapped[str | None] = mapped_column(String(200))
    predecessors: Mapped[list[str]] = mapped_column(ARRAY(CODE))
    successors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    heir: Mapped[str | None] = mapped_column(CODE)


class Region(Valid, Base):
    """What a code meant from one day to another, as the official list or an act of law names it."""

    __tablename__ = "regions"
    __table_args__ = reference(
        UniqueConstraint("code", "valid_from", postgresql_nulls_not_distinct=True),
        CheckConstraint("valid_to >= valid_from", name="order"),
        CheckConstraint(
            "(succession_id IS NULL) = (cardinality(predecessors) = 0)"
            " AND (succession_id IS NULL OR valid_from IS NOT NULL)",
            name="succession",
        ),
        serves("regions_by_parent", "parent_code", "code"),
        serves("regions_by_name", "name", "code"),
        searched("regions_by_words", "name"),
        serves("regions_by_predecessor", "predecessors", postgresql_using="gin"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    code: Mapped[str] = mapped_column(CODE)
    parent_code: Mapped[str | None] = mapped_column(CODE)
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[Level] = choice(Level)
    kind: Mapped[Kind] = choice(Kind)
    legal_basis: Mapped[str | None] = mapped_column(String(200))
    predecessors: Mapped[list[str]] = mapped_column(ARRAY(CODE))
    succession_id: Mapped[UUID | None] = mapped_column(ForeignKey("successions.id"))
    version: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[Moment]
    changed_at: Mapped[Moment]


class BpsCode(Valid, Base):
    """The code that the statistics office (BPS) gives a region, for a time; never reckoned from the other (REG-2)."""

    __tablename__ = "bps_codes"
    __table_args__ = reference(
        UniqueConstraint("kemendagri_code", "valid_from", postgresql_nulls_not_distinct=True),
        CheckConstraint("valid_to >= valid_from", name="order"),
        serves("bps_codes_by_code", "bps_code", "kemendagri_code"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kemendagri_code: Mapped[str] = mapped_column(CODE)
    bps_code: Mapped[str] = mapped_column(String(10, collation="C"))
    legal_basis: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[Moment]
    changed_at: Mapped[Moment]

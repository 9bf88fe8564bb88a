"""Table of regions."""

from datetime import date, datetime

from sqlalchemy import BigInteger, DateTime, String
from sqlalchemy.orm import Mapped, mapped_column

from services.registry.database import Base
from services.registry.regions.rules import Kind, Level
from shared.searching import searched
from shared.tables import choice, reference, serves

CODE = String(13, collation="C")


class Region(Base):
    """A region as the official list names it."""

    __tablename__ = "regions"
    __table_args__ = reference(
        serves("regions_by_parent", "parent_code", "code"),
        serves("regions_by_name", "name", "code"),
        searched("regions_by_words", "name"),
    )

    code: Mapped[str] = mapped_column(CODE, primary_key=True)
    parent_code: Mapped[str | None] = mapped_column(CODE)
    name: Mapped[str] = mapped_column(String(200))
    level: Mapped[Level] = choice(Level)
    kind: Mapped[Kind] = choice(Kind)
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    legal_basis: Mapped[str | None] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(BigInteger)
    recorded_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    changed_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))

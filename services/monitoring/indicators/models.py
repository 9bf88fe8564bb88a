"""Tables of indicators: derived from the facts, made again from them at any time, never journaled."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.monitoring.database import Base
from services.monitoring.indicators.rules import Indicator, NullReason
from shared.tables import Code, Moment, choice, community, serves


class Value(Base):
    """One indicator of one board in one month; `version` counts how often it was restated."""

    __tablename__ = "indicator_values"
    __table_args__ = community(
        UniqueConstraint("board_id", "indicator", "month", "kelurahan_code"),
        CheckConstraint(
            "(null_reason IS NULL) = (numerator IS NOT NULL AND denominator IS NOT NULL)", name="number_or_reason"
        ),
        serves("values_by_month", "month", "id"),
        serves("values_by_place", "kelurahan_code", "indicator", "month"),
    )

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kelurahan_code: Mapped[Code]
    board_id: Mapped[UUID] = mapped_column(Uuid)
    indicator: Mapped[Indicator] = choice(Indicator)
    month: Mapped[date]
    numerator: Mapped[int | None] = mapped_column(BigInteger)
    denominator: Mapped[int | None] = mapped_column(BigInteger)
    null_reason: Mapped[NullReason | None] = choice(NullReason)
    definition_version: Mapped[int] = mapped_column(Integer)
    version: Mapped[int] = mapped_column(BigInteger)
    computed_at: Mapped[Moment]


class ComputedBoard(Base):
    """Up to which day, and by which definitions, a board's values are computed."""

    __tablename__ = "computed_boards"
    __table_args__ = community(serves("computed_boards_by_day", "day"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kelurahan_code: Mapped[Code]
    day: Mapped[date]
    definitions: Mapped[str] = mapped_column(String(200))

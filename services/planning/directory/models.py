"""Copies of registry's rows: only what planning reads, each with the version it was copied at."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, String
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.planning.database import Base
from shared.tables import Code, copied, serves


class Board(Base):
    """A board (BKM/LKM)."""

    __tablename__ = "boards"
    __table_args__ = copied(serves("boards_by_place", "kelurahan_code"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    kelurahan_code: Mapped[Code]
    name: Mapped[str] = mapped_column(String(200))
    version: Mapped[int] = mapped_column(BigInteger)


class Term(Base):
    """The time of a board's mandate, both days included."""

    __tablename__ = "terms"
    __table_args__ = copied(serves("terms_of_board", "board_id", "starts_on"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    version: Mapped[int] = mapped_column(BigInteger)


class Group(Base):
    """A self-help group (KSM) of a board."""

    __tablename__ = "groups"
    __table_args__ = copied(serves("groups_of_board", "board_id"))

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    kelurahan_code: Mapped[Code]
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(BigInteger)


class Partner(Base):
    """An organisation that channels money, goods or work."""

    __tablename__ = "partners"
    __table_args__ = copied()

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    active: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(BigInteger)


class AccountStanding(Base):
    """Whether the tokens of an account or client count, and from when; nothing else of it is here."""

    __tablename__ = "account_standings"
    __table_args__ = copied()

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    suspended: Mapped[bool] = mapped_column(Boolean)
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(BigInteger)

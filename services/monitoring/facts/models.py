"""Copies of registry's and planning's rows: only what monitoring reads, each with the version and the position it was copied at."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, DateTime, Integer, String
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.monitoring.database import Base
from shared.tables import Code, Rupiah, copied, serves


class Fact:
    """What every copy has: the owner's id and version, and where in its journal it was read."""

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True, sort_order=-10)
    version: Mapped[int] = mapped_column(BigInteger, sort_order=100)
    source_position: Mapped[int] = mapped_column(BigInteger, sort_order=101)


class PlacedFact(Fact):
    """A copy of a row that stands in a kelurahan."""

    kelurahan_code: Mapped[Code] = mapped_column(sort_order=-9)


class Board(PlacedFact, Base):
    """A board (BKM/LKM)."""

    __tablename__ = "boards"
    __table_args__ = copied(serves("boards_by_place", "kelurahan_code", "id"))

    name: Mapped[str] = mapped_column(String(200))
    founded_on: Mapped[date]
    legal_status: Mapped[str] = mapped_column(String(40))
    dissolved_on: Mapped[date | None]


class Term(PlacedFact, Base):
    """The time of a board's mandate, both days included."""

    __tablename__ = "terms"
    __table_args__ = copied(serves("terms_of_board", "board_id", "starts_on"))

    board_id: Mapped[UUID] = mapped_column(Uuid)
    starts_on: Mapped[date]
    ends_on: Mapped[date]


class Officer(PlacedFact, Base):
    """A person elected to a board for a term, or for a part of it; named only while in office."""

    __tablename__ = "officers"
    __table_args__ = copied(
        serves("officers_of_term", "term_id"),
        serves("officers_by_person", "person_id", "board_id"),
    )

    board_id: Mapped[UUID] = mapped_column(Uuid)
    term_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str | None] = mapped_column(String(200))
    position: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date | None]
    ends_on: Mapped[date | None]


class Partner(Fact, Base):
    """An organisation that channels money, goods or work."""

    __tablename__ = "partners"
    __table_args__ = copied()

    name: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))


class AccountStanding(Base):
    """Whether the tokens of an account or client count, and from when; nothing else of it is here."""

    __tablename__ = "account_standings"
    __table_args__ = copied()

    id: Mapped[UUID] = mapped_column(Uuid, primary_key=True)
    suspended: Mapped[bool] = mapped_column(Boolean)
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    version: Mapped[int] = mapped_column(BigInteger)


class Plan(PlacedFact, Base):
    """A plan (PJM) of a board."""

    __tablename__ = "plans"
    __table_args__ = copied(serves("plans_of_board", "board_id"))

    board_id: Mapped[UUID] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(40))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    ratified_on: Mapped[date | None]


class Meeting(PlacedFact, Base):
    """A meeting with its counted attendance (persons); null where nobody counted."""

    __tablename__ = "meetings"
    __table_args__ = copied(serves("meetings_of_board", "board_id", "held_on"))

    board_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[str] = mapped_column(String(60))
    held_on: Mapped[date]
    attendance_total: Mapped[int | None] = mapped_column(Integer)
    attendance_women: Mapped[int | None] = mapped_column(Integer)
    attendance_poor: Mapped[int | None] = mapped_column(Integer)


class Activity(PlacedFact, Base):
    """An activity of a plan; cost and funding by source in rupiah."""

    __tablename__ = "activities"
    __table_args__ = copied(serves("activities_of_plan", "plan_id", "year"))

    plan_id: Mapped[UUID] = mapped_column(Uuid)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    title: Mapped[str] = mapped_column(String(300))
    dimension: Mapped[str] = mapped_column(String(40))
    year: Mapped[int] = mapped_column(Integer)
    total_cost_rupiah: Mapped[Rupiah]
    funding: Mapped[dict[str, int]] = mapped_column(JSONB)
    households: Mapped[int | None] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(40))


class Progress(PlacedFact, Base):
    """A report of how far an activity has come, in percent; the one with the highest number holds."""

    __tablename__ = "progress"
    __table_args__ = copied(serves("progress_of_activity", "activity_id", "number"))

    activity_id: Mapped[UUID] = mapped_column(Uuid)
    number: Mapped[int] = mapped_column(Integer)
    occurred_on: Mapped[date]
    percent: Mapped[int] = mapped_column(Integer)


class Agreement(PlacedFact, Base):
    """A channeling agreement between a board and a partner, in rupiah."""

    __tablename__ = "agreements"
    __table_args__ = copied(serves("agreements_of_board", "board_id", "agreed_on"))

    board_id: Mapped[UUID] = mapped_column(Uuid)
    activity_id: Mapped[UUID | None] = mapped_column(Uuid)
    partner_id: Mapped[UUID] = mapped_column(Uuid)
    instrument: Mapped[str] = mapped_column(String(40))
    committed_rupiah: Mapped[Rupiah]
    agreed_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(40))


class Disbursement(PlacedFact, Base):
    """Money sent under an agreement, and received once both sides confirmed it; in rupiah."""

    __tablename__ = "disbursements"
    __table_args__ = copied(
        serves("disbursements_of_board", "board_id", "received_on"),
        serves("disbursements_of_agreement", "agreement_id"),
    )

    agreement_id: Mapped[UUID] = mapped_column(Uuid)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    partner_id: Mapped[UUID] = mapped_column(Uuid)
    amount_rupiah: Mapped[Rupiah]
    sent_on: Mapped[date]
    received_on: Mapped[date | None]
    state: Mapped[str] = mapped_column(String(40))

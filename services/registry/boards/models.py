"""Tables of boards."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, Index, Integer, String, text, true
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.boards.rules import Departure, LegalStatus, Organ, OrganRole, Position, StatuteKind
from services.registry.database import Base
from shared.searching import searched
from shared.tables import Code, CommunityItem, Dated, child_of, choice, community, serves

NO_MANDATE_YET = "coalesce(mandate_until, '9999-12-31'::date)"
"""How boards sort by the last day of their mandate: those without any come last."""


class OfBoard(CommunityItem):
    """What everybody may know of a board, seen in full by those who serve its region."""

    read_scope = "registry:boards:read"

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()


class Board(OfBoard, Base):
    """A board (BKM/LKM) of one kelurahan: its present name and legal status, and how long its mandate reaches.

    It stands under `seat_code`: the code it was made under, or that of the successor its minutes name after a split.
    What belongs to it is reached through it; what it begins from then on (a group, an election) stands there too.
    """

    __tablename__ = "boards"
    __table_args__ = community(
        CheckConstraint("(dissolved_on IS NULL) = (dissolution_minutes IS NULL)", name="dissolution"),
        CheckConstraint("dissolved_on >= founded_on", name="life"),
        CheckConstraint("(seat_since IS NULL) = (seat_minutes IS NULL)", name="seat"),
        serves("boards_by_place", "seat_code", "id"),
        serves("boards_by_name", "name", "id"),
        Index("ix_boards_by_mandate", text(NO_MANDATE_YET), "id"),
    )

    placed_by = "seat_code"

    seat_code: Mapped[Code]
    seat_since: Mapped[date | None]
    seat_minutes: Mapped[str | None] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(200))
    founded_on: Mapped[date]
    legal_status: Mapped[LegalStatus] = choice(LegalStatus)
    deed_number: Mapped[str | None] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(20))
    mandate_until: Mapped[date | None]
    dissolved_on: Mapped[date | None]
    dissolution_minutes: Mapped[str | None] = mapped_column(String(200))


class BoardName(OfBoard, Base):
    """What a board is called from a day on, until its next name."""

    __tablename__ = "board_names"
    __table_args__ = community(
        child_of("boards", "board_id"),
        serves("names_of_board", "board_id", "starts_on"),
        searched("board_names_by_words", "name"),
    )

    board_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(200))
    starts_on: Mapped[date]
    minutes_reference: Mapped[str | None] = mapped_column(String(200))


class LegalRecord(OfBoard, Base):
    """How a board stands before the law from the day of a deed on, until the next; before the first it has no status."""

    __tablename__ = "legal_records"
    __table_args__ = community(
        child_of("boards", "board_id"),
        serves("legal_records_of_board", "board_id", "starts_on"),
    )

    board_id: Mapped[UUID] = mapped_column(Uuid)
    legal_status: Mapped[LegalStatus] = choice(LegalStatus)
    starts_on: Mapped[date]
    deed_number: Mapped[str | None] = mapped_column(String(100))
    notary: Mapped[str | None] = mapped_column(String(200))


class Term(OfBoard, Base):
    """The time for which residents gave a board its mandate."""

    __tablename__ = "terms"
    __table_args__ = community(
        child_of("boards", "board_id"),
        CheckConstraint("ends_on > starts_on", name="order"),
        CheckConstraint("ends_on <= given_until", name="given"),
        serves("terms_of_board", "board_id", "starts_on"),
        serves("terms_in_force", "ends_on", "starts_on", "board_id"),
    )

    board_id: Mapped[UUID] = mapped_column(Uuid)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    elected_on: Mapped[date]
    election_id: Mapped[UUID | None] = mapped_column(Uuid)
    """The certified election that made it; without one it was recorded from paper."""

    given_until: Mapped[date]
    """The last day that residents gave it for, later than `ends_on` once it was ended early."""

    ending_minutes: Mapped[str | None] = mapped_column(String(200))
    """Of the meeting that ended it early."""

    ended_by: Mapped[UUID | None] = mapped_column(Uuid)
    """The person who recorded that."""


class Officer(OfBoard, Dated, Base):
    """A person elected to a board for a term; the name stands here while in office, where it is public.

    Without a last day of its own the office ends with the term. Afterwards the name is a personal record, under the
    same id, until it is erased.
    """

    __tablename__ = "officers"
    __table_args__ = community(
        child_of("terms", "term_id"),
        CheckConstraint("ends_on >= starts_on", name="order"),
        serves("officers_of_term", "term_id", "id"),
        serves("officers_of_board", "board_id", "id"),
        serves("officers_by_person", "person_id", "board_id"),
        serves("officers_named", "term_id", "ends_on", postgresql_where=text("name IS NOT NULL")),
    )

    term_id: Mapped[UUID] = mapped_column(Uuid)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str | None] = mapped_column(String(200))
    position: Mapped[Position] = choice(Position)
    person_told: Mapped[bool]
    """Whether somebody told whose office it is; else the id was made here, and only names can be compared (EL-12)."""

    woman: Mapped[bool | None]
    """What the sheet of the certified election says; None of who was recorded without one."""

    left_because: Mapped[Departure | None] = choice(Departure)
    minutes_reference: Mapped[str | None] = mapped_column(String(200))


class Statute(OfBoard, Base):
    """A version of a board's statutes; a rule that it does not speak of stays as an earlier one set it."""

    __tablename__ = "statutes"
    __table_args__ = community(
        child_of("boards", "board_id"),
        CheckConstraint("notarised_on >= adopted_on", name="notarised"),
        CheckConstraint("seats >= 1 AND term_years >= 1 AND most_periods >= 1", name="rules"),
        serves("statutes_of_board", "board_id", "adopted_on", "id"),
    )

    board_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[StatuteKind] = choice(StatuteKind)
    adopted_on: Mapped[date]
    minutes_reference: Mapped[str] = mapped_column(String(200))
    notarised_on: Mapped[date | None]
    notary: Mapped[str | None] = mapped_column(String(200))
    deed_number: Mapped[str | None] = mapped_column(String(100))
    seats: Mapped[int | None] = mapped_column(Integer)
    term_years: Mapped[int | None] = mapped_column(Integer)
    most_periods: Mapped[int | None] = mapped_column(Integer)
    doubling_forbidden: Mapped[bool | None]
    refresh_allowed: Mapped[bool | None]


class Appointment(OfBoard, Dated, Base):
    """Somebody whom a board appointed to one of its organs; the name stands in `personal_records`."""

    __tablename__ = "appointments"
    __table_args__ = community(
        child_of("boards", "board_id"),
        CheckConstraint("ends_on >= starts_on", name="order"),
        serves("appointments_of_board", "board_id", "id"),
        serves("appointments_by_person", "person_id", "board_id"),
    )

    board_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    person_told: Mapped[bool]
    organ: Mapped[Organ] = choice(Organ)
    role: Mapped[OrganRole] = choice(OrganRole)
    minutes_reference: Mapped[str | None] = mapped_column(String(200))

"""Tables of boards."""

from datetime import date
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, String, true
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.boards.rules import LegalStatus, Position
from services.registry.database import Base
from shared.searching import searched
from shared.tables import CommunityItem, child_of, choice, community, serves


class Board(CommunityItem, Base):
    """A board (BKM/LKM) of one kelurahan."""

    __tablename__ = "boards"
    __table_args__ = community(
        serves("boards_by_place", "kelurahan_code", "id"),
        serves("boards_by_name", "name", "id"),
        searched("boards_by_words", "name"),
    )
    read_scope = "registry:boards:read"

    name: Mapped[str] = mapped_column(String(200))
    founded_on: Mapped[date]
    legal_status: Mapped[LegalStatus] = choice(LegalStatus)
    deed_number: Mapped[str | None] = mapped_column(String(100))
    phone: Mapped[str | None] = mapped_column(String(20))

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()


class Term(CommunityItem, Base):
    """The time for which residents gave a board its mandate."""

    __tablename__ = "terms"
    __table_args__ = community(
        child_of("boards", "board_id"),
        CheckConstraint("ends_on > starts_on", name="order"),
        serves("terms_of_board", "board_id", "starts_on"),
        serves("terms_in_force", "ends_on", "starts_on", "board_id"),
    )
    read_scope = "registry:boards:read"

    board_id: Mapped[UUID] = mapped_column(Uuid)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    elected_on: Mapped[date]

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()


class Officer(CommunityItem, Base):
    """A person elected to a board for a term; the name is public while in office."""

    __tablename__ = "officers"
    __table_args__ = community(
        child_of("terms", "term_id"),
        serves("officers_of_term", "term_id", "id"),
    )
    read_scope = "registry:boards:read"

    term_id: Mapped[UUID] = mapped_column(Uuid)
    board_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[Position] = choice(Position)

    @classmethod
    def is_public(cls) -> ColumnElement[bool]:
        return true()

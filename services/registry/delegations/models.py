"""Table of delegations."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ColumnElement, DateTime, String, and_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.delegations.rules import Seat
from shared.permissions import Caller
from shared.tables import CommunityItem, Dated, choice, community, serves


class Delegation(CommunityItem, Dated, Base):
    """Scopes that an officer's account lends to another account, in the board's kelurahan, from one day to another.

    It never gives more than the officer has on the day, and nothing once the board's mandate has ended, or one of the
    two seats that it rests on: that of the officer who lends, and what the other person is to the board. Without
    these, and minutes, are those made before they were asked for.
    """

    __tablename__ = "delegations"
    __table_args__ = community(
        CheckConstraint("ends_on >= starts_on", name="order"),
        CheckConstraint("(seat IS NULL) = (seat_id IS NULL) AND (seat IS NULL) = (officer_id IS NULL)", name="seats"),
        serves("delegations_by_place", "kelurahan_code", "id"),
        serves("delegations_of_board", "board_id", "id"),
        serves("delegations_to_account", "account_id", "ends_on"),
    )
    read_scope = "registry:boards:read"

    board_id: Mapped[UUID] = mapped_column(Uuid)
    delegator_id: Mapped[UUID] = mapped_column(Uuid)
    """The account that lends. No foreign key: a community table leans on none of another class."""

    officer_id: Mapped[UUID | None] = mapped_column(Uuid)
    """The elected seat of who lends."""

    account_id: Mapped[UUID] = mapped_column(Uuid)
    seat: Mapped[Seat | None] = choice(Seat)
    seat_id: Mapped[UUID | None] = mapped_column(Uuid)
    minutes_reference: Mapped[str | None] = mapped_column(String(200))
    ends_on: Mapped[date] = mapped_column(sort_order=91)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        """Let whoever works by a delegation see it."""
        return cls.account_id == caller.account_id

    @classmethod
    def in_force(cls, day: object) -> ColumnElement[bool]:
        """Return the condition that it holds on a day and was not taken back."""
        return and_(cls.revoked_at.is_(None), cls.holds_on(day))

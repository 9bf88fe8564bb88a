"""Tables of accounts and of what each may, where and when."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, CheckConstraint, ColumnElement, DateTime, ForeignKey, String, and_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from shared.tables import Dated, Item, reference, serves


class Account(Item, Base):
    """A person's way to sign in. One person may have several accounts; four eyes look at the person."""

    __tablename__ = "accounts"
    __table_args__ = reference()

    username: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str | None] = mapped_column(String(200))
    """None until the person who was invited has chosen one."""

    person_id: Mapped[UUID] = mapped_column(Uuid)
    person_since: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    """When it was corrected whose it is: what was delegated by or to it before gives nothing."""

    display_name: Mapped[str] = mapped_column(String(200))
    org: Mapped[UUID | None] = mapped_column(Uuid)
    suspended: Mapped[bool] = mapped_column(Boolean)
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Authority(Item, Dated, Base):
    """What an account may from one day to another: all its roles in all its regions.

    Of one account at most one holds on any day, so that a token's flat lists never grant a role where it was not
    given. Other roles elsewhere at the same time: another account.
    """

    __tablename__ = "authorities"
    __table_args__ = reference(
        CheckConstraint("ends_on >= starts_on", name="order"),
        serves("authorities_of_account", "account_id", "starts_on"),
        serves("authorities_by_region", "regions", postgresql_using="gin"),
    )

    account_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("accounts.id"))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    regions: Mapped[list[str]] = mapped_column(ARRAY(String(13)))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @classmethod
    def in_force(cls, day: Any) -> ColumnElement[bool]:
        """Return the condition that it holds on a day and was not taken back."""
        return and_(cls.revoked_at.is_(None), cls.holds_on(day))

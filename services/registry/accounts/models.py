"""Tables of accounts and clients."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, DateTime, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from shared.tables import Item, reference


class Account(Item, Base):
    """A person's way to sign in. One person may have several accounts; four eyes look at the person.

    Roles and regions belong together: an account serves all its regions in all its roles, so that
    a token's flat lists never grant a role where it was not given. Other roles elsewhere: another account.
    """

    __tablename__ = "accounts"
    __table_args__ = reference()

    username: Mapped[str] = mapped_column(String(80), unique=True)
    password_hash: Mapped[str] = mapped_column(String(200))
    person_id: Mapped[UUID] = mapped_column(Uuid)
    display_name: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    regions: Mapped[list[str]] = mapped_column(ARRAY(String(13)))
    org: Mapped[UUID | None] = mapped_column(Uuid)
    suspended: Mapped[bool] = mapped_column(Boolean)
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class Client(Item, Base):
    """A program's way to sign in: a service of this house or a partner's system."""

    __tablename__ = "clients"
    __table_args__ = reference()

    name: Mapped[str] = mapped_column(String(80), unique=True)
    secret_hash: Mapped[str] = mapped_column(String(200))
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    regions: Mapped[list[str]] = mapped_column(ARRAY(String(13)))
    org: Mapped[UUID | None] = mapped_column(Uuid)
    suspended: Mapped[bool] = mapped_column(Boolean)
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

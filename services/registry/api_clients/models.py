"""Tables of clients and their secrets."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Boolean, ColumnElement, DateTime, ForeignKey, String, and_, or_
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from shared.tables import Item, reference, serves


class Client(Item, Base):
    """A program's way to sign in: a service of this house or a partner's system."""

    __tablename__ = "clients"
    __table_args__ = reference()

    name: Mapped[str] = mapped_column(String(80), unique=True)
    roles: Mapped[list[str]] = mapped_column(ARRAY(String(40)))
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String(60)))
    regions: Mapped[list[str]] = mapped_column(ARRAY(String(13)))
    org: Mapped[UUID | None] = mapped_column(Uuid)
    suspended: Mapped[bool] = mapped_column(Boolean)
    not_before: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ClientSecret(Item, Base):
    """What a program proves itself with. Two may hold at once, so that one follows the other without a gap."""

    __tablename__ = "client_secrets"
    __table_args__ = reference(serves("secrets_of_client", "client_id", "id"))

    client_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("clients.id"))
    secret_hash: Mapped[str] = mapped_column(String(200))
    expires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    retired_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    last_used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

    @classmethod
    def holds_at(cls, moment: datetime) -> ColumnElement[bool]:
        """Return the condition that a secret opens at a moment."""
        return and_(cls.retired_at.is_(None), or_(cls.expires_at.is_(None), cls.expires_at > moment))

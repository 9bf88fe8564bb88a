"""Tables behind signing in."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import DateTime, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from shared.tables import local, serves


class SigningKey(Base):
    """A key that signs access tokens; published before it signs, kept until its last token ended."""

    __tablename__ = "signing_keys"
    __table_args__ = local()

    kid: Mapped[str] = mapped_column(String(40), primary_key=True)
    private_pem: Mapped[bytes] = mapped_column(LargeBinary)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(JSONB)
    published_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    signs_from: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    retires_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class RefreshToken(Base):
    """One refresh token, by its digest; its family dies when one of it comes twice."""

    __tablename__ = "refresh_tokens"
    __table_args__ = local(
        serves("refresh_tokens_family", "family"),
        serves("refresh_tokens_expiry", "expires_at"),
        serves("refresh_tokens_of_account", "account_id", "family"),
    )

    digest: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    family: Mapped[UUID] = mapped_column(Uuid)
    account_id: Mapped[UUID] = mapped_column(Uuid)
    scopes: Mapped[list[str] | None] = mapped_column(ARRAY(String(60)))
    """Those that were asked for; None: all that the account has whenever it is refreshed."""

    started_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    """When the family began, with a password."""

    issued_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

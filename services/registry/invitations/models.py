"""Table of invitations."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import DateTime, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from shared.tables import Item, reference, serves


class Invitation(Item, Base):
    """A code that lets one person choose the password of one account, once. Only a keyed digest of it is kept."""

    __tablename__ = "invitations"
    __table_args__ = reference(serves("invitations_of_account", "account_id", "id"))

    account_id: Mapped[UUID] = mapped_column(Uuid, ForeignKey("accounts.id"))
    code_digest: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))

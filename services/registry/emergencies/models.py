"""Table of emergencies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, String, and_
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.emergencies.rules import EmergencyKind
from shared.permissions import Caller
from shared.tables import CommunityItem, choice, community, serves


class Emergency(CommunityItem, Base):
    """An hour in which somebody may read what is restricted in one kelurahan, and why."""

    __tablename__ = "emergencies"
    __table_args__ = community(
        serves("emergencies_by_place", "kelurahan_code", "id"),
        serves("emergencies_of_account", "account_id", "expires_at"),
        serves("emergencies_ended", "ended_at", postgresql_where="ended_at IS NOT NULL"),
    )
    read_scope = "registry:readings:read"

    account_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[EmergencyKind] = choice(EmergencyKind)
    reason: Mapped[str] = mapped_column(String(2000))
    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_by: Mapped[UUID | None] = mapped_column(Uuid)

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        """Let whoever declared it see it."""
        return cls.account_id == caller.account_id

    @classmethod
    def is_open(cls, now: datetime) -> ColumnElement[bool]:
        """Return the condition that it still opens."""
        return and_(cls.ended_at.is_(None), cls.expires_at > now)

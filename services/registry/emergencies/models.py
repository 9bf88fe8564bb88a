"""Table of emergencies."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, DateTime, Integer, String, and_, or_
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import Uuid

from services.registry.database import Base
from services.registry.emergencies.rules import UNWATCHED, EmergencyKind, Told
from shared.items import places_of
from shared.permissions import Caller
from shared.places import within_any
from shared.tables import CommunityItem, choice, community, serves

STANDING_IN = "registry:emergencies:approve"
"""Who takes note of an emergency where neither supervisor nor auditor serves."""


class Emergency(CommunityItem, Base):
    """An hour in which somebody may read what is restricted in one kelurahan, and why."""

    __tablename__ = "emergencies"
    __table_args__ = community(
        serves("emergencies_by_place", "kelurahan_code", "id"),
        serves("emergencies_of_account", "account_id", "expires_at"),
        serves("emergencies_unseen", "kelurahan_code", "id", postgresql_where="acknowledged_at IS NULL"),
        serves("emergencies_ended", "ended_at", postgresql_where="ended_at IS NOT NULL"),
    )
    read_scope = "registry:readings:read"

    account_id: Mapped[UUID] = mapped_column(Uuid)
    person_id: Mapped[UUID] = mapped_column(Uuid)
    kind: Mapped[EmergencyKind] = choice(EmergencyKind)
    reason: Mapped[str] = mapped_column(String(2000))
    told: Mapped[Told | None] = choice(Told)
    told_accounts: Mapped[int | None] = mapped_column(Integer)
    """Both unknown of what was declared before they were kept."""

    expires_at: Mapped[datetime] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    acknowledged_by: Mapped[UUID | None] = mapped_column(Uuid)

    @classmethod
    def is_party(cls, caller: Caller) -> ColumnElement[bool]:
        """Let whoever declared it see it, and where nobody nearer watches whoever answers for the city."""
        own = cls.account_id == caller.account_id
        if not caller.may(STANDING_IN):
            return own
        here = within_any(places_of(cls).c.code_now, caller.regions)
        return or_(own, and_(cls.told.in_(UNWATCHED), here))

    @classmethod
    def is_open(cls, now: datetime) -> ColumnElement[bool]:
        """Return the condition that it still opens."""
        return and_(cls.ended_at.is_(None), cls.expires_at > now)

"""How one's own sessions are read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from services.registry.accounts.service import own_account
from services.registry.tokens.models import RefreshToken
from shared.clock import today
from shared.lists import Order
from shared.permissions import Caller

NEWEST_FIRST = Order(RefreshToken.family.expression, UUID, RefreshToken.family.expression, descending=True)

_SESSION: tuple[Any, ...] = (
    RefreshToken.family.label("id"),
    RefreshToken.started_at,
    RefreshToken.issued_at,
    RefreshToken.expires_at,
)


def sessions(caller: Caller, *, now: datetime) -> Select[Any]:
    """Return the statement of one's own sessions: of each family the one token that can still be used."""
    began = own_account(caller.account_id, on=today(now)).subquery()
    return (
        select(*_SESSION)
        .join(began, began.c.id == RefreshToken.account_id)
        .where(
            RefreshToken.account_id == caller.account_id,
            RefreshToken.used_at.is_(None),
            RefreshToken.revoked_at.is_(None),
            RefreshToken.expires_at > now,
            (began.c.not_before.is_(None)) | (RefreshToken.issued_at >= began.c.not_before),
        )
    )


def session_view(row: Any) -> dict[str, Any]:
    """Return a row as OwnSessionView."""
    return {
        "id": row.id,
        "started_at": row.started_at,
        "refreshed_at": row.issued_at,
        "expires_at": row.expires_at,
    }

"""How one's own account and sessions are read."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.registry.accounts.service import own_account
from services.registry.tokens.models import RefreshToken
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.lists import Order
from shared.permissions import Caller

NEWEST_FIRST = Order(RefreshToken.family.expression, UUID, RefreshToken.family.expression, descending=True)

_SESSION: tuple[Any, ...] = (
    RefreshToken.family.label("id"),
    RefreshToken.started_at,
    RefreshToken.issued_at,
    RefreshToken.expires_at,
)


async def own(connection: AsyncConnection, caller: Caller, *, on: date) -> dict[str, Any]:
    """Return one's own account as OwnAccountView."""
    row = (await connection.execute(own_account(caller.account_id, on=on))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return {
        "id": row.id,
        "username": row.username,
        "display_name": row.display_name,
        "person_id": row.person_id,
        "org": row.org,
        "roles": row.roles or [],
        "regions": row.regions or [],
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "scopes": sorted(caller.scopes),
        "emergency": caller.emergency,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


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

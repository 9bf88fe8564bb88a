"""How emergencies are read: by supervisors and auditors of the place, and by who declared them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, func, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.types import Uuid

from services.registry.database import places
from services.registry.emergencies.models import Emergency
from services.registry.emergencies.schemas import EmergencyQuery
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch, remembered

NEWEST_FIRST = Order(Emergency.id.expression, UUID, Emergency.id.expression, descending=True)
_COLUMNS = tuple(column for column in Emergency.__table__.c if column.name != "creation_digest")


def _emergencies(caller: Caller) -> Select[Any]:
    return select(*_COLUMNS, places.c.code_now).join(places, in_place(Emergency)).where(visible(Emergency, caller))


def emergencies(query: EmergencyQuery, caller: Caller, *, now: datetime) -> Select[Any]:
    """Return the statement of the list of emergencies."""
    statement = _emergencies(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.acknowledged is not None:
        waiting = Emergency.acknowledged_at.is_(None)
        statement = statement.where(not_(waiting) if query.acknowledged else waiting)
    if query.open is not None:
        opens = Emergency.is_open(now)
        statement = statement.where(opens if query.open else not_(opens))
    return statement


def unseen(caller: Caller) -> Select[Any]:
    """Return the statement of how many emergencies wait for the caller to take note of them; one's own never do."""
    statement = select(func.count()).select_from(Emergency).join(places, in_place(Emergency))
    return statement.where(
        visible(Emergency, caller),
        Emergency.acknowledged_at.is_(None),
        Emergency.person_id.is_distinct_from(caller.person_id),
    )


def emergency_view(row: Any) -> dict[str, Any]:
    """Return a row as EmergencyView."""
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "account_id": row.account_id,
        "person_id": row.person_id,
        "kind": row.kind,
        "reason": row.reason,
        "told": row.told,
        "told_accounts": row.told_accounts,
        "expires_at": row.expires_at,
        "ended_at": row.ended_at,
        "acknowledged_at": row.acknowledged_at,
        "acknowledged_by": row.acknowledged_by,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _emergency(caller: Caller) -> Select[Any]:
    return _emergencies(caller).where(Emergency.id == bindparam("id", type_=Uuid))


async def one_emergency(
    connection: AsyncConnection | AsyncSession, emergency_id: UUID, caller: Caller, _now: object = None
) -> dict[str, Any]:
    """Return one emergency, or ResourceNotFound."""
    rows = await fetch(connection, _emergency(caller), {"id": emergency_id})
    if not rows:
        raise ResourceNotFound
    return emergency_view(rows[0])

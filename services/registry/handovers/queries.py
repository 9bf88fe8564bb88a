"""How handovers are read: in their region, and by the two between whom they happen."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.handovers.models import Handover
from services.registry.handovers.schemas import HandoverQuery
from shared.errors import ResourceNotFound
from shared.items import visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch, remembered

RECORDED = Order(Handover.id.expression, UUID, Handover.id.expression)
_HANDOVERS = select(*Handover.__table__.c).join(places, places.c.kelurahan_code == Handover.region_code)


@remembered
def handovers(query: HandoverQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of handovers."""
    statement = _HANDOVERS.where(visible(Handover, caller))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.facilitator_id is not None:
        one = query.facilitator_id
        statement = statement.where(or_(Handover.from_facilitator_id == one, Handover.to_facilitator_id == one))
    if query.state is not None:
        statement = statement.where(Handover.state == query.state)
    return statement


def handover_view(row: Any) -> dict[str, Any]:
    """Return a row as HandoverView."""
    return {
        "id": row.id,
        "region_code": row.region_code,
        "from_facilitator_id": row.from_facilitator_id,
        "to_facilitator_id": row.to_facilitator_id,
        "state": row.state,
        "handed_over_on": row.handed_over_on,
        "acknowledged_on": row.acknowledged_on,
        "kelurahan": row.passing,
        "in_progress": row.in_progress,
        "unfinished": row.unfinished,
        "access": {
            "shared": row.shared_codes,
            "receiver_lacks": row.lacking_codes,
            "giver_keeps": row.kept_codes,
        },
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _handover(caller: Caller) -> Select[Any]:
    return _HANDOVERS.where(visible(Handover, caller), Handover.id == bindparam("id", type_=Uuid))


async def one_handover(
    connection: AsyncConnection | AsyncSession, handover_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one handover as the caller may see it, or ResourceNotFound."""
    rows = await fetch(connection, _handover(caller), {"id": handover_id})
    if not rows:
        raise ResourceNotFound
    return handover_view(rows[0])

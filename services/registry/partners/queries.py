"""How partners are read."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.partners.models import Partner
from services.registry.partners.schemas import PartnerQuery, PartnerSort
from shared.errors import ResourceNotFound
from shared.lists import Order
from shared.permissions import Caller
from shared.searching import finds

ORDERS = {
    PartnerSort.RECORDED: Order(Partner.id.expression, UUID, Partner.id.expression),
    PartnerSort.NAME: Order(Partner.name.expression, str, Partner.id.expression),
}
_PARTNERS = Select[Any](
    Partner.id,
    Partner.name,
    Partner.kind,
    Partner.website,
    Partner.active,
    Partner.version,
    Partner.recorded_at,
    Partner.changed_at,
)


def partners(query: PartnerQuery) -> Select[Any]:
    """Return the statement of the list of partners."""
    statement = _PARTNERS
    if query.q is not None:
        statement = statement.where(finds(Partner.name, query.q))
    if query.kind is not None:
        statement = statement.where(Partner.kind == query.kind)
    if query.active is not None:
        statement = statement.where(Partner.active == query.active)
    return statement


def partner_view(row: Any) -> dict[str, Any]:
    """Return a row as PartnerView."""
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "website": row.website,
        "active": row.active,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_partner(
    connection: AsyncConnection | AsyncSession, partner_id: UUID, _caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one partner, or ResourceNotFound."""
    row = (await connection.execute(_PARTNERS.where(Partner.id == partner_id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return partner_view(row)

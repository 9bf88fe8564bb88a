"""How partners are read."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Select, Uuid, and_, bindparam, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.partners.models import Partner
from services.registry.partners.schemas import PartnerQuery, PartnerSort
from services.registry.personal import service as personal
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.lists import Order
from shared.permissions import Caller
from shared.places import within_any
from shared.searching import finds
from shared.statements import fetch, remembered
from shared.vault import Vault

ORDERS = {
    PartnerSort.RECORDED: Order(Partner.id.expression, UUID, Partner.id.expression),
    PartnerSort.NAME: Order(Partner.name.expression, str, Partner.id.expression),
}
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day on which a verification is judged: today."""

_VERIFIED = and_(Partner.verified_on.is_not(None), or_(Partner.expires_on.is_(None), Partner.expires_on >= ON))
_PARTNERS = select(*Partner.__table__.c, _VERIFIED.label("verified"))
_NAMES = personal.personal_records()


@remembered
def partners(query: PartnerQuery) -> Select[Any]:
    """Return the statement of the list of partners; it takes the day as `on`."""
    statement = _PARTNERS
    if query.q is not None:
        statement = statement.where(finds(Partner.name, query.q))
    if query.kind is not None:
        statement = statement.where(Partner.kind == query.kind)
    if query.active is not None:
        statement = statement.where(Partner.active == query.active)
    if query.verified is not None:
        statement = statement.where(_VERIFIED if query.verified else not_(_VERIFIED))
    if query.region is not None:
        seat = places.c.kelurahan_code == Partner.region_code
        statement = statement.join(places, seat).where(query.lies_in_region(places))
    return statement


def partner_view(row: Any) -> dict[str, Any]:
    """Return a row as PartnerView."""
    return {
        "id": row.id,
        "name": row.name,
        "kind": row.kind,
        "website": row.website,
        "active": row.active,
        "region_code": row.region_code,
        "registration_number": row.registration_number,
        "tax_number": row.tax_number,
        "mailbox": row.mailbox,
        "verified": row.verified,
        "verified_on": row.verified_on,
        "evidence": row.evidence,
        "evidence_reference": row.evidence_reference,
        "expires_on": row.expires_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _partner() -> Select[Any]:
    return _PARTNERS.where(Partner.id == bindparam("id", type_=Uuid))


async def one_partner(
    connection: AsyncConnection | AsyncSession, partner_id: UUID, _caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one partner, or ResourceNotFound."""
    rows = await fetch(connection, _partner(), {"id": partner_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    return partner_view(rows[0])


@remembered
def _contact(caller: Caller) -> Select[Any]:
    served = and_(Partner.region_code.is_not(None), within_any(places.c.code_now, caller.regions))
    return (
        select(Partner.contact_id.label("id"), served.label("served"), _NAMES.c.wrapped_key, _NAMES.c.sealed)
        .outerjoin(places, places.c.kelurahan_code == Partner.region_code)
        .outerjoin(_NAMES, _NAMES.c.id == Partner.contact_id)
        .where(Partner.id == bindparam("partner", type_=Uuid))
    )


async def contact_row(connection: AsyncConnection, partner_id: UUID, caller: Caller) -> Any:
    """Return the sealed contact of a partner, and whether the caller serves its seat; or ResourceNotFound."""
    rows = await fetch(connection, _contact(caller), {"partner": partner_id})
    if not rows:
        raise ResourceNotFound
    return rows[0]


def contact_view(row: Any, *, names: Vault | None) -> dict[str, Any]:
    """Return a row as ContactView; named only with a vault."""
    named = personal.opened(names, row) if names is not None else {}
    return {"name": named.get("name"), "phone": named.get("phone")}

"""How partners are read."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Date, Select, Uuid, and_, bindparam, not_, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.partners.models import Partner, Verification
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
VERIFICATIONS_NEWEST_FIRST = Order(Verification.id.expression, UUID, Verification.id.expression, descending=True)
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day on which a verification is judged: today, or the one asked for."""

_PRESENT = {name: Partner.__table__.c[name] for name in ("verified_on", "evidence", "evidence_reference", "expires_on")}
_HELD = (
    select(*(Verification.__table__.c[name] for name in _PRESENT))
    .where(
        Verification.partner_id == Partner.id,
        Verification.verified_on <= ON,
        or_(Verification.ended_on.is_(None), Verification.ended_on > ON),
    )
    .order_by(Verification.verified_on.desc(), Verification.id.desc())
    .limit(1)
    .correlate(Partner)
    .lateral("held")
)
"""The verification that stood on the day."""


def _good(known: Any) -> ColumnElement[bool]:
    return and_(known["verified_on"].is_not(None), or_(known["expires_on"].is_(None), known["expires_on"] >= ON))


def _partners(known: Any) -> Select[Any]:
    others = (column for column in Partner.__table__.c if column.name not in _PRESENT)
    return select(*others, *(known[name] for name in _PRESENT), _good(known).label("verified"))


_PARTNERS = _partners(_PRESENT)
_PARTNERS_THEN = _partners(_HELD.c).outerjoin(_HELD, true())
_NAMES = personal.personal_records()


@remembered
def partners(query: PartnerQuery) -> Select[Any]:
    """Return the statement of the list of partners; it takes the day as `on`."""
    known, statement = (_PRESENT, _PARTNERS) if query.as_of is None else (_HELD.c, _PARTNERS_THEN)
    if query.q is not None:
        statement = statement.where(finds(Partner.name, query.q))
    if query.kind is not None:
        statement = statement.where(Partner.kind == query.kind)
    if query.active is not None:
        statement = statement.where(Partner.active == query.active)
    if query.verified is not None:
        statement = statement.where(_good(known) if query.verified else not_(_good(known)))
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
    return _PARTNERS_THEN.where(Partner.id == bindparam("id", type_=Uuid))


async def one_partner(
    connection: AsyncConnection | AsyncSession, partner_id: UUID, _caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one partner, or ResourceNotFound."""
    rows = await fetch(connection, _partner(), {"id": partner_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    return partner_view(rows[0])


@remembered
def verifications() -> Select[Any]:
    """Return the statement of what a partner was verified by; it takes the partner's id as `partner`."""
    return select(*Verification.__table__.c).where(Verification.partner_id == bindparam("partner", type_=Uuid))


def verification_view(row: Any, *, full: bool) -> dict[str, Any]:
    """Return a row as VerificationView; not everybody is told by whom."""
    return {
        "id": row.id,
        "verified_on": row.verified_on,
        "evidence": row.evidence,
        "evidence_reference": row.evidence_reference,
        "expires_on": row.expires_on,
        "verified_by": row.verified_by if full else None,
        "ended_on": row.ended_on,
        "ended_because": row.ended_because,
        "ended_reference": row.ended_reference if full else None,
        "ended_by": row.ended_by if full else None,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


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

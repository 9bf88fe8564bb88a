"""How partners are read."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    DateTime,
    Select,
    Uuid,
    and_,
    bindparam,
    case,
    cast,
    func,
    not_,
    null,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import journal_entries, places
from services.registry.partners.models import Partner, Verification
from services.registry.partners.schemas import PartnerQuery, PartnerSort
from services.registry.personal import service as personal
from shared.clock import end_of, today
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


UNTIL: BindParameter[datetime] = bindparam("until", type_=DateTime(timezone=True))
"""The moment at which that day is over."""

_BY_THEN = journal_entries.c.recorded_at < UNTIL
_TOLD = (
    select(cast(func.convert_from(journal_entries.c.payload, "UTF8"), JSONB)["data"].label("data"))
    .where(
        journal_entries.c.subject == func.concat("partners/", Partner.id),
        journal_entries.c.action.in_(("partner.recorded", "partner.changed")),
    )
    # Of a day before the first entry nothing earlier is known than what it says.
    .order_by(_BY_THEN.desc(), case((_BY_THEN, -journal_entries.c.id), else_=journal_entries.c.id))
    .limit(1)
    .correlate(Partner)
    .lateral("told")
)
"""The partner as its journal told of it by the day."""

_SAME = Partner.changed_at < UNTIL
_ROW = {column.name: column for column in Partner.__table__.c if column.name not in _PRESENT}
_THEN = _ROW | {
    name: case((_SAME, _ROW[name]), else_=func.coalesce(cast(_TOLD.c.data[name].astext, _ROW[name].type), _ROW[name]))
    for name in ("name", "active")
}
_THEN |= {
    name: case((_SAME, _ROW[name]), else_=cast(_TOLD.c.data[name].astext, _ROW[name].type))
    for name in ("region_code", "registration_number")
}
# The journal does not keep these.
_THEN |= {name: case((_SAME, _ROW[name]), else_=null()) for name in ("website", "tax_number", "mailbox")}


def _partners(row: Mapping[str, Any], known: Any) -> Select[Any]:
    columns = (column.label(name) for name, column in row.items())
    return select(*columns, *(known[name] for name in _PRESENT), _good(known).label("verified"))


_PARTNERS = _partners(_ROW, _PRESENT)
_PARTNERS_THEN = _partners(_THEN, _HELD.c).outerjoin(_HELD, true()).outerjoin(_TOLD, true())
_NAMES = personal.personal_records()


@remembered
def partners(query: PartnerQuery) -> Select[Any]:
    """Return the statement of the list of partners; it takes the day as `on`, and `until` when it is over."""
    row, known, statement = (_ROW, _PRESENT, _PARTNERS) if query.as_of is None else (_THEN, _HELD.c, _PARTNERS_THEN)
    if query.q is not None:
        statement = statement.where(finds(Partner.name, query.q))
    if query.kind is not None:
        statement = statement.where(Partner.kind == query.kind)
    if query.active is not None:
        statement = statement.where(row["active"] == query.active)
    if query.verified is not None:
        statement = statement.where(_good(known) if query.verified else not_(_good(known)))
    if query.region is not None:
        seat = places.c.kelurahan_code == row["region_code"]
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
    """Return one partner as it was on the day of `now`, or ResourceNotFound."""
    day = today(now)
    rows = await fetch(connection, _partner(), {"id": partner_id, "on": day, "until": end_of(day)})
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

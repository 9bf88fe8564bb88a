"""How consents are read: in the caller's own regions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.consents.models import Consent
from services.registry.consents.rules import ConsentKind
from services.registry.consents.schemas import ConsentQuery
from services.registry.database import places
from services.registry.residents import service as residents
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.statements import fetch

RECORDED = Order(Consent.id.expression, UUID, Consent.id.expression)
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day on which it is told whether it holds."""


def consents(query: ConsentQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of consents; it takes the day as `on`."""
    statement = (
        select(*Consent.__table__.c, places.c.code_now, Consent.holds_on(ON).label("holds"))
        .join(places, in_place(Consent))
        .where(visible(Consent, caller))
    )
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.kind is not None:
        named = Consent.resident_id if query.kind is ConsentKind.PERSONAL else Consent.board_id
        statement = statement.where(named.is_not(None))
    if query.resident_id is not None:
        person = residents.one_person(residents.Resident.id == query.resident_id)
        statement = statement.where(Consent.person_id.in_(select(person.c.person_id)))
    for column, value in (
        (Consent.board_id, query.board_id),
        (Consent.purpose, query.purpose),
        (Consent.partner_id, query.partner_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if query.as_of is not None:
        statement = statement.where(Consent.holds_on(ON))
    return statement


def consent_view(row: Any) -> dict[str, Any]:
    """Return a row as ConsentView."""
    return {
        "id": row.id,
        "kind": ConsentKind.COLLECTIVE if row.resident_id is None else ConsentKind.PERSONAL,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "resident_id": row.resident_id,
        "board_id": row.board_id,
        "purpose": row.purpose,
        "partner_id": row.partner_id,
        "data": row.data,
        "manner": row.manner,
        "reference": row.reference,
        "witnesses": row.witnesses,
        "by_guardian": row.by_guardian,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "withdrawn_on": row.withdrawn_on,
        "holds": row.holds,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_consent(
    connection: AsyncConnection | AsyncSession, consent_id: UUID, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one consent, or ResourceNotFound or NotYet."""
    statement = consents(ConsentQuery(), caller).where(Consent.id == consent_id)
    rows = await fetch(connection, statement, {"on": today(now)})
    if not rows:
        raise ResourceNotFound
    require_begun(rows[0].starts_on, on=today(now))
    return consent_view(rows[0])

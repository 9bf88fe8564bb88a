"""How delegations are read: by who reads the board in full, and by who works by them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.types import Uuid

from services.registry.database import places
from services.registry.delegations.models import Delegation
from services.registry.delegations.schemas import DelegationQuery
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch, remembered

NEWEST_FIRST = Order(Delegation.id.expression, UUID, Delegation.id.expression, descending=True)
_COLUMNS = tuple(column for column in Delegation.__table__.c if column.name != "creation_digest")


def _delegations(caller: Caller) -> Select[Any]:
    return select(*_COLUMNS, places.c.code_now).join(places, in_place(Delegation)).where(visible(Delegation, caller))


@remembered
def delegations(query: DelegationQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of delegations."""
    statement = _delegations(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.board_id is not None:
        statement = statement.where(Delegation.board_id == query.board_id)
    if query.account_id is not None:
        statement = statement.where(Delegation.account_id == query.account_id)
    if query.as_of is not None:
        statement = statement.where(Delegation.in_force(query.as_of))
    return statement


def delegation_view(row: Any) -> dict[str, Any]:
    """Return a row as DelegationView."""
    return {
        "id": row.id,
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "delegator_id": row.delegator_id,
        "account_id": row.account_id,
        "scopes": row.scopes,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "revoked_at": row.revoked_at,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _delegation(caller: Caller) -> Select[Any]:
    return _delegations(caller).where(Delegation.id == bindparam("id", type_=Uuid))


async def one_delegation(
    connection: AsyncConnection | AsyncSession, delegation_id: UUID, caller: Caller, _now: object = None
) -> dict[str, Any]:
    """Return one delegation, or ResourceNotFound."""
    rows = await fetch(connection, _delegation(caller), {"id": delegation_id})
    if not rows:
        raise ResourceNotFound
    return delegation_view(rows[0])


async def given_to(session: AsyncSession, account_id: UUID, *, on: date) -> list[Any]:
    """Return what is delegated to an account on a day, with today's code of each place."""
    statement = (
        select(*_COLUMNS, places.c.code_now)
        .join(places, in_place(Delegation))
        .where(Delegation.account_id == account_id, Delegation.in_force(on))
        .order_by(Delegation.id)
    )
    return list((await session.execute(statement)).all())

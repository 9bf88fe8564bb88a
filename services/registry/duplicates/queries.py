"""How the queue is read, and one pair with both residents."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, bindparam, case, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.duplicates.schemas import DuplicateQuery, DuplicateSort
from services.registry.personal.service import Duplicate
from services.registry.residents import service as residents
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch, remembered
from shared.vault import Vault

ORDERS = {
    DuplicateSort.SCORE: Order(Duplicate.score.expression, int, Duplicate.id.expression, descending=True),
    DuplicateSort.RECORDED: Order(Duplicate.id.expression, UUID, Duplicate.id.expression),
}
SHOWN = (
    "id",
    "kelurahan_code",
    "elsewhere_code",
    "first_id",
    "second_id",
    "score",
    "reasons",
    "state",
    "dismissal",
    "kept_id",
    "version",
    "recorded_at",
    "changed_at",
)
_ELSEWHERE = places.alias("elsewhere")
ELSEWHERE = case((_ELSEWHERE.c.code_now != places.c.code_now, Duplicate.elsewhere_code), else_=None)
"""Where the first of a pair stands; null where both stand in one kelurahan by now, whatever it was called."""


def with_places(statement: Select[Any]) -> Select[Any]:
    """Join a pair with where its second stands, and with where its first does when that was elsewhere."""
    return statement.join(places, in_place(Duplicate)).outerjoin(
        _ELSEWHERE, _ELSEWHERE.c.kelurahan_code == Duplicate.elsewhere_code
    )


_SHOWN = (column for column in Duplicate.__table__.c if column.name != "elsewhere_code")
_DUPLICATES = with_places(select(*_SHOWN, ELSEWHERE.label("elsewhere_code"), places.c.code_now))


@remembered
def duplicates(query: DuplicateQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the queue."""
    statement = _DUPLICATES.where(
        visible(Duplicate, caller), Duplicate.state == query.state, query.lies_in_region(places)
    )
    if query.least_score is not None:
        statement = statement.where(Duplicate.score >= query.least_score)
    if query.resident_id is not None:
        of = (Duplicate.first_id == query.resident_id, Duplicate.second_id == query.resident_id)
        statement = statement.where(or_(*of))
    return statement


@remembered
def _duplicate(caller: Caller) -> Select[Any]:
    return _DUPLICATES.where(visible(Duplicate, caller), Duplicate.id == bindparam("id", type_=Uuid))


def duplicate_view(row: Any, *, prefix: str = "") -> dict[str, Any]:
    """Return a row as DuplicateView; beside a resident its columns have a prefix."""
    shown = {name: getattr(row, f"{prefix}{name}") for name in SHOWN}
    return shown | {"kelurahan_code_now": getattr(row, f"{prefix}code_now")}


async def one_duplicate(
    connection: AsyncConnection | AsyncSession, duplicate_id: UUID, caller: Caller, _now: datetime
) -> Mapping[str, Any]:
    """Return one pair, or ResourceNotFound."""
    rows = await fetch(connection, _duplicate(caller), {"id": duplicate_id})
    if not rows:
        raise ResourceNotFound
    return duplicate_view(rows[0])


@remembered
def _comparison(caller: Caller, *, unmasked: bool) -> Select[Any]:
    pair = _DUPLICATES.where(visible(Duplicate, caller), Duplicate.id == bindparam("id", type_=Uuid)).subquery("pair")
    return residents.beside(pair, caller, unmasked=unmasked)


async def comparison(
    connection: AsyncConnection, duplicate_id: UUID, caller: Caller, vault: Vault | None, *, now: datetime
) -> tuple[dict[str, Any], int]:
    """Return a pair as Comparison and how many residents are shown, or ResourceNotFound; with a vault they are named.

    One of the two always stands in the caller's regions: the second, where the pair does.
    """
    statement = _comparison(caller, unmasked=vault is not None)
    rows = await fetch(connection, statement, {"id": duplicate_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    view = residents.resident_view(caller, vault)
    sides = {row.id: view(row) for row in rows}
    pair = duplicate_view(rows[0], prefix="pair_")
    return pair | {"first": sides.get(pair["first_id"]), "second": sides.get(pair["second_id"])}, len(sides)

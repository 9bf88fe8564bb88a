"""How plans are read: everybody the ratified ones, the own region also the drafts."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.planning.database import places
from services.planning.directory.service import board_names
from services.planning.plans.models import Plan
from services.planning.plans.schemas import PlanQuery, PlanSort
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.places import called_now
from shared.searching import finds

ORDERS = {
    PlanSort.RECORDED: Order(Plan.id.expression, UUID, Plan.id.expression),
    PlanSort.STARTS_ON: Order(Plan.starts_on.expression, date, Plan.id.expression),
}
_BOARDS = board_names()
_PLANS = (
    select(
        Plan.id,
        Plan.kelurahan_code,
        places.c.code_now,
        called_now(places).label("kelurahan_name"),
        Plan.board_id,
        _BOARDS.c.name.label("board_name"),
        Plan.title,
        Plan.vision,
        Plan.starts_on,
        Plan.ends_on,
        Plan.horizon_years,
        Plan.ruleset,
        Plan.state,
        Plan.ratified_on,
        Plan.version,
        Plan.recorded_at,
        Plan.changed_at,
    )
    .join(places, places.c.kelurahan_code == Plan.kelurahan_code)
    .outerjoin(_BOARDS, _BOARDS.c.id == Plan.board_id)
)


def _plans(caller: Caller) -> Select[Any]:
    return _PLANS.add_columns(in_scope(Plan, caller).label("full")).where(visible(Plan, caller))


def plans(query: PlanQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of plans."""
    statement = _plans(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.q is not None:
        statement = statement.where(finds(Plan.title, query.q))
    if query.board_id is not None:
        statement = statement.where(Plan.board_id == query.board_id)
    if query.state is not None:
        statement = statement.where(Plan.state == query.state)
    if query.covers is not None:
        statement = statement.where(Plan.starts_on <= query.covers, Plan.ends_on >= query.covers)
    return statement


def plan_view(row: Row[Any]) -> dict[str, Any]:
    """Return a row of the list or of one plan as PlanView."""
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "board_id": row.board_id,
        "board_name": row.board_name,
        "title": row.title,
        "vision": row.vision,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "horizon_years": row.horizon_years,
        "ruleset": row.ruleset,
        "state": row.state,
        "ratified_on": row.ratified_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_plan(
    connection: AsyncConnection | AsyncSession, plan_id: UUID, caller: Caller, _now: object
) -> dict[str, Any]:
    """Return one plan as the caller may see it, or ResourceNotFound."""
    row = (await connection.execute(_plans(caller).where(Plan.id == plan_id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return plan_view(row)

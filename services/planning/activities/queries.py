"""How activities are read: everybody those of ratified plans, the own region also the drafts."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.planning.activities.models import FUNDING, Activity, funding_of
from services.planning.activities.schemas import ActivityQuery, ActivitySort, PlanActivityQuery
from services.planning.database import places
from services.planning.mapping.service import shown_count
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.places import called_now
from shared.searching import finds

RECORDED = Order(Activity.id.expression, UUID, Activity.id.expression)
ORDERS_IN_PLAN = {
    ActivitySort.RECORDED: RECORDED,
    # One number for year and rank: a plan has few enough activities to sort them as they are read.
    ActivitySort.PRIORITY: Order(Activity.year * 100_000 + Activity.priority_rank, int, Activity.id.expression),
}
_ACTIVITIES = select(
    *Activity.__table__.c,
    places.c.code_now,
    called_now(places).label("kelurahan_name"),
).join(places, places.c.kelurahan_code == Activity.kelurahan_code)


def _activities(caller: Caller) -> Select[Any]:
    return _ACTIVITIES.add_columns(in_scope(Activity, caller).label("full")).where(visible(Activity, caller))


def _filtered(statement: Select[Any], query: ActivityQuery | PlanActivityQuery) -> Select[Any]:
    if query.dimension is not None:
        statement = statement.where(Activity.dimension == query.dimension)
    if query.year is not None:
        statement = statement.where(Activity.year == query.year)
    if query.state is not None:
        statement = statement.where(Activity.state == query.state)
    if query.funded_by is not None:
        statement = statement.where(Activity.__table__.c[FUNDING[query.funded_by]] > 0)
    return statement


def activities(query: ActivityQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of activities."""
    statement = _filtered(_activities(caller), query)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.q is not None:
        statement = statement.where(finds(Activity.title, query.q))
    if query.board_id is not None:
        statement = statement.where(Activity.board_id == query.board_id)
    if query.problem_id is not None:
        statement = statement.where(Activity.problem_id == query.problem_id)
    return statement


def activities_of_plan(plan_id: UUID, query: PlanActivityQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a plan's activities."""
    return _filtered(_activities(caller), query).where(Activity.plan_id == plan_id)


def activity_view(row: Row[Any]) -> dict[str, Any]:
    """Return a row of a list or of one activity as ActivityView."""
    poor, missing = shown_count(row.poor_households, full=row.full)
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "plan_id": row.plan_id,
        "board_id": row.board_id,
        "problem_id": row.problem_id,
        "title": row.title,
        "dimension": row.dimension,
        "location": row.location,
        "year": row.year,
        "priority_rank": row.priority_rank,
        "bappuk_reference": row.bappuk_reference,
        "volume": str(row.volume),
        "unit": row.unit,
        "unit_cost_rupiah": row.unit_cost_rupiah,
        "total_cost_rupiah": row.total_cost_rupiah,
        "funding": funding_of(row),
        "beneficiaries": {
            "households": row.households,
            "poor_households": poor,
            "poor_households_missing": missing,
            "women": row.women,
            "men": row.men,
        },
        "state": row.state,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_activity(
    connection: AsyncConnection | AsyncSession, activity_id: UUID, caller: Caller, _now: object
) -> dict[str, Any]:
    """Return one activity as the caller may see it, or ResourceNotFound."""
    row = (await connection.execute(_activities(caller).where(Activity.id == activity_id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return activity_view(row)

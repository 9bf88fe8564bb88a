"""How problems and causes are read."""

from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.planning.database import places
from services.planning.mapping.models import Cause, Problem
from services.planning.mapping.rules import shown_count
from services.planning.mapping.schemas import CauseQuery, ProblemQuery, ProblemSort
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.places import called_now
from shared.searching import finds

ORDERS = {
    ProblemSort.RECORDED: Order(Problem.id.expression, UUID, Problem.id.expression),
    ProblemSort.TITLE: Order(Problem.title.expression, str, Problem.id.expression),
}
CAUSES_RECORDED = Order(Cause.id.expression, UUID, Cause.id.expression)
_PROBLEMS = select(
    *Problem.__table__.c,
    places.c.code_now,
    called_now(places).label("kelurahan_name"),
).join(places, places.c.kelurahan_code == Problem.kelurahan_code)


def _problems(caller: Caller) -> Select[Any]:
    return _PROBLEMS.add_columns(in_scope(Problem, caller).label("full")).where(visible(Problem, caller))


def problems(query: ProblemQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of problems."""
    statement = _problems(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.q is not None:
        statement = statement.where(finds(Problem.title, query.q))
    if query.dimension is not None:
        statement = statement.where(Problem.dimension == query.dimension)
    if query.published is not None:
        statement = statement.where(Problem.published_on.is_not(None) == query.published)
    return statement


def problem_view(row: Row[Any]) -> dict[str, Any]:
    """Return a row of the list or of one problem as ProblemView."""
    poor, missing = shown_count(row.poor_households, full=row.full)
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "title": row.title,
        "dimension": row.dimension,
        "location": row.location,
        "households_affected": row.households_affected,
        "poor_households": poor,
        "poor_households_missing": missing,
        "observed_on": row.observed_on,
        "published_on": row.published_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_problem(
    connection: AsyncConnection | AsyncSession, problem_id: UUID, caller: Caller, _now: object
) -> dict[str, Any]:
    """Return one problem as the caller may see it, or ResourceNotFound."""
    row = (await connection.execute(_problems(caller).where(Problem.id == problem_id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return problem_view(row)


def _causes(problem_id: UUID, caller: Caller) -> Select[Any]:
    return (
        select(*Cause.__table__.c)
        .join(places, places.c.kelurahan_code == Cause.kelurahan_code)
        .where(Cause.problem_id == problem_id, visible(Cause, caller))
    )


def causes(problem_id: UUID, query: CauseQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a problem's causes."""
    statement = _causes(problem_id, caller)
    if query.root is not None:
        statement = statement.where(Cause.root.is_(query.root))
    return statement


def cause_view(row: Row[Any]) -> dict[str, Any]:
    """Return a row as CauseView."""
    return {
        "id": row.id,
        "problem_id": row.problem_id,
        "kelurahan_code": row.kelurahan_code,
        "parent_cause_id": row.parent_cause_id,
        "statement": row.statement,
        "root": row.root,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_cause(
    connection: AsyncConnection | AsyncSession, problem_id: UUID, cause_id: UUID, caller: Caller
) -> dict[str, Any]:
    """Return one cause, or ResourceNotFound."""
    row = (await connection.execute(_causes(problem_id, caller).where(Cause.id == cause_id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return cause_view(row)

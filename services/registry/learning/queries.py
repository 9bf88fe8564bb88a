"""How learning communities are read: everybody sees all of them; what they did in a year is one statement."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Integer, Label, Select, and_, case, cast, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.learning.models import FollowUp, LearningCommunity, LearningSession
from services.registry.learning.rules import MeasureMissing, quarters_over
from services.registry.learning.schemas import (
    FollowUpQuery,
    LearningCommunityQuery,
    LearningCommunitySort,
    MeasuresQuery,
    SessionQuery,
)
from services.registry.regions import service as regions
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.searching import finds
from shared.statements import fetch, remembered

ORDERS = {
    LearningCommunitySort.RECORDED: Order(LearningCommunity.id.expression, UUID, LearningCommunity.id.expression),
    LearningCommunitySort.NAME: Order(LearningCommunity.name.expression, str, LearningCommunity.id.expression),
}
SESSIONS_NEWEST_FIRST = Order(LearningSession.held_on.expression, date, LearningSession.id.expression, descending=True)
FOLLOW_UPS_BY_DAY = Order(FollowUp.due_on.expression, date, FollowUp.id.expression)

_COMMUNITIES = select(*LearningCommunity.__table__.c, places.c.code_now).join(places, in_place(LearningCommunity))


def _named(on: date | None) -> Label[str]:
    return regions.place_name(LearningCommunity.region_code, on=on).label("region_name")


@remembered
def communities(query: LearningCommunityQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of learning communities."""
    statement = _COMMUNITIES.add_columns(_named(query.as_of)).where(visible(LearningCommunity, caller))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.kind is not None:
        statement = statement.where(LearningCommunity.kind == query.kind)
    if query.q is not None:
        statement = statement.where(finds(LearningCommunity.name, query.q))
    if query.as_of is not None:
        statement = statement.where(_lived(query.as_of, query.as_of))
    return statement


def _lived(first: date, last: date) -> ColumnElement[bool]:
    closed_on = LearningCommunity.closed_on
    return and_(LearningCommunity.founded_on <= last, or_(closed_on.is_(None), closed_on >= first))


def community_view(row: Any) -> dict[str, Any]:
    """Return a row as LearningCommunityView."""
    return {
        "id": row.id,
        "kind": row.kind,
        "region_code": row.region_code,
        "region_code_now": row.code_now,
        "region_name": row.region_name,
        "name": row.name,
        "founded_on": row.founded_on,
        "closed_on": row.closed_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_community(
    connection: AsyncConnection | AsyncSession, community_id: UUID, caller: Caller, _now: object = None
) -> dict[str, Any]:
    """Return one learning community, or ResourceNotFound."""
    statement = _COMMUNITIES.add_columns(_named(None)).where(
        LearningCommunity.id == community_id, visible(LearningCommunity, caller)
    )
    return community_view(await _one(connection, statement))


def sessions(community_id: UUID, query: SessionQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a community's sessions."""
    statement = _of_community(LearningSession, community_id, caller)
    if query.form is not None:
        statement = statement.where(LearningSession.form == query.form)
    if query.topic is not None:
        statement = statement.where(LearningSession.topics.contains([query.topic.value]))
    if query.held_from is not None:
        statement = statement.where(LearningSession.held_on >= query.held_from)
    if query.held_to is not None:
        statement = statement.where(LearningSession.held_on <= query.held_to)
    return statement


def session_view(row: Any) -> dict[str, Any]:
    """Return a row as SessionView."""
    return {
        "id": row.id,
        "learning_community_id": row.learning_community_id,
        "held_on": row.held_on,
        "form": row.form,
        "topics": row.topics,
        "title": row.title,
        "attendance": {
            "total": row.attendance_total,
            "women": row.women,
            "women_not_counted_reason": row.women_not_counted,
            "poor": row.poor,
            "poor_not_counted_reason": row.poor_not_counted,
        },
        "cases_mediated": row.cases_mediated,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


def follow_ups(community_id: UUID, query: FollowUpQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a community's follow-ups."""
    statement = _of_community(FollowUp, community_id, caller)
    if query.learning_session_id is not None:
        statement = statement.where(FollowUp.learning_session_id == query.learning_session_id)
    if query.done is not None:
        statement = statement.where(FollowUp.done_on.is_not(None) if query.done else FollowUp.done_on.is_(None))
    return statement


def follow_up_view(row: Any) -> dict[str, Any]:
    """Return a row as FollowUpView."""
    return {
        "id": row.id,
        "learning_community_id": row.learning_community_id,
        "learning_session_id": row.learning_session_id,
        "task": row.task,
        "responsible": row.responsible,
        "due_on": row.due_on,
        "done_on": row.done_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


def _of_community(model: type[Any], community_id: UUID, caller: Caller) -> Select[Any]:
    statement = select(*model.__table__.c).join(places, in_place(model))
    return statement.where(model.learning_community_id == community_id, visible(model, caller))


async def _one(connection: AsyncConnection | AsyncSession, statement: Select[Any]) -> Any:
    rows = await fetch(connection, statement)
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def one_session(
    connection: AsyncConnection | AsyncSession, community_id: UUID, session_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one session, or ResourceNotFound."""
    statement = _of_community(LearningSession, community_id, caller).where(LearningSession.id == session_id)
    return session_view(await _one(connection, statement))


async def one_follow_up(
    connection: AsyncConnection | AsyncSession, community_id: UUID, follow_up_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one follow-up, or ResourceNotFound."""
    statement = _of_community(FollowUp, community_id, caller).where(FollowUp.id == follow_up_id)
    return follow_up_view(await _one(connection, statement))


def _number(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return case((condition, 1), else_=0)


def _summed(numbers: Sequence[ColumnElement[int]]) -> ColumnElement[int]:
    total: ColumnElement[int] = cast(literal(0), Integer)
    for number in numbers:
        total += number
    return total


def _measures(year: int, on: date) -> Select[Any]:
    """Return the sums over communities; quarters count that are over on the day and began in a community's life."""
    first, last = date(year, 1, 1), date(year, 12, 31)
    quarters = quarters_over(year, on)
    held, s = LearningSession.held_on, LearningSession
    met = (
        select(
            s.learning_community_id,
            func.count().label("sessions"),
            func.sum(s.women).label("women"),
            func.sum(s.attendance_total).filter(s.women.is_not(None)).label("women_of"),
            func.sum(s.poor).label("poor"),
            func.sum(s.attendance_total).filter(s.poor.is_not(None)).label("poor_of"),
            func.sum(s.cases_mediated).label("cases"),
            *(
                func.count().filter(held.between(begins, ends)).label(f"in_quarter_{number}")
                for number, (begins, ends) in enumerate(quarters)
            ),
        )
        .where(held.between(first, last))
        .group_by(s.learning_community_id)
        .subquery("met")
    )
    agreed = (
        select(
            FollowUp.learning_community_id,
            func.count().label("agreed"),
            func.count(FollowUp.done_on).label("done"),
            func.count().filter(FollowUp.done_on.is_(None), FollowUp.due_on < on).label("overdue"),
        )
        .join(s, s.id == FollowUp.learning_session_id)
        .where(held.between(first, last))
        .group_by(FollowUp.learning_community_id)
        .subquery("agreed")
    )
    closed_on = LearningCommunity.closed_on
    judged = [
        and_(LearningCommunity.founded_on <= begins, or_(closed_on.is_(None), closed_on >= ends))
        for begins, ends in quarters
    ]
    met_in = [and_(one, func.coalesce(met.c[f"in_quarter_{number}"], 0) > 0) for number, one in enumerate(judged)]
    due, kept = _summed([_number(one) for one in judged]), _summed([_number(one) for one in met_in])
    return (
        select(
            func.count().label("communities"),
            func.count().filter(due > 0).label("judged"),
            func.count().filter(due > 0, kept == due).label("active"),
            *(
                func.coalesce(func.sum(column), 0).label(name)
                for name, column in {
                    "quarters": due,
                    "quarters_met": kept,
                    "sessions": met.c.sessions,
                    "women": met.c.women,
                    "women_of": met.c.women_of,
                    "poor": met.c.poor,
                    "poor_of": met.c.poor_of,
                    "cases": met.c.cases,
                    "agreed": agreed.c.agreed,
                    "done": agreed.c.done,
                    "overdue": agreed.c.overdue,
                }.items()
            ),
        )
        .select_from(LearningCommunity)
        .join(places, in_place(LearningCommunity))
        .outerjoin(met, met.c.learning_community_id == LearningCommunity.id)
        .outerjoin(agreed, agreed.c.learning_community_id == LearningCommunity.id)
        .where(_lived(first, last))
    )


def _measure(numerator: int, denominator: int, missing: MeasureMissing) -> dict[str, Any]:
    if denominator == 0:
        return {"numerator": None, "denominator": None, "null_reason": missing}
    return {"numerator": int(numerator), "denominator": int(denominator), "null_reason": None}


def measures_view(row: Any, *, year: int, on: date) -> dict[str, Any]:
    """Return the row of sums as MeasuresView, but for its region: no number without what it is a part of."""
    no_quarter = MeasureMissing.NO_QUARTER_OVER if row.communities else MeasureMissing.NO_COMMUNITY
    nobody_counted = MeasureMissing.NOT_COUNTED if row.sessions else MeasureMissing.NO_SESSION
    return {
        "year": year,
        "as_of": on,
        "communities": row.communities,
        "active": _measure(row.active, row.judged, no_quarter),
        "active_quarters": _measure(row.quarters_met, row.quarters, no_quarter),
        "sessions": int(row.sessions),
        "women": _measure(row.women, row.women_of, nobody_counted),
        "poor": _measure(row.poor, row.poor_of, nobody_counted),
        "follow_ups_done": _measure(row.done, row.agreed, MeasureMissing.NO_FOLLOW_UP),
        "follow_ups_overdue": int(row.overdue),
        "cases_mediated": int(row.cases),
    }


async def measures(connection: AsyncConnection, query: MeasuresQuery, now: datetime) -> dict[str, Any]:
    """Return what the communities of a region did in a year."""
    on = today(now)
    year = query.year or on.year
    statement = _measures(year, on).add_columns(regions.region_now(query.region)).where(query.lies_in_region(places))
    if query.kind is not None:
        statement = statement.where(LearningCommunity.kind == query.kind)
    (row,) = await fetch(connection, statement)
    regions.require_region(query.region, row.region_now)
    return {"region": query.region, "region_now": row.region_now, **measures_view(row, year=year, on=on)}


async def measures_of(
    connection: AsyncConnection, community_id: UUID, year: int | None, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return what one community did in a year, or ResourceNotFound."""
    community = await one_community(connection, community_id, caller)
    on = today(now)
    chosen = year or on.year
    rows = await fetch(connection, _measures(chosen, on).where(LearningCommunity.id == community_id))
    found = measures_view(rows[0], year=chosen, on=on)
    return {"region": community["region_code"], "region_now": community["region_code_now"], **found}

"""How facilitators and assignments are read, and who has none."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Date,
    Integer,
    Label,
    Select,
    Uuid,
    and_,
    bindparam,
    exists,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.facilitators.models import Assignment, Facilitator
from services.registry.facilitators.rules import FacilitationRules, FacilitatorRole, load_of
from services.registry.facilitators.schemas import AssignmentQuery, CoverageQuery, FacilitatorQuery, GapQuery
from services.registry.personal import service as personal
from services.registry.regions import service as regions
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import visible
from shared.lists import Bounded, Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.places import NATION, within
from shared.rulesets import RuleSet
from shared.statements import fetch, remembered
from shared.vault import Vault

RECORDED = Order(Facilitator.id.expression, UUID, Facilitator.id.expression)
ASSIGNMENTS_RECORDED = Order(Assignment.id.expression, UUID, Assignment.id.expression)
GAPS_BY_CODE = Order(places.c.kelurahan_code, str, places.c.kelurahan_code, str)
KEEPING = "registry:facilitators:write"
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day that is asked for."""

_NAMES = personal.personal_records()
_SERVED = (
    select(func.count(Assignment.kelurahan_code.distinct()))
    .where(Assignment.facilitator_id == Facilitator.id, Assignment.holds_on(ON))
    .scalar_subquery()
    .label("kelurahan")
)
_FACILITATORS = (
    select(*Facilitator.__table__.c, places.c.code_now, _NAMES.c.wrapped_key, _NAMES.c.sealed, _SERVED)
    .join(places, places.c.kelurahan_code == Facilitator.region_code)
    .outerjoin(_NAMES, _NAMES.c.id == Facilitator.id)
)
_ASSIGNMENTS = select(*Assignment.__table__.c, places.c.code_now).join(
    places, places.c.kelurahan_code == Assignment.kelurahan_code
)


def _named(on: Any) -> Label[str]:
    return regions.place_name(Assignment.kelurahan_code, on=on).label("kelurahan_name")


@remembered
def facilitators(query: FacilitatorQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of facilitators; it takes the day as `on`."""
    statement = _FACILITATORS.where(visible(Facilitator, caller))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.role is not None:
        statement = statement.where(Facilitator.role == query.role)
    if query.person_id is not None:
        statement = statement.where(Facilitator.person_id == query.person_id)
    if query.as_of is not None:
        statement = statement.where(Facilitator.holds_on(ON))
    return statement


def facilitator_view(row: Any, *, rules: FacilitationRules, names: Vault | None) -> dict[str, Any]:
    """Return a row as FacilitatorView; with a vault it is named."""
    named: Mapping[str, Any] = personal.opened(names, row) if names is not None else {}
    return {
        "id": row.id,
        "region_code": row.region_code,
        "region_code_now": row.code_now,
        "person_id": row.person_id,
        "account_id": row.account_id,
        "name": named.get("name"),
        "phone": named.get("phone"),
        "role": row.role,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "kelurahan": row.kelurahan,
        "load": load_of(FacilitatorRole(row.role), row.kelurahan, rules=rules),
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _facilitator(caller: Caller) -> Select[Any]:
    return _FACILITATORS.where(visible(Facilitator, caller), Facilitator.id == bindparam("id", type_=Uuid))


async def facilitator_row(
    connection: AsyncConnection | AsyncSession, facilitator_id: UUID, caller: Caller, *, on: date
) -> Any:
    """Return one facilitator's row as on a day, or ResourceNotFound or NotYet."""
    rows = await fetch(connection, _facilitator(caller), {"id": facilitator_id, "on": on})
    if not rows:
        raise ResourceNotFound
    require_begun(rows[0].starts_on, on=on)
    return rows[0]


@remembered
def assignments(facilitator_id: UUID, query: AssignmentQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of a facilitator's assignments; it takes the day as `on`."""
    statement = _ASSIGNMENTS.add_columns(_named(None if query.as_of is None else ON))
    statement = statement.where(Assignment.facilitator_id == facilitator_id, visible(Assignment, caller))
    if query.as_of is not None:
        statement = statement.where(Assignment.holds_on(ON))
    return statement


def assigned_or_seen(facilitator_id: UUID, caller: Caller) -> Select[Any]:
    """Return the statement of a facilitator whose assignments the caller may list: one seen, or one who served there."""
    served = select(Assignment.id).join(places, places.c.kelurahan_code == Assignment.kelurahan_code)
    served = served.where(Assignment.facilitator_id == facilitator_id, visible(Assignment, caller)).correlate(None)
    seen = select(Facilitator.id).join(places, places.c.kelurahan_code == Facilitator.region_code)
    return seen.where(Facilitator.id == facilitator_id, or_(visible(Facilitator, caller), served.exists()))


def assignment_view(row: Any, *, full: bool) -> dict[str, Any]:
    """Return a row as AssignmentView; why it ended is not for everybody."""
    return {
        "id": row.id,
        "facilitator_id": row.facilitator_id,
        "role": row.role,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "ended_because": row.ended_because if full else None,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_assignment(
    connection: AsyncConnection | AsyncSession,
    facilitator_id: UUID,
    assignment_id: UUID,
    caller: Caller,
    _now: datetime,
) -> dict[str, Any]:
    """Return one assignment of a facilitator, or ResourceNotFound."""
    rows = await fetch(
        connection,
        _ASSIGNMENTS.add_columns(_named(None)).where(
            Assignment.id == assignment_id, Assignment.facilitator_id == facilitator_id, visible(Assignment, caller)
        ),
    )
    if not rows:
        raise ResourceNotFound
    return assignment_view(rows[0], full=caller.may(KEEPING))


def _serves(on: Any) -> ColumnElement[bool]:
    """Return the condition that an assignment joined with its facilitator counts on a day."""
    return and_(Assignment.holds_on(on), Facilitator.holds_on(on))


def _kelurahan(asked: Bounded) -> ColumnElement[bool]:
    """Return the condition that a row of `places` is a kelurahan of a region: one of today, or of the day asked for."""
    begun = or_(places.c.valid_from.is_(None), places.c.valid_from <= ON)
    return and_(
        func.length(places.c.kelurahan_code) == len("34.71.03.1001"),
        begun if asked.original else places.c.code_now == places.c.kelurahan_code,
        or_(places.c.valid_to.is_(None), places.c.valid_to >= ON),
        within(places.c.kelurahan_code, asked.region or NATION),
    )


def _served_here(asked: Bounded) -> CTE:
    """Return who serves which kelurahan of a region, with how many each serves anywhere."""
    each = (
        select(Assignment.facilitator_id, func.count(Assignment.kelurahan_code.distinct()).label("kelurahan"))
        .join(Facilitator, Facilitator.id == Assignment.facilitator_id)
        .where(_serves(ON))
        .group_by(Assignment.facilitator_id)
        .subquery("each")
    )
    return (
        select(
            Assignment.role,
            Facilitator.person_id,
            Assignment.facilitator_id,
            asked.code(places).label("code"),
            each.c.kelurahan,
        )
        .join(Facilitator, Facilitator.id == Assignment.facilitator_id)
        .join(each, each.c.facilitator_id == Assignment.facilitator_id)
        .join(places, places.c.kelurahan_code == Assignment.kelurahan_code)
        .where(_serves(ON), asked.lies_in_region(places))
        .cte("here")
    )


@remembered
def _coverage(query: CoverageQuery) -> Select[Any]:
    here = _served_here(query)
    each = (
        select(here.c.role, here.c.facilitator_id, here.c.person_id, here.c.kelurahan).distinct().subquery("one_each")
    )
    loads = (
        select(
            each.c.role,
            func.count(each.c.person_id.distinct()).label("facilitators"),
            func.count().filter(each.c.kelurahan > bindparam("most", type_=Integer)).label("above"),
            func.count().filter(each.c.kelurahan < bindparam("fewest", type_=Integer)).label("below"),
        )
        .group_by(each.c.role)
        .subquery("loads")
    )
    reached = (
        select(here.c.role, func.count(here.c.code.distinct()).label("kelurahan"))
        .group_by(here.c.role)
        .subquery("reached")
    )
    by_role = select(
        func.json_agg(
            func.json_build_object(
                "role", loads.c.role,
                "facilitators", loads.c.facilitators,
                "kelurahan", reached.c.kelurahan,
                "above", loads.c.above,
                "below", loads.c.below,
            )
        )
    ).select_from(loads.join(reached, reached.c.role == loads.c.role))  # fmt: skip
    return select(
        select(func.count()).select_from(places).where(_kelurahan(query)).scalar_subquery().label("kelurahan"),
        select(func.count(here.c.code.distinct())).scalar_subquery().label("served"),
        by_role.scalar_subquery().label("roles"),
        regions.region_now(query.region),
    )


async def coverage(
    connection: AsyncConnection, query: CoverageQuery, *, on: date, ruleset: RuleSet[FacilitationRules]
) -> dict[str, Any]:
    """Return how the kelurahan of a region are served on a day, as CoverageView."""
    rules = ruleset.values
    given = {"on": on, "most": rules.most_kelurahan, "fewest": rules.fewest_kelurahan}
    (row,) = await fetch(connection, _coverage(query), given)
    regions.require_region(query.region, row.region_now)
    return {
        "region": query.region,
        "region_now": row.region_now,
        "as_of": on,
        "kelurahan": row.kelurahan,
        "served": row.served,
        "unserved": max(row.kelurahan - row.served, 0),
        "roles": [_role_view(one, rules=rules) for one in sorted(row.roles or [], key=lambda one: str(one["role"]))],
        "fewest_kelurahan": rules.fewest_kelurahan,
        "most_kelurahan": rules.most_kelurahan,
        "ruleset": ruleset.version,
    }


def _role_view(one: Mapping[str, Any], *, rules: FacilitationRules) -> dict[str, Any]:
    return {**one} if one["role"] in rules.team else {**one, "above": None, "below": None}


@remembered
def gaps(query: GapQuery) -> Select[Any]:
    """Return the statement of the kelurahan without a facilitator; it takes the day as `on`."""
    standing = places.alias("standing")
    serving = (
        exists()
        .where(
            Assignment.facilitator_id == Facilitator.id,
            Assignment.kelurahan_code == standing.c.kelurahan_code,
            query.code(standing) == places.c.kelurahan_code,
            _serves(ON),
        )
        .correlate(places)
    )
    if query.role is not None:
        serving = serving.where(Assignment.role == query.role)
    name = regions.code_name(places.c.kelurahan_code, on=None if query.as_of is None else ON).label("name")
    return select(places.c.kelurahan_code.label("id"), name).where(_kelurahan(query), not_(serving))


def gap_view(row: Any) -> dict[str, Any]:
    """Return a row as GapView."""
    return {"kelurahan_code": row.id, "kelurahan_name": row.name}


def day_of(query: FacilitatorQuery | AssignmentQuery | CoverageQuery | GapQuery, now: datetime) -> date:
    """Return the day that is asked for: `as_of`, or today."""
    return query.as_of or today(now)

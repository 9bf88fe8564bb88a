"""How programmes and enrolments are read, and their shapes."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Label, Select, Uuid, bindparam, case, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.programmes.models import Enrolment
from services.registry.programmes.rules import EnrolmentState, Phase
from services.registry.programmes.schemas import EnrolmentQuery, EnrolmentSort
from services.registry.regions import service as regions
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.lists import Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.rulesets import RuleSet
from shared.statements import fetch, remembered

ORDERS = {
    EnrolmentSort.RECORDED: Order(Enrolment.id.expression, UUID, Enrolment.id.expression),
    EnrolmentSort.LATEST: Order(Enrolment.held_on.expression, date, Enrolment.id.expression, descending=True),
}
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day an enrolment is judged on: today, or `as_of`."""

_STATE = case(
    (Enrolment.starts_on.is_(None), EnrolmentState.REFUSED.value),
    (Enrolment.starts_on > ON, EnrolmentState.AWAITED.value),
    (Enrolment.holds_on(ON), EnrolmentState.ENROLLED.value),
    else_=EnrolmentState.ENDED.value,
)
_ENROLMENTS = select(
    Enrolment.id,
    Enrolment.kelurahan_code,
    places.c.code_now,
    Enrolment.programme,
    _STATE.label("state"),
    Enrolment.held_on,
    Enrolment.attendance_total,
    Enrolment.women,
    Enrolment.women_not_counted,
    Enrolment.poor,
    Enrolment.poor_not_counted,
    Enrolment.decision,
    Enrolment.minutes_reference,
    Enrolment.starts_on,
    Enrolment.ends_on,
    Enrolment.version,
    Enrolment.recorded_at,
    Enrolment.changed_at,
).join(places, places.c.kelurahan_code == Enrolment.kelurahan_code)


def _named(on: Any) -> Label[str]:
    return regions.place_name(Enrolment.kelurahan_code, on=on).label("kelurahan_name")


@remembered
def enrolments(query: EnrolmentQuery) -> Select[Any]:
    """Return the statement of the list of enrolments; it takes the day as `on`."""
    statement = _ENROLMENTS.add_columns(_named(None if query.as_of is None else ON))
    if query.as_of is not None:
        statement = statement.where(Enrolment.held_on <= ON)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.programme is not None:
        statement = statement.where(Enrolment.programme == query.programme)
    if query.decision is not None:
        statement = statement.where(Enrolment.decision == query.decision)
    match query.state:
        case None:
            return statement
        case EnrolmentState.ENROLLED:
            return statement.where(Enrolment.holds_on(ON))
        case EnrolmentState.REFUSED:
            return statement.where(Enrolment.starts_on.is_(None))
        case EnrolmentState.AWAITED:
            return statement.where(Enrolment.starts_on > ON)
        case EnrolmentState.ENDED:
            return statement.where(Enrolment.ends_on < ON)


def enrolment_view(row: Any) -> dict[str, Any]:
    """Return a row as EnrolmentView."""
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "programme": row.programme,
        "state": row.state,
        "readiness_meeting": {
            "held_on": row.held_on,
            "attendance": {
                "total": row.attendance_total,
                "women": row.women,
                "women_not_counted_reason": row.women_not_counted,
                "poor": row.poor,
                "poor_not_counted_reason": row.poor_not_counted,
            },
            "decision": row.decision,
            "minutes_reference": row.minutes_reference,
        },
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _enrolment() -> Select[Any]:
    return _ENROLMENTS.add_columns(_named(ON)).where(Enrolment.id == bindparam("id", type_=Uuid))


async def one_enrolment(
    connection: AsyncConnection | AsyncSession, enrolment_id: UUID, _caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one enrolment, or ResourceNotFound or NotYet."""
    rows = await fetch(connection, _enrolment(), {"id": enrolment_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    require_begun(rows[0].held_on, on=today(now))
    return enrolment_view(rows[0])


def programme_view(one: RuleSet[Phase]) -> dict[str, Any]:
    """Return a phase as ProgrammeView."""
    phase = one.values
    return {
        "code": one.phase,
        "name": phase.name,
        "other_names": phase.other_names,
        "first_year": phase.first_year,
        "last_year": phase.last_year,
        "words": phase.words,
        "source": {
            "version": one.version,
            "legal_basis": one.legal_basis,
            "rules": one.rules,
            "confidence": one.confidence,
        },
    }

"""How volunteers are read: who they are in the reader's own regions, how many there are by everybody."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Date, Label, Select, Uuid, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.personal import service as personal
from services.registry.regions import service as regions
from services.registry.residents.service import Sex
from services.registry.volunteers.models import Volunteer
from services.registry.volunteers.rules import VolunteerRole, shown_by_sex
from services.registry.volunteers.schemas import StatisticsQuery, VolunteerQuery
from shared.errors import ResourceNotFound
from shared.items import visible
from shared.lists import Boundaries, Order
from shared.permissions import Caller
from shared.statements import fetch, remembered
from shared.vault import Vault

RECORDED = Order(Volunteer.id.expression, UUID, Volunteer.id.expression)
BY_PLACE = {
    one: Order(code, str, code, str)
    for one, code in ((Boundaries.TODAY, places.c.code_now), (Boundaries.ORIGINAL, places.c.kelurahan_code))
}
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day that is asked for."""

_NAMES = personal.personal_records()
_OPENS = ("wrapped_key", "sealed")
_VOLUNTEERS = (
    select(*Volunteer.__table__.c, places.c.code_now, *(_NAMES.c[name] for name in _OPENS))
    .join(places, places.c.kelurahan_code == Volunteer.kelurahan_code)
    .outerjoin(_NAMES, _NAMES.c.id == Volunteer.id)
)


@remembered
def volunteers(query: VolunteerQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of volunteers; it takes the day as `on`."""
    statement = _VOLUNTEERS.where(visible(Volunteer, caller))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.role is not None:
        statement = statement.where(Volunteer.roles.contains([query.role.value]))
    if query.sex is not None:
        statement = statement.where(Volunteer.sex == query.sex)
    if query.trained is not None:
        trained = Volunteer.trained_on
        statement = statement.where(trained.is_not(None) if query.trained else trained.is_(None))
    if query.person_id is not None:
        statement = statement.where(Volunteer.person_id == query.person_id)
    if query.as_of is not None:
        statement = statement.where(Volunteer.holds_on(ON))
    return statement


def volunteer_view(row: Any, *, names: Vault | None) -> dict[str, Any]:
    """Return a row as VolunteerView; with a vault it is named."""
    named: Mapping[str, Any] = personal.opened(names, row) if names is not None else {}
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "person_id": row.person_id,
        "resident_id": row.resident_id,
        "name": named.get("name"),
        "phone": named.get("phone"),
        "sex": row.sex,
        "roles": row.roles,
        "trained_on": row.trained_on,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _volunteer(caller: Caller) -> Select[Any]:
    return _VOLUNTEERS.where(visible(Volunteer, caller), Volunteer.id == bindparam("id", type_=Uuid))


async def volunteer_row(connection: AsyncConnection | AsyncSession, volunteer_id: UUID, caller: Caller) -> Any:
    """Return one volunteer's row, or ResourceNotFound."""
    rows = await fetch(connection, _volunteer(caller), {"id": volunteer_id})
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def one_volunteer(
    connection: AsyncConnection | AsyncSession, volunteer_id: UUID, caller: Caller, _now: object
) -> dict[str, Any]:
    """Return one volunteer without what names the person: the reply to a write shows nothing that it did not bring."""
    return volunteer_view(await volunteer_row(connection, volunteer_id, caller), names=None)


def _counted(name: str, *conditions: ColumnElement[bool]) -> Label[int]:
    return (func.count().filter(*conditions) if conditions else func.count()).label(name)


def _counts() -> Iterator[Label[int]]:
    """Give the numbers of all volunteers and of each role, by sex."""
    women, men = Volunteer.sex == Sex.FEMALE, Volunteer.sex == Sex.MALE
    yield from (_counted("total"), _counted("women", women), _counted("men", men))
    for role in VolunteerRole:
        has = Volunteer.roles.contains([role.value])
        yield from (_counted(role, has), _counted(f"{role}_women", has, women), _counted(f"{role}_men", has, men))


@remembered
def statistics(query: StatisticsQuery) -> Select[Any]:
    """Return the statement of the numbers of volunteers by kelurahan; it takes the day as `on`."""
    return (
        select(
            query.code(places).label("id"),
            regions.code_name(query.code(places), on=None if query.as_of is None else ON).label("name"),
            func.count(Volunteer.trained_on).label("trained"),
            *_counts(),
        )
        .join(places, places.c.kelurahan_code == Volunteer.kelurahan_code)
        .where(Volunteer.holds_on(ON), query.lies_in_region(places))
        .group_by(query.code(places))
    )


def _told_apart(women: int, men: int, *, original: bool) -> dict[str, Any]:
    shown = shown_by_sex(women=women, men=men, original=original)
    return {"women": shown.women, "men": shown.men, "by_sex_missing_reason": shown.missing}


def _role_counts(row: Any, *, original: bool) -> Iterator[dict[str, Any]]:
    for role in VolunteerRole:
        total, women, men = (getattr(row, f"{role}{of}") for of in ("", "_women", "_men"))
        if total:
            yield {"role": role, "total": total, **_told_apart(women, men, original=original)}


def statistics_view(row: Any, *, original: bool) -> dict[str, Any]:
    """Return a row as VolunteerStatisticsView."""
    return {
        "kelurahan_code": row.id,
        "kelurahan_name": row.name,
        "total": row.total,
        **_told_apart(row.women, row.men, original=original),
        "trained": row.trained,
        "by_role": list(_role_counts(row, original=original)),
    }

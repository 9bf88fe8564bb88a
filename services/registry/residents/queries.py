"""How households and residents are read: in the caller's own regions, unmasked only where the reading is noted."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    FromClause,
    LargeBinary,
    Select,
    Uuid,
    bindparam,
    func,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from services.registry.database import places
from services.registry.personal import service as personal
from services.registry.regions import service as regions
from services.registry.residents.models import Household, Resident, WelfareStatus
from services.registry.residents.numbers import NIK_SHOWN, NikUnusable, nik_faults
from services.registry.residents.rules import ResidentEnd
from services.registry.residents.schemas import HouseholdQuery, ResidentQuery, WelfareAsked
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import visible
from shared.lists import Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.statements import fetch, remembered
from shared.vault import Vault

HOUSEHOLDS = Order(Household.id.expression, UUID, Household.id.expression)
RESIDENTS = Order(Resident.id.expression, UUID, Resident.id.expression)
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day asked for: today, or `as_of`."""

COMPARED = (
    select(Resident.id, Resident.birth_year, Resident.sex, Resident.household_id)
    .where(
        Resident.merged_into.is_(None),
        or_(Resident.ended_because.is_(None), Resident.ended_because != ResidentEnd.MOVED),
    )
    .subquery("compared")
)
"""Who may be somebody recorded already: neither who was merged, nor the record that a move has closed."""

_PERSONAL: Any = personal.personal_records()
_NEXT_HOUSEHOLD, _NEXT_RESIDENT = aliased(Household), aliased(Resident)


def _holding(household_id: Any) -> Any:
    """Return what was decided about a household and holds on the day asked for."""
    return select(WelfareStatus.status).where(WelfareStatus.household_id == household_id, WelfareStatus.holds_on(ON))


def _welfare(household_id: Any) -> ColumnElement[Any]:
    found: ColumnElement[Any] = _holding(household_id).limit(1).scalar_subquery().label("welfare")
    return found


def _is_judged(household_id: Any, asked: WelfareAsked) -> ColumnElement[bool]:
    holding = _holding(household_id)
    if asked == "undecided":
        found: ColumnElement[bool] = not_(holding.exists())
    else:
        found = holding.where(WelfareStatus.status == asked).exists()
    return found


_HOUSEHOLDS = select(
    *Household.__table__.c,
    places.c.code_now,
    select(func.count())
    .where(Resident.household_id == Household.id, Resident.holds_on(ON), Resident.merged_into.is_(None))
    .scalar_subquery()
    .label("residents"),
    _welfare(Household.id),
    select(_NEXT_HOUSEHOLD.id)
    .where(_NEXT_HOUSEHOLD.moved_from == Household.id)
    .limit(1)
    .scalar_subquery()
    .label("moved_to"),
).join(places, places.c.kelurahan_code == Household.kelurahan_code)
_RESIDENTS = select(
    *Resident.__table__.c,
    places.c.code_now,
    _welfare(Resident.household_id),
    select(_NEXT_RESIDENT.id)
    .where(_NEXT_RESIDENT.moved_from == Resident.id)
    .limit(1)
    .scalar_subquery()
    .label("moved_to"),
).join(places, places.c.kelurahan_code == Resident.kelurahan_code)


def _with_personal(statement: Select[Any], model: Any) -> Select[Any]:
    """Add what is sealed under the id of each row."""
    return statement.add_columns(_PERSONAL.c.wrapped_key, _PERSONAL.c.sealed).outerjoin(
        _PERSONAL, _PERSONAL.c.id == model.id
    )


def _households(caller: Caller, *, unmasked: bool, on: Any) -> Select[Any]:
    name = regions.place_name(Household.kelurahan_code, on=on).label("kelurahan_name")
    statement = _HOUSEHOLDS.add_columns(name).where(visible(Household, caller))
    return _with_personal(statement, Household) if unmasked else statement


def _residents(caller: Caller, *, unmasked: bool) -> Select[Any]:
    statement = _RESIDENTS.where(visible(Resident, caller))
    return _with_personal(statement, Resident) if unmasked else statement


@remembered
def households(query: HouseholdQuery, caller: Caller, *, unmasked: bool) -> Select[Any]:
    """Return the statement of the list of households; it takes the day as `on`."""
    statement = _households(caller, unmasked=unmasked, on=None if query.as_of is None else ON)
    statement = statement.where(Household.holds_on(ON), query.lies_in_region(places))
    if query.rw is not None:
        statement = statement.where(Household.rw == query.rw)
    if query.rt is not None:
        statement = statement.where(Household.rt == query.rt)
    if query.welfare is not None:
        statement = statement.where(_is_judged(Household.id, query.welfare))
    return statement


@remembered
def residents(query: ResidentQuery, caller: Caller, *, unmasked: bool) -> Select[Any]:
    """Return the statement of the list of residents; it takes the day as `on`. Who was recorded twice is in it once."""
    statement = _residents(caller, unmasked=unmasked).where(
        Resident.holds_on(ON), Resident.merged_into.is_(None), query.lies_in_region(places)
    )
    if query.household_id is not None:
        statement = statement.where(Resident.household_id == query.household_id)
    if query.sex is not None:
        statement = statement.where(Resident.sex == query.sex)
    if query.welfare is not None:
        statement = statement.where(_is_judged(Resident.household_id, query.welfare))
    if query.vulnerability is not None:
        statement = statement.where(Resident.vulnerabilities.contains([query.vulnerability.value]))
    return statement


def digest_to_find(session: AsyncSession, nik: str) -> bytes | None:
    """Return by what everybody with a NIK is found, or NikUnusable."""
    found = nik_faults(nik)
    if found:
        raise NikUnusable(faults=found, count=len(found))
    return personal.nik_digest(session, nik)


@remembered
def residents_with_nik(caller: Caller) -> Select[Any]:
    """Return the statement of everybody with a NIK, whenever they lived here; it takes its digest as `digest`."""
    digest = bindparam("digest", type_=LargeBinary)
    return _residents(caller, unmasked=True).where(_PERSONAL.c.nik_digest == digest).order_by(Resident.id).limit(100)


WELFARE_LATEST_FIRST = Order(WelfareStatus.starts_on.expression, date, WelfareStatus.id.expression, descending=True)


def welfare_statuses(household_id: UUID, caller: Caller, *, as_of: date | None = None) -> Select[Any]:
    """Return the statement of what was decided about a household."""
    statement = (
        select(*WelfareStatus.__table__.c)
        .join(places, places.c.kelurahan_code == WelfareStatus.kelurahan_code)
        .where(WelfareStatus.household_id == household_id, visible(WelfareStatus, caller))
    )
    return statement if as_of is None else statement.where(WelfareStatus.holds_on(as_of))


def welfare_view(row: Any) -> dict[str, Any]:
    """Return a row as WelfareView."""
    return {
        "id": row.id,
        "household_id": row.household_id,
        "kelurahan_code": row.kelurahan_code,
        "status": row.status,
        "held_on": row.held_on,
        "minutes_reference": row.minutes_reference,
        "criteria_reference": row.criteria_reference,
        "attendance": {
            "total": row.attendance_total,
            "women": row.women,
            "women_not_counted_reason": row.women_not_counted,
            "poor": row.poor,
            "poor_not_counted_reason": row.poor_not_counted,
        },
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_welfare_status(
    connection: AsyncConnection | AsyncSession, household_id: UUID, status_id: UUID, caller: Caller, _now: datetime
) -> Mapping[str, Any]:
    """Return one decision about a household, or ResourceNotFound."""
    rows = await fetch(connection, welfare_statuses(household_id, caller).where(WelfareStatus.id == status_id))
    if not rows:
        raise ResourceNotFound
    return welfare_view(rows[0])


def _shown(row: Any, vault: Vault | None) -> tuple[str, dict[str, Any]]:
    """Return how what is personal stands in a reply, and what of it is shown."""
    if row.erased_at is not None:
        return "erased", {}
    if vault is None:
        return "masked", {}
    return "shown", personal.opened(vault, row)


def _number(number: str | None, caller: Caller) -> str | None:
    """Return a NIK or KK number as the caller may see it: whole, or its last four digits."""
    if number is None or caller.may("registry:nik:read"):
        return number
    return "*" * (len(number) - NIK_SHOWN) + number[-NIK_SHOWN:]


def household_view(caller: Caller, vault: Vault | None) -> Callable[[Any], Mapping[str, Any]]:
    """Return what shapes a row as HouseholdView; with a vault what is personal is shown."""

    def view(row: Any) -> dict[str, Any]:
        state, opened = _shown(row, vault)
        return {
            "id": row.id,
            "personal": state,
            "kelurahan_code": row.kelurahan_code,
            "kelurahan_code_now": row.code_now,
            "kelurahan_name": row.kelurahan_name,
            "rt": row.rt,
            "rw": row.rw,
            "address": opened.get("address"),
            "point": opened.get("point"),
            "kk_number": _number(opened.get("kk_number"), caller),
            "kk_absent_reason": row.kk_absent_reason,
            "kk_shared_reason": row.kk_shared_reason,
            "head_id": row.head_id,
            "residents": row.residents,
            "welfare": row.welfare,
            "moved_from": row.moved_from,
            "moved_to": row.moved_to,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "ended_because": row.ended_because,
            "version": row.version,
            "recorded_at": row.recorded_at,
            "changed_at": row.changed_at,
        }

    return view


def resident_view(caller: Caller, vault: Vault | None) -> Callable[[Any], Mapping[str, Any]]:
    """Return what shapes a row as ResidentView; with a vault what is personal is shown."""

    def view(row: Any) -> dict[str, Any]:
        state, opened = _shown(row, vault)
        return {
            "id": row.id,
            "person_id": row.person_id,
            "household_id": row.household_id,
            "personal": state,
            "kelurahan_code": row.kelurahan_code,
            "kelurahan_code_now": row.code_now,
            "name": opened.get("name"),
            "nik": _number(opened.get("nik"), caller),
            "nik_absent_reason": row.nik_absent_reason,
            "phone": opened.get("phone"),
            "sex": row.sex,
            "birth_year": row.birth_year,
            "birth_year_absent_reason": row.birth_year_absent_reason,
            "vulnerabilities": row.vulnerabilities if vault is not None else None,
            "welfare": row.welfare,
            "moved_from": row.moved_from,
            "moved_to": row.moved_to,
            "merged_into": row.merged_into,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "ended_because": row.ended_because,
            "version": row.version,
            "recorded_at": row.recorded_at,
            "changed_at": row.changed_at,
        }

    return view


@remembered
def _household(caller: Caller, *, unmasked: bool) -> Select[Any]:
    return _households(caller, unmasked=unmasked, on=ON).where(Household.id == bindparam("id", type_=Uuid))


@remembered
def _resident(caller: Caller, *, unmasked: bool) -> Select[Any]:
    return _residents(caller, unmasked=unmasked).where(Resident.id == bindparam("id", type_=Uuid))


async def household_row(
    connection: AsyncConnection | AsyncSession, household_id: UUID, caller: Caller, now: datetime, *, unmasked: bool
) -> Any:
    """Return the row of one household of the caller's regions, or ResourceNotFound or NotYet."""
    rows = await fetch(connection, _household(caller, unmasked=unmasked), {"id": household_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    require_begun(rows[0].starts_on, on=today(now))
    return rows[0]


async def resident_row(
    connection: AsyncConnection | AsyncSession, resident_id: UUID, caller: Caller, now: datetime, *, unmasked: bool
) -> Any:
    """Return the row of one resident of the caller's regions, or ResourceNotFound or NotYet."""
    rows = await fetch(connection, _resident(caller, unmasked=unmasked), {"id": resident_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    require_begun(rows[0].starts_on, on=today(now))
    return rows[0]


async def one_household(
    connection: AsyncConnection | AsyncSession, household_id: UUID, caller: Caller, now: datetime
) -> Mapping[str, Any]:
    """Return one household masked, as every reply to a write shows it."""
    return household_view(caller, None)(await household_row(connection, household_id, caller, now, unmasked=False))


async def one_resident(
    connection: AsyncConnection | AsyncSession, resident_id: UUID, caller: Caller, now: datetime
) -> Mapping[str, Any]:
    """Return one resident masked, as every reply to a write shows them."""
    return resident_view(caller, None)(await resident_row(connection, resident_id, caller, now, unmasked=False))


def beside(pair: FromClause, caller: Caller, *, unmasked: bool) -> Select[Any]:
    """Return the statement of two residents, of whom those in the caller's regions come; it takes the day as `on`.

    Each row carries the columns of `pair`, among them first_id and second_id, with the prefix `pair_`.
    """
    either = or_(Resident.id == pair.c.first_id, Resident.id == pair.c.second_id)
    columns = (column.label(f"pair_{column.name}") for column in pair.c)
    return _residents(caller, unmasked=unmasked).join(pair, either).add_columns(*columns)

"""How regions, their lineage and their BPS codes are read: one statement each, and its shape."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    any_,
    bindparam,
    case,
    exists,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased
from sqlalchemy.types import Uuid

from services.registry.database import places
from services.registry.regions.models import CODE, BpsCode, Region, Succession
from services.registry.regions.schemas import (
    BridgeQuery,
    RegionQuery,
    RegionSort,
    SuccessionQuery,
    SuccessionSort,
)
from shared.errors import ResourceNotFound
from shared.lists import Boundaries, Order
from shared.occurrence import require_begun
from shared.places import called_now, name_of, within
from shared.searching import finds
from shared.statements import fetch, remembered

ORDERS = {
    RegionSort.CODE: Order(Region.code.expression, str, Region.code.expression, str),
    RegionSort.NAME: Order(Region.name.expression, str, Region.code.expression, str),
}
SUCCESSION_ORDERS = {
    SuccessionSort.RECORDED: Order(Succession.id.expression, UUID, Succession.id.expression),
    SuccessionSort.LATEST: Order(Succession.effective_on.expression, date, Succession.id.expression, descending=True),
}


def code_name(code: Any, *, on: Any = None) -> ColumnElement[str]:
    """Return what a code, a column of a row joined with `places`, is called, or was on a day, as a column."""
    last = name_of(places, code)
    if on is None:
        return last
    region = aliased(Region, name="region_then")
    then = select(func.max(region.name)).where(region.code == code, region.valid_on(on)).correlate(places)
    return func.coalesce(then.scalar_subquery(), last)


def known(code: str) -> Select[Any]:
    """Return the statement of a code that is or was a region's."""
    return select(places.c.kelurahan_code).where(places.c.kelurahan_code == code)


def place_name(made_under: Any, *, on: Any = None) -> ColumnElement[str]:
    """Return what the place of a row joined with `places` is called today, or was on a day, as a column.

    `made_under` holds the row's own code: where that was valid on the day, its name then. Else the name of the one
    code that stood for the same place then; where there was none, or several, today's.
    """
    now = called_now(places)
    if on is None:
        return now
    region, known = aliased(Region, name="region_then"), places.alias("known_as")
    outer = (places, made_under.table)
    known_as = select(known.c.kelurahan_code).where(known.c.code_now == places.c.code_now).correlate(*outer)
    own, only = func.max(region.name).filter(region.code == made_under), func.max(region.name)
    codes = func.array_append(func.array(known_as.scalar_subquery()), made_under)
    then = (
        select(func.coalesce(own, case((func.count() == 1, only))))
        .where(region.code == any_(codes), region.valid_on(on))
        .correlate(*outer)
    )
    return func.coalesce(then.scalar_subquery(), now)


ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day a region is judged on: today, or `as_of`."""

_CODE = bindparam("code", type_=CODE)
_REGIONS = select(
    Region.code.label("id"),
    Region.code,
    places.c.code_now,
    Region.parent_code,
    Region.name,
    Region.level,
    Region.kind,
    Region.valid_on(ON).label("valid"),
    Region.valid_from,
    Region.valid_to,
    Region.legal_basis,
    Region.predecessors,
    Region.succession_id,
    Region.version,
    Region.recorded_at,
    Region.changed_at,
).join(places, places.c.kelurahan_code == Region.code)


@remembered
def regions(query: RegionQuery) -> Select[Any]:
    """Return the statement of the list of regions; it takes the day as `on`."""
    statement = _REGIONS.where(Region.valid_on(ON))
    if query.region is not None:
        # What is valid today lies where its own code says; only what was valid may lie elsewhere by now.
        lies_elsewhere = query.as_of is not None and query.boundaries is Boundaries.TODAY
        own = within(Region.code.expression, query.region)
        statement = statement.where(query.lies_in_region(places) if lies_elsewhere else own)
    if query.parent is not None:
        statement = statement.where(Region.parent_code == query.parent)
    if query.level is not None:
        statement = statement.where(Region.level == query.level)
    if query.kind is not None:
        statement = statement.where(Region.kind == query.kind)
    if query.bps_code is not None:
        counted = BpsCode.kemendagri_code == Region.code
        statement = statement.where(exists().where(counted, BpsCode.bps_code == query.bps_code, BpsCode.valid_on(ON)))
    if query.q is not None:
        statement = statement.where(_once(query.q) if query.as_of is None else _called(Region, query.q))
    return statement


def _called(region: Any, words: str) -> ColumnElement[bool]:
    return or_(finds(region.name, words), region.code.startswith(words, autoescape=True))


def _once(words: str) -> ColumnElement[bool]:
    """Return the condition that a region, or one that became part of it, is or ever was called so."""
    former = aliased(Region, name="former")
    became = select(places.c.code_now).join(former, former.code == places.c.kelurahan_code)
    # Found first, as one value: an OR with what was once so would read all regions.
    found: ColumnElement[bool] = Region.code == any_(func.array(became.where(_called(former, words)).scalar_subquery()))
    return found


def region_view(row: Any) -> dict[str, Any]:
    """Return a row as RegionView."""
    return {
        "code": row.code,
        "code_now": row.code_now,
        "parent_code": row.parent_code,
        "name": row.name,
        "level": row.level,
        "kind": row.kind,
        "valid": row.valid,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "legal_basis": row.legal_basis,
        "predecessors": row.predecessors,
        "succession_id": row.succession_id,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _region() -> Select[Any]:
    begun = or_(Region.valid_from.is_(None), Region.valid_from <= ON)
    return _REGIONS.where(Region.code == _CODE, begun).order_by(Region.valid_from.desc().nulls_last()).limit(1)


@remembered
def _first_day() -> Select[Any]:
    return select(Region.valid_from).where(Region.code == _CODE).order_by(Region.valid_from).limit(1)


async def one_region(connection: AsyncConnection, code: str, *, on: date) -> dict[str, Any]:
    """Return what a code meant on a day, or last meant before; ResourceNotFound, or NotYet where it had not begun."""
    rows = await fetch(connection, _region(), {"code": code, "on": on})
    if not rows:
        for since in await fetch(connection, _first_day(), {"code": code}):
            require_begun(since.valid_from, on=on)
        raise ResourceNotFound
    return region_view(rows[0])


_ENDED = aliased(Region, name="ended")
_BEGUN = aliased(Region, name="begun")
_ACT: tuple[Any, ...] = (
    Succession.id.label("succession_id"),
    Succession.kind.label("succession_kind"),
    Succession.effective_on,
    Succession.legal_basis,
    # Only among the successors of a split one is the heir; what lies below goes to one place.
    or_(
        Succession.heir.is_(None),
        _BEGUN.code == Succession.heir,
        func.length(_BEGUN.code) > func.length(Succession.heir),
    ).label("inherits"),
)
SUCCESSORS_FIRST = Order(Succession.effective_on.expression, date, _BEGUN.id.expression)
PREDECESSORS_LATEST = Order(Succession.effective_on.expression, date, _ENDED.id.expression, descending=True)


def successors(code: str) -> Select[Any]:
    """Return the statement of what a region became, the earliest act first."""
    return (
        select(_BEGUN.id, _BEGUN.code, _BEGUN.name, _BEGUN.kind, *_ACT)
        .join(Succession, Succession.id == _BEGUN.succession_id)
        .where(_BEGUN.predecessors.contains([code]))
    )


def predecessors(code: str) -> Select[Any]:
    """Return the statement of what a region came from, the latest act first."""
    return (
        select(_ENDED.id, _ENDED.code, _ENDED.name, _ENDED.kind, *_ACT)
        .select_from(_BEGUN)
        .join(Succession, Succession.id == _BEGUN.succession_id)
        .join(_ENDED, (_ENDED.code == any_(_BEGUN.predecessors)) & (_ENDED.valid_to == _BEGUN.valid_from - 1))
        .where(_BEGUN.code == code)
    )


def lineage_view(row: Any) -> dict[str, Any]:
    """Return a row as LineageView."""
    return {
        "code": row.code,
        "name": row.name,
        "kind": row.kind,
        "effective_on": row.effective_on,
        "succession_id": row.succession_id,
        "succession_kind": row.succession_kind,
        "legal_basis": row.legal_basis,
        "inherits": row.inherits,
    }


BRIDGE_LATEST = Order(func.coalesce(BpsCode.valid_from, date.min), date, BpsCode.id.expression, descending=True)


def bridge(code: str, query: BridgeQuery) -> Select[Any]:
    """Return the statement of a region's BPS codes, the latest first."""
    statement: Select[Any] = select(*BpsCode.__table__.c).where(BpsCode.kemendagri_code == code)
    return statement if query.as_of is None else statement.where(BpsCode.valid_on(query.as_of))


def bridge_view(row: Any) -> dict[str, Any]:
    """Return a row as BridgeView."""
    return {
        "id": row.id,
        "kemendagri_code": row.kemendagri_code,
        "bps_code": row.bps_code,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "legal_basis": row.legal_basis,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def successions(query: SuccessionQuery) -> Select[Any]:
    """Return the statement of the list of successions."""
    statement: Select[Any] = select(*Succession.__table__.c)
    if query.kind is not None:
        statement = statement.where(Succession.kind == query.kind)
    if query.predecessor is not None:
        statement = statement.where(Succession.predecessors.contains([query.predecessor]))
    if query.as_of is not None:
        statement = statement.where(Succession.effective_on <= query.as_of)
    return statement


def succession_view(row: Any) -> dict[str, Any]:
    """Return a row as SuccessionView."""
    return {
        "id": row.id,
        "kind": row.kind,
        "effective_on": row.effective_on,
        "legal_basis": row.legal_basis,
        "minutes_reference": row.minutes_reference,
        "predecessors": row.predecessors,
        "successors": row.successors,
        "heir": row.heir,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _succession() -> Select[Any]:
    return select(*Succession.__table__.c).where(Succession.id == bindparam("id", type_=Uuid))


async def one_succession(connection: AsyncConnection | AsyncSession, succession_id: UUID) -> dict[str, Any]:
    """Return one succession, or ResourceNotFound."""
    rows = await fetch(connection, _succession(), {"id": succession_id})
    if not rows:
        raise ResourceNotFound
    return succession_view(rows[0])

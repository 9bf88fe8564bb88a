"""How committees are read: everybody sees all of them."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Label, Select, bindparam, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.committees.models import Committee, CommitteeDocument, CommitteeMember, Decree
from services.registry.committees.schemas import CommitteeDocumentQuery, CommitteeQuery, CommitteeSort, DatedQuery
from services.registry.database import places
from services.registry.regions import service as regions
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.searching import finds
from shared.statements import fetch, remembered

ORDERS = {
    CommitteeSort.RECORDED: Order(Committee.id.expression, UUID, Committee.id.expression),
    CommitteeSort.REGION: Order(Committee.region_code.expression, str, Committee.id.expression),
}
DECREES_NEWEST_FIRST = Order(Decree.starts_on.expression, date, Decree.id.expression, descending=True)
MEMBERS_NEWEST_FIRST = Order(CommitteeMember.starts_on.expression, date, CommitteeMember.id.expression, descending=True)
DOCUMENTS_NEWEST_FIRST = Order(
    CommitteeDocument.dated_on.expression, date, CommitteeDocument.id.expression, descending=True
)
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day a committee is shown as of: today, or `as_of`."""

_DECREE = (
    select(Decree)
    .where(Decree.committee_id == Committee.id, Decree.starts_on <= ON)
    .order_by(Decree.starts_on.desc())
    .limit(1)
    .lateral("decree")
)
# A decree may hold from a day to come, though it is signed.
_SET_UP = (
    select(func.min(func.least(Decree.signed_on, Decree.starts_on)))
    .where(Decree.committee_id == Committee.id)
    .scalar_subquery()
    .label("set_up_on")
)
_COMMITTEES = (
    select(
        Committee.id,
        Committee.region_code,
        places.c.code_now,
        _DECREE.c.id.label("decree_id"),
        _DECREE.c.kind,
        _DECREE.c.name,
        _DECREE.c.number,
        _DECREE.c.signed_on,
        _DECREE.c.starts_on,
        _DECREE.c.ends_on,
        (_DECREE.c.ends_on < ON).label("lapsed"),
        Committee.version,
        Committee.recorded_at,
        Committee.changed_at,
    )
    .join(places, in_place(Committee))
    .outerjoin(_DECREE, true())
)


def _named(on: Any) -> Label[str]:
    return regions.place_name(Committee.region_code, on=on).label("region_name")


@remembered
def committees(query: CommitteeQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of committees; it takes the day as `on`."""
    statement = _COMMITTEES.add_columns(_named(None if query.as_of is None else ON)).where(visible(Committee, caller))
    if query.as_of is not None:
        statement = statement.where(_DECREE.c.id.is_not(None))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.kind is not None:
        statement = statement.where(_DECREE.c.kind == query.kind)
    if query.q is not None:
        statement = statement.where(Committee.id.in_(select(Decree.committee_id).where(finds(Decree.name, query.q))))
    return statement


def committee_view(row: Any) -> dict[str, Any]:
    """Return a row as CommitteeView."""
    decree = None
    if row.decree_id is not None:
        decree = {
            "id": row.decree_id,
            "kind": row.kind,
            "name": row.name,
            "number": row.number,
            "signed_on": row.signed_on,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "lapsed": bool(row.lapsed),
        }
    return {
        "id": row.id,
        "region_code": row.region_code,
        "region_code_now": row.code_now,
        "region_name": row.region_name,
        "decree": decree,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_committee(
    connection: AsyncConnection | AsyncSession, committee_id: UUID, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one committee as of the day of `now`, or ResourceNotFound or NotYet."""
    statement = _COMMITTEES.add_columns(_SET_UP, _named(ON)).where(
        Committee.id == committee_id, visible(Committee, caller)
    )
    rows = await fetch(connection, statement, {"on": today(now)})
    if not rows:
        raise ResourceNotFound
    require_begun(rows[0].set_up_on, on=today(now))
    return committee_view(rows[0])


def _of_committee(model: type[Any], committee_id: UUID, caller: Caller) -> Select[Any]:
    statement = select(*model.__table__.c).join(places, in_place(model))
    return statement.where(model.committee_id == committee_id, visible(model, caller))


def decrees(committee_id: UUID, query: DatedQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a committee's decrees."""
    statement = _of_committee(Decree, committee_id, caller)
    return statement if query.as_of is None else statement.where(Decree.holds_on(query.as_of))


def decree_view(row: Any) -> dict[str, Any]:
    """Return a row as DecreeView."""
    return {
        "id": row.id,
        "committee_id": row.committee_id,
        "kind": row.kind,
        "name": row.name,
        "number": row.number,
        "signed_on": row.signed_on,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


def members(committee_id: UUID, query: DatedQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a committee's members."""
    statement = _of_committee(CommitteeMember, committee_id, caller)
    return statement if query.as_of is None else statement.where(CommitteeMember.holds_on(query.as_of))


def member_view(row: Any) -> dict[str, Any]:
    """Return a row as CommitteeMemberView."""
    return {
        "id": row.id,
        "committee_id": row.committee_id,
        "institution": row.institution,
        "office": row.office,
        "role": row.role,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


def documents(committee_id: UUID, query: CommitteeDocumentQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a committee's documents."""
    statement = _of_committee(CommitteeDocument, committee_id, caller)
    return statement if query.kind is None else statement.where(CommitteeDocument.kind == query.kind)


def document_view(row: Any) -> dict[str, Any]:
    """Return a row as CommitteeDocumentView."""
    return {
        "id": row.id,
        "committee_id": row.committee_id,
        "kind": row.kind,
        "title": row.title,
        "reference": row.reference,
        "dated_on": row.dated_on,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def _one(
    connection: AsyncConnection | AsyncSession, model: type[Any], committee_id: UUID, item_id: UUID, caller: Caller
) -> Any:
    rows = await fetch(connection, _of_committee(model, committee_id, caller).where(model.id == item_id))
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def one_decree(
    connection: AsyncConnection | AsyncSession, committee_id: UUID, decree_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one decree, or ResourceNotFound."""
    return decree_view(await _one(connection, Decree, committee_id, decree_id, caller))


async def one_member(
    connection: AsyncConnection | AsyncSession, committee_id: UUID, member_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one member, or ResourceNotFound."""
    return member_view(await _one(connection, CommitteeMember, committee_id, member_id, caller))


async def one_document(
    connection: AsyncConnection | AsyncSession, committee_id: UUID, document_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one document, or ResourceNotFound."""
    return document_view(await _one(connection, CommitteeDocument, committee_id, document_id, caller))

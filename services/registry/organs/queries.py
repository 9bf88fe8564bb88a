"""How officers, seats in organs and statutes are read: each list one statement."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.boards.service import Appointment, Board, Officer, Statute, Term, unchecked
from services.registry.database import places
from services.registry.organs.schemas import AppointmentQuery, OfficerQuery, StatuteQuery
from services.registry.personal import service as personal
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_place, in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch
from shared.vault import Vault

OFFICERS = Order(Officer.id.expression, UUID, Officer.id.expression)
APPOINTMENTS = Order(Appointment.id.expression, UUID, Appointment.id.expression)
STATUTES_NEWEST_FIRST = Order(Statute.adopted_on.expression, date, Statute.id.expression, descending=True)
TODAY: BindParameter[date] = bindparam("today", type_=Date)
_ENDS_ON = func.least(Officer.ends_on, Term.ends_on)
_RECORDS = personal.personal_records()
_SEAT: tuple[Any, ...] = (
    Appointment.id,
    Appointment.board_id,
    Appointment.kelurahan_code,
    Appointment.organ,
    Appointment.role,
    Appointment.person_id,
    Appointment.person_told,
    Appointment.starts_on,
    Appointment.ends_on,
    Appointment.minutes_reference,
    Appointment.version,
    Appointment.recorded_at,
    Appointment.changed_at,
    _RECORDS.c.wrapped_key,
    _RECORDS.c.sealed,
)


def officers(board_id: UUID, query: OfficerQuery, caller: Caller) -> Select[Any]:
    """Return the statement of all who were elected to a board or followed within a term; it takes `today`."""
    statement = (
        select(
            Officer.id,
            Officer.board_id,
            Officer.term_id,
            Officer.kelurahan_code,
            Officer.person_id,
            Officer.person_told,
            Officer.name,
            Officer.position,
            Officer.starts_on,
            _ENDS_ON.label("ends_on"),
            Officer.left_because,
            Officer.minutes_reference,
            Officer.version,
            Officer.recorded_at,
            Officer.changed_at,
            (_ENDS_ON >= TODAY).label("in_office"),
            in_scope(Officer, caller).label("full"),
            _RECORDS.c.wrapped_key,
            _RECORDS.c.sealed,
        )
        .outerjoin(_RECORDS, _RECORDS.c.id == Officer.id)
        .join(Term, Term.id == Officer.term_id)
        .join(Board, Board.id == Officer.board_id)
        .join(places, in_place(Board))
        .where(Officer.board_id == board_id, visible(Officer, caller))
    )
    if query.as_of is not None:
        statement = statement.where(Officer.starts_on <= query.as_of, query.as_of <= _ENDS_ON)
    return statement


def officer_view(row: Any, *, vault: Vault | None) -> dict[str, Any]:
    """Return a row as ElectedView: who left office is named only where a vault is given and the row is the caller's."""
    name = row.name if row.in_office else None
    if vault is not None and row.full and not row.in_office:
        # Until the worker has released who left office last night, the name still stands in the row.
        name = row.name or personal.opened(vault, row).get("name")
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "board_id": row.board_id,
        "term_id": row.term_id,
        "kelurahan_code": row.kelurahan_code,
        "person_id": row.person_id,
        "not_checked": unchecked(person_told=row.person_told),
        "name": name,
        "position": row.position,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "left_because": row.left_because if row.full else None,
        "minutes_reference": row.minutes_reference,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def officer_row(
    connection: AsyncConnection | AsyncSession, board_id: UUID, officer_id: UUID, caller: Caller, now: datetime
) -> Any:
    """Return the row of one officer, or ResourceNotFound."""
    statement = officers(board_id, OfficerQuery(), caller).where(Officer.id == officer_id)
    rows = await fetch(connection, statement, {"today": today(now)})
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def one_officer(
    connection: AsyncConnection | AsyncSession, board_id: UUID, officer_id: UUID, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one officer for the reply to a write, nameless: it is kept where no erasure would find a name."""
    row = await officer_row(connection, board_id, officer_id, caller, now)
    return officer_view(row, vault=None) | {"name": None}


def appointments(board_id: UUID, query: AppointmentQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the seats in a board's organs, with the sealed names of those who hold them."""
    statement = (
        select(
            *_SEAT,
            in_scope(Appointment, caller).label("full"),
        )
        .join(Board, Board.id == Appointment.board_id)
        .join(places, in_place(Board))
        .outerjoin(_RECORDS, _RECORDS.c.id == Appointment.id)
        .where(Appointment.board_id == board_id, visible(Appointment, caller))
    )
    if query.organ is not None:
        statement = statement.where(Appointment.organ == query.organ)
    if query.as_of is not None:
        statement = statement.where(Appointment.holds_on(query.as_of))
    return statement


def appointment_view(row: Any, *, vault: Vault | None) -> dict[str, Any]:
    """Return a row as AppointmentView; the name only where a vault is given and the row is the caller's to see."""
    name = personal.opened(vault, row).get("name") if vault is not None and row.full else None
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "organ": row.organ,
        "role": row.role,
        "person_id": row.person_id if row.full else None,
        "not_checked": unchecked(person_told=row.person_told),
        "name": name,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "minutes_reference": row.minutes_reference,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def appointment_row(
    connection: AsyncConnection | AsyncSession, board_id: UUID, appointment_id: UUID, caller: Caller
) -> Any:
    """Return the row of one seat, or ResourceNotFound."""
    statement = appointments(board_id, AppointmentQuery(), caller).where(Appointment.id == appointment_id)
    rows = await fetch(connection, statement)
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def one_appointment(
    session: AsyncConnection | AsyncSession, board_id: UUID, appointment_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one seat without its name: for the reply to a stale change."""
    return appointment_view(await appointment_row(session, board_id, appointment_id, caller), vault=None)


def statutes(board_id: UUID, query: StatuteQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a board's statutes."""
    statement = (
        select(*Statute.__table__.c)
        .join(places, in_place(Statute))
        .where(Statute.board_id == board_id, visible(Statute, caller))
    )
    if query.kind is not None:
        statement = statement.where(Statute.kind == query.kind)
    if query.as_of is not None:
        statement = statement.where(Statute.adopted_on <= query.as_of)
    return statement


def statute_view(row: Any) -> dict[str, Any]:
    """Return a row as StatuteView."""
    return {
        "id": row.id,
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "kind": row.kind,
        "adopted_on": row.adopted_on,
        "minutes_reference": row.minutes_reference,
        "notarised_on": row.notarised_on,
        "notary": row.notary,
        "deed_number": row.deed_number,
        "seats": row.seats,
        "term_years": row.term_years,
        "most_periods": row.most_periods,
        "doubling_forbidden": row.doubling_forbidden,
        "refresh_allowed": row.refresh_allowed,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_statute(
    connection: AsyncConnection | AsyncSession, board_id: UUID, statute_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one version of the statutes, or ResourceNotFound."""
    rows = await fetch(connection, statutes(board_id, StatuteQuery(), caller).where(Statute.id == statute_id))
    if not rows:
        raise ResourceNotFound
    return statute_view(rows[0])

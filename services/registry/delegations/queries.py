"""How delegations are read, with the seats they rest on: by who reads the board in full, and by who works by them."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Date,
    Select,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.types import Uuid

from services.registry.boards.service import Appointment, Officer, Term
from services.registry.database import places
from services.registry.delegations.models import Delegation
from services.registry.delegations.rules import Seat
from services.registry.delegations.schemas import DelegationQuery
from services.registry.groups.service import Group, MemberRole, Membership
from services.registry.residents.service import Resident
from services.registry.volunteers.service import Volunteer
from shared.errors import ResourceNotFound
from shared.items import in_place, same_place, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch, remembered

NEWEST_FIRST = Order(Delegation.id.expression, UUID, Delegation.id.expression, descending=True)
_COLUMNS = tuple(column for column in Delegation.__table__.c if column.name != "creation_digest")
_OFFICERS = select(
    Officer.id,
    literal(Seat.OFFICER.value).label("seat"),
    Officer.person_id,
    Officer.board_id,
    Officer.starts_on,
    # What is null is passed over, so that an office without a last day ends with its term.
    func.least(Officer.ends_on, Term.ends_on).label("ends_on"),
).join(Term, Term.id == Officer.term_id)
_APPOINTMENTS = select(
    Appointment.id,
    literal(Seat.APPOINTMENT.value),
    Appointment.person_id,
    Appointment.board_id,
    Appointment.starts_on,
    Appointment.ends_on,
)
_MEMBERSHIPS = (
    select(
        Membership.id,
        literal(Seat.MEMBERSHIP.value),
        Resident.person_id,
        Group.board_id,
        Membership.starts_on,
        Membership.ends_on,
    )
    .join(Group, Group.id == Membership.group_id)
    .join(Resident, Resident.id == Membership.resident_id)
    .where(Membership.role != MemberRole.MEMBER)
)
_VOLUNTEERS = select(
    Volunteer.id,
    literal(Seat.VOLUNTEER.value),
    Volunteer.person_id,
    cast(null(), Uuid).label("board_id"),
    Volunteer.starts_on,
    Volunteer.ends_on,
)
_SEATS = union_all(_OFFICERS, _APPOINTMENTS, _MEMBERSHIPS, _VOLUNTEERS).subquery("seats")
_LENDS = _OFFICERS.subquery("lends")
# Each by its own key: a union would be read as a whole.
_TAKES = [
    _OFFICERS.subquery("takes_office"),
    Appointment.__table__.alias("takes_appointment"),
    Membership.__table__.alias("takes_membership"),
    Volunteer.__table__.alias("takes_volunteer"),
]


def _until(seat_id: Any, *seats: Any) -> ColumnElement[Any]:
    """Return the last day of a seat that a delegation rests on; none where it has none, or rests on no seat.

    A seat that was taken back ended before anything was delegated to it.
    """
    gone = and_(seat_id.is_not(None), *(seat.c.id.is_(None) for seat in seats))
    return case((gone, Delegation.starts_on - 1), else_=func.coalesce(*(seat.c.ends_on for seat in seats)))


_LASTS_UNTIL = func.least(
    Delegation.ends_on, _until(Delegation.officer_id, _LENDS), _until(Delegation.seat_id, *_TAKES), type_=Date
)


def _with_seats(statement: Select[Any]) -> Select[Any]:
    statement = statement.outerjoin(_LENDS, _LENDS.c.id == Delegation.officer_id)
    for seat in _TAKES:
        statement = statement.outerjoin(seat, seat.c.id == Delegation.seat_id)
    return statement


_DELEGATIONS = _with_seats(
    select(*_COLUMNS, places.c.code_now, _LASTS_UNTIL.label("lasts_until")).join(places, in_place(Delegation))
)


def _delegations(caller: Caller) -> Select[Any]:
    return _DELEGATIONS.where(visible(Delegation, caller))


@remembered
def delegations(query: DelegationQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of delegations."""
    statement = _delegations(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.board_id is not None:
        statement = statement.where(Delegation.board_id == query.board_id)
    if query.account_id is not None:
        statement = statement.where(Delegation.account_id == query.account_id)
    if query.as_of is not None:
        statement = statement.where(Delegation.in_force(query.as_of), query.as_of <= _LASTS_UNTIL)
    return statement


def delegation_view(row: Any) -> dict[str, Any]:
    """Return a row as DelegationView."""
    return {
        "id": row.id,
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "delegator_id": row.delegator_id,
        "officer_id": row.officer_id,
        "account_id": row.account_id,
        "seat": row.seat,
        "seat_id": row.seat_id,
        "scopes": row.scopes,
        "minutes_reference": row.minutes_reference,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "lasts_until": row.lasts_until,
        "revoked_at": row.revoked_at,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _delegation(caller: Caller) -> Select[Any]:
    return _delegations(caller).where(Delegation.id == bindparam("id", type_=Uuid))


async def one_delegation(
    connection: AsyncConnection | AsyncSession, delegation_id: UUID, caller: Caller, _now: object = None
) -> dict[str, Any]:
    """Return one delegation, or ResourceNotFound."""
    rows = await fetch(connection, _delegation(caller), {"id": delegation_id})
    if not rows:
        raise ResourceNotFound
    return delegation_view(rows[0])


async def given_to(session: AsyncSession, account_id: UUID, *, on: date) -> list[Any]:
    """Return what is delegated to an account on a day, with today's code of each place, while its seats hold."""
    statement = _DELEGATIONS.where(
        Delegation.account_id == account_id, Delegation.in_force(on), on <= _LASTS_UNTIL
    ).order_by(Delegation.id)
    return list((await session.execute(statement)).all())


async def lasts_until(session: AsyncSession, delegation_id: UUID) -> date:
    """Return the last day on which a delegation gives anything, with the seats it rests on."""
    statement = _DELEGATIONS.where(Delegation.id == delegation_id).with_only_columns(_LASTS_UNTIL)
    return (await session.execute(statement)).scalar_one()


async def seats_of(session: AsyncSession, person_id: UUID, board_id: UUID, *, place: str, on: date) -> list[Any]:
    """Return what a person is to a board on a day: `seat`, its `id` and last day, the nearest first."""
    seats = _SEATS.c
    # A volunteer works for the kelurahan in which the board stands today.
    here = select(Volunteer.id).where(same_place(Volunteer, place), Volunteer.person_id == person_id)
    statement = select(seats.id, seats.seat, seats.ends_on).where(
        seats.person_id == person_id,
        or_(seats.board_id == board_id, seats.id.in_(here)),
        seats.starts_on <= on,
        or_(seats.ends_on.is_(None), seats.ends_on >= on),
    )
    found = (await session.execute(statement)).all()
    return sorted(found, key=lambda row: (list(Seat).index(Seat(row.seat)), row.id))

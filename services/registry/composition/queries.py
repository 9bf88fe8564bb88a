"""How declarations are read, and a board's composition is counted."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Select, Uuid, and_, bindparam, case, func, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.boards.service import (
    UNITS,
    Appointment,
    Board,
    Officer,
    Organ,
    Statute,
    Term,
    is_doubled,
    unchecked,
)
from services.registry.composition import rules
from services.registry.composition.models import Declaration
from services.registry.composition.schemas import DeclarationQuery
from services.registry.database import places
from services.registry.residents import service as residents
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Bounded, Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.statements import fetch

DECLARATIONS = Order(Declaration.id.expression, UUID, Declaration.id.expression)
_ON: BindParameter[date] = bindparam("on", type_=Date)
_BOARD_ID: BindParameter[UUID] = bindparam("board_id", type_=Uuid)

_TERM = (
    select(Term.id, Term.starts_on, Term.ends_on)
    .where(Term.board_id == Board.id, Term.starts_on <= _ON)
    .order_by(Term.starts_on.desc())
    .limit(1)
    .lateral("term")
)
_DECLARED = (
    select(Declaration.id, Declaration.woman, Declaration.poor, Declaration.occupation, Declaration.other_offices)
    .where(Declaration.officer_id == Officer.id, Declaration.declared_on <= _ON)
    .order_by(Declaration.declared_on.desc(), Declaration.id.desc())
    .limit(1)
    .lateral("declared")
)
_FORBIDDEN = (
    select(Statute.doubling_forbidden)
    .where(Statute.board_id == Board.id, Statute.adopted_on <= _ON, Statute.doubling_forbidden.is_not(None))
    .order_by(Statute.adopted_on.desc(), Statute.id.desc())
    .limit(1)
    .scalar_subquery()
)
_OFFICERS: Any = (
    select(
        Board.id,
        Board.kelurahan_code,
        Board.founded_on,
        places.c.code_now,
        _FORBIDDEN.label("doubling_forbidden"),
        _TERM.c.id.label("term_id"),
        _TERM.c.starts_on,
        _TERM.c.ends_on,
        Officer.id.label("officer_id"),
        Officer.person_id,
        Officer.person_told,
        Officer.starts_on.label("office_starts_on"),
        func.least(Officer.ends_on, _TERM.c.ends_on).label("office_ends_on"),
        # Who declined to say it is not told of by the sheet either.
        case((_DECLARED.c.id.is_(None), Officer.woman), else_=_DECLARED.c.woman).label("woman"),
        and_(_DECLARED.c.id.is_(None), Officer.woman.is_not(None)).label("woman_by_sheet"),
        _DECLARED.c.poor,
        _DECLARED.c.occupation,
        _DECLARED.c.other_offices,
    )
    .join(places, in_place(Board))
    .outerjoin(_TERM, true())
    .outerjoin(Officer, Officer.term_id == _TERM.c.id)
    .outerjoin(_DECLARED, true())
    .where(Board.id == _BOARD_ID)
)
_SEATS: Any = select(Appointment.person_id, Appointment.person_told, Appointment.organ).where(
    Appointment.board_id == _BOARD_ID, Appointment.holds_on(_ON)
)


def declarations(board_id: UUID, query: DeclarationQuery, caller: Caller) -> Select[Any]:
    """Return the statement of what a board's officers declared."""
    statement = (
        select(*Declaration.__table__.c)
        .join(Board, Board.id == Declaration.board_id)
        .join(places, in_place(Board))
        .where(Declaration.board_id == board_id, visible(Declaration, caller))
    )
    if query.officer_id is not None:
        statement = statement.where(Declaration.officer_id == query.officer_id)
    return statement


def declaration_view(row: Any) -> dict[str, Any]:
    """Return a row as DeclarationView."""
    return {
        "id": row.id,
        "board_id": row.board_id,
        "officer_id": row.officer_id,
        "kelurahan_code": row.kelurahan_code,
        "declared_on": row.declared_on,
        "woman": row.woman,
        "woman_unknown_reason": row.woman_unknown,
        "poor": row.poor,
        "poor_unknown_reason": row.poor_unknown,
        "occupation": row.occupation,
        "occupation_unknown_reason": row.occupation_unknown,
        "other_offices": row.other_offices,
        "other_offices_unknown_reason": row.other_offices_unknown,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def declaration_row(
    connection: AsyncConnection | AsyncSession, board_id: UUID, declaration_id: UUID, caller: Caller
) -> Any:
    """Return the row of one declaration, or ResourceNotFound."""
    statement = declarations(board_id, DeclarationQuery(), caller).where(Declaration.id == declaration_id)
    rows = await fetch(connection, statement)
    if not rows:
        raise ResourceNotFound
    return rows[0]


async def composition(connection: AsyncConnection, board_id: UUID, *, on: date) -> dict[str, Any]:
    """Return whom a board is made of on a day, or ResourceNotFound or NotYet."""
    rows = await fetch(connection, _OFFICERS, {"board_id": board_id, "on": on})
    if not rows:
        raise ResourceNotFound
    board = rows[0]
    require_begun(board.founded_on, on=on)
    term = [row for row in rows if row.officer_id is not None]
    sitting = [row for row in term if row.office_starts_on <= on <= row.office_ends_on]
    officers = [rules.Declared(row.woman, row.poor, row.occupation, row.other_offices) for row in sitting]
    # Nobody left or followed, on whatever day: else two days would differ by one person.
    as_elected = len(sitting) == len(term) and all(row.office_ends_on == board.ends_on for row in term)
    seats = await fetch(connection, _SEATS, {"board_id": board_id, "on": on})
    people, poor, _ = await residents.population(connection, Bounded(region=board.code_now), on=on)
    return {
        "board_id": board.id,
        "kelurahan_code": board.kelurahan_code,
        "as_of": on,
        "term": None
        if board.term_id is None
        else {"id": board.term_id, "starts_on": board.starts_on, "ends_on": board.ends_on},
        "officers": len(officers),
        "women": _share(rules.share([one.woman for one in officers])),
        "women_by_sheet": sum(row.woman_by_sheet for row in sitting),
        "poor": _share(rules.poor_share(officers, as_elected=as_elected)),
        "other_office_holders": _share(
            rules.share([None if one.other_offices is None else bool(one.other_offices) for one in officers])
        ),
        "other_offices": [{"office": office, "count": count} for office, count in rules.other_offices(officers)],
        "occupations": [{"occupation": kind, "count": count} for kind, count in rules.occupations(officers)],
        "doubling": _doubling(sitting, seats, forbidden=board.doubling_forbidden),
        "population": {
            "women": _of_people(people.women, people.residents),
            "poor": _of_decided(poor.households, people.households - people.undecided_households),
        },
    }


def _of_people(numerator: int, denominator: int) -> dict[str, Any]:
    if denominator == 0:
        return {"numerator": None, "denominator": None, "null_reason": rules.Untold.NOT_COUNTED}
    return {"numerator": numerator, "denominator": denominator, "null_reason": None}


def _of_decided(cell: residents.Cell, decided: int) -> dict[str, Any]:
    """Return the poor of the households decided about: of others nobody knows; hidden as where they are counted."""
    count, reason = cell
    if reason is not None:
        missing = rules.Untold.NOT_COUNTED if reason is residents.CountMissing.NO_POVERTY_LIST else rules.Untold(reason)
        return {"numerator": None, "denominator": None, "null_reason": missing}
    return {"numerator": count, "denominator": decided, "null_reason": None}


def _share(found: rules.Share) -> dict[str, Any]:
    return {
        "numerator": found.numerator,
        "denominator": found.denominator,
        "unknown": found.unknown,
        "null_reason": found.null_reason,
    }


def _doubling(sitting: Sequence[Any], seats: Sequence[Any], *, forbidden: bool | None) -> dict[str, Any]:
    matters = [*sitting, *(one for one in seats if Organ(one.organ) in {Organ.SECRETARIAT, *UNITS})]
    not_checked = sum(not one.person_told for one in matters)
    return {
        "persons": _doubled(sitting, seats),
        "not_checked": not_checked,
        "not_checked_reason": unchecked(person_told=not not_checked),
        "forbidden": forbidden,
    }


def _doubled(sitting: Sequence[Any], seats: Sequence[Any]) -> int:
    """Return how many persons hold two seats of which statutes may forbid one (EL-12)."""
    held: defaultdict[UUID, set[Organ | None]] = defaultdict(set)
    for row in sitting:
        held[row.person_id].add(None)
    for row in seats:
        held[row.person_id].add(Organ(row.organ))
    return sum(is_doubled(organs) for organs in held.values())

"""How boards are read: one statement for the list and for one board, and its shape."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Date, Select, Uuid, bindparam, exists, func, not_, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.boards.models import Board, Officer, Term
from services.registry.boards.schemas import BoardQuery, BoardSort
from services.registry.database import places
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.searching import finds
from shared.statements import fetch, remembered

ORDERS = {
    BoardSort.RECORDED: Order(Board.id.expression, UUID, Board.id.expression),
    BoardSort.NAME: Order(Board.name.expression, str, Board.id.expression),
}
TERMS_NEWEST_FIRST = Order(Term.starts_on.expression, date, Term.id.expression, descending=True)
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day a mandate is judged on: today, or `as_of`."""

_LATEST = (
    select(Term.id, Term.starts_on, Term.ends_on)
    .where(Term.board_id == Board.id, Term.starts_on <= ON)
    .order_by(Term.starts_on.desc())
    .limit(1)
    .lateral("latest")
)
# Terms do not overlap (EL-8), so a term in force is the latest; asked this way, an index finds it.
_STARTED = exists().where(Term.board_id == Board.id, Term.starts_on <= ON)
_IN_FORCE = exists().where(Term.board_id == Board.id, Term.starts_on <= ON, Term.ends_on >= ON)
_OFFICERS = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object(
                    "id", Officer.id, "person_id", Officer.person_id, "name", Officer.name, "position", Officer.position
                ),
                Officer.position,
                Officer.id,
            )
        )
    )
    .where(Officer.term_id == Term.id)
    .scalar_subquery()
    .label("officers")
)
_BOARDS = (
    select(
        Board.id,
        Board.kelurahan_code,
        places.c.code_now,
        places.c.name.label("kelurahan_name"),
        Board.name,
        Board.founded_on,
        Board.legal_status,
        Board.deed_number,
        Board.phone,
        _LATEST.c.id.label("term_id"),
        _LATEST.c.starts_on,
        _LATEST.c.ends_on,
        (_LATEST.c.ends_on < ON).label("lapsed"),
        Board.version,
        Board.recorded_at,
        Board.changed_at,
    )
    .join(places, places.c.kelurahan_code == Board.kelurahan_code)
    .outerjoin(_LATEST, true())
)


def _boards(caller: Caller) -> Select[Any]:
    return _BOARDS.add_columns(in_scope(Board, caller).label("full")).where(visible(Board, caller))


@remembered
def boards(query: BoardQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of boards; it takes the day as `on`."""
    statement = _boards(caller)
    if query.as_of is not None:
        statement = statement.where(Board.founded_on <= ON)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.q is not None:
        statement = statement.where(finds(Board.name, query.q))
    if query.legal_status is not None:
        statement = statement.where(Board.legal_status == query.legal_status)
    match query.mandate:
        case "valid":
            statement = statement.where(_IN_FORCE)
        case "lapsed":
            statement = statement.where(_STARTED, not_(_IN_FORCE))
        case "none":
            statement = statement.where(not_(_STARTED))
    return statement


def board_view(row: Any) -> dict[str, Any]:
    """Return a row of the list or of one board as BoardView."""
    mandate = None
    if row.term_id is not None:
        mandate = {
            "term_id": row.term_id,
            "starts_on": row.starts_on,
            "ends_on": row.ends_on,
            "lapsed": row.lapsed,
        }
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "name": row.name,
        "founded_on": row.founded_on,
        "legal_status": row.legal_status,
        "deed_number": row.deed_number,
        "phone": row.phone if row.full else None,
        "mandate": mandate,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _board(caller: Caller) -> Select[Any]:
    return _boards(caller).where(Board.id == bindparam("id", type_=Uuid))


async def one_board(
    connection: AsyncConnection | AsyncSession, board_id: UUID, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one board as the caller may see it, or ResourceNotFound."""
    rows = await fetch(connection, _board(caller), {"id": board_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    return board_view(rows[0])


def terms(board_id: UUID, caller: Caller, *, on: date) -> Select[Any]:
    """Return the statement of a board's terms."""
    return (
        select(
            Term.id,
            Term.board_id,
            Term.kelurahan_code,
            Term.starts_on,
            Term.ends_on,
            Term.elected_on,
            Term.version,
            Term.recorded_at,
            Term.changed_at,
            _OFFICERS,
            or_(in_scope(Term, caller), Term.ends_on >= on).label("named"),
        )
        .join(places, places.c.kelurahan_code == Term.kelurahan_code)
        .where(Term.board_id == board_id, visible(Term, caller))
    )


def term_view(row: Any) -> dict[str, Any]:
    """Return a row as TermView: who left office is no longer named to everybody."""
    officers = [officer if row.named else officer | {"name": None} for officer in row.officers or []]
    return {
        "id": row.id,
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "elected_on": row.elected_on,
        "officers": officers,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_term(
    connection: AsyncConnection | AsyncSession, board_id: UUID, term_id: UUID, caller: Caller, now: datetime
) -> Mapping[str, Any]:
    """Return one term, or ResourceNotFound."""
    rows = await fetch(connection, terms(board_id, caller, on=today(now)).where(Term.id == term_id))
    if not rows:
        raise ResourceNotFound
    return term_view(rows[0])

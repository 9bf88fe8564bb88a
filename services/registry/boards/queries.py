"""How boards are read: one statement for the list and for one board, and its shape."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Date,
    Select,
    Uuid,
    and_,
    bindparam,
    cast,
    exists,
    func,
    literal,
    literal_column,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.orm import aliased

from services.registry.boards.models import NO_MANDATE_YET, Board, BoardName, LegalRecord, Officer, Term
from services.registry.boards.rules import LegalStatus
from services.registry.boards.schemas import BoardQuery, BoardSort, HistoryQuery, TermQuery
from services.registry.database import places
from services.registry.regions import service as regions
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_place, in_scope, visible
from shared.lists import Order
from shared.occurrence import require_begun
from shared.permissions import Caller
from shared.searching import finds
from shared.statements import fetch, remembered

ORDERS = {
    BoardSort.RECORDED: Order(Board.id.expression, UUID, Board.id.expression),
    BoardSort.NAME: Order(Board.name.expression, str, Board.id.expression),
    BoardSort.MANDATE: Order(literal_column(NO_MANDATE_YET, Date), date, Board.id.expression),
}
TERMS_NEWEST_FIRST = Order(Term.starts_on.expression, date, Term.id.expression, descending=True)
NAMES_NEWEST_FIRST = Order(BoardName.starts_on.expression, date, BoardName.id.expression, descending=True)
DEEDS_NEWEST_FIRST = Order(LegalRecord.starts_on.expression, date, LegalRecord.id.expression, descending=True)
ON: BindParameter[date] = bindparam("on", type_=Date)
"""The day something is judged on: today, or `as_of`."""

TODAY: BindParameter[date] = bindparam("today", type_=Date)
"""The day on which it is decided who is still in office, and named."""

_LATEST = (
    select(Term.id, Term.starts_on, Term.ends_on, Term.election_id)
    .where(Term.board_id == Board.id, Term.starts_on <= ON)
    .order_by(Term.starts_on.desc())
    .limit(1)
    .lateral("latest")
)
# Terms do not overlap (EL-8), so a term in force is the latest; asked this way, an index finds it.
_STARTED = exists().where(Term.board_id == Board.id, Term.starts_on <= ON)
_IN_FORCE = exists().where(Term.board_id == Board.id, Term.starts_on <= ON, Term.ends_on >= ON)
_STANDING = or_(Board.dissolved_on.is_(None), Board.dissolved_on >= ON)
_CALLED = (
    select(BoardName.name)
    .where(BoardName.board_id == Board.id, BoardName.starts_on <= ON)
    .order_by(BoardName.starts_on.desc())
    .limit(1)
    .lateral("called")
)
_DEED = (
    select(LegalRecord.legal_status, LegalRecord.deed_number)
    .where(LegalRecord.board_id == Board.id, LegalRecord.starts_on <= ON)
    .order_by(LegalRecord.starts_on.desc())
    .limit(1)
    .lateral("deed")
)
OFFICE_ENDS: ColumnElement[date] = func.least(Officer.ends_on, Term.ends_on)
"""The last day in office: what is null is passed over, so that an office without one of its own ends with the term."""

_OTHER, _THERE = aliased(Board), places.alias("there")
_SHARES = and_(
    _STANDING,
    exists(_OTHER.id)
    .where(
        _THERE.c.code_now == places.c.code_now,
        _OTHER.seat_code == _THERE.c.kelurahan_code,
        _OTHER.id != Board.id,
        _OTHER.founded_on <= ON,
        or_(_OTHER.dissolved_on.is_(None), _OTHER.dissolved_on >= ON),
    )
    .correlate(Board, places),
)
_COLUMNS = (
    Board.id,
    Board.kelurahan_code,
    places.c.code_now,
    Board.founded_on,
    Board.phone,
    _LATEST.c.id.label("term_id"),
    _LATEST.c.starts_on,
    _LATEST.c.ends_on,
    _LATEST.c.election_id,
    and_(_LATEST.c.ends_on < ON, _STANDING).label("lapsed"),
    Board.mandate_until,
    _SHARES.label("shares_kelurahan"),
    Board.dissolved_on,
    Board.dissolution_minutes,
    Board.version,
    Board.recorded_at,
    Board.changed_at,
)
_NOW = (
    select(
        *_COLUMNS,
        regions.place_name(Board.kelurahan_code).label("kelurahan_name"),
        Board.name,
        Board.legal_status,
        Board.deed_number,
    )
    .join(places, in_place(Board))
    .outerjoin(_LATEST, true())
)
_THEN = (
    select(
        *_COLUMNS,
        regions.place_name(Board.kelurahan_code, on=ON).label("kelurahan_name"),
        func.coalesce(_CALLED.c.name, Board.name).label("name"),
        func.coalesce(cast(_DEED.c.legal_status, Board.legal_status.type), literal(LegalStatus.NONE.value)).label(
            "legal_status"
        ),
        _DEED.c.deed_number,
    )
    .join(places, in_place(Board))
    .outerjoin(_LATEST, true())
    .outerjoin(_CALLED, true())
    .outerjoin(_DEED, true())
)
"""A board as it was on a day: called, and before the law, as it was then."""


@remembered
def boards(query: BoardQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of boards; it takes the day as `on`."""
    statement = _NOW if query.as_of is None else _THEN.where(Board.founded_on <= ON, _STANDING)
    statement = statement.add_columns(in_scope(Board, caller).label("full")).where(visible(Board, caller))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places, made_under=Board.kelurahan_code))
    if query.q is not None:
        statement = statement.where(Board.id.in_(select(BoardName.board_id).where(finds(BoardName.name, query.q))))
    if query.legal_status is not None:
        status = Board.legal_status if query.as_of is None else func.coalesce(_DEED.c.legal_status, LegalStatus.NONE)
        statement = statement.where(status == query.legal_status)
    if query.mandate_ends_before is not None:
        ends = literal_column(NO_MANDATE_YET, Date)
        statement = statement.where(ends < query.mandate_ends_before, Board.dissolved_on.is_(None))
    if query.dissolved is not None:
        over: ColumnElement[bool] = Board.dissolved_on.is_not(None)
        if query.as_of is not None:
            over = and_(over, Board.dissolved_on <= ON)
        statement = statement.where(over if query.dissolved else not_(over))
    match query.mandate:
        case "valid":
            statement = statement.where(_IN_FORCE)
        case "lapsed":
            statement = statement.where(_STARTED, not_(_IN_FORCE), _STANDING)
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
            "election_id": row.election_id,
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
        "mandate_until": row.mandate_until,
        "shares_kelurahan": row.shares_kelurahan,
        "dissolved_on": row.dissolved_on,
        "dissolution_minutes": row.dissolution_minutes,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


@remembered
def _board(caller: Caller) -> Select[Any]:
    statement = _THEN.add_columns(in_scope(Board, caller).label("full")).where(visible(Board, caller))
    return statement.where(Board.id == bindparam("id", type_=Uuid))


async def one_board(
    connection: AsyncConnection | AsyncSession, board_id: UUID, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one board as it was on the day of `now`, as the caller may see it, or ResourceNotFound or NotYet."""
    rows = await fetch(connection, _board(caller), {"id": board_id, "on": today(now)})
    if not rows:
        raise ResourceNotFound
    require_begun(rows[0].founded_on, on=today(now))
    return board_view(rows[0])


def _history(model: Any, board_id: UUID, caller: Caller) -> Select[Any]:
    following = aliased(model)
    next_on = (
        select(func.min(following.starts_on))
        .where(following.board_id == model.board_id, following.starts_on > model.starts_on)
        .scalar_subquery()
    )
    return (
        select(*model.__table__.c, (next_on - 1).label("ends_on"))
        .join(places, in_place(model))
        .where(model.board_id == board_id, visible(model, caller))
    )


def history(model: Any, board_id: UUID, query: HistoryQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a board's names or of its deeds."""
    statement = _history(model, board_id, caller)
    if query.as_of is not None:
        later = aliased(model)
        passed = exists().where(
            later.board_id == model.board_id, later.starts_on > model.starts_on, later.starts_on <= query.as_of
        )
        statement = statement.where(model.starts_on <= query.as_of, not_(passed))
    return statement


def name_view(row: Any) -> dict[str, Any]:
    """Return a row as NameView."""
    return {
        "id": row.id,
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "name": row.name,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "minutes_reference": row.minutes_reference,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


def deed_view(row: Any) -> dict[str, Any]:
    """Return a row as LegalRecordView."""
    return {
        "id": row.id,
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "legal_status": row.legal_status,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "deed_number": row.deed_number,
        "notary": row.notary,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_name(
    connection: AsyncConnection | AsyncSession, board_id: UUID, name_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one name of a board, or ResourceNotFound."""
    rows = await fetch(connection, _history(BoardName, board_id, caller).where(BoardName.id == name_id))
    if not rows:
        raise ResourceNotFound
    return name_view(rows[0])


async def one_deed(
    connection: AsyncConnection | AsyncSession, board_id: UUID, record_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one legal status of a board, or ResourceNotFound."""
    rows = await fetch(connection, _history(LegalRecord, board_id, caller).where(LegalRecord.id == record_id))
    if not rows:
        raise ResourceNotFound
    return deed_view(rows[0])


def _officers(as_of: date | None) -> ColumnElement[Any]:
    officer = func.json_build_object(
        "id", Officer.id,
        "person_id", Officer.person_id,
        "name", Officer.name,
        "position", Officer.position,
        "starts_on", Officer.starts_on,
        "ends_on", OFFICE_ENDS,
        "left_because", Officer.left_because,
        "version", Officer.version,
        "in_office", OFFICE_ENDS >= TODAY,
    )  # fmt: skip
    those = select(func.json_agg(aggregate_order_by(officer, Officer.position, Officer.starts_on, Officer.id))).where(
        Officer.term_id == Term.id
    )
    if as_of is not None:
        those = those.where(Officer.starts_on <= as_of, as_of <= OFFICE_ENDS)
    return those.correlate(Term).scalar_subquery().label("officers")


def terms(board_id: UUID, query: TermQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a board's terms; it takes `today`."""
    statement = (
        select(
            *Term.__table__.c,
            _officers(query.as_of),
            in_scope(Term, caller).label("full"),
        )
        .join(Board, Board.id == Term.board_id)
        .join(places, in_place(Board))
        .where(Term.board_id == board_id, visible(Term, caller))
    )
    if query.as_of is not None:
        statement = statement.where(Term.starts_on <= query.as_of, Term.ends_on >= query.as_of)
    return statement


def _officer(officer: Mapping[str, Any], *, full: bool) -> dict[str, Any]:
    return {
        "id": officer["id"],
        "person_id": officer["person_id"],
        "name": officer["name"] if officer["in_office"] else None,
        "position": officer["position"],
        "starts_on": officer["starts_on"],
        "ends_on": officer["ends_on"],
        "left_because": officer["left_because"] if full else None,
        "version": officer["version"],
    }


def term_view(row: Any) -> dict[str, Any]:
    """Return a row as TermView: only who is in office is named."""
    return {
        "id": row.id,
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "elected_on": row.elected_on,
        "election_id": row.election_id,
        "given_until": row.given_until,
        "ending_minutes": row.ending_minutes,
        "officers": [_officer(officer, full=row.full) for officer in row.officers or []],
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


def nameless(term: Mapping[str, Any]) -> dict[str, Any]:
    """Return a term for the reply to a write, which is kept beside its key, where no erasure would find a name."""
    return {**term, "officers": [officer | {"name": None} for officer in term["officers"]]}


async def one_term(
    connection: AsyncConnection | AsyncSession, board_id: UUID, term_id: UUID, caller: Caller, now: datetime
) -> Mapping[str, Any]:
    """Return one term, or ResourceNotFound."""
    rows = await fetch(
        connection, terms(board_id, TermQuery(), caller).where(Term.id == term_id), {"today": today(now)}
    )
    if not rows:
        raise ResourceNotFound
    return term_view(rows[0])

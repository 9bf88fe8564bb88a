"""Use cases of boards: load, decide, save, journal."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Subquery, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.deeds import require_deed_fits
from services.registry.boards.entries import (
    appointment_change,
    board_change,
    is_over,
    officer_change,
    officer_record,
    term_record,
)
from services.registry.boards.mandates import Proof
from services.registry.boards.models import Appointment, Board, BoardName, LegalRecord, Officer, Statute, Term
from services.registry.boards.rules import (
    UNITS,
    BoardUnknown,
    Departure,
    LegalStatus,
    Office,
    Organ,
    OrganRole,
    Position,
    Seat,
    StatuteKind,
    TermInvalid,
    Unchecked,
    arrival_faults,
    is_doubled,
    said,
    term_faults,
    unchecked,
    years_after,
)
from services.registry.boards.schemas import BoardChange, BoardDraft, OfficerDraft, TermDraft
from services.registry.boards.seats import judged_periods, judged_seats, periods_served, statutes_of
from services.registry.boards.terms import (
    TERM_RULES,
    end_early,
    faults_of_term,
    has_mandate,
    mandate_ends_on,
    record_term,
    require_certifier,
    require_in_its_life,
    require_not_dissolved,
    require_place_free,
)
from services.registry.programmes import service as programmes
from shared.identity import new_id
from shared.items import changes, claim, lock_same, require_none, require_place, require_valid_code, same_place
from shared.journal import Audience, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

__all__ = [
    "TERM_RULES",
    "UNITS",
    "Appointment",
    "Board",
    "Departure",
    "Office",
    "Officer",
    "OfficerDraft",
    "Organ",
    "OrganRole",
    "Position",
    "Proof",
    "Seat",
    "Statute",
    "StatuteKind",
    "Term",
    "TermDraft",
    "TermInvalid",
    "Unchecked",
    "appointment_change",
    "arrival_faults",
    "end_early",
    "faults_of_term",
    "has_mandate",
    "is_doubled",
    "is_over",
    "judged_periods",
    "judged_seats",
    "mandate_ends_on",
    "officer_change",
    "officer_record",
    "periods_served",
    "record_term",
    "require_certifier",
    "require_in_its_life",
    "require_not_dissolved",
    "said",
    "statutes_of",
    "term_faults",
    "term_record",
    "unchecked",
    "years_after",
]

AUDIENCES = {
    "board.recorded": Audience.PUBLIC,
    "board.changed": Audience.PUBLIC,
    "board.dissolved": Audience.PUBLIC,
    "board.succeeded": Audience.PUBLIC,
    "board.withdrawn": Audience.PUBLIC,
    "board_name.recorded": Audience.PUBLIC,
    "board_name.changed": Audience.PUBLIC,
    "legal_record.recorded": Audience.PUBLIC,
    "legal_record.changed": Audience.PUBLIC,
    "term.recorded": Audience.PUBLIC,
    "term.ended": Audience.PUBLIC,
    "officer.recorded": Audience.PUBLIC,
    "officer.changed": Audience.PUBLIC,
    "appointment.recorded": Audience.PUBLIC,
    "appointment.changed": Audience.PUBLIC,
}


def board_names() -> Subquery:
    """Return the boards as other slices may join them: id and name."""
    return select(Board.id, Board.name).subquery("board_names_now")


def called_on(board_id: Any, on: Any, *, else_: Any) -> ColumnElement[str]:
    """Return what a board that a column names was called on a day, as a column; before its first name `else_`."""
    called = select(BoardName.name).where(BoardName.board_id == board_id, BoardName.starts_on <= on)
    then = called.order_by(BoardName.starts_on.desc()).limit(1).correlate(board_id.table).scalar_subquery()
    return func.coalesce(then, else_)


async def place_of(session: AsyncSession, board_id: UUID, *, by: Caller) -> str:
    """Return the code under which a board that the caller serves stands; BoardUnknown or RegionMissing otherwise."""
    code = await session.scalar(select(Board.seat_code).where(Board.id == board_id))
    if code is None:
        raise BoardUnknown(pointer="/board_id", id=board_id)
    await require_place(session, Board, code, by=by)
    return code


async def record_board(session: AsyncSession, draft: BoardDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Record a board in a kelurahan the caller serves, with its first name; return its id and whether it is new.

    One that was founded there on the same day, and was ever called the same, is the same; PlaceTaken where another
    one's certified mandate runs.
    """
    code_now = await require_place(session, Board, draft.kelurahan_code, by=by)
    require_not_future(draft.founded_on, now=now, pointer="/founded_on")
    require_not_future(draft.deed_on or draft.founded_on, now=now, pointer="/deed_on")
    require_deed_fits(draft.legal_status, deed_number=draft.deed_number, notary=draft.notary)
    claimed = await claim(session, Board, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    await lock_same(session, Board, code_now, draft.name.lower(), str(draft.founded_on))
    await programmes.require_not_refused(session, draft.kelurahan_code, on=draft.founded_on)
    named = func.lower(BoardName.name) == draft.name.lower()
    same = select(Board.id).join(BoardName, BoardName.board_id == Board.id).where(named)
    same = same.where(same_place(Board, draft.kelurahan_code), Board.founded_on == draft.founded_on)
    await require_none(session, same)
    await require_place_free(
        session, draft.kelurahan_code, founded_on=draft.founded_on, pointer="/kelurahan_code", by=by, now=now
    )
    drafted = draft.model_dump(exclude={"id", "notary", "deed_on"})
    board = Board(**drafted, seat_code=draft.kelurahan_code, **claimed.columns(now))
    await require_valid_code(session, board, on=board.founded_on)
    session.add(board)
    await session.flush()
    started = {
        "version": 1,
        "creation_digest": claimed.digest,
        "recorded_at": now,
        "changed_at": now,
        "kelurahan_code": board.kelurahan_code,
        "board_id": board.id,
    }
    session.add(BoardName(id=new_id(), name=board.name, starts_on=board.founded_on, **started))
    if draft.legal_status is not LegalStatus.NONE:
        deed = LegalRecord(
            id=new_id(),
            legal_status=draft.legal_status,
            starts_on=draft.deed_on or board.founded_on,
            deed_number=draft.deed_number,
            notary=draft.notary,
            **started,
        )
        require_in_its_life(board, deed.starts_on, pointer="/deed_on")
        session.add(deed)
    await session.flush()
    record(session, board_change("board.recorded", board, occurred_on=draft.founded_on), by=by, now=now)
    return board.id, True


async def change_board(session: AsyncSession, board: Board, change: BoardChange, *, by: Caller, now: datetime) -> None:
    """Correct a board that is locked, and with it the latest entry of what it was called or how it stood."""
    edited = changes(change)
    for name, value in edited.items():
        setattr(board, name, value)
    if "name" in edited:
        named = await latest(session, BoardName, board.id)
        named.name, named.changed_at = board.name, now
    if edited.keys() & {"legal_status", "deed_number"}:
        await _correct_deed(session, board, now=now)
    board.changed_at = now
    await session.flush()
    record(session, board_change("board.changed", board), by=by, now=now)


async def _correct_deed(session: AsyncSession, board: Board, *, now: datetime) -> None:
    deed = await session.scalar(_latest(LegalRecord, board.id))
    stands = board.legal_status is not LegalStatus.NONE
    notary = deed.notary if deed is not None and stands else None
    require_deed_fits(board.legal_status, deed_number=board.deed_number, notary=notary)
    if deed is None:
        deed = LegalRecord(
            id=new_id(),
            version=1,
            creation_digest=board.creation_digest,
            recorded_at=now,
            kelurahan_code=board.kelurahan_code,
            board_id=board.id,
            starts_on=board.founded_on,
        )
        session.add(deed)
    deed.legal_status, deed.deed_number, deed.notary = board.legal_status, board.deed_number, notary
    deed.changed_at = now


def _latest(model: Any, board_id: UUID) -> Any:
    return select(model).where(model.board_id == board_id).order_by(model.starts_on.desc(), model.id.desc()).limit(1)


async def latest(session: AsyncSession, model: Any, board_id: UUID) -> Any:
    """Return the entry of a board's history that holds now; there is one of each kind that is asked for."""
    return (await session.execute(_latest(model, board_id))).scalar_one()

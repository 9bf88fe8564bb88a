"""Use cases of boards: load, decide, save, journal."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Subquery, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.models import Board, Officer, Term
from services.registry.boards.rules import TermOverlaps, TermRules, require_valid_term
from services.registry.boards.schemas import BoardChange, BoardDraft, TermDraft
from shared.errors import Invalid, Text
from shared.identity import new_id
from shared.items import changes, claim, require_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force, load

AUDIENCES = {
    "board.recorded": Audience.PUBLIC,
    "board.changed": Audience.PUBLIC,
    "term.recorded": Audience.PUBLIC,
    "officer.recorded": Audience.PUBLIC,
}
TERM_RULES = load(Path(__file__).with_name("rulesets.json"), TermRules)


def board_record(board: Board) -> dict[str, Any]:
    """Return a board as its journal keeps it: no phone."""
    return {
        "id": board.id,
        "kelurahan_code": board.kelurahan_code,
        "name": board.name,
        "founded_on": board.founded_on,
        "legal_status": board.legal_status,
        "deed_number": board.deed_number,
        "version": board.version,
    }


class BoardUnknown(Invalid):
    code = "board.unknown"
    title = Text("Lembaga tidak dikenal", "Unknown board")
    detail = Text("Tidak ada lembaga dengan id {id}.", "There is no board with the id {id}.")
    fix = Text("Cari lembaganya di /registry/v1/boards.", "Look the board up in /registry/v1/boards.")


def board_names() -> Subquery:
    """Return the boards as other slices may join them: id and name."""
    return select(Board.id, Board.name).subquery("board_names")


async def place_of(session: AsyncSession, board_id: UUID, *, by: Caller) -> str:
    """Return the kelurahan code of a board that the caller serves; BoardUnknown or RegionMissing otherwise."""
    code = await session.scalar(select(Board.kelurahan_code).where(Board.id == board_id))
    if code is None:
        raise BoardUnknown(pointer="/board_id", id=board_id)
    await require_place(session, Board, code, by=by)
    return code


async def record_board(session: AsyncSession, draft: BoardDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Record a board in a kelurahan the caller serves; return its id and whether it is new."""
    await require_place(session, Board, draft.kelurahan_code, by=by)
    require_not_future(draft.founded_on, now=now, pointer="/founded_on")
    claimed = await claim(session, Board, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    board = Board(**draft.model_dump(exclude={"id"}), **claimed.columns(now))
    session.add(board)
    await session.flush()
    record(session, _change("board.recorded", board, occurred_on=draft.founded_on), by=by, now=now)
    return board.id, True


async def change_board(session: AsyncSession, board: Board, change: BoardChange, *, by: Caller, now: datetime) -> None:
    """Edit a board that is locked."""
    for name, value in changes(change).items():
        setattr(board, name, value)
    board.changed_at = now
    await session.flush()
    record(session, _change("board.changed", board), by=by, now=now)


def _change(action: str, board: Board, *, occurred_on: date | None = None) -> Change:
    return Change(action, f"boards/{board.id}", board.kelurahan_code, board_record(board), occurred_on)


async def record_term(
    session: AsyncSession, board: Board, draft: TermDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record the outcome of an election: a term and its officers, on a locked board (EL-7, EL-8).

    The board's lock keeps two terms recorded at once from overlapping.
    """
    claimed = await claim(session, Term, draft, by=by, within=board.id)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.elected_on, now=now, pointer="/elected_on")
    persons = [officer.person_id or new_id() for officer in draft.officers]
    require_valid_term(
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        positions=[officer.position for officer in draft.officers],
        persons=persons,
        rules=in_force(TERM_RULES, draft.elected_on).values,
    )
    await _require_free(session, board, draft)
    term = Term(
        **draft.model_dump(exclude={"id", "officers"}),
        board_id=board.id,
        kelurahan_code=board.kelurahan_code,
        **claimed.columns(now),
    )
    session.add(term)
    await session.flush()
    officers = [
        Officer(
            id=new_id(),
            version=1,
            creation_digest=claimed.digest,
            recorded_at=now,
            changed_at=now,
            kelurahan_code=board.kelurahan_code,
            board_id=board.id,
            term_id=term.id,
            person_id=person,
            name=officer.name,
            position=officer.position,
        )
        for officer, person in zip(draft.officers, persons, strict=True)
    ]
    session.add_all(officers)
    board.changed_at = now
    await session.flush()
    record(session, _change("board.changed", board), by=by, now=now)
    record(session, _term_change(term), by=by, now=now)
    for officer in officers:
        record(session, _officer_change(officer), by=by, now=now)
    return term.id, True


async def _require_free(session: AsyncSession, board: Board, draft: TermDraft) -> None:
    overlapping = await session.scalar(
        select(Term).where(Term.board_id == board.id, Term.starts_on < draft.ends_on, Term.ends_on > draft.starts_on)
    )
    if overlapping is not None:
        raise TermOverlaps(starts_on=overlapping.starts_on, ends_on=overlapping.ends_on)


def _term_change(term: Term) -> Change:
    data = {
        "id": term.id,
        "board_id": term.board_id,
        "starts_on": term.starts_on,
        "ends_on": term.ends_on,
        "elected_on": term.elected_on,
        "version": term.version,
    }
    return Change("term.recorded", f"terms/{term.id}", term.kelurahan_code, data, term.elected_on)


def _officer_change(officer: Officer) -> Change:
    data = {
        "id": officer.id,
        "term_id": officer.term_id,
        "board_id": officer.board_id,
        "person_id": officer.person_id,
        "name": officer.name,
        "position": officer.position,
        "version": officer.version,
    }
    return Change("officer.recorded", f"officers/{officer.id}", officer.kelurahan_code, data)

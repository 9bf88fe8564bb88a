"""Use cases of boards and their terms: load, decide, save, journal."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Subquery, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.models import Appointment, Board, BoardName, LegalRecord, Officer, Statute, Term
from services.registry.boards.rules import (
    BoardUnknown,
    Departure,
    LegalStatus,
    NotInItsLife,
    Office,
    Organ,
    OrganRole,
    Position,
    Seat,
    StatuteKind,
    TermInvalid,
    TermOverlaps,
    TermRules,
    TermTooShort,
    arrival_faults,
    is_doubled,
    require_deed_fits,
    require_valid_term,
    said,
    statute_term_faults,
    term_faults,
    years_after,
)
from services.registry.boards.schemas import BoardChange, BoardDraft, OfficerDraft, TermChange, TermDraft
from services.registry.boards.seats import (
    appointment_change,
    is_over,
    judged_periods,
    judged_seats,
    officer_change,
    officer_record,
    periods_served,
    release,
    seal_name,
    statutes_of,
    term_change,
    term_record,
)
from services.registry.programmes import service as programmes
from shared.clock import today
from shared.errors import Fault
from shared.identity import new_id
from shared.items import changes, claim, lock_same, require_none, require_place, require_valid_code, same_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force, load
from shared.vault import Vault

__all__ = [
    "TERM_RULES",
    "Appointment",
    "Board",
    "Departure",
    "Office",
    "Officer",
    "OfficerDraft",
    "Organ",
    "OrganRole",
    "Position",
    "Seat",
    "Statute",
    "StatuteKind",
    "Term",
    "TermDraft",
    "TermInvalid",
    "appointment_change",
    "arrival_faults",
    "is_doubled",
    "judged_periods",
    "judged_seats",
    "officer_change",
    "officer_record",
    "periods_served",
    "require_in_its_life",
    "said",
    "statutes_of",
    "term_record",
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
TERM_RULES = load(Path(__file__).with_name("rulesets.json"), TermRules)


def board_record(board: Board) -> dict[str, Any]:
    """Return a board as its journal keeps it: where it stands, and no phone."""
    return {
        "id": board.id,
        "kelurahan_code": board.seat_code,
        "name": board.name,
        "founded_on": board.founded_on,
        "legal_status": board.legal_status,
        "deed_number": board.deed_number,
        "dissolved_on": board.dissolved_on,
        "version": board.version,
    }


def require_in_its_life(board: Board, day: date, *, pointer: str) -> None:
    """Refuse a day before a board was founded or after residents dissolved it (§2.1)."""
    if day < board.founded_on or (board.dissolved_on is not None and day > board.dissolved_on):
        raise NotInItsLife(pointer=pointer, day=day)


def board_names() -> Subquery:
    """Return the boards as other slices may join them: id and name."""
    return select(Board.id, Board.name).subquery("board_names_now")


async def place_of(session: AsyncSession, board_id: UUID, *, by: Caller) -> str:
    """Return the code under which a board that the caller serves stands; BoardUnknown or RegionMissing otherwise."""
    code = await session.scalar(select(Board.seat_code).where(Board.id == board_id))
    if code is None:
        raise BoardUnknown(pointer="/board_id", id=board_id)
    await require_place(session, Board, code, by=by)
    return code


async def mandate_ends_on(session: AsyncSession, board_id: UUID, *, on: date) -> date | None:
    """Return the last day of the mandate that a board has on a day, None when it has none (EL-8)."""
    covering = select(func.max(Term.ends_on)).where(Term.board_id == board_id, Term.starts_on <= on, Term.ends_on >= on)
    return await session.scalar(covering)


async def has_mandate(session: AsyncSession, board_id: UUID, *, on: date) -> bool:
    """Tell whether a term of a board covers a day (EL-8)."""
    return await mandate_ends_on(session, board_id, on=on) is not None


async def record_board(session: AsyncSession, draft: BoardDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Record a board in a kelurahan the caller serves, with its first name; return its id and whether it is new.

    One that was founded there on the same day, and was ever called the same, is the same.
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
    require_deed_fits(board.legal_status, deed_number=board.deed_number, notary=None)
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
    deed.legal_status, deed.deed_number, deed.changed_at = board.legal_status, board.deed_number, now
    if board.legal_status is LegalStatus.NONE:
        deed.notary = None


def _latest(model: Any, board_id: UUID) -> Any:
    return select(model).where(model.board_id == board_id).order_by(model.starts_on.desc(), model.id.desc()).limit(1)


async def latest(session: AsyncSession, model: Any, board_id: UUID) -> Any:
    """Return the entry of a board's history that holds now; there is one of each kind that is asked for."""
    return (await session.execute(_latest(model, board_id))).scalar_one()


def board_change(action: str, board: Board, *, occurred_on: date | None = None) -> Change:
    return Change(action, f"boards/{board.id}", board.seat_code, board_record(board), occurred_on)


async def record_term(
    session: AsyncSession,
    board: Board,
    draft: TermDraft,
    *,
    vault: Vault,
    by: Caller,
    now: datetime,
    election_id: UUID | None = None,
) -> tuple[UUID, bool]:
    """Record the outcome of an election: a term and its officers, on a locked board (EL-7, EL-8, EL-12).

    `election_id` names the certified election that proves it; what is taken over from paper has none.

    The board's lock keeps two terms recorded at once from overlapping.
    """
    claimed = await claim(session, Term, draft, by=by, within=board.id)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.elected_on, now=now, pointer="/elected_on")
    if board.dissolved_on is not None:
        require_in_its_life(board, draft.ends_on, pointer="/ends_on")
    persons = [officer.person_id or new_id() for officer in draft.officers]
    require_valid_term(
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        positions=[officer.position for officer in draft.officers],
        persons=persons,
        rules=in_force(TERM_RULES, draft.elected_on).values,
        further=await _own_faults(session, board, draft, persons=persons),
    )
    await _require_free(session, board, draft)
    term = Term(
        **draft.model_dump(exclude={"id", "officers"}),
        board_id=board.id,
        election_id=election_id,
        kelurahan_code=board.kelurahan_code,
        **claimed.columns(now),
    )
    session.add(term)
    await session.flush()
    over = term.ends_on < today(now)
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
            name=None if over else officer.name,
            position=officer.position,
            starts_on=term.starts_on,
        )
        for officer, person in zip(draft.officers, persons, strict=True)
    ]
    session.add_all(officers)
    for officer, drafted in zip(officers, draft.officers, strict=True):
        if over:
            seal_name(session, vault, officer, drafted.name)
    board.mandate_until = max(term.ends_on, board.mandate_until or term.ends_on)
    board.changed_at = now
    await session.flush()
    record(session, board_change("board.changed", board), by=by, now=now)
    record(session, term_change("term.recorded", term), by=by, now=now)
    for officer in officers:
        record(session, officer_change("officer.recorded", officer, term=term, now=now), by=by, now=now)
    return term.id, True


async def _own_faults(session: AsyncSession, board: Board, draft: TermDraft, *, persons: Sequence[UUID]) -> list[Fault]:
    """Return what a board's own records say against a term: its statutes, and the seats people hold in its organs."""
    statutes = await statutes_of(session, board.id)
    found = statute_term_faults(
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        seats=len(draft.officers),
        elected_on=draft.elected_on,
        statutes=statutes,
    )
    pointers = [f"/officers/{index}/person_id" for index in range(len(persons))]
    found += await judged_periods(
        session, board.id, persons, elected_on=draft.elected_on, statutes=statutes, pointers=pointers
    )
    seats = [Seat(person, None, draft.starts_on, draft.ends_on) for person in persons]
    return found + await judged_seats(session, board, list(zip(seats, pointers, strict=True)), statutes=statutes)


async def faults_of_term(session: AsyncSession, board_id: UUID, draft: TermDraft) -> list[Fault]:
    """Return everything for which `record_term` would refuse a term of a board today (EL-7, EL-8, EL-12)."""
    board = await session.get_one(Board, board_id)
    persons = [officer.person_id or new_id() for officer in draft.officers]
    found = term_faults(
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        positions=[officer.position for officer in draft.officers],
        persons=persons,
        rules=in_force(TERM_RULES, draft.elected_on).values,
    )
    found += await _own_faults(session, board, draft, persons=persons)
    if board.dissolved_on is not None and draft.ends_on > board.dissolved_on:
        found.append(Fault("/ends_on", NotInItsLife.code, NotInItsLife.detail, {"day": draft.ends_on}))
    other = await _in_the_way(session, board_id, draft)
    if other is not None:
        values = {"starts_on": other.starts_on, "ends_on": other.ends_on}
        found.append(Fault("/starts_on", TermOverlaps.code, TermOverlaps.detail, values))
    return found


async def _in_the_way(session: AsyncSession, board_id: UUID, draft: TermDraft) -> Term | None:
    return await session.scalar(
        select(Term).where(Term.board_id == board_id, Term.starts_on < draft.ends_on, Term.ends_on > draft.starts_on)
    )


async def _require_free(session: AsyncSession, board: Board, draft: TermDraft) -> None:
    overlapping = await _in_the_way(session, board.id, draft)
    if overlapping is not None:
        raise TermOverlaps(
            starts_on=overlapping.starts_on, ends_on=overlapping.ends_on, members={"existing": overlapping.id}
        )


async def end_term(
    session: AsyncSession, term: Term, change: TermChange, *, vault: Vault, by: Caller, now: datetime
) -> None:
    """Let a term of a locked board end earlier than it was given for: residents elected anew, or dissolved the board."""
    last_arrival = await session.scalar(select(func.max(Officer.starts_on)).where(Officer.term_id == term.id))
    earliest = max(term.starts_on, last_arrival or term.starts_on)
    if not earliest < change.ends_on <= term.ends_on:
        raise TermTooShort(pointer="/ends_on", after=earliest, until=term.ends_on)
    board = await session.get_one(Board, term.board_id)
    term.ends_on = change.ends_on
    term.changed_at = now
    await session.flush()
    board.mandate_until = await session.scalar(select(func.max(Term.ends_on)).where(Term.board_id == board.id))
    board.changed_at = now
    await session.flush()
    record(session, board_change("board.changed", board), by=by, now=now)
    record(session, term_change("term.ended", term), by=by, now=now)
    named = select(Officer).where(Officer.term_id == term.id, Officer.name.is_not(None)).order_by(Officer.id)
    officers = (await session.scalars(named.with_for_update())).all()
    await release(session, vault, [(one, term) for one in officers if is_over(one, term, now)], by=by, now=now)

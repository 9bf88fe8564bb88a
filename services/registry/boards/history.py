"""Use cases of a board's history: its names, its deeds, and its end."""

from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.deeds import require_deed_fits
from services.registry.boards.entries import appointment_change, board_change
from services.registry.boards.models import Appointment, Board, BoardName, LegalRecord, Term
from services.registry.boards.schemas import (
    BoardSuccession,
    Dissolution,
    LegalRecordChange,
    LegalRecordDraft,
    NameChange,
    NameDraft,
    TermChange,
)
from services.registry.boards.service import latest
from services.registry.boards.terms import end_term, require_certifier, require_in_its_life, require_place_free
from services.registry.regions import service as regions
from shared.errors import Conflict, Invalid, Text
from shared.items import changes, claim, same_place
from shared.journal import Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.vault import Vault

E = TypeVar("E", BoardName, LegalRecord)


class SameDay(Conflict):
    code = "history.same_day"
    title = Text("Sudah ada pada hari itu", "Something holds from that day")
    detail = Text(
        "Dari {day} sudah tercatat yang lain; satu hari memulai satu saja.",
        "Something else holds from {day} already; one day begins one thing.",
    )
    fix = Text("Perbaiki catatan yang ada dengan PATCH.", "Correct what is there with PATCH.")


class AlreadyDissolved(Conflict):
    code = "board.already_dissolved"
    title = Text("Sudah dibubarkan", "Already dissolved")
    detail = Text("Warga sudah membubarkan lembaga ini pada {day}.", "Residents dissolved this board on {day}.")
    fix = Text("Lembaga baru dicatat sebagai lembaga lain.", "Record a new board as another one.")


class StillAtWork(Conflict):
    code = "board.still_at_work"
    title = Text("Masih bekerja sesudahnya", "Still at work afterwards")
    detail = Text(
        "Sesudah {day} masih tercatat masa bakti, nama, akta, atau petugas yang baru mulai.",
        "A term, a name, a deed or an appointment that only begins after {day} is on record.",
    )
    fix = Text("Periksa tanggal pembubaran.", "Check the day of the dissolution.")


class NotASuccessor(Invalid):
    code = "board.not_a_successor"
    title = Text("Bukan penerus", "Not a successor")
    detail = Text(
        "{code} bukan penerus kelurahan lembaga ini menurut pemekaran yang tercatat.",
        "{code} did not come from this board's kelurahan by any succession on record.",
    )
    fix = Text("Lihat /registry/v1/regions/{{code}}/successors.", "See /registry/v1/regions/{{code}}/successors.")


async def succeed(session: AsyncSession, board: Board, draft: BoardSuccession, *, by: Caller, now: datetime) -> None:
    """Let a locked board stay with the successor of its kelurahan that its minutes name (REG-3).

    Whoever serves where it stands may let it go; it began there on the day the succession took effect. PlaceTaken where
    the certified mandate of another one runs, unless both stand there already, since their kelurahan were merged.
    """
    since = await regions.successor_since(session, draft.code, of=(board.kelurahan_code, board.seat_code))
    if since is None:
        raise NotASuccessor(pointer="/code", code=draft.code)
    if not await _is_here(session, board, draft.code):
        await require_place_free(session, draft.code, pointer="/code", by=by, now=now)
    board.seat_code, board.seat_since, board.seat_minutes = draft.code, since, draft.minutes_reference
    board.changed_at = now
    await session.flush()
    record(session, board_change("board.succeeded", board, occurred_on=since), by=by, now=now)


async def _is_here(session: AsyncSession, board: Board, code: str) -> bool:
    here = select(Board.id).where(Board.id == board.id, same_place(Board, code))
    return await session.scalar(here) is not None


async def record_name(
    session: AsyncSession, board: Board, draft: NameDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record what a locked board is called from a day on: BKM became LKM, or residents chose another name (§0.1)."""
    return await _keep(session, BoardName, board, draft, by=by, now=now)


async def record_deed(
    session: AsyncSession, board: Board, draft: LegalRecordDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record how a locked board stands before the law from the day of a deed on (§2.3)."""
    require_deed_fits(draft.legal_status, deed_number=draft.deed_number, notary=draft.notary)
    return await _keep(session, LegalRecord, board, draft, by=by, now=now)


async def _keep(
    session: AsyncSession,
    model: type[E],
    board: Board,
    draft: NameDraft | LegalRecordDraft,
    *,
    by: Caller,
    now: datetime,
) -> tuple[UUID, bool]:
    claimed = await claim(session, model, draft, by=by, within=board.id)
    if claimed.existing:
        return claimed.id, False
    await _require_day(session, model, board, draft.starts_on, now=now)
    entry = model(
        **draft.model_dump(exclude={"id"}),
        board_id=board.id,
        kelurahan_code=board.kelurahan_code,
        **claimed.columns(now),
    )
    session.add(entry)
    await _retell(session, board, entry, action="recorded", by=by, now=now)
    return entry.id, True


async def change_name(
    session: AsyncSession, entry: BoardName, change: NameChange, *, by: Caller, now: datetime
) -> None:
    """Correct a name of a locked board, or the day from which it holds."""
    await _change(session, BoardName, entry, changes(change), by=by, now=now)


async def change_deed(
    session: AsyncSession, entry: LegalRecord, change: LegalRecordChange, *, by: Caller, now: datetime
) -> None:
    """Correct a deed of a locked board."""
    edited = changes(change)
    if edited.keys() & {"legal_status", "deed_number", "notary"}:
        require_deed_fits(
            edited.get("legal_status", entry.legal_status),
            deed_number=edited.get("deed_number", entry.deed_number),
            notary=edited.get("notary", entry.notary),
        )
    await _change(session, LegalRecord, entry, edited, by=by, now=now)


async def _change(
    session: AsyncSession, model: type[E], entry: E, edited: dict[str, Any], *, by: Caller, now: datetime
) -> None:
    board = await session.get_one(Board, entry.board_id)
    if edited.get("starts_on", entry.starts_on) != entry.starts_on:
        await _require_day(session, model, board, edited["starts_on"], now=now)
    for name, value in edited.items():
        setattr(entry, name, value)
    entry.changed_at = now
    await _retell(session, board, entry, action="changed", by=by, now=now)


async def _require_day(session: AsyncSession, model: type[E], board: Board, day: date, *, now: datetime) -> None:
    require_not_future(day, now=now, pointer="/starts_on")
    require_in_its_life(board, day, pointer="/starts_on")
    taken = select(model.id).where(model.board_id == board.id, model.starts_on == day)
    if await session.scalar(taken.limit(1)) is not None:
        raise SameDay(day=day)


async def _retell(session: AsyncSession, board: Board, entry: E, *, action: str, by: Caller, now: datetime) -> None:
    """Let a board be called, and stand, as the latest of its history says; journal both."""
    await session.flush()
    now_holds: Any = await latest(session, type(entry), board.id)
    names = ("name",) if isinstance(entry, BoardName) else ("legal_status", "deed_number")
    for name in names:
        setattr(board, name, getattr(now_holds, name))
    board.changed_at = now
    await session.flush()
    record(session, board_change("board.changed", board), by=by, now=now)
    record(session, _entry_change(entry, action), by=by, now=now)


def _entry_change(entry: BoardName | LegalRecord, action: str) -> Change:
    data = {"id": entry.id, "board_id": entry.board_id, "starts_on": entry.starts_on, "version": entry.version}
    if isinstance(entry, BoardName):
        data |= {"name": entry.name}
        return Change(f"board_name.{action}", f"board_names/{entry.id}", entry.kelurahan_code, data, entry.starts_on)
    data |= {"legal_status": entry.legal_status, "deed_number": entry.deed_number}
    return Change(f"legal_record.{action}", f"legal_records/{entry.id}", entry.kelurahan_code, data, entry.starts_on)


async def dissolve(
    session: AsyncSession, board: Board, draft: Dissolution, *, vault: Vault, by: Caller, now: datetime
) -> None:
    """End a locked board by the residents' agreement (§2.1), and with it its mandate and its organs.

    Its mandate ends that day, so that nobody can decide in its name afterwards; one that a certified election proves
    is ended by who may certify, as it is without a dissolution (EL-1).
    """
    if board.dissolved_on is not None:
        raise AlreadyDissolved(day=board.dissolved_on)
    require_not_future(draft.dissolved_on, now=now, pointer="/dissolved_on")
    require_in_its_life(board, draft.dissolved_on, pointer="/dissolved_on")
    begun: tuple[Any, ...] = (Term, BoardName, LegalRecord, Appointment)
    for model in begun:
        later = select(model.id).where(model.board_id == board.id, model.starts_on > draft.dissolved_on)
        if await session.scalar(later.limit(1)) is not None:
            raise StillAtWork(day=draft.dissolved_on)
    later_on = select(Term).where(Term.board_id == board.id, Term.ends_on > draft.dissolved_on)
    running = (await session.scalars(later_on)).all()
    if any(term.election_id is not None for term in running):
        require_certifier(by)
    for term in running:
        end = TermChange(ends_on=draft.dissolved_on, minutes_reference=draft.minutes_reference)
        await end_term(session, term, end, vault=vault, by=by, now=now)
    open_ended = or_(Appointment.ends_on.is_(None), Appointment.ends_on > draft.dissolved_on)
    seats = (await session.scalars(select(Appointment).where(Appointment.board_id == board.id, open_ended))).all()
    for seat in seats:
        seat.ends_on, seat.changed_at = draft.dissolved_on, now
    board.dissolved_on = draft.dissolved_on
    board.dissolution_minutes = draft.minutes_reference
    board.changed_at = now
    await session.flush()
    for seat in seats:
        record(session, appointment_change("appointment.changed", seat), by=by, now=now)
    record(session, board_change("board.dissolved", board, occurred_on=draft.dissolved_on), by=by, now=now)

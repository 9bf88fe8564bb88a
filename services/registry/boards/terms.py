"""Use cases of a board's terms: what an election gave, judged, kept, and ended early."""

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.entries import board_change, is_over, officer_change, term_change
from services.registry.boards.mandates import PlaceTaken, Proof, may_stand_beside, require_other_than_who_ended
from services.registry.boards.models import Board, Officer, Term
from services.registry.boards.rules import (
    NotInItsLife,
    Seat,
    TermOverlaps,
    TermRules,
    TermTooShort,
    require_valid_term,
    statute_term_faults,
    term_faults,
)
from services.registry.boards.schemas import TermChange, TermDraft
from services.registry.boards.seats import judged_periods, judged_seats, release, seal_name, statutes_of
from shared.clock import today
from shared.errors import Fault, Invalid, Text
from shared.identity import new_id
from shared.items import claim, same_place
from shared.journal import record
from shared.occurrence import require_not_future
from shared.permissions import Caller, ScopeMissing
from shared.rulesets import in_force, load
from shared.vault import Vault

TERM_RULES = load(Path(__file__).with_name("rulesets.json"), TermRules)
CERTIFY = "registry:elections:approve"


class EndingUnproven(Invalid):
    code = "term.ending_unproven"
    title = Text("Berita acara belum disebut", "Minutes not named")
    detail = Text(
        "Masa bakti ini terbukti dengan pemilihan yang disahkan; akhirnya perlu berita acara.",
        "A certified election proves this term; ending it early needs minutes.",
    )
    fix = Text("Sebutkan berita acara rapat yang mengakhirinya.", "Name the minutes of the meeting that ended it.")


def require_certifier(by: Caller) -> None:
    """Refuse whoever may not certify elections: what one has proven is not for the board alone to replace (EL-1)."""
    if not by.may(CERTIFY):
        raise ScopeMissing(scope=CERTIFY, members={"scope": [CERTIFY]})


def require_in_its_life(board: Board, day: date, *, pointer: str) -> None:
    """Refuse a day before a board was founded or after residents dissolved it (§2.1)."""
    if day < board.founded_on:
        raise NotInItsLife(pointer=pointer, day=day)
    require_not_dissolved(board, day, pointer=pointer)


def require_not_dissolved(board: Board, day: date, *, pointer: str) -> None:
    """Refuse a day after residents dissolved a board (§2.1); what it was made from may be older than itself."""
    if board.dissolved_on is not None and day > board.dissolved_on:
        raise NotInItsLife(pointer=pointer, day=day)


async def mandate_ends_on(session: AsyncSession, board_id: UUID, *, on: date) -> date | None:
    """Return the last day of the mandate that a board has on a day, None when it has none (EL-8)."""
    covering = select(func.max(Term.ends_on)).where(Term.board_id == board_id, Term.starts_on <= on, Term.ends_on >= on)
    return await session.scalar(covering)


async def has_mandate(session: AsyncSession, board_id: UUID, *, on: date) -> bool:
    """Tell whether a term of a board covers a day (EL-8)."""
    return await mandate_ends_on(session, board_id, on=on) is not None


async def require_place_free(
    session: AsyncSession, code: str, *, pointer: str, by: Caller, now: datetime, founded_on: date | None = None
) -> None:
    """Refuse a board in a kelurahan where another one stands whose certified mandate runs; its name is public.

    One that was founded earlier, whose end is yet to be recorded, may be taken over from paper by who may certify
    elections.
    """
    proven = (
        select(Board.id, Board.name, Board.founded_on, Term.ends_on)
        .join(Term, Term.board_id == Board.id)
        .where(
            same_place(Board, code),
            Board.dissolved_on.is_(None),
            Term.election_id.is_not(None),
            Term.ends_on >= today(now),
        )
        .order_by(Board.founded_on, Board.id)
    )
    for one in await session.execute(proven):
        if not may_stand_beside(founded_on=founded_on, other_founded_on=one.founded_on, certifies=by.may(CERTIFY)):
            raise PlaceTaken(pointer=pointer, name=one.name, until=one.ends_on, members={"existing": one.id})


async def record_term(
    session: AsyncSession,
    board: Board,
    draft: TermDraft,
    *,
    vault: Vault,
    by: Caller,
    now: datetime,
    proof: Proof | None = None,
) -> tuple[UUID, bool]:
    """Record the outcome of an election: a term and its officers, on a locked board (EL-7, EL-8, EL-12).

    `proof` is the certified election that gave it; what is taken over from paper has none, and once an
    election was certified in a board's kelurahan it takes somebody who may certify one.

    The board's lock keeps two terms recorded at once from overlapping.
    """
    claimed = await claim(session, Term, draft, by=by, within=board.id)
    if claimed.existing:
        return claimed.id, False
    if proof is None:
        await _require_other_than_replaced(session, board, draft, by=by)
    require_not_future(draft.elected_on, now=now, pointer="/elected_on")
    if board.dissolved_on is not None:
        require_in_its_life(board, draft.ends_on, pointer="/ends_on")
    persons = [officer.person_id or new_id() for officer in draft.officers]
    told = [officer.person_id is not None for officer in draft.officers] if proof is None else proof.told
    require_valid_term(
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        positions=[officer.position for officer in draft.officers],
        persons=persons,
        rules=in_force(TERM_RULES, draft.elected_on).values,
        further=await _own_faults(session, board, draft, persons=persons, told=told, vault=vault),
    )
    await _require_free(session, board, draft)
    term = Term(
        **draft.model_dump(exclude={"id", "officers"}),
        board_id=board.id,
        election_id=None if proof is None else proof.election_id,
        given_until=draft.ends_on,
        kelurahan_code=board.kelurahan_code,
        **claimed.columns(now),
    )
    session.add(term)
    await session.flush()
    over = term.ends_on < today(now)
    women = [None] * len(persons) if proof is None else proof.women
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
            person_told=known,
            name=None if over else officer.name,
            position=officer.position,
            woman=woman,
            starts_on=term.starts_on,
        )
        for officer, person, known, woman in zip(draft.officers, persons, told, women, strict=True)
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


async def _require_other_than_replaced(session: AsyncSession, board: Board, draft: TermDraft, *, by: Caller) -> None:
    """Refuse who may not record a term from paper where a certified election proved one before, at whichever board."""
    here = select(Term).join(Board, Board.id == Term.board_id).where(same_place(Board, board.seat_code))
    certified = (await session.scalars(here.where(Term.election_id.is_not(None)))).all()
    if certified:
        require_certifier(by)
    require_other_than_who_ended(certified, by.person_id, starts_on=draft.starts_on, ends_on=draft.ends_on)


async def _own_faults(
    session: AsyncSession,
    board: Board,
    draft: TermDraft,
    *,
    persons: Sequence[UUID],
    told: Sequence[bool],
    vault: Vault,
) -> list[Fault]:
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
    seats = [
        Seat(person, None, draft.starts_on, draft.ends_on, officer.name, known)
        for person, officer, known in zip(persons, draft.officers, told, strict=True)
    ]
    placed = list(zip(seats, pointers, strict=True))
    return found + await judged_seats(session, board, placed, statutes=statutes, vault=vault)


async def faults_of_term(
    session: AsyncSession, board_id: UUID, draft: TermDraft, *, told: Sequence[bool], vault: Vault
) -> list[Fault]:
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
    found += await _own_faults(session, board, draft, persons=persons, told=told, vault=vault)
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


async def end_early(
    session: AsyncSession, term: Term, change: TermChange, *, vault: Vault, by: Caller, now: datetime
) -> None:
    """End a term of a locked board as `end_term` does; one that an election proves with minutes, by who may certify."""
    if term.election_id is not None:
        require_certifier(by)
        if change.minutes_reference is None:
            raise EndingUnproven(pointer="/minutes_reference")
    await end_term(session, term, change, vault=vault, by=by, now=now)


async def end_term(
    session: AsyncSession, term: Term, change: TermChange, *, vault: Vault, by: Caller, now: datetime
) -> None:
    """Let a term of a locked board end earlier than it was given for: residents elected anew, or dissolved the board."""
    last_arrival = await session.scalar(select(func.max(Officer.starts_on)).where(Officer.term_id == term.id))
    earliest = max(term.starts_on, last_arrival or term.starts_on)
    if not earliest < change.ends_on <= term.ends_on:
        raise TermTooShort(pointer="/ends_on", after=earliest, until=term.ends_on)
    board = await session.get_one(Board, term.board_id)
    if change.ends_on < term.ends_on:
        term.ended_by = by.person_id
    term.ends_on = change.ends_on
    if change.minutes_reference is not None:
        term.ending_minutes = change.minutes_reference
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

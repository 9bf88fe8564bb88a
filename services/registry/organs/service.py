"""Use cases between elections: officers who leave and follow, and appointments to organs."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards import seats
from services.registry.boards import service as boards
from services.registry.boards.service import Appointment, Board, Office, Officer, Seat, Statute, Term
from services.registry.organs import rules
from services.registry.organs.schemas import (
    AppointmentChange,
    AppointmentDraft,
    OfficerChange,
    SuccessorDraft,
)
from services.registry.personal import service as personal
from shared.errors import Fault, Invalid
from shared.identity import new_id
from shared.items import changes, claim
from shared.journal import Audience, record
from shared.permissions import Caller
from shared.vault import Vault

AUDIENCES = {
    "statute.recorded": Audience.PUBLIC,
    "statute.changed": Audience.PUBLIC,
    "officers.read": Audience.READINGS,
    "organs.read": Audience.READINGS,
}


async def seat_successor(
    session: AsyncSession, board: Board, draft: SuccessorDraft, *, vault: Vault, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Let somebody take a seat within a running term of a locked board, where the statutes allow it (C12, EL-12)."""
    claimed = await claim(session, Officer, draft, by=by, within=board.id)
    if claimed.existing:
        return claimed.id, False
    boards.require_in_its_life(board, draft.starts_on, pointer="/starts_on")
    term = await _term_on(session, board, draft.starts_on)
    if term.election_id is not None:
        # Whom residents elected, no single officer of theirs may replace by whom he likes.
        boards.require_certifier(by)
    officer = Officer(
        **draft.model_dump(exclude={"id", "person_id"}),
        person_id=draft.person_id or new_id(),
        person_told=draft.person_id is not None,
        board_id=board.id,
        term_id=term.id,
        kelurahan_code=board.kelurahan_code,
        **claimed.columns(now),
    )
    statutes = await boards.statutes_of(session, board.id)
    allowed = boards.said(statutes, draft.starts_on, lambda one: one.refresh_allowed)
    found = rules.refresh_faults(allowed=allowed)
    found += await _office_faults(session, board, officer, term, statutes=statutes, vault=vault)
    refuse(rules.OfficerInvalid, found)
    session.add(officer)
    if boards.is_over(officer, term, now):
        officer.name = None
        seats.seal_name(session, vault, officer, draft.name)
    await session.flush()
    record(session, boards.officer_change("officer.recorded", officer, term=term, now=now), by=by, now=now)
    return officer.id, True


async def change_officer(
    session: AsyncSession, officer: Officer, change: OfficerChange, *, vault: Vault, by: Caller, now: datetime
) -> None:
    """Let an officer of a locked board leave before the term ends, or correct what is recorded of one."""
    board = await session.get_one(Board, officer.board_id)
    term = await session.get_one(Term, officer.term_id)
    before = officer.ends_on
    edited = changes(change)
    renamed = edited.pop("name", None)
    person_id = edited.pop("person_id", None)
    if (renamed or person_id) is not None and term.election_id is not None:
        boards.require_certifier(by)
    for name, value in edited.items():
        setattr(officer, name, value)
    found = rules.departure_faults(
        starts_on=officer.starts_on,
        ends_on=officer.ends_on,
        term_ends_on=term.ends_on,
        has_reason=officer.left_because is not None,
    )
    if person_id is not None and person_id != officer.person_id:
        found += rules.telling_faults(told=officer.person_told)
        await _tell(session, officer, person_id)
    if (officer.ends_on != before or person_id is not None) and not found:
        # Who stays longer than was said takes a seat that somebody else may have by now.
        statutes = await boards.statutes_of(session, board.id)
        found += await _office_faults(session, board, officer, term, statutes=statutes, vault=vault)
    refuse(rules.OfficerInvalid, found)
    await seats.name_officer(session, vault, officer, over=boards.is_over(officer, term, now), renamed=renamed)
    officer.changed_at = now
    await session.flush()
    record(session, boards.officer_change("officer.changed", officer, term=term, now=now), by=by, now=now)


async def _tell(session: AsyncSession, seat: Officer | Appointment, person_id: UUID) -> None:
    """Let a locked seat be somebody's whom nobody told before, and what holds the name too; PersonalErased after that."""
    kept = await personal.found(session, seat.id)
    if not seat.creation_digest or (kept is not None and kept.erased_at is not None):
        raise personal.PersonalErased
    seat.person_id, seat.person_told = person_id, True
    if kept is not None:
        kept.person_id = person_id


async def _term_on(session: AsyncSession, board: Board, day: date) -> Term:
    """Return the term of a day; of two that meet on one day the new one."""
    term = await session.scalar(
        select(Term)
        .where(Term.board_id == board.id, Term.starts_on <= day, Term.ends_on >= day)
        .order_by(Term.starts_on.desc())
        .limit(1)
    )
    if term is None:
        raise rules.NoTerm(day=day)
    return term


async def _office_faults(
    session: AsyncSession, board: Board, officer: Officer, term: Term, *, statutes: Sequence[Statute], vault: Vault
) -> list[Fault]:
    """Return why an officer cannot hold the office beside the others of the term, and beside seats in organs."""
    others = (
        await session.execute(
            select(
                Officer.person_id,
                Officer.position,
                Officer.starts_on,
                func.least(Officer.ends_on, term.ends_on).label("ends_on"),
            ).where(Officer.term_id == term.id, Officer.id != officer.id)
        )
    ).all()
    offices = [Office(one.person_id, one.position, one.starts_on, one.ends_on) for one in others]
    ends_on = min(officer.ends_on or term.ends_on, term.ends_on)
    own = Office(officer.person_id, officer.position, officer.starts_on, ends_on)
    elected = sum(one.starts_on == term.starts_on for one in [*offices, own])
    found = boards.arrival_faults(own, offices, seats=elected)
    seat = Seat(officer.person_id, None, officer.starts_on, ends_on, officer.name, officer.person_told)
    found += await boards.judged_periods(
        session,
        board.id,
        [officer.person_id],
        elected_on=term.elected_on,
        statutes=statutes,
        pointers=["/person_id"],
    )
    return found + await boards.judged_seats(
        session, board, [(seat, "/person_id")], statutes=statutes, vault=vault, but=officer.id
    )


async def appoint(
    session: AsyncSession, board: Board, draft: AppointmentDraft, *, vault: Vault, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record whom a locked board appoints to an organ (EL-12); the name is kept sealed."""
    claimed = await claim(session, Appointment, draft, by=by, within=board.id)
    if claimed.existing:
        return claimed.id, False
    boards.require_in_its_life(board, draft.starts_on, pointer="/starts_on")
    appointment = Appointment(
        **draft.model_dump(exclude={"id", "name", "person_id"}),
        person_id=draft.person_id or new_id(),
        person_told=draft.person_id is not None,
        board_id=board.id,
        kelurahan_code=board.kelurahan_code,
        **claimed.columns(now),
    )
    await _require_seat(session, board, appointment, draft.name, vault=vault)
    session.add(appointment)
    personal.keep(
        session,
        vault,
        record_id=appointment.id,
        person_id=appointment.person_id,
        kelurahan_code=appointment.kelurahan_code,
        fields={"name": draft.name},
    )
    await session.flush()
    record(session, boards.appointment_change("appointment.recorded", appointment), by=by, now=now)
    return appointment.id, True


async def change_appointment(
    session: AsyncSession,
    appointment: Appointment,
    change: AppointmentChange,
    *,
    vault: Vault,
    by: Caller,
    now: datetime,
) -> None:
    """End an appointment at a locked board, or correct it."""
    board = await session.get_one(Board, appointment.board_id)
    edited = changes(change)
    name, person_id = edited.pop("name", None), edited.pop("person_id", None)
    if person_id is not None and person_id != appointment.person_id:
        refuse(rules.AppointmentInvalid, rules.telling_faults(told=appointment.person_told))
        await _tell(session, appointment, person_id)
    for field, value in edited.items():
        setattr(appointment, field, value)
    # What leaves person and days as they were is not held against who was seated before names were compared.
    named = name or await _name_of(session, appointment, vault) if "ends_on" in edited or name or person_id else None
    await _require_seat(session, board, appointment, named, vault=vault)
    if name is not None:
        kept = await personal.record_of(session, appointment.id)
        if kept.erased_at is not None:
            raise rules.NameErased
        personal.change(session, vault, kept, {"name": name})
    appointment.changed_at = now
    await session.flush()
    record(session, boards.appointment_change("appointment.changed", appointment), by=by, now=now)


async def _name_of(session: AsyncSession, appointment: Appointment, vault: Vault) -> str | None:
    fields = await personal.fields_of(session, vault, [appointment.id])
    return fields.get(appointment.id, {}).get("name")


async def _require_seat(
    session: AsyncSession, board: Board, appointment: Appointment, name: str | None, *, vault: Vault
) -> None:
    found = rules.order_faults(starts_on=appointment.starts_on, ends_on=appointment.ends_on)
    if board.dissolved_on is not None:
        boards.require_in_its_life(board, appointment.ends_on or date.max, pointer="/ends_on")
    seat = Seat(
        appointment.person_id,
        appointment.organ,
        appointment.starts_on,
        appointment.ends_on,
        name,
        appointment.person_told,
    )
    statutes = await boards.statutes_of(session, board.id)
    found += await boards.judged_seats(
        session, board, [(seat, "/person_id")], statutes=statutes, vault=vault, but=appointment.id
    )
    refuse(rules.AppointmentInvalid, found)


def refuse(kind: type[Invalid], found: list[Fault]) -> None:
    """Refuse with every fault that was found, if there is any."""
    if found:
        raise kind(faults=found, count=len(found))

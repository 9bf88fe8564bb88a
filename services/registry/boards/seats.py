"""Who sits where at a board: judged beside what else is held, named for as long as it is public, and journaled."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.entries import appointment_change, officer_change, officer_subject
from services.registry.boards.models import Appointment, Board, Officer, Statute, Term
from services.registry.boards.rules import Seat, period_faults, said, seat_faults
from services.registry.personal import service as personal
from shared.clock import today
from shared.errors import Fault
from shared.journal import forget_payloads, record
from shared.permissions import Caller
from shared.vault import Vault

RELEASED_AT_ONCE = 500


async def statutes_of(session: AsyncSession, board_id: UUID) -> Sequence[Statute]:
    """Return every version of a board's statutes, the earliest first."""
    return (
        await session.scalars(
            select(Statute).where(Statute.board_id == board_id).order_by(Statute.adopted_on, Statute.id)
        )
    ).all()


async def judged_seats(
    session: AsyncSession,
    board: Board,
    seats: Sequence[tuple[Seat, str]],
    *,
    statutes: Sequence[Statute],
    vault: Vault,
    but: UUID | None = None,
) -> list[Fault]:
    """Return why people cannot hold seats, each with its pointer, beside what they hold at a locked board (EL-12).

    Persons are compared by id, and by name where an id was not told: names of officers in office, and sealed ones of
    organs. The board's lock keeps two seats given at once from slipping past each other. `but` is a seat under change.
    """
    earliest = min((seat.starts_on for seat, _ in seats), default=date.max)
    records = personal.personal_records().c
    appointed = await session.execute(
        select(
            Appointment.id,
            Appointment.person_id,
            Appointment.person_told,
            Appointment.organ,
            Appointment.starts_on,
            Appointment.ends_on,
            records.wrapped_key,
            records.sealed,
        )
        .outerjoin(records.id.table, records.id == Appointment.id)
        .where(Appointment.board_id == board.id, or_(Appointment.ends_on.is_(None), Appointment.ends_on >= earliest))
    )
    elected = await session.execute(
        select(
            Officer.id,
            Officer.person_id,
            Officer.person_told,
            Officer.name,
            Officer.starts_on,
            # What is null is passed over, so that an office without a last day ends with its term.
            func.least(Officer.ends_on, Term.ends_on).label("ends_on"),
        )
        .join(Term, Term.id == Officer.term_id)
        .where(Officer.board_id == board.id, Term.ends_on >= earliest)
    )
    by_name = not all(seat.told for seat, _ in seats)

    def name(one: Any) -> str | None:
        return personal.opened(vault, one).get("name") if by_name or not one.person_told else None

    held = [
        Seat(one.person_id, one.organ, one.starts_on, one.ends_on, name(one), one.person_told)
        for one in appointed
        if one.id != but
    ]
    held += [
        Seat(one.person_id, None, one.starts_on, one.ends_on, one.name, one.person_told)
        for one in elected
        if one.id != but
    ]
    return [fault for seat, pointer in seats for fault in seat_faults(seat, held, statutes=statutes, pointer=pointer)]


async def name_officer(
    session: AsyncSession, vault: Vault, officer: Officer, *, over: bool, renamed: str | None = None
) -> None:
    """Let an officer's name stand in one place: in the row while in office, sealed from then on.

    PersonalErased for another name of somebody who was erased.
    """
    sealed = await personal.found(session, officer.id)
    if sealed is not None and sealed.erased_at is not None:
        if renamed is not None:
            raise personal.PersonalErased
        return
    before = officer.name if sealed is None else personal.opened(vault, sealed).get("name")
    name = renamed or before
    if over and officer.name is not None:
        await forget_payloads(session, {officer_subject(officer)})
    officer.name = None if over else name
    if not over and sealed is not None:
        await session.delete(sealed)
    elif over and sealed is not None:
        personal.change(session, vault, sealed, {"name": name})
    elif over and name is not None:
        seal_name(session, vault, officer, name)


def seal_name(session: AsyncSession, vault: Vault, officer: Officer, name: str) -> None:
    """Keep the name of somebody who is not in office any more, sealed."""
    personal.keep(
        session,
        vault,
        record_id=officer.id,
        person_id=officer.person_id,
        kelurahan_code=officer.kelurahan_code,
        fields={"name": name},
    )


async def release(
    session: AsyncSession, vault: Vault, former: Collection[tuple[Officer, Term]], *, by: Caller, now: datetime
) -> None:
    """Take names out of the public whose office is over: out of the rows, and out of what the journal told of them."""
    for officer, _ in former:
        await name_officer(session, vault, officer, over=True)
        officer.changed_at = now
    await session.flush()
    for officer, term in former:
        record(session, officer_change("officer.changed", officer, term=term, now=now), by=by, now=now)


async def release_former(session: AsyncSession, vault: Vault, *, now: datetime) -> int:
    """Release officers whose office has run out, some at a time; return how many there were."""
    ends_on = func.least(Officer.ends_on, Term.ends_on)
    named = (
        select(Officer, Term)
        .join(Term, Term.id == Officer.term_id)
        .where(Officer.name.is_not(None), ends_on < today(now))
        .order_by(Officer.id)
        .limit(RELEASED_AT_ONCE)
        .with_for_update(of=Officer, skip_locked=True)
    )
    former = [(officer, term) for officer, term in await session.execute(named)]
    await release(session, vault, former, by=Caller(), now=now)
    return len(former)


async def erase_officers(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase a person's name as an officer, in office or not: in the rows, and in what the journal told of them.

    Returns how many offices there are; that they were held, and when, stays.
    """
    by, now = erasing.by, erasing.now
    held = select(Officer, Term).join(Term, Term.id == Officer.term_id).where(Officer.person_id.in_(erasing.persons))
    offices = (await session.execute(held.order_by(Officer.id).with_for_update(of=Officer))).all()
    found = [(officer, term) for officer, term in offices if officer.creation_digest]
    for officer, _ in found:
        if await personal.found(session, officer.id) is None:
            personal.close(
                session,
                record_id=officer.id,
                person_id=officer.person_id,
                kelurahan_code=officer.kelurahan_code,
                now=now,
            )
        officer.name, officer.woman, officer.creation_digest, officer.changed_at = None, None, b"", now
    await session.flush()
    # A term is created with its officers: its digest would try a guess too.
    terms = {term.id for _, term in found}
    await session.execute(update(Term).where(Term.id.in_(terms)).values(creation_digest=b""))
    await forget_payloads(session, {officer_subject(officer) for officer, _ in found})
    for officer, term in found:
        record(session, officer_change("officer.changed", officer, term=term, now=now), by=by, now=now)
    return len(offices)


async def erase_appointments(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase what a person's seats in organs hold beside their sealed names; return how many there are."""
    told = partial(appointment_change, "appointment.changed")
    return await personal.untie_named(session, Appointment, erasing, told=told)


async def periods_served(
    session: AsyncSession, board_id: UUID, persons: Collection[UUID], *, before: date
) -> Mapping[UUID, int]:
    """Return in how many terms that a board's residents gave before a day each person held a seat (EL-8).

    Persons without one are left out.
    """
    rows = await session.execute(
        select(Officer.person_id, func.count(Officer.term_id.distinct()).label("periods"))
        .join(Term, Term.id == Officer.term_id)
        .where(Officer.board_id == board_id, Officer.person_id.in_(persons), Term.elected_on < before)
        .group_by(Officer.person_id)
    )
    return {row.person_id: row.periods for row in rows}


async def judged_periods(
    session: AsyncSession,
    board_id: UUID,
    persons: Sequence[UUID],
    *,
    elected_on: date,
    statutes: Sequence[Statute],
    pointers: Sequence[str],
) -> list[Fault]:
    """Return who may not be elected once more by the statutes of the day of the election (EL-8)."""
    most = said(statutes, elected_on, lambda one: one.most_periods)
    served = await periods_served(session, board_id, persons, before=elected_on) if most else {}
    return period_faults(persons, served, most=most, pointers=pointers)

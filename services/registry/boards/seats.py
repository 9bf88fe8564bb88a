"""Who sits where at a board: judged beside what else is held, and journaled."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.models import Appointment, Board, Officer, Statute, Term
from services.registry.boards.rules import Seat, seat_faults
from shared.clock import today
from shared.errors import Fault
from shared.journal import Change


def term_record(term: Term) -> dict[str, Any]:
    """Return a term as its journal keeps it."""
    return {
        "id": term.id,
        "board_id": term.board_id,
        "starts_on": term.starts_on,
        "ends_on": term.ends_on,
        "elected_on": term.elected_on,
        "version": term.version,
    }


def officer_record(officer: Officer, *, in_office: bool) -> dict[str, Any]:
    """Return an officer as the journal keeps one: with the name only of somebody in office, without why one left."""
    return {
        "id": officer.id,
        "term_id": officer.term_id,
        "board_id": officer.board_id,
        "person_id": officer.person_id,
        "name": officer.name if in_office else None,
        "position": officer.position,
        "starts_on": officer.starts_on,
        "ends_on": officer.ends_on,
        "version": officer.version,
    }


def appointment_record(appointment: Appointment) -> dict[str, Any]:
    """Return an appointment as its journal keeps it: that a seat is held, not by whom."""
    return {
        "id": appointment.id,
        "board_id": appointment.board_id,
        "organ": appointment.organ,
        "role": appointment.role,
        "starts_on": appointment.starts_on,
        "ends_on": appointment.ends_on,
        "version": appointment.version,
    }


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
    but: UUID | None = None,
) -> list[Fault]:
    """Return why people cannot hold seats, each with its pointer, beside what they hold at a locked board (EL-12).

    The board's lock keeps two seats given at once from slipping past each other. `but` is a seat under change.
    """
    persons = {seat.person_id for seat, _ in seats}
    appointed = await session.execute(
        select(
            Appointment.id, Appointment.person_id, Appointment.organ, Appointment.starts_on, Appointment.ends_on
        ).where(Appointment.board_id == board.id, Appointment.person_id.in_(persons))
    )
    elected = await session.execute(
        select(
            Officer.id,
            Officer.person_id,
            Officer.starts_on,
            # What is null is passed over, so that an office without a last day ends with its term.
            func.least(Officer.ends_on, Term.ends_on).label("ends_on"),
        )
        .join(Term, Term.id == Officer.term_id)
        .where(Officer.board_id == board.id, Officer.person_id.in_(persons))
    )
    held = [Seat(one.person_id, one.organ, one.starts_on, one.ends_on) for one in appointed if one.id != but]
    held += [Seat(one.person_id, None, one.starts_on, one.ends_on) for one in elected if one.id != but]
    return [fault for seat, pointer in seats for fault in seat_faults(seat, held, statutes=statutes, pointer=pointer)]


def term_change(action: str, term: Term) -> Change:
    return Change(action, f"terms/{term.id}", term.kelurahan_code, term_record(term), term.elected_on)


def officer_change(action: str, officer: Officer, *, term: Term, now: datetime) -> Change:
    """Return the entry of an officer; somebody whose office is over is no longer named."""
    in_office = min(officer.ends_on or term.ends_on, term.ends_on) >= today(now)
    data = officer_record(officer, in_office=in_office)
    return Change(action, f"officers/{officer.id}", officer.kelurahan_code, data)


def appointment_change(action: str, appointment: Appointment) -> Change:
    data = appointment_record(appointment)
    return Change(action, f"appointments/{appointment.id}", appointment.kelurahan_code, data)

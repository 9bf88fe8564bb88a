"""What the journal keeps of boards, their terms and who sits where."""

from datetime import date, datetime
from typing import Any

from services.registry.boards.models import Appointment, Board, Officer, Term
from shared.clock import today
from shared.journal import Change


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


def board_change(action: str, board: Board, *, occurred_on: date | None = None) -> Change:
    return Change(action, f"boards/{board.id}", board.seat_code, board_record(board), occurred_on)


def term_record(term: Term) -> dict[str, Any]:
    """Return a term as its journal keeps it."""
    return {
        "id": term.id,
        "board_id": term.board_id,
        "starts_on": term.starts_on,
        "ends_on": term.ends_on,
        "elected_on": term.elected_on,
        "election_id": term.election_id,
        "version": term.version,
    }


def term_change(action: str, term: Term) -> Change:
    return Change(action, f"terms/{term.id}", term.kelurahan_code, term_record(term), term.elected_on)


def is_over(officer: Officer, term: Term, now: datetime) -> bool:
    """Tell whether somebody is in office no more, and so no longer named in public."""
    return min(officer.ends_on or term.ends_on, term.ends_on) < today(now)


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


def officer_subject(officer: Officer) -> str:
    return f"officers/{officer.id}"


def officer_change(action: str, officer: Officer, *, term: Term, now: datetime) -> Change:
    """Return the entry of an officer; somebody whose office is over is no longer named."""
    data = officer_record(officer, in_office=not is_over(officer, term, now))
    return Change(action, officer_subject(officer), officer.kelurahan_code, data)


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


def appointment_change(action: str, appointment: Appointment) -> Change:
    data = appointment_record(appointment)
    return Change(action, f"appointments/{appointment.id}", appointment.kelurahan_code, data)

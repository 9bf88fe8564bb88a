"""What registry and planning tell monitoring, as entries of their journals."""

import itertools
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.facts import service as facts
from services.monitoring.integrity.service import take_over
from shared.clock import read_clock
from shared.following import Entry
from tests.house import Running

BACIRO = "34.71.03.1001"
DEMANGAN = "34.71.03.1002"
_positions = itertools.count(1)
_HANDLERS = {**facts.OF_REGISTRY, **facts.OF_PLANNING}


def entry(action: str, data: dict[str, Any], *, place: str | None = BACIRO, occurred_on: date | None = None) -> Entry:
    return Entry(
        position=next(_positions),
        action=action,
        subject=f"{action.partition('.')[0]}s/{data['id']}",
        place=place,
        time=datetime(2026, 1, 1, tzinfo=UTC),
        actor=None,
        occurred_on=occurred_on,
        data=data,
    )


async def heard(session: AsyncSession, *entries: Entry) -> None:
    """Let some entries take effect, without the values of their boards."""
    for one in entries:
        await _HANDLERS[one.action](session, [one])


async def tell(monitoring: Running, *entries: Entry, now: datetime | None = None) -> None:
    """Let some entries take effect as a follower does: in one transaction, with the values of their boards."""
    async with monitoring.database.transaction() as session:
        await heard(session, *entries)
        await take_over(session, facts.boards_of(entries), now=now or read_clock())


def a_board(board_id: UUID | None = None, *, founded_on: str = "2024-01-10", **known: Any) -> dict[str, Any]:
    return {
        "id": str(board_id or uuid4()),
        "name": "BKM Contoh",
        "founded_on": founded_on,
        "legal_status": "none",
        "version": 1,
    } | known


def a_term(
    board: dict[str, Any], *, starts_on: str = "2024-01-15", ends_on: str = "2027-01-14", **known: Any
) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "board_id": board["id"],
        "starts_on": starts_on,
        "ends_on": ends_on,
        "version": 1,
    } | known


def an_officer(
    board: dict[str, Any], term: dict[str, Any], *, person: str | None = None, **known: Any
) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "board_id": board["id"],
        "term_id": term["id"],
        "person_id": person or str(uuid4()),
        "name": "Ibu Contoh",
        "position": "member",
        "version": 1,
    } | known


async def a_known_board(monitoring: Running, *, place: str = BACIRO, **known: Any) -> dict[str, Any]:
    board = a_board(**known)
    await tell(monitoring, entry("board.recorded", board, place=place))
    return board


def a_plan(board: dict[str, Any], *, ratified_on: str | None = "2024-02-20", **known: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "board_id": board["id"],
        "title": "PJM 2024-2026",
        "state": "draft" if ratified_on is None else "ratified",
        "starts_on": "2024-01-01",
        "ends_on": "2026-12-31",
        "ratified_on": ratified_on,
        "version": 1,
    } | known


def a_meeting(
    board: dict[str, Any], *, held_on: str = "2024-02-20", total: int | None = 40, women: int | None = 18, **known: Any
) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "board_id": board["id"],
        "kind": "plan_ratification",
        "held_on": held_on,
        "attendance": {"total": total, "women": women, "poor": None},
        "version": 1,
    } | known


def an_activity(board: dict[str, Any], plan: dict[str, Any], **known: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "plan_id": plan["id"],
        "board_id": board["id"],
        "title": "Saluran air gang contoh",
        "dimension": "environment",
        "year": 2025,
        "total_cost_rupiah": 90_000_000,
        "funding": {"blm": 40_000_000, "swadaya": 10_000_000, "channeling": 40_000_000, "other": 0},
        "beneficiaries": {"households": 42},
        "state": "ratified",
        "version": 1,
    } | known


def an_agreement(
    board: dict[str, Any], activity: dict[str, Any], partner: dict[str, Any], **known: Any
) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "board_id": board["id"],
        "activity_id": activity["id"],
        "partner_id": partner["id"],
        "instrument": "grant",
        "committed_rupiah": 40_000_000,
        "agreed_on": "2024-05-10",
        "state": "agreed",
        "version": 1,
    } | known


def a_disbursement(agreement: dict[str, Any], **known: Any) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "agreement_id": agreement["id"],
        "board_id": agreement["board_id"],
        "partner_id": agreement["partner_id"],
        "amount_rupiah": 15_000_000,
        "sent_on": "2024-06-01",
        "received_on": "2024-06-03",
        "state": "received",
        "version": 1,
    } | known


def a_partner(**known: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "name": "Bank Contoh", "kind": "bank", "version": 1} | known

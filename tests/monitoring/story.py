"""What registry and planning tell monitoring, as entries of their journals."""

import itertools
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

from services.monitoring.app import recompute
from services.monitoring.facts import service as facts
from shared.clock import read_clock
from shared.following import Entry
from tests.house import Running

BACIRO = "34.71.03.1001"
DEMANGAN = "34.71.03.1002"
_positions = itertools.count(1)
_HANDLERS = {**facts.OF_REGISTRY, **facts.OF_PLANNING}
_KINDS = {"board": "boards", "term": "terms", "officer": "officers", "plan": "plans", "meeting": "meetings"}


def entry(action: str, data: dict[str, Any], *, place: str | None = BACIRO, occurred_on: date | None = None) -> Entry:
    kind = action.partition(".")[0]
    subject = f"{_KINDS.get(kind, kind + 's')}/{data.get('id', place)}"
    return Entry(
        position=next(_positions),
        action=action,
        subject=subject,
        place=place,
        time=datetime(2026, 1, 1, tzinfo=UTC),
        actor=None,
        occurred_on=occurred_on,
        data=data,
    )


async def tell(monitoring: Running, *entries: Entry, now: datetime | None = None) -> None:
    """Let some entries take effect as a follower does: in one transaction, with the values of their boards."""
    async with monitoring.database.transaction() as session:
        for one in entries:
            await _HANDLERS[one.action](session, [one])
        await recompute(session, facts.boards_of(entries), now=now or read_clock())


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

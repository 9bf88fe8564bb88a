"""Use cases of integrity: every derived value can be made again from the facts, at any time."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.complaints import service as complaints
from services.monitoring.facts import service as facts
from services.monitoring.indicators import service as indicators
from shared.clock import read_clock
from shared.database import Database
from shared.jobs import Running

REBUILD = "rebuild"
CHUNK = 25
"""Boards a transaction."""

Advance = Callable[[AsyncSession, int, int], Awaitable[None]]
"""Is told in the transaction of each chunk how many boards are done of how many."""


async def recompute(
    session: AsyncSession, board_ids: Collection[UUID], *, now: datetime, since: date | None = None
) -> None:
    """Compute every indicator of some boards anew, from a month on or since their founding."""
    await indicators.recompute(session, board_ids, now=now, since=since)
    await complaints.recompute(session, board_ids, now=now, since=since)


async def take_over(session: AsyncSession, board_ids: Collection[UUID], *, now: datetime) -> None:
    """Compute boards that facts came in about; many are put off, so that whatever else comes is not kept waiting."""
    if len(board_ids) > CHUNK:
        await indicators.put_off(session, board_ids)
    else:
        await recompute(session, board_ids, now=now)


async def keep_current(session: AsyncSession, now: datetime) -> bool:
    """Compute boards anew that were put off, or on which only the calendar or a new definition has something to say.

    Tells whether there may be more.
    """
    overdue, since = await indicators.overdue(session, now=now, limit=CHUNK)
    await recompute(session, overdue, now=now, since=since)
    return bool(overdue)


async def rebuild(database: Database, *, advance: Advance) -> dict[str, Any]:
    """Compute every value of every board anew; return the digests of all values before and after."""
    async with database.snapshot() as connection:
        values_before, before = await indicators.values_digest(connection)
        boards = await facts.all_boards(connection)
    for start in range(0, len(boards), CHUNK):
        chunk = boards[start : start + CHUNK]
        async with database.transaction() as session:
            await recompute(session, chunk, now=read_clock())
            await advance(session, start + len(chunk), len(boards))
    async with database.snapshot() as connection:
        values, after = await indicators.values_digest(connection)
    return {
        "boards": len(boards),
        "values_before": values_before,
        "values": values,
        "digest_before": before,
        "digest": after,
        "equal": before == after,
    }


async def rebuild_as_job(job: Running) -> Mapping[str, Any]:
    """Rebuild, and say on the way how far it is; done again from the start it gives the same."""

    async def advance(session: AsyncSession, done: int, total: int) -> None:
        await job.advance(session, done, total=total)

    return await rebuild(job.database, advance=advance)


WORKS = {REBUILD: rebuild_as_job}

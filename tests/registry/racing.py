"""Requests that really run at once: each finds an open connection, so that none waits while another finishes."""

import asyncio
from contextlib import AsyncExitStack

import pytest
from sqlalchemy import text

from tests.house import Running

POOL = 4


async def warm(running: Running) -> None:
    """Open all the connections that writes may take."""
    async with AsyncExitStack() as stack:
        for _ in range(POOL):
            connection = await stack.enter_async_context(running.database.writes.connect())
            await connection.execute(text("SELECT 1"))


WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()")


async def somebody_waits(running: Running) -> None:
    """Return once a transaction waits for what another one holds."""
    async with running.database.reads.connect() as looking:
        for _ in range(3_000):
            if await looking.scalar(WAITING):
                return
            await asyncio.sleep(0.01)
    pytest.fail("nobody waits")

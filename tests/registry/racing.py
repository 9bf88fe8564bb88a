"""Requests that really run at once: each finds an open connection, so that none waits while another finishes."""

from contextlib import AsyncExitStack

from sqlalchemy import text

from tests.house import Running

POOL = 4


async def warm(running: Running) -> None:
    """Open all the connections that writes may take."""
    async with AsyncExitStack() as stack:
        for _ in range(POOL):
            connection = await stack.enter_async_context(running.database.writes.connect())
            await connection.execute(text("SELECT 1"))

"""How far the journal has come, known to a process without asking the database each time."""

import asyncio
import contextlib

import psycopg

from shared.log import log
from shared.sealing import CHANNEL

PATIENCE_SECONDS = 5.0


class Head:
    """The sealed position as this process last heard it; never ahead of the journal."""

    def __init__(self) -> None:
        self.position = 0
        self._moved = asyncio.Event()

    def move(self, position: int) -> None:
        if position > self.position:
            self.position = position
            moved, self._moved = self._moved, asyncio.Event()
            moved.set()

    def stand(self, position: int) -> None:
        """Take the position that the database itself just told: after a restore it may be a lower one."""
        self.position = min(self.position, position)
        self.move(position)

    async def beyond(self, position: int, *, seconds: float) -> bool:
        """Wait until the journal has come further than a position; holds no connection meanwhile."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self.position <= position:
            rest = deadline - asyncio.get_running_loop().time()
            if rest <= 0:
                return False
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._moved.wait(), rest)
        return True


async def keep_hearing(head: Head, *, url: str) -> None:
    """Listen for sealed batches on one connection, for as long as the process lives."""
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                while True:
                    found = await (await connection.execute("SELECT position FROM journal_head")).fetchone()
                    head.stand(found[0] if found else 0)
                    async for notice in connection.notifies(timeout=PATIENCE_SECONDS):
                        head.move(int(notice.payload))
        except (psycopg.Error, OSError) as error:
            log.warning("head.unheard", error=repr(error))
            await asyncio.sleep(1)

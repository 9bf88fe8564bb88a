"""Connections: reads on AUTOCOMMIT, writes in one transaction that ends before the reply."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import (
    AsyncConnection,
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)

from shared.journal import write_entries
from shared.settings import ServiceSettings

IMPATIENT = "-c timezone=UTC -c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=20s"
"""For requests: nobody waits long for a lock, and nobody holds one for long."""

STREAMING = "-c timezone=UTC -c lock_timeout=3s -c statement_timeout=15s -c idle_in_transaction_session_timeout=120s"
"""For whole lists: a reader on a slow line may rest between two pieces."""

PATIENT = "-c timezone=UTC -c lock_timeout=60s"
"""For workers and the command line."""


def driver_url(url: str) -> str:
    """Return a plain postgresql:// address as the one driver's SQLAlchemy address."""
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


class Database:
    """The pools of a process: for reads, for writes, and a small one for whole lists."""

    def __init__(self, settings: ServiceSettings, *, patient: bool = False) -> None:
        url = driver_url(settings.database_url.get_secret_value())
        pool: dict[str, Any] = {
            "connect_args": {"options": PATIENT if patient else IMPATIENT},
            "pool_size": settings.pool_size,
            "max_overflow": 0,
            "pool_timeout": 5,
            "pool_pre_ping": False,
            "hide_parameters": True,
        }
        self.reads: AsyncEngine = create_async_engine(
            url, isolation_level="AUTOCOMMIT", pool_reset_on_return=None, **pool
        )
        self.writes: AsyncEngine = create_async_engine(url, **pool)
        streams = {"connect_args": {"options": STREAMING}, "pool_size": settings.export_pool_size}
        self._exports: AsyncEngine = create_async_engine(url, **(pool | streams))
        self._hmac_key = settings.hmac_key
        self.sessions = async_sessionmaker(self.writes, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self, *, one_moment: bool = False) -> AsyncIterator[AsyncSession]:
        """Open one transaction: its journal entries are its last statement, then it commits.

        With `one_moment` all its statements see the same moment (REPEATABLE READ).
        """
        async with self.sessions() as session, session.begin():
            if one_moment:
                await session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            session.info["hmac_key"] = self._hmac_key
            yield session
            await write_entries(session)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[AsyncConnection]:
        """Open a REPEATABLE READ READ ONLY transaction for an answer of several statements."""
        async with self.writes.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            yield connection

    @asynccontextmanager
    async def export(self) -> AsyncIterator[AsyncConnection]:
        """Open a REPEATABLE READ READ ONLY transaction for a long stream, on one of few connections kept for these."""
        async with self._exports.connect() as connection:
            await connection.execution_options(isolation_level="REPEATABLE READ")
            await connection.execute(text("SET TRANSACTION READ ONLY"))
            yield connection

    async def answers(self) -> bool:
        """Tell whether the database can be reached."""
        async with self.reads.connect() as connection:
            await connection.execute(text("SELECT 1"))
        return True

    async def sealed_position(self) -> int:
        """Return how far the journal is sealed; 0 when the database cannot say so now."""
        try:
            async with self.reads.connect() as connection:
                return int(await connection.scalar(text("SELECT position FROM journal_head WHERE id = 1")) or 0)
        except DBAPIError:
            return 0

    async def close(self) -> None:
        await self.reads.dispose()
        await self.writes.dispose()
        await self._exports.dispose()


def database_of(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


async def _read_connection(request: Request) -> AsyncIterator[AsyncConnection]:
    async with database_of(request).reads.connect() as connection:
        yield connection


async def _snapshot(request: Request) -> AsyncIterator[AsyncConnection]:
    async with database_of(request).snapshot() as connection:
        yield connection


Reading = Annotated[AsyncConnection, Depends(_read_connection, scope="function")]
"""A connection for an answer of one statement."""

Snapshot = Annotated[AsyncConnection, Depends(_snapshot, scope="function")]
"""A connection whose statements all see the same moment."""

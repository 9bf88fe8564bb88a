"""Long work: a row that everybody can watch, done by a worker, once, with a digest of what it made."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import procrastinate
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    Uuid,
    case,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.authority import Authorities
from shared.canonical import canonical_bytes, plain
from shared.clock import read_clock
from shared.database import Database
from shared.errors import Forbidden, Refusal, Unauthenticated, Unforeseen
from shared.identity import new_id
from shared.jobstates import OPEN, JobState
from shared.loading import driver_connection
from shared.log import log
from shared.permissions import Caller
from shared.writing import advisory_number

TASK = "job"
TRIES = 5
KEPT = timedelta(days=30)
PAUSE_SECONDS = 2.0
SILENT_SECONDS = 30.0
"""A worker that has been silent for so long is dead; its jobs are done again by another."""


def jobs_table(metadata: MetaData) -> Table:
    """Declare the jobs; one cannot have succeeded without a result and its digest."""
    return Table(
        "jobs",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("kind", String(40), nullable=False),
        Column("account", Uuid, nullable=False),
        Column("regions", ARRAY(String(13, collation="C")), nullable=False),
        Column("arguments", JSONB, nullable=False),
        Column("state", String(20), nullable=False),
        Column("done", Integer, nullable=False),
        Column("total", Integer),
        Column("message", String(200)),
        Column("result", JSONB),
        Column("result_digest", LargeBinary),
        Column("version", BigInteger, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')", name="state"),
        CheckConstraint("state <> 'succeeded' OR (result IS NOT NULL AND result_digest IS NOT NULL)", name="proven"),
        Index("ix_jobs_of_account", "account", "id"),
        Index("ix_jobs_by_state", "account", "state", "id"),
        Index("ix_jobs_recorded_at", "recorded_at"),
        info={"class": "local"},
    )


class JobEndedError(Exception):
    """The job was cancelled meanwhile, or another worker has ended it: nothing more is to be done."""


async def move(
    session: AsyncSession, table: Table, job_id: UUID, state: JobState, *, now: datetime, **values: Any
) -> Row[Any] | None:
    """Bring an open job into a state and return its row; None when it has ended, as it then stays."""
    moved = {"state": state, "version": case((table.c.state == state, table.c.version), else_=table.c.version + 1)}
    open_one = update(table).where(table.c.id == job_id, table.c.state.in_(OPEN))
    found = await session.execute(open_one.values(**moved, **values, changed_at=now).returning(table))
    row: Row[Any] | None = found.one_or_none()
    return row


@dataclass(frozen=True, slots=True)
class Running:
    """A job while it is done: what was asked, and where to say how far it is."""

    id: UUID
    arguments: Mapping[str, Any]
    database: Database
    table: Table
    authorities: Authorities
    """What whoever asked for it may now, when a part of it is done."""

    async def advance(self, session: AsyncSession, done: int, *, total: int | None = None) -> None:
        """Say how far the work is, as the last act in the transaction of each part.

        A cancelled job raises JobEndedError, and its part is rolled back: once somebody was told that a job is
        cancelled, nothing more of it is kept.
        """
        values = {"done": done, "changed_at": read_clock(), **({} if total is None else {"total": total})}
        mine = update(self.table).where(self.table.c.id == self.id, self.table.c.state == JobState.RUNNING)
        if (await session.execute(mine.values(values).returning(self.table.c.id))).one_or_none() is None:
            raise JobEndedError


Work = Callable[[Running], Awaitable[Mapping[str, Any]]]
"""Does a job and returns what it made. Done again from the start when its worker died: safe to repeat.

What it is refused for good, for somebody may no more what they asked for, ends it at once.
"""


class Jobs:
    """A service's kinds of long work, and the queue they wait in."""

    def __init__(self, *, table: Table, url: str, works: Mapping[str, Work]) -> None:
        self._table = table
        self._works = works
        self._queue = procrastinate.App(connector=procrastinate.PsycopgConnector(conninfo=url))
        retry = procrastinate.RetryStrategy(max_attempts=TRIES, exponential_wait=2)
        self._task = self._queue.task(name=TASK, retry=retry, pass_context=True)(self._do)
        self._queue.periodic(cron="* * * * *")(self._queue.task(name="revive", queueing_lock="revive")(self._revive))
        self._database: Database | None = None
        self._authorities: Authorities | None = None

    async def open_of(self, session: AsyncSession, kind: str, *, by: Caller) -> int:
        """Return how many jobs of a kind an account has open; no other is begun for it before this transaction ends."""
        assert by.account_id is not None  # noqa: S101 - a permission stands before every route
        await session.execute(select(func.pg_advisory_xact_lock(advisory_number(by.account_id.bytes))))
        table = self._table
        mine = (table.c.account == by.account_id, table.c.kind == kind, table.c.state.in_(OPEN))
        return await session.scalar(select(func.count()).select_from(table).where(*mine)) or 0

    async def begin(
        self, session: AsyncSession, kind: str, arguments: Mapping[str, Any], *, by: Caller, now: datetime
    ) -> Row[Any]:
        """Queue a job in the request's own transaction: it exists if and only if that commits."""
        job_id = new_id()
        row = {
            "id": job_id,
            "kind": kind,
            "account": by.account_id,
            "regions": list(by.regions),
            "arguments": plain(arguments),
            "state": JobState.QUEUED,
            "done": 0,
            "version": 1,
            "recorded_at": now,
            "changed_at": now,
        }
        job: Row[Any] = (await session.execute(insert(self._table).values(row).returning(self._table))).one()
        connection = await driver_connection(session)
        await self._task.configure(connection=connection).defer_async(job_id=str(job_id))
        return job

    async def keep_working(self, database: Database, authorities: Authorities) -> None:
        """Do queued jobs for as long as the process lives, those of dead workers included."""
        self._database, self._authorities = database, authorities
        while True:
            try:
                await self._work()
            except Exception as error:
                log.warning("jobs.interrupted", error=repr(error))
            await asyncio.sleep(PAUSE_SECONDS)

    async def _work(self) -> None:
        async with self._queue.open_async():
            await self._queue.run_worker_async(
                concurrency=1, install_signal_handlers=False, delete_jobs="successful", fetch_job_polling_interval=1
            )

    async def _revive(self, timestamp: int) -> None:
        del timestamp
        for job in await self._queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENT_SECONDS):
            await self._queue.job_manager.retry_job(job, retry_at=datetime.now(UTC))  # noqa: TID251 - the library's own clock

    async def _do(self, context: procrastinate.JobContext, job_id: str) -> None:
        if self._database is None or self._authorities is None:
            message = "a job outside a worker"
            raise RuntimeError(message)
        await self.do(self._database, self._authorities, UUID(job_id), last=context.job.attempts >= TRIES - 1)

    async def do(self, database: Database, authorities: Authorities, job_id: UUID, *, last: bool = False) -> None:
        """Do a job unless it has ended; what it raises puts it back into the queue, or fails it after the `last` try."""
        table = self._table
        async with database.transaction() as session:
            row = await move(session, table, job_id, JobState.RUNNING, now=read_clock())
        if row is None:
            return
        try:
            result = plain(await self._works[row.kind](Running(row.id, row.arguments, database, table, authorities)))
        except JobEndedError:
            return
        except (Forbidden, Unauthenticated) as refusal:
            log.info("job.refused", kind=row.kind, job=str(job_id), code=refusal.code)
            async with database.transaction() as session:
                await move(session, table, job_id, JobState.FAILED, now=read_clock(), message=refusal.code)
            return
        except Exception as error:
            log.error("job.failed", kind=row.kind, job=str(job_id), exc_info=error)
            state = JobState.FAILED if last else JobState.QUEUED
            code = error.code if isinstance(error, Refusal) else Unforeseen.code
            async with database.transaction() as session:
                await move(session, table, job_id, state, now=read_clock(), message=code)
            raise
        digest = hashlib.sha256(canonical_bytes(result)).digest()
        async with database.transaction() as session:
            proven = {"result": result, "result_digest": digest, "message": None}
            await move(session, table, job_id, JobState.SUCCEEDED, now=read_clock(), **proven)


async def forget_old_jobs(session: AsyncSession, table: Table, *, now: datetime) -> None:
    """Delete jobs that are older than the promise."""
    await session.execute(delete(table).where(table.c.recorded_at < now - KEPT))

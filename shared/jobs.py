"""Long work: a row that everybody can watch, done by a worker, once, with a digest of what it made."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import procrastinate
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import (
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
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import canonical_bytes, plain
from shared.clock import read_clock
from shared.database import Database, Reading
from shared.errors import ResourceNotFound
from shared.identity import new_id
from shared.loading import driver_connection
from shared.log import log
from shared.permissions import Caller, SignedIn
from shared.replies import PRIVATE_CACHE, to_json
from shared.routing import router

TASK = "job"
TRIES = 5
KEPT = timedelta(days=30)
PAUSE_SECONDS = 2.0
SILENT_SECONDS = 30.0
"""A worker that has been silent for so long is dead; its jobs are done again by another."""


class JobState(StrEnum):
    """How far a job has come."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class JobView(BaseModel):
    """A piece of long work."""

    id: UUID
    kind: str
    state: JobState
    done: int = Field(description="Parts done; starts again when a worker died")
    total: int | None = Field(description="Parts there are; null until counted")
    message: str | None
    result: dict[str, Any] | None = Field(description="What it made; never null once succeeded")
    result_digest: str | None = Field(description="SHA-256 of the canonical result")
    recorded_at: datetime
    changed_at: datetime


def jobs_table(metadata: MetaData) -> Table:
    """Declare the jobs; one cannot have succeeded without a result and its digest."""
    return Table(
        "jobs",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("kind", String(40), nullable=False),
        Column("account", Uuid, nullable=False),
        Column("arguments", JSONB, nullable=False),
        Column("state", String(20), nullable=False),
        Column("done", Integer, nullable=False),
        Column("total", Integer),
        Column("message", String(200)),
        Column("result", JSONB),
        Column("result_digest", LargeBinary),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        CheckConstraint("state IN ('queued', 'running', 'succeeded', 'failed')", name="state"),
        CheckConstraint("state <> 'succeeded' OR (result IS NOT NULL AND result_digest IS NOT NULL)", name="proven"),
        Index("ix_jobs_recorded_at", "recorded_at"),
        info={"class": "local"},
    )


@dataclass(frozen=True, slots=True)
class Running:
    """A job while it is done: what was asked, and where to say how far it is."""

    id: UUID
    arguments: Mapping[str, Any]
    database: Database
    table: Table

    async def advance(self, done: int, *, total: int | None = None, message: str | None = None) -> None:
        """Say how far the work is; in a transaction of its own, so that it shows at once."""
        values: dict[str, Any] = {"done": done, "message": message, "changed_at": read_clock()}
        if total is not None:
            values["total"] = total
        async with self.database.transaction() as session:
            await session.execute(update(self.table).where(self.table.c.id == self.id).values(**values))


Work = Callable[[Running], Awaitable[Mapping[str, Any]]]
"""Does a job and returns what it made. Done again from the start when its worker died: safe to repeat."""


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

    async def begin(
        self, session: AsyncSession, kind: str, arguments: Mapping[str, Any], *, by: Caller, now: datetime
    ) -> Row[Any]:
        """Queue a job in the request's own transaction: it exists if and only if that commits."""
        job_id = new_id()
        row = {
            "id": job_id,
            "kind": kind,
            "account": by.account_id,
            "arguments": plain(arguments),
            "state": JobState.QUEUED,
            "done": 0,
            "recorded_at": now,
            "changed_at": now,
        }
        job: Row[Any] = (await session.execute(insert(self._table).values(row).returning(self._table))).one()
        connection = await driver_connection(session)
        await self._task.configure(connection=connection).defer_async(job_id=str(job_id))
        return job

    async def keep_working(self, database: Database) -> None:
        """Do queued jobs for as long as the process lives, those of dead workers included."""
        self._database = database
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
        database, table = self._database, self._table
        if database is None:
            message = "a job outside a worker"
            raise RuntimeError(message)
        mine = table.c.id == UUID(job_id)
        async with database.transaction() as session:
            started = {"state": JobState.RUNNING, "done": 0, "changed_at": read_clock()}
            row = (await session.execute(update(table).where(mine).values(**started).returning(table))).one()
        try:
            result = plain(await self._works[row.kind](Running(row.id, row.arguments, database, table)))
        except Exception as error:
            log.error("job.failed", kind=row.kind, job=job_id, exc_info=error)
            async with database.transaction() as session:
                last = context.job.attempts >= TRIES - 1
                state = JobState.FAILED if last else JobState.QUEUED
                failed = {"state": state, "message": type(error).__name__, "changed_at": read_clock()}
                await session.execute(update(table).where(mine).values(**failed))
            raise
        digest = hashlib.sha256(canonical_bytes(result)).digest()
        async with database.transaction() as session:
            ended = {"state": JobState.SUCCEEDED, "result": result, "result_digest": digest, "message": None}
            await session.execute(update(table).where(mine).values(**ended, changed_at=read_clock()))


async def forget_old_jobs(session: AsyncSession, table: Table, *, now: datetime) -> None:
    """Delete jobs that are older than the promise."""
    await session.execute(delete(table).where(table.c.recorded_at < now - KEPT))


def job_view(row: Any) -> dict[str, Any]:
    """Return a row as JobView."""
    names = ("id", "kind", "state", "done", "total", "message", "result", "recorded_at", "changed_at")
    digest = bytes(row.result_digest).hex() if row.result_digest else None
    return {name: getattr(row, name) for name in names} | {"result_digest": digest}


async def read_job(id: UUID, request: Request, caller: SignedIn, connection: Reading) -> Response:
    """Read how far a job of one's own is."""
    table = request.app.state.tables.jobs
    row = (
        await connection.execute(select(table).where(table.c.id == id, table.c.account == caller.account_id))
    ).one_or_none()
    if row is None:
        raise ResourceNotFound
    headers = {"Cache-Control": PRIVATE_CACHE}
    return Response(to_json(job_view(row)), media_type="application/json", headers=headers)


def accepted(job: Row[Any], *, service: str) -> Response:
    """Answer 202: the work is queued, and here is where to watch it."""
    headers = {"Location": f"/{service}/v1/jobs/{job.id}", "Cache-Control": "private, no-store"}
    return Response(to_json(job_view(job)), status_code=202, media_type="application/json", headers=headers)


def jobs_router(service: str) -> APIRouter:
    """Return the route that shows a job."""
    routes = router(f"/{service}/v1/jobs", tags=["jobs"])
    routes.get("/{id}", response_model=JobView)(read_job)
    return routes

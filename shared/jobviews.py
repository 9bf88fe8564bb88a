"""Jobs over HTTP: who asked for long work watches it, finds it again, and can call it off."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Row, Table, select

from shared.clock import Now
from shared.database import Reading
from shared.errors import Conflict, Language, ResourceNotFound, Text
from shared.jobs import JobState, move
from shared.lists import Order, Page, PageQuery, page
from shared.permissions import SignedIn
from shared.problems import language_of
from shared.replies import VersionStale, expected_version, item_reply, saved
from shared.routing import router
from shared.writing import Writing

CALLED_OFF = Text(
    "Dibatalkan oleh pengirimnya; bagian yang sudah selesai tetap ada.", "Called off by its sender; parts done stay."
)


class JobEnded(Conflict):
    code = "job.ended"
    title = Text("Sudah berakhir", "Ended already")
    detail = Text("Pekerjaan ini sudah berakhir: {state}.", "This job has ended already: {state}.")
    fix = Text("Lihat hasilnya dengan GET.", "Look at what became of it with GET.")


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
    version: int = Field(description="Changes with the state, not with the progress")
    recorded_at: datetime
    changed_at: datetime


class JobQuery(PageQuery):
    """Filters of the list of jobs."""

    state: JobState | None = None


def job_view(row: Any, *, language: Language) -> dict[str, Any]:
    """Return a row as JobView."""
    view = {name: getattr(row, name) for name in JobView.model_fields}
    view["result_digest"] = bytes(row.result_digest).hex() if row.result_digest else None
    if row.state == JobState.CANCELLED:
        view["message"] = CALLED_OFF.said(language, {})
    return view


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language"))


def _table(request: Request) -> Table:
    table: Table = request.app.state.tables.jobs
    return table


async def list_jobs(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[JobQuery, Query()]
) -> Response:
    """List one's own jobs of the last 30 days, the latest first."""
    table, language = _table(request), _language(request)
    statement = select(table).where(table.c.account == caller.account_id)
    if query.state is not None:
        statement = statement.where(table.c.state == query.state)
    order = Order(table.c.id, UUID, table.c.id, descending=True)
    return await page(
        request, connection, statement, query=query, order=order, shape=lambda row: job_view(row, language=language)
    )


async def read_job(id: UUID, request: Request, caller: SignedIn, connection: Reading) -> Response:
    """Read how far a job of one's own is."""
    table = _table(request)
    mine = select(table).where(table.c.id == id, table.c.account == caller.account_id)
    row = (await connection.execute(mine)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return item_reply(request, job_view(row, language=_language(request)))


async def _to_call_off(id: UUID, request: Request, by: SignedIn, session: Writing) -> Row[Any]:
    """Give the caller's job of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    table = _table(request)
    mine = select(table).where(table.c.id == id, table.c.account == by.account_id)
    row = (await session.execute(mine.with_for_update())).one_or_none()
    if row is None:
        raise ResourceNotFound
    if row.version != version:
        raise VersionStale(version=row.version, members={"current": job_view(row, language=_language(request))})
    return row


JobToCallOff = Annotated[Row[Any], Depends(_to_call_off)]


async def cancel_job(_by: SignedIn, request: Request, session: Writing, known_as: JobToCallOff, now: Now) -> Response:
    """Call a job off: no further part of it is done, and what was done stays."""
    row = await move(session, _table(request), known_as.id, JobState.CANCELLED, now=now)
    if row is None:
        raise JobEnded(state=known_as.state)
    return saved(job_view(row, language=_language(request)))


def accepted(request: Request, job: Row[Any]) -> Response:
    """Answer 202: the work is queued, and here is where to watch it."""
    where = f"/{request.app.state.service}/v1/jobs/{job.id}"
    return saved(job_view(job, language=_language(request)), status=202, location=where)


def jobs_router(service: str) -> APIRouter:
    """Return the routes of jobs."""
    routes = router(f"/{service}/v1/jobs", tags=["jobs"])
    routes.get("", response_model=Page[JobView])(list_jobs)
    routes.get("/{id}", response_model=JobView)(read_job)
    routes.post("/{id}/cancellation", response_model=JobView)(cancel_job)
    return routes

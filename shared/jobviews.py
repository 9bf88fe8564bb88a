"""Jobs over HTTP: who asked for long work watches it, finds it again, and can call it off."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import ColumnElement, Row, Table, not_, or_, select

from shared.clock import Now
from shared.database import Reading
from shared.errors import Conflict, Language, ResourceNotFound, Text, all_refusals
from shared.jobs import move
from shared.jobstates import JobState
from shared.lists import Order, Page, PageQuery, page
from shared.permissions import Caller, SignedIn
from shared.places import reach_beyond
from shared.problems import language_of
from shared.replies import VersionStale, expected_version, item_reply, saved
from shared.routing import router
from shared.writing import Writing

CALLED_OFF = Text("Dibatalkan; bagian yang sudah selesai tetap ada.", "Called off; parts done stay.")


class JobEnded(Conflict):
    code = "job.ended"
    title = Text("Sudah berakhir", "Ended already")
    detail = Text("Pekerjaan ini sudah berakhir: {state}.", "This job has ended already: {state}.")
    fix = Text("Lihat hasilnya dengan GET.", "Look at what became of it with GET.")


class JobView(BaseModel):
    """A piece of long work."""

    id: UUID
    kind: str
    account: UUID = Field(description="Who asked for it")
    state: JobState
    done: int = Field(description="Parts done; starts again when a worker died")
    total: int | None = Field(description="Parts there are; null until counted")
    message: str | None = Field(description="Why it failed, was called off or is tried again")
    result: dict[str, Any] | None = Field(description="What it made; never null once succeeded")
    result_digest: str | None = Field(description="SHA-256 of the canonical result")
    version: int = Field(description="Changes with the state, not with the progress")
    recorded_at: datetime
    changed_at: datetime


class JobQuery(PageQuery):
    """Filters of the list of jobs."""

    state: JobState | None = None
    account: UUID | None = Field(None, description="Only those of this account")


@cache
def _titles() -> Mapping[str, Text]:
    return {kind.code: kind.title for kind in all_refusals()}


def job_view(row: Any, *, language: Language) -> dict[str, Any]:
    """Return a row as JobView."""
    view = {name: getattr(row, name) for name in JobView.model_fields}
    view["result_digest"] = bytes(row.result_digest).hex() if row.result_digest else None
    if row.state == JobState.CANCELLED:
        view["message"] = CALLED_OFF.said(language, {})
    elif row.message is not None:
        title = _titles().get(row.message)
        view["message"] = row.message if title is None else title.said(language, {})
    return view


def _language(request: Request) -> Language:
    return language_of(request.headers.get("accept-language"))


def _table(request: Request) -> Table:
    table: Table = request.app.state.tables.jobs
    return table


def _within_reach(request: Request, caller: Caller, scope: str) -> ColumnElement[bool]:
    """Return the condition that a job is the caller's own, or that they see to the jobs of all its regions."""
    table = _table(request)
    own = table.c.account == caller.account_id
    if not caller.may(f"{request.app.state.service}:jobs:{scope}"):
        return own
    return or_(own, not_(reach_beyond(request.app.state.tables.places, table.c.regions, caller.regions)))


async def list_jobs(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[JobQuery, Query()]
) -> Response:
    """List one's own jobs of the last 30 days, for operators all in their regions, the latest first."""
    table, language = _table(request), _language(request)
    statement = select(table).where(_within_reach(request, caller, "read"))
    if query.state is not None:
        statement = statement.where(table.c.state == query.state)
    if query.account is not None:
        statement = statement.where(table.c.account == query.account)
    order = Order(table.c.id, UUID, table.c.id, descending=True)
    return await page(
        request, connection, statement, query=query, order=order, shape=lambda row: job_view(row, language=language)
    )


async def read_job(id: UUID, request: Request, caller: SignedIn, connection: Reading) -> Response:
    """Read how far a job is."""
    table = _table(request)
    known = select(table).where(table.c.id == id, _within_reach(request, caller, "read"))
    row = (await connection.execute(known)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return item_reply(request, job_view(row, language=_language(request)))


async def _to_call_off(id: UUID, request: Request, by: SignedIn, session: Writing) -> Row[Any]:
    """Give the job of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    table = _table(request)
    known = select(table).where(table.c.id == id, _within_reach(request, by, "write"))
    row = (await session.execute(known.with_for_update())).one_or_none()
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

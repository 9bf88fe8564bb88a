"""Imports over HTTP: a file comes in, its verdicts go out, and a template or what is to be mended can be downloaded."""

import asyncio
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Row, Table, select

from shared.clock import Now
from shared.database import Reading, Snapshot, database_of
from shared.errors import Fault, Language, QueryInvalid, ResourceNotFound, Text, TooMany
from shared.faults import KNOWN
from shared.importables import Importable
from shared.importfiles import corrections, template
from shared.importing import WORK, Importing, ImportMode, RowVerdict, imports_of, vault_of
from shared.intake import keep, kept_rows
from shared.jobs import Jobs
from shared.jobstates import OPEN, JobState
from shared.jobviews import JobView, accepted
from shared.lists import Order, Page, PageQuery, page
from shared.mediatypes import CSV, TAKEN, XLSX
from shared.permissions import Anyone, Caller, ScopeMissing, SignedIn
from shared.problems import language_of
from shared.reading import read_apart
from shared.replies import VersionStale, expected_version, item_reply, reply, saved
from shared.restricted import Sight, stored_nowhere
from shared.routing import router
from shared.sheets import MOST_BYTES, FileTooLarge, form_of
from shared.withdrawing import undo
from shared.writing import Writing

AT_ONCE = asyncio.Semaphore(1)
"""How many files a process reads at a time, so that their rows never fill the memory."""

ROOM_FOR_A_FILE = MOST_BYTES + 1024 * 1024
"""Bytes of a body: a file of 20 MB and some; the gateway says the same."""

MOST_OPEN = 10
"""Imports of one account that wait or are worked on, so that nobody fills the database or keeps the worker to themselves."""

RETRY_SECONDS = 30
FILE: dict[str, Any] = {"schema": {"type": "string", "format": "binary"}}
FILE_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": "A file of at most 20 MB and 200,000 rows, under the template's headers or the fields' names",
        "content": dict.fromkeys(TAKEN.values(), FILE),
    }
}


class TooManyOpenImports(TooMany):
    code = "import.too_many_open"
    title = Text("Terlalu banyak impor berjalan", "Too many imports under way")
    detail = Text(
        "Akun ini sudah memiliki {most} impor yang menunggu atau dikerjakan.",
        "This account has {most} imports already that wait or are worked on.",
    )
    fix = Text("Tunggu sampai satu selesai, atau batalkan satu.", "Wait until one has ended, or call one off.")


class ImportAsked(BaseModel):
    """What a file holds, and whether to keep it."""

    model_config = ConfigDict(extra="forbid")

    kind: str = Field(max_length=40, description="What a row is, such as `boards`", examples=["boards"])
    mode: ImportMode = Field(description="`check` gives the verdicts that `commit` would, and keeps no item")


class ImportView(BaseModel):
    """An import; its rows are waiting, accepted, existing, refused or withdrawn, which adds up."""

    id: UUID = Field(description="Also that of its job")
    kind: str
    mode: ImportMode
    rows: int = Field(description="Rows of the file that hold something")
    state: JobState = Field(description="Of its job; once `cancelled` or `failed`, waiting rows stay waiting")
    waiting: int = Field(description="Not judged yet; 0 once succeeded")
    accepted: int = Field(description="New items; in a check, rows that would become one")
    existing: int = Field(description="Rows whose id names an item with this content already")
    refused: int
    withdrawn: int = Field(description="Accepted, and taken back when the import was undone")
    version: int
    recorded_at: datetime
    changed_at: datetime


class RowFault(BaseModel):
    """One wrong place of a row."""

    column: str | None = Field(description="Header in the template; null when it is about the whole row")
    code: str = Field(description="As in the problem of a single POST")
    message: str = Field(description="In the language asked for")


class RowView(BaseModel):
    """What became of a row."""

    number: int = Field(description="The row's number in the sheet; the headers are row 1")
    verdict: RowVerdict
    item_id: UUID | None = Field(description="The item that it made or named; null while there is none")
    faults: list[RowFault]


class ImportQuery(PageQuery):
    """Filters of the list of imports."""


class RowQuery(PageQuery):
    """Filters of an import's rows."""

    verdict: RowVerdict | None = None


def _tables(request: Request) -> tuple[Table, Table]:
    return request.app.state.tables.imports, request.app.state.tables.import_rows


def _importable(request: Request, kind: str) -> Importable | None:
    importing: Importing = request.app.state.importing
    return importing.by_kind.get(kind)


def import_view(row: Any) -> dict[str, Any]:
    """Return a row as ImportView."""
    return {name: getattr(row, name) for name in ImportView.model_fields}


async def _own(connection: Any, imports: Table, import_id: UUID, caller: Caller) -> Row[Any]:
    mine = imports_of(imports, caller.account_id).where(imports.c.id == import_id)
    row: Row[Any] | None = (await connection.execute(mine)).one_or_none()
    if row is None:
        raise ResourceNotFound
    return row


async def _sent(
    by: SignedIn, request: Request, asked: Annotated[ImportAsked, Query()]
) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Read a file before the transaction begins: many rows take seconds."""
    importable = _importable(request, asked.kind)
    if importable is None:
        code, message = KNOWN["enum"]
        kinds = ", ".join(request.app.state.importing.by_kind)
        raise QueryInvalid(faults=[Fault("/kind", code, message, {"expected": kinds})], count=1)
    if not by.may(importable.scope):
        raise ScopeMissing(scope=importable.scope, members={"scope": [importable.scope]})
    form = form_of(request.headers.get("content-type", ""))
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise FileTooLarge
    content = await request.body()
    secret = request.app.state.settings.hmac_key
    async with AT_ONCE:
        return await asyncio.to_thread(lambda: kept_rows(importable, read_apart(content, form), secret=secret))


SentRows = Annotated[tuple[dict[str, str], list[dict[str, Any]]], Depends(_sent)]


async def begin_import(  # noqa: PLR0917 - a route's signature says who, on what, with which body
    by: SignedIn,
    asked: Annotated[ImportAsked, Query()],
    sent: SentRows,
    session: Writing,
    request: Request,
    now: Now,
) -> Response:
    """Send a file: its rows are judged by a job, whose id is the import's own."""
    importable = _importable(request, asked.kind)
    assert importable is not None  # noqa: S101 - refused before, where the file is read
    jobs: Jobs = request.app.state.jobs
    if await jobs.open_of(session, WORK, by=by) >= MOST_OPEN:
        raise TooManyOpenImports(most=MOST_OPEN, retry_after=RETRY_SECONDS)
    job = await jobs.begin(session, WORK, {"kind": asked.kind, "mode": asked.mode}, by=by, now=now)
    await keep(session, _tables(request), importable, sent, import_id=job.id, mode=asked.mode, by=by, now=now)
    return accepted(request, job)


async def list_imports(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[ImportQuery, Query()]
) -> Response:
    """List one's own imports of the last 30 days, the latest first."""
    imports, _ = _tables(request)
    order = Order(imports.c.id, UUID, imports.c.id, descending=True)
    statement = imports_of(imports, caller.account_id)
    return await page(request, connection, statement, query=query, order=order, shape=import_view)


async def read_import(id: UUID, request: Request, caller: SignedIn, connection: Reading) -> Response:
    """Read how far one of one's own imports is."""
    imports, _ = _tables(request)
    return item_reply(request, import_view(await _own(connection, imports, id, caller)))


def row_view(row: Any, *, language: Language, mode: str) -> dict[str, Any]:
    """Return a row as RowView."""
    there = row.verdict == RowVerdict.EXISTING or (row.verdict == RowVerdict.ACCEPTED and mode == ImportMode.COMMIT)
    return {
        "number": row.number,
        "verdict": row.verdict,
        "item_id": row.item_id if there else None,
        "faults": [
            {"column": one["column"], "code": one["code"], "message": one[language]}
            for one in (row.faults if row.verdict == RowVerdict.REFUSED else [])
        ],
    }


async def list_import_rows(
    id: UUID, request: Request, caller: SignedIn, connection: Reading, query: Annotated[RowQuery, Query()]
) -> Response:
    """List what became of each row, and what is wrong in which column."""
    imports, rows = _tables(request)
    statement = (
        select(rows.c.number.label("id"), rows.c.number, rows.c.verdict, rows.c.item_id, rows.c.faults, imports.c.mode)
        .join(imports, imports.c.id == rows.c.import_id)
        .where(imports.c.id == id, imports.c.account == caller.account_id)
    )
    if query.verdict is not None:
        statement = statement.where(rows.c.verdict == query.verdict)
    language = language_of(request.headers.get("accept-language"))
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=Order(rows.c.number, int, rows.c.number, identity_kind=int),
        shape=lambda row: row_view(row, language=language, mode=row.mode),
        of=imports_of(imports, caller.account_id).where(imports.c.id == id),
    )


async def read_corrections(id: UUID, request: Request, caller: SignedIn, connection: Snapshot, now: Now) -> Response:
    """Download the refused rows as CSV, each with what is wrong; mended it can be sent as it is.

    Of an import that ended before its last row, those that were never judged stand there, too. What tells who somebody
    is stays empty for whoever may not read that, and leaves an entry for whoever may.
    """
    imports, rows = _tables(request)
    known_as = await _own(connection, imports, id, caller)
    wanted = [RowVerdict.REFUSED, *([] if known_as.state in OPEN else [RowVerdict.WAITING])]
    left = select(rows).where(rows.c.import_id == id, rows.c.verdict.in_(wanted))
    found = (await connection.execute(left.order_by(rows.c.number))).all()
    importable = _importable(request, known_as.kind)
    restricted = {one.field: one.restricted for one in importable.columns if one.restricted} if importable else {}
    hidden = {field for field, scope in restricted.items() if not caller.may(scope)}
    if importable is not None and hidden != restricted.keys():
        async with database_of(request).transaction() as session:
            Sight(connection, caller, now, session).noting(importable.reading, f"imports/{id}")(found)
    language = language_of(request.headers.get("accept-language"))
    vault = vault_of(request.app.state.settings.hmac_key)
    content = await asyncio.to_thread(
        corrections, known_as.headers, found, language=language, vault=vault, hidden=hidden
    )
    headers = {"Content-Disposition": f'attachment; filename="{known_as.kind}-{id}.csv"'}
    return stored_nowhere(reply(request, content, media_type=CSV, headers=headers))


async def read_import_template(kind: str, request: Request, _caller: Anyone) -> Response:
    """Download the template of a kind: XLSX with an example and an explanation, or CSV when Accept asks for it."""
    importable = _importable(request, kind)
    if importable is None:
        raise ResourceNotFound
    form = CSV if CSV in request.headers.get("accept", "") else XLSX
    headers = {"Content-Disposition": f'attachment; filename="{kind}.{"csv" if form == CSV else "xlsx"}"'}
    return reply(request, template(importable, form), media_type=form, headers=headers)


async def _to_undo(id: UUID, request: Request, by: SignedIn, session: Writing) -> Row[Any]:
    """Give the caller's import of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    imports, _ = _tables(request)
    mine = imports_of(imports, by.account_id).where(imports.c.id == id)
    row: Row[Any] | None = (await session.execute(mine.with_for_update(of=imports))).one_or_none()
    if row is None:
        raise ResourceNotFound
    if row.version != version:
        raise VersionStale(version=row.version, members={"current": import_view(row)})
    return row


ImportToUndo = Annotated[Row[Any], Depends(_to_undo)]


async def undo_import(by: SignedIn, request: Request, session: Writing, known_as: ImportToUndo, now: Now) -> Response:
    """Take back all that an import made, as long as nothing of it was changed and nothing depends on it."""
    importable = _importable(request, known_as.kind)
    if importable is None:
        raise ResourceNotFound
    if not by.may(importable.scope):
        raise ScopeMissing(scope=importable.scope, members={"scope": [importable.scope]})
    tables = _tables(request)
    await undo(session, tables, importable, known_as, by=by, now=now)
    return saved(import_view(await _own(session, tables[0], known_as.id, by)))


def import_router(service: str) -> APIRouter:
    """Return the routes of imports."""
    routes = router(f"/{service}/v1/imports", tags=["imports"], largest_body=ROOM_FOR_A_FILE)
    binary: dict[int | str, dict[str, Any]] = {200: {"content": {CSV: FILE}}}
    either: dict[int | str, dict[str, Any]] = {200: {"content": {XLSX: FILE, CSV: FILE}}}
    routes.get("/templates/{kind}", response_class=Response, responses=either)(read_import_template)
    routes.get("", response_model=Page[ImportView])(list_imports)
    routes.post("", status_code=202, response_model=JobView, openapi_extra=FILE_BODY)(begin_import)
    routes.get("/{id}", response_model=ImportView)(read_import)
    routes.get("/{id}/rows", response_model=Page[RowView])(list_import_rows)
    routes.get("/{id}/corrected", response_class=Response, responses=binary)(read_corrections)
    routes.post("/{id}/undo", response_model=ImportView)(undo_import)
    return routes

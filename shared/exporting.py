"""Whole lists: every matching row in one stream of constant memory, with a receipt that tells whether all of it came.

The stream reads one moment of the database on a connection of its own. When it breaks, the connection breaks with it,
so that no client takes half for whole; and the receipt says rows and digest of what was sent, or that it broke.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from psycopg.rows import namedtuple_row
from pydantic import BaseModel, Field
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Uuid,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.clock import read_clock
from shared.columns import ColumnKind, columns_of
from shared.database import Database, Reading, database_of
from shared.errors import Malformed, ResourceNotFound, Text
from shared.forms import FORMS, Form
from shared.identity import new_id
from shared.log import log
from shared.mediatypes import GIVEN
from shared.permissions import Anyone, Caller
from shared.replies import reply, to_json
from shared.routing import router
from shared.statements import write

ROWS_AT_ONCE = 1_000
KEPT = timedelta(days=30)

Shape = Callable[[Any], Mapping[str, Any]]


class ExportState(StrEnum):
    """How far an export came."""

    RUNNING = "running"
    COMPLETE = "complete"
    BROKEN = "broken"


class PagesUnwanted(Malformed):
    code = "export.no_pages"
    title = Text("Daftar utuh tanpa halaman", "A whole list has no pages")
    detail = Text(
        "Daftar utuh memuat semua baris: `limit` dan `cursor` tidak berlaku.",
        "A whole list holds every row: `limit` and `cursor` do not apply.",
    )
    fix = Text("Hilangkan keduanya, atau minta application/json.", "Leave both out, or ask for application/json.")


def exports_table(metadata: MetaData) -> Table:
    """Declare the receipts of exports: who took which list, and how much of it was sent."""
    return Table(
        "exports",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("account", Uuid),
        Column("operation", String(80), nullable=False),
        Column("form", String(40), nullable=False),
        Column("state", String(20), nullable=False),
        Column("rows", BigInteger),
        Column("size", BigInteger),
        Column("digest", LargeBinary),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("ended_at", DateTime(timezone=True)),
        CheckConstraint("state IN ('running', 'complete', 'broken')", name="state"),
        CheckConstraint("(state = 'complete') = (digest IS NOT NULL AND rows IS NOT NULL)", name="proven"),
        Index("ix_exports_recorded_at", "recorded_at"),
        info={"class": "local"},
    )


class ExportView(BaseModel):
    """A receipt: what was sent, to be compared with what arrived."""

    id: UUID
    operation: str = Field(description="The list's operation, as in the dictionary")
    form: str
    state: ExportState = Field(description="`complete` only when the last byte was handed over")
    rows: int | None = Field(description="Rows sent; null until complete")
    size: int | None = Field(description="Bytes sent, before any compression on the way; null until complete")
    sha256: str | None = Field(description="SHA-256 of those bytes, in hex; null until complete")
    recorded_at: datetime
    ended_at: datetime | None


class ColumnView(BaseModel):
    """One column of a list in CSV or Parquet."""

    name: str
    kind: ColumnKind
    nullable: bool
    choices: list[str] | None = Field(description="Values it may have; null where any of its kind")
    description: str


class DictionaryView(BaseModel):
    """What the columns of a list mean."""

    operation: str
    columns: list[ColumnView]


@dataclass(slots=True)
class _Sending:
    """What was sent so far."""

    form: Form
    rows: int = 0
    size: int = 0
    digest: Any = field(default_factory=hashlib.sha256)

    def counted(self, piece: bytes) -> bytes:
        self.size += len(piece)
        self.digest.update(piece)
        return piece


async def _pieces(
    connection: AsyncConnection, statement: Select[Any], values: Mapping[str, Any], sending: _Sending, shape: Shape
) -> AsyncIterator[bytes]:
    written = write(statement, connection.dialect)
    held: Any = connection.sync_connection
    driver = held.connection.driver_connection
    async with driver.cursor(name="export", row_factory=namedtuple_row) as cursor:
        await cursor.execute(written.sql, {**written.values, **values}, binary=True)
        while rows := await cursor.fetchmany(ROWS_AT_ONCE):
            sending.rows += len(rows)
            if piece := sending.form.piece([shape(row) for row in rows]):
                yield sending.counted(piece)
            # Others are answered between two pieces.
            await asyncio.sleep(0)
    yield sending.counted(sending.form.end())


async def _noted(database: Database, table: Table, export_id: UUID, state: ExportState, sending: _Sending) -> None:
    proof: dict[str, Any] = {}
    if state is ExportState.COMPLETE:
        proof = {"rows": sending.rows, "size": sending.size, "digest": sending.digest.digest()}
    async with database.transaction() as session:
        ended = {"state": state, "ended_at": read_clock(), **proof}
        await session.execute(update(table).where(table.c.id == export_id).values(**ended))


async def whole_list(
    request: Request,
    statement: Select[Any],
    *,
    form: str,
    shape: Shape,
    values: Mapping[str, Any],
    position: int,
    seen: Callable[[Sequence[Any]], None] | None,
) -> Response:
    """Answer every row of a list, already in its order, in one stream; `seen` is told of how many before it begins."""
    database, state, route = database_of(request), request.app.state, request.scope["route"]
    table: Table = state.tables.exports
    caller: Caller = request.state.caller
    stack = AsyncExitStack()
    connection = await stack.enter_async_context(database.export())
    export_id = new_id()
    row = {
        "id": export_id,
        "account": caller.account_id,
        "operation": route.name,
        "form": form,
        "state": ExportState.RUNNING,
        "recorded_at": read_clock(),
    }
    try:
        if seen is not None:
            # In the moment that the stream will read, so that as many are noted as are sent.
            counted = select(func.count()).select_from(statement.order_by(None).subquery())
            written = write(counted, connection.dialect)
            total = await connection.exec_driver_sql(written.sql, {**written.values, **values})
            seen(range(total.scalar_one()))
        async with database.transaction() as session:
            await session.execute(insert(table).values(row))
    except BaseException:
        await stack.aclose()
        raise
    sending = _Sending(FORMS[form](columns_of(item_model(route), state.meanings)))

    async def stream() -> AsyncIterator[bytes]:
        ended = ExportState.BROKEN
        try:
            async with stack:
                async for piece in _pieces(connection, statement, values, sending, shape):
                    yield piece
            ended = ExportState.COMPLETE
        except Exception as error:
            log.error("export.broken", list=route.name, exc_info=error)
            raise
        finally:
            await asyncio.shield(_noted(database, table, export_id, ended, sending))

    ending = next(ending for ending, media in GIVEN.items() if media == form)
    headers = {
        "Journal-Position": str(position),
        "Export-Id": str(export_id),
        "Cache-Control": "private, no-store",
        "Vary": "Authorization, Accept-Language, Accept",
        "Link": f'</{state.service}/v1/dictionary/{route.name}>; rel="describedby"',
        "Content-Disposition": f'attachment; filename="{route.name.removeprefix("list_")}.{ending}"',
    }
    return StreamingResponse(stream(), media_type=form, headers=headers)


def item_model(route: Any) -> type[BaseModel]:
    """Return the view that a list's items have."""
    (model,) = route.response_model.model_fields["items"].annotation.__args__
    kind: type[BaseModel] = model
    return kind


def is_list(route: Any) -> bool:
    """Tell whether a route answers pages of a list."""
    fields = getattr(getattr(route, "response_model", None), "model_fields", {})
    return {"items", "next"} <= fields.keys() and "limit" in getattr(route, "parameters", ())


async def read_export(id: UUID, request: Request, _caller: Anyone, connection: Reading) -> Response:
    """Read the receipt of an export; its id is known only to who took it."""
    table = request.app.state.tables.exports
    row = (await connection.execute(select(table).where(table.c.id == id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    names = ("id", "operation", "form", "state", "rows", "size", "recorded_at", "ended_at")
    digest = bytes(row.digest).hex() if row.digest is not None else None
    body = {name: getattr(row, name) for name in names} | {"sha256": digest}
    return Response(to_json(body), media_type="application/json", headers={"Cache-Control": "no-store"})


async def read_dictionary(name: str, request: Request, _caller: Anyone) -> Response:
    """Read what the columns of a list mean: the name is the list's operation, such as list_boards."""
    route = next((one for one in request.app.routes if is_list(one) and one.name == name), None)
    if route is None:
        raise ResourceNotFound
    columns = [
        {
            "name": one.name,
            "kind": one.kind,
            "nullable": one.nullable,
            "choices": one.choices or None,
            "description": one.description,
        }
        for one in columns_of(item_model(route), request.app.state.meanings)
    ]
    return reply(request, to_json({"operation": name, "columns": columns}))


async def forget_old_exports(session: AsyncSession, table: Table, *, now: datetime) -> None:
    """Delete receipts that are older than the promise."""
    await session.execute(delete(table).where(table.c.recorded_at < now - KEPT))


def export_router(service: str) -> APIRouter:
    """Return the routes that prove and explain a whole list."""
    routes = router(f"/{service}/v1", tags=["whole lists"])
    routes.get("/exports/{id}", response_model=ExportView)(read_export)
    routes.get("/dictionary/{name}", response_model=DictionaryView)(read_dictionary)
    return routes

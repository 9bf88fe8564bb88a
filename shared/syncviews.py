"""Offline sync over HTTP, in WatermelonDB's protocol: its size, pull, push, and the conflicts that a push left."""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared import conflicts as keeping
from shared.clock import Now
from shared.conflicts import Choice, Sealed, Stale
from shared.database import Database, Reading, database_of
from shared.errors import ResourceNotFound
from shared.items import Body
from shared.journal import Audience
from shared.lists import Order, Page, PageQuery, page
from shared.permissions import SignedIn
from shared.problems import document, language_of
from shared.pulling import (
    ResetRequired,
    begin_copy,
    changes_after,
    holder,
    measure,
    require_readable,
    standing,
)
from shared.pushing import Push
from shared.replies import VersionStale, expected_version, saved, to_json
from shared.restricted import Restricted, Sight, stored_nowhere
from shared.routing import router
from shared.syncables import Kind, Syncing, SyncTables, Writable
from shared.writing import Writing

ROOM_FOR_A_PUSH = 4 * 1024 * 1024
"""Bytes of a body: what a phone gathers in weeks; the gateway says the same."""


class SyncColumnView(BaseModel):
    """A column, as a WatermelonDB schema names it."""

    name: str
    type: Kind
    isOptional: bool  # noqa: N815 - WatermelonDB's own word
    writable: Writable | None = Field(
        description="`created`: taken in a new record only; `always`: edited too; null: never"
    )


class SyncTableView(BaseModel):
    """A table that is carried."""

    name: str
    rows: int
    bytes: int
    columns: list[SyncColumnView]


class SyncView(BaseModel):
    """What a first pull would bring."""

    schema_version: int
    rows: int
    bytes: int = Field(description="Estimated, before compression")
    tables: list[SyncTableView]


class PullQuery(BaseModel):
    """How far the local copy is; `null` is taken as absent, as WatermelonDB sends it."""

    model_config = ConfigDict(extra="forbid")

    last_pulled_at: int | None = Field(None, ge=1, description="`timestamp` of the pull before; null for a first pull")
    schema_version: int | None = Field(None, description="Another than the server's gets 409 `sync.reset_required`")
    migration: str | None = Field(None, max_length=10_000, description="As WatermelonDB sends it; any begins anew")
    limit: int = Field(1000, ge=1, le=5000, description="Rows a page")

    @field_validator("last_pulled_at", "schema_version", "migration", mode="before")
    @classmethod
    def _null(cls, value: Any) -> Any:
        return None if value == "null" else value


class TableChanges(Body):
    """Records of one table; ids only of what was deleted."""

    created: list[dict[str, Any]] = Field([], description="Flat; lists and objects as JSON text")
    updated: list[dict[str, Any]] = Field([])
    deleted: list[str] = Field([])


class PulledView(BaseModel):
    """A page of changes."""

    changes: dict[str, TableChanges]
    timestamp: int = Field(description="`last_pulled_at` of the next pull: the journal's position + 1")
    more: bool = Field(description="Whether to pull again at once")


class PushQuery(BaseModel):
    """How far the local copy was when it was edited."""

    model_config = ConfigDict(extra="forbid")

    last_pulled_at: int = Field(ge=1)


class RejectedView(BaseModel):
    """A record that was not taken."""

    table: str
    id: str
    problem: dict[str, Any] = Field(description="As a single POST or PATCH would be refused")


class PushedView(BaseModel):
    """What was not taken; everything else was."""

    experimentalRejectedIds: dict[str, list[str]]  # noqa: N815 - WatermelonDB's own word
    rejected: list[RejectedView]


class SyncField(BaseModel):
    """A field that two wrote."""

    name: str
    mine: str | int | float | bool | None = Field(description="Pushed; null where it names people and may not be shown")
    theirs: str | int | float | bool | None = Field(description="What stood there")
    chosen: Choice | None


class SyncConflictView(BaseModel):
    """A record of one's own stale push."""

    id: UUID
    table: str
    record_id: UUID
    state: Literal["open", "settled"]
    position: int | None = Field(description="Of the last change by others; null when it had none yet")
    fields: list[SyncField]
    version: int
    recorded_at: Any
    changed_at: Any


class SyncConflictQuery(PageQuery):
    """Filters of one's own conflicts."""

    state: Literal["open", "settled"] | None = None


class Settlement(Body):
    """Whose value counts; fields may be settled one by one."""

    fields: dict[str, Choice] = Field(min_length=1)


def known_tables(request: Request) -> SyncTables:
    """Return the tables of the service that syncing reads and keeps."""
    tables, audiences = request.app.state.tables, request.app.state.audiences
    return SyncTables(
        entries=tables.journal_entries,
        head=tables.journal_head,
        places=tables.places,
        scopes=tables.sync_scopes,
        conflicts=tables.sync_conflicts,
        readings=tuple(sorted(action for action, audience in audiences.items() if audience is Audience.READINGS)),
    )


def _syncing(request: Request) -> Syncing:
    syncing: Syncing = request.app.state.syncing
    return syncing


def _most(request: Request) -> int:
    most: int = request.app.state.settings.sync_rows
    return most


async def read_sync(request: Request, caller: SignedIn, connection: Reading) -> Response:
    """Read what a first pull would bring, and the columns of each table, before anything is downloaded."""
    syncing = _syncing(request)
    tables = require_readable(syncing, caller)
    sizes = await measure(connection, tables, caller, most=_most(request))
    shown = [
        {
            "name": size.name,
            "rows": size.rows,
            "bytes": size.bytes,
            "columns": [
                {"name": one.name, "type": one.kind, "isOptional": one.optional, "writable": one.writable}
                for one in synced.fields.values()
            ],
        }
        for synced, size in zip(tables, sizes, strict=True)
    ]
    found = {
        "schema_version": syncing.version,
        "rows": sum(size.rows for size in sizes),
        "bytes": sum(size.bytes for size in sizes),
        "tables": shown,
    }
    return stored_nowhere(Response(to_json(found), media_type="application/json"))


async def pull_changes(request: Request, caller: SignedIn, query: Annotated[PullQuery, Query()], now: Now) -> Response:
    """Pull what changed since a timestamp: WatermelonDB's `pullChanges`. Pull again while `more` is true.

    409 `sync.reset_required`: empty the local database and begin anew. Whoever is shown names leaves an entry.
    """
    syncing, known = _syncing(request), known_tables(request)
    tables = require_readable(syncing, caller)
    if query.schema_version not in (None, syncing.version) or query.migration is not None:
        raise ResetRequired
    database: Database = database_of(request)
    async with database.transaction(one_moment=True) as session:
        found = await standing(session, known, syncing, caller, turn=True)
        if query.last_pulled_at is None:
            await measure(session, tables, caller, most=_most(request))
            base, since = await begin_copy(session, known, found, caller, now=now), 0
        else:
            since = found.position(query.last_pulled_at)
            base = query.last_pulled_at - since - 1
        pulled = await changes_after(session, known, tables, caller, since=since, head=found.head, rows=query.limit)
        sight = Sight(await session.connection(), caller, now, session)
        for name, rows in pulled.shown.items():
            hidden = syncing.by_name[name].hidden
            if hidden is not None:
                sight.noting(hidden.action, name, query)(rows)
    reply = {"changes": pulled.changes, "timestamp": base + pulled.end + 1, "more": pulled.more}
    return stored_nowhere(Response(to_json(reply), media_type="application/json"))


async def push_changes(  # noqa: PLR0917 - a route's signature says who, on what, with which body
    by: SignedIn,
    session: Writing,
    request: Request,
    query: Annotated[PushQuery, Query()],
    changes: dict[str, TableChanges],
    now: Now,
) -> Response:
    """Push what was written offline: WatermelonDB's `pushChanges`. Each record is judged as its own POST or PATCH.

    409 `sync.stale`: somebody else changed what is pushed; nothing took effect, what differs is kept as conflicts.
    """
    syncing, known = _syncing(request), known_tables(request)
    require_readable(syncing, by)
    found = await standing(session, known, syncing, by)
    push = Push(session, known, syncing, by, now, found.position(query.last_pulled_at))
    await push.take(changes)
    if push.clashes:
        await session.rollback()
        session.info.pop("journal", None)
        async with database_of(request).transaction() as kept:
            await keeping.keep(kept, known.conflicts, push.clashes, account=holder(by), now=now)
        raise Stale(count=len({(one.table, one.id) for one in push.clashes}))
    language = language_of(request.headers.get("accept-language"))
    service, instance = request.app.state.service, request.url.path
    ids: dict[str, list[str]] = {}
    for one in push.rejected:
        if one.id not in ids.setdefault(one.table, []):
            ids[one.table].append(one.id)
    rejected = [
        {
            "table": one.table,
            "id": one.id,
            "problem": document(one.refusal, service=service, language=language, instance=instance),
        }
        for one in push.rejected
    ]
    reply = to_json({"experimentalRejectedIds": ids, "rejected": rejected})
    return stored_nowhere(Response(reply, media_type="application/json"))


def _conflict_view(secret: bytes, syncing: Syncing, *, unmasked: bool) -> Callable[[Any], Mapping[str, Any]]:
    sealing = Sealed(secret)

    def view(row: Any) -> dict[str, Any]:
        synced = syncing.by_name.get(row.kind)
        fields = []
        for name, one in sealing.opened(row).items():
            shown = synced is not None and synced.shown(name, unmasked=unmasked)
            fields.append({"name": name} | one | ({} if shown else {"mine": None, "theirs": None}))
        return {
            "id": row.id,
            "table": row.kind,
            "record_id": row.record_id,
            "state": "open" if row.settled_at is None else "settled",
            "position": row.position,
            "fields": fields,
            "version": row.version,
            "recorded_at": row.recorded_at,
            "changed_at": row.changed_at,
        }

    return view


def _masked(request: Request) -> Callable[[Any], Mapping[str, Any]]:
    return _conflict_view(request.app.state.settings.hmac_key, _syncing(request), unmasked=False)


async def _own_conflict(session: AsyncSession, request: Request, conflict_id: UUID, by: SignedIn) -> Row[Any]:
    table = known_tables(request).conflicts
    mine = select(table).where(table.c.id == conflict_id, table.c.account == holder(by))
    row = (await session.execute(mine.with_for_update())).one_or_none()
    if row is None:
        raise ResourceNotFound
    return row


async def _to_settle(id: UUID, request: Request, by: SignedIn, session: Writing) -> Row[Any]:
    """Give the caller's conflict of the path, locked, in the version the caller last saw."""
    version = expected_version(request.headers.get("if-match"))
    row = await _own_conflict(session, request, id, by)
    if row.version != version:
        raise VersionStale(version=row.version, members={"current": _masked(request)(row)})
    return row


ConflictToSettle = Annotated[Row[Any], Depends(_to_settle)]


async def settle_sync_conflict(  # noqa: PLR0917 - a route's signature says who, on what, with which body
    by: SignedIn, request: Request, session: Writing, conflict: ConflictToSettle, settlement: Settlement, now: Now
) -> Response:
    """Settle fields of a conflict: what is chosen is written where something else stands, as PATCH would."""
    push = Push(session, known_tables(request), _syncing(request), by, now, since=0)
    await keeping.settle(push, conflict, settlement.fields)
    return saved(_masked(request)(await _own_conflict(session, request, conflict.id, by)))


def sync_router(service: str, syncing: Syncing) -> APIRouter:
    """Return the routes of offline sync."""
    routes = router(f"/{service}/v1/sync", tags=["sync"], largest_body=ROOM_FOR_A_PUSH)
    sight_of_names = Annotated[Sight, Depends(Restricted(*syncing.hidden_scopes), scope="function")]
    actions = sorted({one.hidden.action for one in syncing.tables if one.hidden is not None})

    async def list_sync_conflicts(
        request: Request,
        caller: SignedIn,
        sight: sight_of_names,
        query: Annotated[SyncConflictQuery, Query()],
    ) -> Response:
        """List the conflicts of one's own stale pushes, the latest first; kept for 30 days."""
        table = known_tables(request).conflicts
        statement = select(table).where(table.c.account == holder(caller))
        if query.state is not None:
            opened = table.c.settled_at.is_(None)
            statement = statement.where(opened if query.state == "open" else ~opened)
        known: Sight = sight

        def seen(rows: Sequence[Any]) -> None:
            for action in actions if rows else ():
                known.noting(action, "sync/conflicts", query)(rows)

        shape = _conflict_view(request.app.state.settings.hmac_key, syncing, unmasked=known.unmasked)
        order = Order(table.c.id, UUID, table.c.id, descending=True)
        return await page(request, known.connection, statement, query=query, order=order, shape=shape, seen=seen)

    routes.get("", response_model=SyncView)(read_sync)
    routes.get("/pull", response_model=PulledView)(pull_changes)
    routes.post("/push", response_model=PushedView)(push_changes)
    routes.get("/conflicts", response_model=Page[SyncConflictView])(list_sync_conflicts)
    routes.post("/conflicts/{id}/settlement", response_model=SyncConflictView)(settle_sync_conflict)
    return routes

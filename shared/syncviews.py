"""Offline sync over HTTP, in WatermelonDB's protocol: its size, pull, push, and the conflicts that a push left."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, field_validator

from shared.clock import Now
from shared.conflicts import Stale, keep
from shared.conflictviews import add_conflict_routes
from shared.database import Database, Reading, database_of
from shared.items import Body
from shared.permissions import SignedIn
from shared.problems import document, language_of
from shared.pulling import (
    ResetRequired,
    all_sealed,
    begin_copy,
    changes_after,
    holder,
    measure,
    require_readable,
    standing,
)
from shared.pushing import Push, Rejected
from shared.replies import to_json
from shared.restricted import Sight, stored_nowhere
from shared.routing import router
from shared.syncables import Kind, Syncing, SyncTables, Writable
from shared.writing import Writing

ROOM_FOR_A_PUSH = 4 * 1024 * 1024
"""Bytes of a body: what a phone gathers in weeks; the gateway says the same."""

PATIENCE_SECONDS = 2.0
"""How long a pull waits for what was just accepted; sealing takes a fraction of it."""


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
    syncing, known = _syncing(request), SyncTables.of(request.app.state)
    tables = require_readable(syncing, caller)
    if query.schema_version not in (None, syncing.version) or query.migration is not None:
        raise ResetRequired
    database: Database = database_of(request)
    await all_sealed(database, request.app.state.head, known.entries, seconds=PATIENCE_SECONDS)
    async with database.transaction(one_moment=True) as session:
        found = await standing(session, known, syncing, caller, turn=True)
        if query.last_pulled_at is None:
            await measure(session, tables, caller, most=_most(request))
            base, since = await begin_copy(session, known, found, caller, now=now), 0
        else:
            if not found.goes_on(query.last_pulled_at):
                raise ResetRequired
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

    409 `sync.stale`: somebody else changed what is pushed; nothing took effect, what differs is kept as conflicts. A
    copy that has to begin anew cannot merge: of it only those records are rejected.
    """
    syncing, known = _syncing(request), SyncTables.of(request.app.state)
    require_readable(syncing, by)
    found = await standing(session, known, syncing, by)
    push = Push(session, known, syncing, by, now, found.position(query.last_pulled_at))
    await push.take(changes)
    if not found.goes_on(query.last_pulled_at):
        await keep(session, known.conflicts, push.clashes, account=holder(by), now=now)
        push.rejected += [Rejected(one.table, str(one.id), Stale(count=1)) for one in push.clashes]
    elif push.clashes:
        await session.rollback()
        session.info.pop("journal", None)
        async with database_of(request).transaction() as kept:
            await keep(kept, known.conflicts, push.clashes, account=holder(by), now=now)
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


def sync_router(service: str, syncing: Syncing) -> APIRouter:
    """Return the routes of offline sync."""
    routes = router(f"/{service}/v1/sync", tags=["sync"], largest_body=ROOM_FOR_A_PUSH)
    routes.get("", response_model=SyncView)(read_sync)
    routes.get("/pull", response_model=PulledView)(pull_changes)
    routes.post("/push", response_model=PushedView)(push_changes)
    add_conflict_routes(routes, syncing)
    return routes

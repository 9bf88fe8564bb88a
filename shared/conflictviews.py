"""Conflicts over HTTP: one's own, shown and settled field by field."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.clock import Now
from shared.conflicts import Choice, Sealed, settle
from shared.errors import ResourceNotFound
from shared.items import Body
from shared.lists import Order, Page, PageQuery, page
from shared.permissions import SignedIn
from shared.pulling import holder
from shared.pushing import Push
from shared.replies import VersionStale, expected_version, saved
from shared.restricted import Restricted, Sight
from shared.syncables import Syncing, SyncTables
from shared.writing import Writing


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
    recorded_at: datetime
    changed_at: datetime


class SyncConflictQuery(PageQuery):
    """Filters of one's own conflicts."""

    state: Literal["open", "settled"] | None = None


class Settlement(Body):
    """Whose value counts; fields may be settled one by one."""

    fields: dict[str, Choice] = Field(min_length=1)


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
    return _conflict_view(request.app.state.settings.hmac_key, request.app.state.syncing, unmasked=False)


async def _own_conflict(session: AsyncSession, request: Request, conflict_id: UUID, by: SignedIn) -> Row[Any]:
    table = SyncTables.of(request.app.state).conflicts
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
    push = Push(session, SyncTables.of(request.app.state), request.app.state.syncing, by, now, since=0)
    await settle(push, conflict, settlement.fields)
    return saved(_masked(request)(await _own_conflict(session, request, conflict.id, by)))


def add_conflict_routes(routes: APIRouter, syncing: Syncing) -> None:
    """Add the routes of conflicts to those of sync."""
    sight_of_names = Annotated[Sight, Depends(Restricted(*syncing.hidden_scopes), scope="function")]
    actions = sorted({one.hidden.action for one in syncing.tables if one.hidden is not None})

    async def list_sync_conflicts(
        request: Request,
        caller: SignedIn,
        sight: sight_of_names,
        query: Annotated[SyncConflictQuery, Query()],
    ) -> Response:
        """List the conflicts of one's own stale pushes, the latest first; kept for 30 days."""
        table = SyncTables.of(request.app.state).conflicts
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

    routes.get("/conflicts", response_model=Page[SyncConflictView])(list_sync_conflicts)
    routes.post("/conflicts/{id}/settlement", response_model=SyncConflictView)(settle_sync_conflict)

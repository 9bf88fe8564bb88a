"""Groups over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import GroupReader, GroupWriter
from services.registry.groups import queries, service
from services.registry.groups.models import Group
from services.registry.groups.schemas import GroupChange, GroupDraft, GroupQuery, GroupView
from shared.clock import Now
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/groups", tags=["groups"])

GroupToChange = Annotated[Group, Depends(to_change(Group, queries.one_group))]


@routes.get("", response_model=Page[GroupView])
async def list_groups(
    request: Request, caller: GroupReader, connection: Reading, query: Annotated[GroupQuery, Query()]
) -> Response:
    """List groups in the caller's own regions."""
    statement = queries.groups(query, caller)
    order = queries.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.group_view)


@routes.post("", status_code=201, response_model=GroupView)
async def record_group(by: GroupWriter, session: Writing, draft: GroupDraft, now: Now) -> Response:
    """Record a group."""
    group_id, new = await service.record_group(session, draft, by=by, now=now)
    group = await queries.one_group(session, group_id, by, now)
    return saved(group, status=201 if new else 200, location=f"{routes.prefix}/{group_id}")


@routes.get("/{id}", response_model=GroupView)
async def read_group(id: UUID, request: Request, caller: GroupReader, connection: Reading, now: Now) -> Response:
    """Read one group."""
    return item_reply(request, await queries.one_group(connection, id, caller, now))


@routes.patch("/{id}", response_model=GroupView)
async def change_group(
    by: GroupWriter, session: Writing, group: GroupToChange, change: GroupChange, now: Now
) -> Response:
    """Edit a group (JSON Merge Patch)."""
    await service.change_group(session, group, change, by=by, now=now)
    return saved(await queries.one_group(session, group.id, by, now))

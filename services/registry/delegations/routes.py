"""Delegations over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.delegations import queries, service
from services.registry.delegations.models import Delegation
from services.registry.delegations.schemas import (
    DelegationChange,
    DelegationDraft,
    DelegationQuery,
    DelegationView,
)
from services.registry.dependencies import Delegator
from shared.clock import Now
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import SignedIn
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/delegations", tags=["accounts"])

DelegationToChange = Annotated[Delegation, Depends(to_change(Delegation, queries.one_delegation))]


@routes.get("", response_model=Page[DelegationView])
async def list_delegations(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[DelegationQuery, Query()]
) -> Response:
    """List who does which work for the boards of the caller's regions, and what is delegated to the caller."""
    return await page(
        request,
        connection,
        queries.delegations(query, caller),
        query=query,
        order=queries.NEWEST_FIRST,
        shape=queries.delegation_view,
    )


@routes.post("", status_code=201, response_model=DelegationView)
async def delegate_work(by: Delegator, session: Writing, draft: DelegationDraft, now: Now) -> Response:
    """Let a volunteer or group officer do some of the board's work; it comes with their next token."""
    delegation_id, new = await service.delegate(session, draft, by=by, now=now)
    shown = await queries.one_delegation(session, delegation_id, by)
    return saved(shown, status=201 if new else 200, location=f"{routes.prefix}/{delegation_id}")


@routes.get("/{id}", response_model=DelegationView)
async def read_delegation(id: UUID, request: Request, caller: SignedIn, connection: Reading) -> Response:
    """Read one delegation."""
    return item_reply(request, await queries.one_delegation(connection, id, caller))


@routes.patch("/{id}", response_model=DelegationView)
async def change_delegation(
    by: Delegator, session: Writing, delegation: DelegationToChange, change: DelegationChange, now: Now
) -> Response:
    """Let a delegation end on another day (JSON Merge Patch)."""
    await service.change(session, delegation, change, by=by, now=now)
    return saved(await queries.one_delegation(session, delegation.id, by))


@routes.post("/{id}/revocation", response_model=DelegationView)
async def revoke_delegation(by: Delegator, session: Writing, delegation: DelegationToChange, now: Now) -> Response:
    """Take a delegation back; every service refuses the tokens that carry it within five seconds."""
    await service.revoke(session, delegation, by=by, now=now)
    return saved(await queries.one_delegation(session, delegation.id, by))

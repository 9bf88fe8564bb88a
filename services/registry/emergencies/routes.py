"""Emergencies over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import EmergencyDeclarer, EmergencyEnder, EmergencyTaker
from services.registry.emergencies import queries, service
from services.registry.emergencies.models import Emergency
from services.registry.emergencies.schemas import (
    EmergencyDraft,
    EmergencyQuery,
    EmergencyView,
    NewEmergencyView,
)
from services.registry.settings import Settings
from shared.clock import Now
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import SignedIn
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import SecretReply, Writing

routes = router("/registry/v1/emergencies", tags=["emergencies"])

EmergencyToChange = Annotated[Emergency, Depends(to_change(Emergency, queries.one_emergency))]


@routes.get("", response_model=Page[EmergencyView])
async def list_emergencies(
    request: Request, caller: SignedIn, connection: Reading, query: Annotated[EmergencyQuery, Query()], now: Now
) -> Response:
    """List the emergencies of the caller's regions, for supervisors and auditors, and the caller's own; newest first."""
    return await page(
        request,
        connection,
        queries.emergencies(query, caller, now=now),
        query=query,
        order=queries.NEWEST_FIRST,
        shape=queries.emergency_view,
    )


@routes.post("", status_code=201, response_model=NewEmergencyView)
async def declare_emergency(
    request: Request,
    by: EmergencyDeclarer,
    session: Writing,
    _secret: SecretReply,
    draft: EmergencyDraft,
    now: Now,
) -> Response:
    """Break the glass: a token in this reply reads what is restricted in one kelurahan, for one hour.

    The board's supervisors are told of it at once (`told` says who is where there is none), and every reading with
    it leaves an entry that names it.
    """
    settings: Settings = request.app.state.settings
    emergency_id, token, new = await service.declare(session, settings, draft, by=by, now=now)
    shown = await queries.one_emergency(session, emergency_id, by)
    return saved(shown | token, status=201 if new else 200, location=f"{routes.prefix}/{emergency_id}")


@routes.get("/{id}", response_model=EmergencyView)
async def read_emergency(id: UUID, request: Request, caller: SignedIn, connection: Reading) -> Response:
    """Read one emergency."""
    return item_reply(request, await queries.one_emergency(connection, id, caller))


@routes.post("/{id}/end", response_model=EmergencyView)
async def end_emergency(by: EmergencyEnder, session: Writing, emergency: EmergencyToChange, now: Now) -> Response:
    """End an emergency early; every service refuses its token within five seconds."""
    await service.end(session, emergency, by=by, now=now)
    return saved(await queries.one_emergency(session, emergency.id, by))


@routes.post("/{id}/acknowledgement", response_model=EmergencyView)
async def acknowledge_emergency(
    by: EmergencyTaker, session: Writing, emergency: EmergencyToChange, now: Now
) -> Response:
    """Take note of an emergency, as a supervisor or auditor of its kelurahan; without them, for the city."""
    await service.acknowledge(session, emergency, by=by, now=now)
    return saved(await queries.one_emergency(session, emergency.id, by))

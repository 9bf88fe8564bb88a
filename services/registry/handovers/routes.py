"""Handovers over HTTP: recorded for the facilitator who gives, acknowledged by the one who receives."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import FacilitatorReader, FacilitatorWriter
from services.registry.handovers import queries, service
from services.registry.handovers.models import Handover
from services.registry.handovers.schemas import AcknowledgementDraft, HandoverDraft, HandoverQuery, HandoverView
from shared.clock import Now
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/handovers", tags=["facilitators"])
of_facilitators = router("/registry/v1/facilitators", tags=["facilitators"])

HandoverToChange = Annotated[Handover, Depends(to_change(Handover, queries.one_handover))]


@of_facilitators.post("/{id}/handovers", status_code=201, response_model=HandoverView)
async def hand_over(by: FacilitatorWriter, session: Writing, id: UUID, draft: HandoverDraft, now: Now) -> Response:
    """Let some or all kelurahan of a facilitator pass to another, with what is in progress there.

    Both serve them until the receiver acknowledges. The receiver's account gains what the giver's account reaches.
    """
    handover_id, new = await service.hand_over(session, id, draft, by=by, now=now)
    handover = await queries.one_handover(session, handover_id, by, now)
    return saved(handover, status=201 if new else 200, location=f"{routes.prefix}/{handover_id}")


@routes.get("", response_model=Page[HandoverView])
async def list_handovers(
    request: Request, caller: FacilitatorReader, connection: Reading, query: Annotated[HandoverQuery, Query()]
) -> Response:
    """List the handovers of the caller's own regions, and those one gives or receives oneself."""
    statement = queries.handovers(query, caller)
    return await page(request, connection, statement, query=query, order=queries.RECORDED, shape=queries.handover_view)


@routes.get("/{id}", response_model=HandoverView)
async def read_handover(
    id: UUID, request: Request, caller: FacilitatorReader, connection: Reading, now: Now
) -> Response:
    """Read one handover."""
    return item_reply(request, await queries.one_handover(connection, id, caller, now))


@routes.post("/{id}/acknowledgement", response_model=HandoverView)
async def acknowledge_handover(
    by: FacilitatorReader, session: Writing, handover: HandoverToChange, draft: AcknowledgementDraft, now: Now
) -> Response:
    """Say as the receiver that one took over: the giver's assignments end, and what the giver's account may there."""
    await service.acknowledge(session, handover, draft, by=by, now=now)
    return saved(await queries.one_handover(session, handover.id, by, now))


@routes.post("/{id}/withdrawal", response_model=HandoverView)
async def withdraw_handover(by: FacilitatorWriter, session: Writing, handover: HandoverToChange, now: Now) -> Response:
    """Take back a handover that nobody has acknowledged yet."""
    await service.withdraw(session, handover, by=by, now=now)
    return saved(await queries.one_handover(session, handover.id, by, now))

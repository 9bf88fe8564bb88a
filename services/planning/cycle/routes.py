"""Residents' meetings over HTTP; they are made by the acts they decide, such as a plan's ratification."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.planning.cycle import queries
from services.planning.cycle.schemas import MeetingQuery, MeetingView
from shared.database import Reading
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply
from shared.routing import router

routes = router("/planning/v1/meetings", tags=["meetings"])


@routes.get("", response_model=Page[MeetingView])
async def list_meetings(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[MeetingQuery, Query()]
) -> Response:
    """List residents' meetings with their counted attendance; everyone sees all of them."""
    statement = queries.meetings(query, caller)
    order = queries.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.meeting_view)


@routes.get("/{id}", response_model=MeetingView)
async def read_meeting(id: UUID, request: Request, caller: Anyone, connection: Reading) -> Response:
    """Read one meeting."""
    return item_reply(request, await queries.one_meeting(connection, id, caller))

"""Indicators over HTTP: all of it public."""

from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response

from services.monitoring.indicators import queries
from services.monitoring.indicators.schemas import (
    DefinitionView,
    Explanation,
    RollUpQuery,
    RollUpView,
    ValueQuery,
    ValueView,
)
from shared.clock import Now
from shared.database import Reading, Snapshot
from shared.lists import Page, page
from shared.replies import reply, to_json
from shared.routing import router

routes = router("/monitoring/v1", tags=["indicators"])


@routes.get("/indicators", response_model=Page[DefinitionView])
async def list_indicators(request: Request) -> Response:
    """List what is measured: definition, rule, targets with their legal basis, and when there is no number."""
    items = [queries.definition_view(one) for one in queries.DEFINITIONS.values()]
    return reply(request, to_json({"items": items, "next": None}))


@routes.get("/values", response_model=Page[ValueView])
async def list_values(request: Request, connection: Reading, query: Annotated[ValueQuery, Query()]) -> Response:
    """List values by board and month, the newest month first."""
    statement = queries.values(query)
    return await page(request, connection, statement, query=query, order=queries.NEWEST_FIRST, shape=queries.value_view)


@routes.get("/values/{id}/explain", response_model=Explanation)
async def explain_value(id: UUID, request: Request, connection: Snapshot, now: Now) -> Response:
    """Explain a value: its definition, the records behind it, and what computing it anew gives now."""
    return reply(request, to_json(await queries.explanation(connection, id, now=now)))


@routes.get("/rollups", response_model=RollUpView)
async def read_rollup(request: Request, connection: Reading, query: Annotated[RollUpQuery, Query()]) -> Response:
    """Add an indicator up over a region: sum of numerators over sum of denominators."""
    return reply(request, to_json(await queries.rolled_up(connection, query)))

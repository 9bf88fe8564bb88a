"""Regions, their successions and the bridge to BPS over HTTP; everybody may read all of it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Path, Query, Request, Response

from services.registry.dependencies import RegionWriter
from services.registry.regions import queries, service
from services.registry.regions.schemas import (
    BridgeQuery,
    BridgeView,
    LineageQuery,
    LineageView,
    RegionQuery,
    RegionView,
    SuccessionDraft,
    SuccessionQuery,
    SuccessionView,
)
from shared.clock import Now, today
from shared.database import Reading
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.places import CODE
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/regions", tags=["regions"])
successions = router("/registry/v1/successions", tags=["regions"])

Code = Annotated[str, Path(pattern=CODE.pattern)]


@routes.get("", response_model=Page[RegionView])
async def list_regions(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[RegionQuery, Query()], now: Now
) -> Response:
    """List or search regions by code or name, as they are today or were `as_of` a day."""
    return await page(
        request,
        connection,
        queries.regions(query),
        query=query,
        order=queries.ORDERS[query.sort],
        shape=queries.region_view,
        parameters={"on": query.as_of or today(now)},
    )


@routes.get("/{code}", response_model=RegionView)
async def read_region(
    code: Code,
    request: Request,
    _caller: Anyone,
    connection: Reading,
    now: Now,
    as_of: Annotated[date | None, Query(description="What the code meant on this day; today when absent")] = None,
) -> Response:
    """Read one region; one that has ended says so in `valid`."""
    return item_reply(request, await queries.one_region(connection, code, on=as_of or today(now)))


@routes.get("/{code}/successors", response_model=Page[LineageView])
async def list_successors(
    code: Code, request: Request, _caller: Anyone, connection: Reading, query: Annotated[LineageQuery, Query()]
) -> Response:
    """List what a region became, act by act."""
    statement = queries.successors(code)
    order = queries.SUCCESSORS_FIRST
    return await page(
        request, connection, statement, query=query, order=order, shape=queries.lineage_view, of=queries.known(code)
    )


@routes.get("/{code}/predecessors", response_model=Page[LineageView])
async def list_predecessors(
    code: Code, request: Request, _caller: Anyone, connection: Reading, query: Annotated[LineageQuery, Query()]
) -> Response:
    """List what a region came from, act by act, the latest first."""
    statement = queries.predecessors(code)
    order = queries.PREDECESSORS_LATEST
    return await page(
        request, connection, statement, query=query, order=order, shape=queries.lineage_view, of=queries.known(code)
    )


@routes.get("/{code}/bridge", response_model=Page[BridgeView])
async def list_bridge(
    code: Code, request: Request, _caller: Anyone, connection: Reading, query: Annotated[BridgeQuery, Query()]
) -> Response:
    """List the codes that the statistics office (BPS) gave a region, with their dates."""
    statement = queries.bridge(code, query)
    order = queries.BRIDGE_LATEST
    shape, of = queries.bridge_view, queries.known(code)
    return await page(request, connection, statement, query=query, order=order, shape=shape, of=of)


@successions.get("", response_model=Page[SuccessionView])
async def list_successions(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[SuccessionQuery, Query()]
) -> Response:
    """List the acts of law that made other regions of some."""
    statement = queries.successions(query)
    order = queries.SUCCESSION_ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.succession_view)


@successions.post("", status_code=201, response_model=SuccessionView)
async def record_succession(by: RegionWriter, session: Writing, draft: SuccessionDraft, now: Now) -> Response:
    """Record an act of law: old regions end the day before, new ones begin, recorded rows follow the heir."""
    succession_id, new = await service.record_succession(session, draft, by=by, now=now)
    succession = await queries.one_succession(session, succession_id)
    return saved(succession, status=201 if new else 200, location=f"{successions.prefix}/{succession_id}")


@successions.get("/{id}", response_model=SuccessionView)
async def read_succession(id: UUID, request: Request, _caller: Anyone, connection: Reading) -> Response:
    """Read one succession."""
    return item_reply(request, await queries.one_succession(connection, id))

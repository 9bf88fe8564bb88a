"""Regions over HTTP."""

from typing import Annotated

from fastapi import Path, Query, Request, Response

from services.registry.regions import service
from services.registry.regions.schemas import RegionQuery, RegionView
from shared.database import Reading
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.places import CODE
from shared.replies import item_reply
from shared.routing import router

routes = router("/registry/v1/regions", tags=["regions"])


@routes.get("", response_model=Page[RegionView])
async def list_regions(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[RegionQuery, Query()]
) -> Response:
    """List or search regions by code or name."""
    statement = service.regions(query)
    order = service.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=service.region_view)


@routes.get("/{code}", response_model=RegionView)
async def read_region(
    code: Annotated[str, Path(pattern=CODE.pattern)], request: Request, _caller: Anyone, connection: Reading
) -> Response:
    """Read one region."""
    return item_reply(request, await service.one_region(connection, code))

"""Partners over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import PartnerWriter
from services.registry.partners import queries, service
from services.registry.partners.models import Partner
from services.registry.partners.schemas import PartnerChange, PartnerDraft, PartnerQuery, PartnerView
from shared.clock import Now
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/partners", tags=["partners"])

PartnerToChange = Annotated[Partner, Depends(to_change(Partner, queries.one_partner))]


@routes.get("", response_model=Page[PartnerView])
async def list_partners(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[PartnerQuery, Query()]
) -> Response:
    """List partners."""
    statement = queries.partners(query)
    order = queries.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.partner_view)


@routes.post("", status_code=201, response_model=PartnerView)
async def record_partner(by: PartnerWriter, session: Writing, draft: PartnerDraft, now: Now) -> Response:
    """Record a partner."""
    partner_id, new = await service.record_partner(session, draft, by=by, now=now)
    partner = await queries.one_partner(session, partner_id, by, now)
    return saved(partner, status=201 if new else 200, location=f"{routes.prefix}/{partner_id}")


@routes.get("/{id}", response_model=PartnerView)
async def read_partner(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one partner."""
    return item_reply(request, await queries.one_partner(connection, id, caller, now))


@routes.patch("/{id}", response_model=PartnerView)
async def change_partner(
    by: PartnerWriter, session: Writing, partner: PartnerToChange, change: PartnerChange, now: Now
) -> Response:
    """Edit a partner (JSON Merge Patch)."""
    await service.change_partner(session, partner, change, by=by, now=now)
    return saved(await queries.one_partner(session, partner.id, by, now))

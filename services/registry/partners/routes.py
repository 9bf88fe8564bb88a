"""Partners over HTTP."""

from functools import partial
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.dependencies import PartnerApprover, PartnerWriter, PersonalSight, PersonalVault
from services.registry.partners import queries, service
from services.registry.partners.models import Partner
from services.registry.partners.schemas import (
    ContactView,
    PartnerChange,
    PartnerDraft,
    PartnerQuery,
    PartnerView,
    VerificationDraft,
    VerificationQuery,
    VerificationView,
    WithdrawalDraft,
)
from shared.clock import AsOf, Now, end_of, today
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import Anyone, SignedIn
from shared.replies import item_reply, reply, saved, to_json
from shared.restricted import stored_nowhere
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/partners", tags=["partners"])

VERIFYING = "registry:partners:approve"

PartnerToChange = Annotated[Partner, Depends(to_change(Partner, queries.one_partner))]


@routes.get("", response_model=Page[PartnerView])
async def list_partners(
    request: Request, _caller: Anyone, connection: Reading, query: Annotated[PartnerQuery, Query()], now: Now
) -> Response:
    """List partners."""
    return await page(
        request,
        connection,
        queries.partners(query),
        query=query,
        order=queries.ORDERS[query.sort],
        shape=queries.partner_view,
        parameters={"on": query.as_of or today(now), "until": end_of(query.as_of or today(now))},
    )


@routes.post("", status_code=201, response_model=PartnerView)
async def record_partner(
    by: PartnerWriter, session: Writing, vault: PersonalVault, draft: PartnerDraft, now: Now
) -> Response:
    """Record a partner; it counts as verified once somebody else saw the evidence of who it is."""
    partner_id, new = await service.record_partner(session, draft, vault=vault, by=by, now=now)
    partner = await queries.one_partner(session, partner_id, by, now)
    return saved(partner, status=201 if new else 200, location=f"{routes.prefix}/{partner_id}")


@routes.get("/{id}", response_model=PartnerView)
async def read_partner(id: UUID, request: Request, caller: Anyone, connection: Reading, now: AsOf) -> Response:
    """Read one partner."""
    return item_reply(request, await queries.one_partner(connection, id, caller, now))


@routes.patch("/{id}", response_model=PartnerView)
async def change_partner(
    by: PartnerWriter,
    session: Writing,
    vault: PersonalVault,
    partner: PartnerToChange,
    change: PartnerChange,
    now: Now,
) -> Response:
    """Edit a partner (JSON Merge Patch); another name or number has to be verified anew."""
    await service.change_partner(session, partner, change, vault=vault, by=by, now=now)
    return saved(await queries.one_partner(session, partner.id, by, now))


@routes.post("/{id}/verification", response_model=PartnerView)
async def verify_partner(
    by: PartnerApprover, session: Writing, partner: PartnerToChange, draft: VerificationDraft, now: Now
) -> Response:
    """Note the evidence of who a partner is; nobody who recorded or changed it since may."""
    await service.verify(session, partner, draft, by=by, now=now)
    return saved(await queries.one_partner(session, partner.id, by, now))


@routes.post("/{id}/verification/withdrawal", response_model=PartnerView)
async def withdraw_partner_verification(
    by: PartnerApprover, session: Writing, partner: PartnerToChange, draft: WithdrawalDraft, now: Now
) -> Response:
    """Take a partner's verification back, and say why."""
    await service.withdraw_verification(session, partner, draft, by=by, now=now)
    return saved(await queries.one_partner(session, partner.id, by, now))


@routes.get("/{id}/verifications", response_model=Page[VerificationView])
async def list_partner_verifications(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[VerificationQuery, Query()]
) -> Response:
    """List the verifications of a partner, the latest first; who verifies partners sees by whom."""
    return await page(
        request,
        connection,
        queries.verifications(),
        query=query,
        order=queries.VERIFICATIONS_NEWEST_FIRST,
        shape=partial(queries.verification_view, full=caller.may(VERIFYING)),
        parameters={"partner": id},
        of=service.partner_of(id),
    )


@routes.get("/{id}/contact", response_model=ContactView)
async def read_partner_contact(
    id: UUID, request: Request, _caller: SignedIn, sight: PersonalSight, vault: PersonalVault
) -> Response:
    """Read who speaks for a partner, where one serves its seat and may read what names a person; it leaves an entry."""
    row = await queries.contact_row(sight.connection, id, sight.caller)
    shown = sight.unmasked and row.served and row.id is not None
    if shown:
        sight.noting("partners.read", f"partners/{id}")([row])
    found = reply(request, to_json(queries.contact_view(row, names=vault if shown else None)))
    return stored_nowhere(found)

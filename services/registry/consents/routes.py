"""Consents over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.registry.consents import queries, service
from services.registry.consents.models import Consent
from services.registry.consents.schemas import ConsentDraft, ConsentQuery, ConsentView, Withdrawal
from services.registry.dependencies import ConsentReader, ConsentWriter
from shared.clock import AsOf, Now, today
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/consents", tags=["consents"])

ConsentToChange = Annotated[Consent, Depends(to_change(Consent, queries.one_consent))]


@routes.get("", response_model=Page[ConsentView])
async def list_consents(
    request: Request, caller: ConsentReader, connection: Reading, query: Annotated[ConsentQuery, Query()], now: Now
) -> Response:
    """List consents in the caller's own regions."""
    return await page(
        request,
        connection,
        queries.consents(query, caller),
        query=query,
        order=queries.RECORDED,
        shape=queries.consent_view,
        parameters={"on": query.as_of or today(now)},
    )


@routes.post("", status_code=201, response_model=ConsentView)
async def give_consent(by: ConsentWriter, session: Writing, draft: ConsentDraft, now: Now) -> Response:
    """Record what a resident, or a board for its groups, allows."""
    consent_id, new = await service.give(session, draft, by=by, now=now)
    consent = await queries.one_consent(session, consent_id, by, now)
    return saved(consent, status=201 if new else 200, location=f"{routes.prefix}/{consent_id}")


@routes.get("/{id}", response_model=ConsentView)
async def read_consent(id: UUID, request: Request, caller: ConsentReader, connection: Reading, now: AsOf) -> Response:
    """Read one consent."""
    return item_reply(request, await queries.one_consent(connection, id, caller, now))


@routes.post("/{id}/withdrawal", response_model=ConsentView)
async def withdraw_consent(
    by: ConsentWriter, session: Writing, consent: ConsentToChange, draft: Withdrawal, now: Now
) -> Response:
    """Record that a consent was withdrawn: from that day on it allows nothing, at once."""
    await service.withdraw(session, consent, draft, by=by, now=now)
    return saved(await queries.one_consent(session, consent.id, by, now))

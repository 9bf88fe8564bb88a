"""Channeling over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.planning.channeling import money, queries, service
from services.planning.channeling.models import Agreement, Disbursement, Opportunity
from services.planning.channeling.schemas import (
    AcceptanceDraft,
    AgreementDraft,
    AgreementQuery,
    AgreementView,
    ClosureDraft,
    ConfirmationDraft,
    DisbursementDraft,
    DisbursementQuery,
    DisbursementsQuery,
    DisbursementView,
    OpportunityDraft,
    OpportunityQuery,
    OpportunityView,
    WithdrawalDraft,
)
from services.planning.dependencies import ChannelingWriter, Dealer, OfferWriter, Registry
from shared.clock import Now, today
from shared.database import Reading
from shared.items import one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import MoneyWriting, Writing

routes = router("/planning/v1/channeling", tags=["channeling"])

OpportunityToChange = Annotated[Opportunity, Depends(to_change(Opportunity, queries.one_opportunity))]
AgreementToChange = Annotated[Agreement, Depends(to_change(Agreement, queries.one_agreement))]
AgreementToExtend = Annotated[Agreement, Depends(to_extend(Agreement))]
DisbursementToChange = Annotated[Disbursement, Depends(to_change(Disbursement, queries.one_disbursement))]


@routes.get("/opportunities", response_model=Page[OpportunityView])
async def list_opportunities(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[OpportunityQuery, Query()], now: Now
) -> Response:
    """List what activities of ratified plans still lack; everyone sees all of it, and nobody's name."""
    return await page(
        request,
        connection,
        queries.opportunities(query, caller),
        query=query,
        order=queries.OPPORTUNITY_ORDERS[query.sort],
        shape=queries.opportunity_view,
        parameters={"on": today(now)},
    )


@routes.post("/opportunities", status_code=201, response_model=OpportunityView)
async def publish_opportunity(by: ChannelingWriter, session: Writing, draft: OpportunityDraft, now: Now) -> Response:
    """Publish what an activity of a ratified plan still lacks."""
    opportunity_id, new = await service.publish_opportunity(session, draft, by=by, now=now)
    opportunity = await queries.one_opportunity(session, opportunity_id, by, now)
    address = f"{routes.prefix}/opportunities/{opportunity_id}"
    return saved(opportunity, status=201 if new else 200, location=address)


@routes.get("/opportunities/{id}", response_model=OpportunityView)
async def read_opportunity(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one opportunity."""
    return item_reply(request, await queries.one_opportunity(connection, id, caller, now))


@routes.post("/opportunities/{id}/closure", response_model=OpportunityView)
async def close_opportunity(
    by: ChannelingWriter, session: Writing, opportunity: OpportunityToChange, draft: ClosureDraft, now: Now
) -> Response:
    """End the search; what was agreed stays agreed."""
    await service.close_opportunity(session, opportunity, draft, by=by, now=now)
    return saved(await queries.one_opportunity(session, opportunity.id, by, now))


@routes.get("/agreements", response_model=Page[AgreementView])
async def list_agreements(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[AgreementQuery, Query()]
) -> Response:
    """List agreements: everyone the agreed ones, both sides also their offers."""
    statement = queries.agreements(query, caller)
    order = queries.AGREEMENT_ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.agreement_view)


@routes.post("/agreements", status_code=201, response_model=AgreementView)
async def offer_agreement(
    by: Dealer, session: Writing, draft: AgreementDraft, registry: Registry, now: Now
) -> Response:
    """Offer to fund an opportunity, in whole or in part: a partner to the board, or the board to a partner."""
    agreement_id, new = await service.offer_agreement(session, draft, registry=registry, by=by, now=now)
    agreement = await queries.one_agreement(session, agreement_id, by, now)
    return saved(agreement, status=201 if new else 200, location=f"{routes.prefix}/agreements/{agreement_id}")


@routes.get("/agreements/{id}", response_model=AgreementView)
async def read_agreement(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one agreement."""
    return item_reply(request, await queries.one_agreement(connection, id, caller, now))


@routes.post("/agreements/{id}/acceptance", response_model=AgreementView)
async def accept_agreement(
    by: Dealer, session: Writing, agreement: AgreementToChange, draft: AcceptanceDraft, registry: Registry, now: Now
) -> Response:
    """Accept what the other side offered; nobody accepts for both sides, and nothing is promised twice."""
    await service.accept_agreement(session, agreement, draft, registry=registry, by=by, now=now)
    return saved(await queries.one_agreement(session, agreement.id, by, now))


@routes.post("/agreements/{id}/withdrawal", response_model=AgreementView)
async def withdraw_agreement(
    by: Dealer, session: Writing, agreement: AgreementToChange, draft: WithdrawalDraft, now: Now
) -> Response:
    """Take an offer back, or decline it, before it is accepted."""
    await service.withdraw_agreement(session, agreement, draft, by=by, now=now)
    return saved(await queries.one_agreement(session, agreement.id, by, now))


@routes.get("/agreements/{id}/disbursements", response_model=Page[DisbursementView])
async def list_agreement_disbursements(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[DisbursementsQuery, Query()]
) -> Response:
    """List what was sent under an agreement."""
    statement = queries.disbursements_of(id, query, caller)
    order = queries.DISBURSEMENTS_RECORDED
    of = one_of(Agreement, id, caller)
    return await page(request, connection, statement, query=query, order=order, shape=queries.disbursement_view, of=of)


@routes.post("/agreements/{id}/disbursements", status_code=201, response_model=DisbursementView)
async def send_disbursement(
    by: OfferWriter, session: MoneyWriting, agreement: AgreementToExtend, draft: DisbursementDraft, now: Now
) -> Response:
    """Record what the partner sent; it counts as received once the board confirms it."""
    disbursement_id, new = await money.send_money(session, agreement, draft, by=by, now=now)
    disbursement = await queries.one_disbursement(session, disbursement_id, by, now)
    address = f"{routes.prefix}/disbursements/{disbursement_id}"
    return saved(disbursement, status=201 if new else 200, location=address)


@routes.get("/disbursements", response_model=Page[DisbursementView])
async def list_disbursements(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[DisbursementQuery, Query()]
) -> Response:
    """List what partners sent and what boards confirmed; everyone sees the amounts."""
    statement = queries.disbursements(query, caller)
    order = queries.DISBURSEMENTS_RECORDED
    return await page(request, connection, statement, query=query, order=order, shape=queries.disbursement_view)


@routes.get("/disbursements/{id}", response_model=DisbursementView)
async def read_disbursement(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one disbursement."""
    return item_reply(request, await queries.one_disbursement(connection, id, caller, now))


@routes.post("/disbursements/{id}/confirmation", response_model=DisbursementView)
async def confirm_disbursement(
    by: ChannelingWriter,
    session: MoneyWriting,
    disbursement: DisbursementToChange,
    draft: ConfirmationDraft,
    now: Now,
) -> Response:
    """Confirm for the board what arrived; another amount than was sent is disputed, with a reason."""
    await money.confirm_money(session, disbursement, draft, by=by, now=now)
    return saved(await queries.one_disbursement(session, disbursement.id, by, now))

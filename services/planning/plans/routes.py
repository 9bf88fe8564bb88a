"""Plans over HTTP; their activities and their ratification are in the slice above."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.planning.dependencies import PlanWriter, Registry
from services.planning.plans import queries, service
from services.planning.plans.models import Plan
from services.planning.plans.schemas import PlanChange, PlanDraft, PlanQuery, PlanView
from shared.clock import Now
from shared.database import Reading
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/planning/v1/plans", tags=["plans"])

PlanToChange = Annotated[Plan, Depends(to_change(Plan, queries.one_plan))]


@routes.get("", response_model=Page[PlanView])
async def list_plans(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[PlanQuery, Query()]
) -> Response:
    """List plans: everyone the ratified ones, in the own regions also the drafts."""
    statement = queries.plans(query, caller)
    order = queries.ORDERS[query.sort]
    return await page(request, connection, statement, query=query, order=order, shape=queries.plan_view)


@routes.post("", status_code=201, response_model=PlanView)
async def draft_plan(by: PlanWriter, session: Writing, draft: PlanDraft, registry: Registry, now: Now) -> Response:
    """Draft a plan of a board in a kelurahan that the caller serves."""
    plan_id, new = await service.draft_plan(session, draft, registry=registry, by=by, now=now)
    plan = await queries.one_plan(session, plan_id, by, now)
    return saved(plan, status=201 if new else 200, location=f"{routes.prefix}/{plan_id}")


@routes.get("/{id}", response_model=PlanView)
async def read_plan(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one plan."""
    return item_reply(request, await queries.one_plan(connection, id, caller, now))


@routes.patch("/{id}", response_model=PlanView)
async def change_plan(by: PlanWriter, session: Writing, plan: PlanToChange, change: PlanChange, now: Now) -> Response:
    """Edit a plan (JSON Merge Patch) while it is a draft."""
    await service.change_plan(session, plan, change, by=by, now=now)
    return saved(await queries.one_plan(session, plan.id, by, now))

"""Activities over HTTP, within their plan and by themselves; and the ratification of a plan with them."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.planning.activities import queries, service
from services.planning.activities.models import Activity
from services.planning.activities.schemas import (
    ActivityChange,
    ActivityDraft,
    ActivityQuery,
    ActivityView,
    PlanActivityQuery,
)
from services.planning.cycle.service import MeetingDraft
from services.planning.dependencies import ActivityWriter, PlanApprover, Registry
from services.planning.plans import service as plans
from services.planning.plans.service import Plan, PlanView
from shared.clock import Now
from shared.database import Reading
from shared.items import one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

routes = router("/planning/v1/activities", tags=["activities"])
of_plans = router("/planning/v1/plans", tags=["plans"])


async def _plan_first(id: UUID, session: Writing, by: ActivityWriter) -> plans.Plan:
    return await service.plan_of(session, id, by=by)


PlanToExtend = Annotated[plans.Plan, Depends(to_extend(plans.Plan))]
PlanToRatify = Annotated[plans.Plan, Depends(to_change(plans.Plan, plans.one_plan))]
PlanOfActivity = Annotated[plans.Plan, Depends(_plan_first)]
ActivityToChange = Annotated[Activity, Depends(to_change(Activity, queries.one_activity))]


@of_plans.get("/{id}/activities", response_model=Page[ActivityView])
async def list_plan_activities(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[PlanActivityQuery, Query()]
) -> Response:
    """List a plan's activities by year and priority."""
    statement = queries.activities_of_plan(id, query, caller)
    order = queries.ORDERS_IN_PLAN[query.sort]
    of = one_of(Plan, id, caller)
    return await page(request, connection, statement, query=query, order=order, shape=queries.activity_view, of=of)


@of_plans.post("/{id}/activities", status_code=201, response_model=ActivityView)
async def draft_activity(
    by: ActivityWriter, session: Writing, plan: PlanToExtend, draft: ActivityDraft, now: Now
) -> Response:
    """Put an activity into a plan's draft."""
    activity_id, new = await service.draft_activity(session, plan, draft, by=by, now=now)
    activity = await queries.one_activity(session, activity_id, by, now)
    return saved(activity, status=201 if new else 200, location=f"{routes.prefix}/{activity_id}")


@of_plans.post("/{id}/ratification", response_model=PlanView)
async def ratify_plan(
    by: PlanApprover, session: Writing, plan: PlanToRatify, draft: MeetingDraft, registry: Registry, now: Now
) -> Response:
    """Record the residents' meeting (rembug warga) that accepted or refused a plan, with who attended.

    Nobody who touched the plan or its activities may; the plan and its activities become public.
    """
    await service.ratify_plan(session, plan, draft, registry=registry, by=by, now=now)
    return saved(await plans.one_plan(session, plan.id, by, now))


@routes.get("", response_model=Page[ActivityView])
async def list_activities(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[ActivityQuery, Query()]
) -> Response:
    """List activities: everyone those of ratified plans, in the own regions also the drafts."""
    statement = queries.activities(query, caller)
    return await page(request, connection, statement, query=query, order=queries.RECORDED, shape=queries.activity_view)


@routes.get("/{id}", response_model=ActivityView)
async def read_activity(id: UUID, request: Request, caller: Anyone, connection: Reading, now: Now) -> Response:
    """Read one activity."""
    return item_reply(request, await queries.one_activity(connection, id, caller, now))


@routes.patch("/{id}", response_model=ActivityView)
async def change_activity(
    by: ActivityWriter,
    session: Writing,
    plan: PlanOfActivity,
    activity: ActivityToChange,
    change: ActivityChange,
    now: Now,
) -> Response:
    """Edit an activity (JSON Merge Patch) while its plan is a draft."""
    await service.change_activity(session, activity, plan, change, by=by, now=now)
    return saved(await queries.one_activity(session, activity.id, by, now))

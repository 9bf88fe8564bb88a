"""Use cases of activities: put them into a plan's draft, edit them there, ratify them with it."""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Subquery, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.activities.models import Activity, funding_of
from services.planning.activities.queries import one_activity
from services.planning.activities.rules import (
    Act,
    ActivityState,
    Beneficiaries,
    PlanUnknown,
    ProblemElsewhere,
    require_valid_activity,
    state_after,
)
from services.planning.activities.schemas import ActivityChange, ActivityDraft, ActivityView, NamedActivity
from services.planning.clients.registry import RegistryClient
from services.planning.cycle import service as cycle
from services.planning.mapping import service as mapping
from services.planning.plans import service as plans
from shared.errors import ResourceNotFound
from shared.items import changes, claim, locked
from shared.journal import Audience, Change, record
from shared.permissions import Caller

__all__ = ["Act", "Activity", "ActivityState", "ActivityView", "advance", "one_activity", "state_after", "works"]

AUDIENCES = {
    "activity.drafted": Audience.REGION,
    "activity.changed": Audience.REGION,
    "activity.withdrawn": Audience.REGION,
    "activity.ratified": Audience.PUBLIC,
    "activity.started": Audience.PUBLIC,
    "activity.finished": Audience.PUBLIC,
    "activity.reopened": Audience.PUBLIC,
    "activity.handed_over": Audience.PUBLIC,
}
REACHED = {
    ActivityState.IN_PROGRESS: "activity.started",
    ActivityState.FINISHED: "activity.finished",
    ActivityState.HANDED_OVER: "activity.handed_over",
}
"""What is journaled when the works bring an activity into a state."""


def activity_record(activity: Activity) -> dict[str, Any]:
    """Return an activity as its journal keeps it; once it is public, small counts of the poor are not."""
    poor, missing = mapping.shown_count(activity.poor_households, full=activity.state is ActivityState.DRAFT)
    return {
        "id": activity.id,
        "kelurahan_code": activity.kelurahan_code,
        "plan_id": activity.plan_id,
        "board_id": activity.board_id,
        "problem_id": activity.problem_id,
        "title": activity.title,
        "dimension": activity.dimension,
        "year": activity.year,
        "priority_rank": activity.priority_rank,
        "volume": str(activity.volume),
        "unit": activity.unit,
        "unit_cost_rupiah": activity.unit_cost_rupiah,
        "total_cost_rupiah": activity.total_cost_rupiah,
        "funding": funding_of(activity),
        "beneficiaries": {
            "households": activity.households,
            "poor_households": poor,
            "poor_households_missing": missing,
        },
        "state": activity.state,
        "version": activity.version,
    }


def activity_change(action: str, activity: Activity, *, occurred_on: date | None = None) -> Change:
    data = activity_record(activity)
    return Change(action, f"activities/{activity.id}", activity.kelurahan_code, data, occurred_on)


def _columns(given: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of what a draft or a merge patch names: its nested objects laid flat."""
    flat = {name: value for name, value in given.items() if name not in {"id", "funding", "beneficiaries"}}
    flat |= {f"{source}_rupiah": amount for source, amount in given.get("funding", {}).items()}
    flat |= given.get("beneficiaries", {})
    if "volume" in flat:
        flat["volume"] = Decimal(flat["volume"]).quantize(Decimal("0.001"))
    return flat


async def _require_valid(session: AsyncSession, activity: Activity, plan: plans.Plan) -> None:
    """Refuse an activity that does not add up or answers another kelurahan's problem (§4.1)."""
    taken = await session.scalars(
        select(Activity.priority_rank).where(
            Activity.plan_id == plan.id, Activity.year == activity.year, Activity.id != activity.id
        )
    )
    require_valid_activity(
        volume=activity.volume,
        unit_cost=activity.unit_cost_rupiah,
        total_cost=activity.total_cost_rupiah,
        funding=funding_of(activity),
        served=Beneficiaries(activity.households, activity.poor_households),
        year=activity.year,
        years=plan.horizon_years,
        rank=activity.priority_rank,
        taken_ranks=set(taken),
    )
    problem_id = activity.problem_id
    if problem_id is not None and not await mapping.is_problem_of(session, problem_id, activity.kelurahan_code):
        raise ProblemElsewhere(pointer="/problem_id", problem_id=problem_id)


async def draft_activity(
    session: AsyncSession, plan: plans.Plan, draft: ActivityDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Put an activity into a locked plan's draft; return its id and whether it is new."""
    claimed = await claim(session, Activity, draft, by=by, within=plan.id)
    if claimed.existing:
        return claimed.id, False
    await plans.note_edit(session, plan, by=by, now=now)
    activity = Activity(
        **_columns(draft.model_dump()),
        kelurahan_code=plan.kelurahan_code,
        plan_id=plan.id,
        board_id=plan.board_id,
        state=ActivityState.DRAFT,
        **claimed.columns(now),
    )
    await _require_valid(session, activity, plan)
    session.add(activity)
    await session.flush()
    record(session, activity_change("activity.drafted", activity), by=by, now=now)
    return activity.id, True


async def draft_named(session: AsyncSession, draft: NamedActivity, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Put an activity into the draft of the plan that it names, as `draft_activity` does."""
    try:
        plan = await locked(session, plans.Plan, draft.plan_id, by=by)
    except ResourceNotFound as error:
        raise PlanUnknown(pointer="/plan_id", plan_id=draft.plan_id) from error
    return await draft_activity(session, plan, draft.activity(), by=by, now=now)


async def note_withdrawn(session: AsyncSession, activities: Sequence[Activity], *, by: Caller, now: datetime) -> None:
    """Note in their plans, locked before, that activities were taken back."""
    ids = {activity.plan_id for activity in activities}
    for plan in await session.scalars(select(plans.Plan).where(plans.Plan.id.in_(ids)).order_by(plans.Plan.id)):
        await plans.note_edit(session, plan, by=by, now=now)


async def plan_of(session: AsyncSession, activity_id: UUID, *, by: Caller) -> plans.Plan:
    """Return an activity's plan, locked: first the plan, then its activities, as ratification does it."""
    plan_id = await session.scalar(select(Activity.plan_id).where(Activity.id == activity_id))
    if plan_id is None:
        raise ResourceNotFound
    return await locked(session, plans.Plan, plan_id, by=by)


async def change_activity(
    session: AsyncSession, activity: Activity, plan: plans.Plan, change: ActivityChange, *, by: Caller, now: datetime
) -> None:
    """Edit an activity of a draft; both are locked."""
    await plans.note_edit(session, plan, by=by, now=now)
    for name, value in _columns(changes(change)).items():
        setattr(activity, name, value)
    activity.changed_at = now
    await _require_valid(session, activity, plan)
    await session.flush()
    record(session, activity_change("activity.changed", activity), by=by, now=now)


async def ratify_plan(
    session: AsyncSession,
    plan: plans.Plan,
    draft: cycle.MeetingDraft,
    *,
    registry: RegistryClient,
    by: Caller,
    now: datetime,
) -> None:
    """Record what residents decided about a locked plan; if they accept, its activities are ratified with it.

    What the plan rests on becomes public too: the problems that its activities answer.
    """
    claimed = await claim(session, cycle.Meeting, draft, by=by, within=plan.id)
    if claimed.existing:
        return
    statement = select(Activity).where(Activity.plan_id == plan.id).order_by(Activity.year, Activity.priority_rank)
    activities = (await session.scalars(statement.with_for_update())).all()
    accepted = await plans.decide_on_plan(
        session, plan, draft, claimed=claimed, activities=len(activities), registry=registry, by=by, now=now
    )
    if not accepted:
        return
    for activity in activities:
        activity.state, activity.changed_at = state_after(activity.state, Act.RATIFY), now
    await session.flush()
    for activity in activities:
        record(session, activity_change("activity.ratified", activity, occurred_on=draft.held_on), by=by, now=now)
    answered = {activity.problem_id for activity in activities if activity.problem_id is not None}
    await mapping.publish_problems(session, answered, on=draft.held_on, by=by, now=now)


async def advance(session: AsyncSession, activity: Activity, act: Act, *, on: date, by: Caller, now: datetime) -> None:
    """Bring a locked activity into the state that an act of its works leads to, or ActivityStateWrong.

    An act that leaves the state as it is changes nothing, so nothing is journaled.
    """
    following = state_after(activity.state, act)
    if following is activity.state:
        return
    reopened = activity.state is ActivityState.FINISHED and following is ActivityState.IN_PROGRESS
    activity.state, activity.changed_at = following, now
    await session.flush()
    action = "activity.reopened" if reopened else REACHED[following]
    record(session, activity_change(action, activity, occurred_on=on), by=by, now=now)


def works() -> Subquery:
    """Return the activities as other slices may join them: what is to be built, and for how many."""
    return select(
        Activity.id, Activity.title, Activity.year, Activity.volume, Activity.unit, Activity.households, Activity.state
    ).subquery("works")

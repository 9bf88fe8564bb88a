"""What is carried offline of activities."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.activities.models import FUNDING, Activity
from services.planning.activities.schemas import ActivityChange, ActivityDraft
from services.planning.activities.service import change_activity, draft_activity, plan_of
from services.planning.plans.service import Plan
from shared.items import locked
from shared.permissions import Caller
from shared.syncables import Synced


class ActivityOfPlan(ActivityDraft):
    """An activity with the plan that its own address names."""

    plan_id: UUID


async def _draft(session: AsyncSession, draft: ActivityOfPlan, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    plan = await locked(session, Plan, draft.plan_id, by=by)
    activity = ActivityDraft.model_validate(draft.model_dump(exclude={"plan_id"}))
    return await draft_activity(session, plan, activity, by=by, now=now)


async def _locked_after_plan(session: AsyncSession, activity_id: UUID, *, by: Caller) -> Activity:
    await plan_of(session, activity_id, by=by)
    return await locked(session, Activity, activity_id, by=by)


async def _edit(
    session: AsyncSession, activity: Activity, change: ActivityChange, *, by: Caller, now: datetime
) -> None:
    plan = await session.get_one(Plan, activity.plan_id)
    await change_activity(session, activity, plan, change, by=by, now=now)


def _volume(text: Any) -> Decimal:
    return Decimal(text).quantize(Decimal("0.001"))


COUNTS = ("households", "poor_households", "women", "men")
ACTIVITIES = Synced(
    model=Activity,
    columns=(
        "kelurahan_code",
        "plan_id",
        "board_id",
        "problem_id",
        "title",
        "dimension",
        "location",
        "year",
        "priority_rank",
        "bappuk_reference",
        "volume",
        "unit",
        "unit_cost_rupiah",
        "total_cost_rupiah",
        *FUNDING.values(),
        *COUNTS,
        "state",
        "version",
    ),
    writes="planning:activities:write",
    draft=ActivityOfPlan,
    record=_draft,
    change=ActivityChange,
    edit=_edit,
    lock=_locked_after_plan,
    inside={column: f"funding/{source}" for source, column in FUNDING.items()}
    | {count: f"beneficiaries/{count}" for count in COUNTS},
    written={"volume": _volume},
)

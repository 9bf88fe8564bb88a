"""Use cases of plans: draft, edit, and what a residents' meeting decides about one."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.clients.registry import RegistryClient
from services.planning.cycle import service as cycle
from services.planning.directory import service as directory
from services.planning.plans.models import Plan
from services.planning.plans.queries import one_plan
from services.planning.plans.rules import Act, PlanEmpty, PlanOverlaps, PlanRules, PlanState, last_day, state_after
from services.planning.plans.schemas import PlanChange, PlanDraft, PlanView
from shared.canonical import keyed_digest
from shared.foureyes import require_other_eyes, touch
from shared.items import Claim, changes, claim, require_place, require_valid_code
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.rulesets import in_force, load
from shared.writing import advisory_number

__all__ = ["Plan", "PlanView", "decide_on_plan", "note_edit", "one_plan"]

AUDIENCES = {
    "plan.drafted": Audience.REGION,
    "plan.changed": Audience.REGION,
    "plan.ratified": Audience.PUBLIC,
}
PLAN_RULES = load(Path(__file__).with_name("rulesets.json"), PlanRules)


def plan_record(plan: Plan) -> dict[str, Any]:
    """Return a plan as its journal keeps it."""
    return {
        "id": plan.id,
        "kelurahan_code": plan.kelurahan_code,
        "board_id": plan.board_id,
        "title": plan.title,
        "state": plan.state,
        "starts_on": plan.starts_on,
        "ends_on": plan.ends_on,
        "ratified_on": plan.ratified_on,
        "version": plan.version,
    }


def _change(action: str, plan: Plan, *, occurred_on: date | None = None) -> Change:
    return Change(action, f"plans/{plan.id}", plan.kelurahan_code, plan_record(plan), occurred_on)


def _horizon(starts_on: date) -> dict[str, Any]:
    """Return what follows from a plan's first day: its last one, by the rule set of that day (PL-1)."""
    ruleset = in_force(PLAN_RULES, starts_on)
    years = ruleset.values.horizon_years
    return {"ends_on": last_day(starts_on, years=years), "horizon_years": years, "ruleset": ruleset.version}


async def draft_plan(
    session: AsyncSession, draft: PlanDraft, *, registry: RegistryClient, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Draft a plan of a board in a kelurahan the caller serves; return its id and whether it is new."""
    await require_place(session, Plan, draft.kelurahan_code, by=by)
    claimed = await claim(session, Plan, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    await directory.require_board(session, draft.board_id, code=draft.kelurahan_code, registry=registry)
    plan = Plan(
        **draft.model_dump(exclude={"id"}),
        **_horizon(draft.starts_on),
        state=PlanState.DRAFT,
        ratified_on=None,
        touched_by=[],
        **claimed.columns(now),
    )
    await require_valid_code(session, plan, on=draft.starts_on)
    touch(plan, by=by)
    session.add(plan)
    await session.flush()
    record(session, _change("plan.drafted", plan), by=by, now=now)
    return plan.id, True


async def change_plan(session: AsyncSession, plan: Plan, change: PlanChange, *, by: Caller, now: datetime) -> None:
    """Edit a plan that is locked and still a draft."""
    edited = changes(change)
    if "starts_on" in edited:
        edited |= _horizon(edited["starts_on"])
    for name, value in edited.items():
        setattr(plan, name, value)
    await note_edit(session, plan, by=by, now=now)


async def note_edit(session: AsyncSession, plan: Plan, *, by: Caller, now: datetime) -> None:
    """Note that a locked draft, or an activity of it, was edited: its version rises, its editor is known."""
    plan.state = state_after(plan.state, Act.EDIT)
    touch(plan, by=by)
    plan.changed_at = now
    await session.flush()
    record(session, _change("plan.changed", plan), by=by, now=now)


async def decide_on_plan(
    session: AsyncSession,
    plan: Plan,
    draft: cycle.MeetingDraft,
    *,
    claimed: Claim,
    activities: int,
    registry: RegistryClient,
    by: Caller,
    now: datetime,
) -> bool:
    """Record what a residents' meeting decided about a locked draft; return whether it is ratified.

    Nobody who touched it decides (four eyes), and only under the board's mandate of that day.
    """
    require_other_eyes(plan, by=by)
    following = state_after(plan.state, Act.RATIFY)
    if activities == 0:
        raise PlanEmpty
    meeting = await cycle.hold_meeting(
        session,
        draft,
        claimed=claimed,
        kind=cycle.MeetingKind.PLAN_RATIFICATION,
        kelurahan_code=plan.kelurahan_code,
        board_id=plan.board_id,
        plan_id=plan.id,
        by=by,
        now=now,
    )
    await directory.require_mandate(session, plan.board_id, on=meeting.held_on, registry=registry, pointer="/held_on")
    if meeting.decision is not cycle.Decision.ACCEPTED:
        return False
    await _require_alone(session, plan)
    plan.state, plan.ratified_on, plan.touched_by, plan.changed_at = following, meeting.held_on, [], now
    await session.flush()
    record(session, _change("plan.ratified", plan, occurred_on=meeting.held_on), by=by, now=now)
    return True


async def _require_alone(session: AsyncSession, plan: Plan) -> None:
    """Refuse a second ratified plan of a board for the same days (PL-1).

    The board's rows are registry's, so two ratifications at once wait for each other on a number.
    """
    number = advisory_number(keyed_digest(session.info["hmac_key"], b"plans of a board", plan.board_id.bytes))
    await session.execute(select(func.pg_advisory_xact_lock(number)))
    other = await session.scalar(
        select(Plan).where(
            Plan.board_id == plan.board_id,
            Plan.state == PlanState.RATIFIED,
            Plan.starts_on <= plan.ends_on,
            Plan.ends_on >= plan.starts_on,
        )
    )
    if other is not None:
        raise PlanOverlaps(starts_on=other.starts_on, ends_on=other.ends_on)

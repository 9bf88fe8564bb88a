"""Use cases of the self-survey: record what was found, and publish what a ratified plan rests on."""

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.mapping.models import Cause, Problem
from services.planning.mapping.rules import (
    CauseParentIsRoot,
    CauseParentUnknown,
    CountMissing,
    Dimension,
    ProblemFrozen,
    require_valid_counts,
    shown_count,
)
from services.planning.mapping.schemas import CauseDraft, ProblemChange, ProblemDraft
from shared.items import changes, claim, require_place, require_valid_code, same_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

__all__ = ["CountMissing", "Dimension", "shown_count"]

AUDIENCES = {
    "problem.recorded": Audience.REGION,
    "problem.changed": Audience.REGION,
    "problem.published": Audience.PUBLIC,
    "cause.recorded": Audience.REGION,
}


def problem_record(problem: Problem) -> dict[str, Any]:
    """Return a problem as its journal keeps it; once it is public, small counts of the poor are not."""
    poor, missing = shown_count(problem.poor_households, full=problem.published_on is None)
    return {
        "id": problem.id,
        "kelurahan_code": problem.kelurahan_code,
        "title": problem.title,
        "dimension": problem.dimension,
        "location": problem.location,
        "households_affected": problem.households_affected,
        "poor_households": poor,
        "poor_households_missing": missing,
        "observed_on": problem.observed_on,
        "published_on": problem.published_on,
        "version": problem.version,
    }


def _change(action: str, problem: Problem, *, occurred_on: date | None = None) -> Change:
    return Change(action, f"problems/{problem.id}", problem.kelurahan_code, problem_record(problem), occurred_on)


async def record_problem(session: AsyncSession, draft: ProblemDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Record a problem in a kelurahan the caller serves; return its id and whether it is new."""
    await require_place(session, Problem, draft.kelurahan_code, by=by)
    claimed = await claim(session, Problem, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.observed_on, now=now, pointer="/observed_on")
    require_valid_counts(households=draft.households_affected, poor_households=draft.poor_households)
    problem = Problem(**draft.model_dump(exclude={"id"}), published_on=None, **claimed.columns(now))
    await require_valid_code(session, problem, on=draft.observed_on)
    session.add(problem)
    await session.flush()
    record(session, _change("problem.recorded", problem, occurred_on=draft.observed_on), by=by, now=now)
    return problem.id, True


async def change_problem(
    session: AsyncSession, problem: Problem, change: ProblemChange, *, by: Caller, now: datetime
) -> None:
    """Edit a problem that is locked, unless a ratified plan rests on it."""
    _require_unfrozen(problem)
    for name, value in changes(change).items():
        setattr(problem, name, value)
    require_not_future(problem.observed_on, now=now, pointer="/observed_on")
    require_valid_counts(households=problem.households_affected, poor_households=problem.poor_households)
    problem.changed_at = now
    await session.flush()
    record(session, _change("problem.changed", problem), by=by, now=now)


def _require_unfrozen(problem: Problem) -> None:
    if problem.published_on is not None:
        raise ProblemFrozen


async def record_cause(
    session: AsyncSession, problem: Problem, draft: CauseDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a cause below a locked problem or below another of its causes, never below a root cause."""
    claimed = await claim(session, Cause, draft, by=by, within=problem.id)
    if claimed.existing:
        return claimed.id, False
    _require_unfrozen(problem)
    if draft.parent_cause_id is not None:
        await _require_parent(session, problem, draft.parent_cause_id)
    cause = Cause(
        **draft.model_dump(exclude={"id"}),
        problem_id=problem.id,
        kelurahan_code=problem.kelurahan_code,
        **claimed.columns(now),
    )
    session.add(cause)
    await session.flush()
    data = {
        "id": cause.id,
        "kelurahan_code": cause.kelurahan_code,
        "problem_id": cause.problem_id,
        "parent_cause_id": cause.parent_cause_id,
        "root": cause.root,
        "version": cause.version,
    }
    record(session, Change("cause.recorded", f"causes/{cause.id}", cause.kelurahan_code, data), by=by, now=now)
    return cause.id, True


async def _require_parent(session: AsyncSession, problem: Problem, parent_id: UUID) -> None:
    parent = await session.get(Cause, parent_id)
    if parent is None or parent.problem_id != problem.id:
        raise CauseParentUnknown(pointer="/parent_cause_id", parent_id=parent_id)
    if parent.root:
        raise CauseParentIsRoot(pointer="/parent_cause_id", parent_id=parent_id)


async def is_problem_of(session: AsyncSession, problem_id: UUID, code: str) -> bool:
    """Tell whether a problem is there and was recorded in a place, under whichever of its codes."""
    found = select(Problem.id).where(Problem.id == problem_id, same_place(Problem, code))
    return await session.scalar(found) is not None


async def publish_problems(
    session: AsyncSession, problem_ids: Collection[UUID], *, on: date, by: Caller, now: datetime
) -> None:
    """Make problems public on which a plan rests that residents ratified on a day; once is enough."""
    found = await session.scalars(
        select(Problem)
        .where(Problem.id.in_(problem_ids), Problem.published_on.is_(None))
        .order_by(Problem.id)
        .with_for_update()
    )
    problems = found.all()
    for problem in problems:
        problem.published_on, problem.changed_at = on, now
    await session.flush()
    for problem in problems:
        record(session, _change("problem.published", problem, occurred_on=on), by=by, now=now)

"""Use cases of assignments: open, end, and what a facilitator's account may by them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import service as accounts
from services.registry.database import places
from services.registry.facilitators.models import Assignment, Facilitator
from services.registry.facilitators.rules import (
    AssignmentElsewhere,
    AssignmentOverlaps,
    ReasonWithoutEnd,
    is_shortened,
    require_employed,
)
from services.registry.facilitators.schemas import AssignmentChange, AssignmentDraft
from services.registry.personal import service as personal
from services.registry.unfinished import service as unfinished
from shared.clock import today
from shared.identity import new_id
from shared.items import Claim, claim, require_place, require_valid_code, same_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_order
from shared.permissions import Caller
from shared.places import lies_within

AUDIENCES = {
    "assignment.recorded": Audience.REGION,
    "assignment.changed": Audience.REGION,
}


def assignment_record(assignment: Assignment) -> dict[str, Any]:
    """Return an assignment as the journal keeps it."""
    return {
        "id": assignment.id,
        "kelurahan_code": assignment.kelurahan_code,
        "facilitator_id": assignment.facilitator_id,
        "role": assignment.role,
        "starts_on": assignment.starts_on,
        "ends_on": assignment.ends_on,
        "version": assignment.version,
    }


def _assignment_change(action: str, assignment: Assignment, *, occurred_on: date | None) -> Change:
    data = assignment_record(assignment)
    return Change(action, f"assignments/{assignment.id}", assignment.kelurahan_code, data, occurred_on)


async def assign(
    session: AsyncSession, facilitator: Facilitator, draft: AssignmentDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Let a locked facilitator serve a kelurahan for a time; return the assignment's id and whether it is new."""
    await require_place(session, Assignment, draft.kelurahan_code, by=by)
    claimed = await claim(session, Assignment, draft, by=by, within=facilitator.id)
    if claimed.existing:
        return claimed.id, False
    require_order(draft.starts_on, draft.ends_on)
    other = await serving(session, facilitator, draft.kelurahan_code, draft.starts_on, draft.ends_on)
    if other is not None:
        raise AssignmentOverlaps(code=draft.kelurahan_code, starts_on=other.starts_on, members={"existing": other.id})
    await open_assignment(
        session,
        facilitator,
        draft.kelurahan_code,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        claimed=claimed,
        pointer="/kelurahan_code",
        by=by,
        now=now,
    )
    return claimed.id, True


async def serve_from(
    session: AsyncSession, facilitator: Facilitator, code: str, on: date, *, by: Caller, now: datetime
) -> tuple[Assignment, bool]:
    """Let a locked facilitator serve a kelurahan from a day on; return the assignment, and whether it was opened now."""
    other = await serving(session, facilitator, code, on, None)
    if other is not None:
        if other.starts_on > on or other.ends_on is not None:
            raise AssignmentOverlaps(code=code, starts_on=other.starts_on, members={"existing": other.id})
        return other, False
    # The giver may serve it under a code that has ended.
    code_now = (await _codes_now(session, [code]))[code]
    opened = await open_assignment(
        session, facilitator, code_now, starts_on=on, pointer="/to_facilitator_id", by=by, now=now
    )
    return opened, True


async def serving(
    session: AsyncSession, facilitator: Facilitator, code: str, starts_on: date, ends_on: date | None
) -> Assignment | None:
    """Return an assignment of a locked facilitator to a kelurahan that shares a day with a time; None when free."""
    found: Assignment | None = await session.scalar(
        select(Assignment)
        .where(
            Assignment.facilitator_id == facilitator.id,
            same_place(Assignment, code),
            Assignment.overlapping(starts_on, ends_on),
        )
        .limit(1)
    )
    return found


async def open_assignment(
    session: AsyncSession,
    facilitator: Facilitator,
    code: str,
    *,
    starts_on: date,
    ends_on: date | None = None,
    claimed: Claim | None = None,
    pointer: str,
    by: Caller,
    now: datetime,
) -> Assignment:
    """Open an assignment that overlaps no other, inside the facilitator's region and employment."""
    await _require_region(session, facilitator, code, pointer=pointer)
    require_employed(
        starts_on,
        ends_on,
        employed_from=facilitator.starts_on,
        employed_to=facilitator.ends_on,
        pointer="/starts_on" if claimed else pointer,
    )
    assignment = Assignment(
        kelurahan_code=code,
        facilitator_id=facilitator.id,
        person_id=facilitator.person_id,
        role=facilitator.role,
        starts_on=starts_on,
        ends_on=ends_on,
        **(claimed or Claim(new_id(), b"", existing=False)).columns(now),
    )
    await require_valid_code(session, assignment, on=starts_on)
    session.add(assignment)
    await session.flush()
    record(session, _assignment_change("assignment.recorded", assignment, occurred_on=starts_on), by=by, now=now)
    return assignment


async def _require_region(session: AsyncSession, facilitator: Facilitator, code: str, *, pointer: str) -> None:
    """Refuse a kelurahan outside the facilitator's region; both are compared by the codes of today."""
    known = await session.execute(
        select(places.c.kelurahan_code, places.c.code_now).where(
            places.c.kelurahan_code.in_((facilitator.region_code, code))
        )
    )
    now_codes = {row.kelurahan_code: row.code_now for row in known}
    if not lies_within(now_codes[code], (now_codes[facilitator.region_code],)):
        raise AssignmentElsewhere(pointer=pointer, region=facilitator.region_code, code=code)


async def change_assignment(
    session: AsyncSession, assignment: Assignment, change: AssignmentChange, *, by: Caller, now: datetime
) -> None:
    """End an assignment of a locked facilitator, or let it go on.

    What is unfinished there is handed over, or the reason said why nobody can (§12 #11).
    """
    facilitator = await session.get_one(Facilitator, assignment.facilitator_id)
    if "ends_on" in change.model_fields_set:
        if change.ended_because is None and is_shortened(assignment.ends_on, change.ends_on, today=today(now)):
            await unfinished.require_nothing(session, assignment.kelurahan_code, on=today(now))
        require_order(assignment.starts_on, change.ends_on)
        longer = await session.scalar(
            select(Assignment)
            .where(
                Assignment.facilitator_id == facilitator.id,
                same_place(Assignment, assignment.kelurahan_code),
                Assignment.id != assignment.id,
                Assignment.overlapping(assignment.starts_on, change.ends_on),
            )
            .limit(1)
        )
        if longer is not None:
            raise AssignmentOverlaps(
                code=assignment.kelurahan_code, starts_on=longer.starts_on, members={"existing": longer.id}
            )
        require_employed(
            assignment.starts_on,
            change.ends_on,
            employed_from=facilitator.starts_on,
            employed_to=facilitator.ends_on if change.ends_on is not None else None,
            pointer="/ends_on",
        )
        assignment.ends_on = change.ends_on
    if "ended_because" in change.model_fields_set or assignment.ends_on is None:
        assignment.ended_because = change.ended_because
    if assignment.ended_because is not None and assignment.ends_on is None:
        raise ReasonWithoutEnd(pointer="/ended_because")
    await _note(session, [assignment], by=by, now=now)
    if assignment.ends_on is not None and assignment.ends_on <= today(now):
        await release(session, facilitator, [assignment.kelurahan_code], by=by, now=now)


async def _note(session: AsyncSession, changed: Sequence[Assignment], *, by: Caller, now: datetime) -> None:
    for one in changed:
        one.changed_at = now
    await session.flush()
    for one in changed:
        record(session, _assignment_change("assignment.changed", one, occurred_on=one.ends_on), by=by, now=now)


async def close(
    session: AsyncSession, facilitator: Facilitator, ending: Sequence[UUID], *, ends_on: date, by: Caller, now: datetime
) -> None:
    """Let assignments of a locked facilitator end on a day, unless they ended before or began later."""
    found = await session.scalars(
        select(Assignment).where(
            Assignment.facilitator_id == facilitator.id,
            Assignment.id.in_(ending),
            Assignment.overlapping(ends_on, None),
        )
    )
    closed = found.all()
    for one in closed:
        one.ends_on = max(ends_on, one.starts_on)
    await _note(session, closed, by=by, now=now)


async def release(
    session: AsyncSession, facilitator: Facilitator, codes: Sequence[str], *, by: Caller, now: datetime
) -> list[str]:
    """Take kelurahan out of what a facilitator's account may, unless another assignment of today needs them.

    Returns those that the account reaches all the same, through a region above or another assignment.
    """
    if facilitator.account_id is None or not codes:
        return []
    needed = await session.scalars(
        select(Assignment.kelurahan_code)
        .join(Facilitator, Facilitator.id == Assignment.facilitator_id)
        .where(
            Facilitator.account_id == facilitator.account_id,
            Assignment.kelurahan_code.in_(codes),
            Assignment.holds_on(today(now)),
            or_(Assignment.ends_on.is_(None), Assignment.ends_on > today(now)),
        )
    )
    still = set(needed)
    codes_now = await _codes_now(session, codes)
    # An account may have been given a kelurahan under the code of then or of today.
    gone = sorted({one for code in codes if code not in still for one in (code, codes_now[code])})
    await accounts.release_regions(session, facilitator.account_id, gone, by=by, now=now)
    reached = await accounts.reached(session, facilitator.account_id, list(codes_now.values()), on=today(now))
    return [code for code in codes if codes_now[code] in reached]


async def share(
    session: AsyncSession, giver: Facilitator, receiver: Facilitator, codes: Sequence[str], *, by: Caller, now: datetime
) -> tuple[list[str], list[str]]:
    """Let the receiver's account reach kelurahan that the giver's account reaches.

    Returns those that it gained, and those that it still does not reach.
    """
    if receiver.account_id is None:
        return [], list(codes)
    codes_now = await _codes_now(session, codes)
    wanted = list(codes_now.values())
    shared = []
    if giver.account_id not in {None, receiver.account_id}:
        shared = await accounts.share_regions(session, giver.account_id, receiver.account_id, wanted, by=by, now=now)
    reached = await accounts.reached(session, receiver.account_id, wanted, on=today(now))
    gained = [code for code in codes if codes_now[code] in shared]
    return gained, [code for code in codes if codes_now[code] not in reached]


async def _codes_now(session: AsyncSession, codes: Sequence[str]) -> dict[str, str]:
    found = await session.execute(
        select(places.c.kelurahan_code, places.c.code_now).where(places.c.kelurahan_code.in_(codes))
    )
    return {row.kelurahan_code: row.code_now for row in found}


async def serves_on(session: AsyncSession, facilitator: Facilitator, day: date) -> Sequence[Assignment]:
    """Return the assignments of a facilitator that hold on a day, by kelurahan."""
    found = await session.scalars(
        select(Assignment)
        .where(Assignment.facilitator_id == facilitator.id, Assignment.holds_on(day))
        .order_by(Assignment.kelurahan_code)
    )
    return found.all()


async def erase(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase what a person's assignments hold beside the person's id; return how many there are."""
    return await personal.untie(session, Assignment, erasing)

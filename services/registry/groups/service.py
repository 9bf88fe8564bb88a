"""Use cases of groups; lending will ask `readiness_of` before a first loan."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards import service as boards
from services.registry.groups.book_schemas import LiabilityDraft
from services.registry.groups.models import Group, JointLiability, Membership
from services.registry.groups.queries import GROUP_RULES, LISTED
from services.registry.groups.readiness import readiness_of
from services.registry.groups.rules import (
    GroupInvalid,
    GroupKind,
    MemberRole,
    NotBorrowing,
    before_group_faults,
    exceeding_faults,
    require_valid_group,
    require_working,
)
from services.registry.groups.schemas import GroupDraft
from services.registry.residents.service import persons
from shared.clock import today
from shared.identity import new_id
from shared.items import Claim, claim, lock_same, require_none
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force

__all__ = ["Group", "MemberRole", "Membership", "readiness_of"]

AUDIENCES = {
    "group.recorded": Audience.REGION,
    "group.changed": Audience.REGION,
    "group.dissolved": Audience.REGION,
    "group.withdrawn": Audience.REGION,
    "membership.recorded": Audience.REGION,
    "membership.changed": Audience.REGION,
    "membership.withdrawn": Audience.REGION,
    "memberships.read": Audience.READINGS,
    "joint_liability.recorded": Audience.REGION,
    "savings_month.recorded": Audience.REGION,
    "savings_month.changed": Audience.REGION,
}


def group_record(group: Group) -> dict[str, Any]:
    """Return a group as its journal keeps it."""
    return {
        "id": group.id,
        "kelurahan_code": group.kelurahan_code,
        "board_id": group.board_id,
        "name": group.name,
        "kind": group.kind,
        "dissolved_on": group.dissolved_on,
        "version": group.version,
    }


async def record_group(session: AsyncSession, draft: GroupDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Record a group under a board that the caller serves (KSM-3); return its id and whether it is new.

    One of that board, day and name is the same. The board's lock keeps it from being dissolved meanwhile.
    """
    kelurahan_code = await boards.place_of(session, draft.board_id, by=by)
    require_not_future(draft.formed_on, now=now, pointer="/formed_on")
    claimed = await claim(session, Group, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    board = await session.get_one(boards.Board, draft.board_id, with_for_update={"read": True})
    boards.require_not_dissolved(board, draft.formed_on, pointer="/formed_on")
    await lock_same(session, Group, str(draft.board_id), draft.name.lower(), str(draft.formed_on))
    same = select(Group.id).where(Group.board_id == draft.board_id, Group.formed_on == draft.formed_on)
    await require_none(session, same.where(func.lower(Group.name) == draft.name.lower()))
    rules = in_force(GROUP_RULES, draft.formed_on).values
    require_valid_group(kind=draft.kind, members=draft.members, women=draft.women, rules=rules)
    group = Group(**draft.model_dump(exclude={"id"}), kelurahan_code=kelurahan_code, **claimed.columns(now))
    session.add(group)
    await session.flush()
    record(session, group_change("group.recorded", group), by=by, now=now)
    return group.id, True


async def members_between(session: AsyncSession, group: Group, first: date, last: date, *, now: datetime) -> int:
    """Return how many persons belonged to a group from one day to another; its recorded number where none is listed."""
    if not await session.scalar(select(LISTED).select_from(Group).where(Group.id == group.id)):
        return group.members
    known = persons(today(now))
    belonged = (
        select(func.count(known.c.person_id.distinct()))
        .select_from(Membership)
        .join(known, known.c.id == Membership.resident_id)
        .where(Membership.group_id == group.id, Membership.overlapping(first, last))
    )
    return await session.scalar(belonged) or 0


async def sign_liability(
    session: AsyncSession, group: Group, draft: LiabilityDraft, *, by: Caller, now: datetime
) -> None:
    """Record that members of a locked economic group answer for each other's loans; on a day the last statement by then counts."""
    if group.kind is not GroupKind.ECONOMIC:
        raise NotBorrowing
    require_not_future(draft.signed_on, now=now, pointer="/signed_on")
    found = before_group_faults(draft.signed_on, formed_on=group.formed_on, pointer="/signed_on")
    members = await members_between(session, group, draft.signed_on, draft.signed_on, now=now)
    code = "joint_liability.exceeds_members"
    found += exceeding_faults(draft.signatories, members=members, name="signatories", code=code)
    if found:
        raise GroupInvalid(faults=found, count=len(found))
    require_working(draft.signed_on, dissolved_on=group.dissolved_on)
    signed = JointLiability(
        **draft.model_dump(),
        group_id=group.id,
        kelurahan_code=group.kelurahan_code,
        **Claim(new_id(), b"", existing=False).columns(now),
    )
    session.add(signed)
    await moved(session, group, by=by, now=now)
    record(session, _liability_change(signed), by=by, now=now)


def _liability_change(signed: JointLiability) -> Change:
    data = {
        "id": signed.id,
        "group_id": signed.group_id,
        "kelurahan_code": signed.kelurahan_code,
        "signed_on": signed.signed_on,
        "document_reference": signed.document_reference,
        "signatories": signed.signatories,
        "version": signed.version,
    }
    subject = f"joint_liabilities/{signed.id}"
    return Change("joint_liability.recorded", subject, signed.kelurahan_code, data, signed.signed_on)


async def moved(session: AsyncSession, group: Group, *, by: Caller, now: datetime) -> None:
    """Save a group that is locked under a new version, for it or its members have changed."""
    group.changed_at = now
    await session.flush()
    record(session, group_change("group.changed", group), by=by, now=now)


def group_change(action: str, group: Group) -> Change:
    occurred_on = group.dissolved_on or group.formed_on
    return Change(action, f"groups/{group.id}", group.kelurahan_code, group_record(group), occurred_on)

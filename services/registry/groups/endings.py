"""Use cases of a group that is locked as a whole: corrected, ended, and its end corrected or taken back."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.groups.members import membership_change
from services.registry.groups.models import Group, Membership
from services.registry.groups.queries import GROUP_RULES, LISTED
from services.registry.groups.rules import (
    GroupDissolved,
    GroupInvalid,
    MembershipEnd,
    MembersListed,
    NotDissolved,
    dissolution_faults,
    require_valid_group,
)
from services.registry.groups.schemas import DissolutionDraft, GroupChange
from services.registry.groups.service import group_change, moved
from shared.items import changes
from shared.journal import record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force


async def change_group(session: AsyncSession, group: Group, change: GroupChange, *, by: Caller, now: datetime) -> None:
    """Edit a group that is locked; its numbers only while no member is listed, its end only once it is recorded."""
    edited = changes(change)
    numbers = edited.keys() & {"members", "women"}
    if numbers:
        if await session.scalar(select(LISTED).select_from(Group).where(Group.id == group.id)):
            raise MembersListed(pointer=f"/{min(numbers)}")
        members, women = edited.get("members", group.members), edited.get("women", group.women)
        rules = in_force(GROUP_RULES, group.formed_on).values
        require_valid_group(kind=group.kind, members=members, women=women, rules=rules)
    touched: Sequence[Membership] = ()
    if "dissolved_on" in edited:
        touched = await _end_otherwise(session, group, edited.pop("dissolved_on"), now=now)
    for name, value in edited.items():
        setattr(group, name, value)
    await moved(session, group, by=by, now=now)
    for one in touched:
        record(session, membership_change("membership.changed", one), by=by, now=now)


async def dissolve_group(
    session: AsyncSession, group: Group, draft: DissolutionDraft, *, by: Caller, now: datetime
) -> None:
    """Let a locked group end on a day, and with it whatever membership still holds."""
    if group.dissolved_on is not None:
        raise GroupDissolved(dissolved_on=group.dissolved_on)
    ended = await _end(session, group, draft.dissolved_on, now=now)
    group.dissolution_reference, group.changed_at = draft.minutes_reference, now
    await session.flush()
    record(session, group_change("group.dissolved", group), by=by, now=now)
    for one in ended:
        record(session, membership_change("membership.changed", one), by=by, now=now)


async def _end_otherwise(
    session: AsyncSession, group: Group, dissolved_on: date | None, *, now: datetime
) -> Sequence[Membership]:
    """Let a group have ended on another day, or not at all; return the memberships that end otherwise by it.

    Those that ended with the group go on as if it had not ended; whoever left on their own has left.
    """
    before = group.dissolved_on
    if before == dissolved_on:
        return ()
    if before is None:
        raise NotDissolved(pointer="/dissolved_on")
    with_it = select(Membership).where(
        Membership.group_id == group.id,
        Membership.ends_on == before,
        Membership.ended_because == MembershipEnd.GROUP_DISSOLVED,
    )
    going_on = (await session.scalars(with_it.order_by(Membership.id))).all()
    for one in going_on:
        one.ends_on, one.ended_because, one.changed_at = None, None, now
    if dissolved_on is None:
        group.dissolved_on = group.dissolution_reference = None
        return going_on
    with session.no_autoflush:
        return await _end(session, group, dissolved_on, going_on=going_on, now=now)


async def _end(
    session: AsyncSession,
    group: Group,
    dissolved_on: date,
    *,
    going_on: Sequence[Membership] = (),
    now: datetime,
) -> Sequence[Membership]:
    """Let a group end on a day, with the memberships that are returned; GroupInvalid where somebody came or went later.

    `going_on` are memberships without an end that are not saved yet.
    """
    require_not_future(dissolved_on, now=now, pointer="/dissolved_on")
    lasting = or_(Membership.ends_on.is_(None), Membership.ends_on > dissolved_on)
    found = await session.scalars(
        select(Membership).where(Membership.group_id == group.id, lasting).order_by(Membership.id)
    )
    memberships = list({one.id: one for one in (*going_on, *found)}.values())
    faults = dissolution_faults(
        dissolved_on,
        formed_on=group.formed_on,
        joined=[one.starts_on for one in memberships],
        left=[one.ends_on for one in memberships if one.ends_on is not None],
    )
    if faults:
        raise GroupInvalid(faults=faults, count=len(faults))
    for one in memberships:
        one.ends_on, one.ended_because, one.changed_at = dissolved_on, MembershipEnd.GROUP_DISSOLVED, now
    group.dissolved_on = dissolved_on
    return memberships

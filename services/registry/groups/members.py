"""Use cases of who belongs to a group, and of what its members save; the group is locked each time."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.groups.book_schemas import SavingsMonthChange, SavingsMonthDraft
from services.registry.groups.models import Group, Membership, SavingsMonth
from services.registry.groups.rules import (
    RESIDENT_GONE,
    RESIDENT_UNKNOWN,
    ChairTaken,
    GroupUnknown,
    MemberRole,
    MembershipInvalid,
    MembershipOverlaps,
    MonthTaken,
    SavingsInvalid,
    before_group_faults,
    ending_faults,
    exceeding_faults,
    first_of,
    last_of,
    require_working,
    savings_faults,
)
from services.registry.groups.schemas import (
    MembershipChange,
    MembershipDraft,
    NamedMembership,
)
from services.registry.groups.service import members_between, moved
from services.registry.residents.service import kept_resident, persons
from shared.clock import today
from shared.errors import Fault, ResourceNotFound
from shared.items import changes, claim, locked
from shared.journal import Change, record
from shared.occurrence import require_not_future, require_order
from shared.permissions import Caller


async def join_group(
    session: AsyncSession, group: Group, draft: MembershipDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record that a resident of the group's kelurahan joined it; return the membership's id and whether it is new.

    That the group is below its minimum, or the person in another borrowing group, is shown and not refused.
    """
    claimed = await claim(session, Membership, draft, by=by, within=group.id)
    if claimed.existing:
        return claimed.id, False
    resident = await kept_resident(session, draft.resident_id, kelurahan_code=group.kelurahan_code)
    found: list[Fault] = []
    if resident is None:
        found.append(Fault("/resident_id", "resident.unknown", RESIDENT_UNKNOWN, {}))
    elif resident.ends_on is not None and resident.ends_on < draft.starts_on:
        found.append(Fault("/starts_on", "resident.gone", RESIDENT_GONE, {"ends_on": resident.ends_on}))
    if resident is None or found:
        raise MembershipInvalid(faults=found, count=len(found))
    membership = Membership(
        **draft.model_dump(exclude={"id", "resident_id"}),
        resident_id=resident.id,
        group_id=group.id,
        kelurahan_code=group.kelurahan_code,
        **claimed.columns(now),
    )
    await _require_fitting(session, group, membership, now=now)
    session.add(membership)
    await moved(session, group, by=by, now=now)
    record(session, membership_change("membership.recorded", membership), by=by, now=now)
    return membership.id, True


async def join_named_group(
    session: AsyncSession, draft: NamedMembership, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record that a resident joined the group that the draft names, as `join_group` does."""
    try:
        group = await locked(session, Group, draft.group_id, by=by)
    except ResourceNotFound as error:
        raise GroupUnknown(pointer="/group_id", group_id=draft.group_id) from error
    return await join_group(session, group, draft.membership(), by=by, now=now)


async def move_left_groups(
    session: AsyncSession, memberships: Sequence[Membership], *, by: Caller, now: datetime
) -> None:
    """Let groups, locked before, have a new version, for memberships of theirs were taken back."""
    ids = {membership.group_id for membership in memberships}
    for group in await session.scalars(select(Group).where(Group.id.in_(ids)).order_by(Group.id)):
        await moved(session, group, by=by, now=now)


async def change_membership(
    session: AsyncSession, membership: Membership, change: MembershipChange, *, by: Caller, now: datetime
) -> None:
    """Correct or end a membership whose group is locked; a group may fall below its minimum by it."""
    group = await session.get_one(Group, membership.group_id)
    for name, value in changes(change).items():
        setattr(membership, name, value)
    with session.no_autoflush:
        await _require_fitting(session, group, membership, now=now)
    membership.changed_at = now
    await moved(session, group, by=by, now=now)
    record(session, membership_change("membership.changed", membership), by=by, now=now)


async def _require_fitting(session: AsyncSession, group: Group, membership: Membership, *, now: datetime) -> None:
    """Refuse a membership at an impossible time, a person twice at once, and a second chair."""
    for name in ("starts_on", "trained_on", "ends_on"):
        day = getattr(membership, name)
        if day is not None:
            require_not_future(day, now=now, pointer=f"/{name}")
    require_order(membership.starts_on, membership.ends_on)
    require_working(membership.ends_on, dissolved_on=group.dissolved_on)
    found = before_group_faults(membership.starts_on, formed_on=group.formed_on, pointer="/starts_on")
    found += ending_faults(membership.ends_on, membership.ended_because)
    if found:
        raise MembershipInvalid(faults=found, count=len(found))
    others = select(Membership).where(
        Membership.group_id == membership.group_id,
        Membership.id != membership.id,
        Membership.overlapping(membership.starts_on, membership.ends_on),
    )
    known = persons(today(now))
    own = select(known.c.person_id).where(known.c.id == membership.resident_id).scalar_subquery()
    same = persons(today(now)).alias("same")
    twice = others.join(same, same.c.id == Membership.resident_id).where(same.c.person_id == own).limit(1)
    other = await session.scalar(twice)
    if other is not None:
        raise MembershipOverlaps(starts_on=other.starts_on, members={"existing": other.id})
    if membership.role is MemberRole.CHAIR:
        chair = await session.scalar(others.where(Membership.role == MemberRole.CHAIR).limit(1))
        if chair is not None:
            raise ChairTaken(starts_on=chair.starts_on, members={"existing": chair.id})


def membership_change(action: str, membership: Membership) -> Change:
    data = {
        "id": membership.id,
        "group_id": membership.group_id,
        "kelurahan_code": membership.kelurahan_code,
        "resident_id": membership.resident_id,
        "role": membership.role,
        "starts_on": membership.starts_on,
        "trained_on": membership.trained_on,
        "ends_on": membership.ends_on,
        "ended_because": membership.ended_because,
        "version": membership.version,
    }
    subject = f"memberships/{membership.id}"
    return Change(action, subject, membership.kelurahan_code, data, membership.ends_on or membership.starts_on)


async def record_savings(
    session: AsyncSession, group: Group, draft: SavingsMonthDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record what a locked group saved in a month, each month once; return its id and whether it is new."""
    claimed = await claim(session, SavingsMonth, draft, by=by, within=group.id)
    if claimed.existing:
        return claimed.id, False
    month = first_of(draft.month)
    require_not_future(month, now=now, pointer="/month")
    found = before_group_faults(month, formed_on=group.formed_on.replace(day=1), pointer="/month")
    found += savings_faults(savings_rupiah=draft.savings_rupiah, savers=draft.savers)
    found += await _savers_faults(session, group, month, savers=draft.savers, now=now)
    require_working(month, dissolved_on=group.dissolved_on)
    if found:
        raise SavingsInvalid(faults=found, count=len(found))
    taken = select(SavingsMonth.id).where(SavingsMonth.group_id == group.id, SavingsMonth.month == month)
    existing = await session.scalar(taken)
    if existing is not None:
        raise MonthTaken(month=draft.month, members={"existing": existing})
    saved = SavingsMonth(
        **draft.model_dump(exclude={"id", "month"}),
        month=month,
        group_id=group.id,
        kelurahan_code=group.kelurahan_code,
        **claimed.columns(now),
    )
    session.add(saved)
    await session.flush()
    record(session, _savings_change("savings_month.recorded", saved), by=by, now=now)
    return saved.id, True


async def _savers_faults(
    session: AsyncSession, group: Group, month: date, *, savers: int, now: datetime
) -> list[Fault]:
    """Return what is wrong with a month's savers beside the members of that month, its first day given."""
    members = await members_between(session, group, month, last_of(month), now=now)
    return exceeding_faults(savers, members=members, name="savers", code="savings.savers_exceed_members")


async def change_savings(
    session: AsyncSession, saved: SavingsMonth, change: SavingsMonthChange, *, by: Caller, now: datetime
) -> None:
    """Correct what a group saved in a month; the group is locked."""
    for name, value in changes(change).items():
        setattr(saved, name, value)
    group = await session.get_one(Group, saved.group_id)
    found = savings_faults(savings_rupiah=saved.savings_rupiah, savers=saved.savers)
    with session.no_autoflush:
        found += await _savers_faults(session, group, saved.month, savers=saved.savers, now=now)
    if found:
        raise SavingsInvalid(faults=found, count=len(found))
    saved.changed_at = now
    await session.flush()
    record(session, _savings_change("savings_month.changed", saved), by=by, now=now)


def _savings_change(action: str, saved: SavingsMonth) -> Change:
    data = {
        "id": saved.id,
        "group_id": saved.group_id,
        "kelurahan_code": saved.kelurahan_code,
        "month": saved.month,
        "savings_rupiah": saved.savings_rupiah,
        "savers": saved.savers,
        "meeting_held": saved.meeting_held,
        "version": saved.version,
    }
    return Change(action, f"savings_months/{saved.id}", saved.kelurahan_code, data, saved.month)

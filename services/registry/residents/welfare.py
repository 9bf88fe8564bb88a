"""Use cases of welfare statuses: what the community decided about a household, one decision after the other (PS-2)."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.residents.models import Household, WelfareStatus
from services.registry.residents.rules import (
    WelfareInvalid,
    WelfareOutOfOrder,
    require_valid_decision,
    welfare_ending_faults,
)
from services.registry.residents.schemas import WelfareChange, WelfareDraft
from shared.attendance import require_valid_attendance
from shared.identity import new_id
from shared.items import Claim, changes, claim
from shared.journal import Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

DECIDED = (
    "status",
    "held_on",
    "minutes_reference",
    "criteria_reference",
    "attendance_total",
    "women",
    "women_not_counted",
    "poor",
    "poor_not_counted",
    "ends_on",
)
"""What a meeting decided, whatever row says so."""


def welfare_record(status: WelfareStatus) -> dict[str, Any]:
    """Return a decision as its journal keeps it: about which household, by which meeting."""
    return {
        "id": status.id,
        "kelurahan_code": status.kelurahan_code,
        "household_id": status.household_id,
        "status": status.status,
        "held_on": status.held_on,
        "minutes_reference": status.minutes_reference,
        "criteria_reference": status.criteria_reference,
        "attendance_total": status.attendance_total,
        "starts_on": status.starts_on,
        "ends_on": status.ends_on,
        "version": status.version,
    }


def _change(action: str, status: WelfareStatus) -> Change:
    data = welfare_record(status)
    return Change(action, f"welfare-statuses/{status.id}", status.kelurahan_code, data, status.held_on)


async def latest_of(session: AsyncSession, household_id: UUID) -> WelfareStatus | None:
    """Return the latest decision about a household that is locked."""
    found: WelfareStatus | None = await session.scalar(
        select(WelfareStatus)
        .where(WelfareStatus.household_id == household_id)
        .order_by(WelfareStatus.starts_on.desc())
        .limit(1)
    )
    return found


async def record_status(
    session: AsyncSession, household: Household, draft: WelfareDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a meeting's decision about a locked household; the one before ends the day before."""
    claimed = await claim(session, WelfareStatus, draft, by=by, within=household.id)
    if claimed.existing:
        return claimed.id, False
    starts_on = draft.starts_on or draft.held_on
    require_not_future(draft.held_on, now=now, pointer="/held_on")
    require_not_future(starts_on, now=now, pointer="/starts_on")
    require_valid_decision(
        held_on=draft.held_on,
        starts_on=starts_on,
        household_starts_on=household.starts_on,
        household_ends_on=household.ends_on,
    )
    counted = draft.attendance
    parts: Mapping[str, tuple[int | None, str | None]] = {
        "women": (counted.women, counted.women_not_counted_reason),
        "poor": (counted.poor, counted.poor_not_counted_reason),
    }
    require_valid_attendance(counted.total, parts)
    latest = await latest_of(session, household.id)
    if latest is not None:
        if latest.starts_on >= starts_on:
            raise WelfareOutOfOrder(starts_on=latest.starts_on)
        await close(session, latest, on=starts_on - timedelta(days=1), by=by, now=now)
    status = WelfareStatus(
        kelurahan_code=household.kelurahan_code,
        household_id=household.id,
        status=draft.status,
        held_on=draft.held_on,
        minutes_reference=draft.minutes_reference,
        criteria_reference=draft.criteria_reference,
        attendance_total=counted.total,
        women=counted.women,
        women_not_counted=counted.women_not_counted_reason,
        poor=counted.poor,
        poor_not_counted=counted.poor_not_counted_reason,
        starts_on=starts_on,
        ends_on=household.ends_on,
        **claimed.columns(now),
    )
    session.add(status)
    await session.flush()
    record(session, _change("welfare_status.recorded", status), by=by, now=now)
    return status.id, True


async def close(session: AsyncSession, status: WelfareStatus, *, on: date, by: Caller, now: datetime) -> None:
    """End a decision on a day, unless it ended before."""
    if status.ends_on is not None and status.ends_on <= on:
        return
    status.ends_on, status.changed_at = on, now
    await session.flush()
    record(session, _change("welfare_status.changed", status), by=by, now=now)


async def carry(
    session: AsyncSession, status: WelfareStatus, there: Household, *, on: date, by: Caller, now: datetime
) -> None:
    """Let a decision hold from a day on for the household that the one it was about became."""
    kept = {name: getattr(status, name) for name in DECIDED}
    carried = WelfareStatus(
        **kept,
        kelurahan_code=there.kelurahan_code,
        household_id=there.id,
        starts_on=on,
        **Claim(new_id(), b"", existing=False).columns(now),
    )
    session.add(carried)
    await session.flush()
    record(session, _change("welfare_status.recorded", carried), by=by, now=now)


async def change_status(
    session: AsyncSession, status: WelfareStatus, change: WelfareChange, *, by: Caller, now: datetime
) -> None:
    """Edit a decision whose household is locked; it never runs into the next one, or on after its household."""
    edited = changes(change)
    if "ends_on" in edited:
        await _require_valid_end(session, status, edited["ends_on"], now=now)
    for name, value in edited.items():
        setattr(status, name, value)
    status.changed_at = now
    await session.flush()
    record(session, _change("welfare_status.changed", status), by=by, now=now)


async def _require_valid_end(
    session: AsyncSession, status: WelfareStatus, ends_on: date | None, *, now: datetime
) -> None:
    if ends_on is not None:
        require_not_future(ends_on, now=now, pointer="/ends_on")
    following = await session.scalar(
        select(WelfareStatus.starts_on)
        .where(WelfareStatus.household_id == status.household_id, WelfareStatus.starts_on > status.starts_on)
        .order_by(WelfareStatus.starts_on)
        .limit(1)
    )
    left = await session.scalar(select(Household.ends_on).where(Household.id == status.household_id))
    limits = [day for day in (following and following - timedelta(days=1), left) if day is not None]
    latest = min(limits) if limits else None
    found = welfare_ending_faults(starts_on=status.starts_on, ends_on=ends_on or date.max, latest=latest)
    if found:
        raise WelfareInvalid(faults=found, count=len(found))

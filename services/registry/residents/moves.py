"""Use cases of moving: what is left is closed, and another row for the same person opened where they live now."""

from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal import service as personal
from services.registry.regions import service as regions
from services.registry.residents import service, welfare
from services.registry.residents.models import Household, Resident
from services.registry.residents.rules import (
    AlreadyMoved,
    HouseholdEnd,
    HouseholdEnded,
    ResidentEnd,
    ResidentMerged,
    numbered,
    require_valid_move,
)
from services.registry.residents.schemas import HouseholdMove, ResidentMove
from shared.identity import new_id
from shared.items import claim, require_place, require_valid_code, same_place
from shared.journal import record
from shared.occurrence import require_not_future
from shared.permissions import Caller, RegionMissing
from shared.vault import Vault


async def move_household(
    session: AsyncSession, vault: Vault, household: Household, draft: HouseholdMove, *, by: Caller, now: datetime
) -> UUID:
    """Move a locked household with everybody who lives in it that day; return the id of what it becomes.

    Whoever serves the place it leaves may move it anywhere: the new place may be outside their regions, where they
    see nothing of it afterwards. The welfare that one community decided does not travel to another; it stays with who
    stays in the kelurahan, or is in a successor of it from the day of the succession.
    """
    _require_here(household)
    with suppress(RegionMissing):
        await require_place(session, Household, draft.kelurahan_code, by=by)
    require_not_future(draft.moved_on, now=now, pointer="/moved_on")
    claimed = await claim(session, Household, draft, by=by, within=household.id)
    if household.erased_at is not None and (draft.address or draft.point):
        raise personal.PersonalErased
    members = await _living_in(session, household.id, draft.moved_on)
    status = await welfare.latest_of(session, household.id)
    begun = [household.starts_on, *(one.starts_on for one in members), *([status.starts_on] if status else [])]
    require_valid_move(moved_on=draft.moved_on, begun=begun)
    last_day = draft.moved_on - timedelta(days=1)
    there = Household(
        kelurahan_code=draft.kelurahan_code,
        rt=numbered(draft.rt),
        rw=numbered(draft.rw),
        head_id=None,
        kk_absent_reason=household.kk_absent_reason,
        kk_shared_reason=household.kk_shared_reason,
        moved_from=household.id,
        erased_at=household.erased_at,
        starts_on=draft.moved_on,
        ends_on=None,
        ended_because=None,
        **claimed.columns(now),
    )
    await require_valid_code(session, there, on=there.starts_on)
    session.add(there)
    if household.erased_at is None:
        known = await personal.fields_of(session, vault, [household.id])
        fields = {**known.get(household.id, {}), **draft.model_dump(include={"address", "point"})}
        service.keep_household(session, vault, there, fields)
    became = await _move_members(session, vault, members, there, on=draft.moved_on, by=by, now=now)
    there.head_id = became.get(household.head_id) if household.head_id else None
    household.ends_on, household.ended_because, household.changed_at = last_day, HouseholdEnd.MOVED, now
    if status is not None:
        stays = await _same_community(session, household, draft)
        if stays and (status.ends_on is None or status.ends_on >= draft.moved_on):
            await session.flush()
            await welfare.carry(session, status, there, on=draft.moved_on, by=by, now=now)
        await welfare.close(session, status, on=last_day, by=by, now=now)
    await session.flush()
    record(session, service.household_change("household.moved", household, occurred_on=draft.moved_on), by=by, now=now)
    record(session, service.household_change("household.recorded", there, occurred_on=draft.moved_on), by=by, now=now)
    return there.id


async def _same_community(session: AsyncSession, household: Household, draft: HouseholdMove) -> bool:
    """Tell whether who decided about a household still does where it moves to."""
    here = select(Household.id).where(Household.id == household.id, same_place(Household, draft.kelurahan_code))
    if await session.scalar(here) is not None:
        return True
    since = await regions.successor_since(session, draft.kelurahan_code, of=(household.kelurahan_code,))
    return since is not None and since == draft.moved_on


def _require_here(household: Household) -> None:
    if household.ended_because is HouseholdEnd.MOVED:
        raise AlreadyMoved
    if household.ends_on is not None:
        raise HouseholdEnded(ends_on=household.ends_on)


async def _living_in(session: AsyncSession, household_id: UUID, day: date) -> Sequence[Resident]:
    """Return, locked, who lives in a household on a day or later."""
    living = or_(Resident.ends_on.is_(None), Resident.ends_on >= day)
    return (
        await session.scalars(
            select(Resident)
            .where(Resident.household_id == household_id, Resident.merged_into.is_(None), living)
            .order_by(Resident.id)
            .with_for_update()
        )
    ).all()


async def _move_members(
    session: AsyncSession,
    vault: Vault,
    members: Sequence[Resident],
    there: Household,
    *,
    on: date,
    by: Caller,
    now: datetime,
    first_id: UUID | None = None,
    digest: bytes = b"",
) -> dict[UUID, UUID]:
    """Close the rows of some people and open others in the household there; return which became which."""
    opened: dict[UUID, Resident] = {}
    for member in members:
        opened[member.id] = Resident(
            id=first_id or new_id(),
            version=1,
            creation_digest=digest,
            recorded_at=now,
            changed_at=now,
            kelurahan_code=there.kelurahan_code,
            household_id=there.id,
            person_id=member.person_id,
            sex=member.sex,
            birth_year=member.birth_year,
            birth_year_absent_reason=member.birth_year_absent_reason,
            nik_absent_reason=member.nik_absent_reason,
            vulnerabilities=member.vulnerabilities,
            moved_from=member.id,
            merged_into=None,
            erased_at=member.erased_at,
            starts_on=on,
            ends_on=member.ends_on,
            ended_because=member.ended_because,
        )
        member.ends_on, member.ended_because = on - timedelta(days=1), ResidentEnd.MOVED
        member.changed_at = now
    session.add_all(opened.values())
    await session.flush()
    known = await personal.fields_of(session, vault, list(opened))
    people = [service.person_of(opened[old], fields) for old, fields in known.items()]
    await service.keep_residents(session, vault, people, by=by, now=now)
    # Pairs come last, as wherever somebody is compared anew.
    await personal.leave_queue(session, *opened, by=by, now=now)
    await personal.dismiss_again(session, {old: new.id for old, new in opened.items()}, by=by, now=now)
    for member in members:
        record(session, service.resident_change("resident.moved", member, occurred_on=on), by=by, now=now)
        new = opened[member.id]
        record(session, service.resident_change("resident.recorded", new, occurred_on=on), by=by, now=now)
    return {old: new.id for old, new in opened.items()}


async def move_resident(
    session: AsyncSession,
    vault: Vault,
    homes: tuple[Household, Household],
    resident: Resident,
    draft: ResidentMove,
    *,
    by: Caller,
    now: datetime,
) -> UUID:
    """Let a resident leave the first household for the second; both and the resident are locked."""
    household, there = homes
    if resident.merged_into is not None:
        raise ResidentMerged(merged_into=resident.merged_into)
    if resident.ended_because is ResidentEnd.MOVED:
        raise AlreadyMoved
    _require_here(there)
    require_not_future(draft.moved_on, now=now, pointer="/moved_on")
    claimed = await claim(session, Resident, draft, by=by, within=resident.id)
    service.require_open(resident, draft.moved_on)
    # It joins on the household's first day at the earliest; its own record here has lasted a day by then.
    begun = [resident.starts_on, there.starts_on - timedelta(days=1)]
    require_valid_move(moved_on=draft.moved_on, begun=begun, to_other_household=there.id != household.id)
    became = await _move_members(
        session,
        vault,
        [resident],
        there,
        on=draft.moved_on,
        by=by,
        now=now,
        first_id=claimed.id,
        digest=claimed.digest,
    )
    if household.head_id == resident.id:
        await service.without_head(session, household, by=by, now=now)
    return became[resident.id]

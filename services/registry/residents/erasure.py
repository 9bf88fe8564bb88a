"""The use case of erasure: whatever names a person is gone for good, and what was counted stays counted."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from services.registry.personal import service as personal
from services.registry.residents import service
from services.registry.residents.models import Household, Resident
from services.registry.residents.rules import ErasureElsewhere
from services.registry.residents.schemas import Erasure
from shared.journal import Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller


async def erase_person(session: AsyncSession, resident: Resident, asked: Erasure, *, by: Caller, now: datetime) -> None:
    """Erase who stands behind a locked row, in all rows of that person; of the last one of a household its address too.

    Destroyed are the keys under which the personal fields lie, in every copy, and the digests by which somebody who
    knows them could tell whose they were. Sex, year of birth and where somebody lived stay, so that sums and history do.
    """
    require_not_future(asked.requested_on, now=now, pointer="/requested_on")
    if resident.erased_at is not None:
        return
    rows = await _rows_of_person(session, resident)
    if resident.merged_into is not None or any(row.moved_from == resident.id for row in rows):
        raise ErasureElsewhere
    for person_id in sorted({row.person_id for row in rows}):
        await personal.erase(session, person_id, by=by, now=now)
    for row in rows:
        row.erased_at, row.creation_digest, row.changed_at = now, b"", now
    await session.flush()
    for row in rows:
        data = service.resident_record(row) | {"reason": asked.reason, "requested_on": asked.requested_on}
        change = Change("resident.erased", f"residents/{row.id}", row.kelurahan_code, data, asked.requested_on)
        record(session, change, by=by, now=now)
    await _erase_empty_households(session, rows, asked, by=by, now=now)


async def _rows_of_person(session: AsyncSession, resident: Resident) -> Sequence[Resident]:
    """Return, locked, all rows of a person: those of every move, and those found to be the same person."""
    start = select(Resident.id, Resident.person_id, Resident.merged_into).where(Resident.id == resident.id)
    same = start.cte("same", recursive=True)
    other = aliased(Resident)
    same = same.union(
        select(other.id, other.person_id, other.merged_into).join(
            same,
            or_(other.person_id == same.c.person_id, other.merged_into == same.c.id, other.id == same.c.merged_into),
        )
    )
    found = select(Resident).where(Resident.id.in_(select(same.c.id))).order_by(Resident.id).with_for_update()
    return (await session.scalars(found)).all()


async def _erase_empty_households(
    session: AsyncSession, rows: Sequence[Resident], asked: Erasure, *, by: Caller, now: datetime
) -> None:
    """Erase the addresses where nobody is left who could be found there; the lock lets the last of two see the other."""
    ids = {row.household_id for row in rows}
    locked = select(Household).where(Household.id.in_(ids)).order_by(Household.id).with_for_update()
    households = (await session.scalars(locked)).all()
    named = select(Resident.household_id).where(Resident.household_id.in_(ids), Resident.erased_at.is_(None))
    inhabited = set(await session.scalars(named))
    empty = [one for one in households if one.id not in inhabited and one.erased_at is None]
    for household in empty:
        await personal.erase(session, household.id, by=by, now=now)
        household.erased_at, household.creation_digest, household.changed_at = now, b"", now
    await session.flush()
    for household in empty:
        data = service.household_record(household) | {"reason": asked.reason, "requested_on": asked.requested_on}
        subject, place = f"households/{household.id}", household.kelurahan_code
        record(session, Change("household.erased", subject, place, data, asked.requested_on), by=by, now=now)

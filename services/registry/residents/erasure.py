"""The use case of erasure: whatever names a person is gone for good, and what was counted stays counted."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.database import sync_conflicts
from services.registry.personal import service as personal
from services.registry.residents import service
from services.registry.residents.counting import one_person
from services.registry.residents.models import Household, Resident
from services.registry.residents.rules import ErasureElsewhere
from services.registry.residents.schemas import Erasure
from shared.conflicts import forget_conflicts_about
from shared.journal import Change, record

__all__ = ["Erasure", "ErasureElsewhere", "erase_residents", "lock_homes", "persons_of", "same_person"]


async def lock_homes(session: AsyncSession, beginning: ColumnElement[bool]) -> None:
    """Lock all households of a person in one order: whoever changes a resident locks the household first."""
    homes = select(Resident.household_id).where(Resident.id.in_(select(one_person(beginning).c.id)))
    await session.scalars(select(Household.id).where(Household.id.in_(homes)).order_by(Household.id).with_for_update())


async def persons_of(session: AsyncSession, resident: Resident) -> frozenset[UUID]:
    """Return all ids of the person behind a locked row, or ErasureElsewhere where another row stands for the person."""
    rows = await _rows_of(session, Resident.id == resident.id)
    if resident.merged_into is not None or any(row.moved_from == resident.id for row in rows):
        raise ErasureElsewhere
    return frozenset(row.person_id for row in rows)


async def same_person(session: AsyncSession, person_id: UUID) -> frozenset[UUID]:
    """Return an id of a person with those of all rows that were found to be the same person."""
    await lock_homes(session, Resident.person_id == person_id)
    return frozenset({person_id, *(row.person_id for row in await _rows_of(session, Resident.person_id == person_id))})


async def erase_residents(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase all rows of a person, and of the last one of a household its address too; return how many there are.

    Sex, year of birth and where somebody lived stay, so that sums and history do; vulnerabilities, which nobody sums, go.
    """
    rows = await _rows_of(session, Resident.person_id.in_(erasing.persons))
    new = [row for row in rows if row.erased_at is None]
    for row in new:
        row.erased_at, row.creation_digest, row.changed_at = erasing.now, b"", erasing.now
        row.vulnerabilities = None
    await forget_conflicts_about(session, sync_conflicts, "residents", [row.id for row in rows])
    await session.flush()
    for row in new:
        data = service.resident_record(row) | {"reason": erasing.reason, "requested_on": erasing.requested_on}
        change = Change("resident.erased", f"residents/{row.id}", row.kelurahan_code, data, erasing.requested_on)
        record(session, change, by=erasing.by, now=erasing.now)
    await _erase_empty_households(session, new, erasing)
    return len(rows)


async def _rows_of(session: AsyncSession, beginning: ColumnElement[bool]) -> Sequence[Resident]:
    """Return all rows of a person of whom one is known, locked."""
    found = (
        select(Resident)
        .where(Resident.id.in_(select(one_person(beginning).c.id)))
        .order_by(Resident.id)
        .with_for_update()
    )
    return (await session.scalars(found)).all()


async def _erase_empty_households(session: AsyncSession, rows: Sequence[Resident], erasing: personal.Erasing) -> None:
    """Erase the addresses where nobody is left who could be found there; the lock lets the last of two see the other."""
    by, now = erasing.by, erasing.now
    ids = {row.household_id for row in rows}
    locked = select(Household).where(Household.id.in_(ids)).order_by(Household.id).with_for_update()
    households = (await session.scalars(locked)).all()
    named = select(Resident.household_id).where(Resident.household_id.in_(ids), Resident.erased_at.is_(None))
    inhabited = set(await session.scalars(named))
    empty = [one for one in households if one.id not in inhabited and one.erased_at is None]
    await forget_conflicts_about(session, sync_conflicts, "households", [one.id for one in empty])
    for household in empty:
        await personal.erase(session, household.id, by=by, now=now)
        household.erased_at, household.creation_digest, household.changed_at = now, b"", now
    await session.flush()
    for household in empty:
        data = service.household_record(household) | {"reason": erasing.reason, "requested_on": erasing.requested_on}
        subject, place = f"households/{household.id}", household.kelurahan_code
        record(session, Change("household.erased", subject, place, data, erasing.requested_on), by=by, now=now)

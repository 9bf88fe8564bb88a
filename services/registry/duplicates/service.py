"""Use cases of duplicates: merge two records of one person, part them again, or tell two persons apart."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.duplicates.queries import ELSEWHERE, with_places
from services.registry.duplicates.rules import (
    COLUMNS,
    RESTORED,
    SEALED,
    DuplicateDecided,
    KeptElsewhere,
    MergeBuiltUpon,
    MergeForgotten,
    NotMergeable,
    TwoKelurahan,
    changed_since,
    names_taken,
)
from services.registry.duplicates.schemas import DismissalDraft, MergeDraft
from services.registry.personal import service as personal
from services.registry.personal.service import Duplicate, DuplicateState
from services.registry.residents import service as residents
from services.registry.residents.service import Household, Resident, ResidentEnd
from shared.errors import ResourceNotFound
from shared.items import locked
from shared.journal import Audience, record
from shared.permissions import Caller
from shared.vault import Vault

AUDIENCES = {
    "duplicate.merged": Audience.REGION,
    "duplicate.parted": Audience.REGION,
    "duplicate.dismissed": Audience.REGION,
    "resident.merged": Audience.REGION,
    "resident.parted": Audience.REGION,
    "duplicates.read": Audience.READINGS,
}


async def pair_of(session: AsyncSession, duplicate_id: UUID, *, by: Caller) -> dict[UUID, Household]:
    """Return the households of a pair's residents by resident, locked: first they, then residents, then the pair.

    Whoever changes a resident locks in that order, and its pairs last. A pair in two kelurahan, of which nobody
    is merged, locks nobody.
    """
    # Read without keeping it, so that it is read again once it is locked.
    columns = select(Duplicate.first_id, Duplicate.second_id, ELSEWHERE.label("elsewhere"))
    found = await session.execute(with_places(columns).where(Duplicate.id == duplicate_id))
    pair = found.one_or_none()
    if pair is None:
        raise ResourceNotFound
    if pair.elsewhere is not None:
        return {}
    members = Resident.id.in_((pair.first_id, pair.second_id))
    homes = {
        row.id: row.household_id
        for row in await session.execute(select(Resident.id, Resident.household_id).where(members))
    }
    households = {home: await locked(session, Household, home, by=by) for home in sorted(set(homes.values()))}
    await session.scalars(select(Resident).where(members).order_by(Resident.id).with_for_update())
    return {resident: households[home] for resident, home in homes.items()}


def _both(pair: Duplicate) -> tuple[UUID, UUID]:
    return pair.first_id, pair.second_id


async def dismiss(session: AsyncSession, pair: Duplicate, draft: DismissalDraft, *, by: Caller, now: datetime) -> None:
    """Note that a locked pair are two persons; they come back only when more speaks for their being one."""
    if pair.state is not DuplicateState.OPEN:
        raise DuplicateDecided(state=pair.state)
    pair.state, pair.dismissal, pair.changed_at = DuplicateState.DISMISSED, draft.reason, now
    await session.flush()
    personal.note(session, "duplicate.dismissed", pair, by=by, now=now)


async def merge(
    session: AsyncSession,
    vault: Vault,
    pair: Duplicate,
    homes: Mapping[UUID, Household],
    draft: MergeDraft,
    *,
    by: Caller,
    now: datetime,
) -> None:
    """Let one of a locked pair stand for both; what both were before is kept, sealed, so that they can be parted."""
    if pair.state not in {DuplicateState.OPEN, DuplicateState.DISMISSED}:
        raise DuplicateDecided(state=pair.state)
    if not homes:
        raise TwoKelurahan(here=pair.kelurahan_code, elsewhere=pair.elsewhere_code)
    if draft.kept_id not in _both(pair):
        raise KeptElsewhere(pointer="/kept_id", kept_id=draft.kept_id)
    kept, absorbed = await _residents(session, pair, kept_id=draft.kept_id)
    if not (_stands(kept) and _stands(absorbed)):
        raise NotMergeable
    sealed, theirs = await personal.record_of(session, kept.id), await personal.record_of(session, absorbed.id)
    home = homes[absorbed.id]
    before = {
        "fields": personal.opened(vault, sealed),
        "columns": {name: getattr(kept, name) for name in RESTORED},
        "heads": home.id if home.head_id == absorbed.id else None,
    }
    personal.keep(
        session,
        vault,
        record_id=pair.id,
        person_id=kept.person_id,
        kelurahan_code=pair.kelurahan_code,
        fields=before,
    )
    won = personal.opened(vault, theirs)
    personal.change(session, vault, sealed, {name: won.get(name) for name in names_taken(draft.take, SEALED)})
    for name in names_taken(draft.take, COLUMNS):
        setattr(kept, name, getattr(absorbed, name))
    if home.head_id == absorbed.id:
        await _head(session, home, kept.id if kept.household_id == home.id else None, by=by, now=now)
    absorbed.merged_into, absorbed.changed_at, kept.changed_at = kept.id, now, now
    await session.flush()
    pair.state, pair.dismissal, pair.changed_at = DuplicateState.MERGED, None, now
    pair.kept_id, pair.kept_version, pair.absorbed_version = kept.id, kept.version, absorbed.version
    await session.flush()
    record(session, residents.resident_change("resident.merged", absorbed), by=by, now=now)
    record(session, residents.resident_change("resident.changed", kept), by=by, now=now)
    personal.note(session, "duplicate.merged", pair, by=by, now=now)
    await residents.compare_again(session, vault, kept, by=by, now=now)
    await personal.leave_queue(session, absorbed.id, by=by, now=now)


async def part(
    session: AsyncSession,
    vault: Vault,
    pair: Duplicate,
    homes: Mapping[UUID, Household],
    *,
    by: Caller,
    now: datetime,
) -> None:
    """Undo the merge of a locked pair: both are again what they were, or MergeBuiltUpon when one was changed since."""
    if pair.state is not DuplicateState.MERGED or pair.kept_id is None:
        raise DuplicateDecided(state=pair.state)
    kept, absorbed = await _residents(session, pair, kept_id=pair.kept_id)
    changed = changed_since(
        {kept.id: (pair.kept_version, kept.version), absorbed.id: (pair.absorbed_version, absorbed.version)}
    )
    if changed:
        raise MergeBuiltUpon(changed=", ".join(changed), members={"changed": changed})
    kept_before = await personal.record_of(session, pair.id)
    before = personal.opened(vault, kept_before)
    if not before:
        raise MergeForgotten
    personal.change(session, vault, await personal.record_of(session, kept.id), before["fields"])
    for name, value in before["columns"].items():
        setattr(kept, name, value)
    home = homes[absorbed.id]
    if before["heads"] is not None and home.head_id in {None, kept.id}:
        await _head(session, home, absorbed.id, by=by, now=now)
    absorbed.merged_into, absorbed.changed_at, kept.changed_at = None, now, now
    pair.state, pair.changed_at = DuplicateState.OPEN, now
    pair.kept_id = pair.kept_version = pair.absorbed_version = None
    await session.delete(kept_before)
    await session.flush()
    await session.refresh(kept)
    record(session, residents.resident_change("resident.parted", absorbed), by=by, now=now)
    record(session, residents.resident_change("resident.changed", kept), by=by, now=now)
    personal.note(session, "duplicate.parted", pair, by=by, now=now)
    for resident in (kept, absorbed):
        await residents.compare_again(session, vault, resident, by=by, now=now)


async def _residents(session: AsyncSession, pair: Duplicate, *, kept_id: UUID) -> tuple[Resident, Resident]:
    """Return the kept and the absorbed of a pair whose residents are locked."""
    other = pair.second_id if kept_id == pair.first_id else pair.first_id
    return await session.get_one(Resident, kept_id), await session.get_one(Resident, other)


def _stands(resident: Resident) -> bool:
    moved = resident.ended_because is ResidentEnd.MOVED
    return resident.merged_into is None and resident.erased_at is None and not moved


async def _head(session: AsyncSession, home: Household, head: UUID | None, *, by: Caller, now: datetime) -> None:
    home.head_id, home.changed_at = head, now
    await session.flush()
    record(session, residents.household_change("household.changed", home), by=by, now=now)

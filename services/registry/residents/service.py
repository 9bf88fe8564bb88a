"""Use cases of households and residents: record them, edit them, find them, erase what names them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal import service as personal
from services.registry.residents.cells import Cell
from services.registry.residents.counting import (
    KnownResident,
    PlaceCounts,
    counts,
    kept_resident,
    known_residents,
    one_person,
    persons,
    require_open,
    require_present,
    rows_of,
)
from services.registry.residents.models import Household, Resident
from services.registry.residents.neighbourhoods import AdultCount, adults_of_neighbourhoods
from services.registry.residents.numbers import nik_faults
from services.registry.residents.publishing import population
from services.registry.residents.queries import COMPARED, beside, one_resident, resident_view
from services.registry.residents.rules import (
    AlreadyMoved,
    CountMissing,
    HouseholdEnd,
    HouseholdUnknown,
    ResidentEnd,
    ResidentInvalid,
    ResidentMerged,
    ResidentUnknown,
    Sex,
    absence_faults,
    birth_year_faults,
    ending_faults,
    numbered,
    within_household_faults,
)
from services.registry.residents.schemas import (
    HouseholdChange,
    ResidentChange,
    ResidentDraft,
    ResidentView,
)
from shared.clock import today
from shared.errors import Fault, Refusal, ResourceNotFound
from shared.identity import new_id
from shared.items import Claim, changes, claim, claim_all, locked, locked_all
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.vault import Vault

__all__ = [
    "AdultCount",
    "Cell",
    "CountMissing",
    "Household",
    "KnownResident",
    "PlaceCounts",
    "Resident",
    "ResidentEnd",
    "ResidentView",
    "Sex",
    "adults_of_neighbourhoods",
    "beside",
    "counts",
    "kept_resident",
    "known_residents",
    "numbered",
    "one_person",
    "one_resident",
    "persons",
    "population",
    "require_open",
    "require_present",
    "resident_view",
    "rows_of",
]

AUDIENCES = {
    "household.recorded": Audience.REGION,
    "household.changed": Audience.REGION,
    "household.moved": Audience.REGION,
    "household.erased": Audience.REGION,
    "household.withdrawn": Audience.REGION,
    "resident.recorded": Audience.REGION,
    "resident.changed": Audience.REGION,
    "resident.moved": Audience.REGION,
    "resident.erased": Audience.REGION,
    "resident.withdrawn": Audience.REGION,
    "welfare_status.recorded": Audience.REGION,
    "welfare_status.changed": Audience.REGION,
    "households.read": Audience.READINGS,
    "residents.read": Audience.READINGS,
    "residents.looked_up": Audience.READINGS,
}
OF_HOUSEHOLD = ("address", "point", "kk_number")
OF_RESIDENT = ("name", "nik", "phone")
"""What is kept in the personal records only."""


def household_record(household: Household) -> dict[str, Any]:
    """Return a household as its journal keeps it: where and since when, and nothing by which its house is found."""
    return {
        "id": household.id,
        "kelurahan_code": household.kelurahan_code,
        "moved_from": household.moved_from,
        "starts_on": household.starts_on,
        "ends_on": household.ends_on,
        "erased": household.erased_at is not None,
        "version": household.version,
    }


def resident_record(resident: Resident) -> dict[str, Any]:
    """Return a resident as the journal keeps them: where and since when, and nothing by which they are known again."""
    return {
        "id": resident.id,
        "kelurahan_code": resident.kelurahan_code,
        "household_id": resident.household_id,
        "moved_from": resident.moved_from,
        "merged_into": resident.merged_into,
        "starts_on": resident.starts_on,
        "ends_on": resident.ends_on,
        "erased": resident.erased_at is not None,
        "version": resident.version,
    }


def household_change(action: str, household: Household, *, occurred_on: date | None = None) -> Change:
    data = household_record(household)
    return Change(action, f"households/{household.id}", household.kelurahan_code, data, occurred_on)


def resident_change(action: str, resident: Resident, *, occurred_on: date | None = None) -> Change:
    data = resident_record(resident)
    return Change(action, f"residents/{resident.id}", resident.kelurahan_code, data, occurred_on)


def keep_household(session: AsyncSession, vault: Vault, household: Household, fields: Mapping[str, Any]) -> None:
    """Keep what names a household's house; each household is its own in that, also after a move."""
    personal.keep(
        session,
        vault,
        record_id=household.id,
        person_id=household.id,
        kelurahan_code=household.kelurahan_code,
        fields=fields,
    )


def person_of(resident: Resident, fields: Mapping[str, Any]) -> personal.Person:
    """Return a resident as a person who may be somebody recorded already."""
    return personal.Person(
        id=resident.id,
        person_id=resident.person_id,
        kelurahan_code=resident.kelurahan_code,
        fields=fields,
        birth_year=resident.birth_year,
        sex=resident.sex,
        household_id=resident.household_id,
    )


async def keep_residents(
    session: AsyncSession, vault: Vault, people: Sequence[personal.Person], *, by: Caller, now: datetime
) -> None:
    """Keep what names residents whose rows are written, and queue whoever may be somebody recorded already."""
    await personal.keep_people(session, vault, people, among=COMPARED, by=by, now=now)


async def compare_again(session: AsyncSession, vault: Vault, resident: Resident, *, by: Caller, now: datetime) -> None:
    """Queue whoever may be the same person now that a resident was changed."""
    fields = personal.opened(vault, await personal.record_of(session, resident.id))
    await personal.queue_again(session, vault, person_of(resident, fields), among=COMPARED, by=by, now=now)


def edits(
    row: Household | Resident, change: HouseholdChange | ResidentChange, *, naming: Sequence[str], now: datetime
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what a merge patch names: of the row, and of what is personal behind it."""
    edited = changes(change)
    if row.ended_because in {HouseholdEnd.MOVED, ResidentEnd.MOVED} and edited.keys() & {"ends_on", "ended_because"}:
        raise AlreadyMoved
    for name in edited.keys() & {"starts_on", "ends_on"}:
        if edited[name] is not None:
            require_not_future(edited[name], now=now, pointer=f"/{name}")
    return edited, {name: edited.pop(name) for name in naming if name in edited}


async def rename(
    session: AsyncSession, vault: Vault, row: Household | Resident, edited: Mapping[str, Any]
) -> dict[str, Any]:
    """Edit what names a row that is locked; return it as it is now."""
    if row.erased_at is not None:
        raise personal.PersonalErased
    return personal.change(session, vault, await personal.record_of(session, row.id), edited)


async def household_to_join(session: AsyncSession, household_id: UUID, *, by: Caller) -> Household:
    """Return a household of the caller's regions that a body names, locked, so that its members change one by one."""
    try:
        return await locked(session, Household, household_id, by=by)
    except ResourceNotFound as error:
        raise HouseholdUnknown(pointer="/household_id", household_id=household_id) from error


async def resident_named(session: AsyncSession, resident_id: UUID, *, by: Caller) -> Resident:
    """Return a resident of the caller's regions that a body names, locked; ResidentUnknown or RegionMissing otherwise."""
    try:
        return await locked(session, Resident, resident_id, by=by)
    except ResourceNotFound as error:
        raise ResidentUnknown(pointer="/resident_id", resident_id=resident_id) from error


async def household_of(session: AsyncSession, resident_id: UUID, *, by: Caller) -> Household:
    """Return a resident's household, locked: first the household, then its members, whoever changes them."""
    household_id = await session.scalar(select(Resident.household_id).where(Resident.id == resident_id))
    if household_id is None:
        raise ResourceNotFound
    return await locked(session, Household, household_id, by=by)


async def homes_of_move(
    session: AsyncSession, resident_id: UUID, joins: UUID, *, by: Caller
) -> tuple[Household, Household]:
    """Return the household that a resident leaves and the one that is joined, locked.

    Both are locked in one order first, so that two who move in opposite directions wait for each other.
    """
    leaves = await session.scalar(select(Resident.household_id).where(Resident.id == resident_id))
    if leaves is None:
        raise ResourceNotFound
    await locked_all(session, Household, [leaves, joins], by=by)
    return await locked(session, Household, leaves, by=by), await household_to_join(session, joins, by=by)


async def record_resident(
    session: AsyncSession, vault: Vault, draft: ResidentDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a resident in a household the caller serves; return the id and whether it is new.

    Nobody is refused for a NIK that somebody else has: it may be mistyped there, or here.
    """
    household = await household_to_join(session, draft.household_id, by=by)
    claimed = await claim(session, Resident, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    resident, fields = _new_resident(draft, household, claimed, now=now)
    session.add(resident)
    await session.flush()
    await keep_residents(session, vault, [person_of(resident, fields)], by=by, now=now)
    record(session, resident_change("resident.recorded", resident, occurred_on=resident.starts_on), by=by, now=now)
    return resident.id, True


async def record_residents(
    session: AsyncSession, vault: Vault, drafts: Sequence[ResidentDraft], *, by: Caller, now: datetime
) -> list[bool | Refusal]:
    """Record many residents, each with its id, as `record_resident` does one; return whether each is new, or its refusal."""
    households = await locked_all(session, Household, {draft.household_id for draft in drafts}, by=by)
    claims = await claim_all(session, Resident, drafts, by=by)
    found: list[bool | Refusal] = []
    new: list[tuple[Resident, dict[str, Any]]] = []
    for draft, claimed in zip(drafts, claims, strict=True):
        try:
            household = households.get(draft.household_id) or await household_to_join(
                session, draft.household_id, by=by
            )
            if isinstance(claimed, Refusal):
                raise claimed
            if not claimed.existing:
                new.append(_new_resident(draft, household, claimed, now=now))
            found.append(not claimed.existing)
        except Refusal as refusal:
            found.append(refusal)
    session.add_all([resident for resident, _ in new])
    await session.flush()
    people = [person_of(resident, fields) for resident, fields in new]
    await keep_residents(session, vault, people, by=by, now=now)
    for resident, _ in new:
        record(session, resident_change("resident.recorded", resident, occurred_on=resident.starts_on), by=by, now=now)
    return found


def _new_resident(
    draft: ResidentDraft, household: Household, claimed: Claim, *, now: datetime
) -> tuple[Resident, dict[str, Any]]:
    """Return the row of a resident, and what is personal behind it; refuse what breaks a rule."""
    fields = draft.model_dump(include=set(OF_RESIDENT))
    resident = Resident(
        kelurahan_code=household.kelurahan_code,
        household_id=household.id,
        person_id=new_id(),
        sex=draft.sex,
        birth_year=draft.birth_year,
        birth_year_absent_reason=draft.birth_year_absent_reason,
        nik_absent_reason=draft.nik_absent_reason,
        vulnerabilities=in_order(draft.vulnerabilities),
        moved_from=None,
        merged_into=None,
        erased_at=None,
        starts_on=draft.starts_on or household.starts_on,
        ends_on=None,
        ended_because=None,
        **claimed.columns(now),
    )
    require_not_future(resident.starts_on, now=now, pointer="/starts_on")
    require_valid_resident(resident, household, fields, now=now)
    return resident, fields


def in_order(vulnerabilities: Any) -> list[str] | None:
    """Return vulnerabilities as they are kept: each once, in order; None where nobody asked."""
    return None if vulnerabilities is None else sorted({one.value for one in vulnerabilities})


def require_valid_resident(
    resident: Resident, household: Household, fields: Mapping[str, Any] | None, *, moved: bool = False, now: datetime
) -> None:
    """Refuse a resident who breaks a rule, naming each one; without fields those were not touched, `moved`: by the act."""
    found: list[Fault] = []
    if fields is not None:
        nik = fields.get("nik")
        found += nik_faults(nik) if nik is not None else []
        found += absence_faults(
            "nik", reason_name="nik_absent_reason", given=nik is not None, reason=resident.nik_absent_reason
        )
    found += birth_year_faults(resident.birth_year, today=today(now))
    found += absence_faults(
        "birth_year",
        reason_name="birth_year_absent_reason",
        given=resident.birth_year is not None,
        reason=resident.birth_year_absent_reason,
    )
    found += ending_faults(
        starts_on=resident.starts_on, ends_on=resident.ends_on, because=resident.ended_because, moved_by_act=moved
    )
    found += within_household_faults(
        starts_on=resident.starts_on,
        ends_on=resident.ends_on,
        household_starts_on=household.starts_on,
        household_ends_on=household.ends_on,
    )
    if found:
        raise ResidentInvalid(faults=found, count=len(found))


async def change_resident(
    session: AsyncSession,
    vault: Vault,
    household: Household,
    resident: Resident,
    change: ResidentChange,
    *,
    by: Caller,
    now: datetime,
) -> None:
    """Edit a resident; both the household and the resident are locked."""
    if resident.merged_into is not None:
        raise ResidentMerged(merged_into=resident.merged_into)
    edited, naming = edits(resident, change, naming=OF_RESIDENT, now=now)
    moved = resident.ended_because is ResidentEnd.MOVED
    for known, reason in ((naming, "nik_absent_reason"), (edited, "birth_year_absent_reason")):
        if known.get(reason.removesuffix("_absent_reason")) is not None:
            edited.setdefault(reason, None)
    if "vulnerabilities" in edited:
        edited["vulnerabilities"] = in_order(edited["vulnerabilities"])
    for name, value in edited.items():
        setattr(resident, name, value)
    fields = None
    if naming or "nik_absent_reason" in edited:
        fields = await rename(session, vault, resident, naming)
    require_valid_resident(resident, household, fields, moved=moved, now=now)
    if resident.ends_on is not None and household.head_id == resident.id:
        await without_head(session, household, by=by, now=now)
    resident.changed_at = now
    await session.flush()
    if resident.erased_at is None and (naming or edited.keys() & {"sex", "birth_year"}):
        await compare_again(session, vault, resident, by=by, now=now)
    record(session, resident_change("resident.changed", resident), by=by, now=now)


async def without_head(session: AsyncSession, household: Household, *, by: Caller, now: datetime) -> None:
    """Let a household be without a head, since the one it had lives there no longer."""
    household.head_id, household.changed_at = None, now
    await session.flush()
    record(session, household_change("household.changed", household), by=by, now=now)

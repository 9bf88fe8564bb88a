"""Use cases of households: record one where it lives, edit it, end it."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal import service as personal
from services.registry.residents import cards, service
from services.registry.residents.models import Household, Resident
from services.registry.residents.numbers import NumberAbsent, kk_faults, kk_shared_faults
from services.registry.residents.rules import (
    HouseholdEnd,
    HouseholdInhabited,
    HouseholdInvalid,
    absence_faults,
    ending_faults,
    member_faults,
    numbered,
    within_household_faults,
)
from services.registry.residents.schemas import HouseholdChange, HouseholdDraft
from shared.errors import Refusal
from shared.items import Claim, claim, claim_all, require_place, require_valid_code
from shared.journal import record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.places import PlaceEnded
from shared.vault import Vault


async def record_household(
    session: AsyncSession, vault: Vault, draft: HouseholdDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a household in a kelurahan the caller serves; return its id and whether it is new."""
    await require_place(session, Household, draft.kelurahan_code, by=by)
    claimed = await claim(session, Household, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    household, fields = _new_household(draft, claimed, now=now)
    await require_valid_code(session, household, on=household.starts_on)
    await cards.require_own(session, household, fields, by=by)
    session.add(household)
    service.keep_household(session, vault, household, fields)
    await session.flush()
    record(
        session, service.household_change("household.recorded", household, occurred_on=draft.starts_on), by=by, now=now
    )
    return household.id, True


async def record_households(
    session: AsyncSession, vault: Vault, drafts: Sequence[HouseholdDraft], *, by: Caller, now: datetime
) -> list[bool | Refusal]:
    """Record many households, each with its id, as `record_household` does one; return whether each is new, or its refusal."""
    closed = await _closed_to(session, drafts, by=by)
    ended = await _ended(session, drafts)
    claims = await claim_all(session, Household, drafts, by=by)
    found: list[bool | Refusal] = []
    new: dict[UUID, tuple[Household, dict[str, Any]]] = {}
    for draft, claimed in zip(drafts, claims, strict=True):
        try:
            if draft.kelurahan_code in closed:
                raise closed[draft.kelurahan_code]
            if isinstance(claimed, Refusal):
                raise claimed
            if not claimed.existing:
                household, fields = _new_household(draft, claimed, now=now)
                if draft.kelurahan_code in ended:
                    await require_valid_code(session, household, on=household.starts_on)
                new[household.id] = household, fields
            found.append(not claimed.existing)
        except Refusal as refusal:
            found.append(refusal)
    refused = await cards.refusals(session, cards.cards_of(session, list(new.values())), by=by)
    kept = [one for household_id, one in new.items() if household_id not in refused]
    for household, fields in kept:
        session.add(household)
        service.keep_household(session, vault, household, fields)
    await session.flush()
    for household, _ in kept:
        change = service.household_change("household.recorded", household, occurred_on=household.starts_on)
        record(session, change, by=by, now=now)
    return [
        refused.get(draft.id, outcome) if draft.id else outcome for draft, outcome in zip(drafts, found, strict=True)
    ]


async def _closed_to(session: AsyncSession, drafts: Sequence[HouseholdDraft], *, by: Caller) -> dict[str, Refusal]:
    """Return in which places of some households the caller may record none, each with its refusal."""
    closed = {}
    for code in sorted({draft.kelurahan_code for draft in drafts}):
        try:
            await require_place(session, Household, code, by=by)
        except Refusal as refusal:
            closed[code] = refusal
    return closed


async def _ended(session: AsyncSession, drafts: Sequence[HouseholdDraft]) -> set[str]:
    """Return the codes of some households that had ended when the last of them began, asked once for each code."""
    last: dict[str, date] = {}
    for draft in drafts:
        last[draft.kelurahan_code] = max(draft.starts_on, last.get(draft.kelurahan_code, draft.starts_on))
    ended = set()
    for code, day in last.items():
        try:
            await require_valid_code(session, Household(kelurahan_code=code), on=day)
        except PlaceEnded:
            ended.add(code)
    return ended


def _new_household(draft: HouseholdDraft, claimed: Claim, *, now: datetime) -> tuple[Household, dict[str, Any]]:
    """Return the row of a household, and what is personal behind it; refuse what breaks a rule."""
    require_not_future(draft.starts_on, now=now, pointer="/starts_on")
    fields = draft.model_dump(include=set(service.OF_HOUSEHOLD))
    household = Household(
        kelurahan_code=draft.kelurahan_code,
        rt=numbered(draft.rt),
        rw=numbered(draft.rw),
        head_id=None,
        kk_absent_reason=draft.kk_absent_reason or (None if draft.kk_number is not None else NumberAbsent.NOT_ASKED),
        kk_shared_reason=draft.kk_shared_reason,
        moved_from=None,
        erased_at=None,
        starts_on=draft.starts_on,
        ends_on=None,
        ended_because=None,
        **claimed.columns(now),
    )
    _require_household(household, fields)
    return household, fields


def _require_household(household: Household, fields: Mapping[str, Any] | None, *, moved: bool = False) -> None:
    """Refuse a household that breaks a rule, naming each one; without fields they were not touched, `moved`: by the act."""
    found = ending_faults(
        starts_on=household.starts_on, ends_on=household.ends_on, because=household.ended_because, moved_by_act=moved
    )
    if fields is not None:
        number = fields.get("kk_number")
        found += kk_faults(number) if number is not None else []
        found += absence_faults(
            "kk_number", reason_name="kk_absent_reason", given=number is not None, reason=household.kk_absent_reason
        )
        found += kk_shared_faults(given=number is not None, reason=household.kk_shared_reason)
    if found:
        raise HouseholdInvalid(faults=found, count=len(found))


async def change_household(
    session: AsyncSession, vault: Vault, household: Household, change: HouseholdChange, *, by: Caller, now: datetime
) -> None:
    """Edit a household that is locked."""
    edited, naming = service.edits(household, change, naming=service.OF_HOUSEHOLD, now=now)
    moved = household.ended_because is HouseholdEnd.MOVED
    known = (await personal.fields_of(session, vault, [household.id])).get(household.id, {})
    if naming.get("kk_number") is not None:
        edited.setdefault("kk_absent_reason", None)
    anew = naming.get("kk_number", known.get("kk_number")) != known.get("kk_number")
    if anew:
        edited.setdefault("kk_shared_reason", None)
    anew = anew or "kk_shared_reason" in edited or (household.ends_on is not None and "ends_on" in edited)
    for name, value in edited.items():
        setattr(household, name, numbered(value) if name in {"rt", "rw"} else value)
    fields = None
    if naming or edited.keys() & {"kk_absent_reason", "kk_shared_reason"}:
        fields = await service.rename(session, vault, household, naming)
    _require_household(household, fields, moved=moved)
    if anew:
        with session.no_autoflush:
            await cards.require_own(session, household, fields or known, by=by)
    if edited.keys() & {"starts_on", "ends_on", "head_id"}:
        await _require_fitting_members(session, household)
    household.changed_at = now
    await session.flush()
    record(session, service.household_change("household.changed", household), by=by, now=now)


async def _require_fitting_members(session: AsyncSession, household: Household) -> None:
    """Refuse a head who is no member, a beginning after somebody's, and an end that leaves somebody behind."""
    members = select(Resident).where(Resident.household_id == household.id, Resident.merged_into.is_(None))
    if household.head_id is not None:
        head = await session.scalar(members.where(Resident.id == household.head_id, Resident.ends_on.is_(None)))
        found = member_faults(is_member=head is not None)
        if found:
            raise HouseholdInvalid(faults=found, count=len(found))
    first = await session.scalar(select(func.min(Resident.starts_on)).where(Resident.household_id == household.id))
    if first is not None:
        found = within_household_faults(
            starts_on=first, ends_on=None, household_starts_on=household.starts_on, household_ends_on=None
        )
        if found:
            raise HouseholdInvalid(faults=found, count=len(found))
    if household.ends_on is not None:
        left = select(func.count()).select_from(
            members.where((Resident.ends_on.is_(None)) | (Resident.ends_on > household.ends_on)).subquery()
        )
        staying = await session.scalar(left)
        if staying:
            raise HouseholdInhabited(residents=staying, ends_on=household.ends_on)

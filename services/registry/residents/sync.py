"""What is carried offline of households and residents: what names them for who may read it, numbers and points for nobody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal import service as personal
from services.registry.residents import homes, service
from services.registry.residents.models import Household, Resident
from services.registry.residents.rules import numbered
from services.registry.residents.schemas import HouseholdChange, HouseholdDraft, ResidentChange, ResidentDraft
from shared.items import locked
from shared.permissions import Caller
from shared.syncables import Hidden, Synced
from shared.vault import Vault

READ, WRITE = "registry:personal:read", "registry:residents:write"


async def _locked_after_household(session: AsyncSession, resident_id: UUID, *, by: Caller) -> Resident:
    await service.household_of(session, resident_id, by=by)
    return await locked(session, Resident, resident_id, by=by)


def synced(vault: Vault) -> tuple[Synced, Synced]:
    """Return the tables; the vault seals and opens what names somebody."""

    async def opened(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
        return await personal.fields_of(session, vault, ids)

    async def record_household(
        session: AsyncSession, draft: HouseholdDraft, *, by: Caller, now: datetime
    ) -> tuple[UUID, bool]:
        return await homes.record_household(session, vault, draft, by=by, now=now)

    async def edit_household(
        session: AsyncSession, household: Household, change: HouseholdChange, *, by: Caller, now: datetime
    ) -> None:
        await homes.change_household(session, vault, household, change, by=by, now=now)

    async def record_resident(
        session: AsyncSession, draft: ResidentDraft, *, by: Caller, now: datetime
    ) -> tuple[UUID, bool]:
        return await service.record_resident(session, vault, draft, by=by, now=now)

    async def edit_resident(
        session: AsyncSession, resident: Resident, change: ResidentChange, *, by: Caller, now: datetime
    ) -> None:
        household = await session.get_one(Household, resident.household_id)
        await service.change_resident(session, vault, household, resident, change, by=by, now=now)

    return (
        Synced(
            model=Household,
            columns=(
                "kelurahan_code",
                "rt",
                "rw",
                "address",
                "point",
                "kk_number",
                "kk_absent_reason",
                "kk_shared_reason",
                "head_id",
                "starts_on",
                "ends_on",
                "ended_because",
                "moved_from",
                "version",
            ),
            writes=WRITE,
            draft=HouseholdDraft,
            record=record_household,
            change=HouseholdChange,
            edit=edit_household,
            written={"rt": numbered, "rw": numbered},
            hidden=Hidden(
                names=("address", "point", "kk_number"),
                scope=READ,
                action="households.read",
                opened=opened,
                unshown=frozenset({"point", "kk_number"}),
            ),
        ),
        Synced(
            model=Resident,
            columns=(
                "kelurahan_code",
                "household_id",
                "person_id",
                "name",
                "nik",
                "nik_absent_reason",
                "phone",
                "sex",
                "birth_year",
                "birth_year_absent_reason",
                "vulnerabilities",
                "starts_on",
                "ends_on",
                "ended_because",
                "moved_from",
                "merged_into",
                "version",
            ),
            writes=WRITE,
            draft=ResidentDraft,
            record=record_resident,
            change=ResidentChange,
            edit=edit_resident,
            lock=_locked_after_household,
            written={"vulnerabilities": service.in_order},
            hidden=Hidden(
                names=("name", "nik", "phone", "vulnerabilities"),
                scope=READ,
                action="residents.read",
                opened=opened,
                unshown=frozenset({"nik", "phone"}),
            ),
        ),
    )

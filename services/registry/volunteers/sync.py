"""What is carried offline of volunteers: names for who may read them, telephone numbers for nobody."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal import service as personal
from services.registry.volunteers import service
from services.registry.volunteers.models import Volunteer
from services.registry.volunteers.schemas import VolunteerChange, VolunteerDraft
from shared.permissions import Caller
from shared.syncables import Hidden, Synced
from shared.vault import Vault


def synced(vault: Vault) -> Synced:
    """Return the table; the vault seals and opens what names somebody."""

    async def opened(session: AsyncSession, ids: Sequence[UUID]) -> Mapping[UUID, Mapping[str, Any]]:
        return await personal.fields_of(session, vault, ids)

    async def record(session: AsyncSession, draft: VolunteerDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
        return await service.record_volunteer(session, draft, vault=vault, by=by, now=now)

    async def edit(
        session: AsyncSession, volunteer: Volunteer, change: VolunteerChange, *, by: Caller, now: datetime
    ) -> None:
        await service.change_volunteer(session, volunteer, change, vault=vault, by=by, now=now)

    return Synced(
        model=Volunteer,
        columns=(
            "kelurahan_code",
            "person_id",
            "resident_id",
            "name",
            "phone",
            "sex",
            "roles",
            "trained_on",
            "starts_on",
            "ends_on",
            "version",
        ),
        writes="registry:volunteers:write",
        draft=VolunteerDraft,
        record=record,
        change=VolunteerChange,
        edit=edit,
        hidden=Hidden(
            names=("name", "phone"),
            scope="registry:personal:read",
            action="volunteers.read",
            opened=opened,
            unshown=frozenset({"phone"}),
        ),
    )

"""Erasures over HTTP: of a person, wherever known, or of a resident."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from services.registry.dependencies import ErasureWriter
from services.registry.erasures import service
from services.registry.erasures.schemas import ErasureDraft, ErasureView
from services.registry.residents import erasure
from services.registry.residents import service as residents
from services.registry.residents.erasure import Erasure
from services.registry.residents.service import Household, Resident, ResidentView
from shared.clock import Now
from shared.items import to_change
from shared.permissions import Anyone
from shared.replies import saved, to_json
from shared.routing import router
from shared.writing import Writing

routes = router("/registry/v1/erasures", tags=["erasures"])
of_residents = router("/registry/v1/residents", tags=["residents"])

ResidentToErase = Annotated[Resident, Depends(to_change(Resident, residents.one_resident))]


async def _household_of_resident(id: UUID, session: Writing, caller: Anyone) -> Household:
    await erasure.lock_homes(session, Resident.id == id)
    return await residents.household_of(session, id, by=caller)


HouseholdOfResident = Annotated[Household, Depends(_household_of_resident)]


@routes.post("", response_model=ErasureView)
async def erase_person(by: ErasureWriter, session: Writing, draft: ErasureDraft, now: Now) -> Response:
    """Erase what names a person, wherever it stands, for good; what was counted stays counted.

    The caller serves every place where the person lives or serves. Their accounts sign in no more.
    """
    erased = await service.erase(session, draft.person_id, draft, by=by, now=now)
    content = to_json({"person_id": erased.person_id, "rows": erased.rows})
    return Response(content, media_type="application/json", headers={"Cache-Control": "private, no-store"})


@of_residents.post("/{id}/erasure", response_model=ResidentView)
async def erase_resident(
    by: ErasureWriter,
    session: Writing,
    _household: HouseholdOfResident,
    resident: ResidentToErase,
    asked: Erasure,
    now: Now,
) -> Response:
    """Erase the person who is a resident, as `POST /registry/v1/erasures` does."""
    if resident.erased_at is None:
        persons = await erasure.persons_of(session, resident)
        await service.erase(session, resident.person_id, asked, known=persons, by=by, now=now)
    return saved(await residents.one_resident(session, resident.id, by, now))

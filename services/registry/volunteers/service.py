"""Use cases of volunteers."""

from datetime import date, datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.database import sync_conflicts
from services.registry.personal import service as personal
from services.registry.residents import service as residents
from services.registry.residents.service import Sex
from services.registry.volunteers.models import Volunteer
from services.registry.volunteers.rules import ResidentElsewhere, VolunteerAlready, require_roles
from services.registry.volunteers.schemas import VolunteerChange, VolunteerDraft
from shared.canonical import keyed_digest
from shared.conflicts import forget_conflicts_about
from shared.identity import new_id
from shared.items import changes, claim, require_place, require_valid_code, same_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future, require_order
from shared.permissions import Caller
from shared.vault import Vault
from shared.writing import advisory_number

__all__ = ["Volunteer"]

AUDIENCES = {
    "volunteer.recorded": Audience.REGION,
    "volunteer.changed": Audience.REGION,
    "volunteer.withdrawn": Audience.REGION,
    "volunteer.erased": Audience.REGION,
    "volunteers.read": Audience.READINGS,
}
PERSONAL = {"name", "phone"}


def volunteer_record(volunteer: Volunteer) -> dict[str, Any]:
    """Return a volunteer as the journal keeps it: by id and place, with what is counted."""
    return {
        "id": volunteer.id,
        "kelurahan_code": volunteer.kelurahan_code,
        "person_id": volunteer.person_id,
        "resident_id": volunteer.resident_id,
        "sex": volunteer.sex,
        "roles": volunteer.roles,
        "trained_on": volunteer.trained_on,
        "starts_on": volunteer.starts_on,
        "ends_on": volunteer.ends_on,
        "version": volunteer.version,
    }


def volunteer_change(action: str, volunteer: Volunteer) -> Change:
    return Change(
        action,
        f"volunteers/{volunteer.id}",
        volunteer.kelurahan_code,
        volunteer_record(volunteer),
        volunteer.starts_on,
    )


async def record_volunteer(
    session: AsyncSession, draft: VolunteerDraft, *, vault: Vault, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a volunteer in a kelurahan the caller serves; return the id and whether it is new."""
    await require_place(session, Volunteer, draft.kelurahan_code, by=by)
    claimed = await claim(session, Volunteer, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    person_id = draft.person_id
    if draft.resident_id is not None:
        person_id = await _person_behind(
            session, draft.resident_id, code=draft.kelurahan_code, sex=draft.sex, on=draft.starts_on, by=by
        )
        if draft.person_id not in {None, person_id}:
            raise ResidentElsewhere(pointer="/resident_id")
    volunteer = Volunteer(
        kelurahan_code=draft.kelurahan_code,
        person_id=person_id or new_id(),
        resident_id=draft.resident_id,
        sex=draft.sex,
        roles=[role.value for role in draft.roles],
        trained_on=draft.trained_on,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        **claimed.columns(now),
    )
    require_not_future(draft.starts_on, now=now, pointer="/starts_on")
    await _require_valid(session, volunteer, now=now)
    await require_valid_code(session, volunteer, on=volunteer.starts_on)
    session.add(volunteer)
    personal.keep(
        session,
        vault,
        record_id=volunteer.id,
        person_id=volunteer.person_id,
        kelurahan_code=volunteer.kelurahan_code,
        fields={"name": draft.name, "phone": draft.phone},
    )
    await session.flush()
    record(session, volunteer_change("volunteer.recorded", volunteer), by=by, now=now)
    return volunteer.id, True


async def _person_behind(
    session: AsyncSession, resident_id: UUID, *, code: str, sex: Sex, on: date, by: Caller
) -> UUID:
    """Return the person that a resident of a kelurahan is on a day, or a refusal; places are compared as they are today."""
    resident = await residents.resident_named(session, resident_id, by=by)
    here = await require_place(session, Volunteer, code, by=by)
    if await require_place(session, Volunteer, resident.kelurahan_code, by=by) != here or resident.sex is not sex:
        raise ResidentElsewhere(pointer="/resident_id")
    residents.require_present(resident, on)
    return resident.person_id


async def change_volunteer(
    session: AsyncSession, volunteer: Volunteer, change: VolunteerChange, *, vault: Vault, by: Caller, now: datetime
) -> None:
    """Edit a volunteer that is locked, or let them leave."""
    edited = changes(change)
    for name in edited.keys() - PERSONAL:
        value = edited[name]
        setattr(volunteer, name, [role.value for role in value] if name == "roles" else value)
    if edited.get("resident_id") is not None:
        await _become(session, volunteer, edited["resident_id"], by=by)
    await _require_valid(session, volunteer, now=now)
    if named := {name: edited[name] for name in edited.keys() & PERSONAL}:
        await personal.rename(session, vault, volunteer.id, named)
    volunteer.changed_at = now
    await session.flush()
    record(session, volunteer_change("volunteer.changed", volunteer), by=by, now=now)


async def _become(session: AsyncSession, volunteer: Volunteer, resident_id: UUID, *, by: Caller) -> None:
    """Let a volunteer be the person that the resident is, so that both are erased together."""
    person_id = await _person_behind(
        session, resident_id, code=volunteer.kelurahan_code, sex=volunteer.sex, on=volunteer.starts_on, by=by
    )
    kept = await personal.record_of(session, volunteer.id)
    volunteer.person_id = kept.person_id = person_id


async def _require_valid(session: AsyncSession, volunteer: Volunteer, *, now: datetime) -> None:
    require_order(volunteer.starts_on, volunteer.ends_on)
    if volunteer.trained_on is not None:
        require_not_future(volunteer.trained_on, now=now, pointer="/trained_on")
    require_roles(volunteer.roles)
    await _require_once(session, volunteer)


async def _require_once(session: AsyncSession, volunteer: Volunteer) -> None:
    """Refuse the same person twice at a time in a kelurahan; two who record at once wait for each other on a number."""
    number = advisory_number(keyed_digest(session.info["hmac_key"], b"volunteer", volunteer.person_id.bytes))
    await session.execute(select(func.pg_advisory_xact_lock(number)))
    with session.no_autoflush:
        other = await session.scalar(
            select(Volunteer).where(
                Volunteer.person_id == volunteer.person_id,
                same_place(Volunteer, volunteer.kelurahan_code),
                Volunteer.id != volunteer.id,
                Volunteer.overlapping(volunteer.starts_on, volunteer.ends_on),
            )
        )
    if other is not None:
        raise VolunteerAlready(starts_on=other.starts_on, members={"existing": other.id})


async def erase(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase what a person's records as a volunteer hold beside the sealed names; return how many there are."""
    of_person = select(Volunteer.id).where(Volunteer.person_id.in_(erasing.persons))
    await forget_conflicts_about(session, sync_conflicts, "volunteers", (await session.scalars(of_person)).all())
    return await personal.untie_named(session, Volunteer, erasing, told=partial(volunteer_change, "volunteer.erased"))

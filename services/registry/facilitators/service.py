"""Use cases of facilitators: record, edit, let go; and whom their handovers concern."""

from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.accounts import service as accounts
from services.registry.facilitators import assignments
from services.registry.facilitators.assignments import close, release, serve_from, serves_on, share
from services.registry.facilitators.models import Assignment, Facilitator
from services.registry.facilitators.queries import facilitator_row, facilitator_view
from services.registry.facilitators.rules import (
    AccountNotTheirs,
    FacilitationRules,
    FacilitatorUnknown,
)
from services.registry.facilitators.schemas import (
    FacilitatorChange,
    FacilitatorDraft,
)
from services.registry.personal import service as personal
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.identity import new_id
from shared.items import changes, claim, lock_place, locked, require_none, require_place, require_valid_code, same_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future, require_order
from shared.permissions import Caller
from shared.rulesets import RuleSet, in_force, load
from shared.vault import Vault

__all__ = ["Assignment", "Facilitator", "close", "release", "serve_from", "serves_on", "share"]

AUDIENCES = {
    **assignments.AUDIENCES,
    "facilitator.recorded": Audience.REGION,
    "facilitator.changed": Audience.REGION,
    "facilitator.erased": Audience.REGION,
    "facilitators.read": Audience.READINGS,
}
FACILITATION_RULES = load(Path(__file__).with_name("rulesets.json"), FacilitationRules)
PERSONAL = {"name", "phone"}


def rules_on(day: date) -> RuleSet[FacilitationRules]:
    """Return what a team is expected to serve, as on a day."""
    return in_force(FACILITATION_RULES, day)


async def one_facilitator(
    connection: AsyncConnection | AsyncSession,
    facilitator_id: UUID,
    caller: Caller,
    now: datetime,
    *,
    names: Vault | None = None,
) -> dict[str, Any]:
    """Return one facilitator as FacilitatorView, or ResourceNotFound; named only with a vault."""
    row = await facilitator_row(connection, facilitator_id, caller, on=today(now))
    return facilitator_view(row, rules=rules_on(today(now)).values, names=names)


def facilitator_record(facilitator: Facilitator) -> dict[str, Any]:
    """Return a facilitator as the journal keeps it: by id and region."""
    return {
        "id": facilitator.id,
        "region_code": facilitator.region_code,
        "person_id": facilitator.person_id,
        "account_id": facilitator.account_id,
        "role": facilitator.role,
        "starts_on": facilitator.starts_on,
        "ends_on": facilitator.ends_on,
        "version": facilitator.version,
    }


def _change(action: str, facilitator: Facilitator, *, occurred_on: date | None = None) -> Change:
    data = facilitator_record(facilitator)
    return Change(action, f"facilitators/{facilitator.id}", facilitator.region_code, data, occurred_on)


async def record_facilitator(
    session: AsyncSession, draft: FacilitatorDraft, *, vault: Vault, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a facilitator in a region the caller serves; return the id and whether it is new."""
    await require_place(session, Facilitator, draft.region_code, by=by)
    claimed = await claim(session, Facilitator, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.starts_on, now=now, pointer="/starts_on")
    require_order(draft.starts_on, draft.ends_on)
    person_id = draft.person_id
    if draft.account_id is not None:
        person_id = await _person_behind(session, draft.account_id, person_id=person_id, now=now)
    facilitator = Facilitator(
        region_code=draft.region_code,
        person_id=person_id or new_id(),
        account_id=draft.account_id,
        role=draft.role,
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
        **claimed.columns(now),
    )
    await require_valid_code(session, facilitator, on=facilitator.starts_on)
    await _require_once(session, facilitator)
    session.add(facilitator)
    personal.keep(
        session,
        vault,
        record_id=facilitator.id,
        person_id=facilitator.person_id,
        kelurahan_code=facilitator.region_code,
        fields={"name": draft.name, "phone": draft.phone},
    )
    await session.flush()
    record(session, _change("facilitator.recorded", facilitator, occurred_on=draft.starts_on), by=by, now=now)
    return facilitator.id, True


async def _person_behind(session: AsyncSession, account_id: UUID, *, person_id: UUID | None, now: datetime) -> UUID:
    """Return whose account it is, or AccountNotTheirs: a handover takes places only from a facilitator's account."""
    holder = await accounts.facilitating_person(session, account_id, on=today(now))
    if holder is None or (person_id is not None and holder != person_id):
        raise AccountNotTheirs(pointer="/account_id", id=account_id)
    return holder


async def change_facilitator(
    session: AsyncSession,
    facilitator: Facilitator,
    change: FacilitatorChange,
    *,
    vault: Vault,
    by: Caller,
    now: datetime,
) -> None:
    """Edit a facilitator that is locked, or end the employment; the assignments stay, to be handed over."""
    edited = changes(change)
    if edited.get("account_id") is not None:
        await _person_behind(session, edited["account_id"], person_id=facilitator.person_id, now=now)
    for name in edited.keys() - PERSONAL:
        setattr(facilitator, name, edited[name])
    require_order(facilitator.starts_on, facilitator.ends_on)
    with session.no_autoflush:
        await _require_once(session, facilitator)
    if named := {name: edited[name] for name in edited.keys() & PERSONAL}:
        await personal.rename(session, vault, facilitator.id, named)
    facilitator.changed_at = now
    await session.flush()
    record(session, _change("facilitator.changed", facilitator), by=by, now=now)


async def _require_once(session: AsyncSession, facilitator: Facilitator) -> None:
    """Refuse the same person twice at a time in one role of a region; two who record at once wait for each other."""
    await lock_place(session, Facilitator, facilitator.region_code)
    same = select(Facilitator.id).where(
        Facilitator.person_id == facilitator.person_id,
        Facilitator.role == facilitator.role,
        Facilitator.id != facilitator.id,
        same_place(Facilitator, facilitator.region_code),
        Facilitator.overlapping(facilitator.starts_on, facilitator.ends_on),
    )
    await require_none(session, same)


async def locked_one(session: AsyncSession, facilitator_id: UUID) -> Facilitator:
    """Return a facilitator of whom it is known that the caller may change the assignments, locked."""
    return await session.get_one(Facilitator, facilitator_id, with_for_update=True)


async def locked_pair(
    session: AsyncSession, first_id: UUID, second_id: UUID, *, by: Caller
) -> tuple[Facilitator, Facilitator]:
    """Return two facilitators that the caller may change, locked in the order of their ids; the second may be unknown.

    Two who hand over to each other at once never wait for each other in a circle.
    """
    found: dict[UUID, Facilitator] = {}
    for one in sorted({first_id, second_id}):
        try:
            found[one] = await locked(session, Facilitator, one, by=by)
        except ResourceNotFound:
            if one == first_id:
                raise
            raise FacilitatorUnknown(pointer="/to_facilitator_id", id=second_id) from None
    return found[first_id], found[second_id]


async def erase(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase what a person's employments hold beside the sealed names; return how many there are."""
    return await personal.untie_named(session, Facilitator, erasing, told=partial(_change, "facilitator.erased"))

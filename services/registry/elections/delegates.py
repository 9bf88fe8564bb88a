"""Use cases of delegates (utusan): who is listed as sent by an RT to the kelurahan meeting."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.elections.models import Delegate, Election
from services.registry.elections.rules import Act, DelegateWithdrawn, state_after
from services.registry.elections.schemas import DelegateChange, DelegateDraft
from services.registry.personal import service as personal
from shared.identity import new_id
from shared.items import changes, claim, require_none
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.vault import Vault

AUDIENCES = {
    "delegate.recorded": Audience.REGION,
    "delegate.changed": Audience.REGION,
    "delegate.withdrawn": Audience.REGION,
    "delegates.read": Audience.READINGS,
}


def _delegate_change(action: str, delegate: Delegate, **more: str) -> Change:
    data = {
        "id": delegate.id,
        "kelurahan_code": delegate.kelurahan_code,
        "election_id": delegate.election_id,
        "rw": delegate.rw,
        "rt": delegate.rt,
        "withdrawn": delegate.withdrawn_at is not None,
        "version": delegate.version,
        **more,
    }
    return Change(action, f"delegates/{delegate.id}", delegate.kelurahan_code, data)


async def record_delegate(
    session: AsyncSession, election: Election, draft: DelegateDraft, vault: Vault, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a delegate of an RT in a locked election; a name is sealed. Return the id and whether it is new."""
    claimed = await claim(session, Delegate, draft, by=by, within=election.id)
    if claimed.existing:
        return claimed.id, False
    state_after(election.state, Act.EDIT)
    await _require_unlisted(session, election.id, draft.person_id)
    delegate = Delegate(
        **draft.model_dump(exclude={"id", "name", "person_id"}),
        person_id=draft.person_id or new_id(),
        election_id=election.id,
        kelurahan_code=election.kelurahan_code,
        **claimed.columns(now),
    )
    session.add(delegate)
    if draft.name is not None:
        _keep_name(session, vault, delegate, draft.name)
    await session.flush()
    record(session, _delegate_change("delegate.recorded", delegate), by=by, now=now)
    return delegate.id, True


async def _require_unlisted(session: AsyncSession, election_id: UUID, person_id: UUID | None) -> None:
    of_person = (Delegate.election_id == election_id, Delegate.person_id == person_id)
    await require_none(session, select(Delegate.id).where(*of_person, Delegate.withdrawn_at.is_(None)))


def _keep_name(session: AsyncSession, vault: Vault, delegate: Delegate, name: str) -> None:
    personal.keep(
        session,
        vault,
        record_id=delegate.id,
        person_id=delegate.person_id,
        kelurahan_code=delegate.kelurahan_code,
        fields={"name": name},
    )


async def _require_listed(session: AsyncSession, delegate: Delegate) -> None:
    """Refuse to touch a delegate whose election, which is locked, has ended, or who was withdrawn."""
    election = await session.get_one(Election, delegate.election_id)
    state_after(election.state, Act.EDIT)
    if delegate.withdrawn_at is not None:
        raise DelegateWithdrawn


async def change_delegate(
    session: AsyncSession, delegate: Delegate, change: DelegateChange, vault: Vault, *, by: Caller, now: datetime
) -> None:
    """Correct how a delegate is listed, or whom it means; both they and their election are locked.

    PersonalErased for another name or person of who was erased.
    """
    await _require_listed(session, delegate)
    edited = changes(change)
    why: dict[str, str] = {}
    if (relinked := personal.relinked(edited)) is not None:
        person_id, reason = relinked
        await _relink(session, delegate, person_id)
        why = {"person_reason": reason.value}
    if "name" in edited:
        await _rename(session, vault, delegate, edited.pop("name"))
    for field, value in edited.items():
        setattr(delegate, field, value)
    delegate.changed_at = now
    await session.flush()
    record(session, _delegate_change("delegate.changed", delegate, **why), by=by, now=now)


async def _record_behind(session: AsyncSession, delegate: Delegate) -> Any:
    """Return the record that holds a delegate's name, if there is one; PersonalErased for who was erased."""
    kept = await personal.found(session, delegate.id)
    # Who was erased without a name is known by the digest that went.
    if not delegate.creation_digest or (kept is not None and kept.erased_at is not None):
        raise personal.PersonalErased
    return kept


async def _relink(session: AsyncSession, delegate: Delegate, person_id: UUID) -> None:
    kept = await _record_behind(session, delegate)
    if person_id == delegate.person_id:
        return
    await _require_unlisted(session, delegate.election_id, person_id)
    delegate.person_id = person_id
    if kept is not None:
        kept.person_id = person_id


async def _rename(session: AsyncSession, vault: Vault, delegate: Delegate, name: str | None) -> None:
    kept = await _record_behind(session, delegate)
    if name is None:
        await personal.discard(session, [delegate.id])
    elif kept is not None:
        personal.change(session, vault, kept, {"name": name})
    else:
        _keep_name(session, vault, delegate, name)


async def withdraw_delegate(session: AsyncSession, delegate: Delegate, *, by: Caller, now: datetime) -> None:
    """Take back a delegate who was listed by mistake, with the name; both they and their election are locked."""
    await _require_listed(session, delegate)
    await personal.discard(session, [delegate.id])
    delegate.withdrawn_at = delegate.changed_at = now
    await session.flush()
    record(session, _delegate_change("delegate.withdrawn", delegate), by=by, now=now)


async def erase_delegates(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase what a person's records as a delegate hold beside the sealed names; return how many there are."""
    return await personal.untie(session, Delegate, erasing)

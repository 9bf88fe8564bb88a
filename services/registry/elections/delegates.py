"""Use cases of delegates (utusan): who is listed as sent by an RT to the kelurahan meeting."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.elections.models import Delegate, Election
from services.registry.elections.rules import Act, state_after
from services.registry.elections.schemas import DelegateDraft
from services.registry.personal import service as personal
from shared.identity import new_id
from shared.items import claim, require_none
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.vault import Vault

AUDIENCES = {
    "delegate.recorded": Audience.REGION,
    "delegates.read": Audience.READINGS,
}


def _delegate_change(delegate: Delegate) -> Change:
    data = {
        "id": delegate.id,
        "kelurahan_code": delegate.kelurahan_code,
        "election_id": delegate.election_id,
        "rw": delegate.rw,
        "rt": delegate.rt,
        "version": delegate.version,
    }
    return Change("delegate.recorded", f"delegates/{delegate.id}", delegate.kelurahan_code, data)


async def record_delegate(
    session: AsyncSession, election: Election, draft: DelegateDraft, vault: Vault, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a delegate of an RT in a locked election; a name is sealed. Return the id and whether it is new."""
    claimed = await claim(session, Delegate, draft, by=by, within=election.id)
    if claimed.existing:
        return claimed.id, False
    state_after(election.state, Act.EDIT)
    listed = select(Delegate.id).where(Delegate.election_id == election.id, Delegate.person_id == draft.person_id)
    await require_none(session, listed)
    delegate = Delegate(
        **draft.model_dump(exclude={"id", "name", "person_id"}),
        person_id=draft.person_id or new_id(),
        election_id=election.id,
        kelurahan_code=election.kelurahan_code,
        **claimed.columns(now),
    )
    session.add(delegate)
    if draft.name is not None:
        personal.keep(
            session,
            vault,
            record_id=delegate.id,
            person_id=delegate.person_id,
            kelurahan_code=delegate.kelurahan_code,
            fields={"name": draft.name},
        )
    await session.flush()
    record(session, _delegate_change(delegate), by=by, now=now)
    return delegate.id, True


async def erase_delegates(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Erase what a person's records as a delegate hold beside the sealed names; return how many there are."""
    return await personal.untie(session, Delegate, erasing)

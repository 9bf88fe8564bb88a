"""Use cases of partners."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.partners.models import Partner
from services.registry.partners.schemas import PartnerChange, PartnerDraft
from shared.errors import Invalid, Text
from shared.items import changes, claim
from shared.journal import Audience, Change, record
from shared.permissions import Caller

AUDIENCES = {"partner.recorded": Audience.PUBLIC, "partner.changed": Audience.PUBLIC}


def partner_record(partner: Partner) -> dict[str, Any]:
    """Return a partner as its journal keeps it: an organisation's name, not a person's."""
    return {
        "id": partner.id,
        "name": partner.name,
        "kind": partner.kind,
        "active": partner.active,
        "version": partner.version,
    }


class PartnerUnknown(Invalid):
    code = "partner.unknown"
    title = Text("Mitra tidak dikenal", "Unknown partner")
    detail = Text("Tidak ada mitra dengan id {partner_id}.", "There is no partner with the id {partner_id}.")
    fix = Text("Cari id-nya di /registry/v1/partners.", "Look the id up in /registry/v1/partners.")


async def require_known(session: AsyncSession, partner_id: UUID) -> None:
    """Refuse a partner that a body names and that is not there."""
    if await session.scalar(select(Partner.id).where(Partner.id == partner_id)) is None:
        raise PartnerUnknown(pointer="/partner_id", partner_id=partner_id)


async def record_partner(session: AsyncSession, draft: PartnerDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Record a partner; return its id and whether it is new."""
    claimed = await claim(session, Partner, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    partner = Partner(**draft.model_dump(exclude={"id"}), active=True, **claimed.columns(now))
    session.add(partner)
    await session.flush()
    record(session, _change("partner.recorded", partner), by=by, now=now)
    return partner.id, True


async def change_partner(
    session: AsyncSession, partner: Partner, change: PartnerChange, *, by: Caller, now: datetime
) -> None:
    """Edit a partner that is locked."""
    for name, value in changes(change).items():
        setattr(partner, name, value)
    partner.changed_at = now
    await session.flush()
    record(session, _change("partner.changed", partner), by=by, now=now)


def _change(action: str, partner: Partner) -> Change:
    return Change(action, f"partners/{partner.id}", None, partner_record(partner))

"""Use cases of partners: record, edit, verify."""

from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, exists, func, literal, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.database import places
from services.registry.partners.models import Partner, Verification
from services.registry.partners.rules import (
    IDENTITY,
    ContactNameless,
    ContactWithoutSeat,
    NotVerified,
    PartnerUnknown,
    VerificationEnd,
    VerificationOver,
)
from services.registry.partners.schemas import PartnerChange, PartnerDraft, VerificationDraft, WithdrawalDraft
from services.registry.personal import service as personal
from shared.canonical import keyed_digest
from shared.clock import today
from shared.foureyes import require_other_eyes, touch
from shared.identity import new_id
from shared.items import Claim, changes, claim, require_none
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.places import PlaceUnknown
from shared.vault import Vault
from shared.writing import advisory_number

AUDIENCES = {
    "partner.recorded": Audience.PUBLIC,
    "partner.changed": Audience.PUBLIC,
    "partner.verified": Audience.PUBLIC,
    "partner.verification_withdrawn": Audience.PUBLIC,
    "partners.read": Audience.READINGS,
}


def partner_of(partner_id: UUID) -> Select[Any]:
    """Return the statement of the id of a partner; everybody may know of all."""
    return select(Partner.id).where(Partner.id == partner_id)


def partner_record(partner: Partner) -> dict[str, Any]:
    """Return a partner as its journal keeps it: an organisation's name, not a person's."""
    return {
        "id": partner.id,
        "name": partner.name,
        "kind": partner.kind,
        "active": partner.active,
        "region_code": partner.region_code,
        "registration_number": partner.registration_number,
        "verified_on": partner.verified_on,
        "evidence": partner.evidence,
        "expires_on": partner.expires_on,
        "version": partner.version,
    }


async def require_known(session: AsyncSession, partner_id: UUID) -> None:
    """Refuse a partner that a body names and that is not there."""
    if await session.scalar(select(Partner.id).where(Partner.id == partner_id)) is None:
        raise PartnerUnknown(pointer="/partner_id", partner_id=partner_id)


async def require_verified(session: AsyncSession, partner_id: UUID, *, pointer: str, on: date) -> None:
    """Refuse a partner that a body names and that is not there, no longer channels, or is not verified on a day."""
    partner = await session.get(Partner, partner_id)
    if partner is None:
        raise PartnerUnknown(pointer=pointer, partner_id=partner_id)
    good = partner.expires_on is None or partner.expires_on >= on
    if partner.verified_on is None or not good or not partner.active:
        raise NotVerified(members={"existing": partner.id})


async def record_partner(
    session: AsyncSession, draft: PartnerDraft, *, vault: Vault, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a partner; return its id and whether it is new."""
    claimed = await claim(session, Partner, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    partner = Partner(
        **draft.model_dump(exclude={"id", "contact"}),
        active=True,
        contact_id=None,
        touched_by=[],
        **claimed.columns(now),
    )
    await _require_seat(session, partner)
    await _require_once(session, partner)
    if draft.contact is not None:
        await _change_contact(session, partner, draft.contact.model_dump(), vault=vault, by=by, now=now)
    touch(partner, by=by)
    session.add(partner)
    await session.flush()
    record(session, _change("partner.recorded", partner), by=by, now=now)
    return partner.id, True


async def change_partner(
    session: AsyncSession, partner: Partner, change: PartnerChange, *, vault: Vault, by: Caller, now: datetime
) -> None:
    """Edit a partner that is locked; another name or number ends its verification."""
    edited = changes(change)
    contact = edited.pop("contact", {})
    if any(getattr(partner, name) != edited[name] for name in edited.keys() & IDENTITY):
        await _unverify(session, partner, VerificationEnd.IDENTITY_CHANGED, by=by, now=now)
    for name, value in edited.items():
        setattr(partner, name, value)
    if edited.keys() & {"registration_number", "tax_number"}:
        with session.no_autoflush:
            await _require_once(session, partner)
    if "region_code" in edited:
        await _require_seat(session, partner)
    if contact is None or contact:
        await _change_contact(session, partner, contact, vault=vault, by=by, now=now)
    if partner.contact_id is not None and partner.region_code is None:
        raise ContactWithoutSeat(pointer="/region_code")
    touch(partner, by=by)
    partner.changed_at = now
    await session.flush()
    record(session, _change("partner.changed", partner), by=by, now=now)


async def _require_once(session: AsyncSession, partner: Partner) -> None:
    """Refuse a partner of the same tax number, or of the same registration where not both have a tax number.

    Branches of one organisation share its registration and have tax numbers of their own. Two who record the same
    at once wait for each other on the numbers, in one order.
    """
    numbers = {partner.tax_number, partner.registration_number} - {None}
    if not numbers:
        return
    for number in sorted(_number_of(session, one) for one in numbers if one):
        await session.execute(select(func.pg_advisory_xact_lock(number)))
    one_untaxed = or_(Partner.tax_number.is_(None), literal(partner.tax_number is None))
    same = or_(
        and_(Partner.tax_number.is_not(None), Partner.tax_number == partner.tax_number),
        and_(
            Partner.registration_number.is_not(None),
            Partner.registration_number == partner.registration_number,
            one_untaxed,
        ),
    )
    await require_none(session, select(Partner.id).where(Partner.id != partner.id, same))


def _number_of(session: AsyncSession, number: str) -> int:
    return advisory_number(keyed_digest(session.info["hmac_key"], b"partners", number.encode()))


async def _require_seat(session: AsyncSession, partner: Partner) -> None:
    code = partner.region_code
    if code is not None and not await session.scalar(select(exists().where(places.c.kelurahan_code == code))):
        raise PlaceUnknown(pointer="/region_code", code=code)


async def _change_contact(
    session: AsyncSession, partner: Partner, edited: dict[str, Any] | None, *, vault: Vault, by: Caller, now: datetime
) -> None:
    """Keep, edit or erase who speaks for a partner; a person of its own, whose record stands at the partner's seat."""
    if edited is None:
        if partner.contact_id is not None:
            await personal.erase(session, partner.contact_id, by=by, now=now)
        partner.contact_id = None
        return
    if partner.contact_id is not None:
        await personal.rename(session, vault, partner.contact_id, edited)
        return
    if partner.region_code is None:
        raise ContactWithoutSeat(pointer="/contact")
    if "name" not in edited:
        raise ContactNameless(pointer="/contact/name")
    partner.contact_id = new_id()
    personal.keep(
        session,
        vault,
        record_id=partner.contact_id,
        person_id=partner.contact_id,
        kelurahan_code=partner.region_code,
        fields=edited,
    )


async def _unverify(
    session: AsyncSession,
    partner: Partner,
    because: VerificationEnd,
    *,
    by: Caller,
    now: datetime,
    reference: str | None = None,
) -> None:
    """Let a locked partner's verification count no more, and its history say since when, why and by whom."""
    standing = select(Verification).where(Verification.partner_id == partner.id, Verification.ended_on.is_(None))
    for one in await session.scalars(standing):
        one.ended_on, one.ended_because, one.ended_reference = today(now), because, reference
        one.ended_by, one.changed_at = by.account_id, now
    partner.verified_on = partner.evidence = partner.evidence_reference = partner.expires_on = None


async def verify(
    session: AsyncSession, partner: Partner, draft: VerificationDraft, *, by: Caller, now: datetime
) -> None:
    """Note that evidence of who a locked partner is was seen, by somebody who did not touch it (four eyes)."""
    require_other_eyes(partner, by=by)
    require_not_future(draft.verified_on, now=now, pointer="/verified_on")
    if draft.expires_on is not None and draft.expires_on < today(now):
        raise VerificationOver(pointer="/expires_on", expires_on=draft.expires_on)
    await _unverify(session, partner, VerificationEnd.REPLACED, by=by, now=now)
    seen = draft.model_dump()
    for name, value in seen.items():
        setattr(partner, name, value)
    started = Claim(new_id(), b"", existing=False).columns(now)
    session.add(Verification(partner_id=partner.id, verified_by=by.account_id, **seen, **started))
    partner.touched_by, partner.changed_at = [], now
    await session.flush()
    record(session, _change("partner.verified", partner, occurred_on=draft.verified_on), by=by, now=now)


async def withdraw_verification(
    session: AsyncSession, partner: Partner, draft: WithdrawalDraft, *, by: Caller, now: datetime
) -> None:
    """Take a locked partner's verification back, and say why. Its clients go on: an operator suspends them."""
    if partner.verified_on is None:
        raise NotVerified
    because = VerificationEnd(draft.because)
    await _unverify(session, partner, because, by=by, now=now, reference=draft.reference)
    touch(partner, by=by)
    partner.changed_at = now
    await session.flush()
    change = _change("partner.verification_withdrawn", partner)
    record(session, replace(change, data={**change.data, "because": because}), by=by, now=now)


def _change(action: str, partner: Partner, *, occurred_on: date | None = None) -> Change:
    return Change(action, f"partners/{partner.id}", None, partner_record(partner), occurred_on)

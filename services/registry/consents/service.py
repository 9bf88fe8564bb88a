"""Use cases of consents: give, withdraw, and tell what is allowed on a day."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards import service as boards
from services.registry.consents.models import Consent
from services.registry.consents.rules import (
    MANDATE,
    AlreadyWithdrawn,
    ConsentGiven,
    ConsentKind,
    ConsentRules,
    Data,
    Given,
    Purpose,
    SubjectUnclear,
    WithdrawalTooEarly,
    consent_faults,
    is_child,
    require_valid,
)
from services.registry.consents.schemas import ConsentDraft, Withdrawal
from services.registry.partners import service as partners
from services.registry.personal import service as personal
from services.registry.residents import service as residents
from shared.canonical import keyed_digest
from shared.clock import today
from shared.errors import Fault
from shared.items import claim
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import in_force, load
from shared.writing import advisory_number

__all__ = ["Data", "Purpose", "consented"]

AUDIENCES = {"consent.given": Audience.REGION, "consent.withdrawn": Audience.REGION}
CONSENT_RULES = load(Path(__file__).with_name("rulesets.json"), ConsentRules)


def consent_record(consent: Consent) -> dict[str, Any]:
    """Return a consent as its journal keeps it: whose by id and place, what it covers, from when to when."""
    return {
        "id": consent.id,
        "kelurahan_code": consent.kelurahan_code,
        "resident_id": consent.resident_id,
        "board_id": consent.board_id,
        "purpose": consent.purpose,
        "partner_id": consent.partner_id,
        "data": consent.data,
        "starts_on": consent.starts_on,
        "ends_on": consent.ends_on,
        "withdrawn_on": consent.withdrawn_on,
        "version": consent.version,
    }


async def give(session: AsyncSession, draft: ConsentDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Record a consent of a resident or of a board that the caller serves; return its id and whether it is new.

    For one subject, purpose and recipient one consent holds at a time, so that one withdrawal is always enough.
    """
    resident, person_id, birth_year = None, None, None
    if draft.board_id is not None and draft.resident_id is None:
        kind, subject = ConsentKind.COLLECTIVE, draft.board_id
        kelurahan_code = await boards.place_of(session, draft.board_id, by=by)
    elif draft.resident_id is not None and draft.board_id is None:
        resident = await residents.resident_named(session, draft.resident_id, by=by)
        kelurahan_code, person_id, birth_year = resident.kelurahan_code, resident.person_id, resident.birth_year
        kind, subject = ConsentKind.PERSONAL, person_id
    else:
        raise SubjectUnclear(pointer="/resident_id")
    claimed = await claim(session, Consent, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    if resident is not None:
        residents.require_present(resident, draft.starts_on)
    require_not_future(draft.starts_on, now=now, pointer="/starts_on")
    if draft.partner_id is not None:
        await partners.require_known(session, draft.partner_id)
    rules = in_force(CONSENT_RULES, draft.starts_on).values
    given = Given(
        kind=kind,
        purpose=draft.purpose,
        has_recipient=draft.partner_id is not None,
        data=draft.data,
        manner=draft.manner,
        reference=draft.reference,
        witnesses=draft.witnesses,
        by_guardian=draft.by_guardian,
        is_child=is_child(birth_year, on=draft.starts_on, below=rules.guardian_below_age),
        starts_on=draft.starts_on,
        ends_on=draft.ends_on,
    )
    found = consent_faults(given, rules)
    if draft.board_id is not None and not await boards.has_mandate(session, draft.board_id, on=draft.starts_on):
        found.append(Fault("/starts_on", "consent.without_mandate", MANDATE, {}))
    require_valid(found)
    await _require_first(session, draft, subject=subject)
    consent = Consent(
        **draft.model_dump(exclude={"id", "data"}),
        data=[one.value for one in draft.data],
        kelurahan_code=kelurahan_code,
        person_id=person_id,
        **claimed.columns(now),
    )
    session.add(consent)
    await session.flush()
    record(session, _change("consent.given", consent, occurred_on=consent.starts_on), by=by, now=now)
    return consent.id, True


def _of(subject: UUID) -> ColumnElement[bool]:
    """Return the condition that a consent is a board's or a person's, under any record found to be the same person."""
    person = residents.one_person(residents.Resident.person_id == subject)
    return or_(
        Consent.board_id == subject, Consent.person_id == subject, Consent.person_id.in_(select(person.c.person_id))
    )


def _beside(subject: UUID, purpose: Purpose, partner_id: UUID | None) -> ColumnElement[bool]:
    """Return the condition that a consent is of the same subject and purpose, and reaches the same recipient."""
    same = and_(_of(subject), Consent.purpose == purpose)
    return (
        same if partner_id is None else and_(same, or_(Consent.partner_id.is_(None), Consent.partner_id == partner_id))
    )


async def _require_first(session: AsyncSession, draft: ConsentDraft, *, subject: UUID) -> None:
    """Refuse a consent beside one that holds for the same; two of one subject wait for each other here."""
    person = residents.one_person(residents.Resident.person_id == subject)
    first = min({subject, *await session.scalars(select(person.c.person_id))})
    lock = advisory_number(keyed_digest(session.info["hmac_key"], b"consents", first.bytes))
    await session.execute(select(func.pg_advisory_xact_lock(lock)))
    held = select(Consent.id).where(
        _beside(subject, draft.purpose, draft.partner_id), Consent.overlapping(draft.starts_on, draft.ends_on)
    )
    existing = await session.scalar(held.limit(1))
    if existing is not None:
        raise ConsentGiven(id=existing)


async def withdraw(session: AsyncSession, consent: Consent, draft: Withdrawal, *, by: Caller, now: datetime) -> None:
    """Withdraw a consent that is locked: from that day on nothing is allowed by it, at once."""
    if consent.withdrawn_on is not None:
        raise AlreadyWithdrawn(day=consent.withdrawn_on)
    require_not_future(draft.withdrawn_on, now=now, pointer="/withdrawn_on")
    if draft.withdrawn_on < consent.starts_on:
        raise WithdrawalTooEarly(pointer="/withdrawn_on", day=consent.starts_on)
    # Two records that were found to be one person may each have given it: one withdrawal is enough.
    subject = consent.person_id or consent.board_id or consent.id
    same = select(Consent).where(
        _beside(subject, consent.purpose, consent.partner_id), Consent.holds_on(draft.withdrawn_on)
    )
    locked = await session.scalars(same.order_by(Consent.id).with_for_update())
    ended = {one.id: one for one in (consent, *locked)}.values()
    for one in ended:
        one.withdrawn_on, one.changed_at = draft.withdrawn_on, now
    await session.flush()
    for one in ended:
        record(session, _change("consent.withdrawn", one, occurred_on=draft.withdrawn_on), by=by, now=now)


async def erase(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Withdraw what an erased person still allows; return how many consents there are."""
    by, now = erasing.by, erasing.now
    of_person = select(Consent).where(Consent.person_id.in_(erasing.persons)).order_by(Consent.id).with_for_update()
    consents = (await session.scalars(of_person)).all()
    ending = [
        one for one in consents if one.withdrawn_on is None and (one.ends_on is None or one.ends_on >= today(now))
    ]
    for consent in ending:
        consent.withdrawn_on, consent.changed_at = max(today(now), consent.starts_on), now
    await session.flush()
    for consent in ending:
        record(session, _change("consent.withdrawn", consent, occurred_on=today(now)), by=by, now=now)
    return await personal.untie(session, Consent, erasing)


def _change(action: str, consent: Consent, *, occurred_on: date) -> Change:
    return Change(action, f"consents/{consent.id}", consent.kelurahan_code, consent_record(consent), occurred_on)


async def consented(
    session: AsyncSession, subject: UUID, *, purpose: Purpose, partner_id: UUID | None, on: date
) -> frozenset[Data]:
    """Return which data of a person (its person_id) or of a board's groups may be used on a day; empty: none.

    With a partner, what that partner may have; without one, what everybody who works for the purpose may have.
    """
    recipient: ColumnElement[bool] = Consent.partner_id.is_(None)
    if partner_id is not None:
        recipient = or_(recipient, Consent.partner_id == partner_id)
    found = await session.scalars(
        select(Consent.data).where(
            _of(subject),
            Consent.purpose == purpose,
            Consent.holds_on(on),
            recipient,
        )
    )
    return frozenset(Data(one) for data in found for one in data)

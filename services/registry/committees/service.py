"""Use cases of committees: load, decide, save, journal."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.committees.models import Committee, CommitteeDocument, CommitteeMember, Decree
from services.registry.committees.rules import (
    CommitteeRole,
    DecreeOverlaps,
    SeatTaken,
    require_committee_region,
)
from services.registry.committees.schemas import (
    CommitteeDocumentChange,
    CommitteeDocumentDraft,
    CommitteeDraft,
    CommitteeMemberChange,
    CommitteeMemberDraft,
    DecreeChange,
    DecreeDraft,
)
from shared.identity import new_id
from shared.items import Claim, changes, claim, lock_place, require_none, require_place, require_valid_code, same_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future, require_order
from shared.permissions import Caller

AUDIENCES = {
    "committee.recorded": Audience.PUBLIC,
    "decree.recorded": Audience.PUBLIC,
    "decree.changed": Audience.PUBLIC,
    "committee_member.recorded": Audience.PUBLIC,
    "committee_member.changed": Audience.PUBLIC,
    "committee_document.recorded": Audience.PUBLIC,
    "committee_document.changed": Audience.PUBLIC,
}


async def record_committee(
    session: AsyncSession, draft: CommitteeDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a committee with the decree that set it up; return its id and whether it is new."""
    await require_place(session, Committee, draft.region_code, by=by)
    require_committee_region(draft.region_code)
    claimed = await claim(session, Committee, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    terms = draft.decree
    require_not_future(terms.signed_on, now=now, pointer="/decree/signed_on")
    require_order(terms.starts_on, terms.ends_on, pointer="/decree/ends_on")
    await lock_place(session, Committee, draft.region_code)
    await require_none(session, select(Committee.id).where(same_place(Committee, draft.region_code)))
    committee = Committee(region_code=draft.region_code, **claimed.columns(now))
    await require_valid_code(session, committee, on=terms.signed_on)
    session.add(committee)
    await session.flush()
    first = Claim(new_id(), claimed.digest, existing=False)
    decree = Decree(
        **terms.model_dump(), committee_id=committee.id, region_code=committee.region_code, **first.columns(now)
    )
    session.add(decree)
    await session.flush()
    data = {"id": committee.id, "region_code": committee.region_code, "version": committee.version}
    change = Change("committee.recorded", f"committees/{committee.id}", committee.region_code, data, terms.signed_on)
    record(session, change, by=by, now=now)
    record(session, _decree_change("decree.recorded", decree), by=by, now=now)
    return committee.id, True


async def record_decree(
    session: AsyncSession, committee: Committee, draft: DecreeDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a further decree on a locked committee: renamed or made anew, one decree at a time."""
    claimed = await claim(session, Decree, draft, by=by, within=committee.id)
    if claimed.existing:
        return claimed.id, False
    decree = Decree(
        **draft.model_dump(exclude={"id"}),
        committee_id=committee.id,
        region_code=committee.region_code,
        **claimed.columns(now),
    )
    await _require_free_decree(session, decree, now=now)
    session.add(decree)
    await session.flush()
    record(session, _decree_change("decree.recorded", decree), by=by, now=now)
    return decree.id, True


async def change_decree(
    session: AsyncSession, decree: Decree, change: DecreeChange, *, by: Caller, now: datetime
) -> None:
    """Correct or end a decree whose committee is locked."""
    for name, value in changes(change).items():
        setattr(decree, name, value)
    with session.no_autoflush:
        await _require_free_decree(session, decree, now=now)
    decree.changed_at = now
    await session.flush()
    record(session, _decree_change("decree.changed", decree), by=by, now=now)


async def _require_free_decree(session: AsyncSession, decree: Decree, *, now: datetime) -> None:
    require_not_future(decree.signed_on, now=now, pointer="/signed_on")
    require_order(decree.starts_on, decree.ends_on)
    other = await session.scalar(
        select(Decree)
        .where(
            Decree.committee_id == decree.committee_id,
            Decree.id != decree.id,
            Decree.overlapping(decree.starts_on, decree.ends_on),
        )
        .limit(1)
    )
    if other is not None:
        raise DecreeOverlaps(number=other.number, starts_on=other.starts_on, members={"existing": other.id})


def _decree_change(action: str, decree: Decree) -> Change:
    data = {
        "id": decree.id,
        "committee_id": decree.committee_id,
        "region_code": decree.region_code,
        "kind": decree.kind,
        "name": decree.name,
        "number": decree.number,
        "signed_on": decree.signed_on,
        "starts_on": decree.starts_on,
        "ends_on": decree.ends_on,
        "version": decree.version,
    }
    return Change(action, f"decrees/{decree.id}", decree.region_code, data, decree.signed_on)


async def record_member(
    session: AsyncSession, committee: Committee, draft: CommitteeMemberDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record an office that sits on a locked committee: no office twice, one chair at a time."""
    claimed = await claim(session, CommitteeMember, draft, by=by, within=committee.id)
    if claimed.existing:
        return claimed.id, False
    member = CommitteeMember(
        **draft.model_dump(exclude={"id"}),
        committee_id=committee.id,
        region_code=committee.region_code,
        **claimed.columns(now),
    )
    await _require_free_seat(session, member)
    session.add(member)
    await session.flush()
    record(session, _member_change("committee_member.recorded", member), by=by, now=now)
    return member.id, True


async def change_member(
    session: AsyncSession, member: CommitteeMember, change: CommitteeMemberChange, *, by: Caller, now: datetime
) -> None:
    """Correct or end a seat whose committee is locked."""
    for name, value in changes(change).items():
        setattr(member, name, value)
    with session.no_autoflush:
        await _require_free_seat(session, member)
    member.changed_at = now
    await session.flush()
    record(session, _member_change("committee_member.changed", member), by=by, now=now)


async def _require_free_seat(session: AsyncSession, member: CommitteeMember) -> None:
    require_order(member.starts_on, member.ends_on)
    same = func.lower(CommitteeMember.institution) == member.institution.lower()
    same &= func.lower(CommitteeMember.office) == member.office.lower()
    if member.role is CommitteeRole.CHAIR:
        same = or_(same, CommitteeMember.role == CommitteeRole.CHAIR)
    other = await session.scalar(
        select(CommitteeMember)
        .where(
            CommitteeMember.committee_id == member.committee_id,
            CommitteeMember.id != member.id,
            CommitteeMember.overlapping(member.starts_on, member.ends_on),
            same,
        )
        .limit(1)
    )
    if other is not None:
        raise SeatTaken(
            office=other.office,
            institution=other.institution,
            starts_on=other.starts_on,
            members={"existing": other.id},
        )


def _member_change(action: str, member: CommitteeMember) -> Change:
    data = {
        "id": member.id,
        "committee_id": member.committee_id,
        "region_code": member.region_code,
        "institution": member.institution,
        "office": member.office,
        "role": member.role,
        "starts_on": member.starts_on,
        "ends_on": member.ends_on,
        "version": member.version,
    }
    return Change(action, f"committee_members/{member.id}", member.region_code, data, member.starts_on)


async def record_document(
    session: AsyncSession, committee: Committee, draft: CommitteeDocumentDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record by its reference what a locked committee prepared, such as its poverty strategy (SPK-D)."""
    claimed = await claim(session, CommitteeDocument, draft, by=by, within=committee.id)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.dated_on, now=now, pointer="/dated_on")
    document = CommitteeDocument(
        **draft.model_dump(exclude={"id"}),
        committee_id=committee.id,
        region_code=committee.region_code,
        **claimed.columns(now),
    )
    session.add(document)
    await session.flush()
    record(session, _document_change("committee_document.recorded", document), by=by, now=now)
    return document.id, True


async def change_document(
    session: AsyncSession, document: CommitteeDocument, change: CommitteeDocumentChange, *, by: Caller, now: datetime
) -> None:
    """Correct what is said of a document that is locked."""
    for name, value in changes(change).items():
        setattr(document, name, value)
    require_not_future(document.dated_on, now=now, pointer="/dated_on")
    document.changed_at = now
    await session.flush()
    record(session, _document_change("committee_document.changed", document), by=by, now=now)


def _document_change(action: str, document: CommitteeDocument) -> Change:
    data = {
        "id": document.id,
        "committee_id": document.committee_id,
        "region_code": document.region_code,
        "kind": document.kind,
        "title": document.title,
        "reference": document.reference,
        "dated_on": document.dated_on,
        "version": document.version,
    }
    return Change(action, f"committee_documents/{document.id}", document.region_code, data, document.dated_on)

"""Use cases of complaints: file, answer, confirm; and what of them is journaled and counted."""

import secrets
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.clients.registry import RegistryClient
from services.monitoring.complaints import queries
from services.monitoring.complaints.models import Complaint, ComplaintDetails, ComplaintStep
from services.monitoring.complaints.queries import board_counts
from services.monitoring.complaints.rules import (
    CODE_BITS,
    EVIDENCE,
    MOST_EVIDENCE,
    ComplaintScope,
    ComplaintState,
    ComplaintUnknown,
    PhotosEnough,
    SubjectElsewhere,
    SubjectUnknown,
    code_digest,
    code_of,
    require_clear_accused,
    require_next,
    written_code,
)
from services.monitoring.complaints.schemas import Answer, ComplaintDraft, Confirmation, EvidenceDraft
from services.monitoring.database import Attachment
from services.monitoring.facts import service as facts
from services.monitoring.indicators import service as indicators
from shared.attaching import open_upload, withdraw
from shared.attachments import AttachmentDraft, Attachments, AttachmentState
from shared.canonical import keyed_digest
from shared.clock import today
from shared.identity import new_id
from shared.items import claim, require_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import NOBODY, Caller
from shared.places import NATION, PlaceUnknown
from shared.replies import VersionStale
from shared.uploading import Part, take_part
from shared.writing import KeyReused

__all__ = ["board_counts"]

AUDIENCES = {
    "complaint.received": Audience.REGION,
    "complaint.withdrawn": Audience.REGION,
    "complaint.photo_added": Audience.REGION,
    "complaint.answered": Audience.REGION,
    "complaint.resolved": Audience.REGION,
    "complaint.reopened": Audience.REGION,
    "complaint.contact_read": Audience.REGION,
}
_ANYWHERE = Caller(regions=(NATION,))
"""Anybody may complain about anything anywhere, and send the same complaint again."""


@dataclass(frozen=True, slots=True)
class Filed:
    """A complaint as filed: its code where it may be said, and whether it was filed before."""

    complaint: Complaint
    code: str | None
    new: bool
    replayed: bool = False


def complaint_record(complaint: Complaint) -> dict[str, Any]:
    """Return a complaint as its journal keeps it: that there is one, where, and how far it has come."""
    return {
        "id": complaint.id,
        "kelurahan_code": complaint.kelurahan_code,
        "board_id": complaint.board_id,
        "state": complaint.state,
        "occurred_on": complaint.occurred_on,
        "resolved_on": complaint.resolved_on,
        "version": complaint.version,
    }


async def file_complaint(
    session: AsyncSession,
    draft: ComplaintDraft,
    *,
    key: str | None,
    registry: RegistryClient,
    by: Caller,
    now: datetime,
) -> Filed:
    """File a complaint and return it with its code, which is shown now and never kept.

    The complaint remembers a digest of its Idempotency-Key, and its code is made from key and id:
    sent again with the key, nothing new is filed and the same code is shown.
    """
    secret: bytes = session.info["hmac_key"]
    of_key = keyed_digest(secret, b"complaint-key", str(by.account_id).encode(), key.encode()) if key else None
    if key and of_key:
        before = await session.scalar(select(Complaint).where(Complaint.key_digest == of_key))
        if before is not None:
            await _require_same(session, before, draft)
            return Filed(before, code_of(secret, before.id, key), new=False, replayed=True)
    claimed = await claim(session, Complaint, draft, by=_ANYWHERE)
    if claimed.existing:
        return Filed(await session.get_one(Complaint, claimed.id), None, new=False)
    require_not_future(draft.occurred_on, now=now, pointer="/occurred_on")
    board_id = await _board(session, draft, registry=registry)
    accused = draft.accused
    require_clear_accused(accused.kind, officer=accused.officer_id, board=board_id)
    code = code_of(secret, claimed.id, key) if key else written_code(secrets.token_bytes(CODE_BITS // 8))
    complaint = Complaint(
        kelurahan_code=draft.kelurahan_code,
        board_id=board_id,
        activity_id=draft.activity_id,
        scope=draft.scope,
        state=ComplaintState.RECEIVED,
        occurred_on=draft.occurred_on,
        resolved_on=None,
        code_digest=code_digest(secret, code),
        key_digest=of_key,
        **claimed.columns(now),
    )
    session.add(complaint)
    await session.flush()
    session.add(
        ComplaintDetails(
            id=complaint.id,
            kelurahan_code=complaint.kelurahan_code,
            category=draft.category,
            text=draft.text,
            accused_kind=accused.kind,
            accused_officer_id=accused.officer_id,
            channel=draft.channel,
            amount_reported_rupiah=draft.amount_reported_rupiah,
            contact=draft.contact,
        )
    )
    await _note_step(session, complaint, None, now=now)
    return Filed(complaint, code, new=True)


async def take_from_book(
    session: AsyncSession, draft: ComplaintDraft, *, registry: RegistryClient, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """File a complaint that somebody copies from a paper book where they serve; return its id and whether it is new.

    Nobody is shown its code: who complained on paper has none.
    """
    await require_place(session, Complaint, draft.kelurahan_code, by=by)
    filed = await file_complaint(session, draft, key=None, registry=registry, by=by, now=now)
    return filed.complaint.id, filed.new


async def count_without(session: AsyncSession, complaints: Sequence[Complaint], *, now: datetime) -> None:
    """Compute the boards anew whose complaints were taken back."""
    since: dict[UUID, date] = {}
    for complaint in complaints:
        if complaint.board_id is not None:
            month = indicators.month_of(complaint.occurred_on)
            since[complaint.board_id] = min(month, since.get(complaint.board_id, month))
    for board_id in sorted(since):
        await recompute(session, [board_id], since=since[board_id], now=now)


async def _require_same(session: AsyncSession, before: Complaint, draft: ComplaintDraft) -> None:
    same = await claim(session, Complaint, draft.model_copy(update={"id": None}), by=_ANYWHERE)
    if same.digest != bytes(before.creation_digest) or draft.id not in {None, before.id}:
        raise KeyReused


async def _board(session: AsyncSession, draft: ComplaintDraft, *, registry: RegistryClient) -> UUID | None:
    """Return the board that a complaint is about, None when nothing says which; all that is named belongs together."""
    code_now = await facts.place_now(session, draft.kelurahan_code)
    if code_now is None:
        raise PlaceUnknown(pointer="/kelurahan_code", code=draft.kelurahan_code)
    board_id: UUID | None = None
    for pointer, kind, item_id in (
        ("/board_id", "board", draft.board_id),
        ("/accused/officer_id", "officer", draft.accused.officer_id),
        ("/activity_id", "activity", draft.activity_id),
    ):
        if item_id is None:
            continue
        where = await facts.standing(session, kind, item_id)
        if where is None and kind == "board":
            where = await facts.asked_standing(session, item_id, registry=registry)
        if where is None:
            raise SubjectUnknown(pointer=pointer, id=item_id)
        if where.code_now != code_now or board_id not in {None, where.board_id}:
            raise SubjectElsewhere(pointer=pointer, code=draft.kelurahan_code)
        board_id = where.board_id
    return board_id or await facts.only_board(session, code_now)


async def _note_step(
    session: AsyncSession, complaint: Complaint, text: str | None, *, now: datetime, by: Caller = NOBODY
) -> None:
    """Write the step that a complaint has just made into its history, its journal and its indicator.

    What complainants do is journaled as nobody's act, even where their telephone sent a token along.
    """
    await session.flush()
    last = select(func.coalesce(func.max(ComplaintStep.number), 0)).where(ComplaintStep.complaint_id == complaint.id)
    session.add(
        ComplaintStep(
            id=new_id(),
            kelurahan_code=complaint.kelurahan_code,
            complaint_id=complaint.id,
            number=(await session.scalar(last) or 0) + 1,
            state=complaint.state,
            text=text,
            recorded_at=now,
        )
    )
    await session.flush()
    _journal(session, complaint, f"complaint.{complaint.state}", by=by, now=now)
    if complaint.board_id is not None:
        await recompute(session, [complaint.board_id], since=indicators.month_of(complaint.occurred_on), now=now)


def complaint_change(action: str, complaint: Complaint, *, on: date) -> Change:
    return Change(
        action, f"complaints/{complaint.id}", complaint.kelurahan_code, complaint_record(complaint), occurred_on=on
    )


def _journal(session: AsyncSession, complaint: Complaint, action: str, *, by: Caller, now: datetime) -> None:
    day = complaint.occurred_on if complaint.version == 1 else today(now)
    record(session, complaint_change(action, complaint, on=day), by=by, now=now)


async def answer_complaint(
    session: AsyncSession, complaint: Complaint, answer: Answer, *, by: Caller, now: datetime
) -> None:
    """Answer a complaint that is locked."""
    require_next(complaint.state, ComplaintState.ANSWERED)
    complaint.state, complaint.changed_at = ComplaintState.ANSWERED, now
    await _note_step(session, complaint, answer.text, by=by, now=now)


async def _by_code(session: AsyncSession, code: bytes) -> Complaint:
    """Return the complaint of a code's digest, locked, or ComplaintUnknown."""
    complaint = await session.scalar(select(Complaint).where(Complaint.code_digest == code).with_for_update())
    if complaint is None:
        raise ComplaintUnknown
    return complaint


async def confirm(
    session: AsyncSession, code: bytes, confirmation: Confirmation, *, version: int, now: datetime
) -> None:
    """Take what the complainant says of the answer: resolved, or not and open again."""
    complaint = await _by_code(session, code)
    if complaint.version != version:
        raise VersionStale(version=complaint.version, members={"current": await queries.tracked(session, code)})
    to = ComplaintState.RESOLVED if confirmation.resolved else ComplaintState.REOPENED
    require_next(complaint.state, to)
    complaint.state, complaint.changed_at = to, now
    complaint.resolved_on = today(now) if confirmation.resolved else None
    await _note_step(session, complaint, confirmation.note, now=now)


async def open_evidence(
    session: AsyncSession, attachments: Attachments, code: bytes, draft: EvidenceDraft, *, now: datetime
) -> tuple[UUID, bool]:
    """Open the upload of evidence to the complaint of a code; return its id and whether it is new."""
    complaint, holder = await _by_code(session, code), queries.complainant(code)
    upload = AttachmentDraft(subject=f"complaints/{complaint.id}", purpose=EVIDENCE, **draft.model_dump())
    theirs = (Attachment.account_id == holder.account_id, Attachment.state != AttachmentState.WITHDRAWN)
    mine = select(func.count()).select_from(Attachment).where(*theirs, Attachment.id != draft.id)
    if (await session.scalar(mine) or 0) >= MOST_EVIDENCE:
        raise PhotosEnough(most=MOST_EVIDENCE)
    return await open_upload(session, attachments, upload, by=holder, now=now)


async def give_up(session: AsyncSession, attachments: Attachments, upload: UUID, *, now: datetime) -> None:
    """Give an upload up that cannot be kept."""
    attachment = await session.get(Attachment, upload, with_for_update=True)
    if attachment is not None and attachment.state == AttachmentState.OPEN:
        await withdraw(session, attachments, attachment, by=NOBODY, now=now)


async def add_photo(
    session: AsyncSession, attachments: Attachments, code: bytes, photo: Part, *, now: datetime
) -> None:
    """Add a photo that lies in storage already to the complaint of a code."""
    complaint = await _by_code(session, code)
    await take_part(session, attachments, photo, by=queries.complainant(code), now=now)
    if photo.repeated:
        return
    complaint.changed_at = now
    await session.flush()
    _journal(session, complaint, "complaint.photo_added", by=NOBODY, now=now)


async def read_contact(session: AsyncSession, complaint_id: UUID, *, by: Caller, now: datetime) -> str | None:
    """Return how a complainant may be reached; the reading itself is journaled before anything is shown."""
    kelurahan_code, contact = await queries.contact(session, complaint_id, by)
    data = {"id": complaint_id, "kelurahan_code": kelurahan_code}
    change = Change("complaint.contact_read", f"complaints/{complaint_id}", kelurahan_code, data, today(now))
    record(session, change, by=by, now=now)
    return contact


async def _complaints_of(
    session: AsyncSession, board_ids: Collection[UUID]
) -> Mapping[UUID, Sequence[indicators.ComplaintFact]]:
    """Return what KPI-13 counts of some boards; requests for information are no grievances (§12)."""
    found: dict[UUID, list[indicators.ComplaintFact]] = defaultdict(list)
    rows = await session.execute(
        select(Complaint.board_id, Complaint.occurred_on, Complaint.state).where(
            Complaint.board_id.in_(board_ids), Complaint.scope != ComplaintScope.INFORMATION
        )
    )
    for board_id, occurred_on, state in rows:
        if board_id is not None:
            found[board_id].append(indicators.ComplaintFact(occurred_on, resolved=state is ComplaintState.RESOLVED))
    return found


async def recompute(
    session: AsyncSession, board_ids: Collection[UUID], *, now: datetime, since: date | None = None
) -> None:
    """Compute the complaint indicator of some boards anew, from a month on or in full."""
    await indicators.restate_complaints(session, board_ids, _complaints_of, since=since, now=now)

"""Attaching: photos and scanned papers over HTTP, opened, sent in parts, read by who may see their item, withdrawn."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.attachments import (
    PAPER,
    Attachable,
    AttachmentDraft,
    AttachmentItem,
    AttachmentQuery,
    Attachments,
    AttachmentState,
    AttachmentView,
    Purpose,
    attachment_view,
    listed,
    one,
    order_of,
)
from shared.clock import Now
from shared.contents import content_reply
from shared.database import Reading
from shared.errors import Conflict, Invalid, ResourceNotFound, Text
from shared.explaining import SubjectUnknown
from shared.items import claim, locked
from shared.lists import Page, page
from shared.permissions import Anyone, Caller, SignedIn
from shared.replies import VersionStale, expected_version, item_reply, saved
from shared.routing import router
from shared.uploading import (
    ROOM_FOR_A_PART,
    SentPart,
    Size,
    attachable_of,
    attachments_of,
    content_name,
    record_change,
    storage_of,
    take_part,
)
from shared.writing import Writing

MOST_OPEN = 50
MOST_OF_AN_ITEM = 200
"""Attachments of one item, withdrawn ones too: nobody fills the storage with what nobody looks at."""


class PurposeUnknown(Invalid):
    code = "attachment.purpose_unknown"
    title = Text("Tujuan lampiran tidak dikenal", "Unknown purpose")
    detail = Text("Di sini dikenal: {known}.", "Known here: {known}.")
    fix = Text("Pilih salah satunya.", "Choose one of them.")


class TypeUnwanted(Invalid):
    code = "attachment.type_unwanted"
    title = Text("Jenis berkas tidak diterima di sini", "Kind of file not taken here")
    detail = Text("Untuk tujuan ini hanya foto yang diterima.", "For this purpose only photos are taken.")
    fix = Text("Kirim fotonya.", "Send a photo.")


class TooManyOpen(Conflict):
    code = "attachment.too_many_open"
    title = Text("Terlalu banyak unggahan terbuka", "Too many open uploads")
    detail = Text("Akun ini masih memiliki {count} unggahan terbuka.", "This account still has {count} open uploads.")
    fix = Text("Selesaikan atau tarik yang lama.", "Finish or withdraw the old ones.")


class TooManyOfItem(Conflict):
    code = "attachment.too_many_of_item"
    title = Text("Lampirannya sudah cukup", "Enough attachments")
    detail = Text("Satu data memuat paling banyak {most} lampiran.", "One item has at most {most} attachments.")
    fix = Text("Gabungkan halamannya menjadi satu PDF.", "Join pages into one PDF.")


class NotYours(Conflict):
    status = 403
    code = "attachment.not_yours"
    title = Text("Bukan kiriman Anda", "Not sent by you")
    detail = Text("Hanya pengirimnya yang dapat menariknya.", "Only who sent it may withdraw it.")
    fix = Text("Mintalah pengirimnya menariknya.", "Ask who sent it to withdraw it.")


class NotKept(Conflict):
    code = "attachment.not_kept"
    title = Text("Isi tidak tersedia", "Content not available")
    detail = Text("Lampiran ini {state}.", "This attachment is {state}.")
    fix = Text("Selesaikan unggahannya, atau cari penggantinya.", "Finish its upload, or look for its successor.")


def _purpose(attachable: Attachable, draft: AttachmentDraft) -> Purpose:
    purpose = attachable.purposes.get(draft.purpose)
    if purpose is None:
        raise PurposeUnknown(pointer="/purpose", known=", ".join(sorted(attachable.purposes)))
    if draft.media_type == PAPER and not purpose.papers:
        raise TypeUnwanted(pointer="/media_type")
    return purpose


async def open_upload(
    session: AsyncSession, attachments: Attachments, draft: AttachmentDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Open an upload to an item that the caller may write; return its id and whether it is new."""
    own = attachments.model
    kind, _, identity = draft.subject.partition("/")
    attachable = attachable_of(attachments, kind, by=by)
    try:
        subject_id = UUID(identity)
    except ValueError as error:
        raise SubjectUnknown(pointer="/subject") from error
    purpose = _purpose(attachable, draft)
    item = await locked(session, attachable.model, subject_id, by=by)
    claimed = await claim(session, own, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    mine = select(func.count()).select_from(own).where(own.account_id == by.account_id)
    if (count := await session.scalar(mine.where(own.state == AttachmentState.OPEN)) or 0) >= MOST_OPEN:
        raise TooManyOpen(count=count)
    of_item = select(func.count()).select_from(own).where(own.subject_kind == kind, own.subject_id == subject_id)
    if (await session.scalar(of_item) or 0) >= MOST_OF_AN_ITEM:
        raise TooManyOfItem(most=MOST_OF_AN_ITEM)
    attachment = own(
        region_code=getattr(item, attachable.model.placed_by),
        subject_kind=kind,
        subject_id=subject_id,
        purpose=draft.purpose,
        public=purpose.public,
        account_id=by.account_id,
        state=AttachmentState.OPEN,
        media_type=draft.media_type,
        size=draft.size,
        sha256=draft.sha256,
        received=0,
        parts=[],
        swept=False,
        **claimed.columns(now),
    )
    session.add(attachment)
    await session.flush()
    return attachment.id, True


async def _to_withdraw(id: UUID, request: Request, session: Writing, by: SignedIn) -> AttachmentItem:
    version = expected_version(request.headers.get("if-match"))
    attachments = attachments_of(request)
    own = attachments.model
    row = await one(attachments, session, id, by)
    attachable = attachable_of(attachments, row.subject_kind, by=by)
    await locked(session, attachable.model, row.subject_id, by=by)
    attachment: AttachmentItem | None = await session.scalar(select(own).where(own.id == id).with_for_update())
    if attachment is None:
        raise ResourceNotFound
    if attachment.version != version:
        raise VersionStale(version=attachment.version, members={"current": attachment_view(row)})
    if attachment.account_id != by.account_id and attachments.purpose_of(attachment).guarded:
        raise NotYours
    return attachment


async def withdraw(
    session: AsyncSession, attachments: Attachments, attachment: AttachmentItem, *, by: Caller, now: datetime
) -> None:
    """Withdraw an attachment: that it was there stays on record, its content is erased within two hours."""
    if attachment.state == AttachmentState.WITHDRAWN:
        return
    was = attachment.state
    attachment.state = AttachmentState.WITHDRAWN
    attachment.latitude = attachment.longitude = None
    attachment.swept = False
    attachment.changed_at = now
    await session.flush()
    if was == AttachmentState.KEPT:
        record_change(session, attachments, "attachment.withdrawn", attachment, by=by, now=now)


ToWithdraw = Annotated[AttachmentItem, Depends(_to_withdraw)]
PART_BODY = {
    "requestBody": {
        "required": True,
        "description": "The bytes from Upload-Offset on, at most 5 MB",
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}
_BYTES = {"content": {"*/*": {"schema": {"type": "string", "format": "binary"}}}}
CONTENT: dict[int | str, dict[str, Any]] = {200: _BYTES, 206: _BYTES}


async def open_attachment(
    by: SignedIn, session: Writing, request: Request, draft: AttachmentDraft, now: Now
) -> Response:
    """Open the upload of a photo or paper to an item that the caller may write; its bytes follow in parts."""
    attachments = attachments_of(request)
    attachment_id, new = await open_upload(session, attachments, draft, by=by, now=now)
    made = attachment_view(await one(attachments, session, attachment_id, by))
    address = f"{request.scope['route'].path}/{attachment_id}"
    return saved(made, status=201 if new else 200, location=address)


async def list_attachments(
    request: Request, caller: Anyone, connection: Reading, query: Annotated[AttachmentQuery, Query()]
) -> Response:
    """List attachments of items that the caller sees; unfinished uploads only their own."""
    attachments = attachments_of(request)
    statement = listed(attachments, query, caller)
    order = order_of(attachments)
    return await page(request, connection, statement, query=query, order=order, shape=attachment_view)


async def read_attachment(id: UUID, request: Request, caller: Anyone, connection: Reading) -> Response:
    """Read what is known of an attachment; while it is sent, how much has come."""
    return item_reply(request, attachment_view(await one(attachments_of(request), connection, id, caller)))


async def send_part(by: SignedIn, request: Request, part: SentPart, session: Writing, now: Now) -> Response:
    """Send the next part, from byte Upload-Offset on; the last one keeps the attachment if all of it is right."""
    attachments = attachments_of(request)
    await take_part(session, attachments, part, by=by, now=now)
    await session.flush()
    return saved(attachment_view(await one(attachments, session, part.attachment_id, by)))


async def read_content(
    id: UUID,
    request: Request,
    caller: Anyone,
    connection: Reading,
    size: Annotated[Size, Query(description="Photos also come as JPEG of at most 1024 or 320 pixels a side")] = (
        Size.ORIGINAL
    ),
) -> Response:
    """Read the photo or paper itself, also by `HEAD`, and a part of it with `Range`."""
    row = await one(attachments_of(request), connection, id, caller)
    if row.state != AttachmentState.KEPT:
        raise NotKept(state=row.state)
    if row.media_type == PAPER:
        size = Size.ORIGINAL
    headers = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}
    if row.media_type == PAPER:
        headers["Content-Disposition"] = f'attachment; filename="{row.id}.pdf"'
    if not row.public:
        # What is not for everybody, and may be withdrawn tomorrow, lies in no cache.
        headers["Cache-Control"] = "private, no-store"
    tag = row.digest if size is Size.ORIGINAL else f"{row.digest}.{size}"
    media_type = row.media_type if size is Size.ORIGINAL else "image/jpeg"
    storage, name = storage_of(request), content_name(row.digest, size)
    return await content_reply(request, storage, name, tag=f'"{tag}"', media_type=media_type, headers=headers)


async def withdraw_attachment(
    by: SignedIn, session: Writing, request: Request, attachment: ToWithdraw, now: Now
) -> Response:
    """Withdraw an attachment, or give an upload up: its content is erased, that it was there stays on record."""
    attachments = attachments_of(request)
    await withdraw(session, attachments, attachment, by=by, now=now)
    return saved(attachment_view(await one(attachments, session, attachment.id, by)))


def attachment_router(service: str) -> APIRouter:
    """Return the routes of a service's attachments."""
    routes = router(f"/{service}/v1/attachments", tags=["attachments"])
    routes.post("", status_code=201, response_model=AttachmentView)(open_attachment)
    routes.get("", response_model=Page[AttachmentView])(list_attachments)
    routes.get("/{id}", response_model=AttachmentView)(read_attachment)
    routes.post("/{id}/parts", response_model=AttachmentView, openapi_extra=PART_BODY, max_body_size=ROOM_FOR_A_PART)(
        send_part
    )
    routes.get("/{id}/content", response_class=Response, responses=CONTENT)(read_content)
    routes.head("/{id}/content", include_in_schema=False)(read_content)
    routes.post("/{id}/withdrawal", response_model=AttachmentView)(withdraw_attachment)
    return routes

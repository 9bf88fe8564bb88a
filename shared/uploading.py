"""Uploading: parts come over whatever line there is, and the whole is judged and kept when the last one is there.

A part is put into storage under its own digest before the row knows of it, and the row is the only truth about how
much has come: whatever dies in between, the client asks how far it is and goes on from there.
"""

import asyncio
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared import images
from shared.attachments import MOST_BYTES, PAPER, Attachable, AttachmentItem, Attachments, AttachmentState, one
from shared.clock import Now
from shared.database import database_of
from shared.errors import BodyTooLarge, Conflict, Invalid, ResourceNotFound, Text
from shared.explaining import SubjectUnknown
from shared.items import locked
from shared.journal import Change, record
from shared.permissions import Caller, ScopeMissing, SignedIn
from shared.storage import Storage
from shared.writing import advisory_number

LARGEST_PART = 5 * 1024 * 1024
ROOM_FOR_A_PART = 5_767_168
"""Bytes of a body: a part and some; the gateway says the same."""

KEPT_OPEN = timedelta(days=7)
AFTER = timedelta(hours=1)
"""Nothing is swept sooner after its row's last change: a part that was on its way then has arrived or never will."""

SWEPT_AT_ONCE = 20


class Size(StrEnum):
    """In which size a photo is read."""

    ORIGINAL = "original"
    MEDIUM = "medium"
    SMALL = "small"


EDGES = {Size.MEDIUM: 1024, Size.SMALL: 320}


class OffsetWrong(Conflict):
    code = "attachment.offset_wrong"
    title = Text("Bagian di tempat yang salah", "Part in the wrong place")
    detail = Text(
        "Sudah diterima {received} bita; bagian berikutnya mulai di sana.",
        "{received} bytes have come; the next part begins there.",
    )
    fix = Text("Kirim bagian yang mulai di `received`.", "Send the part that begins at `received`.")

    def __init__(self, received: int) -> None:
        super().__init__(received=received, members={"received": received})


class PartEmpty(Invalid):
    code = "attachment.part_empty"
    title = Text("Bagian kosong atau berlebih", "Part empty or too long")
    detail = Text(
        "Satu bagian memuat 1 sampai {most} bita, dan tidak melewati ukuran yang disebut.",
        "A part holds 1 to {most} bytes, and does not go beyond the size that was named.",
    )
    fix = Text("Periksa ukuran berkasnya.", "Check the size of the file.")


class DigestDiffers(Invalid):
    code = "attachment.digest_differs"
    title = Text("Isi tidak sama", "Content differs")
    detail = Text(
        "Yang diterima tidak sama dengan sha256 yang disebut; semuanya perlu dikirim lagi dari awal.",
        "What came differs from the sha256 that was named; all of it must be sent again from the beginning.",
    )
    fix = Text("Kirim lagi dari bita 0.", "Send it again from byte 0.")


class TypeDiffers(Invalid):
    code = "attachment.type_differs"
    title = Text("Jenis isi berbeda", "Content of another type")
    detail = Text("Isinya bukan {media_type} yang utuh.", "The content is not a whole {media_type}.")
    fix = Text("Buka unggahan baru dengan jenis yang benar.", "Open a new upload with the right type.")


@dataclass(frozen=True, slots=True)
class Content:
    """A content as it is kept: digest, type, size in pixels, and where it was taken if that is wanted."""

    digest: str
    width: int | None = None
    height: int | None = None
    location: tuple[Decimal, Decimal] | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """A part that lies in storage; `content` when it was the last."""

    attachment_id: UUID
    subject_kind: str
    subject_id: UUID
    name: str
    begins: int
    ends: int
    repeated: bool
    content: Content | None = None


def content_name(digest: str, size: Size = Size.ORIGINAL) -> str:
    """Return the name of a kept content, or of its thumbnail, in storage."""
    ending = "" if size is Size.ORIGINAL else f"-{size}"
    return f"attachments/{digest[:2]}/{digest}{ending}"


def attachments_of(request: Request) -> Attachments:
    attachments: Attachments = request.app.state.attachments
    return attachments


def storage_of(request: Request) -> Storage:
    storage: Storage = request.app.state.storage
    return storage


def attachable_of(attachments: Attachments, kind: str, *, by: Caller) -> Attachable:
    """Return what a kind of item takes, or refuse who may not attach to it."""
    attachable = attachments.subjects.get(kind)
    if attachable is None:
        raise SubjectUnknown(pointer="/subject")
    if not by.may(attachable.scope):
        raise ScopeMissing(scope=attachable.scope, members={"scope": [attachable.scope]})
    return attachable


def record_change(
    session: AsyncSession,
    attachments: Attachments,
    action: str,
    attachment: AttachmentItem,
    *,
    by: Caller,
    now: datetime,
) -> None:
    """Journal what became of an attachment: no file's name and no place, for these tell of persons."""
    guarded = attachments.purpose_of(attachment).guarded
    data = {
        "id": attachment.id,
        "subject": f"{attachment.subject_kind}/{attachment.subject_id}",
        "purpose": attachment.purpose,
        "media_type": attachment.media_type,
        "digest": None if guarded else attachment.digest,
        "size": None if guarded else attachment.size,
        "version": attachment.version,
    }
    record(session, Change(action, f"attachments/{attachment.id}", attachment.region_code, data), by=by, now=now)


async def _part_body(request: Request) -> bytes:
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > LARGEST_PART:
        raise BodyTooLarge
    return await request.body()


UploadOffset = Annotated[int, Header(ge=0, le=MOST_BYTES, description="Bytes that came before this part")]
PartBody = Annotated[bytes, Depends(_part_body)]


async def put_part(request: Request, id: UUID, body: bytes, *, upload_offset: int, by: Caller, now: datetime) -> Part:
    """Put a part into storage, and judge the whole when it is the last: no connection is held meanwhile."""
    attachments, storage = attachments_of(request), storage_of(request)
    async with database_of(request).reads.connect() as connection:
        row = await one(attachments, connection, id, by)
    if row.account_id != by.account_id:
        raise ResourceNotFound
    attachable_of(attachments, row.subject_kind, by=by)
    ends = upload_offset + len(body)
    name = f"{upload_offset}-{hashlib.sha256(body).hexdigest()}"
    part = Part(id, row.subject_kind, row.subject_id, name, upload_offset, ends, repeated=name in row.parts)
    if part.repeated:
        return part
    if row.received != upload_offset or row.state != AttachmentState.OPEN:
        raise OffsetWrong(row.received)
    if row.recorded_at + KEPT_OPEN < now:
        raise ResourceNotFound
    if not body or len(body) > LARGEST_PART or ends > row.size:
        raise PartEmpty(most=LARGEST_PART)
    await storage.put(f"uploads/{id}/{name}", body)
    if ends < row.size:
        return part
    content = await _whole(request, row, body)
    return replace(part, content=content)


async def _whole(request: Request, row: Any, last: bytes) -> Content:
    """Judge all parts together, and put what is kept of them."""
    storage, own = storage_of(request), attachments_of(request).model
    async with images.AT_ONCE:
        before = [await storage.get(f"uploads/{row.id}/{part}") for part in row.parts]
        whole = b"".join([*before, last])
        if hashlib.sha256(whole).hexdigest() != row.sha256:
            async with database_of(request).transaction() as session:
                await session.execute(_while_open(own, row.id).values(received=0, parts=[]))
            raise DigestDiffers
        wants_location = attachments_of(request).purpose_of(row).location
        clean, content = await asyncio.to_thread(_judged, whole, row.media_type, wants_location=wants_location)
        made = {} if row.media_type == PAPER else await asyncio.to_thread(_thumbnails, clean)
    # Noted before it is put, so that nothing ever lies in storage without a row that names it.
    async with database_of(request).transaction() as session:
        await session.execute(_lock_of(content.digest))
        await session.execute(_while_open(own, row.id).values(digest=content.digest))
    for size, thumbnail in made.items():
        await storage.put(content_name(content.digest, size), thumbnail)
    await storage.put(content_name(content.digest), clean)
    return content


def _while_open(own: type[AttachmentItem], attachment_id: UUID) -> Any:
    return update(own).where(own.id == attachment_id, own.state == AttachmentState.OPEN)


def _lock_of(digest: str) -> Any:
    """Keep apart who puts a content and who sweeps the same one."""
    return select(func.pg_advisory_xact_lock(advisory_number(bytes.fromhex(digest))))


def _judged(content: bytes, media_type: str, *, wants_location: bool) -> tuple[bytes, Content]:
    """Return what is kept of a content that is what it claims to be; of a photo only the picture."""
    if media_type == PAPER:
        if not content.startswith(b"%PDF-") or b"%%EOF" not in content[-1024:]:
            raise TypeDiffers(media_type=media_type)
        return content, Content(hashlib.sha256(content).hexdigest())
    try:
        found = images.media_type_of(content)
    except images.ImageTypeUnsupported as error:
        raise TypeDiffers(media_type=media_type) from error
    if found != media_type:
        raise TypeDiffers(media_type=media_type)
    clean, _, (width, height) = images.stripped(content, most_bytes=MOST_BYTES)
    location = images.location_of(content) if wants_location else None
    return clean, Content(hashlib.sha256(clean).hexdigest(), width, height, location)


def _thumbnails(clean: bytes) -> dict[Size, bytes]:
    return {size: images.thumbnail(clean, edge) for size, edge in EDGES.items()}


async def take_part(session: AsyncSession, attachments: Attachments, part: Part, *, by: Caller, now: datetime) -> None:
    """Let the row know of a part that lies in storage, and of the content when that was the last."""
    if part.repeated:
        return
    own = attachments.model
    if part.content is not None:
        # Still theirs to write, now that the paper is to hang on it.
        await locked(session, attachments.subjects[part.subject_kind].model, part.subject_id, by=by)
    attachment = await session.scalar(select(own).where(own.id == part.attachment_id).with_for_update())
    if attachment is None:
        raise ResourceNotFound
    if attachment.state != AttachmentState.OPEN or attachment.received != part.begins:
        # Somebody sent another part meanwhile; the same one is no fault.
        if part.name in attachment.parts:
            return
        raise OffsetWrong(attachment.received)
    attachment.parts = [*attachment.parts, part.name]
    attachment.received = part.ends
    attachment.changed_at = now
    if part.content is None:
        return
    attachment.state = AttachmentState.KEPT
    attachment.digest = part.content.digest
    attachment.width, attachment.height = part.content.width, part.content.height
    if part.content.location is not None:
        attachment.latitude, attachment.longitude = part.content.location
    await session.flush()
    record_change(session, attachments, "attachment.added", attachment, by=by, now=now)


async def _part(  # noqa: PLR0917 - as a route's signature
    id: UUID, request: Request, by: SignedIn, now: Now, upload_offset: UploadOffset, body: PartBody
) -> Part:
    return await put_part(request, id, body, upload_offset=upload_offset, by=by, now=now)


SentPart = Annotated[Part, Depends(_part)]
"""A part that lies in storage already, before the transaction that lets its row know."""


async def sweep(session: AsyncSession, attachments: Attachments, storage: Storage, *, now: datetime) -> None:
    """Remove from storage what no row needs: parts of what is kept, contents withdrawn, uploads never finished."""
    own = attachments.model
    due = (own.state != AttachmentState.OPEN) & (own.changed_at < now - AFTER)
    given_up = (own.state == AttachmentState.OPEN) & (own.recorded_at < now - KEPT_OPEN - AFTER)
    waiting = select(own).where(own.swept.is_(False), due | given_up).limit(SWEPT_AT_ONCE)
    for attachment in await session.scalars(waiting.with_for_update(skip_locked=True)):
        await storage.delete(await storage.under(f"uploads/{attachment.id}"))
        if attachment.digest is not None and attachment.state != AttachmentState.KEPT:
            await _drop(session, own, storage, attachment)
        if attachment.state == AttachmentState.OPEN:
            await session.delete(attachment)
        else:
            attachment.swept = True


async def _drop(session: AsyncSession, own: type[AttachmentItem], storage: Storage, attachment: AttachmentItem) -> None:
    """Delete a content unless another attachment has the same."""
    digest = attachment.digest or ""
    await session.execute(_lock_of(digest))
    others = select(own.id).where(own.digest == digest, own.id != attachment.id, own.state != AttachmentState.WITHDRAWN)
    if await session.scalar(others.limit(1)) is None:
        await storage.delete([content_name(digest, size) for size in Size])

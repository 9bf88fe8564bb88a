"""Complaints over HTTP."""

import asyncio
import hashlib
from typing import Annotated, cast
from uuid import NAMESPACE_OID, UUID, uuid5

from fastapi import Depends, Header, Query, Request, Response

from services.monitoring.complaints import queries, service
from services.monitoring.complaints.models import Complaint
from services.monitoring.complaints.rules import code_digest
from services.monitoring.complaints.schemas import (
    Answer,
    ComplaintDraft,
    ComplaintQuery,
    ComplaintReceipt,
    ComplaintView,
    Confirmation,
    Contact,
    EvidenceDraft,
    Statistics,
    StatisticsQuery,
    TrackedComplaint,
)
from services.monitoring.dependencies import ComplaintReader, ComplaintWriter, ContactReader, Files, Registry
from shared.attaching import PART_BODY
from shared.attachments import AttachmentView, MediaType, attachment_view, one
from shared.clock import Now
from shared.contents import content_reply
from shared.database import Reading, database_of
from shared.errors import Refusal
from shared.identity import new_id
from shared.images import AT_ONCE, IMAGE_BODY, ImageBody, stripped
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import entity_tag, expected_version, item_reply, reply, saved, to_json
from shared.routing import router
from shared.uploading import (
    ROOM_FOR_A_PART,
    Part,
    PartBody,
    UploadOffset,
    attachments_of,
    content_name,
    put_part,
    take_part,
)
from shared.writing import SecretReply, Writing

routes = router("/monitoring/v1", tags=["complaints"])

ComplaintToChange = Annotated[Complaint, Depends(to_change(Complaint, queries.one_complaint))]
OWN = {"Cache-Control": "private, no-store"}
"""What is read by code or with a permission is for nobody's cache."""


async def _digest_of_code(
    request: Request, tracking_code: Annotated[str, Header(description="The code shown when the complaint was filed")]
) -> bytes:
    request.state.item_code = digest = code_digest(request.app.state.settings.hmac_key, tracking_code)
    return digest


TrackingCode = Annotated[bytes, Depends(_digest_of_code)]
"""The digest of the code in the header `Tracking-Code`; the code itself goes no further."""


async def _photo(request: Request, code: TrackingCode, content: ImageBody, now: Now) -> Part:
    """Put a photo that came in one piece into storage: an upload of one part."""
    holder, attachments, database = queries.complainant(code), attachments_of(request), database_of(request)
    # Nobody without a code has a picture opened, and what is none opens no upload.
    async with database.reads.connect() as connection:
        await queries.tracked(connection, code)
    async with AT_ONCE:
        _, media_type, _ = await asyncio.to_thread(stripped, content)
    sha256 = hashlib.sha256(content).hexdigest()
    key = request.headers.get("idempotency-key")
    draft = EvidenceDraft(
        # The same key with the same photo is the same upload.
        id=uuid5(NAMESPACE_OID, f"{code.hex()} {key} {sha256}") if key else new_id(),
        media_type=cast("MediaType", media_type),
        size=len(content),
        sha256=sha256,
    )
    async with database.transaction() as session:
        upload, _ = await service.open_evidence(session, attachments, code, draft, now=now)
    try:
        return await put_part(request, upload, content, upload_offset=0, by=holder, now=now)
    except Refusal:
        if key is None:
            # Nobody knows its id, to go on with it.
            async with database.transaction() as session:
                await service.give_up(session, attachments, upload, now=now)
        raise


async def _evidence_part(
    id: UUID, request: Request, code: TrackingCode, now: Now, upload_offset: UploadOffset, body: PartBody
) -> Part:
    return await put_part(request, id, body, upload_offset=upload_offset, by=queries.complainant(code), now=now)


SentPhoto = Annotated[Part, Depends(_photo)]
SentEvidence = Annotated[Part, Depends(_evidence_part)]


@routes.post("/complaints", status_code=201, response_model=ComplaintReceipt)
async def file_complaint(
    request: Request,
    by: Anyone,
    session: Writing,
    _secret: SecretReply,
    registry: Registry,
    draft: ComplaintDraft,
    now: Now,
) -> Response:
    """File a complaint, without an account; the reply shows the tracking code, once.

    Send an Idempotency-Key (a UUID): if the reply is lost, the same request with the same key
    files nothing new and shows the same code again.
    """
    key = request.headers.get("idempotency-key")
    filed = await service.file_complaint(session, draft, key=key, registry=registry, by=by, now=now)
    answer = saved(queries.receipt(filed.complaint, filed.code), status=201 if filed.new or filed.replayed else 200)
    if filed.replayed:
        answer.headers["Idempotency-Replayed"] = "true"
    return answer


@routes.get("/complaints", response_model=Page[ComplaintView])
async def list_complaints(
    request: Request, by: ComplaintReader, connection: Reading, query: Annotated[ComplaintQuery, Query()]
) -> Response:
    """List the complaints of one's regions, the newest first; nobody sees those about themselves."""
    statement = queries.complaints(query, by)
    return await page(
        request, connection, statement, query=query, order=queries.NEWEST_FIRST, shape=queries.complaint_view
    )


@routes.get("/complaints/tracked", response_model=TrackedComplaint)
async def track_complaint(request: Request, connection: Reading, code: TrackingCode) -> Response:
    """Follow one's own complaint by its code, without an account: its state, its history and the answers."""
    item = await queries.tracked(connection, code)
    body = to_json(item)
    return reply(request, body, tag=entity_tag(item["version"], body), headers=OWN)


@routes.post("/complaints/tracked/confirmation", response_model=TrackedComplaint)
async def confirm_complaint(
    request: Request, code: TrackingCode, session: Writing, confirmation: Confirmation, now: Now
) -> Response:
    """Say whether the answer resolved one's complaint; if not, it is open again."""
    version = expected_version(request.headers.get("if-match"))
    await service.confirm(session, code, confirmation, version=version, now=now)
    return saved(await queries.tracked(session, code))


@routes.post(
    "/complaints/tracked/photos",
    status_code=201,
    response_model=TrackedComplaint,
    openapi_extra=IMAGE_BODY,
    max_body_size=ROOM_FOR_A_PART,
)
async def add_complaint_photo(
    code: TrackingCode, request: Request, photo: SentPhoto, session: Writing, now: Now
) -> Response:
    """Add a photo to one's own complaint; where and with what it was taken is removed."""
    await service.add_photo(session, attachments_of(request), code, photo, now=now)
    return saved(await queries.tracked(session, code), status=201)


@routes.post("/complaints/tracked/attachments", status_code=201, response_model=AttachmentView)
async def open_evidence(
    code: TrackingCode, request: Request, session: Writing, draft: EvidenceDraft, now: Now
) -> Response:
    """Open the upload of a photo or paper to one's own complaint; sent again with its id, it tells how much has come.

    A PDF keeps what its program wrote into it, which may be its author's name; of a photo only the picture is kept.
    """
    attachments = attachments_of(request)
    upload, new = await service.open_evidence(session, attachments, code, draft, now=now)
    made = attachment_view(await one(attachments, session, upload, queries.complainant(code)))
    return saved(made, status=201 if new else 200)


@routes.post(
    "/complaints/tracked/attachments/{id}/parts",
    response_model=AttachmentView,
    openapi_extra=PART_BODY,
    max_body_size=ROOM_FOR_A_PART,
)
async def send_evidence_part(
    code: TrackingCode, request: Request, part: SentEvidence, session: Writing, now: Now
) -> Response:
    """Send the next part, from byte Upload-Offset on; the last one keeps it if all of it is right."""
    attachments, holder = attachments_of(request), queries.complainant(code)
    await take_part(session, attachments, part, by=holder, now=now)
    await session.flush()
    return saved(attachment_view(await one(attachments, session, part.attachment_id, holder)))


@routes.get("/complaints/{id}", response_model=ComplaintView)
async def read_complaint(id: UUID, request: Request, by: ComplaintReader, connection: Reading, now: Now) -> Response:
    """Read one complaint of one's regions."""
    return item_reply(request, await queries.one_complaint(connection, id, by, now))


@routes.get("/complaints/{id}/contact", response_model=Contact)
async def read_complaint_contact(id: UUID, by: ContactReader, session: Writing, now: Now) -> Response:
    """Read how the complainant may be reached; that you read it is recorded."""
    contact = await service.read_contact(session, id, by=by, now=now)
    return Response(to_json({"id": id, "contact": contact}), media_type="application/json", headers=OWN)


@routes.head("/complaints/{id}/photos/{digest}", include_in_schema=False)
@routes.get("/complaints/{id}/photos/{digest}", response_class=Response)
async def read_complaint_photo(
    id: UUID, digest: str, request: Request, by: ComplaintReader, connection: Reading, storage: Files
) -> Response:
    """Read a photo of a complaint."""
    media_type = await queries.one_photo(connection, id, digest, by)
    tag = f'"{digest}"'
    return await content_reply(request, storage, content_name(digest), tag=tag, media_type=media_type, headers=OWN)


@routes.post("/complaints/{id}/answer", response_model=ComplaintView)
async def answer_complaint(
    by: ComplaintWriter, session: Writing, complaint: ComplaintToChange, answer: Answer, now: Now
) -> Response:
    """Answer a complaint; its complainant then says whether that resolved it."""
    await service.answer_complaint(session, complaint, answer, by=by, now=now)
    return saved(await queries.one_complaint(session, complaint.id, by, now))


@routes.get("/complaint-statistics", response_model=Statistics)
async def read_complaint_statistics(
    request: Request, connection: Reading, query: Annotated[StatisticsQuery, Query()]
) -> Response:
    """Count complaints by scope and state; everybody may know how many there are."""
    return reply(request, to_json(await queries.statistics(connection, query)))

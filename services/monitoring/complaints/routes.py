"""Complaints over HTTP."""

from typing import Annotated
from uuid import UUID

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
    Statistics,
    StatisticsQuery,
    TrackedComplaint,
)
from services.monitoring.dependencies import ComplaintReader, ComplaintWriter, ContactReader, Files, Registry
from shared.clock import Now
from shared.database import Reading, database_of
from shared.images import IMAGE_BODY, Image, ImageBody, image_name, store
from shared.items import to_change
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import entity_tag, expected_version, item_reply, reply, saved, to_json
from shared.routing import router
from shared.writing import SecretReply, Writing

ROOM_FOR_A_PHOTO = 5_767_168
"""Bytes of a body: a picture of 5 MB and some; the gateway says the same."""

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


async def _kept(request: Request, code: TrackingCode, content: ImageBody, storage: Files) -> Image:
    # No connection is held while the picture is worked on, and nobody without a code fills the storage.
    async with database_of(request).reads.connect() as connection:
        await queries.tracked(connection, code)
    return await store(content, storage)


KeptPhoto = Annotated[Image, Depends(_kept)]


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
    max_body_size=ROOM_FOR_A_PHOTO,
)
async def add_complaint_photo(code: TrackingCode, photo: KeptPhoto, session: Writing, now: Now) -> Response:
    """Add a photo to one's own complaint; where and with what it was taken is removed."""
    await service.add_photo(session, code, photo, now=now)
    return saved(await queries.tracked(session, code), status=201)


@routes.get("/complaints/{id}", response_model=ComplaintView)
async def read_complaint(id: UUID, request: Request, by: ComplaintReader, connection: Reading, now: Now) -> Response:
    """Read one complaint of one's regions."""
    return item_reply(request, await queries.one_complaint(connection, id, by, now))


@routes.get("/complaints/{id}/contact", response_model=Contact)
async def read_complaint_contact(id: UUID, by: ContactReader, session: Writing, now: Now) -> Response:
    """Read how the complainant may be reached; that you read it is recorded."""
    contact = await service.read_contact(session, id, by=by, now=now)
    return Response(to_json({"id": id, "contact": contact}), media_type="application/json", headers=OWN)


@routes.get("/complaints/{id}/photos/{digest}", response_class=Response)
async def read_complaint_photo(
    id: UUID, digest: str, by: ComplaintReader, connection: Reading, storage: Files
) -> Response:
    """Read a photo of a complaint."""
    found, media_type = await queries.one_photo(connection, id, digest, by)
    content = await storage.get(image_name(found, media_type))
    return Response(content, media_type=media_type, headers=OWN)


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

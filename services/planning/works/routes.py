"""What is built of an activity, over HTTP; photos come in and go out as raw bytes."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from services.planning.activities.service import Activity, ActivityView, one_activity
from services.planning.dependencies import ActivityApprover, ActivityWriter, Files
from services.planning.works import pictures, queries, service
from services.planning.works.schemas import (
    HandoverDraft,
    HandoverView,
    PhotoQuery,
    PhotoUpload,
    PhotoView,
    ProgressDraft,
    ProgressQuery,
    ProgressView,
)
from shared.clock import Now
from shared.contents import content_reply
from shared.database import Reading, database_of
from shared.images import FORMATS, IMAGE_BODY, ImageBody, image_name
from shared.items import one_of, to_change, to_extend
from shared.lists import Page, page
from shared.permissions import Anyone
from shared.replies import item_reply, saved
from shared.routing import router
from shared.writing import Writing

ROOM_FOR_A_PHOTO = 5_767_168
"""Bytes of a body: a picture of 5 MB and some; the gateway says the same."""

routes = router("/planning/v1/activities", tags=["works"])
photos = router("/planning/v1/activities", tags=["works"], largest_body=ROOM_FOR_A_PHOTO)

ActivityToExtend = Annotated[Activity, Depends(to_extend(Activity))]
ActivityToHandOver = Annotated[Activity, Depends(to_change(Activity, one_activity))]
PICTURE: dict[int | str, dict[str, Any]] = {
    200: {"content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in FORMATS}}
}


async def _kept(id: UUID, request: Request, by: ActivityWriter, content: ImageBody, storage: Files) -> pictures.Picture:
    # No connection is held while the picture is worked on, and nobody from elsewhere fills the storage.
    async with database_of(request).reads.connect() as connection:
        await queries.require_served(connection, id, by)
    return await pictures.keep_picture(content, storage, database_of(request))


KeptPicture = Annotated[pictures.Picture, Depends(_kept)]


@routes.get("/{id}/progress", response_model=Page[ProgressView])
async def list_progress(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[ProgressQuery, Query()]
) -> Response:
    """List an activity's reports of progress, the latest day first."""
    statement = queries.progress(id, query, caller)
    return await page(
        request,
        connection,
        statement,
        query=query,
        order=queries.LATEST_FIRST,
        shape=queries.progress_view,
        of=one_of(Activity, id, caller),
    )


@routes.post("/{id}/progress", status_code=201, response_model=ProgressView)
async def report_progress(
    by: ActivityWriter, session: Writing, activity: ActivityToExtend, draft: ProgressDraft, now: Now
) -> Response:
    """Report how far an activity of a ratified plan has come; at 100 % it is finished."""
    progress_id, new = await service.report_progress(session, activity, draft, by=by, now=now)
    progress = await queries.one_progress(session, activity.id, progress_id, by)
    address = f"{routes.prefix}/{activity.id}/progress/{progress_id}"
    return saved(progress, status=201 if new else 200, location=address)


@routes.get("/{id}/progress/{progress_id}", response_model=ProgressView)
async def read_progress(id: UUID, progress_id: UUID, request: Request, caller: Anyone, connection: Reading) -> Response:
    """Read one report of progress."""
    return item_reply(request, await queries.one_progress(connection, id, progress_id, caller))


@routes.post("/{id}/handover", response_model=ActivityView)
async def hand_over_activity(
    by: ActivityApprover, session: Writing, activity: ActivityToHandOver, draft: HandoverDraft, now: Now
) -> Response:
    """Hand a finished activity over to who uses and keeps it; nobody who reported its progress may."""
    await service.hand_over(session, activity, draft, by=by, now=now)
    return saved(await one_activity(session, activity.id, by, now))


@routes.get("/{id}/handover", response_model=HandoverView)
async def read_handover(id: UUID, request: Request, caller: Anyone, connection: Reading) -> Response:
    """Read to whom an activity was handed over, and how it is kept up."""
    return item_reply(request, await queries.handover_of(connection, id, caller))


@photos.get("/{id}/photos", response_model=Page[PhotoView])
async def list_photos(
    id: UUID, request: Request, caller: Anyone, connection: Reading, query: Annotated[PhotoQuery, Query()]
) -> Response:
    """List an activity's photos."""
    statement = queries.photos(id, query, caller)
    order = queries.PHOTO_ORDERS[query.sort]
    of = one_of(Activity, id, caller)
    return await page(request, connection, statement, query=query, order=order, shape=queries.photo_view, of=of)


@photos.post("/{id}/photos", status_code=201, response_model=PhotoView, openapi_extra=IMAGE_BODY)
async def add_photo(
    by: ActivityWriter,
    upload: Annotated[PhotoUpload, Query()],
    picture: KeptPicture,
    session: Writing,
    activity: ActivityToExtend,
    now: Now,
) -> Response:
    """Add a photo of the works, one picture a request; where and with what it was taken is removed."""
    photo_id, new = await service.add_photo(session, activity, upload, picture, by=by, now=now)
    photo = await queries.one_photo(session, activity.id, photo_id, by)
    address = f"{photos.prefix}/{activity.id}/photos/{photo_id}"
    return saved(photo, status=201 if new else 200, location=address)


@photos.head("/{id}/photos/{photo_id}", include_in_schema=False)
@photos.get("/{id}/photos/{photo_id}", response_class=Response, responses=PICTURE)
async def read_photo(
    id: UUID, photo_id: UUID, request: Request, caller: Anyone, connection: Reading, storage: Files
) -> Response:
    """Read the picture itself; it never changes."""
    photo = await queries.one_photo(connection, id, photo_id, caller)
    headers = {
        "Cache-Control": f"{'public' if caller.anonymous else 'private'}, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }
    digest, media_type = photo["digest"], photo["media_type"]
    name, tag = image_name(digest, media_type), f'"{digest}"'
    return await content_reply(request, storage, name, tag=tag, media_type=media_type, headers=headers)

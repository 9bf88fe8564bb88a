"""How works are read: everybody sees them, notes only the own region."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.planning.activities.service import Activity
from services.planning.database import places
from services.planning.works.models import Handover, Photo, Progress
from services.planning.works.schemas import PhotoQuery, PhotoSort, ProgressQuery
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch

LATEST_FIRST = Order(Progress.occurred_on.expression, date, Progress.id.expression, descending=True)
PHOTO_ORDERS = {PhotoSort.RECORDED: Order(Photo.id.expression, UUID, Photo.id.expression)}


async def require_served(connection: AsyncConnection, activity_id: UUID, caller: Caller) -> None:
    """Refuse unless the caller serves the place of an activity: ResourceNotFound or RegionMissing."""
    found = await connection.execute(
        select(places.c.code_now)
        .join(Activity, Activity.kelurahan_code == places.c.kelurahan_code)
        .where(Activity.id == activity_id, visible(Activity, caller))
    )
    code = found.scalar_one_or_none()
    if code is None:
        raise ResourceNotFound
    caller.require_region(code)


def progress(activity_id: UUID, query: ProgressQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of an activity's reports."""
    statement = _progress(activity_id, caller)
    if query.correction is not None:
        statement = statement.where(Progress.correction == query.correction)
    return statement


def _progress(activity_id: UUID, caller: Caller) -> Select[Any]:
    return (
        select(*Progress.__table__.c, in_scope(Progress, caller).label("full"))
        .join(places, places.c.kelurahan_code == Progress.kelurahan_code)
        .where(Progress.activity_id == activity_id, visible(Progress, caller))
    )


def progress_view(row: Any) -> dict[str, Any]:
    """Return a row as ProgressView."""
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "activity_id": row.activity_id,
        "number": row.number,
        "percent": row.percent,
        "occurred_on": row.occurred_on,
        "volume_done": None if row.volume_done is None else str(row.volume_done),
        "minutes_reference": row.minutes_reference,
        "note": row.note if row.full else None,
        "correction": row.correction,
        "correction_reason": row.correction_reason if row.full else None,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_progress(
    connection: AsyncConnection | AsyncSession, activity_id: UUID, progress_id: UUID, caller: Caller
) -> dict[str, Any]:
    """Return one report, or ResourceNotFound."""
    statement = _progress(activity_id, caller).where(Progress.id == progress_id)
    rows = await fetch(connection, statement)
    if not rows:
        raise ResourceNotFound
    return progress_view(rows[0])


def photos(activity_id: UUID, query: PhotoQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of an activity's photos."""
    statement = _photos(activity_id, caller)
    if query.stage is not None:
        statement = statement.where(Photo.stage == query.stage)
    return statement


def _photos(activity_id: UUID, caller: Caller) -> Select[Any]:
    return (
        select(*Photo.__table__.c)
        .join(places, places.c.kelurahan_code == Photo.kelurahan_code)
        .where(Photo.activity_id == activity_id, visible(Photo, caller))
    )


def photo_view(row: Any) -> dict[str, Any]:
    """Return a row as PhotoView."""
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "activity_id": row.activity_id,
        "stage": row.stage,
        "taken_on": row.taken_on,
        "digest": row.digest,
        "media_type": row.media_type,
        "width": row.width,
        "height": row.height,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_photo(
    connection: AsyncConnection | AsyncSession, activity_id: UUID, photo_id: UUID, caller: Caller
) -> dict[str, Any]:
    """Return what is known of one photo, or ResourceNotFound."""
    rows = await fetch(connection, _photos(activity_id, caller).where(Photo.id == photo_id))
    if not rows:
        raise ResourceNotFound
    return photo_view(rows[0])


async def handover_of(connection: AsyncConnection | AsyncSession, activity_id: UUID, caller: Caller) -> dict[str, Any]:
    """Return the handover of an activity as HandoverView, or ResourceNotFound."""
    statement = (
        select(*Handover.__table__.c)
        .join(places, places.c.kelurahan_code == Handover.kelurahan_code)
        .where(Handover.activity_id == activity_id, visible(Handover, caller))
    )
    rows = await fetch(connection, statement)
    if not rows:
        raise ResourceNotFound
    row = rows[0]
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "activity_id": row.activity_id,
        "held_on": row.held_on,
        "received_by": row.received_by,
        "upkeep_plan": row.upkeep_plan,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }

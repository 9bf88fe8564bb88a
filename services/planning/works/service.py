"""Use cases of works: report progress, add photos, hand over."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.activities import service as activities
from services.planning.works.models import Handover, Photo, Progress
from services.planning.works.pictures import Picture
from services.planning.works.rules import require_finished_by, require_valid_progress
from services.planning.works.schemas import HandoverDraft, PhotoDraft, PhotoUpload, ProgressDraft
from shared.foureyes import OwnApproval
from shared.items import claim
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

AUDIENCES = {
    "progress.recorded": Audience.PUBLIC,
    "photo.added": Audience.PUBLIC,
    "handover.recorded": Audience.PUBLIC,
}
COMPLETE = 100


def progress_record(progress: Progress) -> dict[str, Any]:
    """Return a report as its journal keeps it: no free text."""
    return {
        "id": progress.id,
        "kelurahan_code": progress.kelurahan_code,
        "activity_id": progress.activity_id,
        "number": progress.number,
        "percent": progress.percent,
        "volume_done": None if progress.volume_done is None else str(progress.volume_done),
        "correction": progress.correction,
        "version": progress.version,
    }


def photo_record(photo: Photo) -> dict[str, Any]:
    """Return a photo as its journal keeps it: where its picture lies, not the picture."""
    return {
        "id": photo.id,
        "kelurahan_code": photo.kelurahan_code,
        "activity_id": photo.activity_id,
        "stage": photo.stage,
        "digest": photo.digest,
        "media_type": photo.media_type,
        "version": photo.version,
    }


def handover_record(handover: Handover) -> dict[str, Any]:
    """Return a handover as its journal keeps it: no free text."""
    return {
        "id": handover.id,
        "kelurahan_code": handover.kelurahan_code,
        "activity_id": handover.activity_id,
        "received_by": handover.received_by,
        "version": handover.version,
    }


def _who(by: Caller) -> UUID:
    """Return the person, or the account of a program, that enters something."""
    who = by.person_id or by.account_id
    if who is None:  # pragma: no cover - a permission stands before every write
        raise OwnApproval
    return who


async def report_progress(
    session: AsyncSession, activity: activities.Activity, draft: ProgressDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Report how far a locked activity has come; return the report's id and whether it is new.

    The latest report by its day, not by when it came in, says how far the activity is.
    """
    claimed = await claim(session, Progress, draft, by=by, within=activity.id)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.occurred_on, now=now, pointer="/occurred_on")
    act = activities.Act.FINISH if draft.percent == COMPLETE else activities.Act.BUILD
    activities.state_after(activity.state, act)
    of_activity = select(Progress).where(Progress.activity_id == activity.id)
    before = await session.scalar(
        of_activity.where(Progress.occurred_on <= draft.occurred_on)
        .order_by(Progress.occurred_on.desc(), Progress.number.desc())
        .limit(1)
    )
    after = await session.scalar(
        of_activity.where(Progress.occurred_on > draft.occurred_on)
        .order_by(Progress.occurred_on, Progress.number)
        .limit(1)
    )
    volume_done = None if draft.volume_done is None else Decimal(draft.volume_done).quantize(Decimal("0.001"))
    require_valid_progress(
        draft.percent,
        before=before,
        after=after,
        corrects=draft.correction_reason is not None,
        volume_done=volume_done,
        planned_volume=activity.volume,
        agreed=draft.minutes_reference is not None,
    )
    count = await session.scalar(
        select(func.coalesce(func.max(Progress.number), 0)).where(Progress.activity_id == activity.id)
    )
    progress = Progress(
        **draft.model_dump(exclude={"id", "volume_done"}),
        kelurahan_code=activity.kelurahan_code,
        activity_id=activity.id,
        number=(count or 0) + 1,
        volume_done=volume_done,
        correction=draft.correction_reason is not None,
        recorded_by=_who(by),
        **claimed.columns(now),
    )
    session.add(progress)
    await session.flush()
    subject = f"progress/{progress.id}"
    data = progress_record(progress)
    change = Change("progress.recorded", subject, progress.kelurahan_code, data, progress.occurred_on)
    record(session, change, by=by, now=now)
    if after is None:
        await activities.advance(session, activity, act, on=progress.occurred_on, by=by, now=now)
    return progress.id, True


async def add_photo(
    session: AsyncSession,
    activity: activities.Activity,
    upload: PhotoUpload,
    picture: Picture,
    *,
    by: Caller,
    now: datetime,
) -> tuple[UUID, bool]:
    """Add a photo to a locked activity; return its id and whether it is new."""
    draft = PhotoDraft(
        id=upload.photo_id, stage=upload.stage, taken_on=upload.taken_on, sent_digest=picture.sent_digest
    )
    claimed = await claim(session, Photo, draft, by=by, within=activity.id)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.taken_on, now=now, pointer="/taken_on")
    activities.state_after(activity.state, activities.Act.PHOTOGRAPH)
    photo = Photo(
        kelurahan_code=activity.kelurahan_code,
        activity_id=activity.id,
        stage=draft.stage,
        taken_on=draft.taken_on,
        digest=picture.kept.digest,
        media_type=picture.kept.media_type,
        width=picture.kept.width,
        height=picture.kept.height,
        **claimed.columns(now),
    )
    session.add(photo)
    await session.flush()
    change = Change("photo.added", f"photos/{photo.id}", photo.kelurahan_code, photo_record(photo), photo.taken_on)
    record(session, change, by=by, now=now)
    return photo.id, True


async def hand_over(
    session: AsyncSession, activity: activities.Activity, draft: HandoverDraft, *, by: Caller, now: datetime
) -> None:
    """Hand a locked, finished activity over (KSM-5); nobody who reported its progress may (four eyes)."""
    claimed = await claim(session, Handover, draft, by=by, within=activity.id)
    if claimed.existing:
        return
    reported = await session.execute(
        select(Progress.recorded_by, Progress.occurred_on)
        .where(Progress.activity_id == activity.id)
        .order_by(Progress.occurred_on.desc(), Progress.number.desc())
    )
    reports = reported.all()
    if by.person_id is None or {by.person_id, by.account_id} & {report.recorded_by for report in reports}:
        raise OwnApproval
    activities.state_after(activity.state, activities.Act.HAND_OVER)
    require_not_future(draft.held_on, now=now, pointer="/held_on")
    require_finished_by(draft.held_on, finished_on=reports[0].occurred_on)
    handover = Handover(
        **draft.model_dump(exclude={"id"}),
        kelurahan_code=activity.kelurahan_code,
        activity_id=activity.id,
        **claimed.columns(now),
    )
    session.add(handover)
    await session.flush()
    subject, data = f"handovers/{handover.id}", handover_record(handover)
    change = Change("handover.recorded", subject, handover.kelurahan_code, data, handover.held_on)
    record(session, change, by=by, now=now)
    await activities.advance(session, activity, activities.Act.HAND_OVER, on=handover.held_on, by=by, now=now)

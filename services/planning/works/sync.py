"""What is carried offline of works: reports of progress."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.activities.service import Activity
from services.planning.works.models import Progress
from services.planning.works.schemas import ProgressDraft
from services.planning.works.service import report_progress
from shared.items import locked
from shared.permissions import Caller
from shared.syncables import Synced


class ProgressOfActivity(ProgressDraft):
    """A report with the activity that its own address names."""

    activity_id: UUID


async def _report(session: AsyncSession, draft: ProgressOfActivity, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    activity = await locked(session, Activity, draft.activity_id, by=by)
    progress = ProgressDraft.model_validate(draft.model_dump(exclude={"activity_id"}))
    return await report_progress(session, activity, progress, by=by, now=now)


PROGRESS = Synced(
    model=Progress,
    columns=(
        "kelurahan_code",
        "activity_id",
        "number",
        "percent",
        "occurred_on",
        "volume_done",
        "minutes_reference",
        "note",
        "correction",
        "correction_reason",
        "version",
    ),
    writes="planning:activities:write",
    draft=ProgressOfActivity,
    record=_report,
)

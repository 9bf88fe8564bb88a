"""Use cases of meetings: a slice above records what residents decided about something of its own."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.cycle.models import Meeting
from services.planning.cycle.rules import Decision, MeetingKind
from services.planning.cycle.schemas import MeetingDraft
from shared.attendance import require_valid_attendance
from shared.items import Claim
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

__all__ = ["Decision", "Meeting", "MeetingDraft", "MeetingKind", "hold_meeting", "meeting_record"]

AUDIENCES = {"meeting.held": Audience.PUBLIC}


def meeting_record(meeting: Meeting) -> dict[str, Any]:
    """Return a meeting as its journal keeps it: numbers and decision, without the place."""
    return {
        "id": meeting.id,
        "kelurahan_code": meeting.kelurahan_code,
        "kind": meeting.kind,
        "board_id": meeting.board_id,
        "plan_id": meeting.plan_id,
        "held_on": meeting.held_on,
        "attendance": {
            "total": meeting.attendance_total,
            "women": meeting.women,
            "women_not_counted_reason": meeting.women_not_counted,
            "poor": meeting.poor,
            "poor_not_counted_reason": meeting.poor_not_counted,
        },
        "adults_invited": meeting.adults_invited,
        "decision": meeting.decision,
        "version": meeting.version,
    }


async def hold_meeting(
    session: AsyncSession,
    draft: MeetingDraft,
    *,
    claimed: Claim,
    kind: MeetingKind,
    kelurahan_code: str,
    board_id: UUID,
    plan_id: UUID | None,
    by: Caller,
    now: datetime,
) -> Meeting:
    """Record a meeting whose id is claimed: not in the future, with attendance that adds up (CY-5)."""
    require_not_future(draft.held_on, now=now, pointer="/held_on")
    counted = draft.attendance
    require_valid_attendance(
        counted.total,
        {
            "women": (counted.women, counted.women_not_counted_reason),
            "poor": (counted.poor, counted.poor_not_counted_reason),
        },
    )
    meeting = Meeting(
        kelurahan_code=kelurahan_code,
        kind=kind,
        board_id=board_id,
        plan_id=plan_id,
        held_on=draft.held_on,
        venue=draft.place,
        attendance_total=counted.total,
        women=counted.women,
        women_not_counted=counted.women_not_counted_reason,
        poor=counted.poor,
        poor_not_counted=counted.poor_not_counted_reason,
        adults_invited=draft.adults_invited,
        decision=draft.decision,
        minutes_reference=draft.minutes_reference,
        **claimed.columns(now),
    )
    session.add(meeting)
    await session.flush()
    data = meeting_record(meeting)
    record(
        session, Change("meeting.held", f"meetings/{meeting.id}", kelurahan_code, data, draft.held_on), by=by, now=now
    )
    return meeting

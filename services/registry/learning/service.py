"""Use cases of learning communities: load, decide, save, journal."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.learning.models import FollowUp, LearningCommunity, LearningSession
from services.registry.learning.rules import require_fitting_region, require_from, require_within_life
from services.registry.learning.schemas import (
    FollowUpChange,
    FollowUpDraft,
    LearningCommunityChange,
    LearningCommunityDraft,
    SessionChange,
    SessionDraft,
)
from shared.attendance import require_valid_attendance
from shared.attendanceviews import Attendance
from shared.errors import Invalid, Text
from shared.items import changes, claim, require_place, require_valid_code
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

__all__ = ["FollowUp"]

AUDIENCES = {
    "learning_community.recorded": Audience.PUBLIC,
    "learning_community.changed": Audience.PUBLIC,
    "learning_session.recorded": Audience.PUBLIC,
    "learning_session.changed": Audience.PUBLIC,
    "follow_up.recorded": Audience.PUBLIC,
    "follow_up.changed": Audience.PUBLIC,
}


class SessionUnknown(Invalid):
    code = "learning_session.unknown"
    title = Text("Pertemuan tidak dikenal", "Unknown session")
    detail = Text(
        "Komunitas ini tidak punya pertemuan dengan id {id}.", "This community has no session with the id {id}."
    )
    fix = Text("Cari pertemuannya di daftar komunitas ini.", "Look the session up in this community's list.")


async def record_community(
    session: AsyncSession, draft: LearningCommunityDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a learning community in a region the caller serves; return its id and whether it is new."""
    await require_place(session, LearningCommunity, draft.region_code, by=by)
    require_fitting_region(draft.kind, draft.region_code)
    require_not_future(draft.founded_on, now=now, pointer="/founded_on")
    claimed = await claim(session, LearningCommunity, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    community = LearningCommunity(**draft.model_dump(exclude={"id"}), **claimed.columns(now))
    await require_valid_code(session, community, on=community.founded_on)
    session.add(community)
    await session.flush()
    record(session, _community_change("learning_community.recorded", community), by=by, now=now)
    return community.id, True


async def change_community(
    session: AsyncSession, community: LearningCommunity, change: LearningCommunityChange, *, by: Caller, now: datetime
) -> None:
    """Correct or end a learning community that is locked: not before its last session."""
    for name, value in changes(change).items():
        setattr(community, name, value)
    if community.closed_on is not None:
        require_not_future(community.closed_on, now=now, pointer="/closed_on")
        with session.no_autoflush:
            latest = await session.scalar(
                select(func.max(LearningSession.held_on)).where(LearningSession.learning_community_id == community.id)
            )
        require_within_life(
            latest or community.founded_on,
            founded_on=community.founded_on,
            closed_on=community.closed_on,
            pointer="/closed_on",
        )
    community.changed_at = now
    await session.flush()
    record(session, _community_change("learning_community.changed", community), by=by, now=now)


def _community_change(action: str, community: LearningCommunity) -> Change:
    data = {
        "id": community.id,
        "kind": community.kind,
        "region_code": community.region_code,
        "name": community.name,
        "founded_on": community.founded_on,
        "closed_on": community.closed_on,
        "version": community.version,
    }
    subject = f"learning_communities/{community.id}"
    return Change(action, subject, community.region_code, data, community.founded_on)


def _counted(attendance: Attendance) -> dict[str, Any]:
    """Return attendance as a session's columns, once it adds up."""
    require_valid_attendance(
        attendance.total,
        {
            "women": (attendance.women, attendance.women_not_counted_reason),
            "poor": (attendance.poor, attendance.poor_not_counted_reason),
        },
    )
    return {
        "attendance_total": attendance.total,
        "women": attendance.women,
        "women_not_counted": attendance.women_not_counted_reason,
        "poor": attendance.poor,
        "poor_not_counted": attendance.poor_not_counted_reason,
    }


async def record_session(
    session: AsyncSession, community: LearningCommunity, draft: SessionDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record a session of a locked community, held while it lived."""
    claimed = await claim(session, LearningSession, draft, by=by, within=community.id)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.held_on, now=now, pointer="/held_on")
    require_within_life(
        draft.held_on, founded_on=community.founded_on, closed_on=community.closed_on, pointer="/held_on"
    )
    held = LearningSession(
        learning_community_id=community.id,
        region_code=community.region_code,
        held_on=draft.held_on,
        form=draft.form,
        topics=_once_each(draft.topics),
        title=draft.title,
        cases_mediated=draft.cases_mediated,
        **_counted(draft.attendance),
        **claimed.columns(now),
    )
    session.add(held)
    await session.flush()
    record(session, _session_change("learning_session.recorded", held), by=by, now=now)
    return held.id, True


async def change_session(
    session: AsyncSession, held: LearningSession, change: SessionChange, *, by: Caller, now: datetime
) -> None:
    """Correct what is said of a session whose community is locked."""
    if "attendance" in change.model_fields_set:
        for name, value in _counted(change.attendance).items():
            setattr(held, name, value)
    for name in change.model_fields_set - {"attendance"}:
        setattr(held, name, _once_each(change.topics) if name == "topics" else getattr(change, name))
    held.changed_at = now
    await session.flush()
    record(session, _session_change("learning_session.changed", held), by=by, now=now)


def _once_each(topics: list[Any]) -> list[str]:
    return sorted({topic.value for topic in topics})


def _session_change(action: str, held: LearningSession) -> Change:
    data = {
        "id": held.id,
        "learning_community_id": held.learning_community_id,
        "region_code": held.region_code,
        "held_on": held.held_on,
        "form": held.form,
        "topics": held.topics,
        "title": held.title,
        "attendance": {
            "total": held.attendance_total,
            "women": held.women,
            "women_not_counted_reason": held.women_not_counted,
            "poor": held.poor,
            "poor_not_counted_reason": held.poor_not_counted,
        },
        "cases_mediated": held.cases_mediated,
        "version": held.version,
    }
    return Change(action, f"learning_sessions/{held.id}", held.region_code, data, held.held_on)


async def record_follow_up(
    session: AsyncSession, community: LearningCommunity, draft: FollowUpDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record what a session of a locked community agreed to do, by whom and until when."""
    claimed = await claim(session, FollowUp, draft, by=by, within=community.id)
    if claimed.existing:
        return claimed.id, False
    held = await session.get(LearningSession, draft.learning_session_id)
    if held is None or held.learning_community_id != community.id:
        raise SessionUnknown(pointer="/learning_session_id", id=draft.learning_session_id)
    require_from(draft.due_on, held_on=held.held_on, pointer="/due_on")
    follow_up = FollowUp(
        **draft.model_dump(exclude={"id"}),
        learning_community_id=community.id,
        region_code=community.region_code,
        **claimed.columns(now),
    )
    session.add(follow_up)
    await session.flush()
    record(session, _follow_up_change("follow_up.recorded", follow_up), by=by, now=now)
    return follow_up.id, True


async def change_follow_up(
    session: AsyncSession, follow_up: FollowUp, change: FollowUpChange, *, by: Caller, now: datetime
) -> None:
    """Correct a follow-up whose community is locked, or say when it was done."""
    for name, value in changes(change).items():
        setattr(follow_up, name, value)
    with session.no_autoflush:
        held = await session.get_one(LearningSession, follow_up.learning_session_id)
    require_from(follow_up.due_on, held_on=held.held_on, pointer="/due_on")
    require_from(follow_up.done_on, held_on=held.held_on, pointer="/done_on")
    if follow_up.done_on is not None:
        require_not_future(follow_up.done_on, now=now, pointer="/done_on")
    follow_up.changed_at = now
    await session.flush()
    record(session, _follow_up_change("follow_up.changed", follow_up), by=by, now=now)


def _follow_up_change(action: str, follow_up: FollowUp) -> Change:
    # Without the task: free words are not for a chain that forgets nothing.
    data = {
        "id": follow_up.id,
        "learning_community_id": follow_up.learning_community_id,
        "learning_session_id": follow_up.learning_session_id,
        "region_code": follow_up.region_code,
        "responsible": follow_up.responsible,
        "due_on": follow_up.due_on,
        "done_on": follow_up.done_on,
        "version": follow_up.version,
    }
    return Change(action, f"follow_ups/{follow_up.id}", follow_up.region_code, data, follow_up.done_on)

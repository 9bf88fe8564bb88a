"""Use cases of enrolment: a kelurahan takes part when its readiness meeting accepted, once in a phase at a time."""

from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select, true
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.programmes.models import Enrolment
from services.registry.programmes.rules import (
    AlreadyEnrolled,
    Decision,
    Phase,
    ProgrammeUnknown,
    ResidentsRefused,
    first_day,
    last_year_of,
    require_order,
    require_valid_enrolment,
)
from services.registry.programmes.schemas import EnrolmentChange, EnrolmentDraft
from shared.attendance import attendance_faults
from shared.items import changes, claim, lock_place, require_place, require_valid_code, same_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.rulesets import load

__all__ = ["Enrolment"]

AUDIENCES = {"enrolment.recorded": Audience.PUBLIC, "enrolment.changed": Audience.PUBLIC}
PROGRAMMES = {one.phase: one for one in load(Path(__file__).with_name("rulesets.json"), Phase)}
"""Every phase by its code; of several versions the last one holds."""


async def require_not_refused(session: AsyncSession, kelurahan_code: str, *, on: date) -> None:
    """Refuse to begin where residents refused, unless they took part on that day or accepted since (CY-2)."""
    statement = select(Enrolment.id, Enrolment.decision, Enrolment.held_on).where(
        same_place(Enrolment, kelurahan_code), Enrolment.held_on <= on
    )
    takes_part = func.coalesce(Enrolment.holds_on(on), False)
    refused = (Enrolment.decision == Decision.REFUSED).desc()
    latest = statement.order_by(takes_part.desc(), Enrolment.held_on.desc(), refused, Enrolment.id.desc())
    last = (await session.execute(latest.limit(1))).one_or_none()
    if last is not None and last.decision is Decision.REFUSED:
        raise ResidentsRefused(held_on=last.held_on, members={"existing": last.id})


async def record_enrolment(
    session: AsyncSession, draft: EnrolmentDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record what a readiness meeting decided; return its id and whether it is new (CY-2).

    A refusal enrols nobody, nor does an acceptance that is no later; a meeting after it may accept.
    """
    await require_place(session, Enrolment, draft.kelurahan_code, by=by)
    programme = PROGRAMMES.get(draft.programme)
    if programme is None:
        raise ProgrammeUnknown(pointer="/programme", code=draft.programme)
    claimed = await claim(session, Enrolment, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    meeting, counted = draft.readiness_meeting, draft.readiness_meeting.attendance
    require_not_future(meeting.held_on, now=now, pointer="/readiness_meeting/held_on")
    code_now = await lock_place(session, Enrolment, draft.kelurahan_code)
    refused_on = await _refused_since(session, draft, code_now)
    require_valid_enrolment(
        programme.values,
        last_year=last_year_of(programme.values, (one.values for one in PROGRAMMES.values())),
        held_on=meeting.held_on,
        decision=meeting.decision,
        attendance=attendance_faults(
            counted.total,
            {
                "women": (counted.women, counted.women_not_counted_reason),
                "poor": (counted.poor, counted.poor_not_counted_reason),
            },
        ),
        starts_on=draft.starts_on,
        refused_on=refused_on,
    )
    enrolment = Enrolment(
        kelurahan_code=draft.kelurahan_code,
        programme=draft.programme,
        held_on=meeting.held_on,
        attendance_total=counted.total,
        women=counted.women,
        women_not_counted=counted.women_not_counted_reason,
        poor=counted.poor,
        poor_not_counted=counted.poor_not_counted_reason,
        decision=meeting.decision,
        minutes_reference=meeting.minutes_reference,
        starts_on=first_day(
            held_on=meeting.held_on, decision=meeting.decision, starts_on=draft.starts_on, refused_on=refused_on
        ),
        ends_on=None,
        **claimed.columns(now),
    )
    await require_valid_code(session, enrolment, on=enrolment.held_on)
    await _require_free(session, enrolment)
    session.add(enrolment)
    await session.flush()
    record(session, _change("enrolment.recorded", enrolment, occurred_on=meeting.held_on), by=by, now=now)
    return enrolment.id, True


async def _refused_since(session: AsyncSession, draft: EnrolmentDraft, code_now: str) -> date | None:
    """Return the latest day, that of the draft's meeting or later, on which residents refused the same phase."""
    latest: date | None = await session.scalar(
        select(func.max(Enrolment.held_on)).where(
            same_place(Enrolment, code_now),
            Enrolment.programme == draft.programme,
            Enrolment.decision == Decision.REFUSED,
            Enrolment.held_on >= draft.readiness_meeting.held_on,
        )
    )
    return latest


async def change_enrolment(
    session: AsyncSession, enrolment: Enrolment, change: EnrolmentChange, *, by: Caller, now: datetime
) -> None:
    """End an enrolment that is locked, or let it go on."""
    edited = changes(change)
    require_order(enrolment.starts_on, edited.get("ends_on", enrolment.ends_on))
    for name, value in edited.items():
        setattr(enrolment, name, value)
    await _require_free(session, enrolment)
    enrolment.changed_at = now
    await session.flush()
    record(session, _change("enrolment.changed", enrolment, occurred_on=enrolment.ends_on), by=by, now=now)


async def _require_free(session: AsyncSession, enrolment: Enrolment) -> None:
    """Refuse a second enrolment of one kelurahan in one phase that shares a day with the first."""
    if enrolment.starts_on is None:
        return
    code_now = await lock_place(session, Enrolment, enrolment.kelurahan_code)
    begun = true() if enrolment.ends_on is None else Enrolment.starts_on <= enrolment.ends_on
    other = await session.scalar(
        select(Enrolment)
        .where(
            same_place(Enrolment, code_now),
            Enrolment.programme == enrolment.programme,
            Enrolment.id != enrolment.id,
            Enrolment.starts_on.is_not(None),
            begun,
            or_(Enrolment.ends_on.is_(None), Enrolment.ends_on >= enrolment.starts_on),
        )
        .limit(1)
    )
    if other is not None:
        raise AlreadyEnrolled(code=code_now, starts_on=other.starts_on, members={"existing": other.id})


def enrolment_record(enrolment: Enrolment) -> dict[str, Any]:
    """Return an enrolment as its journal keeps it: numbers, decision and days."""
    return {
        "id": enrolment.id,
        "kelurahan_code": enrolment.kelurahan_code,
        "programme": enrolment.programme,
        "held_on": enrolment.held_on,
        "attendance": {
            "total": enrolment.attendance_total,
            "women": enrolment.women,
            "women_not_counted_reason": enrolment.women_not_counted,
            "poor": enrolment.poor,
            "poor_not_counted_reason": enrolment.poor_not_counted,
        },
        "decision": enrolment.decision,
        "starts_on": enrolment.starts_on,
        "ends_on": enrolment.ends_on,
        "version": enrolment.version,
    }


def _change(action: str, enrolment: Enrolment, *, occurred_on: date | None) -> Change:
    data = enrolment_record(enrolment)
    return Change(action, f"enrolments/{enrolment.id}", enrolment.kelurahan_code, data, occurred_on)

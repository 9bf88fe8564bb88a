"""How meetings are read: everybody sees the numbers, the own region also the place."""

from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.planning.cycle.models import Meeting
from services.planning.cycle.schemas import MeetingQuery, MeetingSort
from services.planning.database import places
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.places import called_now

ORDERS = {
    MeetingSort.RECORDED: Order(Meeting.id.expression, UUID, Meeting.id.expression),
    MeetingSort.LATEST: Order(Meeting.held_on.expression, date, Meeting.id.expression, descending=True),
}
_MEETINGS = select(
    *Meeting.__table__.c,
    places.c.code_now,
    called_now(places).label("kelurahan_name"),
).join(places, places.c.kelurahan_code == Meeting.kelurahan_code)


def _meetings(caller: Caller) -> Select[Any]:
    return _MEETINGS.add_columns(in_scope(Meeting, caller).label("full")).where(visible(Meeting, caller))


def meetings(query: MeetingQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of meetings."""
    statement = _meetings(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.board_id is not None:
        statement = statement.where(Meeting.board_id == query.board_id)
    if query.plan_id is not None:
        statement = statement.where(Meeting.plan_id == query.plan_id)
    if query.kind is not None:
        statement = statement.where(Meeting.kind == query.kind)
    if query.decision is not None:
        statement = statement.where(Meeting.decision == query.decision)
    return statement


def meeting_view(row: Row[Any]) -> dict[str, Any]:
    """Return a row as MeetingView."""
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "kind": row.kind,
        "board_id": row.board_id,
        "plan_id": row.plan_id,
        "held_on": row.held_on,
        "place": row.venue if row.full else None,
        "attendance": {
            "total": row.attendance_total,
            "women": row.women,
            "women_not_counted_reason": row.women_not_counted,
            "poor": row.poor,
            "poor_not_counted_reason": row.poor_not_counted,
        },
        "adults_invited": row.adults_invited,
        "decision": row.decision,
        "minutes_reference": row.minutes_reference,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_meeting(connection: AsyncConnection | AsyncSession, meeting_id: UUID, caller: Caller) -> dict[str, Any]:
    """Return one meeting as the caller may see it, or ResourceNotFound."""
    row = (await connection.execute(_meetings(caller).where(Meeting.id == meeting_id))).one_or_none()
    if row is None:
        raise ResourceNotFound
    return meeting_view(row)

"""How complaints are read: by those who handle them, by their complainant, and as counts by everybody."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, Uuid, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.monitoring.complaints.models import Complaint, ComplaintDetails, ComplaintStep
from services.monitoring.complaints.rules import ComplaintScope, ComplaintState, ComplaintUnknown, shown_count
from services.monitoring.complaints.schemas import ComplaintQuery, StatisticsQuery
from services.monitoring.database import Attachment, places
from shared.attachments import AttachmentState
from shared.errors import ResourceNotFound
from shared.items import in_scope
from shared.lists import Order
from shared.permissions import Caller
from shared.places import called_now
from shared.statements import fetch, remembered

NEWEST_FIRST = Order(Complaint.recorded_at.expression, datetime, Complaint.id.expression, descending=True)
_AT = func.to_char(func.timezone("UTC", ComplaintStep.recorded_at), 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
_STEPS = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object("state", ComplaintStep.state, "text", ComplaintStep.text, "recorded_at", _AT),
                ComplaintStep.number,
            )
        )
    )
    .where(ComplaintStep.complaint_id == Complaint.id)
    .scalar_subquery()
    .label("steps")
)
_OF_COMPLAINT = and_(
    Attachment.subject_kind == "complaints",
    Attachment.subject_id == Complaint.id,
    Attachment.state == AttachmentState.KEPT,
    Attachment.width.is_not(None),
)
_PHOTOS = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object(
                    "digest",
                    Attachment.digest,
                    "media_type",
                    Attachment.media_type,
                    "width",
                    Attachment.width,
                    "height",
                    Attachment.height,
                ),
                Attachment.recorded_at,
                Attachment.id,
            )
        )
    )
    .where(_OF_COMPLAINT)
    .scalar_subquery()
    .label("photos")
)
_OWN_PHOTOS = (
    select(func.count())
    .select_from(Attachment)
    .where(_OF_COMPLAINT, Attachment.account_id == bindparam("holder", type_=Uuid))
    .scalar_subquery()
    .label("photos")
)
_COMPLAINTS = (
    select(
        Complaint.id,
        Complaint.kelurahan_code,
        places.c.code_now,
        called_now(places).label("kelurahan_name"),
        Complaint.board_id,
        Complaint.activity_id,
        Complaint.scope,
        ComplaintDetails.category,
        ComplaintDetails.text,
        ComplaintDetails.accused_kind,
        ComplaintDetails.accused_officer_id,
        ComplaintDetails.channel,
        ComplaintDetails.amount_reported_rupiah,
        ComplaintDetails.contact.is_not(None).label("contact_given"),
        Complaint.occurred_on,
        Complaint.state,
        Complaint.resolved_on,
        _STEPS,
        _PHOTOS,
        Complaint.version,
        Complaint.recorded_at,
        Complaint.changed_at,
    )
    .join(places, places.c.kelurahan_code == Complaint.kelurahan_code)
    .join(ComplaintDetails, ComplaintDetails.id == Complaint.id)
)
_OF_BOARD: Any = (
    select(Complaint.state, func.count().label("complaints"))
    .where(Complaint.board_id == bindparam("board_id", type_=Uuid))
    .group_by(Complaint.state)
)
_TRACKED = select(
    Complaint.id,
    Complaint.kelurahan_code,
    places.c.name.label("kelurahan_name"),
    Complaint.board_id,
    Complaint.scope,
    Complaint.state,
    Complaint.occurred_on,
    Complaint.resolved_on,
    _STEPS,
    _OWN_PHOTOS,
    Complaint.version,
    Complaint.recorded_at,
    Complaint.changed_at,
).join(places, places.c.kelurahan_code == Complaint.kelurahan_code)


@remembered
def complaints(query: ComplaintQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the complaints that the caller handles; those about the caller are not among them."""
    statement = _COMPLAINTS.where(in_scope(Complaint, caller))
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.state is not None:
        statement = statement.where(Complaint.state == query.state)
    if query.scope is not None:
        statement = statement.where(Complaint.scope == query.scope)
    if query.board_id is not None:
        statement = statement.where(Complaint.board_id == query.board_id)
    if query.occurred_from is not None:
        statement = statement.where(Complaint.occurred_on >= query.occurred_from)
    if query.occurred_to is not None:
        statement = statement.where(Complaint.occurred_on <= query.occurred_to)
    return statement


def complaint_view(row: Any) -> dict[str, Any]:
    """Return a row as ComplaintView."""
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "board_id": row.board_id,
        "activity_id": row.activity_id,
        "scope": row.scope,
        "category": row.category,
        "text": row.text,
        "accused": {"kind": row.accused_kind, "officer_id": row.accused_officer_id},
        "channel": row.channel,
        "amount_reported_rupiah": row.amount_reported_rupiah,
        "contact_given": row.contact_given,
        "occurred_on": row.occurred_on,
        "state": row.state,
        "resolved_on": row.resolved_on,
        "steps": row.steps,
        "photos": row.photos or [],
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_complaint(
    connection: AsyncConnection | AsyncSession, complaint_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return one complaint as those see it who handle it, or ResourceNotFound."""
    statement = _COMPLAINTS.where(Complaint.id == complaint_id, in_scope(Complaint, caller))
    rows = await fetch(connection, statement)
    if not rows:
        raise ResourceNotFound
    return complaint_view(rows[0])


async def contact(session: AsyncSession, complaint_id: UUID, caller: Caller) -> tuple[str, str | None]:
    """Return a complaint's kelurahan and how its complainant may be reached, or ResourceNotFound."""
    statement: Any = (
        select(Complaint.kelurahan_code, ComplaintDetails.contact)
        .join(ComplaintDetails, ComplaintDetails.id == Complaint.id)
        .join(places, places.c.kelurahan_code == Complaint.kelurahan_code)
        .where(Complaint.id == complaint_id, in_scope(Complaint, caller))
    )
    rows = await fetch(session, statement)
    if not rows:
        raise ResourceNotFound
    return rows[0].kelurahan_code, rows[0].contact


async def one_photo(connection: AsyncConnection, complaint_id: UUID, digest: str, caller: Caller) -> str:
    """Return the media type of a complaint's photo, or ResourceNotFound."""
    statement: Any = (
        select(Attachment.media_type)
        .join(Complaint, _OF_COMPLAINT)
        .join(places, places.c.kelurahan_code == Complaint.kelurahan_code)
        .where(Complaint.id == complaint_id, Attachment.digest == digest, in_scope(Complaint, caller))
        .limit(1)
    )
    rows = await fetch(connection, statement)
    if not rows:
        raise ResourceNotFound
    media_type: str = rows[0].media_type
    return media_type


def complainant(code_digest: bytes) -> Caller:
    """Return who holds a code: no account, but known again, and allowed to add to this one complaint."""
    holder = UUID(bytes=code_digest[:16])
    return Caller(account_id=holder, scopes=frozenset({"monitoring:complaints:write"}), code=code_digest)


async def tracked(connection: AsyncConnection | AsyncSession, code_digest: bytes) -> dict[str, Any]:
    """Return a complaint as its complainant follows it, or ComplaintUnknown, after the same one statement."""
    holder = complainant(code_digest).account_id
    rows = await fetch(connection, _TRACKED.where(Complaint.code_digest == code_digest), {"holder": holder})
    if not rows:
        raise ComplaintUnknown
    row = rows[0]
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_name": row.kelurahan_name,
        "board_id": row.board_id,
        "scope": row.scope,
        "state": row.state,
        "occurred_on": row.occurred_on,
        "resolved_on": row.resolved_on,
        "steps": row.steps,
        "photos": row.photos,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


def receipt(complaint: Complaint, code: str | None) -> dict[str, Any]:
    """Return a complaint as it was filed, with its code, as ComplaintReceipt."""
    return {
        "id": complaint.id,
        "tracking_code": code,
        "kelurahan_code": complaint.kelurahan_code,
        "board_id": complaint.board_id,
        "scope": complaint.scope,
        "state": ComplaintState.RECEIVED,
        "occurred_on": complaint.occurred_on,
        "version": 1,
        "recorded_at": complaint.recorded_at,
    }


def _counted(query: StatisticsQuery) -> Any:
    statement = select(Complaint.scope, Complaint.state, func.count().label("complaints")).group_by(
        Complaint.scope, Complaint.state
    )
    if query.region is not None:
        placed = places.c.kelurahan_code == Complaint.kelurahan_code
        statement = statement.join(places, placed).where(query.lies_in_region(places))
    if query.month is not None:
        first = date.fromisoformat(f"{query.month}-01")
        beyond = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        statement = statement.where(Complaint.occurred_on >= first, Complaint.occurred_on < beyond)
    if query.board_id is not None:
        statement = statement.where(Complaint.board_id == query.board_id)
    if query.activity_id is not None:
        statement = statement.where(Complaint.activity_id == query.activity_id)
    return statement


def _cells(rows: Sequence[Any], *, below_kelurahan: bool) -> list[dict[str, Any]]:
    found = {(row.scope, row.state): row.complaints for row in rows}
    cells: list[dict[str, Any]] = []
    for scope in ComplaintScope:
        for state in ComplaintState:
            count = shown_count(found.get((scope, state), 0), below_kelurahan=below_kelurahan)
            reason = "fewer_than_five" if count is None else None
            cells.append({"scope": scope, "state": state, "count": count, "null_reason": reason})
    return cells


async def statistics(connection: AsyncConnection | AsyncSession, query: StatisticsQuery) -> dict[str, Any]:
    """Return complaints counted by scope and state."""
    rows = await fetch(connection, _counted(query))
    cells = _cells(rows, below_kelurahan=query.activity_id is not None)
    hidden = any(cell["count"] is None for cell in cells)
    return {
        "region": query.region,
        "month": query.month,
        "board_id": query.board_id,
        "activity_id": query.activity_id,
        "counts": cells,
        "total": None if hidden else sum(cell["count"] for cell in cells),
    }


async def board_counts(connection: AsyncConnection, board_id: UUID) -> dict[str, int]:
    """Return how many complaints about a board are in each state."""
    found = {row.state: row.complaints for row in await fetch(connection, _OF_BOARD, {"board_id": board_id})}
    return {state.value: found.get(state.value, 0) for state in ComplaintState}

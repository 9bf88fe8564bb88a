"""How channeling is read: opportunities by everybody, offers by their two sides, money by everybody."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, BindParameter, Date, Select, and_, bindparam, cast, func, not_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.planning.activities.service import works
from services.planning.channeling.models import Agreement, Disbursement, Opportunity
from services.planning.channeling.rules import AgreementState, DisbursementState, OpportunityState
from services.planning.channeling.schemas import (
    AgreementQuery,
    AgreementSort,
    DisbursementQuery,
    DisbursementsQuery,
    OpportunityQuery,
    OpportunitySort,
)
from services.planning.database import places
from services.planning.directory.service import board_names, partner_names
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import in_scope, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.places import called_now
from shared.statements import fetch, remembered

OPPORTUNITY_ORDERS = {
    OpportunitySort.RECORDED: Order(Opportunity.id.expression, UUID, Opportunity.id.expression),
    OpportunitySort.OPEN_UNTIL: Order(Opportunity.open_until.expression, date, Opportunity.id.expression),
}
AGREEMENT_ORDERS = {AgreementSort.RECORDED: Order(Agreement.id.expression, UUID, Agreement.id.expression)}
DISBURSEMENTS_RECORDED = Order(Disbursement.id.expression, UUID, Disbursement.id.expression)

_BOARDS, _PARTNERS, _WORKS = board_names(), partner_names(), works()


def _sum(amount: Any, *conditions: Any) -> Any:
    """Return a sum of rupiah as an integer, 0 where there is nothing; PostgreSQL sums BIGINT as NUMERIC."""
    return cast(func.coalesce(func.sum(amount).filter(true(), *conditions), 0), BigInteger)


_AGREED = (
    select(_sum(Agreement.committed_rupiah).label("committed_rupiah"))
    .where(Agreement.opportunity_id == Opportunity.id, Agreement.state == AgreementState.AGREED)
    .lateral("agreed")
)
_MOVED = (
    select(
        _sum(Disbursement.amount_rupiah).label("sent_rupiah"),
        _sum(Disbursement.amount_rupiah, Disbursement.state == DisbursementState.RECEIVED).label("received_rupiah"),
    )
    .where(Disbursement.agreement_id == Agreement.id)
    .lateral("moved")
)


_ON: BindParameter[date] = bindparam("on", type_=Date)
_TAKES_OFFERS = and_(Opportunity.state == OpportunityState.OPEN, Opportunity.open_until >= _ON)


def _opportunities(caller: Caller) -> Select[Any]:
    return (
        select(
            *Opportunity.__table__.c,
            places.c.code_now,
            called_now(places).label("kelurahan_name"),
            _BOARDS.c.name.label("board_name"),
            _WORKS.c.title,
            _WORKS.c.volume,
            _WORKS.c.unit,
            _WORKS.c.households,
            _AGREED.c.committed_rupiah,
            (Opportunity.gap_rupiah - _AGREED.c.committed_rupiah).label("left_rupiah"),
            _TAKES_OFFERS.label("open"),
        )
        .join(places, places.c.kelurahan_code == Opportunity.kelurahan_code)
        .join(_WORKS, _WORKS.c.id == Opportunity.activity_id)
        .join(_AGREED, true())
        .outerjoin(_BOARDS, _BOARDS.c.id == Opportunity.board_id)
        .where(visible(Opportunity, caller))
    )


@remembered
def opportunities(query: OpportunityQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of opportunities; it takes the day as `on`."""
    statement = _opportunities(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.kind is not None:
        statement = statement.where(Opportunity.kinds.contains([query.kind.value]))
    if query.dimension is not None:
        statement = statement.where(Opportunity.dimension == query.dimension)
    if query.board_id is not None:
        statement = statement.where(Opportunity.board_id == query.board_id)
    if query.activity_id is not None:
        statement = statement.where(Opportunity.activity_id == query.activity_id)
    if query.open is not None:
        statement = statement.where(_TAKES_OFFERS if query.open else not_(_TAKES_OFFERS))
    return statement


def opportunity_view(row: Any) -> dict[str, Any]:
    """Return a row as OpportunityView."""
    return {
        "id": row.id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "board_id": row.board_id,
        "board_name": row.board_name,
        "plan_id": row.plan_id,
        "activity_id": row.activity_id,
        "activity_title": row.title,
        "volume": str(row.volume),
        "unit": row.unit,
        "households": row.households,
        "dimension": row.dimension,
        "gap_rupiah": row.gap_rupiah,
        "committed_rupiah": row.committed_rupiah,
        "left_rupiah": row.left_rupiah,
        "summary": row.summary,
        "kinds": row.kinds,
        "published_on": row.published_on,
        "open_until": row.open_until,
        "open": row.open,
        "state": row.state,
        "closed_on": row.closed_on,
        "closing_reason": row.closing_reason,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_opportunity(
    connection: AsyncConnection | AsyncSession, opportunity_id: UUID, caller: Caller, now: datetime
) -> dict[str, Any]:
    """Return one opportunity, or ResourceNotFound."""
    statement = _opportunities(caller).where(Opportunity.id == opportunity_id)
    rows = await fetch(connection, statement, {"on": today(now)})
    if not rows:
        raise ResourceNotFound
    return opportunity_view(rows[0])


def _agreements(caller: Caller) -> Select[Any]:
    return (
        select(
            *Agreement.__table__.c,
            places.c.code_now,
            called_now(places).label("kelurahan_name"),
            _BOARDS.c.name.label("board_name"),
            _PARTNERS.c.name.label("partner_name"),
            _MOVED.c.sent_rupiah,
            _MOVED.c.received_rupiah,
            in_scope(Agreement, caller).label("full"),
        )
        .join(places, places.c.kelurahan_code == Agreement.kelurahan_code)
        .join(_MOVED, true())
        .outerjoin(_BOARDS, _BOARDS.c.id == Agreement.board_id)
        .outerjoin(_PARTNERS, _PARTNERS.c.id == Agreement.partner_id)
        .where(visible(Agreement, caller))
    )


@remembered
def agreements(query: AgreementQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of agreements."""
    statement = _agreements(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    for column in ("board_id", "partner_id", "activity_id", "opportunity_id", "instrument", "state"):
        if (wanted := getattr(query, column)) is not None:
            statement = statement.where(Agreement.__table__.c[column] == wanted)
    return statement


def agreement_view(row: Any) -> dict[str, Any]:
    """Return a row as AgreementView."""
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "board_id": row.board_id,
        "board_name": row.board_name,
        "partner_id": row.partner_id,
        "partner_name": row.partner_name,
        "activity_id": row.activity_id,
        "opportunity_id": row.opportunity_id,
        "instrument": row.instrument,
        "committed_rupiah": row.committed_rupiah,
        "sent_rupiah": row.sent_rupiah,
        "received_rupiah": row.received_rupiah,
        "starts_on": row.starts_on,
        "ends_on": row.ends_on,
        "reference": row.reference,
        "offered_by": row.offered_by,
        "offered_on": row.offered_on,
        "agreed_on": row.agreed_on,
        "withdrawn_on": row.withdrawn_on,
        "withdrawn_by": row.withdrawn_by,
        "state": row.state,
        "registry_position": row.registry_position,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_agreement(
    connection: AsyncConnection | AsyncSession, agreement_id: UUID, caller: Caller, _now: object
) -> dict[str, Any]:
    """Return one agreement as the caller may see it, or ResourceNotFound."""
    rows = await fetch(connection, _agreements(caller).where(Agreement.id == agreement_id))
    if not rows:
        raise ResourceNotFound
    return agreement_view(rows[0])


def _disbursements(caller: Caller) -> Select[Any]:
    return (
        select(
            *Disbursement.__table__.c,
            places.c.code_now,
            called_now(places).label("kelurahan_name"),
            in_scope(Disbursement, caller).label("full"),
        )
        .join(places, places.c.kelurahan_code == Disbursement.kelurahan_code)
        .where(visible(Disbursement, caller))
    )


@remembered
def disbursements(query: DisbursementQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the list of disbursements."""
    statement = _disbursements(caller)
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    for column in ("board_id", "partner_id", "state"):
        if (wanted := getattr(query, column)) is not None:
            statement = statement.where(Disbursement.__table__.c[column] == wanted)
    return statement


def disbursements_of(agreement_id: UUID, query: DisbursementsQuery, caller: Caller) -> Select[Any]:
    """Return the statement of an agreement's disbursements."""
    statement = _disbursements(caller).where(Disbursement.agreement_id == agreement_id)
    return statement if query.state is None else statement.where(Disbursement.state == query.state)


def disbursement_view(row: Any) -> dict[str, Any]:
    """Return a row as DisbursementView."""
    return {
        "id": row.id,
        "view": "full" if row.full else "public",
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "kelurahan_name": row.kelurahan_name,
        "agreement_id": row.agreement_id,
        "board_id": row.board_id,
        "partner_id": row.partner_id,
        "amount_rupiah": row.amount_rupiah,
        "sent_on": row.sent_on,
        "reference": row.reference if row.full else None,
        "received_on": row.received_on,
        "received_rupiah": row.received_rupiah,
        "disputed_on": row.disputed_on,
        "dispute_reason": row.dispute_reason if row.full else None,
        "state": row.state,
        "registry_position": row.registry_position,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_disbursement(
    connection: AsyncConnection | AsyncSession, disbursement_id: UUID, caller: Caller, _now: object
) -> dict[str, Any]:
    """Return one disbursement as the caller may see it, or ResourceNotFound."""
    rows = await fetch(connection, _disbursements(caller).where(Disbursement.id == disbursement_id))
    if not rows:
        raise ResourceNotFound
    return disbursement_view(rows[0])

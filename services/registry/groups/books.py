"""How what a group keeps in its books is read: in the caller's own regions."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import places
from services.registry.groups.book_schemas import LiabilityQuery, SavingsMonthQuery
from services.registry.groups.models import JointLiability, SavingsMonth
from services.registry.groups.rules import first_of
from shared.errors import ResourceNotFound
from shared.items import in_place, visible
from shared.lists import Order
from shared.permissions import Caller
from shared.statements import fetch

MONTHS_NEWEST_FIRST = Order(SavingsMonth.month.expression, date, SavingsMonth.id.expression, descending=True)
LIABILITIES_NEWEST_FIRST = Order(
    JointLiability.signed_on.expression, date, JointLiability.id.expression, descending=True
)
_MONTHS = select(*SavingsMonth.__table__.c).join(places, in_place(SavingsMonth))


def savings_months(group_id: UUID, query: SavingsMonthQuery, caller: Caller) -> Select[Any]:
    """Return the statement of a group's savings."""
    statement = _MONTHS.where(SavingsMonth.group_id == group_id, visible(SavingsMonth, caller))
    if query.month_from is not None:
        statement = statement.where(SavingsMonth.month >= first_of(query.month_from))
    if query.month_to is not None:
        statement = statement.where(SavingsMonth.month <= first_of(query.month_to))
    return statement


def savings_month_view(row: Any) -> dict[str, Any]:
    """Return a row as SavingsMonthView."""
    return {
        "id": row.id,
        "group_id": row.group_id,
        "kelurahan_code": row.kelurahan_code,
        "month": f"{row.month:%Y-%m}",
        "savings_rupiah": row.savings_rupiah,
        "savers": row.savers,
        "meeting_held": row.meeting_held,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_savings_month(
    connection: AsyncConnection | AsyncSession, group_id: UUID, month_id: UUID, caller: Caller, _now: datetime
) -> dict[str, Any]:
    """Return what a group saved in one month, or ResourceNotFound."""
    statement = _MONTHS.where(
        SavingsMonth.group_id == group_id, SavingsMonth.id == month_id, visible(SavingsMonth, caller)
    )
    rows = await fetch(connection, statement)
    if not rows:
        raise ResourceNotFound
    return savings_month_view(rows[0])


_LIABILITIES = select(*JointLiability.__table__.c).join(places, in_place(JointLiability))


def liabilities(group_id: UUID, query: LiabilityQuery, caller: Caller) -> Select[Any]:
    """Return the statement of what a group's members signed."""
    statement = _LIABILITIES.where(JointLiability.group_id == group_id, visible(JointLiability, caller))
    if query.as_of is not None:
        statement = statement.where(JointLiability.signed_on <= query.as_of)
    return statement


def liability_view(row: Any) -> dict[str, Any]:
    """Return a row as LiabilityEntry."""
    names = ("signed_on", "document_reference", "signatories", "id", "group_id", "kelurahan_code", "recorded_at")
    return {name: getattr(row, name) for name in names}

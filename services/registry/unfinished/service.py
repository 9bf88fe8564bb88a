"""What is unfinished, for whoever goes and whoever comes."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.unfinished import queries
from services.registry.unfinished.rules import AssignmentInProgress, Unfinished, address

__all__ = ["Unfinished"]


async def in_kelurahan(session: AsyncSession, codes: Sequence[str], *, on: date) -> list[dict[str, Any]]:
    """Return what is unfinished in some kelurahan on a day: of each what, how much, and where it is listed."""
    rows = (await session.execute(queries.of_places(codes, on=on))).all()
    return [
        {
            "kelurahan_code": row.code,
            "subject": row.subject,
            "count": row.count,
            "address": address(Unfinished(row.subject), region=row.code_now, what=row.what),
        }
        for row in sorted(rows, key=lambda row: (row.code, row.subject, row.what or ""))
    ]


async def of_account(session: AsyncSession, account_id: UUID | None) -> list[dict[str, Any]]:
    """Return what is unfinished of an account and of no one kelurahan; only its holder can list it."""
    if account_id is None:
        return []
    rows = (await session.execute(queries.of_account(account_id))).all()
    return [
        {
            "kelurahan_code": None,
            "subject": row.subject,
            "count": row.count,
            "address": address(Unfinished(row.subject), region=None, what=row.what),
        }
        for row in sorted(rows, key=lambda row: (row.subject, row.what or ""))
    ]


async def require_nothing(session: AsyncSession, code: str, *, on: date) -> None:
    """Refuse to leave a kelurahan in which something is unfinished on a day, and say what."""
    if found := await in_kelurahan(session, [code], on=on):
        raise AssignmentInProgress(code=code, count=sum(one["count"] for one in found), members={"unfinished": found})

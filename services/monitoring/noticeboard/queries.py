"""How a notice board is read: a few statements that all see the same moment."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.monitoring.complaints import service as complaints
from services.monitoring.database import journal_signed_heads
from services.monitoring.facts import service as facts
from services.monitoring.indicators import service as indicators
from shared.errors import ResourceNotFound
from shared.statements import fetch

_HEADS: Any = (
    select(
        journal_signed_heads.c.service,
        journal_signed_heads.c.day,
        journal_signed_heads.c.position,
        journal_signed_heads.c.digest,
    )
    .ext(distinct_on(journal_signed_heads.c.service))
    .order_by(journal_signed_heads.c.service, journal_signed_heads.c.day.desc())
)
MOST_ACTIVITIES = 20
MOST_AGREEMENTS = 10
MOST_MEETINGS = 6
MONTHS = 6


async def notice_board(connection: AsyncConnection, board_id: UUID, *, on: date) -> dict[str, Any]:
    """Return a board's notice board on a day, or ResourceNotFound."""
    board = await facts.board(connection, board_id, on=on)
    if board is None:
        raise ResourceNotFound
    plan = await facts.plan(connection, board_id, on=on)
    activities = [] if plan is None else await facts.activities(connection, plan.id)
    agreements = await facts.agreements(connection, board_id)
    since = indicators.months_back(on, MONTHS)
    return {
        "as_of": on,
        "board": {
            "id": board.id,
            "name": board.name,
            "founded_on": board.founded_on,
            "legal_status": board.legal_status,
            "dissolved_on": board.dissolved_on,
            "kelurahan_code": board.kelurahan_code,
            "kelurahan_code_now": board.code_now,
            "kelurahan_name": board.kelurahan_name,
        },
        "mandate": None
        if board.starts_on is None
        else {
            "starts_on": board.starts_on,
            "ends_on": board.ends_on,
            "lapsed": board.ends_on < on and board.dissolved_on is None,
        },
        "officers": board.officers or [],
        "plan": None if plan is None else _plan(plan, activities),
        "activities": [_activity(row) for row in activities[:MOST_ACTIVITIES]],
        "agreements": [_agreement(row) for row in agreements[:MOST_AGREEMENTS]],
        "agreements_total": len(agreements),
        "meetings": [row._asdict() for row in await facts.meetings(connection, board_id, limit=MOST_MEETINGS)],
        "indicators": _series(await indicators.board_values(connection, board_id, since=since)),
        "complaints": await complaints.board_counts(connection, board_id),
        "journals": await _heads(connection),
    }


def _plan(plan: Any, activities: Sequence[Any]) -> dict[str, Any]:
    funding: Counter[str] = Counter()
    for activity in activities:
        funding.update(activity.funding)
    return {
        "id": plan.id,
        "title": plan.title,
        "starts_on": plan.starts_on,
        "ends_on": plan.ends_on,
        "ratified_on": plan.ratified_on,
        "activities": len(activities),
        "total_cost_rupiah": sum(activity.total_cost_rupiah for activity in activities),
        "funding_rupiah": dict(sorted(funding.items())),
    }


def _activity(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "title": row.title,
        "dimension": row.dimension,
        "year": row.year,
        "state": row.state,
        "total_cost_rupiah": row.total_cost_rupiah,
        "funding_rupiah": dict(sorted(row.funding.items())),
        "households": row.households,
        "percent": row.percent,
        "reported_on": row.reported_on,
    }


def _agreement(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "partner": row.partner,
        "activity": row.activity,
        "instrument": row.instrument,
        "agreed_on": row.agreed_on,
        "committed_rupiah": row.committed_rupiah,
        "sent_rupiah": row.sent,
        "received_rupiah": row.received,
    }


def _series(rows: Sequence[Any]) -> list[dict[str, Any]]:
    return [
        {
            "indicator": code.value,
            "definition_version": definition.version,
            "values": [
                {
                    "month": f"{row.month:%Y-%m}",
                    "numerator": row.numerator,
                    "denominator": row.denominator,
                    "null_reason": row.null_reason,
                }
                for row in rows
                if row.indicator == code.value
            ],
        }
        for code, definition in indicators.DEFINITIONS.items()
    ]


async def _heads(connection: AsyncConnection) -> list[dict[str, Any]]:
    """Return the latest signed head of each journal: they change once a day, so that a cache may keep the page."""
    return [
        {"service": row.service, "day": row.day, "position": row.position, "digest": bytes(row.digest).hex()}
        for row in await fetch(connection, _HEADS)
    ]

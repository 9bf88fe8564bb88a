"""How facts are read for a board's own page: each answer one statement, only what is public."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, BindParameter, Date, Integer, Uuid, and_, bindparam, func, or_, select, true
from sqlalchemy.dialects.postgresql import aggregate_order_by
from sqlalchemy.ext.asyncio import AsyncConnection

from services.monitoring.database import places
from services.monitoring.facts.models import (
    Activity,
    Agreement,
    Board,
    Disbursement,
    Meeting,
    Officer,
    Partner,
    Plan,
    Progress,
    Term,
)
from shared.places import called_now
from shared.statements import fetch

_BOARD_ID: BindParameter[UUID] = bindparam("board_id", type_=Uuid)
_ON: BindParameter[date] = bindparam("on", type_=Date)
_OFFICERS = (
    select(
        func.json_agg(
            aggregate_order_by(
                func.json_build_object("name", Officer.name, "position", Officer.position),
                Officer.position,
                Officer.name,
            )
        )
    )
    .where(
        Officer.term_id == Term.id,
        Officer.name.is_not(None),
        Term.ends_on >= _ON,
        or_(Officer.starts_on.is_(None), Officer.starts_on <= _ON),
        or_(Officer.ends_on.is_(None), Officer.ends_on >= _ON),
    )
    .scalar_subquery()
    .label("officers")
)
_TERM = (
    select(Term.id, Term.starts_on, Term.ends_on, _OFFICERS)
    .where(Term.board_id == Board.id, Term.starts_on <= _ON)
    .order_by(Term.starts_on.desc())
    .limit(1)
    .lateral("term")
)
_BOARD: Any = (
    select(
        Board.id,
        Board.kelurahan_code,
        places.c.code_now,
        called_now(places).label("kelurahan_name"),
        Board.name,
        Board.founded_on,
        Board.legal_status,
        Board.dissolved_on,
        _TERM.c.starts_on,
        _TERM.c.ends_on,
        _TERM.c.officers,
    )
    .join(places, places.c.kelurahan_code == Board.kelurahan_code)
    .outerjoin(_TERM, true())
    .where(Board.id == _BOARD_ID)
)
_PLAN: Any = (
    select(Plan.id, Plan.title, Plan.starts_on, Plan.ends_on, Plan.ratified_on)
    .where(Plan.board_id == _BOARD_ID, Plan.ratified_on.is_not(None))
    .order_by(and_(Plan.starts_on <= _ON, Plan.ends_on >= _ON).desc(), Plan.ratified_on.desc(), Plan.id)
    .limit(1)
)
_REPORT = (
    select(Progress.percent, Progress.occurred_on)
    .where(Progress.activity_id == Activity.id)
    .order_by(Progress.number.desc())
    .limit(1)
    .lateral("report")
)
_ACTIVITIES: Any = (
    select(
        Activity.id,
        Activity.title,
        Activity.dimension,
        Activity.year,
        Activity.state,
        Activity.total_cost_rupiah,
        Activity.funding,
        Activity.households,
        _REPORT.c.percent,
        _REPORT.c.occurred_on.label("reported_on"),
    )
    .outerjoin(_REPORT, true())
    .where(Activity.plan_id == bindparam("plan_id", type_=Uuid), Activity.state != "draft")
    .order_by(Activity.year.desc(), Activity.title, Activity.id)
)
_RECEIVED = func.sum(Disbursement.amount_rupiah).filter(Disbursement.state == "received")
_MONEY = (
    select(
        func.coalesce(func.sum(Disbursement.amount_rupiah), 0).cast(BigInteger).label("sent"),
        func.coalesce(_RECEIVED, 0).cast(BigInteger).label("received"),
    )
    .where(Disbursement.agreement_id == Agreement.id)
    .lateral("money")
)
_AGREEMENTS: Any = (
    select(
        Agreement.id,
        Partner.name.label("partner"),
        Agreement.instrument,
        Activity.title.label("activity"),
        Agreement.agreed_on,
        Agreement.committed_rupiah,
        _MONEY.c.sent,
        _MONEY.c.received,
    )
    .outerjoin(Partner, Partner.id == Agreement.partner_id)
    .outerjoin(Activity, Activity.id == Agreement.activity_id)
    .join(_MONEY, true())
    .where(Agreement.board_id == _BOARD_ID, Agreement.state == "agreed")
    .order_by(Agreement.agreed_on.desc(), Agreement.id)
)
_MEETINGS: Any = (
    select(Meeting.id, Meeting.kind, Meeting.held_on, Meeting.attendance_total, Meeting.attendance_women)
    .where(Meeting.board_id == _BOARD_ID)
    .order_by(Meeting.held_on.desc(), Meeting.id)
    .limit(bindparam("rows", type_=Integer))
)


async def board(connection: AsyncConnection, board_id: UUID, *, on: date) -> Any | None:
    """Return a board with its place, and its latest term begun by a day with those in office that day."""
    rows = await fetch(connection, _BOARD, {"board_id": board_id, "on": on})
    return rows[0] if rows else None


async def plan(connection: AsyncConnection, board_id: UUID, *, on: date) -> Any | None:
    """Return the ratified plan that covers a day, or else the latest one."""
    rows = await fetch(connection, _PLAN, {"board_id": board_id, "on": on})
    return rows[0] if rows else None


async def activities(connection: AsyncConnection, plan_id: UUID) -> Sequence[Any]:
    """Return the public activities of a plan, the newest year first, each with its last report of progress."""
    return await fetch(connection, _ACTIVITIES, {"plan_id": plan_id})


async def agreements(connection: AsyncConnection, board_id: UUID) -> Sequence[Any]:
    """Return the agreements of a board, the newest first, with the rupiah that were sent and that arrived."""
    return await fetch(connection, _AGREEMENTS, {"board_id": board_id})


async def meetings(connection: AsyncConnection, board_id: UUID, *, limit: int) -> Sequence[Any]:
    """Return the latest meetings of a board with their counted attendance."""
    return await fetch(connection, _MEETINGS, {"board_id": board_id, "rows": limit})

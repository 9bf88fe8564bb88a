"""How indicators are read: definitions, values, sums over regions, and what is behind a value."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import BigInteger, Date, Select, String, Uuid, and_, bindparam, case, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.monitoring.database import places
from services.monitoring.facts import service as facts
from services.monitoring.indicators.models import Value
from services.monitoring.indicators.rules import (
    BoardFacts,
    Definition,
    Indicator,
    MeetingFact,
    MoneyFact,
    NullReason,
    Outcome,
    PlanFact,
    Source,
    Target,
    TermFact,
    last_day,
    measured_on,
    outcome,
)
from services.monitoring.indicators.schemas import RollUpQuery, ValueQuery
from shared.clock import today
from shared.errors import ResourceNotFound, Text
from shared.lists import Order
from shared.rulesets import load
from shared.statements import fetch, remembered

_TEXTS = Path(__file__).with_name("definitions.json").read_bytes()
DEFINITIONS = {one.code: one for one in msgspec.json.decode(_TEXTS, type=list[Definition])}
TARGETS = load(Path(__file__).with_name("rulesets.json"), Target)
NEWEST_FIRST = Order(Value.month.expression, date, Value.id.expression, descending=True)
_VALUES = select(
    Value.id,
    Value.indicator,
    Value.board_id,
    Value.kelurahan_code,
    places.c.code_now,
    Value.month,
    Value.numerator,
    Value.denominator,
    Value.null_reason,
    Value.definition_version,
    Value.version,
    Value.computed_at,
).join(places, places.c.kelurahan_code == Value.kelurahan_code)

_OF_BOARD: Any = (
    select(Value.indicator, Value.month, Value.numerator, Value.denominator, Value.null_reason)
    .where(
        Value.board_id == bindparam("board_id", type_=Uuid),
        Value.indicator.in_(list(Indicator)),
        Value.month >= bindparam("since", type_=Date),
    )
    .order_by(Value.month, Value.indicator)
)


def first_day(month: str) -> date:
    """Return the first day of a month such as 2026-03."""
    return date.fromisoformat(f"{month}-01")


def _words(text: Text) -> dict[str, str]:
    return {"id": text.id, "en": text.en}


def definition_view(definition: Definition) -> dict[str, Any]:
    """Return a definition as DefinitionView, with every target it ever had."""
    return {
        "code": definition.code,
        "version": definition.version,
        "rule": definition.rule,
        "name": _words(definition.name),
        "numerator": _words(definition.numerator),
        "denominator": _words(definition.denominator),
        "unit": _words(definition.unit),
        "null_cases": [{"reason": reason, "text": _words(text)} for reason, text in definition.null_cases.items()],
        "targets": [
            {
                "percent": one.values.percent,
                "valid_from": one.valid_from,
                "phase": one.phase,
                "version": one.version,
                "legal_basis": one.legal_basis,
                "confidence": one.confidence,
            }
            for one in TARGETS
            if one.values.indicator == definition.code
        ],
    }


@remembered
def values(query: ValueQuery) -> Select[Any]:
    """Return the statement of the list of values."""
    statement = _VALUES
    if query.region is not None:
        statement = statement.where(query.lies_in_region(places))
    if query.indicator is not None:
        statement = statement.where(Value.indicator == query.indicator)
    if query.board_id is not None:
        statement = statement.where(Value.board_id == query.board_id)
    if query.month_from is not None:
        statement = statement.where(Value.month >= first_day(query.month_from))
    if query.month_to is not None:
        statement = statement.where(Value.month <= first_day(query.month_to))
    return statement


async def board_values(connection: AsyncConnection, board_id: UUID, *, since: date) -> Sequence[Any]:
    """Return a board's values from a month on, the oldest first."""
    return await fetch(connection, _OF_BOARD, {"board_id": board_id, "since": since})


def value_view(row: Any) -> dict[str, Any]:
    """Return a row as ValueView."""
    return {
        "id": row.id,
        "indicator": row.indicator,
        "board_id": row.board_id,
        "kelurahan_code": row.kelurahan_code,
        "kelurahan_code_now": row.code_now,
        "month": f"{row.month:%Y-%m}",
        "numerator": row.numerator,
        "denominator": row.denominator,
        "null_reason": row.null_reason,
        "definition_version": row.definition_version,
        "version": row.version,
        "computed_at": row.computed_at,
    }


def shaped(records: facts.Records) -> Mapping[UUID, BoardFacts]:
    """Return the records of boards as the rules read them."""
    found: dict[UUID, dict[str, list[Any]]] = defaultdict(lambda: defaultdict(list))

    def source(kind: str, row: Any, service: str = "planning") -> Source:
        return Source(service, f"{kind}/{row.id}", row.source_position)

    for row in records.plans:
        plan = PlanFact(row.ratified_on, row.starts_on, row.ends_on, source("plans", row))
        found[row.board_id]["plans"].append(plan)
    for row in records.terms:
        term = TermFact(row.starts_on, row.ends_on, source("terms", row, "registry"))
        found[row.board_id]["terms"].append(term)
    for row in records.meetings:
        counted = (row.attendance_total, row.attendance_women)
        found[row.board_id]["meetings"].append(MeetingFact(row.held_on, *counted, source("meetings", row)))
    for row in records.agreements:
        money = MoneyFact(row.agreed_on, row.committed_rupiah, source("agreements", row))
        found[row.board_id]["committed"].append(money)
    for row in records.disbursements:
        money = MoneyFact(row.received_on, row.amount_rupiah, source("disbursements", row))
        found[row.board_id]["received"].append(money)
    return {board_id: BoardFacts(**known) for board_id, known in found.items()}


async def explanation(connection: AsyncConnection, value_id: UUID, *, now: datetime) -> dict[str, Any]:
    """Return how a value came about, by the rule that made it; everything is read at one moment."""
    rows = await fetch(connection, _VALUES.where(Value.id == value_id))
    if not rows:
        raise ResourceNotFound
    row = rows[0]
    published = (row.numerator, row.denominator, row.null_reason)
    if row.indicator == Indicator.COMPLAINTS_RESOLVED:
        # Complaints are nobody's to see here; what is published is all that can be said.
        found = Outcome(*published)
        withheld = row.denominator or 0
    else:
        known = shaped(await facts.records(connection, [row.board_id])).get(row.board_id, BoardFacts())
        found = outcome(Indicator(row.indicator), known, month=row.month, today=today(now))
        withheld = 0
    return {
        "value": value_view(row),
        "definition": definition_view(DEFINITIONS[row.indicator]),
        "measured_on": measured_on(row.month, today=today(now)),
        "numerator": found.numerator,
        "denominator": found.denominator,
        "null_reason": found.null_reason,
        "agrees": (found.numerator, found.denominator, found.null_reason) == published,
        "records": [{"service": one.service, "subject": one.subject, "position": one.position} for one in found.behind],
        "records_withheld": withheld,
    }


async def rolled_up(connection: AsyncConnection, query: RollUpQuery) -> dict[str, Any]:
    """Return the sums of an indicator over a region's boards, in one statement."""
    month = first_day(query.month)
    boards = facts.board_places()
    missing = case(
        (boards.c.founded_on > last_day(month), NullReason.BOARD_NOT_FOUNDED_YET), else_=NullReason.NOT_COMPUTED_YET
    )
    reason = case((Value.id.is_(None), missing), else_=cast(Value.null_reason, String)).label("reason")
    here = and_(Value.board_id == boards.c.id, Value.indicator == query.indicator, Value.month == month)
    statement = (
        select(
            reason,
            func.count().label("boards"),
            cast(func.sum(Value.numerator), BigInteger).label("numerator"),
            cast(func.sum(Value.denominator), BigInteger).label("denominator"),
        )
        .select_from(boards.join(places, places.c.kelurahan_code == boards.c.kelurahan_code).outerjoin(Value, here))
        .where(query.lies_in_region(places))
        .group_by(reason)
        .order_by(reason)
    )
    rows = await fetch(connection, statement)
    counted = next((row for row in rows if row.reason is None), None)
    return {
        "indicator": query.indicator,
        "definition_version": DEFINITIONS[query.indicator].version,
        "month": query.month,
        "region": query.region,
        "numerator": counted.numerator if counted else None,
        "denominator": counted.denominator if counted else None,
        "boards_counted": counted.boards if counted else 0,
        "boards_null": [{"reason": row.reason, "boards": row.boards} for row in rows if row.reason is not None],
    }

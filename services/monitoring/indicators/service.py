"""Use cases of indicators: compute the values of boards anew, and keep only what changed."""

import hashlib
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid5

from sqlalchemy import BigInteger, Date, Integer, String, bindparam, delete, or_, select, text
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.types import Uuid

from services.monitoring.facts import service as facts
from services.monitoring.indicators.models import ComputedBoard, Value
from services.monitoring.indicators.queries import DEFINITIONS, board_values, shaped
from services.monitoring.indicators.rules import (
    Board,
    BoardFacts,
    ComplaintFact,
    Indicator,
    NullReason,
    Outcome,
    complaints_resolved,
    month_of,
    months,
    months_back,
    outcome,
)
from shared.canonical import canonical_bytes
from shared.clock import today
from shared.writing import advisory_number

__all__ = ["DEFINITIONS", "ComplaintFact", "Indicator", "NullReason", "board_values", "month_of", "months_back"]

SIGNATURE = " ".join(f"{one.code}:{one.version}" for one in DEFINITIONS.values())
FROM_FACTS = tuple(code for code in Indicator if code is not Indicator.COMPLAINTS_RESOLVED)
VALUES = UUID("6f0c2a52-6d0e-5a3c-9f43-0a6f5f1c9b11")
"""Namespace of the values' ids: the same board, indicator and month is the same value for ever."""

Compute = Callable[[Board, Indicator, date], Outcome]
LoadComplaints = Callable[[AsyncSession, Collection[UUID]], Awaitable[Mapping[UUID, Sequence[ComplaintFact]]]]

_COLUMNS = {
    "id": Uuid,
    "kelurahan_code": String,
    "board_id": Uuid,
    "indicator": String,
    "month": Date,
    "numerator": BigInteger,
    "denominator": BigInteger,
    "null_reason": String,
    "definition_version": Integer,
}
_KEEP = text(
    f"INSERT INTO indicator_values AS held ({', '.join(_COLUMNS)}, version, computed_at) "  # noqa: S608 - names of ours
    f"SELECT *, 1, :now FROM unnest({', '.join(f':{name}' for name in _COLUMNS)}) "
    "ON CONFLICT (id) DO UPDATE SET numerator = excluded.numerator, denominator = excluded.denominator, "
    "null_reason = excluded.null_reason, definition_version = excluded.definition_version, "
    "version = held.version + 1, computed_at = excluded.computed_at"
).bindparams(*(bindparam(name, type_=ARRAY(kind)) for name, kind in _COLUMNS.items()))
_PUBLISHED = text(
    "SELECT board_id, indicator, month, numerator, denominator, null_reason, definition_version FROM indicator_values "
    "WHERE board_id = ANY(:boards) AND indicator = ANY(:indicators) AND month >= :since"
).bindparams(bindparam("boards", type_=ARRAY(Uuid)), bindparam("indicators", type_=ARRAY(String)))
BOARDS_AT_ONCE = 25
"""Some thousand values: enough for one statement, and soon done."""

_LOCK = text("SELECT pg_advisory_xact_lock(number) FROM unnest(:numbers) AS number").bindparams(
    bindparam("numbers", type_=ARRAY(BigInteger))
)


async def _lock_boards(session: AsyncSession, board_ids: Collection[UUID]) -> None:
    """Let nobody else compute some boards meanwhile.

    Two transactions that each see only their own new fact take turns here, so that the second
    computes from both. Locks are taken in one order, so that they never wait for each other.
    """
    numbers = sorted(advisory_number(hashlib.blake2b(one.bytes, digest_size=8).digest()) for one in board_ids)
    await session.execute(_LOCK, {"numbers": numbers})


async def _locked_boards(session: AsyncSession, board_ids: Collection[UUID]) -> list[Board]:
    await _lock_boards(session, board_ids)
    return [Board(row.id, row.kelurahan_code, row.founded_on) for row in await facts.boards(session, board_ids)]


async def _restate(
    session: AsyncSession,
    boards: Sequence[Board],
    indicators: Sequence[Indicator],
    compute: Compute,
    *,
    since: date | None,
    now: datetime,
) -> None:
    """Compute every value of some boards from a month on (or from their founding) and write those that changed."""
    for start in range(0, len(boards), BOARDS_AT_ONCE):
        some = boards[start : start + BOARDS_AT_ONCE]
        asked = {"boards": [one.id for one in some], "indicators": list(indicators), "since": since or date.min}
        published = {row[:3]: row[3:] for row in await session.execute(_PUBLISHED, asked)}
        changed: list[tuple[Any, ...]] = []
        for board in some:
            for month in months(max(since or board.founded_on, month_of(board.founded_on)), today(now)):
                for indicator in indicators:
                    found = compute(board, indicator, month)
                    key = (board.id, indicator.value, month)
                    says = (found.numerator, found.denominator, found.null_reason, DEFINITIONS[indicator].version)
                    if published.get(key) != says:
                        identity = uuid5(VALUES, f"{board.id}/{indicator}/{month}")
                        changed.append((identity, board.kelurahan_code, *key, *says))
        if changed:
            columns = zip(_COLUMNS, zip(*changed, strict=True), strict=True)
            await session.execute(_KEEP, {name: list(column) for name, column in columns} | {"now": now})


async def recompute(
    session: AsyncSession, board_ids: Collection[UUID], *, now: datetime, since: date | None = None
) -> None:
    """Compute anew what the facts of registry and planning say of some boards, from a month on or in full.

    The same facts on the same day give the same values, however often and in whatever order this runs.
    """
    if not board_ids:
        return
    boards = await _locked_boards(session, board_ids)
    await _forget_others(session, set(board_ids) - {one.id for one in boards})
    known = shaped(await facts.records(session, board_ids))
    nothing = BoardFacts()

    def compute(board: Board, indicator: Indicator, month: date) -> Outcome:
        return outcome(indicator, known.get(board.id, nothing), month=month, today=today(now))

    await _restate(session, boards, FROM_FACTS, compute, since=since, now=now)
    await _note_computed(session, boards, day=today(now))


async def _forget_others(session: AsyncSession, gone: Collection[UUID]) -> None:
    """Drop what was computed of boards that registry took back."""
    if gone:
        await session.execute(delete(Value).where(Value.board_id.in_(gone)))
        await session.execute(delete(ComputedBoard).where(ComputedBoard.id.in_(gone)))


async def _note_computed(session: AsyncSession, boards: Sequence[Board], *, day: date) -> None:
    if not boards:
        return
    noted = {"day": day, "definitions": SIGNATURE}
    rows = [{"id": one.id, "kelurahan_code": one.kelurahan_code} | noted for one in boards]
    await session.execute(
        insert(ComputedBoard).values(rows).on_conflict_do_update(index_elements=[ComputedBoard.id], set_=noted)
    )


async def put_off(session: AsyncSession, board_ids: Collection[UUID]) -> None:
    """Leave some boards to be computed soon: they are overdue from their founding on."""
    # Locked, so that nobody who began with the facts of before notes them as computed afterwards.
    boards = await _locked_boards(session, board_ids)
    await _forget_others(session, set(board_ids) - {one.id for one in boards})
    await _note_computed(session, boards, day=date.min)


async def overdue(session: AsyncSession, *, now: datetime, limit: int) -> tuple[list[UUID], date | None]:
    """Return boards, locked, that were last computed on an earlier day or by older definitions, and from which month on.

    A month ends, a mandate lapses and a plan runs out without any record that says so.
    """
    waiting = (
        select(ComputedBoard.id, ComputedBoard.day, ComputedBoard.definitions)
        .where(or_(ComputedBoard.day < today(now), ComputedBoard.definitions != SIGNATURE))
        .order_by(ComputedBoard.day, ComputedBoard.id)
    )
    first = [row.id for row in await session.execute(waiting.limit(limit))]
    # Asked again once nobody else computes them: who put one off meanwhile wants it from its founding on.
    await _lock_boards(session, first)
    rows = (await session.execute(waiting.where(ComputedBoard.id.in_(first)))).all()
    redefined = any(row.definitions != SIGNATURE for row in rows)
    since = None if redefined or not rows else month_of(rows[0].day)
    return [row.id for row in rows], since


async def values_digest(connection: AsyncConnection) -> tuple[int, str]:
    """Return how many values there are and one SHA-256 over all of them, in order of their ids."""
    columns = (
        Value.id,
        Value.board_id,
        Value.indicator,
        Value.month,
        Value.numerator,
        Value.denominator,
        Value.null_reason,
        Value.definition_version,
    )
    count, digest = 0, hashlib.sha256()
    async with connection.stream(select(*columns).order_by(Value.id).execution_options(yield_per=5000)) as rows:
        async for row in rows:
            digest.update(canonical_bytes(list(row)))
            count += 1
    return count, digest.hexdigest()


async def restate_complaints(
    session: AsyncSession,
    board_ids: Collection[UUID],
    load: LoadComplaints,
    *,
    now: datetime,
    since: date | None = None,
) -> None:
    """Compute KPI-13 of some boards anew; `load` gives their complaints once the boards are locked."""
    if not board_ids:
        return
    boards = await _locked_boards(session, board_ids)
    known = await load(session, board_ids)

    def compute(board: Board, _indicator: Indicator, month: date) -> Outcome:
        return complaints_resolved(known.get(board.id, ()), month=month)

    await _restate(session, boards, (Indicator.COMPLAINTS_RESOLVED,), compute, since=since, now=now)

"""Where places stand in registry, and how to have them stand there again after a test."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from services.registry.regions.models import Region
from services.registry.regions.rules import kind_of, level_of, parent_of
from shared.clock import read_clock
from shared.identity import new_id
from tests.house import Running


async def places(running: Running) -> dict[str, Any]:
    async with running.database.reads.connect() as connection:
        return {row.kelurahan_code: row for row in await connection.execute(select(running.tables.places))}


async def put_back(running: Running, before: dict[str, Any]) -> None:
    """Let the places be what they were: they outlive a test."""
    table = running.tables.places
    async with running.database.writes.begin() as connection:
        await connection.execute(table.delete())
        await connection.execute(table.insert(), [dict(row._mapping) for row in before.values()])  # noqa: SLF001


@asynccontextmanager
async def merged(running: Running, gone: str, *, into: str) -> AsyncIterator[None]:
    """Let one kelurahan have become part of another for a while."""
    before, table = await places(running), running.tables.places
    async with running.database.writes.begin() as connection:
        ended = table.update().where(table.c.kelurahan_code == gone)
        await connection.execute(ended.values(code_now=into, valid_to=date(2025, 12, 31)))
    try:
        yield
    finally:
        await put_back(running, before)


async def know_regions(running: Running, names: dict[str, str], **columns: Any) -> None:
    """Let registry know regions as an import does, by code and name."""
    now = read_clock()
    rows = [
        {
            "id": new_id(),
            "code": code,
            "parent_code": parent_of(code),
            "name": name,
            "level": level_of(code),
            "kind": kind_of(code),
            "predecessors": [],
            "version": 1,
            "recorded_at": now,
            "changed_at": now,
            **columns,
        }
        for code, name in names.items()
    ]
    stands = [{"kelurahan_code": code, "code_now": code, "name": name} for code, name in names.items()]
    async with running.database.writes.begin() as connection:
        await connection.execute(insert(Region.__table__), rows)
        await connection.execute(insert(running.tables.places).on_conflict_do_nothing(), stands)


def codes(items: Iterable[dict[str, Any]]) -> list[str]:
    return [item["code"] for item in items]

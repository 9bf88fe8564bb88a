"""Copies of rows that another service owns, kept by following its journal."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from sqlalchemy import Table, delete, exists, not_, or_, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.database import Database
from shared.following import Entry, Handler, copy_newer
from shared.permissions import STANDING_MEMORY
from shared.places import VILLAGE, place_row

F = TypeVar("F", bound=msgspec.Struct)


class PlaceFact(msgspec.Struct):
    """What is read of a region."""

    code: str
    code_now: str
    name: str
    valid_from: date | None
    valid_to: date | None


class StandingFact(msgspec.Struct):
    """What is read of an account, a client or an emergency."""

    id: UUID
    suspended: bool
    not_before: datetime | None
    version: int


def copies(table: Any, fact: type[F], *, columns: Callable[[F], Mapping[str, Any]] = msgspec.structs.asdict) -> Handler:
    """Return a handler that keeps `table` like its owner's rows; `columns` gives a row of a fact of another shape.

    Only the fields of `fact` are read, and a record that lacks one stops the follower. A table with
    `kelurahan_code`, `occurred_on` or `source_position` takes them from the entry itself.
    """
    names = set(table.c.keys())

    def row(entry: Entry) -> dict[str, Any]:
        of_entry = {
            "kelurahan_code": entry.place,
            "occurred_on": entry.occurred_on,
            "source_position": entry.position,
        }
        known = {name: value for name, value in of_entry.items() if name in names}
        return {**known, **columns(msgspec.convert(entry.data, fact))}

    async def copy(session: AsyncSession, entries: Sequence[Entry]) -> None:
        await copy_newer(session, table, [row(entry) for entry in entries])

    return copy


def forgets(table: Any) -> Handler:
    """Return a handler that drops the rows of `table` that their owner took back."""

    async def forget(session: AsyncSession, entries: Sequence[Entry]) -> None:
        gone = [UUID(entry.data["id"]) for entry in entries]
        await session.execute(delete(table).where(table.c.id.in_(gone)))

    return forget


def copies_places(places: Table) -> Handler:
    """Return a handler that keeps `places` like the owner's list of regions, its villages only."""

    async def copy(session: AsyncSession, entries: Sequence[Entry]) -> None:
        found = [msgspec.convert(entry.data, PlaceFact) for entry in entries]
        # Entries come in order, so the last one of a code holds.
        rows = {
            one.code: place_row(
                one.code, name=one.name, code_now=one.code_now, valid_from=one.valid_from, valid_to=one.valid_to
            )
            for one in found
            if VILLAGE.match(one.code)
        }
        if rows:
            statement = insert(places).values(list(rows.values()))
            changed = {column.name: statement.excluded[column.name] for column in places.c if not column.primary_key}
            await session.execute(
                statement.on_conflict_do_update(index_elements=[places.c.kelurahan_code], set_=changed)
            )

    return copy


def forgets_places(places: Table) -> Handler:
    """Return a handler that drops places that their owner took back; one where something is recorded here stays."""

    async def forget(session: AsyncSession, entries: Sequence[Entry]) -> None:
        # Only now every slice has declared its tables.
        named = [
            column
            for table in places.metadata.sorted_tables
            for column in table.c
            if table is not places and column.name in {"kelurahan_code", "region_code"}
        ]
        free = [not_(exists().where(column == places.c.kelurahan_code)) for column in named]
        codes = [entry.data["code"] for entry in entries]
        await session.execute(delete(places).where(places.c.kelurahan_code.in_(codes), *free))

    return forget


async def copied_standings(database: Database, table: Any, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of recently revoked accounts and clients count."""
    recent = or_(table.c.suspended, table.c.not_before > now - STANDING_MEMORY)
    async with database.reads.connect() as connection:
        rows = (await connection.execute(select(table).where(recent))).all()
    return {row.id: float("inf") if row.suspended else row.not_before.timestamp() for row in rows}

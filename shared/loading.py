"""Loading many rows at once: COPY, and COPY followed by one upsert."""

from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any, cast

from psycopg import AsyncConnection, sql
from sqlalchemy import FromClause
from sqlalchemy.ext.asyncio import AsyncSession

ADVANCE_EVERY = 2_000


def _value(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


async def driver_connection(session: AsyncSession) -> AsyncConnection[Any]:
    """Return the driver's own connection of a session, in the session's transaction."""
    raw = await (await session.connection()).get_raw_connection()
    return cast("AsyncConnection[Any]", raw.driver_connection)


async def _copy(
    connection: AsyncConnection[Any],
    table: sql.Identifier,
    rows: Sequence[Mapping[str, Any]],
    *,
    advance: Callable[[int], None] | None,
) -> None:
    names = list(rows[0])
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(table, sql.SQL(", ").join(map(sql.Identifier, names)))
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for number, row in enumerate(rows, start=1):
            await copy.write_row([_value(row[name]) for name in names])
            if advance is not None and number % ADVANCE_EVERY == 0:
                advance(ADVANCE_EVERY)
    if advance is not None:
        advance(len(rows) % ADVANCE_EVERY)


async def copy_rows(session: AsyncSession, table: FromClause, rows: Sequence[Mapping[str, Any]]) -> None:
    """Append rows by COPY."""
    if rows:
        await _copy(await driver_connection(session), sql.Identifier(str(table)), rows, advance=None)


async def upsert_rows(
    session: AsyncSession,
    table: FromClause,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: str,
    advance: Callable[[int], None] | None = None,
) -> None:
    """Write rows by COPY into a staging table and one INSERT ... ON CONFLICT from there."""
    if not rows:
        return
    connection = await driver_connection(session)
    target, staging = sql.Identifier(str(table)), sql.Identifier(f"staging_{table}")
    columns = sql.SQL(", ").join(map(sql.Identifier, rows[0]))
    changed = sql.SQL(", ").join(
        sql.SQL("{0} = EXCLUDED.{0}").format(sql.Identifier(name)) for name in rows[0] if name != key
    )
    await connection.execute(sql.SQL("CREATE TEMPORARY TABLE {} (LIKE {}) ON COMMIT DROP").format(staging, target))
    await _copy(connection, staging, rows, advance=advance)
    await connection.execute(
        sql.SQL(
            "INSERT INTO {target} ({columns}) SELECT {columns} FROM {staging} ON CONFLICT ({key}) DO UPDATE SET {changed}"
        ).format(target=target, columns=columns, staging=staging, key=sql.Identifier(key), changed=changed)
    )

"""Where a person stands or stood, over all tables that know persons."""

from collections.abc import Collection, Iterable
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Table, and_, exists, false, or_, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.database import Base, places


def _stands(table: Table, on: date) -> ColumnElement[bool]:
    """Return the condition that a row holds on a day: where somebody lives, serves or sits, not what happened once."""
    if "ends_on" not in table.c or table.name == "consents":
        return false()
    conditions = [or_(table.c.ends_on.is_(None), table.c.ends_on >= on)]
    if "term_id" in table.c:
        terms = Base.metadata.tables["terms"]
        conditions.append(exists().where(terms.c.id == table.c.term_id, terms.c.ends_on >= on))
    if "merged_into" in table.c:
        conditions.append(table.c.merged_into.is_(None))
    return and_(*conditions)


def _rows(table: Table, persons: Collection[UUID], *, on: date) -> Select[tuple[str, bool]]:
    code = table.c.kelurahan_code if "kelurahan_code" in table.c else table.c.region_code
    statement = select(places.c.code_now, _stands(table, on).label("stands"))
    return statement.join(places, places.c.kelurahan_code == code).where(table.c.person_id.in_(persons))


async def places_of(
    session: AsyncSession, names: Iterable[str], persons: Collection[UUID], *, on: date
) -> dict[str, bool]:
    """Return where persons are known, by today's codes: whether they still live or serve there."""
    tables = [Base.metadata.tables[name] for name in (*names, "personal_records")]
    placed = [one for one in tables if {"kelurahan_code", "region_code"} & set(one.c.keys()) and "person_id" in one.c]
    found: dict[str, bool] = {}
    for row in await session.execute(union_all(*(_rows(one, persons, on=on) for one in placed))):
        found[row.code_now] = found.get(row.code_now, False) or row.stands
    return found

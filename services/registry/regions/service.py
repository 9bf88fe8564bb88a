"""Use cases of regions: reading the official list and taking a new edition of it over."""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Row, Select, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import journal_entries, places
from services.registry.regions.models import Region
from services.registry.regions.rules import CodeInvalidError, Level, kind_of, level_of, parent_of
from services.registry.regions.schemas import RegionQuery, RegionSort
from shared.errors import ResourceNotFound
from shared.journal import Audience, Change, entry_row
from shared.lists import Order
from shared.loading import copy_rows, upsert_rows
from shared.places import place_row, within
from shared.searching import finds

AUDIENCES = {"region.recorded": Audience.PUBLIC}
ORDERS = {
    RegionSort.CODE: Order(Region.code.expression, str, Region.code.expression, str),
    RegionSort.NAME: Order(Region.name.expression, str, Region.code.expression, str),
}
FILES = {
    Level.PROVINCE: "provinces.csv",
    Level.REGENCY: "regencies.csv",
    Level.DISTRICT: "districts.csv",
    Level.VILLAGE: "villages.csv",
}

LONGEST_NAME = 200

Advance = Callable[[int], None]


class RegionsUnreadableError(Exception):
    """A file of the official list that cannot be taken over; says which line and why."""


def regions(query: RegionQuery) -> Select[Any]:
    """Return the statement of the list of regions."""
    statement = select(*Region.__table__.c, Region.code.label("id"))
    if query.region is not None:
        statement = statement.where(within(Region.code.expression, query.region))
    if query.parent is not None:
        statement = statement.where(Region.parent_code == query.parent)
    if query.level is not None:
        statement = statement.where(Region.level == query.level)
    if query.kind is not None:
        statement = statement.where(Region.kind == query.kind)
    if query.q is not None:
        statement = statement.where(or_(finds(Region.name, query.q), Region.code.startswith(query.q, autoescape=True)))
    return statement


def region_view(row: Any) -> dict[str, Any]:
    """Return a row as RegionView."""
    return {
        "code": row.code,
        "parent_code": row.parent_code,
        "name": row.name,
        "level": row.level,
        "kind": row.kind,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "legal_basis": row.legal_basis,
        "version": row.version,
        "recorded_at": row.recorded_at,
        "changed_at": row.changed_at,
    }


async def one_region(connection: AsyncConnection, code: str) -> dict[str, Any]:
    """Return one region, or ResourceNotFound."""
    row: Row[Any] | None = (
        await connection.execute(select(*Region.__table__.c).where(Region.code == code))
    ).one_or_none()
    if row is None:
        raise ResourceNotFound
    return region_view(row)


def _lines(folder: Path, level: Level) -> Iterator[tuple[int, str, str]]:
    """Yield line number, code and name of one file of the list, plain or gzipped."""
    file = folder / FILES[level]
    packed = file.with_name(f"{file.name}.gz")
    if not file.exists() and not packed.exists():
        message = f"{file} is missing"
        raise RegionsUnreadableError(message)
    opener = gzip.open if packed.exists() else open
    number = 0
    try:
        with opener(packed if packed.exists() else file, "rt", encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            if reader.fieldnames is None or not {"code", "name"} <= set(reader.fieldnames):
                message = f"{file.name}: the columns code and name are needed"
                raise RegionsUnreadableError(message)
            for row in reader:
                number = reader.line_num
                # A line that is too short has no name.
                yield number, row["code"], (row["name"] or "").strip()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        message = f"{file.name}: unreadable after line {number}: {error}"
        raise RegionsUnreadableError(message) from error


def read_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the regions of the four files by code, or RegionsUnreadableError naming the line."""
    found: dict[str, dict[str, Any]] = {}
    for level in Level:
        for line, code, name in _lines(folder, level):
            where = f"{FILES[level]} line {line}"
            try:
                right = level_of(code) is level and 0 < len(name) <= LONGEST_NAME and name.isprintable()
                kind = kind_of(code)
            except CodeInvalidError as error:
                message = f"{where}: {code!r} is not a {level} code"
                raise RegionsUnreadableError(message) from error
            parent = parent_of(code)
            if not right or code in found or (parent is not None and parent not in found):
                message = f"{where}: {code!r} {name!r} is no new {level} of a known region"
                raise RegionsUnreadableError(message)
            found[code] = {"code": code, "parent_code": parent, "name": name, "level": level, "kind": kind}
    return found


async def take_over(
    session: AsyncSession, edition: Mapping[str, Mapping[str, Any]], *, now: datetime, advance: Advance
) -> int:
    """Take a new edition of the list over and return how many regions are new or changed.

    Regions that an edition no longer names stay: what was done there happened there (REG-3).
    """
    known = {row.code: row for row in (await session.execute(select(*Region.__table__.c))).all()}
    rows: list[dict[str, Any]] = []
    for code, region in edition.items():
        before = known.get(code)
        if before is not None and before.name == region["name"] and before.kind == region["kind"]:
            continue
        rows.append(
            {
                **region,
                "valid_from": None,
                "valid_to": None,
                "legal_basis": None,
                "version": before.version + 1 if before else 1,
                "recorded_at": before.recorded_at if before else now,
                "changed_at": now,
            }
        )
    advance(len(edition) - len(rows))
    await upsert_rows(session, Region.__table__, rows, key="code", advance=advance)
    # Of every level, for what belongs to a city or a kecamatan stands somewhere too.
    standing = [
        place_row(row["code"], name=row["name"], code_now=row["code"], valid_from=None, valid_to=None) for row in rows
    ]
    await upsert_rows(session, places, standing, key="kelurahan_code")
    entries = [entry_row(_change(row), actor=None, now=now) for row in rows]
    await copy_rows(session, journal_entries, entries)
    return len(rows)


def _change(row: Mapping[str, Any]) -> Change:
    code = row["code"]
    data = {
        "code": code,
        "code_now": code,
        "parent_code": row["parent_code"],
        "name": row["name"],
        "level": row["level"],
        "kind": row["kind"],
        "valid_from": row["valid_from"],
        "valid_to": row["valid_to"],
        "version": row["version"],
    }
    return Change("region.recorded", f"regions/{code}", code, data)

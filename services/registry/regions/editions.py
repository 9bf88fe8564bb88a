"""Use cases of official lists: taking an edition of the regions, or of their BPS codes, over at once or not at all."""

import csv
import gzip
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.database import journal_entries, places
from services.registry.regions.models import BpsCode, Region
from services.registry.regions.rules import (
    CodeInvalidError,
    Level,
    kind_of,
    level_of,
    overlapping,
    parent_of,
    wrong_bps_code,
)
from services.registry.regions.service import lock_regions, region_change, stand
from shared.identity import new_id
from shared.journal import Change, entry_row
from shared.loading import copy_rows, upsert_rows

FILES = {
    Level.PROVINCE: "provinces.csv",
    Level.REGENCY: "regencies.csv",
    Level.DISTRICT: "districts.csv",
    Level.VILLAGE: "villages.csv",
}
DATED = ("valid_from", "valid_to", "legal_basis")
"""What a line says of its time."""

LONGEST_NAME = 200

Advance = Callable[[int], None]
Edition = dict[Any, dict[str, Any]]


class ListUnreadableError(Exception):
    """A file of an official list that cannot be taken over; says which line and why."""


def _lines(file: Path, *, needed: Sequence[str]) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield each line's place and fields, of a plain or gzipped CSV file that has the columns needed."""
    opener = gzip.open if file.suffix == ".gz" else open
    name, number = file.name.removesuffix(".gz"), 0
    try:
        with opener(file, "rt", encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, strict=True)
            if reader.fieldnames is None or not set(needed) <= set(reader.fieldnames):
                message = f"{name}: the columns {' and '.join(needed)} are needed"
                raise ListUnreadableError(message)
            for row in reader:
                number = reader.line_num
                # A line that is too short lacks its last fields.
                yield f"{name} line {number}", {column: row.get(column) or "" for column in (*needed, *DATED)}
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error) as error:
        message = f"{name}: unreadable after line {number}: {error}"
        raise ListUnreadableError(message) from error


def _dates(fields: Mapping[str, str], *, where: str) -> dict[str, Any]:
    """Return what a line says of its time: first and last day, and the regulation."""
    first, last, basis = (fields[name].strip() for name in DATED)
    try:
        known = {
            "valid_from": date.fromisoformat(first) if first else None,
            "valid_to": date.fromisoformat(last) if last else None,
        }
    except ValueError as error:
        message = f"{where}: a day is written as 2022-11-17 ({error})"
        raise ListUnreadableError(message) from error
    if known["valid_from"] and known["valid_to"] and known["valid_to"] < known["valid_from"]:
        message = f"{where}: it ends before it begins"
        raise ListUnreadableError(message)
    if len(basis) > LONGEST_NAME or not basis.isprintable():
        message = f"{where}: {basis!r} is no legal basis"
        raise ListUnreadableError(message)
    return known | {"legal_basis": basis or None}


def _file_of(folder: Path, level: Level) -> Path:
    file = folder / FILES[level]
    packed = file.with_name(f"{file.name}.gz")
    if not file.exists() and not packed.exists():
        message = f"{file} is missing"
        raise ListUnreadableError(message)
    return packed if packed.exists() else file


def read_folder(folder: Path) -> dict[str, dict[str, Any]]:
    """Return the regions of the four files by code, or ListUnreadableError naming the line."""
    found: dict[str, dict[str, Any]] = {}
    for level in Level:
        for where, fields in _lines(_file_of(folder, level), needed=("code", "name")):
            code, name = fields["code"], fields["name"].strip()
            try:
                right = level_of(code) is level and 0 < len(name) <= LONGEST_NAME and name.isprintable()
                kind = kind_of(code)
            except CodeInvalidError as error:
                message = f"{where}: {code!r} is not a {level} code"
                raise ListUnreadableError(message) from error
            parent = parent_of(code)
            if not right or code in found or (parent is not None and parent not in found):
                message = f"{where}: {code!r} {name!r} is no new {level} of a known region"
                raise ListUnreadableError(message)
            found[code] = {"code": code, "parent_code": parent, "name": name, "level": level, "kind": kind}
            found[code] |= _dates(fields, where=where)
    return found


async def take_over(session: AsyncSession, edition: Edition, *, now: datetime, advance: Advance) -> int:
    """Take a new edition of the list over and return how many regions are new or changed.

    Regions that an edition no longer names stay: what was done there happened there (REG-3). What a succession has
    dated stays as it was recorded, and what it has closed stays closed; an edition only corrects the name of what it
    has opened. An edition without dates leaves known ones alone.
    """
    await lock_regions(session)
    known = await known_regions(session)
    rows: list[dict[str, Any]] = []
    for code, region in edition.items():
        before = known.get(code)
        if before is None:
            rows.append(fresh_row(region, new_id(), now))
            continue
        moved = before.pop("code_now") not in {None, code}
        row = before if moved else before | _told(region, before)
        if row["valid_from"] and row["valid_to"] and row["valid_to"] < row["valid_from"]:
            message = f"{code}: it would end before it begins"
            raise ListUnreadableError(message)
        if row != before:
            rows.append(row | {"version": before["version"] + 1, "changed_at": now})
    advance(len(edition) - len(rows))
    await keep_regions(session, rows, actor=None, now=now, advance=advance)
    return len(rows)


async def known_regions(session: AsyncSession) -> dict[str, dict[str, Any]]:
    """Return what is known of each code, of one that meant several things the last, with its code of today."""
    statement = (
        select(*Region.__table__.c, places.c.code_now)
        .outerjoin(places, places.c.kelurahan_code == Region.code)
        .order_by(Region.code, Region.valid_from.asc().nulls_first())
    )
    return {row["code"]: dict(row) for row in (await session.execute(statement)).mappings()}


def fresh_row(region: Mapping[str, Any], region_id: UUID, now: datetime) -> dict[str, Any]:
    """Return the row of a region that came with a list."""
    fresh = {"id": region_id, "predecessors": [], "succession_id": None, "version": 1, "recorded_at": now}
    return {**region, **fresh, "changed_at": now}


async def keep_regions(
    session: AsyncSession,
    rows: Sequence[dict[str, Any]],
    *,
    actor: UUID | None,
    now: datetime,
    advance: Advance | None = None,
) -> None:
    """Write regions, where they stand, and what the journal keeps of them."""
    await upsert_rows(session, Region.__table__, rows, key="id", advance=advance)
    # Of every level, for what belongs to a city or a kecamatan stands somewhere too.
    await stand(session, ((row, row["code"]) for row in rows))
    entries = [entry_row(region_change(row, code_now=row["code"]), actor=actor, now=now) for row in rows]
    await copy_rows(session, journal_entries, entries)


def _told(region: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an edition says anew of a known region."""
    told = {"name": region["name"]}
    if before["succession_id"] is None:
        told |= {name: region[name] for name in DATED if region[name] is not None}
    return told


def read_bridge(file: Path) -> dict[tuple[str, date | None], dict[str, Any]]:
    """Return the BPS codes of a file by Kemendagri code and first day, or ListUnreadableError naming the line (REG-2)."""
    found: dict[tuple[str, date | None], dict[str, Any]] = {}
    for where, fields in _lines(file, needed=("kemendagri_code", "bps_code", *DATED)):
        row = {name: fields[name].strip() for name in ("kemendagri_code", "bps_code")} | _dates(fields, where=where)
        wrong = wrong_bps_code(row["kemendagri_code"], row["bps_code"])
        key = (row["kemendagri_code"], row["valid_from"])
        if wrong or key in found:
            message = f"{where}: {wrong or f'{key[0]!r} has two codes from the same day on'}"
            raise ListUnreadableError(message)
        found[key] = row | {"where": where}
    return found


async def take_bridge_over(session: AsyncSession, edition: Edition, *, now: datetime, advance: Advance) -> int:
    """Take BPS codes over and return how many are new or changed; those that a file does not name stay.

    A row is known by its Kemendagri code and first day. A region that is not known, or that would have two codes on
    one day, is refused by its line, and with it the whole file.
    """
    await lock_regions(session)
    regions = set((await session.scalars(select(Region.code))).all())
    known = {
        (row["kemendagri_code"], row["valid_from"]): dict(row)
        for row in (await session.execute(select(*BpsCode.__table__.c))).mappings()
    }
    rows: list[dict[str, Any]] = []
    for key, told in edition.items():
        if told["kemendagri_code"] not in regions:
            message = f"{told['where']}: there is no region with the code {told['kemendagri_code']!r}"
            raise ListUnreadableError(message)
        said = {name: value for name, value in told.items() if name != "where"}
        before = known.get(key)
        if before is None:
            row = {**said, "id": new_id(), "version": 1, "recorded_at": now, "changed_at": now}
        elif (row := before | said) != before:
            row |= {"version": before["version"] + 1, "changed_at": now}
        else:
            continue
        rows.append(row)
        known[key] = row
    both = overlapping((code, first, row["valid_to"]) for (code, first), row in known.items())
    for key in reversed(edition):
        if key in both:
            message = f"{edition[key]['where']}: {key[0]!r} would have two BPS codes on one day"
            raise ListUnreadableError(message)
    advance(len(edition) - len(rows))
    await upsert_rows(session, BpsCode.__table__, rows, key="id", advance=advance)
    await copy_rows(session, journal_entries, [entry_row(_bridge_change(row), actor=None, now=now) for row in rows])
    return len(rows)


def _bridge_change(row: Mapping[str, Any]) -> Change:
    code = row["kemendagri_code"]
    data = {
        "id": row["id"],
        "kemendagri_code": code,
        "bps_code": row["bps_code"],
        "valid_from": row["valid_from"],
        "valid_to": row["valid_to"],
        "legal_basis": row["legal_basis"],
        "version": row["version"],
    }
    return Change("bridge.recorded", f"bridge/{row['id']}", code, data)

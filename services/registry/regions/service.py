"""Use cases of regions: what the law makes of them, and which code stands for a place today."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Label, Select, bindparam, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.database import journal_entries, places
from services.registry.regions.models import Region, Succession
from services.registry.regions.queries import code_name, place_name
from services.registry.regions.rules import (
    Step,
    Successor,
    kind_of,
    level_of,
    parent_of,
    require_valid_succession,
    steps,
)
from services.registry.regions.schemas import SuccessionDraft
from shared.clock import today
from shared.errors import Conflict, Invalid, Text
from shared.identity import new_id
from shared.items import claim
from shared.journal import Audience, Change, entry_row
from shared.loading import copy_rows, upsert_rows
from shared.occurrence import require_not_future
from shared.permissions import Caller
from shared.places import NATION, place_row, within_any
from shared.statements import among, fetch, remembered

__all__ = [
    "RegionUnknown",
    "code_name",
    "codes_now",
    "lock_regions",
    "place_name",
    "region_change",
    "region_now",
    "require_known",
    "require_region",
    "stand",
    "successor_since",
]

AUDIENCES = {
    "region.recorded": Audience.PUBLIC,
    "region.withdrawn": Audience.PUBLIC,
    "succession.recorded": Audience.PUBLIC,
    "bridge.recorded": Audience.PUBLIC,
}

Row = dict[str, Any]


class RegionUnknown(Invalid):
    code = "region.unknown"
    title = Text("Wilayah tidak dikenal", "Unknown region")
    detail = Text("Tidak ada wilayah dengan kode {code}.", "There is no region with the code {code}.")
    fix = Text("Cari kodenya di /registry/v1/regions.", "Look the code up in /registry/v1/regions.")


class RegionEnded(Conflict):
    code = "region.ended"
    title = Text("Wilayah sudah berakhir", "Region has ended")
    detail = Text(
        "Wilayah {code} berakhir pada {valid_to}; datanya kini berada di {code_now}.",
        "The region {code} ended on {valid_to}; what was recorded there now stands in {code_now}.",
    )
    fix = Text("Sebutkan wilayah yang berlaku sekarang.", "Name the region that is valid now.")


class RegionYounger(Conflict):
    code = "region.younger"
    title = Text("Wilayah lebih muda", "Region is younger")
    detail = Text(
        "Wilayah {code} baru ada sejak {valid_from}; seharusnya paling lambat {by}.",
        "The region {code} began only on {valid_from}; it should have by {by}.",
    )
    fix = Text(
        "Periksa tanggal berlakunya; catat peristiwa menurut urutannya.",
        "Check the effective day; record acts in the order in which they took effect.",
    )


class RegionCodeTaken(Conflict):
    code = "region.code_taken"
    title = Text("Kode sudah dipakai", "Code already used")
    detail = Text(
        "Kode {code} adalah atau pernah menjadi kode wilayah lain; satu kode tidak menunjuk dua wilayah.",
        "The code {code} is or was another region's; one code never stands for two.",
    )
    fix = Text(
        "Periksa kodenya. Bila wilayah di bawahnya bertabrakan, beri kode baru di `takes`. Bila kode itu datang"
        " dengan daftar resmi, impor dahulu dengan valid_from tanggal berlakunya.",
        "Check the code. Where regions below collide, give new codes in `takes`. Where it came with the official"
        " list, import it first with the effective day as its valid_from.",
    )


async def require_known(session: AsyncSession, codes: Sequence[str]) -> None:
    """Refuse a list of regions with a code that never was one's; the nation is known. None is taken back meanwhile."""
    listed = select(places.c.kelurahan_code).where(among(places.c.kelurahan_code, codes))
    held = listed.order_by(places.c.kelurahan_code).with_for_update(read=True, key_share=True)
    known = set(await session.scalars(held))
    for index, code in enumerate(codes):
        if code != NATION and code not in known:
            raise RegionUnknown(pointer=f"/regions/{index}", code=code)


def region_now(code: str | None) -> Label[str | None]:
    """Return what a region that is counted is called today, as a column: null for a code that never was one's."""
    return select(places.c.code_now).where(places.c.kelurahan_code == code).scalar_subquery().label("region_now")


def require_region(code: str | None, now: str | None) -> None:
    """Refuse to answer for a code that never was a region's; `now` is what `region_now` found. The nation is known."""
    if code is not None and now is None:
        raise RegionUnknown(pointer="/region", code=code)


@remembered
def _stands() -> Select[Any]:
    return select(places.c.code_now).where(places.c.kelurahan_code == bindparam("region"))


async def require_known_region(connection: AsyncConnection, code: str | None) -> None:
    """Refuse to list what stands in a code that never was a region's."""
    if code is not None and not await fetch(connection, _stands(), {"region": code}):
        raise RegionUnknown(pointer="/region", code=code)


async def codes_now(session: AsyncSession, codes: Sequence[str]) -> list[str]:
    """Return under which codes regions stand today: of one that was split its heir's, else what it became.

    What is no region's code, such as the nation, stays as it is.
    """
    found = await session.execute(
        select(places.c.kelurahan_code, places.c.code_now).where(places.c.kelurahan_code.in_(codes))
    )
    now = {row.kelurahan_code: row.code_now for row in found}
    return sorted({now.get(code, code) for code in codes})


async def successor_since(session: AsyncSession, code: str, *, of: Sequence[str]) -> date | None:
    """Return since when a code stands for a successor of one of some places, whatever they were called; None if never."""
    now = select(places.c.code_now).where(places.c.kelurahan_code.in_(of))
    names = (await session.scalars(select(places.c.kelurahan_code).where(places.c.code_now.in_(now)))).all()
    came = Region.predecessors.overlap([*names])
    return await session.scalar(select(func.min(Region.valid_from)).where(Region.code == code, came))


def region_change(row: Mapping[str, Any], *, code_now: str) -> Change:
    """Return a region's row as its journal keeps it, and under which code its rows stand now."""
    code = row["code"]
    data = {
        "code": code,
        "code_now": code_now,
        "parent_code": row["parent_code"],
        "name": row["name"],
        "level": row["level"],
        "kind": row["kind"],
        "valid_from": row["valid_from"],
        "valid_to": row["valid_to"],
        "legal_basis": row["legal_basis"],
        "predecessors": row["predecessors"],
        "succession_id": row["succession_id"],
        "version": row["version"],
    }
    return Change("region.recorded", f"regions/{code}", code, data)


async def lock_regions(session: AsyncSession) -> None:
    """Let nobody else change regions until this transaction ends; reading goes on.

    A succession reaches down a whole province and follows earlier ones, so no smaller lock keeps two apart.
    """
    await session.execute(text("LOCK TABLE regions, bps_codes IN SHARE ROW EXCLUSIVE MODE"))


async def _rows(session: AsyncSession, statement: Select[Any]) -> list[Row]:
    return [dict(row) for row in (await session.execute(statement)).mappings()]


async def _standing(session: AsyncSession, codes: Sequence[str], *, on: date) -> dict[str, Row]:
    """Return the regions named and all below them, as they are valid on a day, by code."""
    statement = select(*Region.__table__.c).where(within_any(Region.code.expression, codes), Region.valid_on(on))
    return {row["code"]: row for row in await _rows(session, statement)}


async def _last_rows(session: AsyncSession, condition: Any) -> list[Row]:
    """Return what codes last meant, whether valid or not, with their code of today."""
    statement = (
        select(*Region.__table__.c, places.c.code_now)
        .join(places, places.c.kelurahan_code == Region.code)
        .where(condition)
        .ext(distinct_on(Region.code))
        .order_by(Region.code, Region.valid_from.desc().nulls_last())
    )
    return await _rows(session, statement)


async def record_succession(
    session: AsyncSession, draft: SuccessionDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record an act of law that made other regions of some (REG-3); return its id and whether it is new.

    It closes the old rows and opens the new ones, of all that lies below too, and moves today's code of every place
    that stood under an old one, so that earlier successions lead on to the new region.
    """
    await lock_regions(session)
    claimed = await claim(session, Succession, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    require_not_future(draft.effective_on, now=now, pointer="/effective_on")
    successors = [
        Successor(one.code, one.name, [(taken.code, taken.new_code) for taken in one.takes]) for one in draft.successors
    ]
    require_valid_succession(
        draft.kind,
        predecessors=draft.predecessors,
        successors=successors,
        heir=draft.heir,
        minutes=draft.minutes_reference,
    )
    for code in {*draft.predecessors, *(one.code for one in successors)}:
        by.require_region(code)
    standing = await _standing(session, draft.predecessors, on=today(now))
    await _require_standing(session, draft, standing, on=today(now))
    made = steps(predecessors=draft.predecessors, successors=successors, heir=draft.heir, standing=standing)
    for one in made:
        _require_begun(one.old, standing[one.old]["valid_from"], by=draft.effective_on - timedelta(days=1))
    known = await _require_free(session, draft, made)
    act = Succession(**draft.model_dump(exclude={"id"}), **claimed.columns(now))
    session.add(act)
    await session.flush()
    await _take_effect(session, act, made, standing=standing, known=known, by=by, now=now)
    return act.id, True


def _succession_change(act: Succession) -> Change:
    data = {
        "id": act.id,
        "kind": act.kind,
        "effective_on": act.effective_on,
        "legal_basis": act.legal_basis,
        "minutes_reference": act.minutes_reference,
        "predecessors": act.predecessors,
        "successors": act.successors,
        "heir": act.heir,
        "version": act.version,
    }
    place = act.heir or act.successors[0]["code"]
    return Change("succession.recorded", f"successions/{act.id}", place, data, act.effective_on)


async def _require_standing(
    session: AsyncSession, draft: SuccessionDraft, standing: Mapping[str, Row], *, on: date
) -> None:
    """Refuse what names a region that is not there, has ended, or began only after the act."""
    for index, code in enumerate(draft.predecessors):
        if code not in standing:
            ended = await _last_rows(session, Region.code == code)
            if not ended:
                raise RegionUnknown(pointer=f"/predecessors/{index}", code=code)
            raise RegionEnded(
                pointer=f"/predecessors/{index}",
                code=code,
                valid_to=ended[0]["valid_to"],
                code_now=ended[0]["code_now"],
                members={"code_now": ended[0]["code_now"]},
            )
    above = {one.code: parent_of(one.code) for one in draft.successors}
    wanted = [code for code in above.values() if code is not None]
    parents = await session.execute(
        select(Region.code, Region.valid_from).where(among(Region.code, wanted), Region.valid_on(on))
    )
    begun = {row.code: row.valid_from for row in parents}
    for index, one in enumerate(draft.successors):
        parent = above[one.code]
        if parent is not None and parent not in begun:
            raise RegionUnknown(pointer=f"/successors/{index}/code", code=parent)
        if parent is not None:
            _require_begun(parent, begun[parent], by=draft.effective_on)
        for number, taken in enumerate(one.takes):
            if taken.code not in standing:
                raise RegionUnknown(pointer=f"/successors/{index}/takes/{number}/code", code=taken.code)


def _require_begun(code: str, valid_from: date | None, *, by: date) -> None:
    if valid_from is not None and valid_from > by:
        raise RegionYounger(pointer="/effective_on", code=code, valid_from=valid_from, by=by)


async def _require_free(session: AsyncSession, draft: SuccessionDraft, made: Sequence[Step]) -> dict[str, Row]:
    """Refuse codes that are or were another region's, so that no succession runs in a circle.

    A region that came with the list, dated as this act, is the one that it opens: such rows are returned by code.
    """
    keeping = {one.new for one in made if one.new == one.old}
    below = Counter(one.new for one in made if one.old not in draft.predecessors)
    for code, count in below.items():
        if count > 1:
            raise RegionCodeTaken(pointer="/successors", code=code)
    known: dict[str, Row] = {}
    new = {one.new for one in made} - keeping
    for row in await _rows(session, select(*Region.__table__.c).where(among(Region.code, new))):
        begins = row["valid_from"] == draft.effective_on and row["valid_to"] is None
        if row["code"] in known or not begins or row["succession_id"] is not None:
            raise RegionCodeTaken(pointer="/successors", code=row["code"])
        known[row["code"]] = row
    return known


async def _take_effect(
    session: AsyncSession,
    act: Succession,
    made: Sequence[Step],
    *,
    standing: Mapping[str, Row],
    known: Mapping[str, Row],
    by: Caller,
    now: datetime,
) -> None:
    """Close, lead on and open: in this order, so that of several entries of one code the last one holds."""
    heirs = {one.old: one.new for one in made if one.inherits}
    last_day = act.effective_on - timedelta(days=1)
    closed: dict[str, Row] = {}
    for code in heirs:
        row = standing[code]
        closed[code] = row | _next(row, now) | {"valid_to": last_day}
    moved = [old for old, new in heirs.items() if new != old]
    led = [
        row | _next(row, now)
        for row in await _last_rows(session, among(places.c.code_now, moved))
        if row["code"] not in closed
    ]
    opened: dict[str, Row] = {}
    for step in made:
        before = standing[step.old]
        row = opened.setdefault(step.new, _opened(step, act, before, known.get(step.new) or closed.get(step.new), now))
        row["predecessors"] = sorted({*row["predecessors"], step.old})
    rows = [
        *((row, heirs[code]) for code, row in closed.items()),
        *((row, heirs[row.pop("code_now")]) for row in led),
        *((row, code) for code, row in opened.items()),
    ]
    await upsert_rows(session, Region.__table__, [row for row, _ in rows], key="id")
    await stand(session, rows)
    changes = [_succession_change(act), *(region_change(row, code_now=code_now) for row, code_now in rows)]
    entries = [entry_row(change, actor=by.account_id, now=now) for change in changes]
    # A province has thousands of them.
    await copy_rows(session, journal_entries, entries)


def _next(row: Row, now: datetime) -> Row:
    return {"version": row["version"] + 1, "changed_at": now}


def _opened(step: Step, act: Succession, before: Row, known: Row | None, now: datetime) -> Row:
    """Return the row that a step opens; versions of one code go on counting."""
    came_with_list = known is not None and known["valid_from"] == act.effective_on
    return {
        "id": known["id"] if known is not None and came_with_list else new_id(),
        "code": step.new,
        "parent_code": parent_of(step.new),
        "name": step.name or (known["name"] if known is not None else before["name"]),
        "level": level_of(step.new),
        "kind": kind_of(step.new),
        "valid_from": act.effective_on,
        "valid_to": None,
        "legal_basis": act.legal_basis,
        "predecessors": [],
        "succession_id": act.id,
        "version": known["version"] + 1 if known is not None else 1,
        "recorded_at": known["recorded_at"] if known is not None and came_with_list else now,
        "changed_at": now,
    }


async def stand(session: AsyncSession, rows: Iterable[tuple[Mapping[str, Any], str]]) -> None:
    """Keep where places stand as a follower of the journal does: of each code the last row."""
    last = {
        row["code"]: place_row(
            row["code"],
            name=row["name"],
            code_now=code_now,
            valid_from=row["valid_from"],
            valid_to=row["valid_to"],
        )
        for row, code_now in rows
    }
    await upsert_rows(session, places, list(last.values()), key="kelurahan_code")

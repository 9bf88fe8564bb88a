"""Use cases of regions that a file adds to the list, and of taking them back while nothing bears their codes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import String, delete, not_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.database import journal_entries, places
from services.registry.regions.editions import fresh_row, keep_regions, known_regions
from services.registry.regions.models import CODE, Region
from services.registry.regions.rules import CodeInvalidError, kind_of, level_of, parent_of
from services.registry.regions.schemas import RegionDraft
from services.registry.regions.service import RegionUnknown, lock_regions
from shared.errors import Conflict, Invalid, Refusal, Text
from shared.identity import new_id
from shared.journal import Change
from shared.occurrence import require_order
from shared.permissions import Caller
from shared.statements import among


class CodeWrong(Invalid):
    code = "region.code_wrong"
    title = Text("Kode wilayah salah", "Wrong region code")
    detail = Text(
        "{code} tidak mungkin: kelurahan bernomor 1xxx, desa 2xxx, desa adat 3xxx.",
        "{code} cannot be: a kelurahan is numbered 1xxx, a desa 2xxx, a desa adat 3xxx.",
    )
    fix = Text("Periksa kodenya di peraturannya.", "Check the code in the regulation.")


class RegionKnown(Conflict):
    code = "region.known"
    title = Text("Wilayah sudah tercatat", "Region on record already")
    detail = Text(
        "Wilayah {code} sudah tercatat sebagai {name}, dengan isi lain; berkas hanya menambah wilayah.",
        "The region {code} is on record as {name}, with other content; a file only adds regions.",
    )
    fix = Text(
        "Nama dan tanggal diperbaiki dengan edisi daftar resmi; perubahan hukum dicatat sebagai suksesi.",
        "Names and days are corrected by an edition of the official list; an act of law is a succession.",
    )


async def add_regions(
    session: AsyncSession, drafts: Sequence[RegionDraft], *, by: Caller, now: datetime
) -> list[bool | Refusal]:
    """Add regions to the list, each with its id; return whether each is new, or its refusal.

    A region above may be one of them, if it comes first. One that is known with this content stays as it is, and
    one with other content is refused: what is on record was used since.
    """
    await lock_regions(session)
    known = await known_regions(session)
    found: list[bool | Refusal] = []
    rows: list[dict[str, Any]] = []
    for draft in drafts:
        try:
            region = _added(draft, known, by=by)
        except Refusal as refusal:
            found.append(refusal)
            continue
        if region is not None:
            known[draft.code] = fresh_row(region, draft.id or new_id(), now)
            rows.append(known[draft.code])
        found.append(region is not None)
    await keep_regions(session, rows, actor=by.account_id, now=now)
    return found


def _added(draft: RegionDraft, known: Mapping[str, Mapping[str, Any]], *, by: Caller) -> dict[str, Any] | None:
    """Return what a draft says of a new region, None of one that is known; refuse what cannot be."""
    by.require_region(draft.code)
    try:
        kind = kind_of(draft.code)
    except CodeInvalidError as error:
        raise CodeWrong(pointer="/code", code=draft.code) from error
    if draft.valid_from is not None:
        require_order(draft.valid_from, draft.valid_to, pointer="/valid_to")
    before = known.get(draft.code)
    region = draft.model_dump(exclude={"id"})
    if before is not None:
        if any(value is not None and value != before[name] for name, value in region.items()):
            raise RegionKnown(pointer="/code", code=draft.code, name=before["name"])
        return None
    parent = parent_of(draft.code)
    if parent is not None and parent not in known:
        raise RegionUnknown(pointer="/code", code=parent)
    return region | {"parent_code": parent, "level": level_of(draft.code), "kind": kind}


async def regions_in_use(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Return regions whose code something else bears: a region below that is none of them, or any row of a slice."""
    rows = await session.execute(select(Region.code, Region.id).where(among(Region.id, ids)))
    regions = {row.code: row.id for row in rows}
    # Who records something there holds the place until it is written: `items.require_place`.
    held = select(places.c.kelurahan_code).where(among(places.c.kelurahan_code, regions))
    await session.execute(held.order_by(places.c.kelurahan_code).with_for_update())
    below = select(Region.parent_code).where(among(Region.parent_code, regions), not_(among(Region.id, ids)))
    used = set(await session.scalars(below))
    led = places.c.code_now != places.c.kelurahan_code
    used |= set(await session.scalars(select(places.c.code_now).where(led, among(places.c.code_now, regions))))
    for table in Region.metadata.sorted_tables:
        if table in {Region.__table__, places, journal_entries}:
            continue
        for column in table.c:
            if isinstance(column.type, String) and column.type.length == CODE.length:
                used |= set(await session.scalars(select(column).where(among(column, regions)).distinct()))
            elif getattr(getattr(column.type, "item_type", None), "length", None) == CODE.length:
                named = await session.scalars(select(column).where(column.overlap(list(regions))))
                used |= {code for every in named for code in every if code in regions}
    return {regions[code] for code in used if code is not None}


def withdrawn_change(region: Region) -> Change:
    data = {"code": region.code, "version": region.version}
    return Change("region.withdrawn", f"regions/{region.code}", region.code, data)


async def forget_places(session: AsyncSession, regions: Sequence[Region]) -> None:
    """Let nothing stand under the codes of regions that were taken back."""
    codes = [region.code for region in regions]
    await session.execute(delete(places).where(among(places.c.kelurahan_code, codes)))

"""What files bring of regions: those that a regulation has made and the list does not have yet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.regions import additions
from services.registry.regions.models import Region
from services.registry.regions.schemas import RegionDraft
from shared.errors import Text
from shared.importables import Column, Importable, Outcome, Together
from shared.permissions import Caller

PROVINCE = 2
"""Digits of a province's code, with which the codes of all below it begin."""

COLUMNS = (
    Column(
        "Kode", "code", Text("Kode Kemendagri", "Code of the Ministry of Home Affairs"), "34.71.03.1009", digits=True
    ),
    Column("Nama", "name", Text("Nama wilayah", "Name of the region"), "Contoh"),
    Column("Berlaku sejak", "valid_from", Text("Boleh kosong", "May be empty"), "2024-01-02"),
    Column("Berlaku sampai", "valid_to", Text("Kosong: masih berlaku", "Empty: valid still")),
    Column("Dasar hukum", "legal_basis", Text("Peraturannya", "The regulation"), "Perda Kota Contoh 1/2024"),
)


async def _added(session: AsyncSession, drafts: Sequence[Any], by: Caller, now: datetime) -> Sequence[Outcome]:
    return await additions.add_regions(session, drafts, by=by, now=now)


async def _forget(session: AsyncSession, regions: Sequence[Any], _by: Caller, _now: datetime) -> None:
    await additions.forget_places(session, regions)


REGIONS = Importable(
    kind="regions",
    draft=RegionDraft,
    scope="registry:regions:write",
    columns=COLUMNS,
    record=_added,
    model=Region,
    withdrawn=additions.withdrawn_change,
    in_use=additions.regions_in_use,
    taken_back=_forget,
    # A region may come with the one above it; the largest province has some ten thousand.
    together=Together("code", most=20_000, key=lambda code: code[:PROVINCE]),
)

"""What files bring of households and residents."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal import service as personal
from services.registry.residents import homes, service
from services.registry.residents.models import Household, Resident
from services.registry.residents.numbers import KkShared, NumberAbsent, card_in
from services.registry.residents.rules import BirthYearAbsent, Sex, Vulnerability
from services.registry.residents.schemas import HouseholdDraft, ResidentDraft
from shared.errors import Text
from shared.importables import Column, Importable, Outcome, Together, together
from shared.journal import Change
from shared.permissions import Caller
from shared.statements import among
from shared.vault import Vault

SCOPE = "registry:residents:write"
PERSONAL = "registry:personal:read"
DAY = Text("TTTT-BB-HH atau HH/BB/TTTT", "YYYY-MM-DD or DD/MM/YYYY")
NUMBER_ABSENT = {
    "belum terbit": NumberAbsent.NOT_ISSUED,
    "tidak ditunjukkan": NumberAbsent.NOT_SHOWN,
    "hilang": NumberAbsent.LOST,
    "tidak diketahui": NumberAbsent.NOT_KNOWN,
    "keberatan": NumberAbsent.DECLINED,
    "tidak ditanyakan": NumberAbsent.NOT_ASKED,
}
KK_SHARED = {
    "belum pecah kk": KkShared.CARD_NOT_SPLIT,
    "dua rumah": KkShared.TWO_HOUSES,
    "pindah ke sini": KkShared.MOVED_HERE,
    "nomor di sana keliru": KkShared.OTHER_MISTAKEN,
}
OF_HOUSEHOLDS = (
    Column(
        "Kode kelurahan",
        "kelurahan_code",
        Text("Kode Kemendagri", "Code of the Ministry of Home Affairs"),
        "34.71.03.1001",
    ),
    Column("RT", "rt", Text("Nomor RT", "Number of the rukun tetangga"), "003"),
    Column("RW", "rw", Text("Nomor RW", "Number of the rukun warga"), "002"),
    Column("Sejak", "starts_on", Text("Hari pertama diketahui tinggal di sini", "First day known here"), "2024-01-15"),
    Column("Alamat", "address", Text("Pribadi", "Personal"), "Jalan Contoh 1", restricted=PERSONAL),
    Column("Lintang", "point/latitude", Text("Pribadi; derajat", "Personal; degrees"), restricted=PERSONAL),
    Column("Bujur", "point/longitude", Text("Pribadi; derajat", "Personal; degrees"), restricted=PERSONAL),
    Column("Nomor KK", "kk_number", Text("Pribadi", "Personal"), digits=True, restricted="registry:nik:read"),
    Column(
        "Alasan tanpa KK",
        "kk_absent_reason",
        Text("Bila nomor KK kosong", "When the number is empty"),
        "tidak ditunjukkan",
        choices=NUMBER_ABSENT,
    ),
    Column(
        "Alasan KK sama",
        "kk_shared_reason",
        Text("Bila rumah tangga lain memakai KK ini", "When another household has this card"),
        choices=KK_SHARED,
    ),
)
OF_RESIDENTS = (
    Column(
        "ID rumah tangga",
        "household_id",
        Text("ID rumah tangga yang sudah tercatat", "Id of a household on record"),
        "0190c0de-0000-7000-8000-000000000001",
    ),
    Column("Nama", "name", Text("Pribadi", "Personal"), "Warga Contoh", restricted=PERSONAL),
    Column("NIK", "nik", Text("Pribadi", "Personal"), digits=True, restricted="registry:nik:read"),
    Column(
        "Alasan tanpa NIK",
        "nik_absent_reason",
        Text("Wajib bila NIK kosong", "Required when the NIK is empty"),
        "tidak ditunjukkan",
        choices=NUMBER_ABSENT,
    ),
    Column("Telepon", "phone", Text("Pribadi", "Personal"), digits=True, restricted=PERSONAL),
    Column(
        "Jenis kelamin",
        "sex",
        Text("Perempuan atau laki-laki", "Female or male"),
        "perempuan",
        choices={"perempuan": Sex.FEMALE, "p": Sex.FEMALE, "laki-laki": Sex.MALE, "l": Sex.MALE},
    ),
    Column("Tahun lahir", "birth_year", Text("Empat angka", "Four digits"), "1980"),
    Column(
        "Alasan tanpa tahun lahir",
        "birth_year_absent_reason",
        Text("Wajib bila tahun lahir kosong", "Required when the year is empty"),
        choices={
            "tidak diketahui": BirthYearAbsent.NOT_KNOWN,
            "keberatan": BirthYearAbsent.DECLINED,
            "tidak ditanyakan": BirthYearAbsent.NOT_ASKED,
        },
    ),
    Column(
        "Kerentanan",
        "vulnerabilities",
        Text(
            "Beberapa dipisah titik koma; `tidak ada`: sudah ditanyakan; kosong: belum",
            "Several apart by semicolons; `tidak ada`: asked, none; empty: not asked",
        ),
        choices={
            "difabel fisik": Vulnerability.PHYSICAL_DISABILITY,
            "netra": Vulnerability.VISUAL_DISABILITY,
            "rungu wicara": Vulnerability.HEARING_OR_SPEECH_DISABILITY,
            "intelektual": Vulnerability.INTELLECTUAL_DISABILITY,
            "mental": Vulnerability.MENTAL_DISABILITY,
            "sakit menahun": Vulnerability.CHRONIC_ILLNESS,
            "lansia sebatang kara": Vulnerability.ELDERLY_ALONE,
            "perempuan kepala keluarga": Vulnerability.FEMALE_HEAD_OF_FAMILY,
            "yatim piatu": Vulnerability.ORPHAN,
            "hamil atau menyusui": Vulnerability.PREGNANT_OR_NURSING,
            "tunawisma": Vulnerability.HOMELESS,
        },
        restricted=PERSONAL,
    ),
    Column("Sejak", "starts_on", DAY),
)


def _household_withdrawn(household: Any) -> Change:
    return service.household_change("household.withdrawn", household)


def _resident_withdrawn(resident: Any) -> Change:
    return service.resident_change("resident.withdrawn", resident)


async def _in_use(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Return residents who head a household, stand for another record, or appear anywhere else."""
    used: set[Any] = set(await session.scalars(select(Household.head_id).where(among(Household.head_id, ids))))
    used |= set(await session.scalars(select(Resident.merged_into).where(among(Resident.merged_into, ids))))
    rows = await session.execute(select(Resident.person_id, Resident.id).where(among(Resident.id, ids)))
    persons = {row.person_id: row.id for row in rows}
    for table in Resident.metadata.sorted_tables:
        if (named := table.c.get("resident_id")) is not None:
            used |= set(await session.scalars(select(named).where(among(named, ids)).distinct()))
    return used | {persons[one] for one in await personal.named_elsewhere(session, persons, apart_from="residents")}


async def _forget(session: AsyncSession, items: Sequence[Any], by: Caller, now: datetime) -> None:
    await personal.forget(session, [item.id for item in items], by=by, now=now)


def importables(vault: Vault) -> tuple[Importable, Importable]:
    """Return what files may bring; the vault seals what names somebody."""

    async def household(
        session: AsyncSession, draft: HouseholdDraft, *, by: Caller, now: datetime
    ) -> tuple[UUID, bool]:
        return await homes.record_household(session, vault, draft, by=by, now=now)

    async def households(session: AsyncSession, drafts: Sequence[Any], by: Caller, now: datetime) -> Sequence[Outcome]:
        return await homes.record_households(session, vault, drafts, by=by, now=now)

    async def resident(session: AsyncSession, draft: ResidentDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
        return await service.record_resident(session, vault, draft, by=by, now=now)

    async def residents(session: AsyncSession, drafts: Sequence[Any], by: Caller, now: datetime) -> Sequence[Outcome]:
        return await service.record_residents(session, vault, drafts, by=by, now=now)

    return (
        Importable(
            kind="households",
            draft=HouseholdDraft,
            scope=SCOPE,
            columns=OF_HOUSEHOLDS,
            record=together(households, household),
            model=Household,
            withdrawn=_household_withdrawn,
            reading="households.read",
            taken_back=_forget,
            together=Together("kk_number", key=card_in),
        ),
        Importable(
            kind="residents",
            draft=ResidentDraft,
            scope=SCOPE,
            columns=OF_RESIDENTS,
            record=together(residents, resident),
            model=Resident,
            withdrawn=_resident_withdrawn,
            reading="residents.read",
            in_use=_in_use,
            taken_back=_forget,
            within=(Household, "household_id"),
        ),
    )

"""What files bring of volunteers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.personal import service as personal
from services.registry.residents.service import Sex
from services.registry.volunteers import service
from services.registry.volunteers.models import Volunteer
from services.registry.volunteers.rules import VolunteerRole
from services.registry.volunteers.schemas import VolunteerDraft
from shared.errors import Text
from shared.importables import Column, Importable, Together, one_by_one
from shared.journal import Change
from shared.permissions import Caller
from shared.statements import among
from shared.vault import Vault

COLUMNS = (
    Column(
        "Kode kelurahan",
        "kelurahan_code",
        Text("Kode Kemendagri", "Code of the Ministry of Home Affairs"),
        "34.71.03.1001",
    ),
    Column(
        "ID warga", "resident_id", Text("Kosong: tidak tercatat sebagai warga", "Empty: not on record as a resident")
    ),
    Column("Nama", "name", Text("Pribadi", "Personal"), "Relawan Contoh", restricted="registry:personal:read"),
    Column("Telepon", "phone", Text("Pribadi", "Personal"), digits=True, restricted="registry:personal:read"),
    Column(
        "Jenis kelamin",
        "sex",
        Text("Perempuan atau laki-laki", "Female or male"),
        "perempuan",
        choices={"perempuan": Sex.FEMALE, "p": Sex.FEMALE, "laki-laki": Sex.MALE, "l": Sex.MALE},
    ),
    Column(
        "Tugas",
        "roles",
        Text("Beberapa dipisah titik koma", "Several apart by semicolons"),
        "penggerak; tim survei",
        choices={
            "penggerak": VolunteerRole.MOBILISER,
            "tim survei": VolunteerRole.SURVEY_TEAM,
            "tim perencanaan": VolunteerRole.PLANNING_TEAM,
            "panitia pemilihan": VolunteerRole.ELECTION_COMMITTEE,
            "panitia pembangunan": VolunteerRole.WORKS_TEAM,
            "pemantau": VolunteerRole.MONITORING_TEAM,
        },
    ),
    Column("Tanggal pelatihan", "trained_on", Text("Kosong: belum", "Empty: not yet")),
    Column("Sejak", "starts_on", Text("TTTT-BB-HH atau HH/BB/TTTT", "YYYY-MM-DD or DD/MM/YYYY"), "2024-01-15"),
    Column("Sampai", "ends_on", Text("Kosong: masih relawan", "Empty: a volunteer still")),
)


def _withdrawn(volunteer: Any) -> Change:
    return service.volunteer_change("volunteer.withdrawn", volunteer)


async def _in_use(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Return volunteers who are known as a person from here alone, and whom something else names."""
    alone = select(Volunteer.person_id, Volunteer.id).where(among(Volunteer.id, ids), Volunteer.resident_id.is_(None))
    persons = {row.person_id: row.id for row in await session.execute(alone)}
    return {persons[one] for one in await personal.named_elsewhere(session, persons, apart_from="volunteers")}


async def _forget(session: AsyncSession, volunteers: Sequence[Any], by: Caller, now: datetime) -> None:
    await personal.forget(session, [volunteer.id for volunteer in volunteers], by=by, now=now)


def importable(vault: Vault) -> Importable:
    """Return what files may bring; the vault seals what names somebody."""

    async def volunteer(
        session: AsyncSession, draft: VolunteerDraft, *, by: Caller, now: datetime
    ) -> tuple[UUID, bool]:
        return await service.record_volunteer(session, draft, vault=vault, by=by, now=now)

    return Importable(
        kind="volunteers",
        draft=VolunteerDraft,
        scope="registry:volunteers:write",
        columns=COLUMNS,
        record=one_by_one(volunteer),
        model=Volunteer,
        withdrawn=_withdrawn,
        reading="volunteers.read",
        in_use=_in_use,
        taken_back=_forget,
        # One person is recorded once in a kelurahan, under whatever id a row names them.
        together=Together("kelurahan_code", placed=True),
    )

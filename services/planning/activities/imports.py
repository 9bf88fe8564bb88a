"""What files bring of activities: a plan's table of works, as it is kept in a spreadsheet."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.activities import service
from services.planning.activities.models import Activity
from services.planning.activities.rules import Source
from services.planning.activities.schemas import NamedActivity
from services.planning.mapping.service import Dimension
from services.planning.plans.service import Plan
from shared.errors import Text
from shared.importables import Column, Importable, Together, one_by_one
from shared.journal import Change
from shared.permissions import Caller

EMPTY_IS_NOTHING = Text("Rupiah; kosong: 0", "Rupiah; empty: 0")
NOT_COUNTED = Text("Kosong: belum dihitung", "Empty: not counted")
COLUMNS = (
    Column(
        "ID rencana",
        "plan_id",
        Text("ID rencana yang masih rancangan", "Id of a plan that is a draft"),
        "0190c0de-0000-7000-8000-000000000001",
    ),
    Column("Kegiatan", "title", Text("Nama kegiatan", "Title of the activity"), "Saluran drainase RT 03"),
    Column(
        "Bidang",
        "dimension",
        Text("Tridaya", "One of the three dimensions"),
        "lingkungan",
        choices={
            "lingkungan": Dimension.ENVIRONMENT,
            "sosial": Dimension.SOCIAL,
            "ekonomi": Dimension.ECONOMIC,
        },
    ),
    Column("ID masalah", "problem_id", Text("Masalah yang dijawab; boleh kosong", "The problem it answers, if any")),
    Column("Lokasi", "location", Text("RT dan RW; bukan rumah", "By RT and RW; no house"), "RT 03/RW 05"),
    Column("Tahun", "year", Text("Tahun ke-", "Year of the plan"), "1"),
    Column("Prioritas", "priority_rank", Text("Sekali dalam satu tahun", "Each once in a year"), "1"),
    Column("Nomor BAPPUK", "bappuk_reference", Text("Boleh kosong", "May be empty")),
    Column("Volume", "volume", Text("Paling banyak tiga desimal", "At most three decimals"), "120,5", decimal=True),
    Column("Satuan", "unit", Text("Yang dihitung", "What is counted"), "m"),
    Column("Harga satuan", "unit_cost_rupiah", Text("Rupiah", "Rupiah"), "400000"),
    Column("Biaya", "total_cost_rupiah", Text("Rupiah: volume kali harga", "Rupiah: volume times cost"), "48200000"),
    Column("BLM", f"funding/{Source.BLM}", EMPTY_IS_NOTHING, "40000000"),
    Column("Swadaya", f"funding/{Source.SWADAYA}", EMPTY_IS_NOTHING, "8200000"),
    Column("APBD kabupaten/kota", f"funding/{Source.APBD_KABKOTA}", EMPTY_IS_NOTHING),
    Column("APBD provinsi", f"funding/{Source.APBD_PROVINCE}", EMPTY_IS_NOTHING),
    Column("APBN lain", f"funding/{Source.APBN_OTHER}", EMPTY_IS_NOTHING),
    Column("Channeling", f"funding/{Source.CHANNELING}", EMPTY_IS_NOTHING),
    Column("Surplus UPK", f"funding/{Source.UPK_SURPLUS}", EMPTY_IS_NOTHING),
    Column("Dana lain", f"funding/{Source.OTHER}", EMPTY_IS_NOTHING),
    Column("KK penerima", "beneficiaries/households", Text("Rumah tangga", "Households"), "40"),
    Column("KK miskin", "beneficiaries/poor_households", NOT_COUNTED, "12"),
    Column("Perempuan", "beneficiaries/women", NOT_COUNTED),
    Column("Laki-laki", "beneficiaries/men", NOT_COUNTED),
)


def _withdrawn(activity: Any) -> Change:
    return service.activity_change("activity.withdrawn", activity)


async def _note(session: AsyncSession, activities: Sequence[Any], by: Caller, now: datetime) -> None:
    await service.note_withdrawn(session, activities, by=by, now=now)


ACTIVITIES = Importable(
    kind="activities",
    draft=NamedActivity,
    scope="planning:activities:write",
    columns=COLUMNS,
    record=one_by_one(service.draft_named),
    model=Activity,
    withdrawn=_withdrawn,
    taken_back=_note,
    within=(Plan, "plan_id"),
    together=Together("plan_id"),
)

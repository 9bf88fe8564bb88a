"""What files bring of groups."""

from typing import Any

from services.registry.groups.models import Group
from services.registry.groups.rules import Bond, GroupKind
from services.registry.groups.schemas import GroupDraft
from services.registry.groups.service import group_change, record_group
from shared.errors import Text
from shared.importables import Column, Importable, one_by_one
from shared.journal import Change

COLUMNS = (
    Column(
        "ID lembaga",
        "board_id",
        Text("ID BKM/LKM yang sudah tercatat", "Id of a board on record"),
        "0190c0de-0000-7000-8000-000000000001",
    ),
    Column("Nama", "name", Text("Nama KSM", "Name of the group"), "KSM Contoh Lestari"),
    Column(
        "Jenis",
        "kind",
        Text("Untuk apa dibentuk", "What it is formed for"),
        "ekonomi",
        choices={
            "lingkungan": GroupKind.ENVIRONMENT,
            "sosial": GroupKind.SOCIAL,
            "ekonomi": GroupKind.ECONOMIC,
            "panitia": GroupKind.COMMITTEE,
        },
    ),
    Column(
        "Kesamaan",
        "bond",
        Text("Apa yang sama pada anggotanya", "What its members have in common"),
        "kepentingan",
        choices={"kepentingan": Bond.INTEREST, "kegiatan": Bond.ACTIVITY, "domisili": Bond.DOMICILE},
    ),
    Column(
        "Tanggal terbentuk",
        "formed_on",
        Text("TTTT-BB-HH atau HH/BB/TTTT", "YYYY-MM-DD or DD/MM/YYYY"),
        "2019-03-12",
    ),
    Column("Anggota", "members", Text("Jumlah orang", "Persons"), "10"),
    Column("Perempuan", "women", Text("Jumlah perempuan di antaranya", "Women among them"), "6"),
)


def _withdrawn(group: Any) -> Change:
    return group_change("group.withdrawn", group)


GROUPS = Importable(
    kind="groups",
    draft=GroupDraft,
    scope="registry:groups:write",
    columns=COLUMNS,
    record=one_by_one(record_group),
    model=Group,
    withdrawn=_withdrawn,
)

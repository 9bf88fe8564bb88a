"""What files bring of groups and of who belongs to them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.groups import members
from services.registry.groups.models import Group, Membership
from services.registry.groups.rules import Bond, GroupKind, MemberRole, MembershipEnd
from services.registry.groups.schemas import GroupDraft, NamedMembership
from services.registry.groups.service import group_change, record_group
from shared.errors import Text
from shared.importables import Column, Importable, Together, one_by_one
from shared.journal import Change
from shared.permissions import Caller

DAY = Text("TTTT-BB-HH atau HH/BB/TTTT", "YYYY-MM-DD or DD/MM/YYYY")
OF_GROUPS = (
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
        DAY,
        "2019-03-12",
    ),
    Column("Anggota", "members", Text("Jumlah orang", "Persons"), "10"),
    Column("Perempuan", "women", Text("Jumlah perempuan di antaranya", "Women among them"), "6"),
)
OF_MEMBERSHIPS = (
    Column(
        "ID KSM",
        "group_id",
        Text("ID KSM yang sudah tercatat", "Id of a group on record"),
        "0190c0de-0000-7000-8000-000000000001",
    ),
    Column(
        "ID warga",
        "resident_id",
        Text("ID warga yang sudah tercatat", "Id of a resident on record"),
        "0190c0de-0000-7000-8000-000000000002",
    ),
    Column(
        "Peran",
        "role",
        Text("Tugasnya dalam KSM", "What the person does in the group"),
        "anggota",
        choices={
            "ketua": MemberRole.CHAIR,
            "sekretaris": MemberRole.SECRETARY,
            "bendahara": MemberRole.TREASURER,
            "anggota": MemberRole.MEMBER,
        },
    ),
    Column("Sejak", "starts_on", DAY, "2019-03-12"),
    Column("Tanggal pelatihan", "trained_on", Text("Kosong: belum", "Empty: not yet")),
    Column("Sampai", "ends_on", Text("Kosong: masih anggota", "Empty: a member still")),
    Column(
        "Alasan berakhir",
        "ended_because",
        Text("Wajib bila Sampai terisi", "Required with the last day"),
        choices={
            "mengundurkan diri": MembershipEnd.LEFT,
            "pindah": MembershipEnd.MOVED,
            "meninggal": MembershipEnd.DIED,
            "dikeluarkan": MembershipEnd.EXCLUDED,
            "berganti peran": MembershipEnd.NEW_ROLE,
            "ksm bubar": MembershipEnd.GROUP_DISSOLVED,
        },
    ),
)


def _withdrawn(group: Any) -> Change:
    return group_change("group.withdrawn", group)


def _membership_withdrawn(membership: Any) -> Change:
    return members.membership_change("membership.withdrawn", membership)


async def _left(session: AsyncSession, memberships: Sequence[Any], by: Caller, now: datetime) -> None:
    await members.move_left_groups(session, memberships, by=by, now=now)


GROUPS = Importable(
    kind="groups",
    draft=GroupDraft,
    scope="registry:groups:write",
    columns=OF_GROUPS,
    record=one_by_one(record_group),
    model=Group,
    withdrawn=_withdrawn,
    # A board has one group of a name and day.
    together=Together("board_id"),
)
MEMBERSHIPS = Importable(
    kind="memberships",
    draft=NamedMembership,
    scope="registry:groups:write",
    columns=OF_MEMBERSHIPS,
    record=one_by_one(members.join_named_group),
    model=Membership,
    withdrawn=_membership_withdrawn,
    taken_back=_left,
    within=(Group, "group_id"),
    together=Together("group_id"),
)

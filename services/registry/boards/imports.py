"""What files bring of boards."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.boards.entries import board_change
from services.registry.boards.models import Board, BoardName, LegalRecord
from services.registry.boards.rules import LegalStatus
from services.registry.boards.schemas import BoardDraft
from services.registry.boards.service import record_board
from services.registry.database import Base
from shared.errors import Text
from shared.importables import Column, Importable, Together, one_by_one
from shared.journal import Change

COLUMNS = (
    Column(
        "Kode kelurahan",
        "kelurahan_code",
        Text("Kode Kemendagri", "Code of the Ministry of Home Affairs"),
        "34.71.03.1001",
    ),
    Column("Nama", "name", Text("Nama BKM/LKM", "Name of the board"), "BKM Contoh Sejahtera"),
    Column(
        "Tanggal berdiri",
        "founded_on",
        Text("TTTT-BB-HH atau HH/BB/TTTT", "YYYY-MM-DD or DD/MM/YYYY"),
        "2008-05-17",
    ),
    Column(
        "Status hukum",
        "legal_status",
        Text("Kosong: belum ada", "Empty: none"),
        "akta notaris",
        choices={
            "belum ada": LegalStatus.NONE,
            "waarmerking": LegalStatus.WAARMERKING,
            "akta notaris": LegalStatus.AKTA_NOTARIS,
            "badan hukum": LegalStatus.BADAN_HUKUM,
        },
    ),
    Column("Nomor akta", "deed_number", Text("Nomor akta", "Number of the deed"), "12/2008", digits=True),
    Column("Tanggal akta", "deed_on", Text("Kosong: tanggal berdiri", "Empty: the founding"), "2008-06-02"),
    Column("Notaris", "notary", Text("Kantor notaris", "The notary's office")),
    Column(
        "Telepon",
        "phone",
        Text("Hanya terlihat di wilayahnya", "Seen only in its own region"),
        "0274-000000",
        digits=True,
    ),
)


PARTS = (BoardName, LegalRecord)


async def _in_use(session: AsyncSession, ids: Sequence[UUID]) -> set[UUID]:
    """Return boards that anything names: what they began since a split may stand under another code, with no foreign key."""
    used: set[UUID] = set()
    ours = {part.__tablename__ for part in PARTS}
    for table in Base.metadata.sorted_tables:
        if "board_id" in table.c and table.name not in ours:
            used |= set(await session.scalars(select(table.c.board_id).where(table.c.board_id.in_(ids)).distinct()))
    return used


def _withdrawn(board: Any) -> Change:
    return board_change("board.withdrawn", board)


BOARDS = Importable(
    kind="boards",
    draft=BoardDraft,
    scope="registry:boards:write",
    columns=COLUMNS,
    record=one_by_one(record_board),
    model=Board,
    withdrawn=_withdrawn,
    parts=PARTS,
    in_use=_in_use,
    # A place has one board of a name and day, whichever of its codes a row says.
    together=Together("name", key=str.casefold),
)

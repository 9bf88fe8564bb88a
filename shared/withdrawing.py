"""Imports taken back: all that a file made or nothing, while each item is as it came and nothing depends on any."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from sqlalchemy import MetaData, Row, Table, delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import Conflict, Fault, Text
from shared.importables import Importable
from shared.importing import MOST_NAMED, ImportMode, RowVerdict
from shared.jobstates import OPEN
from shared.journal import record
from shared.permissions import Caller


class ImportUnfinished(Conflict):
    code = "import.unfinished"
    title = Text("Belum selesai", "Not finished")
    detail = Text("Impor ini masih dikerjakan.", "This import is still being done.")
    fix = Text("Tunggu sampai selesai, atau batalkan pekerjaannya.", "Wait for its end, or cancel its job.")


class NothingToUndo(Conflict):
    code = "import.nothing_to_undo"
    title = Text("Tidak ada yang dibatalkan", "Nothing to undo")
    detail = Text(
        "Impor ini tidak menyimpan apa pun, atau sudah dibatalkan.", "This import kept nothing, or was undone already."
    )
    fix = Text("Periksa impornya dengan GET.", "Look at the import with GET.")


class ImportInUse(Conflict):
    code = "import.in_use"
    title = Text("Sudah dipakai", "In use already")
    detail = Text(
        "{count} barisnya sudah diubah atau dipakai; lihat `errors`. Tidak ada yang dibatalkan.",
        "{count} of its rows were changed or are in use; see `errors`. Nothing was undone.",
    )
    fix = Text("Perbaiki baris satu per satu.", "Correct the items one by one.")


AT_ONCE = 5_000
T = TypeVar("T")

CHANGED = Text("Sudah diubah atau dihapus sejak diimpor.", "Changed or removed since it was imported.")
DEPENDED = Text("Data lain bergantung padanya.", "Something else depends on it.")


async def undo(
    session: AsyncSession,
    tables: tuple[Table, Table],
    importable: Importable,
    known_as: Row[Any],
    *,
    by: Caller,
    now: datetime,
) -> None:
    """Take back what a locked import made, or refuse and name the rows that are in the way."""
    imports, rows = tables
    if known_as.waiting and known_as.state in OPEN:
        raise ImportUnfinished
    if known_as.mode != ImportMode.COMMIT or not known_as.accepted:
        raise NothingToUndo
    model = importable.model
    accepted = (rows.c.import_id == known_as.id, rows.c.verdict == RowVerdict.ACCEPTED)
    numbers = {row.item_id: row.number for row in await session.execute(select(rows).where(*accepted))}
    mine = select(rows.c.item_id).where(*accepted)
    if importable.within is not None:
        parent, named_by = importable.within
        parents = select(getattr(model, named_by)).where(model.id.in_(mine))
        await session.execute(
            select(parent.id).where(parent.id.in_(parents)).order_by(parent.id).with_for_update(of=parent)
        )
    found = (await session.scalars(select(model).where(model.id.in_(mine)).order_by(model.id).with_for_update())).all()
    items = {item.id: item for item in found}
    used = await _used(session, importable, list(items), mine)
    in_the_way = [(numbers[one], "import.item_changed", CHANGED) for one in numbers if not _as_made(items, one)]
    in_the_way += [(numbers[one], "import.item_in_use", DEPENDED) for one in used]
    if in_the_way:
        named = [
            Fault(f"/rows/{number}", code, message, {}) for number, code, message in sorted(in_the_way, key=_first)
        ]
        raise ImportInUse(faults=named[:MOST_NAMED], count=len({number for number, _, _ in in_the_way}))
    for item in items.values():
        record(session, importable.withdrawn(item), by=by, now=now)
    for table, column in _children(imports.metadata, model.__table__):
        await session.execute(delete(table).where(column.in_(mine)))
    await session.execute(delete(model.__table__).where(model.__table__.c.id.in_(mine)))
    session.expunge_all()
    if importable.taken_back is not None:
        for some in _some(found):
            await importable.taken_back(session, some, by, now)
    await session.execute(update(rows).where(*accepted).values(verdict=RowVerdict.WITHDRAWN))
    moved = {"accepted": 0, "withdrawn": imports.c.withdrawn + len(numbers)}
    changed = {"version": imports.c.version + 1, "changed_at": now}
    await session.execute(update(imports).where(imports.c.id == known_as.id).values(**moved, **changed))


def _some(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield as many at a time as one statement can name."""
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]


def _first(named: tuple[int, str, Text]) -> tuple[int, str]:
    return named[:2]


async def _used(session: AsyncSession, importable: Importable, ids: list[UUID], mine: Any) -> set[UUID]:
    """Return the items that something depends on: by a foreign key of a table that is no part, or as the slice says.

    A photo or paper of an item names it without one, by its kind.
    """
    used = await importable.in_use(session, ids) if importable.in_use else set()
    ours = {part.__table__.name for part in importable.parts}
    table = importable.model.__table__
    for child, column in _children(table.metadata, table):
        if child.name not in ours:
            used |= set(await session.scalars(select(column).where(column.in_(mine)).distinct()))
    attached = table.metadata.tables.get("attachments")
    if attached is not None:
        of_kind = attached.c.subject_kind == importable.kind
        used |= set(
            await session.scalars(select(attached.c.subject_id).where(of_kind, attached.c.subject_id.in_(mine)))
        )
    return used


def _as_made(items: Mapping[UUID, Any], item_id: UUID) -> bool:
    return item_id in items and items[item_id].version == 1


def _children(metadata: MetaData, parent: Table) -> list[tuple[Table, Any]]:
    """Return the tables under a table, each with its column that names the parent's id."""
    return [
        (table, element.parent)
        for table in metadata.sorted_tables
        for constraint in table.foreign_key_constraints
        for element in constraint.elements
        if element.column is parent.c.id
    ]

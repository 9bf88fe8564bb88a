"""Intake: a file's rows as an import keeps them, sealed and in the chunks in which they will be judged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Table, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import plain
from shared.errors import Fault, Invalid, Text
from shared.identity import new_id
from shared.importables import Importable, known
from shared.importing import MOST_NAMED, ImportMode, RowVerdict, vault_of
from shared.loading import copy_rows
from shared.permissions import Caller
from shared.sheets import Sheet, SheetRow
from shared.statements import among
from shared.verdicts import told

ROWS_AT_ONCE = 500
"""Rows of a chunk: many enough for set-based statements, few enough that no lock is held for long."""

OWN_HEADERS = ("Baris", "Kesalahan")
"""Columns of a corrected file that say which row it was and what was wrong; sent again, they are passed over."""


class ColumnsInvalid(Invalid):
    code = "import.columns_invalid"
    title = Text("Kolom tidak sesuai", "Columns do not fit")
    detail = Text(
        "Ada {count} kesalahan pada judul kolom; lihat `errors`. Tidak ada yang disimpan.",
        "{count} header(s) are wrong; see `errors`. Nothing was kept.",
    )
    fix = Text("Pakai judul kolom dari templat.", "Use the headers of the template.")


class FileEmpty(Invalid):
    code = "import.no_rows"
    title = Text("Tidak ada baris", "No rows")
    detail = Text("Berkas ini tidak memuat satu baris pun.", "The file holds no row.")
    fix = Text("Isi berkasnya di bawah judul kolom.", "Fill the file in below its headers.")


class TooManyTogether(Invalid):
    code = "import.too_many_together"
    title = Text("Terlalu banyak baris bersama", "Too many rows together")
    detail = Text(
        "Kolom {header} memuat {value} di {count} baris; paling banyak {most} dalam satu berkas.",
        "The column {header} holds {value} in {count} rows; a file takes at most {most}.",
    )
    fix = Text("Bagi menjadi beberapa berkas.", "Split it into several files.")


UNKNOWN = Text("Kolom {header} tidak dikenal.", "The column {header} is not known.")
TWICE = Text("Kolom {header} ada lebih dari sekali.", "The column {header} is there more than once.")
MISSING = Text("Kolom {header} tidak ada.", "The column {header} is missing.")
ROUNDED = Text(
    "Angka ini dibulatkan oleh aplikasi lembar kerja; ketik ulang sebagai teks.",
    "A spreadsheet rounded this number; type it again as text.",
)
NOT_TEXT = Text(
    "Sel ini berisi angka, sehingga nol di depan hilang; jadikan teks.",
    "This cell holds a number, so that leading zeros were lost; make it text.",
)
OVERFULL = Text("Baris ini lebih panjang daripada judul kolomnya.", "This row is longer than the headers.")
EXAMPLE = Text(
    "Ini baris contoh dari templat; hapus atau isi.", "This is the template's example; remove it or fill it in."
)
ID_TWICE = Text("ID ini sudah ada di baris {row}.", "This id stands in row {row} already.")


def fields_of(importable: Importable, headers: Sequence[str]) -> dict[str, str]:
    """Return each header's field, or ColumnsInvalid; a corrected file's own columns have none."""
    found: list[Fault] = []
    fields: dict[str, str] = {}
    for header in headers:
        if header.strip() in OWN_HEADERS:
            continue
        column = importable.by_name.get(known(header))
        if column is None or column.field in fields.values():
            told_as = ("import.column_unknown", UNKNOWN) if column is None else ("import.column_twice", TWICE)
            found.append(Fault("", *told_as, {"header": header or "-"}))
        else:
            fields[header] = column.field
    missing = [one.header for one in importable.required if one.field not in fields.values()]
    found += [Fault("", "import.column_missing", MISSING, {"header": header}) for header in missing]
    if found:
        raise ColumnsInvalid(faults=found[:MOST_NAMED], count=len(found))
    return fields


def kept_rows(importable: Importable, sheet: Sheet, *, secret: bytes) -> tuple[dict[str, str], list[dict[str, Any]]]:
    """Return the fields by their headers, and a sheet's rows as they are kept; takes a second for many thousands."""
    fields = fields_of(importable, sheet.headers)
    if not sheet.rows:
        raise FileEmpty
    vault = vault_of(secret)
    seen: dict[UUID, int] = {}
    rows = []
    for row in sheet.rows:
        cells = {fields[header]: text for header, text in row.cells.items() if header in fields}
        found = _form_faults(importable, row, fields)
        if cells == importable.example:
            found.append(told(None, "row.example", EXAMPLE, {}))
        item_id = _own_id(cells)
        if item_id in seen:
            found.append(told("ID", "import.id_twice", ID_TWICE, {"row": seen[item_id]}))
        elif item_id is not None:
            seen[item_id] = row.number
        # A UUID version 7 of its own for every row, kept with it: however often it is tried, it is one item.
        item_id = item_id or new_id()
        wrapped, sealed = vault.sealed(item_id, cells)
        rows.append(
            {
                "number": row.number,
                "key": _key(importable, row, cells),
                "item_id": item_id,
                "verdict": RowVerdict.WAITING,
                "faults": msgspec.json.encode(found).decode(),
                "wrapped_key": wrapped,
                "sealed": sealed,
            }
        )
    return fields, rows


def _own_id(cells: Mapping[str, str]) -> UUID | None:
    try:
        return UUID(cells["id"])
    except (KeyError, ValueError):
        return None


def _key(importable: Importable, row: SheetRow, cells: Mapping[str, str]) -> str:
    """Return what rows have in common that may be refused for each other; a row that shares nothing has its number."""
    one = importable.together
    shared = None if one is None or one.field not in cells else one.key(cells[one.field])
    return f"row {row.number}" if shared is None else shared


def chunks(keys: Sequence[str]) -> list[int]:
    """Return each row's chunk: rows of one key share one, which may therefore be larger than others."""
    placed: dict[str, int] = {}
    chunk = held = 0
    for key, count in Counter(keys).items():
        if held and held + count > ROWS_AT_ONCE:
            chunk, held = chunk + 1, 0
        placed[key] = chunk
        held += count
    return [placed[key] for key in keys]


def require_few(importable: Importable, keys: Sequence[str]) -> None:
    """Refuse more rows of one key than are recorded in one transaction."""
    if (one := importable.together) is None:
        return
    value, count = Counter(keys).most_common(1)[0]
    if count > one.most:
        raise TooManyTogether(header=importable.column_of(f"/{one.field}"), value=value, count=count, most=one.most)


def _form_faults(importable: Importable, row: SheetRow, fields: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return what the sheet itself did to a row."""
    found = []
    digits = {column.field: column for column in importable.all_columns if column.digits}
    for header, field in fields.items():
        column = importable.by_name[known(header)].header
        if header in row.rounded:
            found.append(told(column, "cell.number_rounded", ROUNDED, {}))
        elif header in row.typed and field in digits:
            found.append(told(column, "cell.not_text", NOT_TEXT, {}))
    if row.overfull:
        found.append(told(None, "row.too_long", OVERFULL, {}))
    return found


async def keep(
    session: AsyncSession,
    tables: tuple[Table, Table],
    importable: Importable,
    kept: tuple[dict[str, str], list[dict[str, Any]]],
    *,
    import_id: UUID,
    mode: ImportMode,
    by: Caller,
    now: datetime,
) -> None:
    """Keep a file in the request's own transaction, with the authority that it was sent under."""
    imports, rows = tables
    fields, lines = kept
    await session.execute(
        insert(imports).values(
            id=import_id,
            kind=importable.kind,
            mode=mode,
            account=by.account_id,
            caller=plain(asdict(by)),
            headers=fields,
            rows=len(lines),
            **{one.value: len(lines) if one is RowVerdict.WAITING else 0 for one in RowVerdict},
            version=1,
            recorded_at=now,
            changed_at=now,
        )
    )
    keys = [line.pop("key") for line in lines]
    if importable.together is not None and importable.together.placed:
        places = imports.metadata.tables["places"]
        stands = select(places.c.kelurahan_code, places.c.code_now).where(among(places.c.kelurahan_code, set(keys)))
        codes = {row.kelurahan_code: row.code_now for row in await session.execute(stands)}
        keys = [codes.get(key, key) for key in keys]
    require_few(importable, keys)
    placed = zip(lines, chunks(keys), strict=True)
    await copy_rows(session, rows, [{"import_id": import_id, "chunk": chunk, **line} for line, chunk in placed])

"""Files that imports give: templates to be filled in, and the rows that are to be mended."""

from collections.abc import Collection, Mapping
from typing import Any

from shared.errors import Language, Text
from shared.importables import Importable
from shared.importing import RowVerdict
from shared.intake import OWN_HEADERS
from shared.mediatypes import CSV
from shared.sheets import csv_bytes, xlsx_bytes
from shared.vault import Vault

NEVER_JUDGED = Text("Belum diperiksa.", "Not judged.")
NEEDED, OPTIONAL = Text("wajib", "required"), Text("boleh kosong", "optional")


def template(importable: Importable, form: str) -> bytes:
    """Return the headers of a kind over one row that shows how it is filled in; as XLSX also what each column means."""
    columns = importable.all_columns
    lines = [[one.header for one in columns], [one.example for one in columns]]
    return csv_bytes(lines) if form == CSV else xlsx_bytes([("Data", lines), ("Penjelasan", _explained(importable))])


def _explained(importable: Importable) -> list[list[str]]:
    lines = [["Kolom", "Field", "Isi", "Meaning", "Wajib?", "Pilihan / Choices"]]
    for one in importable.all_columns:
        need = NEEDED if one in importable.required else OPTIONAL
        choices = ", ".join(f"{word} = {term}" for word, term in one.choices.items())
        lines.append([one.header, one.field, one.meaning.id, one.meaning.en, need.id, choices])
    return lines


def corrections(
    fields: Mapping[str, str], found: Any, *, language: Language, vault: Vault, hidden: Collection[str]
) -> bytes:
    """Return rows as CSV under the headers that they came with, each with its number and what is wrong in it."""
    lines = [[*fields, *OWN_HEADERS]]
    for row in found:
        cells = vault.opened(row.item_id, bytes(row.wrapped_key), bytes(row.sealed))
        wrong = "; ".join(f"{one['column']}: {one[language]}" if one["column"] else one[language] for one in row.faults)
        if row.verdict == RowVerdict.WAITING:
            wrong = NEVER_JUDGED.said(language, {})
        shown = ("" if field in hidden else cells.get(field, "") for field in fields.values())
        lines.append([*shown, str(row.number), wrong])
    return csv_bytes(lines)

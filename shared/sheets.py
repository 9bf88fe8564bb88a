"""Sheets: CSV, XLSX and NDJSON as numbered rows of texts under headers, and back."""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import msgspec
from openpyxl import Workbook
from openpyxl.styles import Font
from python_calamine import CalamineError, CalamineWorkbook

from shared.errors import Invalid, Text
from shared.forms import FORMULA
from shared.mediatypes import CSV, NDJSON, TAKEN, XLSX

MOST_BYTES = 20 * 1024 * 1024
MOST_UNPACKED = 200 * 1024 * 1024
MOST_ROWS = 200_000
MOST_LINES = 1_048_576
"""Lines with the empty ones: as many as a spreadsheet has."""

MOST_COLUMNS = 100
MOST_CELLS = 10_000_000
EXACT = 10**15
"""From here on a spreadsheet no longer keeps every digit of a number."""

ROUNDED = re.compile(r"^\d([.,]\d+)?E\+?\d+$", re.IGNORECASE)
PLACED = re.compile(rb"""\sr\s*=\s*["']([^"']*)["']""")
CELL = re.compile(rb"^([A-Z]{0,3})([0-9]{1,7})$")


class FileUnreadable(Invalid):
    code = "file.unreadable"
    title = Text("Berkas tidak terbaca", "Unreadable file")
    detail = Text("Berkas ini bukan {form} yang utuh.", "The file is not a whole {form}.")
    fix = Text(
        "Unduh templatnya, isi, simpan sebagai XLSX atau CSV UTF-8, lalu kirim.",
        "Download the template, fill it in, save it as XLSX or CSV UTF-8 and send that.",
    )


class FileTooLarge(Invalid):
    status = 413
    code = "file.too_large"
    title = Text("Berkas terlalu besar", "File too large")
    detail = Text(
        "Paling banyak {rows} baris, {columns} kolom dan {bytes} bita.",
        "At most {rows} rows, {columns} columns and {bytes} bytes.",
    )
    fix = Text("Bagi menjadi beberapa berkas.", "Split it into several files.")

    def __init__(self) -> None:
        super().__init__(rows=MOST_ROWS, columns=MOST_COLUMNS, bytes=MOST_BYTES)


class FileTypeUnsupported(Invalid):
    status = 415
    code = "file.type_unsupported"
    title = Text("Jenis berkas tidak didukung", "Unsupported kind of file")
    detail = Text(
        "Content-Type harus text/csv, application/x-ndjson, atau jenis XLSX.",
        "Content-Type must be text/csv, application/x-ndjson or that of XLSX.",
    )
    fix = Text("Sebutkan jenis berkas di Content-Type.", "Name the kind of file in Content-Type.")


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A row as it was written: its number in the sheet, the headers' line being 1, and its cells that hold something.

    `typed` names the cells that held a number instead of text, `rounded` those whose digits were lost by it.
    """

    number: int
    cells: dict[str, str]
    typed: frozenset[str] = frozenset()
    rounded: frozenset[str] = frozenset()
    overfull: bool = False


@dataclass(frozen=True, slots=True)
class Sheet:
    """Headers, and rows without the empty ones."""

    headers: list[str]
    rows: list[SheetRow]


def form_of(content_type: str) -> str:
    """Return which form a file is said to have, or FileTypeUnsupported."""
    kind = content_type.partition(";")[0].strip().lower()
    if kind not in TAKEN.values():
        raise FileTypeUnsupported
    return kind


def read_sheet(content: bytes, form: str) -> Sheet:
    """Read a file; FileUnreadable when it is not whole, FileTooLarge when it holds more than is taken."""
    if len(content) > MOST_BYTES:
        raise FileTooLarge
    read = {CSV: _csv_lines, XLSX: _xlsx_lines, NDJSON: _ndjson_lines}[form]
    lines = read(content)
    headers = [_text(cell).strip() for cell in next(lines, [])]
    while headers and not headers[-1]:
        headers.pop()
    if not headers:
        raise FileUnreadable(form=form)
    if len(headers) > MOST_COLUMNS:
        raise FileTooLarge
    rows: list[SheetRow] = []
    for number, line in enumerate(lines, start=2):
        row = _row(number, headers, line, spreadsheet=form != NDJSON)
        if row.cells or row.overfull:
            rows.append(row)
        if len(rows) > MOST_ROWS or number > MOST_LINES:
            raise FileTooLarge
    return Sheet(headers, rows)


def _row(number: int, headers: Sequence[str], line: Sequence[Any], *, spreadsheet: bool) -> SheetRow:
    cells: dict[str, str] = {}
    typed, rounded = set(), set()
    for header, cell in zip(headers, line, strict=False):
        text = _text(cell).strip()
        if not text:
            continue
        if isinstance(cell, int | float) and not isinstance(cell, bool):
            typed.add(header)
            if isinstance(cell, float) and abs(cell) >= EXACT:
                rounded.add(header)
        elif spreadsheet:
            if text[0] == "'" and text[1:].startswith(FORMULA):
                # Our own exports put it there, so that no spreadsheet runs the text.
                text = text[1:]
            if ROUNDED.match(text):
                rounded.add(header)
        cells[header] = text
    overfull = any(_text(cell).strip() for cell in line[len(headers) :])
    return SheetRow(number, cells, frozenset(typed), frozenset(rounded), overfull)


def _text(cell: Any) -> str:  # noqa: PLR0911 - one answer for each kind of value
    """Return what a cell says; a date as ISO 8601, a whole number without its point."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() else repr(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return msgspec.json.encode(cell).decode() if isinstance(cell, dict | list) else str(cell)


def _csv_lines(content: bytes) -> Iterator[list[str]]:
    try:
        text = content.decode("utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig")
        first = text[: text.find("\n")] if "\n" in text else text
        # Spreadsheets set to Indonesian write semicolons, since the comma is their decimal point.
        delimiter = max(",;\t", key=first.count)
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    except (UnicodeDecodeError, csv.Error) as error:
        raise FileUnreadable(form="CSV (UTF-8)") from error


def _ndjson_lines(content: bytes) -> Iterator[list[Any]]:
    items: list[dict[str, Any]] = []
    try:
        for line in content.removeprefix(b"\xef\xbb\xbf").split(b"\n"):
            # An empty line keeps its number, so that a row is found where the file has it.
            items.append(msgspec.json.decode(line, type=dict[str, Any]) if line.strip() else {})
            if len(items) > MOST_ROWS:
                raise FileTooLarge
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise FileUnreadable(form="NDJSON") from error
    headers = list(dict.fromkeys(name for item in items for name in item))
    if len(headers) > MOST_COLUMNS:
        raise FileTooLarge
    yield headers
    for item in items:
        yield [item.get(name) for name in headers]


def _xlsx_lines(content: bytes) -> Iterator[list[Any]]:
    try:
        _require_harmless(content)
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(content))
        yield from workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    # An archive that is encrypted or packed in a way of its own is a RuntimeError, a broken stream a zlib.error.
    except (CalamineError, zipfile.BadZipFile, zlib.error, OSError, ValueError, RuntimeError, IndexError) as error:
        raise FileUnreadable(form="XLSX") from error


def _require_harmless(content: bytes) -> None:
    """Refuse a small file that would fill the memory: packed too well, or with a cell far away from all others."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > MOST_UNPACKED:
            raise FileTooLarge
        # Reads every entry: one that is larger than it says does not match its checksum.
        if archive.testzip() is not None:
            raise FileUnreadable(form="XLSX")
        for name in archive.namelist():
            if "/worksheets/" in name and name.endswith(".xml"):
                _require_near(archive.read(name))


def _require_near(sheet: bytes) -> None:
    if b"\x00" in sheet[:4]:
        raise FileUnreadable(form="XLSX")
    columns = rows = 1
    for found in PLACED.finditer(sheet):
        place = CELL.match(found[1])
        if place is None:
            raise FileUnreadable(form="XLSX")
        column = 0
        for letter in place[1]:
            column = column * 26 + letter - 64
        columns, rows = max(columns, column), max(rows, int(place[2]))
    if columns * rows > MOST_CELLS or rows > MOST_LINES:
        raise FileTooLarge


def csv_bytes(lines: Iterable[Sequence[str]]) -> bytes:
    """Write lines as CSV with a mark by which a spreadsheet knows UTF-8; a text that it would run gets an apostrophe."""
    written = io.StringIO()
    writer = csv.writer(written)
    for line in lines:
        writer.writerow([f"'{cell}" if cell.startswith(FORMULA) else cell for cell in line])
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def xlsx_bytes(sheets: Sequence[tuple[str, Sequence[Sequence[str]]]]) -> bytes:
    """Write sheets of a title and lines; every cell is text, so that no digit is lost when somebody types one."""
    book = Workbook()
    for index, (title, lines) in enumerate(sheets):
        sheet: Any = book.active if index == 0 else book.create_sheet()
        sheet.title = title
        for number, line in enumerate(lines, start=1):
            for column, value in enumerate(line, start=1):
                cell = sheet.cell(number, column, value)
                cell.data_type, cell.number_format = "s", "@"
                if number == 1:
                    cell.font = Font(bold=True)
        sheet.freeze_panes = "A2"
        for column in range(1, len(lines[0]) + 1):
            letter = sheet.cell(1, column).column_letter
            sheet.column_dimensions[letter].width = 24
            # Also of the cells below, which are empty now.
            sheet.column_dimensions[letter].number_format = "@"
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()

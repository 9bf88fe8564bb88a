"""Files that would take everything are refused, and whoever reads beside them notices nothing."""

import io
import resource
import subprocess
import zipfile
from typing import Any

import pytest

from shared.mediatypes import CSV, NDJSON, XLSX
from shared.reading import read_apart
from shared.sheets import FileTooLarge, FileUnreadable, read_sheet, xlsx_bytes

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def a_book(rows: str, *, text: str = "nama") -> bytes:
    """Return a workbook of one sheet, written by hand, that has one shared text."""
    kinds = '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE.replace("relationships", "content-types")}">{kinds}</Types>',
        "_rels/.rels": _links(("officeDocument", "xl/workbook.xml")),
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="a" sheetId="1" r:id="r0"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _links(
            ("worksheet", "worksheets/sheet1.xml"), ("sharedStrings", "sharedStrings.xml")
        ),
        "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>{text}</t></si></sst>',
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return written.getvalue()


def _links(*links: tuple[str, str]) -> str:
    inner = "".join(
        f'<Relationship Id="r{number}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links)
    )
    return f'<Relationships xmlns="{PACKAGE}">{inner}</Relationships>'


CELL = '<c t="s"><v>0</v></c>'


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (xlsx_bytes([("a", [["nama", "rt"], ["Ibu Contoh", "003"], ["", ""], ["Pak Contoh", "1"]])]), XLSX),
        (a_book(f"<row>{CELL}</row><row>{CELL}</row>"), XLSX),
        (b"nama;rt\nIbu Contoh;'=003\n\nPak;;lebih\n", CSV),
        (b'{"nama": "Ibu", "n": 1234567890123456789}\n\n{"nama": 1e15}\n', NDJSON),
    ],
    # A book tells when it was made.
    ids=["workbook", "book by hand", "csv", "ndjson"],
)
def test_apart_the_same_is_read(content: bytes, form: str) -> None:
    assert read_apart(content, form) == read_sheet(content, form)


@pytest.mark.parametrize(("content", "form"), [(b"PK no book", XLSX), (b"\xff", CSV), (b"{", NDJSON), (b"", CSV)])
def test_what_is_not_whole_is_named(content: bytes, form: str) -> None:
    told = []
    for read in (read_sheet, read_apart):
        with pytest.raises(FileUnreadable) as refused:
            read(content, form)
        told.append(refused.value.values)
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("content", "form"),
    [
        # A text of a megabyte, said once and pointed to from ten thousand cells: 10 GB out of 40 kB.
        (a_book(f"<row>{CELL}</row>" * 10_000, text="x" * 1_000_000), XLSX),
        # The same, small enough to be read, and too much for whoever asked.
        (a_book(f"<row>{CELL}</row>" * 20_000, text="x" * 10_000), XLSX),
        # Ten million rows, of which two hold something.
        (a_book(f'<row r="1">{CELL}</row><row r="9999999"><c r="A9999999"><v>1</v></c></row>'), XLSX),
        # As many without saying so.
        (a_book(f"<row>{CELL}</row>" + "<row/>" * 2_000_000 + f"<row>{CELL}</row>"), XLSX),
        (b"a\n" + b"\n" * (20 * 1024 * 1024 - 2), CSV),
    ],
    ids=["one text for all", "one text for many", "far away", "far away unsaid", "empty lines"],
)
def test_what_would_take_everything_is_refused(content: bytes, form: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    with pytest.raises(FileTooLarge):
        read_apart(content, form)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024


def test_the_process_that_reads_is_told_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {}

    def noted(words: list[str], **named: Any) -> Any:
        told.update(named)
        raise subprocess.TimeoutExpired(words, 1)

    monkeypatch.setattr("shared.reading.subprocess.run", noted)
    with pytest.raises(FileTooLarge):
        read_apart(b"a\n1\n", CSV)
    assert told["env"] == {}


def test_a_book_that_is_locked_or_torn_is_unreadable() -> None:
    whole = a_book("")
    locked, torn = bytearray(whole), bytearray(whole)
    listed = whole.index(b"PK\x01\x02")
    locked[6] |= 1
    locked[listed + 8] |= 1
    first = 30 + len("[Content_Types].xml")
    torn[first : first + 8] = bytes(one ^ 0xFF for one in torn[first : first + 8])
    for content in (bytes(locked), bytes(torn)):
        with pytest.raises(FileUnreadable):
            read_sheet(content, XLSX)

"""Imports: a file's rows judged as single POSTs, kept once, taken back whole; checks say what commits do."""

import asyncio
import csv
import io
import struct
import tracemalloc
import zipfile
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update

from shared.authority import Authorities
from shared.clock import read_clock
from shared.importing import KEPT, Importing, forget_old_imports
from shared.importviews import MOST_OPEN
from shared.mediatypes import XLSX
from shared.permissions import Caller
from shared.sheets import MOST_BYTES, FileTooLarge, FileUnreadable, read_sheet, xlsx_bytes
from tests.house import Running, code_of, etag
from tests.shared.importing import BOARD, CODE, MUTATED, Sender, csv_file

BOARDS = "/registry/v1/boards"


@pytest.fixture
def sender(registry: Running) -> Sender:
    return Sender(registry, "facilitator")


async def count(registry: Running, table: str) -> int:
    async with registry.database.reads.connect() as connection:
        return int(await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0)  # noqa: S608


async def actions(registry: Running) -> list[str]:
    entries = registry.tables.journal_entries
    async with registry.database.reads.connect() as connection:
        return list(await connection.scalars(select(entries.c.action).order_by(entries.c.id)))


async def test_a_file_becomes_items_as_if_each_row_had_been_posted(registry: Running, sender: Sender) -> None:
    rows = [
        BOARD | {"Nama": "BKM Satu", "Status hukum": "Akta Notaris", "Nomor akta": "12/2008", "Notaris": "Contoh"},
        BOARD | {"Nama": "BKM Dua", "Tanggal berdiri": "17/05/2008"},
    ]
    seen = await sender.imported(csv_file(rows))
    boards = (await registry.http.get(f"{BOARDS}?sort=name")).json()["items"]

    assert (seen["rows"], seen["accepted"], seen["kind"], seen["mode"]) == (2, 2, "boards", "commit")
    assert [(one["name"], one["founded_on"], one["legal_status"]) for one in boards] == [
        ("BKM Dua", "2008-05-17", "none"),
        ("BKM Satu", "2008-05-17", "akta_notaris"),
    ]
    told = await sender.verdicts(seen["id"])
    assert [one["number"] for one in told] == [2, 3]
    assert {one["item_id"] for one in told} == {one["id"] for one in boards}
    assert await actions(registry) == ["board.recorded"] * 2


async def test_each_fault_stands_at_its_column_in_both_languages(sender: Sender) -> None:
    rows: list[dict[str, Any]] = [
        BOARD | {"Nama": "X"},
        BOARD | {"Tanggal berdiri": "2999-01-01"},
        BOARD | {"Kode kelurahan": "34.71.99.1001"},
        BOARD | {"Kode kelurahan": "33.74.01.1001"},
        BOARD | {"Status hukum": "entah", "Tanggal berdiri": "kemarin"},
        BOARD | {"Nomor akta": "12/2008"},
        BOARD | {"Nama": ""},
    ]
    seen = await sender.imported(csv_file(rows), mode="check")
    told = await sender.verdicts(seen["id"], **{"Accept-Language": "en"})

    assert (seen["refused"], seen["rows"]) == (7, 7)
    faults = [[(one["column"], one["code"]) for one in row["faults"]] for row in told]
    assert faults[0] == [("Nama", "value.too_short")]
    assert faults[1] == [("Tanggal berdiri", "date.in_the_future")]
    assert faults[2] == [("Kode kelurahan", "place.unknown")]
    assert faults[3] == [("Kode kelurahan", "region.missing")]
    assert faults[4] == [("Tanggal berdiri", "value.not_date"), ("Status hukum", "value.not_a_choice")]
    assert faults[5][0][0] == "Nomor akta"
    assert faults[6] == [("Nama", "field.missing")]
    assert told[0]["faults"][0]["message"] == "At least 3 characters."
    assert (await sender.verdicts(seen["id"]))[0]["faults"][0]["message"] == "Paling sedikit 3 karakter."
    only = (await sender.get(f"{seen['id']}/rows?verdict=accepted")).json()["items"]
    assert only == []


async def test_what_is_wrong_is_said_in_the_words_of_the_sheet(registry: Running) -> None:
    sender = Sender(registry, "facilitator")
    boards = [BOARD | {"Kode kelurahan": "3471"}, BOARD | {"Status hukum": "akta palsu"}, BOARD | {"ID": "x"}]
    seen = await sender.imported(csv_file(boards), mode="check")
    told = [row["faults"][0]["message"] for row in await sender.verdicts(seen["id"])]
    home = {"Kode kelurahan": CODE, "RT": "001", "Sejak": "2024-01-15", "Nomor KK": "123"}
    seen = await sender.imported(csv_file([home]), kind="households", mode="check")
    told += [row["faults"][0]["message"] for row in await sender.verdicts(seen["id"])]
    group = {"ID lembaga": str(uuid4()), "Nama": "KSM Contoh", "Jenis": "ekonomi", "Kesamaan": "kepentingan"}
    group |= {"Tanggal terbentuk": "2020-01-01", "Anggota": "1.000", "Perempuan": "5"}
    seen = await sender.imported(csv_file([group]), kind="groups", mode="check")
    told += [row["faults"][0]["message"] for row in await sender.verdicts(seen["id"])]

    assert told == [
        "Bentuknya lain; contoh: 34.71.03.1001.",
        "Pilih salah satu dari belum ada, waarmerking, akta notaris, badan hukum.",
        "Harus UUID.",
        "Ini pengisi, bukan nomor: kosongkan (null) dan sebutkan alasannya di Alasan tanpa KK.",
        "Harus bilangan bulat, tanpa titik atau koma.",
    ]


async def test_columns_come_back_in_the_order_they_were_sent(sender: Sender) -> None:
    headers = ["Telepon", "Tanggal berdiri", "Nomor akta", "Nama", "Kode kelurahan"]
    row = BOARD | {"Telepon": "0274-1", "Nomor akta": "1", "Nama": "X"}
    seen = await sender.imported(csv_file([{header: row[header] for header in headers}]))

    first = (await sender.get(f"{seen['id']}/corrected")).content.decode("utf-8-sig").splitlines()[0]
    assert first.split(",") == [*headers, "Baris", "Kesalahan"]


async def test_an_account_has_few_imports_under_way(registry: Running, sender: Sender) -> None:
    first, *_ = [await sender.send(csv_file([BOARD])) for _ in range(MOST_OPEN - 1)]
    both = await asyncio.gather(*(sender.send(csv_file([BOARD])) for _ in range(2)))
    refused = next(reply for reply in both if reply.status_code != 202)

    assert sorted(reply.status_code for reply in both) == [202, 429]
    assert (code_of(refused), refused.headers["Retry-After"]) == ("import.too_many_open", "30")
    assert (await Sender(registry, "facilitator").send(csv_file([BOARD]))).status_code == 202
    await sender.work(first.json()["id"])
    assert (await sender.send(csv_file([BOARD]))).status_code == 202


async def test_who_is_suspended_meanwhile_records_nothing_more(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.intake.ROWS_AT_ONCE", 10)
    reply = await sender.send(csv_file([BOARD | {"Nama": f"BKM {number}"} for number in range(25)]))
    import_id, judge = reply.json()["id"], Importing._judge  # noqa: SLF001
    monkeypatch.setattr("shared.authority.REMEMBERED_SECONDS", 0.0)

    async def suspended(*given: Any) -> Any:
        sender.may = None
        return await judge(*given)

    monkeypatch.setattr(Importing, "_judge", suspended)
    await sender.work(import_id)
    await sender.work(import_id)

    assert await count(registry, "boards") == 10
    job = await registry.http.get(f"/registry/v1/jobs/{import_id}", headers=sender.headers)
    assert (job.json()["state"], job.json()["message"]) == ("failed", "Akun ditangguhkan")
    assert (await sender.seen(import_id))["waiting"] == 15
    assert len((await sender.get(f"{import_id}/corrected")).content.splitlines()) == 16


async def test_rows_are_judged_by_what_their_sender_may_by_then(registry: Running, sender: Sender) -> None:
    may = sender.may
    assert may is not None
    sender.may = replace(may, regions=("33",))
    seen = await sender.imported(csv_file([BOARD]))
    sender.may = replace(may, scopes=may.scopes - {"registry:boards:write"})
    reply = await sender.send(csv_file([BOARD]))
    await sender.work(reply.json()["id"])
    # More than the token of the day it was sent said is not given either.
    narrow = Sender(registry, "facilitator", scope="registry:residents:write registry:boards:write")
    narrow.may = may
    narrowed = await narrow.imported(csv_file([BOARD]))

    assert [one["code"] for one in (await sender.verdicts(seen["id"]))[0]["faults"]] == ["region.missing"]
    job = await registry.http.get(f"/registry/v1/jobs/{reply.json()['id']}", headers=sender.headers)
    assert (job.json()["state"], job.json()["message"]) == ("failed", "Tidak berwenang")
    assert narrowed["accepted"] == 1


async def test_while_nobody_tells_what_the_sender_may_it_waits(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.importing.PAUSE_SECONDS", 0.01)
    reply, asked = await sender.send(csv_file([BOARD])), 0

    async def ask(_account: UUID) -> Caller | None:
        nonlocal asked
        asked += 1
        if asked < 4:
            raise ConnectionError
        return sender.may

    async def revoked() -> dict[UUID, float]:
        return {}

    await registry.app.state.jobs.do(registry.database, Authorities(ask, revoked), UUID(reply.json()["id"]))
    assert ((await sender.seen(reply.json()["id"]))["accepted"], asked) == (1, 4)


async def test_a_wrong_parameter_is_named_once(sender: Sender) -> None:
    reply = await sender.send(csv_file([BOARD]), mode="maybe")

    assert (reply.status_code, [one["pointer"] for one in reply.json()["errors"]]) == (400, ["/mode"])
    assert "1 kesalahan" in reply.json()["detail"]


async def test_a_check_keeps_nothing_and_a_commit_says_the_same(registry: Running, sender: Sender) -> None:
    rows = [BOARD, BOARD | {"Nama": "X"}, BOARD | {"Nama": "BKM Dua"}]
    checked = await sender.imported(csv_file(rows), mode="check")
    assert (await count(registry, "boards"), await count(registry, "journal_entries")) == (0, 0)
    committed = await sender.imported(csv_file(rows))

    assert await count(registry, "boards") == 2
    for name in ("accepted", "existing", "refused"):
        assert checked[name] == committed[name]
    told = [await sender.verdicts(one["id"]) for one in (checked, committed)]
    assert [one["item_id"] is None for one in told[0]] == [True, True, True]
    assert [one["item_id"] is None for one in told[1]] == [False, True, False]
    assert [(one["verdict"], one["faults"]) for one in told[0]] == [(one["verdict"], one["faults"]) for one in told[1]]


async def test_what_was_wrong_can_be_downloaded_mended_and_sent_again(registry: Running, sender: Sender) -> None:
    rows = [BOARD, BOARD | {"Nama": "=X", "Telepon": "0274-1"}, BOARD | {"Nama": "Y"}]
    seen = await sender.imported(csv_file(rows))
    reply = await sender.get(f"{seen['id']}/corrected")
    mended = list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))

    assert reply.headers["Cache-Control"] == "private, no-store"
    assert [(one["Baris"], one["Nama"]) for one in mended] == [("3", "'=X"), ("4", "Y")]
    assert "Nama: Paling sedikit 3 karakter." in mended[0]["Kesalahan"]
    mended[1]["Nama"] = "BKM Tiga"
    mended[0]["Nama"] += "yz"
    again = await sender.imported(csv_file(mended))
    assert (again["accepted"], again["refused"]) == (2, 0)
    names = {one["name"] for one in (await registry.http.get(BOARDS)).json()["items"]}
    assert names == {"BKM Contoh", "=Xyz", "BKM Tiga"}


@pytest.mark.parametrize(
    ("content", "form", "refusal"),
    [
        (b"", "text/csv", (422, "file.unreadable")),
        (b"\xff\xff\xff", "text/csv", (422, "file.unreadable")),
        (b'Nama,Kode kelurahan,Tanggal berdiri\n"BKM', "text/csv", (422, "file.unreadable")),
        (b"Nama,Kode kelurahan,Tanggal berdiri\n,,\n", "text/csv", (422, "import.no_rows")),
        (b"Nama,Warna\nBKM,merah\n", "text/csv", (422, "import.columns_invalid")),
        (b"PK\x03\x04nonsense", XLSX, (422, "file.unreadable")),
        (b"[]", "application/x-ndjson", (422, "file.unreadable")),
        (b"{}", "application/json", (415, "file.type_unsupported")),
        (b"x" * (20 * 1024 * 1024 + 1), "text/csv", (413, "file.too_large")),
    ],
)
async def test_what_is_no_such_file_is_refused_and_leaves_nothing(
    registry: Running, sender: Sender, content: bytes, form: str, refusal: tuple[int, str]
) -> None:
    reply = await sender.send(content, form=form)

    assert (reply.status_code, code_of(reply)) == refusal
    assert (await count(registry, "imports"), await count(registry, "jobs")) == (0, 0)


async def test_headers_are_named_one_by_one(sender: Sender) -> None:
    reply = await sender.send(b"Nama,Warna,NAMA\nBKM,merah,x\n")

    codes = sorted(one["code"] for one in reply.json()["errors"])
    assert codes == ["import.column_missing"] * 2 + ["import.column_twice", "import.column_unknown"]
    assert "Warna" in str(reply.json()["errors"])


async def test_who_may_not_record_may_not_import(registry: Running, sender: Sender) -> None:
    file = csv_file([BOARD])
    nobody = await registry.http.post(f"{sender.address}?kind=boards&mode=check", content=file)
    volunteer = await Sender(registry, "auditor").send(file)
    unknown = await sender.send(file, kind="colours")

    assert (nobody.status_code, code_of(nobody)) == (401, "token.missing")
    assert (volunteer.status_code, code_of(volunteer)) == (403, "scope.missing")
    assert (unknown.status_code, code_of(unknown)) == (400, "query.invalid")
    elsewhere = await Sender(registry, "facilitator", regions=("33",)).imported(file)
    assert (elsewhere["accepted"], elsewhere["refused"]) == (0, 1)


async def test_an_import_is_seen_by_who_sent_it_alone(registry: Running, sender: Sender) -> None:
    seen = await sender.imported(csv_file([BOARD, BOARD | {"Nama": ""}]))
    other = Sender(registry, "facilitator")

    for path in (seen["id"], f"{seen['id']}/rows", f"{seen['id']}/corrected"):
        assert code_of(await other.get(path)) == "resource.not_found"
    assert code_of(await registry.http.get(f"{sender.address}/{seen['id']}")) == "token.missing"


async def test_a_file_sent_twice_with_one_key_is_one_import(registry: Running, sender: Sender) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await sender.send(csv_file([BOARD]), **key)
    again = await sender.send(csv_file([BOARD]), **key)
    other = await sender.send(csv_file([BOARD | {"Nama": "BKM Lain"}]), **key)

    assert (first.status_code, first.json()["id"]) == (again.status_code, again.json()["id"])
    assert again.headers["Idempotency-Replayed"] == "true"
    assert code_of(other) == "idempotency.key_reused"
    assert await count(registry, "imports") == 1


async def test_rows_with_ids_of_their_own_exist_the_second_time(sender: Sender) -> None:
    mine = str(uuid4())
    rows = [BOARD | {"ID": mine}, BOARD | {"ID": mine}, BOARD | {"ID": "bukan"}]
    first = await sender.imported(csv_file(rows))
    again = await sender.imported(csv_file([BOARD | {"ID": mine}, BOARD | {"ID": mine.upper(), "Nama": "BKM Lain"}]))
    changed = await sender.imported(csv_file([BOARD | {"ID": mine, "Nama": "BKM Lain"}]))

    assert (first["accepted"], first["refused"]) == (1, 2)
    codes = [[one["code"] for one in row["faults"]] for row in await sender.verdicts(first["id"])]
    assert codes == [[], ["import.id_twice"], ["value.not_uuid"]]
    assert (again["existing"], again["refused"]) == (1, 1)
    assert [one["code"] for one in (await sender.verdicts(changed["id"]))[0]["faults"]] == ["id.taken"]


async def test_after_a_crash_it_goes_on_at_the_first_row_without_a_verdict(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.intake.ROWS_AT_ONCE", 10)
    reply = await sender.send(csv_file([BOARD | {"Nama": f"BKM {number}"} for number in range(35)]))
    judge, chunks = Importing._judge, 0  # noqa: SLF001

    async def dying(*given: Any) -> Any:
        nonlocal chunks
        chunks += 1
        found = await judge(*given)
        if chunks == 3:
            raise RuntimeError
        return found

    monkeypatch.setattr(Importing, "_judge", dying)
    with pytest.raises(RuntimeError):
        await sender.work(reply.json()["id"])
    assert (await sender.seen(reply.json()["id"]))["waiting"] == 15
    assert await count(registry, "boards") == 20

    await sender.work(reply.json()["id"])
    await sender.work(reply.json()["id"])
    assert (await sender.seen(reply.json()["id"]))["accepted"] == 35
    assert (await count(registry, "boards"), await count(registry, "journal_entries")) == (35, 35)


async def test_what_an_import_made_is_taken_back_whole(registry: Running, sender: Sender) -> None:
    seen = await sender.imported(csv_file([BOARD, BOARD | {"Nama": "BKM Dua"}, BOARD | {"Nama": "X"}]))
    reply = await sender.undo(seen["id"])

    assert reply.status_code == 200, reply.text
    assert (reply.json()["accepted"], reply.json()["withdrawn"], reply.json()["refused"]) == (0, 2, 1)
    for table in ("boards", "board_names", "legal_records"):
        assert await count(registry, table) == 0
    assert await actions(registry) == ["board.recorded"] * 2 + ["board.withdrawn"] * 2
    assert code_of(await sender.undo(seen["id"])) == "import.nothing_to_undo"


async def test_it_is_not_taken_back_once_something_depends_on_a_row(registry: Running, sender: Sender) -> None:
    seen = await sender.imported(csv_file([BOARD, BOARD | {"Nama": "BKM Dua"}, BOARD | {"Nama": "BKM Tiga"}]))
    boards = {one["number"]: one["item_id"] for one in await sender.verdicts(seen["id"])}
    edited = await registry.http.get(f"{BOARDS}/{boards[2]}")
    reply = await registry.http.patch(
        f"{BOARDS}/{boards[2]}", json={"phone": "0274-1"}, headers=sender.headers | etag(edited)
    )
    assert reply.status_code == 200, reply.text
    group = {"board_id": boards[4], "name": "KSM Contoh", "kind": "economic", "bond": "interest"}
    group |= {"formed_on": "2020-01-01", "members": 10, "women": 5}
    reply = await registry.http.post("/registry/v1/groups", json=group, headers=sender.headers)
    assert reply.status_code == 201, reply.text

    reply = await sender.undo(seen["id"])

    assert (reply.status_code, code_of(reply)) == (409, "import.in_use")
    assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [
        ("/rows/2", "import.item_changed"),
        ("/rows/4", "import.item_in_use"),
    ]
    assert await count(registry, "boards") == 3


async def test_an_undo_asks_for_the_version_seen_and_for_an_end(registry: Running, sender: Sender) -> None:
    reply = await sender.send(csv_file([BOARD]))
    import_id = reply.json()["id"]
    assert code_of(await sender.undo(import_id)) == "import.unfinished"
    stale = etag(await sender.get(import_id))
    await sender.work(import_id)
    address = f"{sender.address}/{import_id}/undo"

    assert code_of(await registry.http.post(address, headers=sender.headers)) == "version.missing"
    assert code_of(await registry.http.post(address, headers=sender.headers | stale)) == "version.stale"
    other = registry.token("facilitator")
    assert code_of(await registry.http.post(address, headers=other | stale)) == "resource.not_found"
    checked = await sender.imported(csv_file([BOARD]), mode="check")
    assert code_of(await sender.undo(checked["id"])) == "import.nothing_to_undo"


async def test_what_rows_say_is_sealed_and_gone_once_accepted_and_after_thirty_days(
    registry: Running, sender: Sender
) -> None:
    seen = await sender.imported(csv_file([BOARD, BOARD | {"Nama": "Rahasia", "Tanggal berdiri": "kapan"}]))
    rows, imports = registry.tables.import_rows, registry.tables.imports
    async with registry.database.transaction() as session:
        kept = (await session.execute(select(rows).order_by(rows.c.number))).all()
        assert kept[0].sealed is None
        assert b"Rahasia" not in bytes(kept[1].sealed)
        await session.execute(update(imports).values(recorded_at=read_clock() - KEPT))
        await forget_old_imports(session, imports, rows, now=read_clock())
    assert (await count(registry, "imports"), await count(registry, "import_rows")) == (0, 0)
    assert code_of(await sender.get(seen["id"])) == "resource.not_found"


async def test_a_template_is_a_file_that_can_be_sent(registry: Running, sender: Sender) -> None:
    sheet = await registry.http.get(f"{sender.address}/templates/boards")
    lines = await registry.http.get(f"{sender.address}/templates/boards", headers={"Accept": "text/csv"})

    assert sheet.headers["content-type"] == XLSX
    for content, form in ((sheet.content, XLSX), (lines.content, "text/csv")):
        # Whoever fills in below the example and forgets it records no invented board.
        seen = await sender.imported(content, form=form, mode="check")
        (row,) = await sender.verdicts(seen["id"])
        assert [(one["column"], one["code"]) for one in row["faults"]] == [(None, "row.example")]
    filled = lines.content.replace(b"BKM Contoh Sejahtera", b"BKM Kita")
    assert (await sender.imported(filled, mode="check"))["accepted"] == 1
    assert code_of(await registry.http.get(f"{sender.address}/templates/colours")) == "resource.not_found"
    assert read_sheet(sheet.content, XLSX).headers == read_sheet(lines.content, "text/csv").headers


async def test_a_spreadsheet_of_any_kind_is_read_alike(registry: Running, sender: Sender) -> None:
    row, other = (BOARD | {"Nama": name, "Telepon": "0274-1"} for name in ("BKM Satu", "BKM Dua"))
    sheet = xlsx_bytes([("Data", [list(row), list(row.values())])])
    ndjson = b'\n{"kelurahan_code":"34.71.03.1001","name":"BKM Contoh","founded_on":"2008-05-17"}\n'
    files = ((csv_file([other], delimiter=";"), "text/csv"), (sheet, XLSX), (ndjson, "application/x-ndjson"))
    for content, form in files:
        seen = await sender.imported(content, form=form)
        assert seen["accepted"] == 1, await sender.verdicts(seen["id"])
    assert await count(registry, "boards") == 3


def packed(sheet: bytes, *, claimed: int | None = None) -> bytes:
    """Return a workbook whose one sheet is what is given, which may claim to be smaller than it is."""
    whole = xlsx_bytes([("Data", [["Nama"]])])
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(whole)) as old, zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, sheet if name == "xl/worksheets/sheet1.xml" else old.read(name))
    content = written.getvalue()
    return content if claimed is None else content.replace(struct.pack("<I", len(sheet)), struct.pack("<I", claimed))


def sheet_with(cell: str, *, filled: int = 0) -> bytes:
    head = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row>'
    value = f'<c r="{cell}" t="inlineStr"><is><t>{"x" * filled}</t></is></c>'
    return f"{head}{value}</row></sheetData></worksheet>".encode()


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        (packed(sheet_with("A1", filled=201 * 1024 * 1024)), FileTooLarge),
        (packed(sheet_with("A1", filled=1024 * 1024), claimed=1024), FileUnreadable),
        (packed(sheet_with("XFD1048576")), FileTooLarge),
        (packed(sheet_with("ZZZ9999999")), FileTooLarge),
        (packed(sheet_with("A99999999")), FileUnreadable),
        (packed("<worksheet/>".encode("utf-16")), FileUnreadable),
    ],
    ids=["unpacks to too much", "claims to be smaller", "a cell far away", "farther", "out of all bounds", "unseen"],
)
def test_a_small_workbook_cannot_fill_the_memory(content: bytes, refusal: type[Exception]) -> None:
    assert len(content) < MOST_BYTES
    tracemalloc.start()
    with pytest.raises(refusal):
        read_sheet(content, XLSX)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 20 * 1024 * 1024


words = st.sampled_from(
    [
        "",
        "BKM Contoh",
        "bkm contoh",
        "BKM Baru",
        "X",
        CODE,
        "33.74.01.1001",
        "2008-05-17",
        "17/5/2008",
        "3.47E+15",
        "akta notaris",
    ]
)
mutated = st.lists(
    st.fixed_dictionaries(
        {header: st.one_of(st.just(value), words) for header, value in BOARD.items()}
        | {
            "Status hukum": words,
            "Nomor akta": words,
            "Telepon": st.text(max_size=25),
            "ID": st.sampled_from(["", str(uuid4())]),
        }
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=MUTATED)
@given(rows=mutated)
async def test_mutated_files_get_the_same_verdicts_from_both(registry: Running, rows: list[dict[str, str]]) -> None:
    before = await count(registry, "boards")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shared.intake.ROWS_AT_ONCE", 2)
        told = await Sender(registry, "facilitator").agreed(rows, kind="boards")
    accepted = [one for one in told if one["verdict"] == "accepted"]
    assert await count(registry, "boards") == before + len(accepted)

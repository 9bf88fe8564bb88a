"""Paper books of complaints as files: sealed until they are filed, counted, taken back while nobody answered."""

from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.house import Running, code_of
from tests.monitoring.complaints.test_routes import COMPLAINTS, answered, everything_stored
from tests.monitoring.story import BACIRO, a_known_board
from tests.shared.importing import MUTATED, Sender, csv_file

COMPLAINT = {
    "Kode kelurahan": BACIRO,
    "Tanggal kejadian": "5/3/2026",
    "Jenis": "keuangan",
    "Kategori": "penyalahgunaan dana",
    "Isi": "Semen dibayar dua kali.",
    "Terlapor": "lainnya",
    "Saluran": "kotak pengaduan",
    "Nilai": "1500000",
    "Kontak": "0812000111 Contoh",
}


@pytest.fixture
def sender(monitoring: Running) -> Sender:
    return Sender(monitoring, "facilitator")


async def test_complaints_of_a_book_are_those_of_single_posts(monitoring: Running, sender: Sender) -> None:
    board = await a_known_board(monitoring)
    unknown = "0190c0de-0000-7000-8000-000000000001"
    rows = [
        COMPLAINT,
        COMPLAINT | {"Terlapor": "lembaga", "Saluran": "letter"},
        COMPLAINT | {"Terlapor": "pengurus"},
        COMPLAINT | {"Terlapor": ""},
        COMPLAINT | {"ID pengurus": unknown, "Terlapor": "pengurus"},
        COMPLAINT | {"Tanggal kejadian": "2999-01-01"},
        COMPLAINT | {"Kode kelurahan": "34.71.99.1001"},
        COMPLAINT | {"Kode kelurahan": "33.74.01.1001"},
        COMPLAINT | {"Nilai": "1,5 juta"},
    ]
    told = await sender.agreed(rows, kind="complaints")

    assert [[(one["column"], one["code"]) for one in row["faults"]] for row in told] == [
        [],
        [],
        [("ID pengurus", "complaint.accused_unclear")],
        [("Terlapor", "field.missing")],
        [("ID pengurus", "complaint.subject_unknown")],
        [("Tanggal kejadian", "date.in_the_future")],
        [("Kode kelurahan", "place.unknown")],
        [("Kode kelurahan", "region.missing")],
        [("Nilai", "value.not_integer")],
    ]
    kept = (await monitoring.http.get(f"{COMPLAINTS}/{told[0]['item_id']}", headers=sender.headers)).json()
    assert (kept["board_id"], kept["state"], kept["contact_given"]) == (board["id"], "received", True)


async def test_a_file_needs_to_say_whom_each_complaint_is_about(sender: Sender) -> None:
    reply = await sender.send(
        csv_file([{name: COMPLAINT[name] for name in COMPLAINT if name != "Terlapor"}]), kind="complaints"
    )
    assert code_of(reply) == "import.columns_invalid"
    assert [one["code"] for one in reply.json()["errors"]] == ["import.column_missing"]


async def test_who_complained_stands_nowhere_in_clear(monitoring: Running, sender: Sender) -> None:
    await a_known_board(monitoring)
    refused = COMPLAINT | {"Jenis": "entah", "Kontak": "Rahasia 089912345678", "Isi": "Isi rahasia"}
    seen = await sender.imported(csv_file([COMPLAINT, refused]), kind="complaints", mode="check")
    stored = everything_stored(monitoring)
    assert (seen["accepted"], seen["refused"]) == (1, 1)
    for told in ("0812000111", "Semen", "Rahasia", "rahasia", "089912345678"):
        assert told not in stored
        assert told.encode().hex() not in stored

    await sender.imported(csv_file([COMPLAINT, refused]), kind="complaints")
    await monitoring.seal()
    journal = await monitoring.http.get("/monitoring/v1/journal?limit=100", headers=monitoring.token("auditor"))
    assert [one["type"] for one in journal.json()["items"]] == ["complaint.received"]
    assert "0812000111" not in journal.text
    assert "Rahasia" not in everything_stored(monitoring)


async def test_a_contact_comes_back_only_to_whoever_may_read_contacts(monitoring: Running) -> None:
    await a_known_board(monitoring)
    clerk, writing = str(uuid4()), "monitoring:complaints:write"
    sender = Sender(monitoring, sub=clerk, scope=writing)
    approver = monitoring.token(sub=clerk, scope=f"{writing} monitoring:complaints:approve")
    refused = COMPLAINT | {"Jenis": "entah"}
    seen = await sender.imported(csv_file([refused]), kind="complaints")
    corrected = f"/monitoring/v1/imports/{seen['id']}/corrected"
    plain = await monitoring.http.get(corrected, headers=sender.headers)
    assert plain.status_code == 200
    assert COMPLAINT["Kontak"] not in plain.text
    assert "entah" in plain.text

    assert COMPLAINT["Kontak"] in (await monitoring.http.get(corrected, headers=approver)).text
    await monitoring.seal()
    journal = await monitoring.http.get("/monitoring/v1/journal?limit=100", headers=monitoring.token("auditor"))
    read = [one for one in journal.json()["items"] if one["type"] == "complaint.contact_read"]
    assert [one["subject"] for one in read] == [f"imports/{seen['id']}"]


async def test_a_book_is_taken_back_while_nobody_answered(monitoring: Running, sender: Sender) -> None:
    board = await a_known_board(monitoring)
    first = await sender.imported(csv_file([COMPLAINT, COMPLAINT]), kind="complaints")
    second = await sender.imported(csv_file([COMPLAINT]), kind="complaints")
    assert await counted(monitoring, board) == 3
    assert (await sender.undo(first["id"])).status_code == 200
    assert await counted(monitoring, board) == 1

    (complaint,) = (await monitoring.http.get(COMPLAINTS, headers=sender.headers)).json()["items"]
    filed = await monitoring.http.get(f"{COMPLAINTS}/{complaint['id']}", headers=sender.headers)
    assert (await answered(monitoring, filed)).status_code == 200
    assert code_of(await sender.undo(second["id"])) == "import.in_use"


async def counted(monitoring: Running, board: dict[str, Any]) -> int | None:
    """Return of how many complaints of March 2026 the board's indicator tells the resolved ones."""
    values = monitoring.tables.indicator_values
    async with monitoring.database.reads.connect() as connection:
        rows = await connection.execute(values.select().where(values.c.board_id == board["id"]))
        of_march = [row for row in rows if str(row.month) == "2026-03-01" and row.indicator == "KPI-13"]
        return of_march[0].denominator if of_march else None


async def test_who_may_not_handle_complaints_sends_no_book(monitoring: Running) -> None:
    file = csv_file([COMPLAINT])
    assert code_of(await Sender(monitoring, "volunteer").send(file, kind="complaints")) == "scope.missing"
    nobody = await monitoring.http.post("/monitoring/v1/imports?kind=complaints&mode=check", content=file)
    assert code_of(nobody) == "token.missing"


books = st.lists(
    st.fixed_dictionaries(
        {
            "Kode kelurahan": st.sampled_from([BACIRO, BACIRO, "34.71.03.1002", "33.74.01.1001", "34"]),
            "Tanggal kejadian": st.sampled_from(["5/3/2026", "2026-02-30", "2999-01-01"]),
            "Terlapor": st.sampled_from(["lainnya", "lembaga", "pengurus", ""]),
            "Isi": st.text(max_size=20),
            "Nilai": st.sampled_from(["", "1500000", "0", "1.500"]),
            "ID": st.sampled_from(["", "", "0190c0de-0000-7000-8000-00000000000b"]),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=MUTATED)
@given(rows=books)
async def test_mutated_files_get_the_same_verdicts_from_both(monitoring: Running, rows: list[dict[str, str]]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shared.intake.ROWS_AT_ONCE", 2)
        await Sender(monitoring, "facilitator").agreed([COMPLAINT | row for row in rows], kind="complaints")

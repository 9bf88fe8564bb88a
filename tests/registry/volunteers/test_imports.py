"""Files of volunteers: what names them is sealed, and nobody is recorded twice."""

import pytest
from sqlalchemy import text

from tests.house import Running, code_of
from tests.registry.electing import PROGRAMME, a_board, open_election
from tests.registry.placing import places, put_back
from tests.registry.residents.story import a_household, somebody
from tests.shared.importing import CODE, Sender, csv_file

VOLUNTEER = {
    "Kode kelurahan": CODE,
    "Nama": "Relawan Contoh",
    "Telepon": "0812000111",
    "Jenis kelamin": "P",
    "Tugas": "penggerak; tim survei",
    "Sejak": "15/01/2024",
}


@pytest.fixture
def sender(registry: Running) -> Sender:
    return Sender(registry, "facilitator")


async def values(registry: Running, statement: str) -> list[object]:
    async with registry.database.reads.connect() as connection:
        return list(await connection.scalars(text(statement)))


async def test_volunteers_of_a_file_are_those_of_single_posts(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.intake.ROWS_AT_ONCE", 2)
    resident = (await somebody(registry)).json()["id"]
    rows = [
        VOLUNTEER | {"ID warga": resident},
        VOLUNTEER | {"Tugas": "penggerak;penggerak"},
        VOLUNTEER | {"Tugas": "juru masak"},
        VOLUNTEER | {"Kode kelurahan": "34.71.04.1001", "ID warga": resident},
        VOLUNTEER,
        VOLUNTEER | {"ID warga": resident, "Nama": "Relawan Lagi"},
    ]
    checked = await sender.imported(csv_file(rows), kind="volunteers", mode="check")
    seen = await sender.imported(csv_file(rows), kind="volunteers")
    told = [await sender.verdicts(one["id"]) for one in (checked, seen)]

    assert [[(one["column"], one["code"]) for one in row["faults"]] for row in told[1]] == [
        [],
        [("Tugas", "volunteer.role_twice")],
        [("Tugas", "value.not_a_choice")],
        [("ID warga", "volunteer.resident_elsewhere")],
        [],
        [(None, "volunteer.already")],
    ]
    assert [row["faults"] for row in told[0]] == [row["faults"] for row in told[1]]
    kept = await values(registry, "SELECT t::text FROM journal_entries t UNION ALL SELECT t::text FROM import_rows t")
    assert not [row for row in kept if b"Relawan".hex() in str(row) or "Relawan" in str(row)]


async def test_they_are_taken_back_with_what_names_them(registry: Running, sender: Sender) -> None:
    seen = await sender.imported(csv_file([VOLUNTEER, VOLUNTEER]), kind="volunteers")
    assert (await sender.undo(seen["id"])).status_code == 200

    for table in ("volunteers", "personal_records"):
        assert await values(registry, f"SELECT id FROM {table}") == []  # noqa: S608
    actions = await values(registry, "SELECT action FROM journal_entries ORDER BY id")
    assert actions == ["volunteer.recorded"] * 2 + ["volunteer.withdrawn"] * 2


async def test_who_is_known_from_the_row_alone_stays_while_an_election_names_them(
    registry: Running, sender: Sender
) -> None:
    row = {"Nama": "Warga Berkas", "Alasan tanpa NIK": "hilang", "Jenis kelamin": "P", "Tahun lahir": "1980"}
    home = (await a_household(registry)).json()["id"]
    residents = await sender.imported(csv_file([row | {"ID rumah tangga": home}]), kind="residents")
    resident = (await sender.verdicts(residents["id"]))[0]["item_id"]
    file = csv_file([VOLUNTEER, VOLUNTEER | {"ID warga": resident}])
    volunteers = await sender.imported(file, kind="volunteers")
    persons = [str(one) for one in await values(registry, "SELECT person_id FROM volunteers")]
    committee = PROGRAMME["committee"] | {"person_ids": persons}
    assert (await open_election(registry, await a_board(registry), committee=committee)).status_code == 201

    refused = [await sender.undo(one["id"]) for one in (volunteers, residents)]
    assert [code_of(one) for one in refused] == ["import.in_use"] * 2
    # Who is a resident too is known without being a volunteer.
    assert [[one["pointer"] for one in reply.json()["errors"]] for reply in refused] == [["/rows/2"]] * 2


async def test_a_check_sees_somebody_twice_in_a_place_under_both_of_its_codes(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.intake.ROWS_AT_ONCE", 1)
    before = await places(registry)
    old = "34.71.03.1099"
    try:
        async with registry.database.writes.begin() as connection:
            known = {"kelurahan_code": old, "code_now": CODE, "name": "Baciro"}
            await connection.execute(registry.tables.places.insert(), known)
        resident = (await somebody(registry)).json()["id"]
        rows = [VOLUNTEER | {"ID warga": resident, "Kode kelurahan": code} for code in (old, CODE)]
        told = await sender.agreed(rows, kind="volunteers")
    finally:
        await put_back(registry, before)
    assert [[one["code"] for one in row["faults"]] for row in told] == [[], ["volunteer.already"]]

"""Files of households and residents: what names them is sealed, and who may be recorded twice is found."""

from typing import Any

import pytest
from sqlalchemy import text

from services.registry.residents import service
from tests.house import Running, code_of
from tests.shared.importing import CODE, Sender, csv_file

HOUSEHOLD = {"Kode kelurahan": CODE, "RT": "3", "RW": "002", "Sejak": "2024-01-15", "Alamat": "Jalan Contoh 1"}
RESIDENT = {
    "Nama": "Sri Contoh Rahayu",
    "Alasan tanpa NIK": "tidak ditunjukkan",
    "Jenis kelamin": "P",
    "Tahun lahir": "1980",
}


@pytest.fixture
def sender(registry: Running) -> Sender:
    return Sender(registry, "facilitator")


async def rows_of(registry: Running, statement: str) -> list[Any]:
    async with registry.database.reads.connect() as connection:
        return list((await connection.execute(text(statement))).all())


async def home_of(sender: Sender, **more: str) -> str:
    seen = await sender.imported(csv_file([HOUSEHOLD | more]), kind="households")
    assert seen["accepted"] == 1, await sender.verdicts(seen["id"])
    return str((await sender.verdicts(seen["id"]))[0]["item_id"])


async def test_residents_of_a_file_are_those_of_single_posts(registry: Running, sender: Sender) -> None:
    home = {"ID rumah tangga": await home_of(sender, Lintang="-7,79", Bujur="110.38")}
    rows = [
        RESIDENT | home | {"Kerentanan": "netra; hamil atau menyusui"},
        RESIDENT | home | {"Nama": "Budi Contoh", "Jenis kelamin": "laki-laki", "Kerentanan": "tidak ada"},
        RESIDENT | home | {"Nama": "Tono Contoh", "Kerentanan": "entah"},
        RESIDENT | home | {"Alasan tanpa NIK": ""},
        RESIDENT | {"ID rumah tangga": "0190c0de-0000-7000-8000-000000000001"},
        RESIDENT | home | {"NIK": "3.47103E+15", "Alasan tanpa NIK": ""},
    ]
    checked = await sender.imported(csv_file(rows), kind="residents", mode="check")
    seen = await sender.imported(csv_file(rows), kind="residents")
    told = await sender.verdicts(seen["id"])

    assert (checked["accepted"], checked["refused"]) == (seen["accepted"], seen["refused"]) == (2, 4)
    assert [[(one["column"], one["code"]) for one in row["faults"]] for row in told[2:]] == [
        [("Kerentanan", "value.not_a_choice")],
        [("NIK", "absence.reason_missing")],
        [("ID rumah tangga", "household.unknown")],
        [("NIK", "cell.number_rounded")],
    ]
    kept = await rows_of(registry, "SELECT vulnerabilities FROM residents ORDER BY id")
    assert [one.vulnerabilities for one in kept] == [["pregnant_or_nursing", "visual_disability"], []]
    assert len(await rows_of(registry, "SELECT 1 FROM personal_records")) == 3
    journal = await rows_of(registry, "SELECT payload FROM journal_entries")
    assert not [one for one in journal if b"Contoh" in bytes(one.payload)]


async def test_households_of_a_file_are_those_of_single_posts(registry: Running, sender: Sender) -> None:
    mine = "0190c0de-0000-7000-8000-000000000001"
    rows = [
        HOUSEHOLD | {"ID": mine},
        HOUSEHOLD | {"Kode kelurahan": "34.71.99.1001"},
        HOUSEHOLD | {"Kode kelurahan": "33.74.01.1001"},
        HOUSEHOLD | {"Sejak": "2999-01-01"},
        HOUSEHOLD | {"Nomor KK": "12"},
        HOUSEHOLD | {"RT": "x"},
        HOUSEHOLD | {"Nomor KK": "3471031203150004", "Alasan tanpa KK": "hilang"},
    ]
    together = [one["faults"] for one in await sender.agreed(rows, kind="households")]
    assert len(await rows_of(registry, "SELECT 1 FROM personal_records")) == 1

    assert [[(one["column"], one["code"]) for one in faults] for faults in together[:4]] == [
        [],
        [("Kode kelurahan", "place.unknown")],
        [("Kode kelurahan", "region.missing")],
        [("Sejak", "date.in_the_future")],
    ]
    assert all(together[4:])
    again = await sender.imported(csv_file([HOUSEHOLD | {"ID": mine}, HOUSEHOLD]), kind="households")
    assert (again["existing"], again["accepted"]) == (1, 1)
    changed = await sender.agreed([HOUSEHOLD | {"ID": mine, "RT": "4"}], kind="households")
    assert [one["code"] for one in changed[0]["faults"]] == ["id.taken"]


async def test_somebody_recorded_already_is_put_into_the_queue_and_taken_out_with_the_import(
    registry: Running, sender: Sender
) -> None:
    home = {"ID rumah tangga": await home_of(sender)}
    first = await sender.imported(csv_file([RESIDENT | home]), kind="residents")
    second = await sender.imported(csv_file([RESIDENT | home | {"Nama": "Sri Contoh Rahaju"}]), kind="residents")
    assert [one.state for one in await rows_of(registry, "SELECT state FROM duplicates")] == ["open"]

    assert (await sender.undo(second["id"])).status_code == 200
    assert [one.state for one in await rows_of(registry, "SELECT state FROM duplicates")] == ["cleared"]
    assert len(await rows_of(registry, "SELECT 1 FROM residents")) == 1
    assert len(await rows_of(registry, "SELECT 1 FROM personal_records")) == 2
    assert (await sender.undo(first["id"])).status_code == 200


async def test_a_head_and_a_home_are_in_use(registry: Running, sender: Sender) -> None:
    sent = await sender.imported(csv_file([HOUSEHOLD]), kind="households")
    home = (await sender.verdicts(sent["id"]))[0]["item_id"]
    people = await sender.imported(csv_file([RESIDENT | {"ID rumah tangga": home}]), kind="residents")
    head = (await sender.verdicts(people["id"]))[0]["item_id"]
    reply = await registry.http.get(f"/registry/v1/households/{home}", headers=sender.headers)
    reply = await registry.http.patch(
        f"/registry/v1/households/{home}",
        json={"head_id": head},
        headers=sender.headers | {"If-Match": reply.headers["ETag"]},
    )
    assert reply.status_code == 200, reply.text

    for import_id in (people["id"], sent["id"]):
        assert code_of(await sender.undo(import_id)) == "import.in_use"


async def test_many_are_recorded_together_and_apart_only_where_the_database_refuses_one(
    registry: Running, sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = {"ID rumah tangga": await home_of(sender)}
    alone: list[str] = []
    record_resident = service.record_resident

    async def noted(session: Any, vault: Any, draft: Any, **given: Any) -> Any:
        alone.append(draft.name)
        return await record_resident(session, vault, draft, **given)

    monkeypatch.setattr(service, "record_resident", noted)
    rows = [RESIDENT | home | {"Nama": f"Contoh {number}"} for number in range(20)]
    assert (await sender.imported(csv_file(rows), kind="residents"))["accepted"] == 20
    assert alone == []

    odd = [RESIDENT | home, RESIDENT | home | {"Tahun lahir": "99999999999"}]
    assert (await sender.imported(csv_file(odd), kind="residents"))["refused"] == 1


@pytest.mark.parametrize(("role", "told"), [("volunteer", False), ("facilitator", True)])
async def test_a_refused_row_tells_a_vulnerability_to_who_may_read_names(
    registry: Running, sender: Sender, role: str, *, told: bool
) -> None:
    row = RESIDENT | {"ID rumah tangga": await home_of(sender), "Kerentanan": "netra", "Tahun lahir": "99999999999"}
    clerk = Sender(registry, role)
    seen = await clerk.imported(csv_file([row]), kind="residents")

    corrected = (await clerk.get(f"{seen['id']}/corrected")).text

    assert (seen["refused"], "netra" in corrected) == (1, told)

import csv
import gzip
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from services.registry.regions import editions
from services.registry.regions.editions import ListUnreadableError, read_folder, take_over
from services.registry.regions.models import Region
from services.registry.regions.rules import Level
from shared.clock import read_clock
from tests.house import KELURAHAN, REGIONS_ABOVE, Running
from tests.registry.placing import places
from tests.registry.regions.commands import in_a_process

REGIONS = "/registry/v1/regions"
LIST: dict[Level, list[tuple[str, str]]] = {
    Level.PROVINCE: [("33", "JAWA TENGAH"), ("34", "DAERAH ISTIMEWA YOGYAKARTA")],
    Level.REGENCY: [("33.74", "KOTA SEMARANG"), ("34.04", "KABUPATEN SLEMAN"), ("34.71", "KOTA YOGYAKARTA")],
    Level.DISTRICT: [("33.74.01", "Semarang Tengah"), ("34.04.01", "Gamping"), ("34.71.03", "Gondokusuman")],
    Level.VILLAGE: [
        ("33.74.01.1001", "Miroto"),
        ("34.04.01.2001", "Balecatur, Lor"),
        ("34.04.01.3001", "Kampung Adat Contoh"),
        ("34.71.03.1001", "Baciro"),
        ("34.71.03.1002", "Demangan"),
    ],
}
TOTAL = 13


def write(folder: Path, level: Level, rows: list[tuple[str, ...]], *, packed: bool = False) -> None:
    name = editions.FILES[level]
    (folder / name).unlink(missing_ok=True)
    opener: Any = gzip.open if packed else open
    with opener(folder / (f"{name}.gz" if packed else name), "wt", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("code", "name"))
        writer.writerows(rows)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give a folder of the official list's shape: four files, the largest packed."""
    for level, rows in LIST.items():
        write(tmp_path, level, list(rows), packed=level is Level.VILLAGE)
    return tmp_path


async def imported(registry: Running, folder: Path) -> int:
    edition = read_folder(folder)
    advanced: list[int] = []
    async with registry.database.transaction() as session:
        count = await take_over(session, edition, now=read_clock(), advance=advanced.append)
    assert sum(advanced) == len(edition)
    return count


async def entries(registry: Running) -> int:
    async with registry.database.reads.connect() as connection:
        return int(await connection.scalar(select(func.count()).select_from(registry.tables.journal_entries)) or 0)


class TestTakeOver:
    async def test_brings_every_region_with_level_kind_and_parent(self, registry: Running, folder: Path) -> None:
        count = await imported(registry, folder)

        async with registry.database.reads.connect() as connection:
            found = {row.code: row for row in await connection.execute(select(Region.__table__))}
        assert (count, len(found)) == (TOTAL, TOTAL)
        told = {code: (row.level, row.kind, row.parent_code) for code, row in found.items()}
        assert told["34"] == ("province", "provinsi", None)
        assert told["34.71"] == ("regency", "kota", "34")
        assert told["34.04"] == ("regency", "kabupaten", "34")
        assert told["34.71.03"] == ("district", "kecamatan", "34.71")
        assert told["34.04.01.3001"] == ("village", "desa_adat", "34.04.01")
        assert found["34.04.01.2001"].name == "Balecatur, Lor"

    async def test_leaves_an_entry_for_each_that_everybody_may_read(self, registry: Running, folder: Path) -> None:
        await imported(registry, folder)
        await registry.seal()

        items = (await registry.http.get("/registry/v1/journal?limit=1000&subject=regions/")).json()["items"]

        assert len(items) == TOTAL
        assert {item["type"] for item in items} == {"region.recorded"}
        assert items[-1]["data"]["data"]["code_now"] == items[-1]["data"]["data"]["code"] == "34.71.03.1002"

    async def test_fills_places_with_every_region(self, registry: Running, folder: Path) -> None:
        await imported(registry, folder)

        found = await places(registry)

        assert set(found) == {code for level in Level for code, _ in LIST[level]} | set(KELURAHAN | REGIONS_ABOVE)
        assert (found["34.04.01.3001"].name, found["34.04.01.3001"].code_now) == (
            "Kampung Adat Contoh",
            "34.04.01.3001",
        )

    async def test_changes_nothing_when_done_again(self, registry: Running, folder: Path) -> None:
        await imported(registry, folder)
        before = (await registry.http.get(f"{REGIONS}?limit=500")).json()["items"]

        again = await imported(registry, folder)

        assert (again, await entries(registry)) == (0, TOTAL)
        assert (await registry.http.get(f"{REGIONS}?limit=500")).json()["items"] == before

    async def test_takes_only_the_difference_of_a_new_edition(self, registry: Running, folder: Path) -> None:
        await imported(registry, folder)
        changed = [("34.71.03.1001", "Baciro Baru"), ("34.71.03.1003", "Klitren"), *LIST[Level.VILLAGE][:3]]
        write(folder, Level.VILLAGE, changed, packed=True)

        count = await imported(registry, folder)

        renamed = (await registry.http.get(f"{REGIONS}/34.71.03.1001")).json()
        gone = await registry.http.get(f"{REGIONS}/34.71.03.1002")
        assert (count, await entries(registry)) == (2, TOTAL + 2)
        assert (renamed["name"], renamed["version"]) == ("Baciro Baru", 2)
        assert renamed["recorded_at"] < renamed["changed_at"]
        assert gone.status_code == 200
        assert (await places(registry))["34.71.03.1001"].name == "Baciro Baru"

    async def test_keeps_the_dates_that_a_file_has_and_those_it_does_not_know(
        self, registry: Running, folder: Path
    ) -> None:
        dated = (
            "code,name,valid_from,valid_to,legal_basis\n33,JAWA TENGAH,1950-08-15,,UU 10/1950\n34,DIY,,2020-05-01,\n"
        )
        (folder / "provinces.csv").write_text(dated, encoding="utf-8")
        first = await imported(registry, folder)
        write(folder, Level.PROVINCE, list(LIST[Level.PROVINCE]))
        second = await imported(registry, folder)

        java, yogya = [(await registry.http.get(f"{REGIONS}/{code}")).json() for code in ("33", "34")]

        assert (first, second) == (TOTAL, 1)
        assert (java["valid_from"], java["valid_to"], java["legal_basis"]) == ("1950-08-15", None, "UU 10/1950")
        assert (yogya["valid_to"], yogya["valid"], yogya["name"]) == ("2020-05-01", False, "DAERAH ISTIMEWA YOGYAKARTA")
        assert (await registry.http.get(f"{REGIONS}?level=province")).json()["items"] == [java]
        assert (await places(registry))["33"].valid_from == date(1950, 8, 15)

    async def test_leaves_what_a_succession_closed_and_dated_as_it_was_recorded(
        self, registry: Running, folder: Path
    ) -> None:
        await imported(registry, folder)
        by = registry.token("programme_manager", regions=("*",))
        draft = {
            "kind": "renumbering",
            "effective_on": "2020-01-01",
            "legal_basis": "Perda Contoh",
            "predecessors": ["34.71.03.1001"],
            "successors": [{"code": "34.71.03.1009"}],
        }
        assert (await registry.http.post("/registry/v1/successions", json=draft, headers=by)).status_code == 201
        packed = "code,name,valid_from\n34.71.03.1001,Old,1990-01-01\n34.71.03.1009,New,1990-01-01\n"
        with gzip.open(folder / "villages.csv.gz", "wt", encoding="utf-8") as file:
            file.write(packed)

        count = await imported(registry, folder)

        old, new = [(await registry.http.get(f"{REGIONS}/34.71.03.{one}")).json() for one in ("1001", "1009")]
        assert count == 1
        assert (old["name"], old["valid_to"], old["code_now"]) == ("Baciro", "2019-12-31", "34.71.03.1009")
        assert (new["name"], new["valid_from"], new["predecessors"]) == ("New", "2020-01-01", ["34.71.03.1001"])
        assert (await places(registry))["34.71.03.1001"].code_now == "34.71.03.1009"


class TestBadFile:
    @pytest.mark.parametrize(
        ("level", "row", "line"),
        [
            (Level.PROVINCE, ("3", "X"), "provinces.csv line 4"),
            (Level.PROVINCE, ("34", "TWICE"), "provinces.csv line 4"),
            (Level.PROVINCE, ("35",), "provinces.csv line 4"),
            (Level.PROVINCE, ("35", "  "), "provinces.csv line 4"),
            (Level.PROVINCE, ("35", "A\x07B"), "provinces.csv line 4"),
            (Level.PROVINCE, ("35", "X" * 201), "provinces.csv line 4"),
            (Level.PROVINCE, ("٣٥", "X"), "provinces.csv line 4"),
            (Level.PROVINCE, ("", ""), "provinces.csv line 4"),
            (Level.REGENCY, ("35.01", "KABUPATEN X"), "regencies.csv line 5"),
            (Level.REGENCY, ("34", "KABUPATEN X"), "regencies.csv line 5"),
            (Level.DISTRICT, ("34.71.3", "X"), "districts.csv line 5"),
            (Level.VILLAGE, ("34.71.03.4001", "X"), "villages.csv line 7"),
            (Level.VILLAGE, ("34.71.09.1001", "X"), "villages.csv line 7"),
            (Level.VILLAGE, ("3471031003", "X"), "villages.csv line 7"),
        ],
    )
    def test_names_the_line(self, folder: Path, level: Level, row: tuple[str, ...], line: str) -> None:
        write(folder, level, [*LIST[level], row], packed=level is Level.VILLAGE)

        with pytest.raises(ListUnreadableError, match=line):
            read_folder(folder)

    @pytest.mark.parametrize(
        ("dates", "why"),
        [("17-11-2022,,", "2022-11-17"), ("2022-11-17,2021-01-01,", "ends before"), (",,A\x07B", "legal basis")],
    )
    def test_with_bad_dates_names_the_line(self, folder: Path, dates: str, why: str) -> None:
        content = f"code,name,valid_from,valid_to,legal_basis\n33,JAWA TENGAH,,,\n34,DIY,{dates}\n"
        (folder / "provinces.csv").write_text(content, encoding="utf-8")

        with pytest.raises(ListUnreadableError, match=f"provinces.csv line 3.*{why}"):
            read_folder(folder)

    @pytest.mark.parametrize(
        ("content", "why"),
        [
            (b"", "columns code and name"),
            (b"kode,nama\n34,DIY\n", "columns code and name"),
            (b"code,name\n33,JAWA TENGAH\n34,D\xe9\n", "provinces.csv: unreadable"),
            (b'code,name\n33,JAWA TENGAH\n34,"DIY', "provinces.csv: unreadable after line 2"),
        ],
    )
    def test_that_is_no_such_list_says_why(self, folder: Path, content: bytes, why: str) -> None:
        (folder / "provinces.csv").write_bytes(content)

        with pytest.raises(ListUnreadableError, match=why):
            read_folder(folder)

    @pytest.mark.parametrize("cut", [0, 5, 40])
    def test_that_was_cut_off_says_so(self, folder: Path, cut: int) -> None:
        packed = folder / "villages.csv.gz"
        packed.write_bytes(packed.read_bytes()[:cut])

        with pytest.raises(ListUnreadableError, match=r"villages\.csv"):
            read_folder(folder)

    def test_that_is_missing_is_named(self, folder: Path) -> None:
        (folder / "districts.csv").unlink()

        with pytest.raises(ListUnreadableError, match=r"districts\.csv is missing"):
            read_folder(folder)

    def test_with_a_byte_order_mark_is_read(self, folder: Path) -> None:
        file = folder / "provinces.csv"
        file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())

        assert len(read_folder(folder)) == TOTAL


class TestCommand:
    @pytest.mark.usefixtures("environment")
    async def test_imports_and_then_finds_nothing_new(self, registry: Running, folder: Path) -> None:
        first = await in_a_process("import-regions", str(folder))
        again = await in_a_process("import-regions", str(folder))

        assert (first.exit_code, again.exit_code) == (0, 0), first.output
        assert f"{TOTAL} regions are new or changed" in first.output
        assert "0 regions are new or changed" in again.output
        assert await entries(registry) == TOTAL

    @pytest.mark.usefixtures("environment")
    async def test_imports_nothing_of_a_bad_folder_and_says_why(self, registry: Running, folder: Path) -> None:
        write(folder, Level.VILLAGE, [*LIST[Level.VILLAGE], ("34.71.03.4001", "X")], packed=True)

        done = await in_a_process("import-regions", str(folder))

        assert (done.exit_code, "Nothing was imported: villages.csv line 7" in done.output) == (1, True)
        assert await entries(registry) == 0
        assert (await registry.http.get(REGIONS)).json()["items"] == []

    @pytest.mark.usefixtures("environment")
    async def test_imports_nothing_when_the_database_refuses_halfway(
        self, registry: Running, folder: Path, tmp_path: Path
    ) -> None:
        other = shutil.copytree(folder, tmp_path / "again")
        async with registry.database.writes.begin() as connection:
            await connection.exec_driver_sql(
                "ALTER TABLE journal_entries ADD CONSTRAINT full_disk CHECK (false) NOT VALID"
            )
        try:
            done = await in_a_process("import-regions", str(other))
        finally:
            async with registry.database.writes.begin() as connection:
                await connection.exec_driver_sql("ALTER TABLE journal_entries DROP CONSTRAINT full_disk")

        assert done.exit_code != 0
        assert (await registry.http.get(REGIONS)).json()["items"] == []
        assert set(await places(registry)) == set(KELURAHAN | REGIONS_ABOVE)

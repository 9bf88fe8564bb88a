"""Regions that a file adds: with the one above them, once, and taken back only while nothing bears their codes."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.house import Running, code_of
from tests.registry.electing import a_board
from tests.registry.placing import codes, know_regions, places
from tests.shared.importing import Sender, csv_file

REGIONS = "/registry/v1/regions"
KNOWN = {
    "34": "Daerah Istimewa Yogyakarta",
    "34.71": "Kota Yogyakarta",
    "34.71.03": "Gondokusuman",
    "34.71.03.1001": "Baciro",
}
NEW = {"Kode": "34.71.03.1009", "Nama": "Contoh Baru", "Berlaku sejak": "2/1/2024", "Dasar hukum": "Perda 1/2024"}


@pytest.fixture
async def sender(registry: Running) -> Sender:
    await know_regions(registry, KNOWN)
    return Sender(registry, "programme_manager", regions=("*",))


def faults(told: list[dict[str, Any]]) -> list[list[tuple[str | None, str]]]:
    return [[(one["column"], one["code"]) for one in row["faults"]] for row in told]


async def test_regions_are_added_with_the_one_above_them(registry: Running, sender: Sender) -> None:
    rows = [
        NEW,
        NEW | {"Kode": "34.71.20", "Nama": "Kecamatan Baru"},
        NEW | {"Kode": "34.71.20.1001"},
        NEW | {"Kode": "34.71.21.1001"},
        NEW | {"Kode": "34.71.03.4001"},
        NEW | {"Kode": "3471031001"},
        NEW | {"Kode": "34.71.03.1001"},
        {"Kode": "34.71.03.1001", "Nama": "Baciro"},
        NEW | {"Nama": "Lain"},
        NEW | {"Kode": "34.71.03.1010", "Berlaku sampai": "2023-01-01"},
    ]
    told = await sender.agreed(rows, kind="regions")

    assert [one["verdict"] for one in told[:3]] == ["accepted"] * 3
    assert faults(told)[3:] == [
        [("Kode", "region.unknown")],
        [("Kode", "region.code_wrong")],
        [("Kode", "value.pattern")],
        [("Kode", "region.known")],
        [],
        [("Kode", "region.known")],
        [("Berlaku sampai", "date.before_the_start")],
    ]
    assert told[7]["verdict"] == "existing"
    read = (await registry.http.get(f"{REGIONS}/34.71.20.1001")).json()
    assert (read["kind"], read["parent_code"], read["valid_from"]) == ("kelurahan", "34.71.20", "2024-01-02")
    below = await registry.http.get(f"{REGIONS}?parent=34.71.03")
    assert codes(below.json()["items"]) == ["34.71.03.1001", "34.71.03.1009"]
    assert (await places(registry))["34.71.20.1001"].code_now == "34.71.20.1001"


async def test_they_are_taken_back_while_nothing_bears_their_codes(registry: Running, sender: Sender) -> None:
    rows = [NEW | {"Kode": "34.71.20"}, NEW | {"Kode": "34.71.20.1001"}, NEW]
    seen = await sender.imported(csv_file(rows), kind="regions")
    board = {"kelurahan_code": "34.71.20.1001", "name": "BKM Contoh", "founded_on": "2024-02-01"}
    reply = await registry.http.post("/registry/v1/boards", json=board, headers=registry.token("facilitator"))
    assert reply.status_code == 201, reply.text
    below = await sender.imported(csv_file([NEW | {"Kode": "34.71.20.1002"}]), kind="regions")

    refused = await sender.undo(seen["id"])
    assert code_of(refused) == "import.in_use"
    assert [one["pointer"] for one in refused.json()["errors"]] == ["/rows/2", "/rows/3"]

    assert (await sender.undo(below["id"])).status_code == 200
    assert (await registry.http.get(f"{REGIONS}/34.71.20.1002")).status_code == 404
    assert "34.71.20.1002" not in await places(registry)


async def test_a_region_and_those_below_it_go_together(registry: Running, sender: Sender) -> None:
    seen = await sender.imported(
        csv_file([NEW | {"Kode": "34.71.20"}, NEW | {"Kode": "34.71.20.1001"}]), kind="regions"
    )
    assert (await sender.undo(seen["id"])).status_code == 200
    await registry.seal()
    feed = (await registry.http.get("/registry/v1/journal?limit=100")).json()["items"]
    assert [one["type"] for one in feed] == ["region.recorded"] * 2 + ["region.withdrawn"] * 2


async def test_only_who_keeps_the_list_adds_to_it(registry: Running, sender: Sender) -> None:
    del sender
    await a_board(registry)
    facilitator = Sender(registry, "facilitator")
    assert code_of(await facilitator.send(csv_file([NEW]), kind="regions")) == "scope.missing"
    elsewhere = Sender(registry, "programme_manager", regions=("33",))
    assert faults(await elsewhere.agreed([NEW], kind="regions")) == [[("Kode", "region.missing")]]


lists = st.lists(
    st.fixed_dictionaries(
        {
            "Kode": st.sampled_from(
                ["34.71.20", "34.71.20.1001", "34.71.20.1001", "34.71.03.1001", "34.71.21.2001", "35"]
            ),
            "Nama": st.sampled_from(["A", "A", "Baciro", ""]),
            "Berlaku sejak": st.sampled_from(["", "2024-01-02"]),
        }
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=15)
@given(rows=lists)
async def test_mutated_files_get_the_same_verdicts_from_both(registry: Running, rows: list[dict[str, str]]) -> None:
    await registry.empty()
    await know_regions(registry, KNOWN)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("shared.intake.ROWS_AT_ONCE", 2)
        await Sender(registry, "programme_manager", regions=("*",)).agreed(rows, kind="regions")

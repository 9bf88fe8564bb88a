"""Kemendagri and BPS codes meet in a dated bridge, never by reckoning (REG-2)."""

import csv
from collections.abc import Iterable
from pathlib import Path

import pytest

from services.registry.regions.editions import ListUnreadableError, read_bridge, take_bridge_over
from shared.clock import read_clock
from tests.house import Running, code_of
from tests.registry.placing import codes, know_regions
from tests.registry.regions.commands import in_a_process

REGIONS = "/registry/v1/regions"
COLUMNS = ("kemendagri_code", "bps_code", "valid_from", "valid_to", "legal_basis")
PAPUA = {
    "91": ("Papua", "94"),
    "92": ("Papua Barat", "91"),
    "93": ("Papua Selatan", "95"),
    "94": ("Papua Tengah", "96"),
    "95": ("Papua Pegunungan", "97"),
    "96": ("Papua Barat Daya", "92"),
}
"""The six provinces after 2022: their numbers say nothing about each other."""

NEW = {"93": "2022-07-25", "94": "2022-07-25", "95": "2022-07-25", "96": "2022-12-08"}
ROWS = [(code, bps, NEW.get(code, ""), "", "UU 14/2022" if code in NEW else "") for code, (_, bps) in PAPUA.items()]


@pytest.fixture
async def papua(registry: Running) -> Running:
    await know_regions(registry, {code: name for code, (name, _) in PAPUA.items()})
    return registry


def write(file: Path, rows: Iterable[tuple[str, ...]]) -> Path:
    with file.open("w", encoding="utf-8", newline="") as lines:
        writer = csv.writer(lines)
        writer.writerow(COLUMNS)
        writer.writerows(rows)
    return file


async def imported(registry: Running, file: Path) -> int:
    advanced: list[int] = []
    edition = read_bridge(file)
    async with registry.database.transaction() as session:
        count = await take_bridge_over(session, edition, now=read_clock(), advance=advanced.append)
    assert sum(advanced) == len(edition)
    return count


class TestSixProvinces:
    async def test_have_the_codes_that_the_list_says(self, papua: Running, tmp_path: Path) -> None:
        count = await imported(papua, write(tmp_path / "bps.csv", ROWS))

        assert count == len(PAPUA)
        for code, (name, bps) in PAPUA.items():
            (row,) = (await papua.http.get(f"{REGIONS}/{code}/bridge")).json()["items"]
            (found,) = (await papua.http.get(f"{REGIONS}?bps_code={bps}")).json()["items"]
            assert (row["bps_code"], row["valid_from"]) == (bps, NEW.get(code))
            assert (found["code"], found["name"]) == (code, name)

    async def test_are_found_by_the_codes_of_a_day(self, papua: Running, tmp_path: Path) -> None:
        moved = [("92", "91", "", "2022-12-07", ""), ("92", "98", "2022-12-08", "", "Perka Contoh")]
        await imported(papua, write(tmp_path / "bps.csv", moved))

        async def found(query: str) -> list[str]:
            return codes((await papua.http.get(f"{REGIONS}?{query}")).json()["items"])

        rows = (await papua.http.get(f"{REGIONS}/92/bridge")).json()["items"]
        on_a_day = (await papua.http.get(f"{REGIONS}/92/bridge?as_of=2022-12-07")).json()["items"]
        assert [one["bps_code"] for one in rows] == ["98", "91"]
        assert [one["bps_code"] for one in on_a_day] == ["91"]
        assert await found("bps_code=91") == await found("bps_code=98&as_of=2022-12-07") == []
        assert await found("bps_code=91&as_of=2022-12-07") == await found("bps_code=98") == ["92"]

    async def test_change_only_where_a_new_file_differs(self, papua: Running, tmp_path: Path) -> None:
        await imported(papua, write(tmp_path / "bps.csv", ROWS))
        again = await imported(papua, tmp_path / "bps.csv")
        ended = [("91", "94", "", "2024-12-31", ""), ("91", "99", "2025-01-01", "", "")]

        changed = await imported(papua, write(tmp_path / "bps.csv", ended))
        await papua.seal()

        reply = await papua.http.get("/registry/v1/journal?subject=bridge/&limit=1000")
        told = [one["data"]["data"] for one in reply.json()["items"]]
        assert (again, changed, len(told)) == (0, 2, len(PAPUA) + 2)
        assert [(one["bps_code"], one["valid_to"], one["version"]) for one in told[-2:]] == [
            ("94", "2024-12-31", 2),
            ("99", None, 1),
        ]

    @pytest.mark.parametrize("query", ["bps_code=9", "bps_code=9x", "bps_code=94.01"])
    async def test_are_not_asked_for_by_what_is_no_code(self, papua: Running, query: str) -> None:
        reply = await papua.http.get(f"{REGIONS}?{query}")

        assert (reply.status_code, code_of(reply)) == (400, "query.invalid")


class TestBadFile:
    @pytest.mark.parametrize(
        ("row", "why"),
        [
            (("91", "9400", "", "", ""), "no BPS code of a province"),
            (("9", "94", "", "", ""), "no Kemendagri code"),
            (("91", "95", "", "", ""), "two codes from the same day on"),
            (("93", "95", "2022-07-32", "", ""), "written as"),
            (("93", "95", "2022-07-25", "2022-07-24", ""), "ends before it begins"),
            (("93",), "no BPS code"),
        ],
    )
    def test_names_the_line(self, tmp_path: Path, row: tuple[str, ...], why: str) -> None:
        file = write(tmp_path / "bps.csv", [("91", "94", "", "", ""), row])

        with pytest.raises(ListUnreadableError, match=f"bps.csv line 3.*{why}"):
            read_bridge(file)

    def test_without_its_columns_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "bps.csv").write_text("kemendagri_code,bps_code\n91,94\n", encoding="utf-8")

        with pytest.raises(ListUnreadableError, match="columns"):
            read_bridge(tmp_path / "bps.csv")

    @pytest.mark.parametrize(
        ("row", "why"),
        [
            (("99", "99", "", "", ""), "line 8: there is no region with the code '99'"),
            (("91", "99", "2020-01-01", "", ""), "line 8: '91' would have two BPS codes on one day"),
        ],
    )
    async def test_imports_nothing_and_names_the_line_that_does_not_fit(
        self, papua: Running, tmp_path: Path, row: tuple[str, ...], why: str
    ) -> None:
        with pytest.raises(ListUnreadableError, match=why):
            await imported(papua, write(tmp_path / "bps.csv", [*ROWS, row]))

        assert (await papua.http.get(f"{REGIONS}/91/bridge")).json()["items"] == []

    @pytest.mark.usefixtures("environment", "papua")
    async def test_is_told_on_the_command_line(self, tmp_path: Path) -> None:
        good = await in_a_process("import-bps", str(write(tmp_path / "good.csv", ROWS)))
        bad = await in_a_process("import-bps", str(write(tmp_path / "bad.csv", [("91", "9", "", "", "")])))
        none = await in_a_process("import-bps", str(tmp_path / "none.csv"))

        assert (good.exit_code, "6 BPS codes are new or changed" in good.output) == (0, True), good.output
        assert (bad.exit_code, "Nothing was imported: bad.csv line 2" in bad.output) == (1, True)
        assert none.exit_code == 2

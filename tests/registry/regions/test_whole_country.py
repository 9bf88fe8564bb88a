"""All regions at once: an invented country of full size, always; the official list, for whoever has its files."""

import os
import re
from pathlib import Path

import pytest
from sqlalchemy import func, select

from services.registry.regions.models import Region
from services.registry.regions.rules import Level
from tests.house import Running
from tests.registry.placing import places
from tests.registry.regions.commands import in_a_process
from tests.registry.regions.country import DISTRICTS, KABUPATEN, KOTA, PROVINCES, VILLAGES, lines_of, whole_country

REGIONS = "/registry/v1/regions"
NO_FILES = pytest.mark.skipif(
    "REGIONS_FOLDER" not in os.environ, reason="REGIONS_FOLDER does not name the official files (docs/operators.md)"
)
DAY = "2020-01-01"


def test_the_invented_country_is_as_large_as_the_real_one(tmp_path: Path) -> None:
    counts = [len(lines_of(whole_country(tmp_path), level)) for level in Level]
    assert counts == [len(PROVINCES), KABUPATEN + KOTA, DISTRICTS, VILLAGES] == [38, 514, 7_277, 83_763]


@pytest.mark.parametrize("of", ["invented", pytest.param("official", marks=NO_FILES)])
@pytest.mark.usefixtures("environment")
async def test_it_is_loaded_read_and_changed(registry: Running, tmp_path: Path, of: str) -> None:
    folder = whole_country(tmp_path) if of == "invented" else Path(os.environ["REGIONS_FOLDER"])
    lines = {level: lines_of(folder, level) for level in Level}
    total = sum(map(len, lines.values()))
    assert total > 90_000

    loaded = await in_a_process("import-regions", str(folder))
    again = await in_a_process("import-regions", str(folder))

    assert f"{total} regions are new or changed" in loaded.output, loaded.output
    assert "\n0 regions are new or changed" in f"\n{again.output}"
    async with registry.database.reads.connect() as connection:
        rows = await connection.execute(select(Region.level, func.count()).group_by(Region.level))
        assert {row[0]: row[1] for row in rows} == {level.value: len(lines[level]) for level in Level}
        entries = select(func.count()).select_from(registry.tables.journal_entries)
        assert await connection.scalar(entries) == total
    await _is_read(registry, lines)
    await _is_changed(registry, lines)


async def _is_read(registry: Running, lines: dict[Level, list[tuple[str, str]]]) -> None:
    """Read provinces, one village out of a thousand with all above it, and what is found by a name."""
    listed = (await registry.http.get(f"{REGIONS}?level=province&limit=500")).json()["items"]
    assert [(one["code"], one["name"]) for one in listed] == sorted(lines[Level.PROVINCE])
    names = dict(line for level in Level for line in lines[level])
    for code, name in lines[Level.VILLAGE][::5_000]:
        seen = (await registry.http.get(f"{REGIONS}/{code}")).json()
        assert (seen["name"], seen["level"], seen["code_now"]) == (name, "village", code)
        below = (await registry.http.get(f"{REGIONS}?parent={seen['parent_code']}&limit=500")).json()["items"]
        assert code in {one["code"] for one in below}
        found = (
            await registry.http.get(REGIONS, params={"q": max(re.findall(r"\w+", name), key=len), "limit": "500"})
        ).json()
        assert all(names[one["code"]] == one["name"] for one in found["items"])
        assert found["items"]


async def _is_changed(registry: Running, lines: dict[Level, list[tuple[str, str]]]) -> None:
    """Give a whole province another number, as in 2022, and read it before and after."""
    old = max(lines[Level.PROVINCE])[0]
    new = "99"
    moved = [code for level in Level for code, _ in lines[level] if code == old or code.startswith(f"{old}.")]
    act = {
        "kind": "renumbering",
        "effective_on": DAY,
        "legal_basis": "UU Contoh 1/2019",
        "predecessors": [old],
        "successors": [{"code": new}],
    }
    by = registry.token("programme_manager", regions=("*",))
    reply = await registry.http.post("/registry/v1/successions", json=act, headers=by)
    assert reply.status_code == 201, reply.text

    standing = await places(registry)
    assert len(moved) > 1_000
    assert all(standing[code].code_now == new + code[2:] for code in moved)
    village = max(moved)
    before = (await registry.http.get(f"{REGIONS}/{village}?as_of=2019-12-31")).json()
    after = (await registry.http.get(f"{REGIONS}/{new}{village[2:]}?as_of={DAY}")).json()
    assert (before["code_now"], before["valid_to"]) == (new + village[2:], "2019-12-31")
    assert (after["name"], after["valid_from"], after["predecessors"]) == (before["name"], DAY, [village])

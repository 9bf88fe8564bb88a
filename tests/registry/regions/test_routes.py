import pytest

from tests.house import Running, code_of
from tests.registry.placing import know_regions

REGIONS = "/registry/v1/regions"
NAMES = {
    "33": "JAWA TENGAH",
    "34": "DAERAH ISTIMEWA YOGYAKARTA",
    "34.04": "KABUPATEN SLEMAN",
    "34.71": "KOTA YOGYAKARTA",
    "34.71.03": "Gondokusuman",
    "34.71.03.1001": "Baciro",
    "34.71.03.1002": "Demangan",
    "34.71.13": "Umbulharjo 100%",
}


@pytest.fixture
async def regions(registry: Running) -> Running:
    await know_regions(registry, NAMES)
    return registry


async def codes(registry: Running, query: str) -> list[str]:
    with registry.counted() as sent:
        reply = await registry.http.get(f"{REGIONS}?{query}")
    assert reply.status_code == 200, reply.text
    assert len(sent) == 1
    return [item["code"] for item in reply.json()["items"]]


class TestListRegions:
    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("", list(NAMES)),
            ("level=province", ["33", "34"]),
            ("kind=kota", ["34.71"]),
            ("kind=kabupaten", ["34.04"]),
            ("parent=34", ["34.04", "34.71"]),
            ("parent=34.71.03", ["34.71.03.1001", "34.71.03.1002"]),
            ("region=34.71.03", ["34.71.03", "34.71.03.1001", "34.71.03.1002"]),
            ("region=34.71.03.1002", ["34.71.03.1002"]),
            ("region=34.71&level=district", ["34.71.03", "34.71.13"]),
            ("q=baciro", ["34.71.03.1001"]),
            ("q=yogya", ["34", "34.71"]),
            ("q=34.71.03", ["34.71.03", "34.71.03.1001", "34.71.03.1002"]),
            ("q=100%25", ["34.71.13"]),
            ("q=%25%25", []),
            ("q=__", []),
        ],
    )
    async def test_filters_in_one_statement(self, regions: Running, query: str, expected: list[str]) -> None:
        assert await codes(regions, query) == expected

    async def test_sorts_by_name(self, regions: Running) -> None:
        found = await codes(regions, "sort=name")

        assert sorted(found) == sorted(NAMES)
        assert found.index("34.71.03.1001") < found.index("34.71.03.1002") < found.index("34.71.03")

    @pytest.mark.parametrize("sort", ["code", "name"])
    async def test_pages_through_everything_once(self, regions: Running, sort: str) -> None:
        whole, seen = await codes(regions, f"sort={sort}"), list[str]()
        address: str | None = f"{REGIONS}?limit=3&sort={sort}"

        while address:
            reply = await regions.http.get(address)
            seen += [item["code"] for item in reply.json()["items"]]
            address = reply.links["next"]["url"] if "next" in reply.links else None

        assert seen == whole

    @pytest.mark.parametrize(
        "query", ["level=village&level=province", "level=kampung", "parent=347", "q=x", "region=34.", "sort=kind"]
    )
    async def test_refuses_what_it_does_not_know(self, registry: Running, query: str) -> None:
        reply = await registry.http.get(f"{REGIONS}?{query}")

        assert (reply.status_code, code_of(reply)) == (400, "query.invalid")


class TestReadRegion:
    async def test_shows_one(self, regions: Running) -> None:
        reply = await regions.http.get(f"{REGIONS}/34.71.03.1001")

        region = reply.json()
        assert (region["name"], region["level"], region["kind"]) == ("Baciro", "village", "kelurahan")
        assert (region["parent_code"], region["valid_from"]) == ("34.71.03", None)

    @pytest.mark.parametrize("code", ["99", "34.71.03.9999", "x", "34.", "34.71.3"])
    async def test_does_not_find_what_is_not_there(self, registry: Running, code: str) -> None:
        reply = await registry.http.get(f"{REGIONS}/{code}")

        assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")

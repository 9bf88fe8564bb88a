"""A region that nobody ever knew is a slip of the finger: it is refused, and not counted as nobody (REG-3)."""

import pytest

from tests.house import Running, code_of
from tests.registry.placing import merged
from tests.registry.signing import operator

GONE, WHOLE = "34.71.03.1001", "34.71.03.1002"
NUMBERS = ("households/statistics", "facilitators/coverage", "learning-communities/measures")
LISTS = (
    "volunteers/statistics",
    "facilitators/gaps",
    "boards",
    "partners",
    "households",
    "residents",
    "groups",
    "groups/overlaps",
    "committees",
    "learning-communities",
    "elections",
    "enrolments",
    "volunteers",
    "facilitators",
    "handovers",
    "consents",
    "delegations",
    "duplicates",
    "regions",
)


@pytest.mark.parametrize("boundaries", ["today", "original"])
@pytest.mark.parametrize("address", [*NUMBERS, *LISTS, "accounts", "emergencies"])
async def test_a_code_that_never_was_a_regions_is_refused(registry: Running, address: str, boundaries: str) -> None:
    asked = {"region": "34.71.03.1999", "boundaries": boundaries}
    headers = operator(registry) if address == "accounts" else registry.token("auditor")
    reply = await registry.http.get(f"/registry/v1/{address}", params=asked, headers=headers)

    assert (reply.status_code, code_of(reply)) == (422, "region.unknown"), reply.text
    assert reply.json()["errors"][0]["pointer"] == "/region"


async def test_it_is_refused_of_a_whole_list_too(registry: Running) -> None:
    reply = await registry.http.get("/registry/v1/boards?region=34.99", headers={"Accept": "text/csv"})

    assert (reply.status_code, code_of(reply)) == (422, "region.unknown")


@pytest.mark.parametrize("address", NUMBERS)
async def test_of_a_region_that_ended_it_is_said_where_it_counts_now(registry: Running, address: str) -> None:
    async def told(region: str) -> list[str]:
        reply = await registry.http.get(f"/registry/v1/{address}", params={"region": region})
        return [reply.json()["region"], reply.json()["region_now"]]

    async with merged(registry, GONE, into=WHOLE):
        assert await told(GONE) == [GONE, WHOLE]
    assert await told("34.71") == ["34.71", "34.71"]


@pytest.mark.parametrize("address", NUMBERS[1:])
async def test_the_nation_is_known(registry: Running, address: str) -> None:
    found = (await registry.http.get(f"/registry/v1/{address}")).json()

    assert (found["region"], found["region_now"]) == (None, None)

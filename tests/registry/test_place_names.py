"""The name of a place belongs to the code beside it: today's to `code_now`, that of the day to an answer as of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from tests.house import Running
from tests.registry.placing import know_regions, places, put_back
from tests.registry.regions.test_successions import (
    BACIRO,
    BEFORE,
    BOARDS,
    DAY,
    DEMANGAN,
    EAST,
    NAMES,
    act,
    board_in,
    listed,
    recorded,
)
from tests.registry.residents.story import HOUSEHOLDS, a_household
from tests.registry.volunteers.test_routes import VOLUNTEERS, a_volunteer

RENAMED = act("rename", [BACIRO], [{"code": BACIRO, "name": "Baciro Baru"}])
MOVED = act("renumbering", [BACIRO], [{"code": EAST, "name": "Baciro Timur"}])
MERGED = act("merge", [BACIRO, DEMANGAN], [{"code": EAST, "name": "Baciro Demangan"}])


@pytest.fixture
async def regions(registry: Running) -> AsyncIterator[Running]:
    before = await places(registry)
    await know_regions(registry, NAMES)
    yield registry
    await put_back(registry, before)


@pytest.mark.parametrize(
    ("law", "code_now", "name"),
    [(RENAMED, BACIRO, "Baciro Baru"), (MOVED, EAST, "Baciro Timur"), (MERGED, EAST, "Baciro Demangan")],
)
async def test_is_todays_beside_the_code_of_today_and_the_days_as_of_a_day(
    regions: Running, law: dict[str, Any], code_now: str, name: str
) -> None:
    board = (await board_in(regions, BACIRO)).headers["Location"]
    home = (await a_household(regions)).headers["Location"]
    await recorded(regions, law)
    headers = regions.token("auditor", regions=("*",))

    async def named(address: str) -> list[tuple[str, str]]:
        found = (await regions.http.get(address, headers=headers)).json()
        return [(one["kelurahan_code_now"], one["kelurahan_name"]) for one in found.get("items", [found])]

    for address in (BOARDS, board, HOUSEHOLDS, home):
        assert await named(address) == await named(f"{address}?as_of={DAY}") == [(code_now, name)], address
        assert await named(f"{address}?as_of={BEFORE}") == [(code_now, "Baciro")], address


async def test_is_todays_where_several_were_one_place_and_no_day_tells_which(regions: Running) -> None:
    await recorded(regions, MERGED)
    await board_in(regions, EAST)

    (board,) = await listed(regions, f"{BOARDS}?as_of={BEFORE}")

    assert board["kelurahan_name"] == "Baciro Demangan"


async def test_of_numbers_is_that_of_the_code_beside_it(regions: Running) -> None:
    await a_volunteer(regions, kelurahan_code=BACIRO, starts_on="2018-01-01")
    await recorded(regions, MOVED)

    async def named(query: str) -> list[tuple[str, str]]:
        return [
            (one["kelurahan_code"], one["kelurahan_name"])
            for one in await listed(regions, f"{VOLUNTEERS}/statistics?{query}")
        ]

    assert await named("") == [(EAST, "Baciro Timur")]
    assert await named("boundaries=original") == [(BACIRO, "Baciro")]
    assert await named(f"boundaries=original&as_of={BEFORE}") == [(BACIRO, "Baciro")]
    assert await named(f"as_of={DAY}") == [(EAST, "Baciro Timur")]

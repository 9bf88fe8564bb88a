"""Everything that is counted, or looked for by region, in today's boundaries and in the original ones (REG-3)."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.house import Running
from tests.registry.facilitators.staff import FACILITATORS, a_facilitator, an_assignment
from tests.registry.learning.test_routes import KBK, LEARNING, record
from tests.registry.partners.test_routes import PARTNERS, a_partner
from tests.registry.placing import merged
from tests.registry.residents.story import HOUSEHOLDS, a_household
from tests.registry.signing import ACCOUNTS, an_account, operator
from tests.registry.volunteers.test_routes import VOLUNTEERS, a_volunteer

GONE, WHOLE = "34.71.03.1001", "34.71.03.1002"
MERGED_ON = "2026-01-01"


@pytest.fixture
async def known(registry: Running) -> AsyncIterator[Running]:
    """Give registry with rows of two kelurahan, of which one became part of the other since."""
    for code in (GONE, WHOLE):
        assert (await a_household(registry, kelurahan_code=code)).status_code == 201
        for number in range(6):
            assert (await a_volunteer(registry, kelurahan_code=code, name=f"Warga {number}")).status_code == 201
        assert (await record(registry, KBK | {"region_code": code})).status_code == 201
        assert (await a_partner(registry, region_code=code)).status_code == 201
        assert (await an_account(registry, regions=[code])).status_code == 201
        assert (await an_assignment(registry, await a_facilitator(registry), code)).status_code == 201
    async with merged(registry, GONE, into=WHOLE):
        yield registry


def households(found: Any) -> int:
    return int(found["households"])


def volunteers(found: Any) -> int:
    return sum(one["total"] for one in found["items"])


def communities(found: Any) -> int:
    return int(found["communities"])


def items(found: Any) -> int:
    return len(found["items"])


def served(found: Any) -> int:
    return sum(one["facilitators"] for one in found["roles"])


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        (f"{HOUSEHOLDS}/statistics", households),
        (f"{VOLUNTEERS}/statistics", volunteers),
        (f"{LEARNING}/measures", communities),
        (PARTNERS, items),
        (ACCOUNTS, items),
        (f"{FACILITATORS}/coverage", served),
    ],
)
async def test_what_is_counted_stands_where_it_is_today_and_where_it_was(
    known: Running, address: str, counted: Callable[[Any], int]
) -> None:
    async def of(region: str, boundaries: str) -> int:
        query = {"region": region, "boundaries": boundaries}
        reply = await known.http.get(address, params=query, headers=operator(known))
        assert reply.status_code == 200, reply.text
        return counted(reply.json())

    one = 6 if counted is volunteers else 1
    assert [await of(region, "today") for region in (GONE, WHOLE)] == [0, 2 * one]
    assert [await of(region, "original") for region in (GONE, WHOLE)] == [one, one]
    if address != ACCOUNTS:
        assert await of("34.71.03", "original") == await of("34.71.03", "today") == 2 * one


async def test_what_small_numbers_hide_is_not_told_by_the_other_boundaries(known: Running) -> None:
    original = f"region={WHOLE}&boundaries=original"
    volunteers = (await known.http.get(f"{VOLUNTEERS}/statistics?{original}")).json()
    households = (await known.http.get(f"{HOUSEHOLDS}/statistics?{original}")).json()
    today = (await known.http.get(f"{VOLUNTEERS}/statistics?region={WHOLE}")).json()

    assert [(one["women"], one["by_sex_missing_reason"]) for one in volunteers["items"]] == [(None, "suppressed")]
    assert [(one["women"], one["kelurahan_code"]) for one in today["items"]] == [(12, WHOLE)]
    assert households["rw"] == []


async def test_a_kelurahan_that_is_gone_lacks_nobody_today_and_lacked_nobody_then(known: Running) -> None:
    async def gaps(query: str) -> list[str]:
        reply = await known.http.get(f"{FACILITATORS}/gaps?region=34.71.03&{query}")
        return [one["kelurahan_code"] for one in reply.json()["items"]]

    assert await gaps("boundaries=today") == await gaps("boundaries=original") == []
    assert await gaps("boundaries=original&as_of=2024-01-15") == [GONE, WHOLE]
    assert await gaps("boundaries=today&as_of=2024-01-15") == [WHOLE]
    assert await gaps(f"boundaries=original&as_of={MERGED_ON}&role=city_coordinator") == [WHOLE]


async def test_an_account_is_found_by_what_its_region_is_called_today(known: Running) -> None:
    async def found(query: str) -> list[list[str]]:
        reply = await known.http.get(f"{ACCOUNTS}?{query}", headers=operator(known))
        return [one["regions"] for one in reply.json()["items"]]

    assert await found(f"region={WHOLE}") == [[GONE], [WHOLE]]
    assert await found(f"region={GONE}&boundaries=original") == [[GONE]]

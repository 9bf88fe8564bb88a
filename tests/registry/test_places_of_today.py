"""One place under several codes: after a renumbering everything that was recorded there is still there."""

from collections.abc import AsyncIterator

import pytest

from tests.house import Running, code_of, etag
from tests.registry.duplicates.story import FIRST, SECOND, a_household, a_resident, queue
from tests.registry.placing import know_regions, places, put_back
from tests.registry.regions.test_successions import BACIRO, DEMANGAN, EAST, NAMES, RENUMBERED, act, recorded

DUPLICATES, GROUPS = "/registry/v1/duplicates", "/registry/v1/groups"


@pytest.fixture
async def regions(registry: Running) -> AsyncIterator[Running]:
    before = await places(registry)
    await know_regions(registry, NAMES)
    yield registry
    await put_back(registry, before)


async def merged(registry: Running, pair: dict[str, str]) -> int:
    by = registry.token("facilitator", regions=("*",))
    address = f"{DUPLICATES}/{pair['id']}"
    now = await registry.http.get(address, headers=by)
    reply = await registry.http.post(f"{address}/merge", json={"kept_id": pair["first_id"]}, headers=by | etag(now))
    return reply.status_code


class TestDuplicates:
    @pytest.mark.parametrize("again", [SECOND, FIRST])
    async def test_are_found_and_merged_after_a_renumbering(self, regions: Running, again: dict[str, object]) -> None:
        await a_resident(regions, await a_household(regions, BACIRO), **FIRST)
        await recorded(regions, RENUMBERED)
        await a_resident(regions, await a_household(regions, EAST), **again)

        (pair,) = await queue(regions, regions=("*",))

        assert (pair["kelurahan_code_now"], pair["elsewhere_code"]) == (EAST, None)
        assert await merged(regions, pair) == 200

    async def test_of_two_kelurahan_are_merged_once_these_are_one(self, regions: Running) -> None:
        await a_resident(regions, await a_household(regions, BACIRO), **FIRST)
        await a_resident(regions, await a_household(regions, DEMANGAN), **FIRST)
        (before,) = await queue(regions, regions=("*",))
        refused = await merged(regions, before)
        await recorded(regions, act("merge", [BACIRO, DEMANGAN], [{"code": EAST, "name": "Baciro Baru"}]))
        (after,) = await queue(regions, regions=("*",))

        assert (before["elsewhere_code"] in {BACIRO, DEMANGAN}, refused) == (True, 409)
        assert after["elsewhere_code"] is None
        assert await merged(regions, after) == 200


class TestGroups:
    async def test_take_members_recorded_under_the_new_code_and_see_their_other_groups(self, regions: Running) -> None:
        by = regions.token("facilitator", regions=("*",))

        async def a_group(code: str, name: str) -> str:
            place = {"kelurahan_code": code, "name": f"BKM {name}", "founded_on": "2010-01-01"}
            board = await regions.http.post("/registry/v1/boards", json=place, headers=by)
            draft = {"name": name, "kind": "economic", "bond": "activity", "formed_on": "2021-01-15"}
            draft |= {"board_id": board.json()["id"], "members": 7, "women": 4}
            return str((await regions.http.post(GROUPS, json=draft, headers=by)).json()["id"])

        old = await a_group(BACIRO, "KSM Lama")
        await recorded(regions, RENUMBERED)
        new = await a_group(EAST, "KSM Baru")
        person = await a_resident(regions, await a_household(regions, EAST), **FIRST)
        joined = [
            await regions.http.post(
                f"{GROUPS}/{group}/memberships",
                json={"resident_id": person, "role": "member", "starts_on": "2022-01-01"},
                headers=by,
            )
            for group in (old, new)
        ]
        overlaps = await regions.http.get(f"{GROUPS}/overlaps", headers=by)

        assert [reply.status_code for reply in joined] == [201, 201], [code_of(reply) for reply in joined]
        assert joined[1].json()["other_borrowing_groups"] == 1
        assert [
            (item["resident_id"], [group["kelurahan_code"] for group in item["groups"]])
            for item in overlaps.json()["items"]
        ] == [(person, [BACIRO, EAST])]

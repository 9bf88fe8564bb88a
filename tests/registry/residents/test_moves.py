import asyncio
from typing import Any

import httpx
import pytest

from tests.house import Running, code_of, etag
from tests.registry.racing import warm
from tests.registry.residents.story import (
    ADDRESS,
    ELSEWHERE,
    HOUSEHOLDS,
    KK,
    NAME,
    PLACE,
    RESIDENTS,
    a_household,
    a_resident,
    read,
)
from tests.registry.residents.test_welfare import decide

OUTSIDE = "33.74.01.1001"


async def move(
    registry: Running, of: httpx.Response, seen: httpx.Response | None = None, **body: Any
) -> httpx.Response:
    headers = registry.token("facilitator") | etag(seen or of)
    return await registry.http.post(f"{of.headers['Location']}/move", json=body, headers=headers)


@pytest.fixture
async def household(registry: Running) -> httpx.Response:
    return await a_household(registry, kk_number=KK)


class TestMoveHousehold:
    async def test_closes_what_is_left_and_opens_another_for_the_same_people(
        self, registry: Running, household: httpx.Response
    ) -> None:
        mother = await a_resident(registry, household)
        child = await a_resident(registry, household, name="Anak Contoh", birth_year=2012)
        headed = await registry.http.patch(
            household.headers["Location"],
            json={"head_id": mother.json()["id"]},
            headers=registry.token("facilitator") | etag(household),
        )
        await decide(registry, household)

        moved = await move(registry, household, headed, kelurahan_code=ELSEWHERE, moved_on="2023-07-01", rt="9")
        there = (await read(registry, moved)).json()
        people = (await read(registry, f"{RESIDENTS}?region={ELSEWHERE}")).json()["items"]
        old = (await read(registry, mother)).json()

        assert moved.status_code == 200, moved.text
        assert (moved.json()["ends_on"], moved.json()["ended_because"]) == ("2023-06-30", "moved")
        assert (moved.json()["moved_to"], there["moved_from"]) == (there["id"], household.json()["id"])
        assert (there["kelurahan_code"], there["starts_on"], there["rt"]) == (ELSEWHERE, "2023-07-01", "009")
        assert (there["address"], there["kk_number"], there["welfare"]) == (None, "************0004", None)
        assert [(one["name"], one["person_id"], one["moved_from"]) for one in people] == [
            (NAME, mother.json()["person_id"], mother.json()["id"]),
            ("Anak Contoh", child.json()["person_id"], child.json()["id"]),
        ]
        assert there["head_id"] == people[0]["id"]
        assert (old["ends_on"], old["ended_because"], old["moved_to"]) == ("2023-06-30", "moved", people[0]["id"])
        assert old["name"] == NAME

    async def test_counts_everybody_once_on_every_day(self, registry: Running, household: httpx.Response) -> None:
        await a_resident(registry, household)
        await decide(registry, household)
        await move(registry, household, kelurahan_code=ELSEWHERE, moved_on="2023-07-01")

        async def shown(region: str, day: str) -> tuple[int, int, Any]:
            reply = await registry.http.get(f"{HOUSEHOLDS}/statistics", params={"region": region, "as_of": day})
            told = reply.json()["poor_households"]
            return reply.json()["households"], reply.json()["residents"], told["count"] or told["null_reason"]

        assert await shown(PLACE, "2023-06-30") == (1, 1, "fewer_than_five")
        assert await shown(PLACE, "2023-07-01") == (0, 0, "no_poverty_list")
        assert await shown(ELSEWHERE, "2023-06-30") == (0, 0, "no_poverty_list")
        assert await shown(ELSEWHERE, "2023-07-01") == (1, 1, "no_poverty_list")
        assert await shown("34.71", "2023-07-01") == (1, 1, "no_poverty_list")

    async def test_may_lead_out_of_the_own_regions_where_nothing_is_seen_any_more(
        self, registry: Running, household: httpx.Response
    ) -> None:
        await a_resident(registry, household)

        moved = await move(registry, household, kelurahan_code=OUTSIDE, moved_on="2023-07-01")

        assert moved.status_code == 200, moved.text
        assert (await read(registry, moved)).status_code == 404
        assert (await read(registry, moved, "facilitator", regions=("33.74",))).json()["residents"] == 1

    async def test_needs_the_place_it_leaves(self, registry: Running, household: httpx.Response) -> None:
        reply = await registry.http.post(
            f"{household.headers['Location']}/move",
            json={"kelurahan_code": OUTSIDE, "moved_on": "2023-07-01"},
            headers=registry.token("facilitator", regions=("33.74",)) | etag(household),
        )

        assert reply.status_code == 404

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"kelurahan_code": "34.71.99.9999"}, "/kelurahan_code", "place.unknown"),
            ({"moved_on": "2999-01-01"}, "/moved_on", "date.in_the_future"),
            ({"moved_on": "2015-01-01"}, "/moved_on", "move.too_early"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, household: httpx.Response, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await move(registry, household, **({"kelurahan_code": ELSEWHERE, "moved_on": "2023-07-01"} | change))

        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_happens_once(self, registry: Running, household: httpx.Response) -> None:
        body = {"kelurahan_code": ELSEWHERE, "moved_on": "2023-07-01"}
        await warm(registry)

        replies = await asyncio.gather(*(move(registry, household, **body) for _ in range(2)))
        moved = next(one for one in replies if one.status_code == 200)
        again = await registry.http.post(
            f"{household.headers['Location']}/move", json=body, headers=registry.token("facilitator") | etag(moved)
        )
        reopened = await registry.http.patch(
            household.headers["Location"],
            json={"ends_on": None, "ended_because": None},
            headers=registry.token("facilitator") | etag(moved),
        )

        assert sorted(one.status_code for one in replies) == [200, 412]
        assert (again.status_code, code_of(again)) == (409, "resident.already_moved")
        assert (reopened.status_code, code_of(reopened)) == (409, "resident.already_moved")

    async def test_keeps_the_address_it_leaves_with_the_record_it_closes(
        self, registry: Running, household: httpx.Response
    ) -> None:
        moved = await move(
            registry, household, kelurahan_code=PLACE, moved_on="2023-07-01", address="Jalan Baru Contoh"
        )

        assert (await read(registry, household.headers["Location"])).json()["address"] == ADDRESS
        assert (await read(registry, moved)).json()["address"] == "Jalan Baru Contoh"


class TestMoveResident:
    async def test_joins_another_household_and_leaves_no_head_behind(
        self, registry: Running, household: httpx.Response
    ) -> None:
        resident = await a_resident(registry, household)
        await registry.http.patch(
            household.headers["Location"],
            json={"head_id": resident.json()["id"]},
            headers=registry.token("facilitator") | etag(household),
        )
        there = await a_household(registry, kelurahan_code=ELSEWHERE)

        moved = await move(registry, resident, household_id=there.json()["id"], moved_on="2023-07-01")
        joined = (await read(registry, moved)).json()

        assert moved.status_code == 200, moved.text
        assert (moved.json()["ends_on"], moved.json()["moved_to"]) == ("2023-06-30", joined["id"])
        assert (joined["household_id"], joined["name"]) == (there.json()["id"], NAME)
        assert joined["person_id"] == resident.json()["person_id"]
        assert (await read(registry, household)).json()["head_id"] is None

    async def test_refuses_where_somebody_is_already_and_households_that_are_not_seen(
        self, registry: Running, household: httpx.Response
    ) -> None:
        resident = await a_resident(registry, household)
        outside = await registry.http.post(
            HOUSEHOLDS,
            json={"kelurahan_code": OUTSIDE, "starts_on": "2020-01-01"},
            headers=registry.token("facilitator", regions=("33.74",)),
        )

        same = await move(registry, resident, household_id=household.json()["id"], moved_on="2023-07-01")
        unseen = await move(registry, resident, household_id=outside.json()["id"], moved_on="2023-07-01")
        early = await move(
            registry,
            resident,
            household_id=(await a_household(registry, starts_on="2023-09-01")).json()["id"],
            moved_on="2023-07-01",
        )

        assert same.json()["errors"][0]["code"] == "move.same_household"
        assert unseen.json()["errors"][0]["code"] == "household.unknown"
        assert early.json()["errors"][0]["code"] == "move.too_early"

    async def test_of_who_died_nothing_moves(self, registry: Running, household: httpx.Response) -> None:
        resident = await a_resident(registry, household)
        died = await registry.http.patch(
            resident.headers["Location"],
            json={"ends_on": "2022-01-01", "ended_because": "died"},
            headers=registry.token("facilitator") | etag(resident),
        )
        there = await a_household(registry)

        reply = await move(registry, resident, died, household_id=there.json()["id"], moved_on="2023-07-01")

        assert (reply.status_code, code_of(reply)) == (409, "resident.ended")

    async def test_waits_for_who_moves_the_opposite_way_at_once(
        self, registry: Running, household: httpx.Response
    ) -> None:
        there = await a_household(registry)
        ways = [(household, there), (there, household)] * 3
        people = [
            await a_resident(registry, left, name=f"Orang {number} Contoh", nik=None, nik_absent_reason="not_asked")
            for number, (left, _) in enumerate(ways)
        ]
        await warm(registry)

        replies = await asyncio.gather(
            *(
                move(registry, resident, household_id=joined.json()["id"], moved_on="2023-07-01")
                for resident, (_, joined) in zip(people, ways, strict=True)
            )
        )

        assert [one.status_code for one in replies] == [200] * 6

    async def test_waits_for_who_edits_somebody_alike_at_once(self, registry: Running) -> None:
        there = await a_household(registry)
        for number in range(3):
            name = f"Ratnasari Contohwati{'abc'[number]}"
            alike = [await a_resident(registry, await a_household(registry), name=name) for _ in range(2)]
            edited = registry.token("facilitator") | etag(alike[1])
            await warm(registry)

            replies = await asyncio.gather(
                move(registry, alike[0], household_id=there.json()["id"], moved_on="2023-07-01"),
                registry.http.patch(alike[1].headers["Location"], json={"birth_year": 1981}, headers=edited),
            )

            assert [one.status_code for one in replies] == [200, 200]


class TestEditedEnd:
    async def test_no_edit_ends_somebody_as_moved_and_leaves_them_nowhere(
        self, registry: Running, household: httpx.Response
    ) -> None:
        resident = await a_resident(registry, household)
        headers = registry.token("facilitator") | etag(resident)

        edited = await registry.http.patch(
            resident.headers["Location"], json={"ends_on": "2023-06-30", "ended_because": "moved"}, headers=headers
        )
        there = (await a_household(registry, kelurahan_code=ELSEWHERE)).json()["id"]
        moved = await move(registry, resident, household_id=there, moved_on="2023-07-01")

        assert (edited.status_code, code_of(edited)) == (422, "resident.invalid")
        assert [(one["pointer"], one["code"]) for one in edited.json()["errors"]] == [
            ("/ended_because", "ending.moved")
        ]
        assert moved.status_code == 200, moved.text

    async def test_who_moved_by_the_act_can_still_be_named_rightly(
        self, registry: Running, household: httpx.Response
    ) -> None:
        resident = await a_resident(registry, household)
        there = (await a_household(registry, kelurahan_code=ELSEWHERE)).json()["id"]
        moved = await move(registry, resident, household_id=there, moved_on="2023-07-01")

        named = await registry.http.patch(
            resident.headers["Location"],
            json={"name": "Nama Benar Contoh"},
            headers=registry.token("facilitator") | etag(moved),
        )

        assert (named.status_code, named.json()["ended_because"]) == (200, "moved"), named.text

    async def test_a_household_that_moved_by_the_act_can_still_be_corrected(
        self, registry: Running, household: httpx.Response
    ) -> None:
        headers = registry.token("facilitator")
        moved = await move(registry, household, kelurahan_code=ELSEWHERE, moved_on="2023-07-01")

        corrected = await registry.http.patch(
            household.headers["Location"], json={"rt": "7"}, headers=headers | etag(moved)
        )

        assert (corrected.status_code, corrected.json()["rt"]) == (200, "007"), corrected.text
        assert (corrected.json()["ended_because"], corrected.json()["moved_to"]) == ("moved", moved.json()["moved_to"])

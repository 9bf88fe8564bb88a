"""One place under several codes: after a renumbering everything that was recorded there is still there."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import update

from services.registry.database import Base
from tests.house import Running, code_of, etag, new_id
from tests.registry.duplicates.story import FIRST, SECOND, a_household, a_resident, queue
from tests.registry.electing import day
from tests.registry.placing import know_regions, places, put_back
from tests.registry.racing import warm
from tests.registry.regions.test_successions import BACIRO, DEMANGAN, EAST, NAMES, RENUMBERED, SPLIT, act, recorded

DUPLICATES, GROUPS = "/registry/v1/duplicates", "/registry/v1/groups"


@pytest.fixture
async def regions(registry: Running) -> AsyncIterator[Running]:
    before = await places(registry)
    await know_regions(registry, NAMES)
    yield registry
    await put_back(registry, before)


async def post(registry: Running, address: str, body: dict[str, Any], role: str = "facilitator") -> httpx.Response:
    headers = registry.token(role, regions=("*",))
    return await registry.http.post(f"/registry/v1/{address}", json=body, headers=headers)


def told(reply: httpx.Response) -> tuple[int, str, Any]:
    return reply.status_code, code_of(reply), reply.json().get("existing")


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


class TestWhatExistsOnce:
    """Is there already when it was recorded under an earlier code; the refusal says which it is."""

    async def test_a_volunteer(self, regions: Running) -> None:
        draft = {"name": "Ibu Contoh", "sex": "female", "roles": ["mobiliser"], "starts_on": "2018-01-01"}
        draft |= {"person_id": new_id()}
        first = await post(regions, "volunteers", draft | {"kelurahan_code": BACIRO})
        await recorded(regions, RENUMBERED)
        again = await post(regions, "volunteers", draft | {"kelurahan_code": EAST, "starts_on": "2021-01-01"})

        assert first.status_code == 201, first.text
        assert told(again) == (409, "volunteer.already", first.json()["id"])

    async def test_an_assignment(self, regions: Running) -> None:
        draft = {"region_code": "34.71", "name": "Bapak Contoh", "role": "social_facilitator"}
        by = "city_coordinator"
        facilitator = await post(regions, "facilitators", draft | {"starts_on": "2018-01-01"}, by)
        address = f"facilitators/{facilitator.json()['id']}/assignments"
        first = await post(regions, address, {"kelurahan_code": BACIRO, "starts_on": "2018-02-01"}, by)
        await recorded(regions, RENUMBERED)
        again = await post(regions, address, {"kelurahan_code": EAST, "starts_on": "2021-01-01"}, by)

        assert first.status_code == 201, first.text
        assert told(again) == (409, "assignment.overlaps", first.json()["id"])

    async def test_a_committee(self, regions: Running) -> None:
        decree = {"kind": "tkpk", "name": "TKPK Contoh", "number": "1", "signed_on": "2015-01-01"}
        draft = {"decree": decree | {"starts_on": "2015-01-01"}}
        by = "city_coordinator"
        first = await post(regions, "committees", draft | {"region_code": "34.71"}, by)
        await recorded(regions, act("renumbering", ["34.71"], [{"code": "34.75"}]))
        again = await post(regions, "committees", draft | {"region_code": "34.75"}, by)

        assert first.status_code == 201, first.text
        assert told(again) == (409, "item.already_there", first.json()["id"])

    async def test_a_board_and_its_groups(self, regions: Running) -> None:
        draft = {"name": "BKM Contoh", "founded_on": "2010-01-01"}
        first = await post(regions, "boards", draft | {"kelurahan_code": BACIRO})
        await recorded(regions, RENUMBERED)
        again = await post(regions, "boards", draft | {"name": "bkm contoh", "kelurahan_code": EAST})
        other = await post(regions, "boards", draft | {"founded_on": "2011-01-01", "kelurahan_code": EAST})
        group = {"name": "KSM Contoh", "kind": "social", "bond": "domicile", "formed_on": "2015-01-01", "women": 1}
        group |= {"board_id": first.json()["id"], "members": 9}
        one, same = await post(regions, "groups", group), await post(regions, "groups", group)

        assert told(again) == (409, "item.already_there", first.json()["id"])
        assert (other.status_code, one.status_code) == (201, 201)
        assert told(same) == (409, "item.already_there", one.json()["id"])

    async def test_a_board_even_when_two_come_at_once(self, regions: Running) -> None:
        await warm(regions)
        draft = {"kelurahan_code": BACIRO, "name": "BKM Contoh", "founded_on": "2010-01-01"}
        replies = await asyncio.gather(*(post(regions, "boards", draft) for _ in range(3)))

        assert sorted(reply.status_code for reply in replies) == [201, 409, 409]

    async def test_a_facilitator_and_a_partner(self, regions: Running) -> None:
        staff = {"region_code": "34.71", "name": "Ibu Contoh", "role": "social_facilitator", "person_id": new_id()}
        staff |= {"starts_on": "2018-01-01"}
        served = [await post(regions, "facilitators", staff, "city_coordinator") for _ in range(2)]
        bank = {"name": "Bank Contoh", "kind": "bank", "tax_number": "0123456789012345", "registration_number": "A-1"}
        branch = bank | {"name": "Bank Contoh Cabang", "tax_number": "0123456789012999"}
        untaxed = {name: value for name, value in bank.items() if name != "tax_number"}
        partners = [await post(regions, "partners", one, "programme_manager") for one in (bank, bank, branch, untaxed)]

        assert told(served[1]) == (409, "item.already_there", served[0].json()["id"])
        assert [reply.status_code for reply in partners] == [201, 409, 201, 409]
        assert told(partners[1]) == (409, "item.already_there", partners[0].json()["id"])


class TestAnEndedCode:
    async def test_takes_nothing_that_begins_after_it(self, regions: Running) -> None:
        await recorded(regions, RENUMBERED)
        home = {"kelurahan_code": BACIRO, "kk_absent_reason": "not_asked"}
        board = {"kelurahan_code": BACIRO, "name": "BKM Contoh"}
        refused = [
            await post(regions, "households", home | {"starts_on": "2024-01-01"}),
            await post(regions, "boards", board | {"founded_on": "2024-01-01"}),
        ]
        before = await post(regions, "households", home | {"starts_on": "2019-12-31"})
        today = await post(regions, "households", home | {"starts_on": "2024-01-01", "kelurahan_code": EAST})

        for reply in refused:
            assert (reply.status_code, code_of(reply), reply.json()["code_now"]) == (422, "place.ended", EAST)
            assert reply.json()["errors"][0]["pointer"] == "/kelurahan_code"
        assert (before.status_code, today.status_code) == (201, 201)

    async def test_still_answers_for_what_was_made_before_it_was_known_to_end(self, regions: Running) -> None:
        home = {"id": new_id(), "kelurahan_code": BACIRO, "starts_on": "2024-01-01", "kk_absent_reason": "not_asked"}
        first = await post(regions, "households", home)
        await recorded(regions, RENUMBERED)
        again = await post(regions, "households", home)

        assert (first.status_code, again.status_code) == (201, 200)


class TestABoardAfterASplit:
    """It stays with the successor its minutes name, though the heir kept the old code and all other rows."""

    @pytest.fixture
    async def board(self, regions: Running) -> httpx.Response:
        draft = {"kelurahan_code": BACIRO, "name": "BKM Contoh", "founded_on": "2010-01-01"}
        board = await post(regions, "boards", draft)
        await recorded(regions, SPLIT)
        return board

    async def stay(self, registry: Running, board: httpx.Response, code: str, *served: str) -> httpx.Response:
        headers = registry.token("facilitator", regions=served or ("*",))
        now = await registry.http.get(board.headers["Location"])
        body = {"code": code, "minutes_reference": "BA/01/2019"}
        address = f"{board.headers['Location']}/succession"
        return await registry.http.post(address, json=body, headers=headers | etag(now))

    async def found(self, registry: Running, query: str) -> int:
        return len((await registry.http.get(f"/registry/v1/boards?{query}")).json()["items"])

    async def test_stands_there(self, regions: Running, board: httpx.Response) -> None:
        reply = await self.stay(regions, board, EAST, BACIRO)
        await recorded(regions, act("renumbering", [EAST], [{"code": "34.71.03.1009"}], effective_on="2021-01-01"))
        later = await regions.http.get(board.headers["Location"])

        assert (reply.status_code, reply.json()["kelurahan_code"]) == (200, BACIRO), reply.text
        assert (reply.json()["kelurahan_code_now"], later.json()["kelurahan_code_now"]) == (EAST, "34.71.03.1009")
        assert [await self.found(regions, f"region={code}") for code in (BACIRO, "34.71.03.1009")] == [0, 1]
        assert await self.found(regions, f"region={BACIRO}&boundaries=original") == 1

    async def test_is_changed_by_who_serves_there_and_works_there(
        self, regions: Running, board: httpx.Response
    ) -> None:
        await self.stay(regions, board, EAST)
        now = await regions.http.get(board.headers["Location"])
        here, there = (regions.token("facilitator", regions=(code,)) for code in (BACIRO, EAST))
        old = await regions.http.patch(board.headers["Location"], json={"phone": "0274000"}, headers=here | etag(now))
        new = await regions.http.patch(board.headers["Location"], json={"phone": "0274000"}, headers=there | etag(now))
        group = {"name": "KSM Contoh", "kind": "social", "bond": "domicile", "formed_on": "2021-01-01", "women": 1}
        group |= {"board_id": board.json()["id"], "members": 9}
        formed = await regions.http.post(GROUPS, json=group, headers=there)
        person = await a_resident(regions, await a_household(regions, EAST), **FIRST)
        member = {"resident_id": person, "role": "member", "starts_on": "2022-01-01"}
        joined = await regions.http.post(f"{formed.headers['Location']}/memberships", json=member, headers=there)

        assert (old.status_code, code_of(old)) == (403, "region.missing")
        assert (new.status_code, formed.status_code, joined.status_code) == (200, 201, 201)
        assert formed.json()["kelurahan_code"] == EAST

    @pytest.mark.parametrize("certified", [True, False])
    async def test_goes_not_where_another_ones_certified_mandate_runs(
        self, regions: Running, board: httpx.Response, *, certified: bool
    ) -> None:
        there = regions.token("facilitator", regions=(EAST,))
        draft = {"kelurahan_code": EAST, "name": "BKM Timur", "founded_on": "2021-01-01"}
        other = await regions.http.post("/registry/v1/boards", json=draft, headers=there)
        seats = [{"name": f"Warga {n}", "position": "member" if n else "koordinator"} for n in range(9)]
        term = {"elected_on": day(-10), "starts_on": day(-9), "ends_on": day(900), "officers": seats}
        await regions.http.post(f"{other.headers['Location']}/terms", json=term, headers=there)
        if certified:
            async with regions.database.writes.begin() as connection:
                await connection.execute(update(Base.metadata.tables["terms"]).values(election_id=uuid4()))

        reply = await self.stay(regions, board, EAST)

        if certified:
            assert (reply.status_code, code_of(reply)) == (409, "board.place_taken"), reply.text
            assert (reply.json()["existing"], reply.json()["errors"][0]["pointer"]) == (other.json()["id"], "/code")
        else:
            assert (reply.status_code, reply.json()["shares_kelurahan"]) == (200, True), reply.text

    async def test_goes_nowhere_else_and_back_when_the_minutes_were_misread(
        self, regions: Running, board: httpx.Response
    ) -> None:
        other = await self.stay(regions, board, DEMANGAN)
        await self.stay(regions, board, EAST)
        back = await self.stay(regions, board, BACIRO)

        assert (other.status_code, code_of(other)) == (422, "board.not_a_successor")
        assert (back.status_code, back.json()["kelurahan_code_now"]) == (200, BACIRO)


class TestWelfare:
    @pytest.mark.parametrize(("day", "stays"), [("2020-01-01", True), ("2023-07-01", False)])
    async def test_stays_with_a_household_that_is_in_a_successor_from_its_first_day(
        self, regions: Running, day: str, stays: bool
    ) -> None:
        home = await post(
            regions,
            "households",
            {"kelurahan_code": BACIRO, "starts_on": "2015-01-01", "kk_absent_reason": "not_asked"},
        )
        decision = {"status": "poor", "held_on": "2018-01-01", "minutes_reference": "BA/PS/01/2018"}
        decision |= {"attendance": {"total": 50, "women": 20, "poor": 20}}
        decided = await post(regions, f"households/{home.json()['id']}/welfare-statuses", decision)
        await recorded(regions, SPLIT)
        by = regions.token("facilitator", regions=("*",))
        now = await regions.http.get(home.headers["Location"], headers=by)
        body = {"kelurahan_code": EAST, "moved_on": day}
        moved = await regions.http.post(f"{home.headers['Location']}/move", json=body, headers=by | etag(now))
        there = await regions.http.get(f"/registry/v1/households/{moved.json()['moved_to']}", headers=by)

        assert decided.status_code == 201, decided.text
        assert there.json()["welfare"] == ("poor" if stays else None)

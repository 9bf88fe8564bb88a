import asyncio
from datetime import date
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.registry.residents.service import counts, known_residents
from shared.lists import Bounded
from tests.house import Running, code_of, etag, new_id
from tests.registry.placing import merged
from tests.registry.racing import warm
from tests.registry.residents.story import HOUSEHOLD, HOUSEHOLDS, PLACE, RESIDENTS, a_household, a_resident, read

ATTENDANCE = {"total": 60, "women": 31, "poor_not_counted_reason": "no_poverty_list"}
DECISION = {"status": "poor", "held_on": "2021-03-01", "minutes_reference": "BA/1/2021", "attendance": ATTENDANCE}
DECISION |= {"criteria_reference": "BA/KRITERIA/2020"}
STATISTICS = f"{HOUSEHOLDS}/statistics"
NEIGHBOUR = "34.71.03.1002"


async def decide(registry: Running, household: httpx.Response, **changes: Any) -> httpx.Response:
    address = f"{household.headers['Location']}/welfare-statuses"
    return await registry.http.post(address, json=DECISION | changes, headers=registry.token("facilitator"))


async def statistics(registry: Running, region: str = PLACE, **asked: str) -> Any:
    return (await registry.http.get(STATISTICS, params={"region": region} | asked)).json()


def id_of(reply: httpx.Response) -> UUID:
    return UUID(reply.json()["id"])


class TestDecide:
    async def test_the_next_decision_ends_the_one_before_and_history_stays(self, registry: Running) -> None:
        household = await a_household(registry)
        first = await decide(registry, household)
        second = await decide(registry, household, status="near_poor", held_on="2023-05-01", starts_on="2023-06-01")

        async def listed(day: str) -> list[str]:
            address = f"{HOUSEHOLDS}?welfare=poor&as_of={day}"
            return [one["welfare"] for one in (await read(registry, address, "volunteer")).json()["items"]]

        history = await read(registry, f"{household.headers['Location']}/welfare-statuses", "volunteer")
        assert (first.status_code, second.status_code) == (201, 201), second.text
        assert first.json()["criteria_reference"] == "BA/KRITERIA/2020"
        assert [(one["status"], one["starts_on"], one["ends_on"]) for one in history.json()["items"]] == [
            ("near_poor", "2023-06-01", None),
            ("poor", "2021-03-01", "2023-05-31"),
        ]
        assert [await listed(day) for day in ("2021-02-28", "2021-03-01", "2023-05-31", "2023-06-01")] == [
            [],
            ["poor"],
            ["poor"],
            [],
        ]
        assert (await read(registry, household)).json()["welfare"] == "near_poor"

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"held_on": "2999-01-01"}, "/held_on", "date.in_the_future"),
            ({"starts_on": "2021-02-28"}, "/starts_on", "welfare.before_meeting"),
            ({"held_on": "2014-01-01"}, "/starts_on", "welfare.outside_household"),
            ({"status": "rich"}, "/status", "value.not_a_choice"),
            ({"attendance": ATTENDANCE | {"women": 61}}, "/attendance/women", "attendance.exceeds_total"),
            ({"attendance": {"total": 60, "women": 3}}, "/attendance/poor", "attendance.reason_missing"),
        ],
    )
    async def test_names_the_wrong_place(
        self, registry: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await decide(registry, await a_household(registry), **change)

        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_refuses_a_decision_before_the_last_one(self, registry: Running) -> None:
        household = await a_household(registry)
        await decide(registry, household)

        same = await decide(registry, household, status="not_poor")

        assert (same.status_code, code_of(same)) == (409, "welfare.out_of_order")

    async def test_an_edit_ends_it_but_not_in_the_next_ones_time(self, registry: Running) -> None:
        household = await a_household(registry)
        first = await decide(registry, household)
        await decide(registry, household, status="not_poor", held_on="2022-01-01")
        headers, address = registry.token("facilitator"), first.headers["Location"]
        current = await read(registry, first)

        stale = await registry.http.patch(address, json={"ends_on": "2021-04-01"}, headers=headers | etag(first))
        late = await registry.http.patch(address, json={"ends_on": "2022-01-01"}, headers=headers | etag(current))
        ended = await registry.http.patch(address, json={"ends_on": "2021-04-01"}, headers=headers | etag(current))

        assert (stale.status_code, stale.json()["current"]["ends_on"]) == (412, "2021-12-31")
        assert late.json()["errors"][0]["code"] == "welfare.runs_into_next"
        assert (ended.status_code, ended.json()["ends_on"]) == (200, "2021-04-01")

    async def test_of_two_decisions_at_once_one_is_told_of_the_other(self, registry: Running) -> None:
        household = await a_household(registry)
        await warm(registry)

        replies = await asyncio.gather(*(decide(registry, household, status=one) for one in ("poor", "not_poor")))

        assert sorted(one.status_code for one in replies) == [201, 409]

    async def test_is_taken_once_and_by_those_who_serve_the_place(self, registry: Running) -> None:
        household, identity = await a_household(registry), new_id()
        address = f"{household.headers['Location']}/welfare-statuses"

        replies = [await decide(registry, household, id=identity) for _ in range(2)]
        outside = await registry.http.post(
            address, json=DECISION, headers=registry.token("facilitator", regions=("33.74",))
        )
        reader = await registry.http.post(address, json=DECISION, headers=registry.token("supervisor"))

        assert [one.status_code for one in replies] == [201, 200]
        assert (outside.status_code, code_of(reader)) == (404, "scope.missing")


class TestStatistics:
    async def fill(self, registry: Running, rw: str, poor: int, others: int = 0) -> None:
        for number in range(poor + others):
            household = await a_household(registry, rw=rw)
            await a_resident(registry, household, sex="male" if number % 2 else "female")
            await decide(registry, household, status="poor" if number < poor else "not_poor")

    async def test_hides_small_parts_of_a_kelurahan_and_what_would_tell_them(self, registry: Running) -> None:
        for rw, poor in (("1", 2), ("2", 6), ("3", 5)):
            await self.fill(registry, rw, poor)

        found = await statistics(registry)

        assert found["poor_households"] == {"count": 13, "null_reason": None}
        assert (found["residents"], found["women"], found["undecided_households"]) == (13, 7, 0)
        assert [(one["rw"], one["poor_households"]["count"]) for one in found["rw"]] == [
            ("001", None),
            ("002", 6),
            ("003", None),
        ]
        assert [one["poor_households"]["null_reason"] for one in found["rw"]] == [
            "fewer_than_five",
            None,
            "tells_another",
        ]

    async def poor_in(self, registry: Running, code: str, poor: int) -> None:
        for number in range(poor):
            household = await a_household(registry, kelurahan_code=code, rw=str(1 + number % 2))
            await a_resident(registry, household, name=f"Warga {number}", nik=None, nik_absent_reason="lost")
            await decide(registry, household)

    async def test_hides_a_kelurahan_with_few_poor_and_what_would_tell_it(self, registry: Running) -> None:
        await self.poor_in(registry, PLACE, 3)
        alone = [(await statistics(registry, code))["poor_households"] for code in (PLACE, "34.71.03", "34.71")]
        await self.poor_in(registry, NEIGHBOUR, 12)

        small, large = [await statistics(registry, code) for code in (PLACE, NEIGHBOUR)]
        whole = [await statistics(registry, code) for code in ("34.71.03", "34.71")]

        assert alone == [{"count": None, "null_reason": "fewer_than_five"}] * 3
        for name in ("poor_households", "poor_residents"):
            assert small[name] == {"count": None, "null_reason": "fewer_than_five"}
            assert large[name] == {"count": None, "null_reason": "tells_another"}
            assert [one[name]["count"] for one in whole] == [15, 15]
        # Its RW would add up to it.
        assert [one["poor_households"] for one in large["rw"]] == [{"count": None, "null_reason": "tells_another"}] * 2

    async def test_tells_the_poor_by_the_original_boundaries_only_where_these_are_todays(
        self, registry: Running
    ) -> None:
        await self.poor_in(registry, PLACE, 6)
        await self.poor_in(registry, NEIGHBOUR, 7)

        async def counted(region: str) -> Any:
            return (await statistics(registry, region, boundaries="original"))["poor_households"]

        same = [await counted(code) for code in (NEIGHBOUR, "34.71.03")]
        async with merged(registry, PLACE, into=NEIGHBOUR):
            today = (await statistics(registry, NEIGHBOUR))["poor_households"]
            moved = [await counted(code) for code in (PLACE, NEIGHBOUR, "34.71.03")]

        assert [one["count"] for one in same] == [7, 13]
        assert today["count"] == 13
        assert [one["count"] or one["null_reason"] for one in moved] == ["tells_another", "tells_another", 13]

    async def test_says_that_there_is_no_list_instead_of_zero(self, registry: Running) -> None:
        await a_household(registry)

        found = await statistics(registry, "34.71")

        assert found["poor_households"] == {"count": None, "null_reason": "no_poverty_list"}
        assert (found["households"], found["undecided_households"], found["rw"]) == (1, 1, [])

    @pytest.mark.parametrize("region", ["34", "*", "34.7"])
    async def test_refuses_regions_that_nobody_counts_at_once(self, registry: Running, region: str) -> None:
        reply = await registry.http.get(STATISTICS, params={"region": region})

        assert (reply.status_code, code_of(reply)) == (400, "query.invalid")


class TestForOtherSlices:
    async def test_counts_a_place_on_a_day(self, registry: Running) -> None:
        household = await a_household(registry)
        await a_resident(registry, household, birth_year=1980)
        await a_resident(registry, household, birth_year=2010, sex="male")
        unknown = {"birth_year": None, "birth_year_absent_reason": "not_known"}
        await a_resident(registry, household, **unknown, starts_on="2022-01-01")
        await decide(registry, household)

        async with registry.database.reads.connect() as connection:
            found = await counts(connection, Bounded(region=PLACE), on=date(2021, 6, 1))
            later = await counts(connection, Bounded(region="34.71"), on=date(2022, 6, 1))

        assert (found.residents, found.women, found.adults, found.adult_women, found.of_unknown_age) == (2, 1, 1, 1, 0)
        assert (found.poor_residents, found.poor_households, found.households) == (2, 1, 1)
        assert (later.residents, later.of_unknown_age) == (3, 1)

    async def test_looks_many_residents_up_in_one_statement(self, registry: Running) -> None:
        poor, other = await a_household(registry), await a_household(registry)
        await decide(registry, poor)
        first = await a_resident(registry, poor)
        second = await a_resident(registry, other, birth_year=2015, sex="male")
        third = await a_resident(
            registry, other, birth_year=None, birth_year_absent_reason="declined", starts_on="2023-01-01"
        )
        ids = [id_of(one) for one in (first, second, third)]

        async with registry.database.reads.connect() as connection:
            with registry.counted() as sent:
                found = await known_residents(connection, [*ids, id_of(poor)], on=date(2022, 1, 1))

        assert len(sent) == 1
        assert set(found) == set(ids)
        assert [(found[one].sex, found[one].adult, found[one].poor, found[one].lives_here) for one in ids] == [
            ("female", True, True, True),
            ("male", False, None, True),
            ("female", None, None, False),
        ]


async def test_residents_are_found_by_the_welfare_of_their_household(registry: Running) -> None:
    household = await a_household(registry)
    resident = await a_resident(registry, household)
    await a_resident(
        registry, await registry.http.post(HOUSEHOLDS, json=HOUSEHOLD, headers=registry.token("volunteer"))
    )
    await decide(registry, household)

    found = await read(registry, f"{RESIDENTS}?welfare=poor&as_of=2021-03-01", "volunteer")

    assert [one["id"] for one in found.json()["items"]] == [resident.json()["id"]]

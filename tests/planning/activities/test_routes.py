from typing import Any

import pytest

from tests.house import Running, code_of, etag, new_id
from tests.planning.story import (
    ACTIVITIES,
    ACTIVITY,
    NEIGHBOUR,
    a_plan,
    a_problem,
    an_activity,
    of_the_request,
    payloads,
    ratified,
    seen,
)


def faults(reply: Any) -> list[tuple[str, str]]:
    return [(one["pointer"], one["code"]) for one in reply.json()["errors"]]


class TestDraftActivity:
    async def test_answers_with_exact_numbers(self, planning: Running) -> None:
        reply = await an_activity(planning, await a_plan(planning))

        assert reply.status_code == 201
        assert reply.headers["Location"] == f"{ACTIVITIES}/{reply.json()['id']}"
        assert (reply.json()["volume"], reply.json()["total_cost_rupiah"]) == ("120.500", 48_200_000)
        assert reply.json()["funding"]["swadaya"] == 8_200_000
        assert reply.json()["funding"]["channeling"] == 0

    @pytest.mark.parametrize(
        ("change", "expected"),
        [
            (
                {"total_cost_rupiah": 48_200_001},
                [("/total_cost_rupiah", "activity.cost"), ("/funding", "activity.funding")],
            ),
            ({"funding": {"blm": 1}}, [("/funding", "activity.funding")]),
            ({"year": 4}, [("/year", "activity.year")]),
            (
                {"beneficiaries": {"households": 2, "poor_households": 3}},
                [("/beneficiaries/poor_households", "activity.poor_exceed_households")],
            ),
            ({"volume": "1e3"}, [("/volume", "value.pattern")]),
            ({"volume": 120.5}, [("/volume", "value.not_text")]),
            ({"total_cost_rupiah": 48_200_000.0}, [("/total_cost_rupiah", "value.not_integer")]),
            ({"funding": {"bantuan": 1}}, [("/funding/bantuan", "field.unknown")]),
        ],
    )
    async def test_names_the_wrong_place(
        self, planning: Running, change: dict[str, Any], expected: list[tuple[str, str]]
    ) -> None:
        plan = await a_plan(planning)

        reply = await an_activity(planning, plan, **change)

        assert (reply.status_code, faults(reply)) == (422, expected)
        assert (await seen(planning, plan)).json()["version"] == 1

    async def test_takes_a_rank_once_a_year(self, planning: Running) -> None:
        plan = await a_plan(planning)
        await an_activity(planning, plan)

        same, next_year = await an_activity(planning, plan), await an_activity(planning, plan, year=2)

        assert (same.status_code, faults(same)) == (422, [("/priority_rank", "activity.rank_taken")])
        assert next_year.status_code == 201

    async def test_answers_a_problem_of_its_own_kelurahan(self, planning: Running) -> None:
        plan = await a_plan(planning)
        here, there = await a_problem(planning), await a_problem(planning, kelurahan_code=NEIGHBOUR)

        elsewhere = await an_activity(planning, plan, problem_id=there.json()["id"])
        sound = await an_activity(planning, plan, problem_id=here.json()["id"])

        assert (elsewhere.status_code, faults(elsewhere)) == (422, [("/problem_id", "problem.elsewhere")])
        assert (sound.status_code, sound.json()["problem_id"]) == (201, here.json()["id"])

    async def test_raises_the_plans_version_so_that_who_ratifies_has_seen_it(self, planning: Running) -> None:
        plan = await a_plan(planning)
        officer = planning.token("board_officer", person=new_id())
        address = f"{plan.headers['Location']}/activities"
        await planning.http.post(address, json=ACTIVITY, headers=officer)
        before = await seen(planning, plan)
        await planning.http.post(address, json=ACTIVITY | {"priority_rank": 2}, headers=officer)

        reply = await planning.http.post(
            f"{plan.headers['Location']}/ratification", json={}, headers=planning.token("supervisor") | etag(before)
        )

        assert (reply.status_code, code_of(reply)) == (412, "version.stale")

    async def test_one_id_stands_in_one_plan(self, planning: Running) -> None:
        first, second, identity = await a_plan(planning), await a_plan(planning), new_id()

        made = await an_activity(planning, first, id=identity)
        again = await an_activity(planning, first, id=identity)
        elsewhere = await an_activity(planning, second, id=identity)

        assert (made.status_code, again.status_code) == (201, 200)
        assert (elsewhere.status_code, code_of(elsewhere)) == (409, "id.taken")


class TestChangeActivity:
    async def test_merges_nested_objects(self, planning: Running) -> None:
        activity = await an_activity(planning, await a_plan(planning))
        headers = planning.token("board_officer") | etag(activity)
        change = {
            "funding": {"swadaya": 8_000_000, "channeling": 200_000},
            "beneficiaries": {"poor_households": None},
        }

        reply = await planning.http.patch(activity.headers["Location"], json=change, headers=headers)

        assert reply.status_code == 200
        assert (reply.json()["funding"]["blm"], reply.json()["funding"]["channeling"]) == (40_000_000, 200_000)
        served = reply.json()["beneficiaries"]
        assert (served["households"], served["poor_households_missing"]) == (40, "not_counted")

    async def test_judges_the_whole_after_the_merge(self, planning: Running) -> None:
        activity = await an_activity(planning, await a_plan(planning))
        headers = planning.token("board_officer") | etag(activity)

        reply = await planning.http.patch(activity.headers["Location"], json={"volume": "100"}, headers=headers)

        assert (reply.status_code, faults(reply)) == (422, [("/total_cost_rupiah", "activity.cost")])

    async def test_needs_the_version_and_the_region(self, planning: Running) -> None:
        activity = await an_activity(planning, await a_plan(planning))
        address, change = activity.headers["Location"], {"title": "Saluran lain"}
        outside = planning.token("board_officer", regions=("33.74",)) | etag(activity)

        missing = await planning.http.patch(address, json=change, headers=planning.token("board_officer"))
        elsewhere = await planning.http.patch(address, json=change, headers=outside)

        assert (missing.status_code, code_of(missing)) == (428, "version.missing")
        assert (elsewhere.status_code, code_of(elsewhere)) == (404, "resource.not_found")

    async def test_is_over_once_the_plan_is_ratified(self, planning: Running) -> None:
        plan = await a_plan(planning)
        activity = await an_activity(planning, plan)
        await ratified(planning, plan)
        now = await seen(planning, activity)
        headers = planning.token("board_officer") | etag(now)

        edited = await planning.http.patch(activity.headers["Location"], json={"title": "Lain"}, headers=headers)
        added = await an_activity(planning, plan, priority_rank=2)

        assert (edited.status_code, code_of(edited)) == (409, "plan.state")
        assert (added.status_code, code_of(added)) == (409, "plan.state")


class TestListActivities:
    async def test_comes_by_year_and_priority(self, planning: Running) -> None:
        plan = await a_plan(planning)
        for year, rank in ((2, 1), (1, 10), (1, 2)):
            await an_activity(planning, plan, year=year, priority_rank=rank)
        address: str | None = f"{plan.headers['Location']}/activities?limit=2"
        found: list[tuple[int, int]] = []

        while address:
            with planning.counted() as sent:
                reply = await planning.http.get(address, headers=planning.token("auditor"))
            assert len(of_the_request(sent)) == 1
            found += [(one["year"], one["priority_rank"]) for one in reply.json()["items"]]
            address = reply.links["next"]["url"] if "next" in reply.links else None

        assert found == [(1, 2), (1, 10), (2, 1)]

    async def test_finds_what_a_source_pays_for(self, planning: Running) -> None:
        plan = await a_plan(planning)
        await an_activity(planning, plan)
        wanted = await an_activity(
            planning, plan, priority_rank=2, funding={"blm": 40_000_000, "channeling": 8_200_000}
        )

        reply = await planning.http.get(f"{ACTIVITIES}?funded_by=channeling", headers=planning.token("auditor"))

        assert [one["id"] for one in reply.json()["items"]] == [wanted.json()["id"]]

    async def test_is_public_with_the_plan_and_hides_small_counts(self, planning: Running) -> None:
        plan = await a_plan(planning)
        await an_activity(planning, plan, beneficiaries={"households": 40, "poor_households": 4})
        assert (await planning.http.get(ACTIVITIES)).json()["items"] == []

        await ratified(planning, plan)

        public = (await planning.http.get(ACTIVITIES)).json()["items"][0]
        full = (await planning.http.get(ACTIVITIES, headers=planning.token("auditor"))).json()["items"][0]
        assert public["state"] == "ratified"
        assert public["beneficiaries"]["poor_households_missing"] == "fewer_than_five"
        assert full["beneficiaries"]["poor_households"] == 4
        (record,) = await payloads(planning, "activity.ratified")
        assert record["beneficiaries"]["poor_households"] is None

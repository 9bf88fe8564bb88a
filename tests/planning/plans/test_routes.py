import pytest

from tests.house import Running, code_of, etag, new_id
from tests.planning.story import (
    KELURAHAN,
    NEIGHBOUR,
    PLAN,
    PLANS,
    a_board,
    a_plan,
    actions,
    an_activity,
    of_the_request,
    ratified,
)


class TestDraftPlan:
    async def test_covers_the_three_years_of_the_guideline(self, planning: Running) -> None:
        reply = await a_plan(planning)

        assert reply.status_code == 201
        assert (reply.json()["ends_on"], reply.json()["horizon_years"]) == ("2026-12-31", 3)
        assert (reply.json()["ruleset"], reply.json()["state"]) == ("plans-1999-1", "draft")
        assert reply.json()["board_name"] == "BKM Contoh"

    async def test_needs_a_board_of_the_same_kelurahan(self, planning: Running) -> None:
        reply = await a_plan(planning, board=await a_board(planning, code=NEIGHBOUR))

        assert (reply.status_code, code_of(reply)) == (422, "board.elsewhere")
        assert reply.json()["errors"][0]["pointer"] == "/board_id"

    async def test_says_so_when_a_board_is_unknown_here_and_registry_does_not_answer(self, planning: Running) -> None:
        reply = await a_plan(planning, board=new_id())

        assert (reply.status_code, code_of(reply)) == (502, "upstream.failed")

    async def test_accepts_the_same_id_again_without_asking_registry(self, planning: Running) -> None:
        board, identity = await a_board(planning), new_id()

        first, again = [await a_plan(planning, board=board, id=identity) for _ in range(2)]

        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())

    async def test_refuses_another_region(self, planning: Running) -> None:
        draft = PLAN | {"board_id": await a_board(planning)}
        headers = planning.token("board_officer", regions=("33.74",))

        reply = await planning.http.post(PLANS, json=draft, headers=headers)

        assert (reply.status_code, code_of(reply)) == (403, "region.missing")

    async def test_moves_its_last_day_with_its_first(self, planning: Running) -> None:
        plan = await a_plan(planning)
        headers = planning.token("board_officer") | etag(plan)

        reply = await planning.http.patch(plan.headers["Location"], json={"starts_on": "2025-07-01"}, headers=headers)

        assert (reply.status_code, reply.json()["ends_on"]) == (200, "2028-06-30")


class TestWhoSeesAPlan:
    async def test_a_draft_only_its_region_and_a_ratified_plan_everybody(self, planning: Running) -> None:
        plan = await a_plan(planning)
        address = plan.headers["Location"]
        await an_activity(planning, plan)
        strangers = ({}, planning.token("facilitator", regions=("33.74",)), planning.token("partner", regions=("*",)))

        for headers in strangers:
            assert (await planning.http.get(address, headers=headers)).status_code == 404
            assert (await planning.http.get(PLANS, headers=headers)).json()["items"] == []
        assert (await planning.http.get(address, headers=planning.token("auditor"))).json()["view"] == "full"
        await ratified(planning, plan)

        for headers in strangers:
            assert (await planning.http.get(address, headers=headers)).json()["view"] == "public"
        assert [one["id"] for one in (await planning.http.get(PLANS)).json()["items"]] == [plan.json()["id"]]

    async def test_drafts_stay_out_of_the_public_journal(self, planning: Running) -> None:
        plan = await a_plan(planning)
        await an_activity(planning, plan)

        assert await actions(planning) == []
        assert await actions(planning, planning.token("facilitator", regions=("33.74",))) == []
        seen_in_region = ["plan.drafted", "plan.changed", "activity.drafted"]
        assert await actions(planning, planning.token("auditor")) == seen_in_region

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("covers=2026-12-31", 1),
            ("covers=2027-01-01", 0),
            ("state=draft", 1),
            ("state=ratified", 0),
            ("q=pjm", 1),
            (f"region={KELURAHAN}", 1),
            (f"region={NEIGHBOUR}", 0),
            ("sort=starts_on", 1),
        ],
    )
    async def test_are_found_by(self, planning: Running, query: str, found: int) -> None:
        await a_plan(planning)

        with planning.counted() as sent:
            reply = await planning.http.get(f"{PLANS}?{query}", headers=planning.token("auditor"))

        assert (len(reply.json()["items"]), len(of_the_request(sent))) == (found, 1)

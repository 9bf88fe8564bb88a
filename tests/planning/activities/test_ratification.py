"""A plan's ratification: who may record it, what the meeting must show, and what it changes."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import update

from services.planning.activities.models import Activity
from services.planning.activities.service import ratify_plan
from services.planning.cycle.schemas import MeetingDraft
from services.planning.plans.models import Plan
from shared.clock import read_clock
from shared.items import locked
from shared.permissions import Caller
from tests.house import Running, code_of, etag, new_id
from tests.planning.story import (
    ACTIVITY,
    MEETING,
    MEETINGS,
    a_board,
    a_plan,
    a_problem,
    actions,
    an_activity,
    copied,
    payloads,
    ratified,
    seen,
)


async def a_full_plan(planning: Running, **changes: Any) -> Any:
    plan = await a_plan(planning, **changes)
    problem = await a_problem(planning)
    await an_activity(planning, plan, problem_id=problem.json()["id"])
    await an_activity(planning, plan, year=2, problem_id=problem.json()["id"])
    return plan


class TestAccepted:
    async def test_ratifies_the_plan_its_activities_and_publishes_what_they_answer(self, planning: Running) -> None:
        plan = await a_full_plan(planning)

        reply = await ratified(planning, plan)

        assert (reply.status_code, reply.json()["state"], reply.json()["ratified_on"]) == (
            200,
            "ratified",
            "2024-02-01",
        )
        listed = await planning.http.get(f"{plan.headers['Location']}/activities")
        assert [one["state"] for one in listed.json()["items"]] == ["ratified", "ratified"]
        assert await actions(planning) == [
            "meeting.held",
            "plan.ratified",
            "activity.ratified",
            "activity.ratified",
            "problem.published",
        ]

    async def test_tells_followers_all_they_count_with(self, planning: Running) -> None:
        plan = await a_full_plan(planning)
        await ratified(planning, plan)

        (meeting,) = await payloads(planning, "meeting.held")
        (of_plan,) = await payloads(planning, "plan.ratified")
        of_activities = await payloads(planning, "activity.ratified")

        assert meeting["attendance"] | {"women": 28, "poor": 20, "total": 60} == meeting["attendance"]
        assert (meeting["kind"], meeting["board_id"]) == ("plan_ratification", of_plan["board_id"])
        assert (of_plan["starts_on"], of_plan["ends_on"]) == ("2024-01-01", "2026-12-31")
        assert {one["volume"] for one in of_activities} == {"120.500"}
        assert sum(of_activities[0]["funding"].values()) == of_activities[0]["total_cost_rupiah"]

    async def test_is_replayed_under_its_key_and_refused_without(self, planning: Running) -> None:
        plan = await a_full_plan(planning)
        headers = planning.token("supervisor") | etag(await seen(planning, plan))
        address = f"{plan.headers['Location']}/ratification"
        keyed = headers | {"Idempotency-Key": new_id()}

        first = await planning.http.post(address, json=MEETING, headers=keyed)
        again = await planning.http.post(address, json=MEETING, headers=keyed)
        stale = await planning.http.post(address, json=MEETING, headers=headers)

        assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        assert (stale.status_code, code_of(stale)) == (412, "version.stale")
        assert len((await planning.http.get(MEETINGS)).json()["items"]) == 1


class TestRefused:
    async def test_keeps_the_meeting_and_leaves_the_plan_a_draft(self, planning: Running) -> None:
        plan = await a_full_plan(planning)

        reply = await ratified(planning, plan, decision="refused")

        assert (reply.status_code, reply.json()["state"]) == (200, "draft")
        assert await actions(planning) == ["meeting.held"]
        assert (await planning.http.get(plan.headers["Location"])).status_code == 404
        assert (await ratified(planning, plan, held_on="2024-03-01")).json()["ratified_on"] == "2024-03-01"


class TestFourEyes:
    async def test_nobody_ratifies_what_that_person_touched(self, planning: Running) -> None:
        person = new_id()
        plan = await a_plan(planning)
        facilitator = planning.token("facilitator", person=person)
        added = await planning.http.post(f"{plan.headers['Location']}/activities", json=ACTIVITY, headers=facilitator)
        # Another account of the same person: four eyes look at the person.
        again = planning.token("supervisor", person=person) | etag(await seen(planning, plan))

        reply = await planning.http.post(f"{plan.headers['Location']}/ratification", json=MEETING, headers=again)

        assert added.status_code == 201
        assert (reply.status_code, code_of(reply)) == (403, "approval.own_work")
        assert (await ratified(planning, plan)).json()["state"] == "ratified"

    async def test_a_program_is_nobodys_eyes(self, planning: Running) -> None:
        plan = await a_full_plan(planning)
        headers = planning.token("supervisor", person=None) | etag(await seen(planning, plan))

        reply = await planning.http.post(f"{plan.headers['Location']}/ratification", json=MEETING, headers=headers)

        assert (reply.status_code, code_of(reply)) == (403, "approval.own_work")

    async def test_is_explained(self, planning: Running) -> None:
        person = new_id()
        plan = await a_plan(planning)
        headers = planning.token("facilitator", person=person)
        await planning.http.patch(plan.headers["Location"], json={"vision": "Kering"}, headers=headers | etag(plan))

        reply = await planning.http.get(
            f"/planning/v1/permissions?action=planning:plans:approve&subject=plans/{plan.json()['id']}", headers=headers
        )

        assert [one["code"] for one in reply.json()["reasons"]] == ["approval.own_work"]


class TestWhatTheMeetingMustShow:
    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"held_on": "2999-01-01"}, "/held_on", "date.in_the_future"),
            ({"attendance": {"total": 5, "women": 6, "poor": 1}}, "/attendance/women", "attendance.exceeds_total"),
            ({"attendance": {"total": 5, "women": 2}}, "/attendance/poor", "attendance.reason_missing"),
            ({"attendance": {"total": 0, "women": 0, "poor": 0}}, "/attendance/total", "value.too_small"),
            ({"decision": "perhaps"}, "/decision", "value.not_a_choice"),
        ],
    )
    async def test_names_the_wrong_place(
        self, planning: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await ratified(planning, await a_full_plan(planning), **change)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)
        assert (await planning.http.get(MEETINGS)).json()["items"] == []

    async def test_a_plan_without_activities_is_nothing_to_decide_on(self, planning: Running) -> None:
        reply = await ratified(planning, await a_plan(planning))

        assert (reply.status_code, code_of(reply)) == (409, "plan.empty")

    @pytest.mark.parametrize(
        ("starts_on", "status"), [("2021-01-01", 200), ("2021-01-02", 409), ("2026-12-31", 409), ("2027-01-01", 200)]
    )
    async def test_a_second_plan_for_the_same_days_is_refused(
        self, planning: Running, starts_on: str, status: int
    ) -> None:
        board = await a_board(planning)
        await ratified(planning, await a_full_plan(planning, board=board))

        reply = await ratified(planning, await a_full_plan(planning, board=board, starts_on=starts_on))

        assert reply.status_code == status
        assert status == 200 or code_of(reply) == "plan.overlaps"

    async def test_a_second_plan_waits_for_the_first_to_be_decided(self, planning: Running) -> None:
        board = await a_board(planning)
        first, second = [await a_full_plan(planning, board=board) for _ in range(2)]
        supervisor = Caller(account_id=uuid4(), person_id=uuid4(), regions=("34.71",))

        async with planning.database.transaction() as session:
            plan = await locked(session, Plan, UUID(first.json()["id"]), by=supervisor)
            draft = MeetingDraft.model_validate(MEETING, strict=False)
            registry = planning.app.state.registry
            await ratify_plan(session, plan, draft, registry=registry, by=supervisor, now=read_clock())
            other = asyncio.ensure_future(ratified(planning, second))
            waited, _ = await asyncio.wait([other], timeout=1)

        reply = await other
        assert waited == set()
        assert (reply.status_code, code_of(reply)) == (409, "plan.overlaps")

    async def test_an_edit_and_a_ratification_at_once_never_lose_each_other(self, planning: Running) -> None:
        plan = await a_plan(planning)
        activity = await an_activity(planning, plan)
        editor = planning.token("board_officer") | etag(activity)

        edited, decided = await asyncio.gather(
            planning.http.patch(activity.headers["Location"], json={"title": "Saluran lain"}, headers=editor),
            ratified(planning, plan),
        )

        # Whoever came second saw an older version than there is, or a plan that is no draft any more.
        assert sorted([edited.status_code, decided.status_code]) in ([200, 409], [200, 412], [200, 200])
        if decided.status_code == 200 and edited.status_code == 200:
            (record,) = await payloads(planning, "activity.ratified")
            assert record["title"] == "Saluran lain"

    async def test_the_mandate_covers_the_day(self, planning: Running) -> None:
        board = await a_board(planning, mandate=("2020-01-01", "2022-12-31"))
        plan = await a_full_plan(planning, board=board)
        # The copy knows no term of that day, so registry would be asked, which is away here.
        reply = await ratified(planning, plan)
        assert (reply.status_code, code_of(reply)) == (502, "upstream.failed")

        await copied(
            planning,
            "term.recorded",
            id=new_id(),
            board_id=board,
            starts_on="2023-01-01",
            ends_on="2025-12-31",
            version=1,
        )

        assert (await ratified(planning, plan)).json()["state"] == "ratified"


class TestTheDatabaseItself:
    @pytest.mark.parametrize("change", [{"blm_rupiah": 1}, {"volume": 1}, {"poor_households": 41}])
    async def test_keeps_numbers_that_add_up(self, planning: Running, change: dict[str, int]) -> None:
        await an_activity(planning, await a_plan(planning))

        with pytest.raises(Exception, match="ck_activities"):
            async with planning.database.transaction() as session:
                await session.execute(update(Activity).values(**change))

"""Plans, activities and progress carried offline."""

from typing import Any
from uuid import uuid4

from tests.house import Running, code_of
from tests.planning.story import a_plan, an_activity, ratified
from tests.shared.watermelon import Phone

ACTIVITY = {
    "title": "Jalan setapak",
    "dimension": "environment",
    "problem_id": None,
    "year": 1,
    "priority_rank": 2,
    "volume": "10",
    "unit": "m",
    "unit_cost_rupiah": 100_000,
    "total_cost_rupiah": 1_000_000,
    "blm_rupiah": 1_000_000,
    "households": 12,
    "poor_households": None,
    "state": None,
    "version": None,
}


def phone(planning: Running, **claims: Any) -> Phone:
    return Phone(planning, planning.token("board_officer", **({"sub": str(uuid4())} | claims)))


class TestActivities:
    async def test_are_drafted_and_edited_offline(self, planning: Running) -> None:
        plan = await a_plan(planning)
        made = await an_activity(planning, plan)
        await planning.seal()
        one, other = phone(planning), phone(planning)
        await one.pull()
        new = one.create("activities", plan_id=plan.json()["id"], **ACTIVITY)
        one.edit("activities", made.json()["id"], title="Saluran besar", swadaya_rupiah=8_200_000, poor_households=9)

        assert await one.push() is None
        assert one.rejected == []

        await other.settle_down()
        assert other.of("activities")[new["id"]]["volume"] == "10.000"
        assert other.of("activities")[new["id"]]["kelurahan_code"] == "34.71.03.1001"
        edited = other.of("activities")[made.json()["id"]]
        assert (edited["title"], edited["poor_households"], edited["blm_rupiah"]) == ("Saluran besar", 9, 40_000_000)
        assert list(other.of("plans")) == [plan.json()["id"]]
        assert other.of("plans")[plan.json()["id"]]["state"] == "draft"

    async def test_say_in_their_columns_what_does_not_add_up(self, planning: Running) -> None:
        plan = await a_plan(planning)
        await planning.seal()
        one = phone(planning)
        await one.pull()
        new = one.create("activities", plan_id=plan.json()["id"], **ACTIVITY | {"blm_rupiah": -5})

        await one.push()

        assert [(record["id"], record["problem"]["code"]) for record in one.rejected] == [(new["id"], "body.invalid")]
        assert [error["pointer"] for error in one.rejected[0]["problem"]["errors"]] == ["/blm_rupiah"]

    async def test_again_make_no_second_version(self, planning: Running) -> None:
        plan = await a_plan(planning)
        await planning.seal()
        one = phone(planning)
        await one.pull()
        new = one.create("activities", plan_id=plan.json()["id"], **ACTIVITY)

        replies = [await one.push_reply() for _ in range(2)]

        assert [reply.json()["rejected"] for reply in replies] == [[], []]
        reply = await planning.http.get(f"/planning/v1/activities/{new['id']}", headers=one.headers)
        assert reply.json()["version"] == 1

    async def test_of_drafts_are_not_carried_by_others(self, planning: Running) -> None:
        await an_activity(planning, await a_plan(planning))
        await planning.seal()
        elsewhere = phone(planning, regions=("33.74",))

        await elsewhere.pull()

        assert not any(elsewhere.tables.values())


class TestProgress:
    async def test_is_reported_offline_and_brings_the_activity_on(self, planning: Running) -> None:
        plan = await a_plan(planning)
        made = await an_activity(planning, plan)
        assert (await ratified(planning, plan)).status_code == 200
        await planning.seal()
        one = phone(planning)
        await one.pull()
        values = {"percent": 40, "occurred_on": "2024-03-01", "note": "Sampai RT 03", "number": None}
        new = one.create("progress", activity_id=made.json()["id"], **values)

        assert await one.push() is None
        assert one.rejected == []

        await one.settle_down()
        assert one.of("progress")[new["id"]]["number"] == 1
        assert one.of("activities")[made.json()["id"]]["state"] == "in_progress"

    async def test_is_not_edited_afterwards(self, planning: Running) -> None:
        plan = await a_plan(planning)
        made = await an_activity(planning, plan)
        await ratified(planning, plan)
        report = await planning.http.post(
            f"{made.headers['Location']}/progress",
            json={"percent": 10, "occurred_on": "2024-03-01"},
            headers=planning.token("board_officer"),
        )
        await planning.seal()
        one = phone(planning)
        await one.pull()
        one.edit("progress", report.json()["id"], percent=20)

        await one.push()

        assert one.rejected[0]["problem"]["errors"][0]["code"] == "sync.read_only"


class TestPlans:
    async def test_are_only_read_offline(self, planning: Running) -> None:
        plan = await a_plan(planning)
        await planning.seal()
        one = phone(planning)
        await one.pull()
        one.edit("plans", plan.json()["id"], title="PJM Lain")
        one.create("plans", title="PJM Baru")

        await one.push()

        codes = {record["problem"]["code"] for record in one.rejected}
        assert codes == {"body.invalid", "sync.not_by_push"}


async def test_the_conflicts_of_planning_are_its_own(planning: Running) -> None:
    plan = await a_plan(planning)
    made = await an_activity(planning, plan)
    await planning.seal()
    mine, theirs = phone(planning), phone(planning)
    for one, title in ((theirs, "Saluran mereka"), (mine, "Saluran saya")):
        await one.pull()
        one.edit("activities", made.json()["id"], title=title)
    await theirs.push()

    reply = await mine.push_reply()

    assert (reply.status_code, code_of(reply)) == (409, "sync.stale")
    kept = (await planning.http.get("/planning/v1/sync/conflicts", headers=mine.headers)).json()["items"]
    assert kept[0]["fields"] == [{"name": "title", "mine": "Saluran saya", "theirs": "Saluran mereka", "chosen": None}]

from tests.house import Running, code_of, new_id
from tests.planning.story import MEETINGS, a_plan, an_activity, ratified


async def two_meetings(planning: Running) -> str:
    """Let a plan be refused, then accepted; return its id."""
    plan = await a_plan(planning)
    await an_activity(planning, plan)
    attendance = {"total": 60, "women": 28, "poor_not_counted_reason": "no_poverty_list"}
    await ratified(planning, plan, decision="refused", held_on="2024-03-01", attendance=attendance)
    await ratified(planning, plan, held_on="2024-02-01")
    return str(plan.json()["id"])


class TestMeetings:
    async def test_everybody_sees_the_numbers_and_the_own_region_the_place(self, planning: Running) -> None:
        await two_meetings(planning)

        public = (await planning.http.get(MEETINGS)).json()["items"]
        full = (await planning.http.get(MEETINGS, headers=planning.token("auditor"))).json()["items"]

        assert [one["decision"] for one in public] == ["refused", "accepted"]
        assert [one["place"] for one in public] == [None, None]
        assert [one["place"] for one in full] == ["Balai RW 05", "Balai RW 05"]
        assert public[0]["attendance"]["poor"] is None
        assert public[0]["attendance"]["poor_not_counted_reason"] == "no_poverty_list"
        assert public[1]["attendance"] == {
            "total": 60,
            "women": 28,
            "women_not_counted_reason": None,
            "poor": 20,
            "poor_not_counted_reason": None,
        }

    async def test_are_found_by_plan_decision_and_day(self, planning: Running) -> None:
        plan_id = await two_meetings(planning)

        async def days(query: str) -> list[str]:
            items = (await planning.http.get(f"{MEETINGS}?{query}")).json()["items"]
            return [one["held_on"] for one in items]

        assert await days("sort=latest") == ["2024-03-01", "2024-02-01"]
        assert await days(f"plan_id={plan_id}&decision=accepted") == ["2024-02-01"]
        assert await days(f"plan_id={new_id()}") == []
        assert await days("region=33.74") == []

    async def test_are_read_one_by_one(self, planning: Running) -> None:
        await two_meetings(planning)
        meeting = (await planning.http.get(MEETINGS)).json()["items"][0]

        found = await planning.http.get(f"{MEETINGS}/{meeting['id']}")
        absent = await planning.http.get(f"{MEETINGS}/{new_id()}")

        assert found.json() == meeting
        assert (absent.status_code, code_of(absent)) == (404, "resource.not_found")

from typing import Any

import pytest

from tests.house import Running, code_of, etag, new_id
from tests.planning.story import (
    NEIGHBOUR,
    PROBLEM,
    PROBLEMS,
    a_plan,
    a_problem,
    actions,
    an_activity,
    of_the_request,
    payloads,
    ratified,
)


async def publish(planning: Running, problem_id: str) -> None:
    """Let residents ratify a plan that rests on a problem."""
    plan = await a_plan(planning)
    await an_activity(planning, plan, problem_id=problem_id)
    assert (await ratified(planning, plan)).json()["state"] == "ratified"


async def a_cause(planning: Running, problem: str, **changes: Any) -> Any:
    draft = {"statement": "Saluran tersumbat"} | changes
    return await planning.http.post(f"{problem}/causes", json=draft, headers=planning.token("board_officer"))


class TestRecordProblem:
    async def test_answers_with_the_problem_in_full(self, planning: Running) -> None:
        reply = await a_problem(planning, poor_households=3)

        assert reply.status_code == 201
        assert reply.headers["Location"] == f"{PROBLEMS}/{reply.json()['id']}"
        assert (reply.json()["view"], reply.json()["poor_households"], reply.json()["published_on"]) == (
            "full",
            3,
            None,
        )

    async def test_a_volunteer_may_but_an_auditor_may_not(self, planning: Running) -> None:
        volunteer = await planning.http.post(PROBLEMS, json=PROBLEM, headers=planning.token("volunteer"))
        auditor = await planning.http.post(PROBLEMS, json=PROBLEM, headers=planning.token("auditor"))

        assert volunteer.status_code == 201
        assert (auditor.status_code, code_of(auditor)) == (403, "scope.missing")

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"kelurahan_code": "34.71.99.9999"}, "/kelurahan_code", "place.unknown"),
            ({"observed_on": "2999-01-01"}, "/observed_on", "date.in_the_future"),
            ({"poor_households": 41}, "/poor_households", "problem.poor_exceed_households"),
            ({"dimension": "spiritual"}, "/dimension", "value.not_a_choice"),
            ({"names_of_the_poor": []}, "/names_of_the_poor", "field.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, planning: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await a_problem(planning, **change)

        assert reply.status_code == 422
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_takes_the_same_id_once(self, planning: Running) -> None:
        identity = new_id()
        first, again = await a_problem(planning, id=identity), await a_problem(planning, id=identity)
        other = await a_problem(planning, id=identity, title="Lain sama sekali")

        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
        assert (other.status_code, code_of(other)) == (409, "id.taken")


class TestChangeProblem:
    async def test_keeps_the_counts_in_order_when_only_one_changes(self, planning: Running) -> None:
        problem = await a_problem(planning)
        headers = planning.token("board_officer") | etag(problem)

        reply = await planning.http.patch(problem.headers["Location"], json={"households_affected": 5}, headers=headers)

        assert (reply.status_code, code_of(reply)) == (422, "problem.invalid")

    async def test_is_over_once_a_ratified_plan_rests_on_it(self, planning: Running) -> None:
        problem = await a_problem(planning)
        await publish(planning, problem.json()["id"])
        headers = planning.token("board_officer")
        now = await planning.http.get(problem.headers["Location"], headers=headers)

        edited = await planning.http.patch(
            problem.headers["Location"], json={"title": "Lain"}, headers=headers | etag(now)
        )
        cause = await a_cause(planning, problem.headers["Location"])

        assert (edited.status_code, code_of(edited)) == (409, "problem.frozen")
        assert (cause.status_code, code_of(cause)) == (409, "problem.frozen")


class TestWhoSeesAProblem:
    async def test_only_its_region_until_a_ratified_plan_rests_on_it(self, planning: Running) -> None:
        problem = await a_problem(planning, poor_households=3)
        address = problem.headers["Location"]
        await a_cause(planning, address)

        for headers in ({}, planning.token("facilitator", regions=("33.74",)), planning.token("partner")):
            assert (await planning.http.get(address, headers=headers)).status_code == 404
            assert (await planning.http.get(PROBLEMS, headers=headers)).json()["items"] == []
            assert (await planning.http.get(f"{address}/causes", headers=headers)).status_code == 404
        await publish(planning, problem.json()["id"])

        public = (await planning.http.get(address)).json()
        full = (await planning.http.get(address, headers=planning.token("auditor"))).json()
        causes = (await planning.http.get(f"{address}/causes")).json()["items"]
        assert (public["poor_households"], public["poor_households_missing"]) == (None, "fewer_than_five")
        assert (full["poor_households"], full["poor_households_missing"]) == (3, None)
        assert (public["published_on"], len(causes)) == ("2024-02-01", 1)

    async def test_the_public_journal_never_holds_a_small_count(self, planning: Running) -> None:
        problem = await a_problem(planning, poor_households=3)
        await publish(planning, problem.json()["id"])

        published = await payloads(planning, "problem.published")

        assert [one["poor_households"] for one in published] == [None]
        assert "problem.recorded" not in await actions(planning)
        assert "problem.recorded" in await actions(planning, planning.token("auditor"))

    async def test_a_list_is_one_statement(self, planning: Running) -> None:
        for number in range(3):
            await a_problem(planning, title=f"Masalah {number}")

        with planning.counted() as sent:
            reply = await planning.http.get(
                f"{PROBLEMS}?limit=2&sort=title&dimension=environment&region=34.71", headers=planning.token("auditor")
            )

        assert len(of_the_request(sent)) == 1
        assert [one["title"] for one in reply.json()["items"]] == ["Masalah 0", "Masalah 1"]
        assert reply.json()["next"] is not None


class TestCauses:
    async def test_form_a_tree_down_to_the_root(self, planning: Running) -> None:
        problem = (await a_problem(planning)).headers["Location"]
        cause = await a_cause(planning, problem)
        root = await a_cause(planning, problem, parent_cause_id=cause.json()["id"], root=True)

        below = await a_cause(planning, problem, parent_cause_id=root.json()["id"])
        roots = await planning.http.get(f"{problem}/causes?root=true", headers=planning.token("auditor"))

        assert (root.status_code, root.json()["parent_cause_id"]) == (201, cause.json()["id"])
        assert (below.status_code, code_of(below)) == (422, "cause.parent_is_root")
        assert [one["id"] for one in roots.json()["items"]] == [root.json()["id"]]

    async def test_hang_on_causes_of_the_same_problem_only(self, planning: Running) -> None:
        problem = (await a_problem(planning)).headers["Location"]
        other = (await a_problem(planning, kelurahan_code=NEIGHBOUR)).headers["Location"]
        cause = await a_cause(planning, other)

        for parent in (cause.json()["id"], new_id()):
            reply = await a_cause(planning, problem, parent_cause_id=parent)
            assert (reply.status_code, code_of(reply)) == (422, "cause.parent_unknown")

    async def test_one_id_stands_under_one_problem(self, planning: Running) -> None:
        identity = new_id()
        first = (await a_problem(planning)).headers["Location"]
        second = (await a_problem(planning)).headers["Location"]

        made = await a_cause(planning, first, id=identity)
        again = await a_cause(planning, first, id=identity)
        elsewhere = await a_cause(planning, second, id=identity)

        assert (made.status_code, again.status_code) == (201, 200)
        assert (elsewhere.status_code, code_of(elsewhere)) == (409, "id.taken")

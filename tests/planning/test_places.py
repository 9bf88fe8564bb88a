"""One place may have had several codes: what belongs together stays together, and an ended code takes nothing new."""

from tests.house import Running, code_of
from tests.planning.story import KELURAHAN, NEIGHBOUR, a_board, a_plan, a_problem, an_activity
from tests.registry.placing import merged

ENDED = "2026-01-01"


async def test_a_plan_answers_a_problem_recorded_under_a_former_code(planning: Running) -> None:
    before = (await a_problem(planning)).json()["id"]
    board = await a_board(planning, code=NEIGHBOUR)
    refused = await an_activity(
        planning, await a_plan(planning, board=board, kelurahan_code=NEIGHBOUR), problem_id=before
    )
    assert code_of(refused) == "problem.elsewhere"

    async with merged(planning, KELURAHAN, into=NEIGHBOUR):
        plan = await a_plan(planning, board=board, kelurahan_code=NEIGHBOUR, starts_on="2027-01-01")
        assert (await an_activity(planning, plan, problem_id=before)).status_code == 201


async def test_an_ended_code_takes_no_new_problem_or_plan(planning: Running) -> None:
    board = await a_board(planning)
    async with merged(planning, KELURAHAN, into=NEIGHBOUR):
        for reply in (
            await a_problem(planning, observed_on=ENDED),
            await a_plan(planning, board=board, starts_on=ENDED),
        ):
            assert reply.status_code == 422
            (wrong,) = reply.json()["errors"]
            assert (wrong["code"], wrong["pointer"]) == ("place.ended", "/kelurahan_code")
        assert (await a_problem(planning, observed_on="2025-12-31")).status_code == 201
        assert (await a_plan(planning, board=board, starts_on="2025-01-01")).status_code == 201

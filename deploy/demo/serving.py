"""Who serves: facilitators with their kelurahan, one of which waits to be taken over, and volunteers."""

from datetime import timedelta
from random import Random

from deploy.demo.boards import Board
from deploy.demo.cast import Cast
from deploy.demo.client import Json, named
from deploy.demo.people import names
from deploy.demo.places import CITY, HERO, TEAMS

ROOT = "/registry/v1"
PASSES = "34.71.03.1001"
"""The kelurahan that goes from one facilitator to another."""
GIVER, RECEIVER = "fasilitator-timur", "fasilitator-pengganti"
FACILITATORS = (*TEAMS, RECEIVER)
TASKS = (("mobiliser",), ("survey_team",), ("survey_team", "planning_team"), ("monitoring_team",))
VOLUNTEERS = 14
WOMEN = 8


async def serve(cast: Cast, board: Board) -> None:
    """Record the teams with the kelurahan they serve, a handover nobody has acknowledged, and Kricak's volunteers."""
    since = board.today - timedelta(days=800)
    writes: list[tuple[str, Json]] = []
    for team, name in zip(FACILITATORS, names(Random("teams"), len(FACILITATORS), women=3), strict=True):
        draft: Json = {"id": named("facilitator", team), "account_id": named("account", team), "region_code": CITY}
        draft |= {"name": name, "role": "social_facilitator", "starts_on": since.isoformat()}
        writes.append((f"{ROOT}/facilitators", draft))
        writes += [
            (
                f"{ROOT}/facilitators/{draft['id']}/assignments",
                {
                    "id": named("assignment", team, kelurahan.code),
                    "kelurahan_code": kelurahan.code,
                    "starts_on": since.isoformat(),
                },
            )
            for kelurahan in cast.city
            if kelurahan.facilitator == team
        ]
    passing: Json = {"id": named("handover", PASSES), "to_facilitator_id": named("facilitator", RECEIVER)}
    passing |= {"handed_over_on": (board.today - timedelta(days=3)).isoformat(), "kelurahan_codes": [PASSES]}
    passing |= {"in_progress": [{"kelurahan_code": PASSES, "kind": "plan", "count": 1}]}
    writes.append((f"{ROOT}/facilitators/{named('facilitator', GIVER)}/handovers", passing))
    await cast["korkot"].post_all(f"{ROOT}/batch", writes)
    await cast["relawan-kricak"].post_all(f"{ROOT}/batch", [(f"{ROOT}/volunteers", one) for one in _volunteers(board)])


def _volunteers(board: Board) -> list[Json]:
    chance = Random(f"volunteers {HERO}")
    return [
        {
            "id": named("volunteer", HERO, number),
            "kelurahan_code": HERO,
            # The first has an account, so that the board may delegate work to it.
            **({} if number else {"person_id": named("person", "relawan-kricak")}),
            "name": name,
            "sex": "female" if name.startswith("Ibu") else "male",
            "roles": list(TASKS[number % len(TASKS)]),
            "trained_on": (board.today - timedelta(days=500)).isoformat() if number % 3 else None,
            "starts_on": (board.today - timedelta(days=600)).isoformat(),
        }
        for number, name in enumerate(names(chance, VOLUNTEERS, women=WOMEN))
    ]

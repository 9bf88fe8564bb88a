"""A chapter of the last weeks: boards elected anew whose plan has ended let residents decide on the next one (CY-1)."""

from datetime import date, timedelta
from random import Random

from deploy.demo.boards import Board, Fate
from deploy.demo.cast import Cast
from deploy.demo.client import SEED, Json, named, together
from deploy.demo.needs import NEEDS, Need, funded
from deploy.demo.plans import plan_id, survey

WEEKS_AGO = 7


def renewing(boards: list[Board]) -> list[Board]:
    """Return the boards whose first plan is over and that were elected again since."""
    return [board for board in boards if board.fate is Fate.REELECTED and _first_plan_ended(board) < board.today]


def _first_plan_ended(board: Board) -> date:
    return board.meeting_day + timedelta(days=30 + 3 * 365 + 1)


async def renew(cast: Cast, boards: list[Board]) -> None:
    """Draft the next plans; some were decided on in the last weeks."""
    await together(_renew(cast, board) for board in boards)


async def _renew(cast: Cast, board: Board) -> None:
    code, secretary = board.kelurahan.code, cast[board.kelurahan.secretary]
    chance = Random(f"{SEED}/renewal/{code}")
    held_on = board.today - timedelta(days=chance.randint(0, WEEKS_AGO * 7))
    need = chance.choice(NEEDS)
    households = chance.randint(20, 80)
    found: Json = {
        "title": need.problem,
        "dimension": need.dimension,
        "location": "RW 09",
        "households_affected": households,
        "observed_on": (held_on - timedelta(days=20)).isoformat(),
    }
    await survey(cast, board, need, key="renewal", draft=found)
    first = await secretary.get(f"/planning/v1/plans/{plan_id(board)}")
    starts_on = date.fromisoformat(first["ends_on"]) + timedelta(days=1)
    plan_now = named("plan", code, "renewal")
    plan = await secretary.post(
        "/planning/v1/plans",
        {
            "id": plan_now,
            "board_id": board.id,
            "kelurahan_code": code,
            "title": f"PJM Pronangkis {starts_on.year}-{starts_on.year + 3} {board.kelurahan.name}",
            "starts_on": starts_on.isoformat(),
        },
    )
    await secretary.post(f"/planning/v1/plans/{plan_now}/activities", _activity(board, need, households, chance))
    if plan["state"] == "draft":
        total = chance.randint(45, 150)
        meeting: Json = {
            "id": named("meeting", code, "renewal"),
            "held_on": held_on.isoformat(),
            "place": f"Balai RW 09 {board.kelurahan.name}",
            "attendance": {"total": total, "women": total * chance.randint(30, 60) // 100, "poor": total // 3},
            "decision": "accepted",
            "minutes_reference": f"BA/02/{held_on.year}",
        }
        await cast[board.kelurahan.facilitator].act(f"/planning/v1/plans/{plan_now}", "ratification", meeting)
    cast.api.advance()


def _activity(board: Board, need: Need, households: int, chance: Random) -> Json:
    volume = chance.randint(need.least, need.most)
    cost = volume * need.unit_cost
    return {
        "id": named("activity", board.kelurahan.code, "renewal"),
        "title": f"{need.work} RW 09",
        "dimension": need.dimension,
        "problem_id": named("problem", board.kelurahan.code, "renewal"),
        "location": "RW 09",
        "year": 1,
        "priority_rank": 1,
        "volume": str(volume),
        "unit": need.unit,
        "unit_cost_rupiah": need.unit_cost,
        "total_cost_rupiah": cost,
        "funding": funded(cost, dimension=need.dimension, share=households / 120, channeled=False),
        "beneficiaries": {"households": households},
    }

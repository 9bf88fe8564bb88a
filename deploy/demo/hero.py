"""One thread to follow: a lane in Kricak that flooded, and the rupiah that dried it."""

from datetime import date, timedelta

from deploy.demo.boards import Board
from deploy.demo.cast import Cast
from deploy.demo.client import Json, named
from deploy.demo.needs import CARELESS, HELPLESS, NEEDS, Need
from deploy.demo.places import HERO
from deploy.demo.plans import plan_id, survey
from deploy.demo.works import hand_over, photograph, report

DRAIN = named("activity", HERO, "drain")
CLASS = named("activity", HERO, "class")
PLAN = named("plan", HERO)
FLOOD = Need(
    "Gang Contoh tergenang setiap hujan deras",
    "environment",
    ("Air hujan tidak cepat mengalir", "Saluran lama sempit dan penuh endapan", CARELESS),
    "Saluran drainase Gang Contoh",
    "m",
    600_000,
    120,
    120,
)
COST = 72_000_000
CHANNELED = 30_000_000
TRANCHES = (18_000_000, 12_000_000)
WORKS_BEGAN, HALF_DONE, FINISHED, HANDED_OVER = 190, 150, 110, 90
"""Days before the story was first told."""


def ago(board: Board, days: int) -> date:
    return board.today - timedelta(days=days)


async def plan_the_drain(cast: Cast, board: Board) -> None:
    """Map the flooding lane, plan the drain, and let residents decide."""
    volunteer, secretary = cast["relawan-kricak"], cast["sekretaris-kricak"]
    observed = (board.meeting_day - timedelta(days=30)).isoformat()
    flood: Json = {
        "title": FLOOD.problem,
        "dimension": FLOOD.dimension,
        "location": "RT 03/RW 05",
        "households_affected": 46,
        "poor_households": 31,
        "observed_on": observed,
    }
    problem = await survey(cast, board, FLOOD, key="flood", draft=flood, who=volunteer.who)
    await volunteer.post(
        f"/planning/v1/mapping/problems/{problem}/causes",
        {
            "id": named("cause", HERO, "flood", "second-branch"),
            "parent_cause_id": named("cause", HERO, "flood", 0),
            "statement": HELPLESS,
            "root": True,
        },
    )
    hungry = NEEDS[7]
    toddlers: Json = {
        "title": hungry.problem,
        "dimension": hungry.dimension,
        "location": "RW 06",
        "households_affected": 18,
        "poor_households": 14,
        "observed_on": observed,
    }
    await survey(cast, board, hungry, key="toddlers", draft=toddlers, who=volunteer.who)
    starts_on = board.meeting_day + timedelta(days=30)
    plan = await secretary.post(
        "/planning/v1/plans",
        {
            "id": plan_id(board),
            "board_id": board.id,
            "kelurahan_code": HERO,
            "title": f"PJM Pronangkis {starts_on.year}-{starts_on.year + 3} Kricak",
            "starts_on": starts_on.isoformat(),
            "vision": "Gang kering, anak sehat, warga rukun (contoh)",
        },
    )
    for activity in (_drain(problem), _class()):
        await secretary.post(f"/planning/v1/plans/{PLAN}/activities", activity)
    if plan["state"] == "draft":
        meeting: Json = {
            "id": named("meeting", HERO),
            "held_on": board.meeting_day.isoformat(),
            "place": "Balai RW 05 Kricak",
            "attendance": {"total": 117, "women": 58, "poor": 49},
            "adults_invited": 180,
            "decision": "accepted",
            "minutes_reference": f"BA/01/{board.meeting_day.year}",
        }
        await cast["fasilitator"].act(f"/planning/v1/plans/{PLAN}", "ratification", meeting)


def _drain(problem: str) -> Json:
    return {
        "id": DRAIN,
        "title": FLOOD.work,
        "dimension": FLOOD.dimension,
        "problem_id": problem,
        "location": "RT 03/RW 05",
        "year": 2,
        "priority_rank": 1,
        "bappuk_reference": "BAPPUK/01/CONTOH",
        "volume": "120",
        "unit": FLOOD.unit,
        "unit_cost_rupiah": FLOOD.unit_cost,
        "total_cost_rupiah": COST,
        "funding": {"channeling": CHANNELED, "swadaya": 12_000_000, "blm": COST - CHANNELED - 12_000_000},
        "beneficiaries": {"households": 46, "poor_households": 31, "women": 92, "men": 85},
    }


def _class() -> Json:
    return {
        "id": CLASS,
        "title": "Makanan tambahan dan kelas ibu RW 06",
        "dimension": "social",
        "problem_id": named("problem", HERO, "toddlers"),
        "location": "RW 06",
        "year": 3,
        "priority_rank": 1,
        "volume": "24",
        "unit": "paket",
        "unit_cost_rupiah": 600_000,
        "total_cost_rupiah": 14_400_000,
        "funding": {"blm": 10_000_000, "swadaya": 4_400_000},
        "beneficiaries": {"households": 18, "poor_households": 14},
    }


async def build_the_drain(cast: Cast, board: Board) -> None:
    """Dig, build and hand over, with a photo at each stage."""
    group = cast["ksm-kricak"]
    await photograph(group, DRAIN, stage="before", caption=FLOOD.work, taken_on=ago(board, WORKS_BEGAN + 3))
    await report(group, DRAIN, 10, on=ago(board, WORKS_BEGAN), key="begun")
    await photograph(group, DRAIN, stage="during", caption=FLOOD.work, taken_on=ago(board, HALF_DONE))
    await report(group, DRAIN, 50, on=ago(board, HALF_DONE), key="half")
    await report(group, DRAIN, 100, on=ago(board, FINISHED), key="done")
    await photograph(group, DRAIN, stage="after", caption=FLOOD.work, taken_on=ago(board, FINISHED))
    await hand_over(cast["pengawas-kricak"], DRAIN, on=ago(board, HANDED_OVER), by="kpp")


def addresses(url: str, board: Board) -> list[str]:
    """Return where to follow the thread, one address a line."""
    return [
        "The flooding lane of Kricak, from the problem to the notice board:",
        f"  problem      {url}/planning/v1/mapping/problems/{named('problem', HERO, 'flood')}",
        f"  causes       {url}/planning/v1/mapping/problems/{named('problem', HERO, 'flood')}/causes",
        f"  plan         {url}/planning/v1/plans/{PLAN}",
        f"  drain        {url}/planning/v1/activities/{DRAIN}",
        f"  opportunity  {url}/planning/v1/channeling/opportunities/{named('opportunity', DRAIN)}",
        f"  agreement    {url}/planning/v1/channeling/agreements/{named('agreement', HERO)}",
        f"  photos       {url}/planning/v1/activities/{DRAIN}/photos",
        f"  handover     {url}/planning/v1/activities/{DRAIN}/handover",
        f"  notice board {url}/monitoring/v1/boards/{board.id}/notice-board",
    ]

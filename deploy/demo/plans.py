"""Chapter two: the self-survey, the three-year plan and the meeting in which residents decide on it."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from deploy.demo.boards import Board, Fate
from deploy.demo.cast import Cast
from deploy.demo.client import SEED, Json, named, together
from deploy.demo.needs import NEEDS, POOR_NOT_COUNTED, Need, funded
from deploy.demo.places import HERO

PLANLESS = {Fate.WITHOUT_PLAN, Fate.FOUNDED_NOW}
SURVEYED_BEFORE = 35
UNDERSTOOD = 2
"""So many problems of each board were followed down to their root; the others only a first step."""


@dataclass(frozen=True, slots=True)
class Work:
    """An activity of the story: what it is, and the year of the plan in which it is due."""

    board: Board
    rank: int
    need: Need
    year: int
    volume: int
    households: int
    poor: int | None
    channeled: bool

    @property
    def id(self) -> str:
        return named("activity", self.board.kelurahan.code, self.rank)

    @property
    def plan_id(self) -> str:
        return plan_id(self.board)

    @property
    def title(self) -> str:
        return f"{self.need.work} RW {1 + self.rank + self.board.kelurahan.number % 7:02}"

    @property
    def location(self) -> str:
        return f"RT {1 + self.rank * 3:02}/RW {1 + self.rank + self.board.kelurahan.number % 7:02}"

    @property
    def cost(self) -> int:
        return self.volume * self.need.unit_cost

    @property
    def waits(self) -> bool:
        """Whether it cannot begin before a partner is found."""
        return self.channeled and self.year > 1

    @property
    def funding(self) -> dict[str, int]:
        share = self.households / 120
        return funded(self.cost, dimension=self.need.dimension, share=share, channeled=self.channeled)

    @property
    def due(self) -> date:
        """The day on which it is begun."""
        return self.board.meeting_day + timedelta(days=60 + (self.year - 1) * 365 + self.rank * 13)


def plan_id(board: Board) -> str:
    return named("plan", board.kelurahan.code)


def works_of(board: Board) -> list[Work]:
    """Return what a board's residents plan: three to five works over three years."""
    if board.fate in PLANLESS or board.kelurahan.code == HERO:
        return []
    chance = Random(f"{SEED}/works/{board.kelurahan.code}")
    works = []
    for rank, need in enumerate(chance.sample(NEEDS, chance.randint(3, 5))):
        households = chance.randint(14, 120)
        works.append(
            Work(
                board=board,
                rank=rank,
                need=need,
                year=1 + rank % 3,
                volume=chance.randint(need.least, need.most),
                households=households,
                # Small numbers point at people, so the public sees none; some were never counted.
                poor=chance.choice((None, 3, *[chance.randint(5, households) for _ in range(4)])),
                channeled=board.kelurahan.number % 3 == (0 if rank == 0 else rank - 1) and rank in {0, 2},
            )
        )
    return works


async def make_plans(cast: Cast, boards: list[Board]) -> None:
    """Map problems, draft plans and let residents decide."""
    await together(_plan(cast, board) for board in boards if works_of(board))


async def _plan(cast: Cast, board: Board) -> None:
    secretary, code = cast[board.kelurahan.secretary], board.kelurahan.code
    works = works_of(board)
    for work in works:
        await survey(cast, work.board, work.need, key=str(work.rank), draft=_problem(work))
    starts_on = board.meeting_day + timedelta(days=30)
    plan = await secretary.post(
        "/planning/v1/plans",
        {
            "id": plan_id(board),
            "board_id": board.id,
            "kelurahan_code": code,
            "title": f"PJM Pronangkis {starts_on.year}-{starts_on.year + 3} {board.kelurahan.name}",
            "starts_on": starts_on.isoformat(),
            "vision": f"{board.kelurahan.name} yang sehat, rukun dan mandiri (contoh)",
        },
    )
    for work in works:
        await secretary.post(f"/planning/v1/plans/{plan_id(board)}/activities", _activity(work))
    if plan["state"] == "draft" and board.fate is not Fate.DRAFTING:
        facilitator = cast[board.kelurahan.facilitator]
        await facilitator.act(f"/planning/v1/plans/{plan_id(board)}", "ratification", _meeting(board))
    cast.api.advance()


def _problem(work: Work) -> Json:
    return {
        "title": work.need.problem,
        "dimension": work.need.dimension,
        "location": work.location,
        "households_affected": work.households,
        "poor_households": work.poor,
        "observed_on": (work.board.meeting_day - timedelta(days=SURVEYED_BEFORE - work.rank)).isoformat(),
    }


async def survey(cast: Cast, board: Board, need: Need, *, key: str, draft: Json, who: str = "") -> str:
    """Record a problem and its causes, each below the one before, if known down to the root; return the problem's id."""
    code = board.kelurahan.code
    surveyor = cast[who or board.kelurahan.secretary]
    problem_id = named("problem", code, key)
    await surveyor.post("/planning/v1/mapping/problems", {"id": problem_id, "kelurahan_code": code, **draft})
    above: str | None = None
    known = need.causes if not key.isdecimal() or int(key) < UNDERSTOOD else need.causes[:1]
    for depth, statement in enumerate(known):
        cause = {
            "id": named("cause", code, key, depth),
            "parent_cause_id": above,
            "statement": statement,
            "root": depth == len(need.causes) - 1,
        }
        above = str(cause["id"])
        await surveyor.post(f"/planning/v1/mapping/problems/{problem_id}/causes", cause)
    return problem_id


def _activity(work: Work) -> Json:
    return {
        "id": work.id,
        "title": work.title,
        "dimension": work.need.dimension,
        "problem_id": named("problem", work.board.kelurahan.code, work.rank),
        "location": work.location,
        "year": work.year,
        "priority_rank": work.rank + 1,
        "bappuk_reference": f"BAPPUK/{work.rank + 1:02}/CONTOH",
        "volume": str(work.volume),
        "unit": work.need.unit,
        "unit_cost_rupiah": work.need.unit_cost,
        "total_cost_rupiah": work.cost,
        "funding": work.funding,
        "beneficiaries": {"households": work.households, "poor_households": work.poor},
    }


def _meeting(board: Board) -> Json:
    """Return the residents' meeting; in one of five nobody counted who of them was poor, in some not even the women."""
    chance = Random(f"{SEED}/meeting/{board.kelurahan.code}")
    total = chance.randint(38, 140)
    attendance: Json = {"total": total, "women": chance.randint(total // 5, total * 3 // 5)}
    if board.kelurahan.number % 11 == 5:
        attendance |= {"women": None, "women_not_counted_reason": "list_lost"}
    if board.kelurahan.number % 5 == 4:
        attendance |= {"poor": None, "poor_not_counted_reason": chance.choice(POOR_NOT_COUNTED)}
    else:
        attendance["poor"] = chance.randint(total // 8, total // 2)
    return {
        "id": named("meeting", board.kelurahan.code),
        "held_on": board.meeting_day.isoformat(),
        "place": f"Balai RW {1 + board.kelurahan.number % 7:02} {board.kelurahan.name}",
        "attendance": attendance,
        "adults_invited": total + chance.randint(10, 90),
        "decision": "accepted",
        "minutes_reference": f"BA/{board.kelurahan.number + 1:02}/{board.meeting_day.year}",
    }

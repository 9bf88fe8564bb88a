"""Chapter one: boards, the terms that residents gave them, and the groups under them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from random import Random

from deploy.demo.cast import Cast
from deploy.demo.client import SEED, named, together
from deploy.demo.people import names
from deploy.demo.places import HERO, Kelurahan

TERM_DAYS = 3 * 365
GROUPS = (
    ("Pembangunan Lingkungan", "environment", "domicile"),
    ("Peduli Sesama", "social", "interest"),
    ("Usaha Mandiri", "economic", "activity"),
    ("Kali Bersih", "environment", "interest"),
    ("Posyandu Sehat", "social", "activity"),
)


class Fate(StrEnum):
    """What became of a board; most do well, as in life some do not."""

    STEADY = "steady"
    REELECTED = "reelected"
    LAPSED = "lapsed"
    DRAFTING = "drafting"
    WITHOUT_PLAN = "without_plan"
    FOUNDED_NOW = "founded_now"


FATES = {3: Fate.LAPSED, 17: Fate.LAPSED, 33: Fate.LAPSED, 8: Fate.DRAFTING, 21: Fate.DRAFTING, 40: Fate.DRAFTING,
         12: Fate.WITHOUT_PLAN, 29: Fate.WITHOUT_PLAN, 44: Fate.FOUNDED_NOW}  # fmt: skip
"""By the kelurahan's number; every fourth of the others has been elected a second time."""


@dataclass(frozen=True, slots=True)
class Board:
    """A board of the story and the days that matter in it."""

    kelurahan: Kelurahan
    fate: Fate
    today: date
    """The day on which the story was first told."""

    @property
    def id(self) -> str:
        return named("board", self.kelurahan.code)

    @property
    def chance(self) -> Random:
        """The same chances each time, different ones for each kelurahan."""
        return Random(f"{SEED}/{self.kelurahan.code}")

    @property
    def elections(self) -> list[date]:
        """The days on which residents elected, the earliest first."""
        spread = self.kelurahan.number * 3
        match self.fate:
            case Fate.FOUNDED_NOW:
                return []
            case Fate.LAPSED:
                return [self.today - timedelta(days=TERM_DAYS + 150 + spread)]
            case Fate.REELECTED:
                latest = self.today - timedelta(days=60 + spread)
                return [latest - timedelta(days=TERM_DAYS), latest]
            case Fate.WITHOUT_PLAN:
                return [self.today - timedelta(days=40 + spread)]
        return [self.today - timedelta(days=880 + spread)]

    @property
    def meeting_day(self) -> date:
        """The day on which residents decide on the plan: seven weeks after the first election."""
        return self.elections[0] + timedelta(days=50)


def fate_of(kelurahan: Kelurahan) -> Fate:
    if kelurahan.code == HERO:
        return Fate.STEADY
    return FATES.get(kelurahan.number, Fate.REELECTED if kelurahan.number % 4 == 2 else Fate.STEADY)


def boards_of(city: list[Kelurahan], *, today: date) -> list[Board]:
    return [Board(kelurahan, fate_of(kelurahan), today) for kelurahan in city]


async def found_boards(cast: Cast, boards: list[Board]) -> None:
    """Record boards with their terms and groups."""
    await together(_found(cast, board, advance=cast.api.advance) for board in boards)


async def _found(cast: Cast, board: Board, *, advance: Callable[[], None]) -> None:
    kelurahan, chance = board.kelurahan, board.chance
    facilitator = cast[kelurahan.facilitator]
    founded = board.elections[0] if board.elections else board.today - timedelta(days=20)
    deeds = {"akta_notaris": f"{chance.randint(10, 99)}/CONTOH/{founded.year}", "waarmerking": None, "none": None}
    legal = chance.choice(list(deeds))
    draft = {
        "id": board.id,
        "kelurahan_code": kelurahan.code,
        "name": kelurahan.board_name,
        "founded_on": founded.isoformat(),
        "legal_status": legal,
        "deed_number": deeds[legal],
        "phone": f"0274-0000{kelurahan.number:02}",
    }
    await facilitator.post("/registry/v1/boards", draft)
    # Kricak's first term comes of an election that is told sheet by sheet.
    for turn, elected in enumerate(board.elections if kelurahan.code != HERO else []):
        await facilitator.post(f"/registry/v1/boards/{board.id}/terms", _term(board, chance, turn, elected))
    if board.fate is not Fate.FOUNDED_NOW:
        await _form_groups(cast, board, chance, since=founded)
    advance()


def _term(board: Board, chance: Random, turn: int, elected: date) -> dict[str, object]:
    """Return a term of 9 to 13 officers, an odd number, about a third of them women (EL-6, EL-7)."""
    seats = chance.choice((9, 9, 11, 11, 13))
    officers = [
        {
            "person_id": named("officer", board.kelurahan.code, turn, seat),
            "name": name,
            "position": "koordinator" if seat == 0 else "member",
        }
        for seat, name in enumerate(names(chance, seats, women=chance.randint(2, 5)))
    ]
    return {
        "id": named("term", board.kelurahan.code, turn),
        "starts_on": elected.isoformat(),
        "ends_on": (elected + timedelta(days=TERM_DAYS)).isoformat(),
        "elected_on": elected.isoformat(),
        "officers": officers,
    }


async def _form_groups(cast: Cast, board: Board, chance: Random, *, since: date) -> None:
    kelurahan = board.kelurahan
    for number, (word, kind, bond) in enumerate(GROUPS[: chance.randint(2, len(GROUPS))]):
        members = chance.randint(6, 24)
        await cast[kelurahan.secretary].post(
            "/registry/v1/groups",
            {
                "id": named("group", kelurahan.code, number),
                "board_id": board.id,
                "name": f"KSM Contoh {word} {kelurahan.name}",
                "kind": kind,
                "bond": bond,
                "formed_on": min(since + timedelta(days=chance.randint(20, 200)), board.today).isoformat(),
                "members": members,
                "women": chance.randint(members // 4, members - 1),
            },
        )

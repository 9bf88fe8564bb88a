"""Who lives here: invented households of three kelurahan, what meetings decided about them, and two recorded twice."""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from deploy.demo.boards import Board
from deploy.demo.cast import PARTNERS, Cast
from deploy.demo.client import SEED, Json, Person, named
from deploy.demo.people import names
from deploy.demo.places import HERO

ROOT = "/registry/v1"
HOMES = {0: 14, 1: 6, 2: 6}
"""Households by the kelurahan's number."""
WELFARE = ("poor", "not_poor", "near_poor", "poor", "not_poor", None)
"""What was decided; about one household in six nobody has decided yet."""
NIK_ABSENT = ("not_shown", "lost", "not_issued")
TWICE = (1, 4)
"""Households of Kricak whose first resident was recorded a second time elsewhere: the one pair waits, one was merged."""


@dataclass(frozen=True, slots=True)
class Home:
    """A household of the story and who lives in it, the first one first."""

    id: str
    welfare: str | None
    draft: Json
    residents: tuple[Json, ...]


def homes_of(board: Board) -> list[Home]:
    """Return the households of a kelurahan; of most kelurahan none."""
    code, count = board.kelurahan.code, HOMES.get(board.kelurahan.number, 0)
    if not count:
        return []
    chance = Random(f"{SEED}/homes/{code}")
    since = surveyed_on(board) - timedelta(days=200)
    people = names(chance, count * 2, women=count)
    homes = []
    for number in range(count):
        home = named("household", code, number)
        draft = {
            "id": home,
            "kelurahan_code": code,
            "rt": f"{1 + number % 3:03}",
            "rw": f"{5 + number % 2:03}",
            "starts_on": since.isoformat(),
            "address": f"Gang Contoh {number + 1}",
            "kk_absent_reason": "not_shown",
        }
        residents = tuple(
            _resident(code, home, name, chance, key=f"{number}/{turn}", since=since)
            for turn, name in enumerate(people[number * 2 : number * 2 + 1 + (number % 3 > 0)])
        )
        homes.append(Home(home, WELFARE[number % len(WELFARE)], draft, residents))
    return homes


def surveyed_on(board: Board) -> date:
    """Return the day of the meeting that judged welfare: a month before residents elected."""
    return board.elections[0] - timedelta(days=30)


def _resident(code: str, home: str, name: str, chance: Random, *, key: str, since: date) -> Json:
    woman, year = name.startswith("Ibu"), chance.randint(1948, 2000)
    day, month, serial = chance.randint(1, 28), chance.randint(1, 12), chance.randint(9000, 9998)
    # Serials of this size are not reached in a day: the number has the form of a NIK and is nobody's.
    nik = f"{code.replace('.', '')[:6]}{day + 40 * woman:02}{month:02}{year % 100:02}{serial}"
    known = chance.random() > 0.3
    return {
        "id": named("resident", code, key),
        "household_id": home,
        "name": name,
        "nik": nik if known else None,
        "nik_absent_reason": None if known else chance.choice(NIK_ABSENT),
        "sex": "female" if woman else "male",
        "birth_year": year,
        "vulnerabilities": ["female_head_of_family"] if woman and chance.random() < 0.2 else [],
        "starts_on": since.isoformat(),
    }


async def record_residents(cast: Cast, board: Board) -> None:
    """Record a kelurahan's households and residents, and what a meeting decided about them (PS-2)."""
    homes = homes_of(board)
    recorder = cast["relawan-kricak"] if board.kelurahan.code == HERO else cast[board.kelurahan.facilitator]
    writes = [(f"{ROOT}/households", home.draft) for home in homes]
    writes += [(f"{ROOT}/residents", one) for home in homes for one in home.residents]
    decided = [home for home in homes if home.welfare]
    writes += [(f"{ROOT}/households/{home.id}/welfare-statuses", _decision(board, home)) for home in decided]
    if board.kelurahan.code == HERO:
        writes += [(f"{ROOT}/residents", _again(homes, number)) for number in TWICE]
    await recorder.post_all(f"{ROOT}/batch", writes)
    if board.kelurahan.code == HERO:
        await _merge(cast["fasilitator"], named("resident", HERO, f"{TWICE[1]}/0"))
        await _consent(cast["sekretaris-kricak"], board, homes)
    cast.api.advance()


def _decision(board: Board, home: Home) -> Json:
    return {
        "id": named("welfare", home.id),
        "status": home.welfare,
        "held_on": surveyed_on(board).isoformat(),
        "minutes_reference": f"BA/PS/{surveyed_on(board).year}",
        "criteria_reference": f"BA/KRITERIA/{surveyed_on(board).year}",
        "attendance": {"total": 64, "women": 31, "poor": None, "poor_not_counted_reason": "no_poverty_list"},
    }


def _again(homes: list[Home], number: int) -> Json:
    """Return the first resident of a household as somebody else wrote them down, in the household after it."""
    again = {"id": named("resident", HERO, "again", number), "household_id": homes[number + 1].id}
    return homes[number].residents[0] | again | {"nik": None, "nik_absent_reason": "not_shown"}


async def _merge(facilitator: Person, kept: str) -> None:
    """Let the one record stand for both, unless that was done when the story was told before."""
    for pair in await facilitator.items(f"{ROOT}/duplicates", resident_id=kept):
        await facilitator.act(f"{ROOT}/duplicates/{pair['id']}", "merge", {"kept_id": kept})


async def _consent(secretary: Person, board: Board, homes: list[Home]) -> None:
    """Record two consents: a resident's for the programme, and the board's for its groups to the bank."""
    drafts: list[Json] = [
        {
            "id": named("consent", homes[0].id),
            "resident_id": homes[0].residents[0]["id"],
            "purpose": "programme",
            "data": ["identity", "household", "welfare"],
            "manner": "signed_form",
            "reference": "FORM/01/CONTOH",
            "starts_on": surveyed_on(board).isoformat(),
        },
        {
            "id": named("consent", board.id),
            "board_id": board.id,
            "purpose": "channeling",
            "partner_id": PARTNERS[0].id,
            "data": ["group_profile"],
            "manner": "board_minutes",
            "reference": "BA/07/CONTOH",
            "starts_on": board.meeting_day.isoformat(),
        },
    ]
    await secretary.post_all(f"{ROOT}/batch", [(f"{ROOT}/consents", draft) for draft in drafts])


def share_in_the_group(board: Board, formed_on: date) -> list[Json]:
    """Return the memberships of residents of Kricak in the first group there."""
    roles = ("chair", "secretary", "treasurer", "member", "member")
    return [
        {
            "id": named("membership", home.id),
            "resident_id": home.residents[0]["id"],
            "role": role,
            "starts_on": formed_on.isoformat(),
        }
        for role, home in zip(roles, homes_of(board)[6:], strict=False)
    ]

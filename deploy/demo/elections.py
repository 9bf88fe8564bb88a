"""How boards are elected: one election from its sheets to the certified board, and one that waits for votes."""

from datetime import date, timedelta

from deploy.demo.boards import TERM_DAYS, Board
from deploy.demo.cast import Cast
from deploy.demo.client import Json, Person, named
from deploy.demo.people import names
from deploy.demo.places import HERO

ROOT = "/registry/v1/elections"
SEATS, WOMEN = 9, 4
COUNTED = 54
STUCK = 21
"""Voters of an RT with 100 adults: 21 are fewer than the 30 in a hundred that EL-5 asks."""


def election_id(board: Board) -> str:
    return named("election", board.kelurahan.code)


async def elect_the_board(cast: Cast, board: Board) -> None:
    """Elect Kricak's board: two persons enter each sheet blind, and the supervisor certifies."""
    clerks = cast["relawan-kricak"], cast["sekretaris-kricak"]
    meeting_on, address = board.elections[0], f"{ROOT}/{election_id(board)}"
    await cast["fasilitator"].post(ROOT, _programme(board, meeting_on))
    if (await cast["fasilitator"].get(address))["state"] == "certified":
        return
    for clerk in clerks:
        await _enter(clerk, board, [COUNTED] * 3, meeting_on=meeting_on)
        sheet = _meeting(board, meeting_on) | {"id": named("meeting sheet", clerk.who)}
        await clerk.post(f"{address}/meetings", sheet)
    certified = {"certified_on": meeting_on.isoformat(), "minutes_reference": f"SK/01/{meeting_on.year}"}
    await cast["pengawas-kricak"].act(address, "certification", certified)


async def begin_to_elect(cast: Cast, board: Board) -> None:
    """Leave an election with an RT of which too few have voted: it cannot be certified yet."""
    kelurahan, meeting_on = board.kelurahan, board.today - timedelta(days=1)
    await cast[kelurahan.facilitator].post(ROOT, _programme(board, meeting_on))
    for clerk in (cast[kelurahan.facilitator], cast[kelurahan.secretary]):
        await _enter(clerk, board, [COUNTED, STUCK], meeting_on=meeting_on)


def _programme(board: Board, meeting_on: date) -> Json:
    return {
        "id": election_id(board),
        "board_id": board.id,
        "ballots_from": (meeting_on - timedelta(days=14)).isoformat(),
        "ballots_until": (meeting_on - timedelta(days=7)).isoformat(),
        "meeting_on": meeting_on.isoformat(),
        "term_starts_on": meeting_on.isoformat(),
        "term_ends_on": (meeting_on + timedelta(days=TERM_DAYS)).isoformat(),
        "rt_count": 3,
        "names_per_ballot": 3,
        "committee": {"election_pokja": 5, "statutes_pokja": 3, "monitoring_pokja": 4},
    }


async def _enter(clerk: Person, board: Board, voters: list[int], *, meeting_on: date) -> None:
    """Enter the sheets of RT with 100 adults each, as one of the two clerks reads them."""
    address = f"{ROOT}/{election_id(board)}/ballots"
    sheets: list[Json] = [
        {
            "id": named("ballot", board.kelurahan.code, rt, clerk.who),
            "rt": f"{rt:03}",
            "rw": "005",
            "eligible": {"men": 49, "women": 51},
            "voters": {"men": count // 2, "women": count - count // 2, "poor": count // 3},
            "papers": {"valid": count - 2, "invalid": 2, "names": 18},
            "delegates": {"men": 6, "women": 5, "poor": 5},
            **(_by_way(count) if count == STUCK else {"door_to_door": False}),
            "minutes_reference": f"BA/RT{rt}/{meeting_on.year}",
        }
        for rt, count in enumerate(voters, start=1)
    ]
    await clerk.post_all("/registry/v1/batch", [(address, sheet) for sheet in sheets])


def _by_way(count: int) -> Json:
    """Return how few attended, and how many of the voters officers visited door to door (EL-5)."""
    women = count - count // 2
    return {
        "door_to_door": True,
        "attending": {"men": count // 2 - 2, "women": women - 4},
        "collected": {"men": 2, "women": 4},
    }


def _meeting(board: Board, held_on: date) -> Json:
    members: list[Json] = [
        {
            "name": name,
            "sex": "female" if name.startswith("Ibu") else "male",
            "votes": 28 - seat,
            "position": "koordinator" if seat == 0 else "member",
            "person_id": named("officer", HERO, 0, seat) if seat else named("person", "koordinator-kricak"),
        }
        for seat, name in enumerate(names(board.chance, SEATS, women=WOMEN))
    ]
    return {
        "held_on": held_on.isoformat(),
        "present": {"men": 16, "women": 15},
        "observers": 6,
        "members": members,
        "minutes_reference": f"BA/KEL/{held_on.year}",
    }

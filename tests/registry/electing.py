"""An election as tests hold it: a board, two clerks, the sheets of its RT and of its meeting."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import msgspec
from sqlalchemy import select

from services.registry.database import journal_entries
from shared.clock import read_clock, today
from tests.house import Running, etag

ELECTIONS = "/registry/v1/elections"
TODAY = today(read_clock())


def day(offset: int) -> str:
    return str(TODAY + timedelta(days=offset))


PROGRAMME = {
    "ballots_from": day(-30),
    "ballots_until": day(-20),
    "meeting_on": day(-10),
    "term_starts_on": day(-5),
    "term_ends_on": day(1000),
    "rt_count": 2,
    "names_per_ballot": 3,
    "committee": {"election_pokja": 5, "statutes_pokja": 3, "monitoring_pokja": 4},
}


def ballot(rt: int = 1, **changes: Any) -> dict[str, Any]:
    """Return the sheet of an RT with 100 eligible adults, of whom 40 voted."""
    known = {
        "rt": f"{rt:03}",
        "rw": "001",
        "eligible": {"men": 50, "women": 50},
        "voters": {"men": 18, "women": 22, "poor": 9},
        "papers": {"valid": 38, "invalid": 2, "names": 21},
        "delegates": {"men": 8, "women": 7, "poor": 4},
        "door_to_door": False,
        "minutes_reference": f"BA/RT{rt}/2026",
    }
    return known | changes


def with_voters(count: int, **changes: Any) -> dict[str, Any]:
    """Return the sheet of an RT with 100 eligible adults, of whom so many voted, all validly."""
    papers = {"valid": count, "invalid": 0, "names": min(20, count * 3)}
    voters = {"men": count // 2, "women": count - count // 2, "poor": 0}
    none = {"men": 0, "women": 0, "poor": 0}
    delegates = ballot()["delegates"] if count > 5 else none
    return ballot() | {"voters": voters, "papers": papers, "delegates": delegates} | changes


def members(count: int = 9, *, women: int = 3) -> list[dict[str, Any]]:
    return [
        {
            "name": f"Warga Contoh {number}",
            "sex": "female" if number < women else "male",
            "votes": 20 - number,
            "position": "koordinator" if number == 0 else "member",
        }
        for number in range(count)
    ]


def meeting(**changes: Any) -> dict[str, Any]:
    known = {
        "held_on": day(-10),
        "present": {"men": 15, "women": 13},
        "observers": 6,
        "members": members(),
        "minutes_reference": "BA/KEL/2026",
    }
    return known | changes


DELEGATE = {"rt": "002", "rw": "001", "sex": "female", "poor": True, "name": "Ibu Contoh"}
CERTIFICATION = {"certified_on": day(-8), "minutes_reference": "SK/01/2026"}


@dataclass
class Story:
    """Two clerks and a certifier, each one person, and the election they work on."""

    registry: Running
    election: httpx.Response
    first: dict[str, str] = field(init=False)
    second: dict[str, str] = field(init=False)
    certifier: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.first, self.second = self.registry.token("volunteer"), self.registry.token("volunteer")
        self.certifier = self.registry.token("supervisor")

    @property
    def address(self) -> str:
        return self.election.headers["Location"]

    async def enter(self, kind: str, body: dict[str, Any], clerk: dict[str, str]) -> httpx.Response:
        return await self.registry.http.post(f"{self.address}/{kind}", json=body, headers=clerk)

    async def enter_twice(self, kind: str, body: dict[str, Any]) -> tuple[httpx.Response, httpx.Response]:
        first, second = await self.enter(kind, body, self.first), await self.enter(kind, body, self.second)
        assert (first.status_code, second.status_code) == (201, 201), first.text + second.text
        return first, second

    async def count(self, **changes: Any) -> None:
        """Enter everything that the election waits for, twice."""
        for rt in (1, 2):
            await self.enter_twice("ballots", ballot(rt))
        await self.enter_twice("meetings", meeting(**changes))

    async def read(self, headers: dict[str, str] | None = None) -> httpx.Response:
        return await self.registry.http.get(self.address, headers=self.certifier if headers is None else headers)

    async def gates(self) -> dict[str, Any]:
        reply = await self.registry.http.get(f"{self.address}/gates", headers=self.certifier)
        assert reply.status_code == 200, reply.text
        found: dict[str, Any] = reply.json()
        return found

    async def certify(self, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        headers = self.certifier if headers is None else headers
        seen = etag(await self.read())
        body = CERTIFICATION | changes
        return await self.registry.http.post(f"{self.address}/certification", json=body, headers=headers | seen)


async def a_board(registry: Running, kelurahan_code: str = "34.71.03.1001") -> str:
    known = {"kelurahan_code": kelurahan_code, "name": "BKM Contoh", "founded_on": "2010-01-01"}
    reply = await registry.http.post("/registry/v1/boards", json=known, headers=registry.token("facilitator"))
    return str(reply.json()["id"])


async def open_election(registry: Running, board_id: str, **changes: Any) -> httpx.Response:
    body = PROGRAMME | {"board_id": board_id} | changes
    return await registry.http.post(ELECTIONS, json=body, headers=registry.token("facilitator"))


async def begin(registry: Running, **changes: Any) -> Story:
    reply = await open_election(registry, await a_board(registry), **changes)
    assert reply.status_code == 201, reply.text
    return Story(registry, reply)


async def status(story: Story, kind: str, headers: dict[str, str]) -> int:
    return (await story.registry.http.get(f"{story.address}/{kind}", headers=headers)).status_code


async def items(story: Story, kind: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    reply = await story.registry.http.get(f"{story.address}/{kind}", headers=headers)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["items"]
    return found


async def payloads(registry: Running) -> list[dict[str, Any]]:
    """Return everything that was journaled, whoever may see it."""
    async with registry.database.reads.connect() as connection:
        rows = await connection.scalars(select(journal_entries.c.payload).order_by(journal_entries.c.id))
    return [msgspec.json.decode(bytes(one)) for one in rows]


async def noted(registry: Running) -> list[int]:
    """Return how many tallies of meetings each reading of names showed."""
    return [one["data"]["count"] for one in await payloads(registry) if one["action"] == "election_meetings.read"]


async def correct(story: Story, tally: httpx.Response, change: dict[str, Any], clerk: dict[str, str]) -> httpx.Response:
    address = tally.headers["Location"]
    seen = etag(await story.registry.http.get(address, headers=clerk))
    return await story.registry.http.patch(address, json=change, headers=clerk | seen)

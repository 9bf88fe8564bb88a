"""One invented person who was recorded twice in one house."""

from dataclasses import dataclass
from typing import Any

import httpx

from tests.house import Running, etag, new_id

DUPLICATES = "/registry/v1/duplicates"
HOUSEHOLDS, RESIDENTS = "/registry/v1/households", "/registry/v1/residents"
PLACE, ELSEWHERE = "34.71.03.1001", "34.71.04.1001"
NIK = "3471031203800012"
NAMES = ("Ponirah Tjokrowati", "Ponirah Cokrowati")
SECRETS = ("Ponirah", "rowati", NIK, "0812")
FIRST = {"name": NAMES[0], "nik": NIK, "phone": "0812000111", "sex": "female", "birth_year": 1980}
SECOND = {"name": NAMES[1], "nik_absent_reason": "not_shown", "sex": "female", "birth_year": 1981}


@dataclass
class Told:
    """A household, two records of one person in it, and the pair that they make."""

    registry: Running
    household: str
    first: str
    second: str
    pair: dict[str, Any]

    async def compare(self, *roles: str, **claims: Any) -> httpx.Response:
        headers = self.registry.token(*(roles or ("city_coordinator",)), **claims)
        return await self.registry.http.get(f"{DUPLICATES}/{self.pair['id']}", headers=headers)

    async def act(
        self, noun: str, body: dict[str, Any] | None = None, role: str = "facilitator", **more: Any
    ) -> httpx.Response:
        """Do an act on the pair as it stands now; `headers` in place of the If-Match of now."""
        headers = more.pop("headers", None) or etag(await self.compare())
        return await self.registry.http.post(
            f"{DUPLICATES}/{self.pair['id']}/{noun}", json=body, headers=self.registry.token(role, **more) | headers
        )

    async def merge(self, kept: str | None = None, *take: str, **more: Any) -> httpx.Response:
        return await self.act("merge", {"kept_id": kept or self.first, "take": list(take)}, **more)

    async def resident(self, resident_id: str) -> dict[str, Any]:
        return await seen(self.registry, f"{RESIDENTS}/{resident_id}")

    async def change(self, resident_id: str, **changes: Any) -> httpx.Response:
        address = f"{RESIDENTS}/{resident_id}"
        headers = self.registry.token("facilitator")
        now = await self.registry.http.get(address, headers=headers)
        return await self.registry.http.patch(address, json=changes, headers=headers | etag(now))


async def seen(registry: Running, address: str) -> dict[str, Any]:
    reply = await registry.http.get(address, headers=registry.token("city_coordinator", regions=("*",)))
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def a_household(registry: Running, place: str = PLACE) -> str:
    body = {"kelurahan_code": place, "starts_on": "2015-01-01", "kk_absent_reason": "not_asked"}
    reply = await registry.http.post(HOUSEHOLDS, json=body, headers=registry.token("facilitator", regions=("*",)))
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def a_resident(registry: Running, household: str, **known: Any) -> str:
    body = {"id": new_id(), "household_id": household} | known
    reply = await registry.http.post(RESIDENTS, json=body, headers=registry.token("facilitator", regions=("*",)))
    assert reply.status_code == 201, reply.text
    return str(reply.json()["id"])


async def queue(registry: Running, query: str = "", *roles: str, **claims: Any) -> list[dict[str, Any]]:
    headers = registry.token(*(roles or ("facilitator",)), **claims)
    reply = await registry.http.get(f"{DUPLICATES}{query}", headers=headers)
    assert reply.status_code == 200, reply.text
    found: list[dict[str, Any]] = reply.json()["items"]
    return found


async def told(registry: Running, second: dict[str, Any] = SECOND, place: str = PLACE) -> Told:
    """Record somebody twice; the second record stands in a house of its own when its place is another."""
    household = await a_household(registry)
    other = household if place == PLACE else await a_household(registry, place)
    first = await a_resident(registry, household, **FIRST)
    again = await a_resident(registry, other, **second)
    (pair,) = await queue(registry, regions=("*",))
    return Told(registry, household, first, again, pair)

"""Invented households and people, recorded as a facilitator or a volunteer would."""

from itertools import count
from typing import Any

import httpx

from tests.house import Running, new_id

HOUSEHOLDS, RESIDENTS = "/registry/v1/households", "/registry/v1/residents"
PLACE, ELSEWHERE = "34.71.03.1001", "34.71.04.1001"
NAME, NIK, PHONE = "Sumiati Contohwati", "3471034502800001", "0812000111"
ADDRESS, KK = "Gang Melati Contoh 7", "3471031203150004"
CARDS = KK[:-4]
"""With what the number of every invented card begins."""

SECRETS = (NAME, NIK, PHONE, ADDRESS, CARDS, "Melati", "Sumiati", "-7.789")

_cards = count(1000)

HOUSEHOLD = {
    "kelurahan_code": PLACE,
    "rt": "3",
    "rw": "02",
    "starts_on": "2015-01-01",
    "address": ADDRESS,
    "point": {"latitude": -7.789, "longitude": 110.38},
    "kk_number": KK,
}
RESIDENT = {
    "name": NAME,
    "nik": NIK,
    "phone": PHONE,
    "sex": "female",
    "birth_year": 1980,
    "vulnerabilities": ["female_head_of_family"],
}


def a_card() -> str:
    """Return the number of a family card that no other household has."""
    return f"{CARDS}{next(_cards):04}"


async def a_household(registry: Running, role: str = "facilitator", **changes: Any) -> httpx.Response:
    """Record a household with a card of its own."""
    draft = HOUSEHOLD | {"kk_number": a_card()} | changes
    return await registry.http.post(HOUSEHOLDS, json=draft, headers=registry.token(role))


async def a_resident(
    registry: Running, household: httpx.Response, role: str = "facilitator", **changes: Any
) -> httpx.Response:
    body = RESIDENT | {"household_id": household.json()["id"]} | changes
    return await registry.http.post(RESIDENTS, json=body, headers=registry.token(role))


async def somebody(registry: Running, **changes: Any) -> httpx.Response:
    """Record a household and one resident in it; return the resident."""
    return await a_resident(registry, await a_household(registry), **changes)


async def read(registry: Running, of: httpx.Response | str, *roles: str, **claims: Any) -> httpx.Response:
    """Read what a reply was about, or an address, as somebody."""
    address = of if isinstance(of, str) else of.headers["Location"]
    return await registry.http.get(address, headers=registry.token(*(roles or ("facilitator",)), **claims))


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": new_id()}

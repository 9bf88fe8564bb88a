"""Invented groups with members and savings, recorded as a facilitator would."""

from typing import Any

import httpx

from tests.house import Running, etag
from tests.registry.residents.story import a_household, a_resident

BOARDS, GROUPS = "/registry/v1/boards", "/registry/v1/groups"
SIGNED = {"signed_on": "2022-03-01", "document_reference": "TR/01/2022", "signatories": 5}


async def a_group(registry: Running, kind: str = "economic", **changes: Any) -> httpx.Response:
    by = registry.token("facilitator")
    place = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2010-01-01"}
    board = (await registry.http.post(BOARDS, json=place, headers=by)).json()
    draft = {
        "board_id": board.get("id") or board["existing"],
        "name": "KSM Contoh",
        "kind": kind,
        "bond": "activity",
        "formed_on": "2021-01-15",
        "members": 7,
        "women": 4,
    }
    return await registry.http.post(GROUPS, json=draft | changes, headers=by)


async def people(registry: Running, count: int, **changes: Any) -> list[str]:
    """Record a household with so many people; return their ids."""
    household = await a_household(registry)
    replies = [
        await a_resident(
            registry, household, name=f"Warga {n} Contoh", nik=None, nik_absent_reason="not_asked", **changes
        )
        for n in range(count)
    ]
    assert {one.status_code for one in replies} == {201}, replies[0].text
    return [one.json()["id"] for one in replies]


async def join(registry: Running, group: httpx.Response, resident: str, **changes: Any) -> httpx.Response:
    body = {"resident_id": resident, "role": "member", "starts_on": "2021-02-01"} | changes
    headers = registry.token("facilitator", **({"regions": changes.pop("regions")} if "regions" in changes else {}))
    return await registry.http.post(f"{group.headers['Location']}/memberships", json=body, headers=headers)


async def change(registry: Running, reply: httpx.Response, body: dict[str, Any]) -> httpx.Response:
    headers = registry.token("facilitator") | etag(reply)
    return await registry.http.patch(reply.headers["Location"], json=body, headers=headers)


async def save(registry: Running, group: httpx.Response, month: str, **changes: Any) -> httpx.Response:
    body = {"month": month, "savings_rupiah": 50_000, "savers": 5, "meeting_held": True} | changes
    headers = registry.token("facilitator")
    return await registry.http.post(f"{group.headers['Location']}/savings-months", json=body, headers=headers)


async def read(registry: Running, group: httpx.Response, below: str = "", role: str = "supervisor") -> dict[str, Any]:
    reply = await registry.http.get(f"{group.headers['Location']}{below}", headers=registry.token(role))
    assert reply.status_code == 200, reply.text
    found: dict[str, Any] = reply.json()
    return found


async def sign(registry: Running, group: httpx.Response, **changes: Any) -> httpx.Response:
    headers = registry.token("facilitator")
    now = await registry.http.get(group.headers["Location"], headers=headers)
    address = f"{group.headers['Location']}/joint-liability"
    return await registry.http.post(address, json=SIGNED | changes, headers=headers | etag(now))

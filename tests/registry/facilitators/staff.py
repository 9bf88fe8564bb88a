"""Facilitators with and without accounts, as the tests of assignments and handovers need them."""

from typing import Any

import httpx
from sqlalchemy import text

from tests.house import Running
from tests.registry.signing import an_account

FACILITATORS = "/registry/v1/facilitators"
HANDOVERS = "/registry/v1/handovers"
HERE, THERE, THIRD, FAR = "34.71.03.1001", "34.71.03.1002", "34.71.04.1001", "33.74.01.1001"
DRAFT = {
    "region_code": "34.71",
    "name": "Bapak Faskel Contoh",
    "phone": "0812999888",
    "role": "social_facilitator",
    "starts_on": "2024-01-01",
}


def coordinator(registry: Running, **claims: Any) -> dict[str, str]:
    return registry.token("city_coordinator", **claims)


async def a_facilitator(registry: Running, *, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
    by = headers or coordinator(registry)
    return await registry.http.post(FACILITATORS, json=DRAFT | changes, headers=by)


async def with_account(
    registry: Running, *regions: str, role: str = "facilitator"
) -> tuple[httpx.Response, httpx.Response]:
    """Return a facilitator and the account that serves the regions."""
    account = await an_account(registry, roles=[role], regions=list(regions))
    return await a_facilitator(registry, account_id=account.json()["id"]), account


async def an_assignment(
    registry: Running, facilitator: httpx.Response, code: str = HERE, **changes: Any
) -> httpx.Response:
    draft = {"kelurahan_code": code, "starts_on": "2024-02-01"} | changes
    address = f"{facilitator.headers['Location']}/assignments"
    return await registry.http.post(address, json=draft, headers=coordinator(registry, regions=("*",)))


def themselves(registry: Running, facilitator: httpx.Response, **claims: Any) -> dict[str, str]:
    """Return headers that sign the facilitator in, with a token from before anything was handed over."""
    return registry.token("facilitator", **{"person": facilitator.json()["person_id"], "regions": (THIRD,)} | claims)


async def entries(registry: Running, action: str) -> list[dict[str, Any]]:
    async with registry.database.reads.connect() as connection:
        statement = text(
            "SELECT convert_from(payload, 'utf8')::json AS made FROM journal_entries WHERE action = :action ORDER BY id"
        )
        return [row.made for row in await connection.execute(statement, {"action": action})]

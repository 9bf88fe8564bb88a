"""Accounts and clients as the tests of signing in need them."""

from datetime import date
from typing import Any
from uuid import UUID, uuid4

import httpx
from jose import jwt
from sqlalchemy.dialects.postgresql import insert

from services.registry.partners.models import Partner
from services.registry.partners.rules import Evidence, PartnerKind
from shared.clock import read_clock
from tests.house import Running, new_id

TOKENS = "/registry/v1/tokens"
ACCOUNTS = "/registry/v1/accounts"
CLIENTS = "/registry/v1/clients"
PASSWORD = "sandi-yang-panjang-sekali"
Form = dict[str, str]


def operator(registry: Running, **claims: Any) -> dict[str, str]:
    return registry.token("operator", **{"regions": ("*",)} | claims)


async def an_account(registry: Running, **changes: Any) -> httpx.Response:
    draft = {
        "username": f"warga-{uuid4().hex[:8]}",
        "password": PASSWORD,
        "display_name": "Warga Contoh",
        "roles": ["board_officer"],
        "regions": ["34.71.03.1001"],
    }
    return await registry.http.post(ACCOUNTS, json=draft | changes, headers=operator(registry))


async def let_be_verified(registry: Running, org: str) -> None:
    """Let there be a partner of whose identity somebody saw the evidence."""
    seen = {"evidence": Evidence.DEED, "evidence_reference": "Akta 1", "verified_on": date(2024, 1, 1)}
    async with registry.database.writes.begin() as connection:
        now = read_clock()
        row = {"id": UUID(org), "version": 1, "creation_digest": b"", "recorded_at": now, "changed_at": now}
        row |= {"name": "Bank Contoh", "kind": PartnerKind.BANK, "active": True, "touched_by": []} | seen
        table: Any = Partner.__table__
        again = {"index_elements": ["id"], "set_": seen}
        await connection.execute(insert(table).values(row).on_conflict_do_update(**again))


async def a_client(registry: Running, **changes: Any) -> httpx.Response:
    draft = {"name": f"bank-{uuid4().hex[:8]}", "org": new_id(), "regions": ["34.71"]} | changes
    await let_be_verified(registry, str(draft["org"]))
    return await registry.http.post(CLIENTS, json=draft, headers=operator(registry))


async def ask(registry: Running, *, address: str = "127.0.0.1", **form: str) -> httpx.Response:
    """Ask for a token from an address."""
    transport = httpx.ASGITransport(app=registry.app, client=(address, 1))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        return await http.post(TOKENS, data=form)


async def sign_in(registry: Running, username: str, password: str = PASSWORD, **more: str) -> httpx.Response:
    return await ask(registry, grant_type="password", username=username, password=password, **more)


async def refreshed(registry: Running, reply: httpx.Response, **more: str) -> httpx.Response:
    return await ask(registry, grant_type="refresh_token", refresh_token=reply.json()["refresh_token"], **more)


def claims_of(reply: httpx.Response) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.get_unverified_claims(reply.json()["access_token"])
    return claims


def bearer(reply: httpx.Response) -> dict[str, str]:
    return {"Authorization": f"Bearer {reply.json()['access_token']}"}

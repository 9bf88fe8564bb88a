import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.registry.accounts import holders
from services.registry.api_clients.rules import LONGEST_OVERLAP_DAYS, ending
from services.registry.app import SERVICE
from shared.clock import read_clock
from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm
from tests.registry.signing import CLIENTS, a_client, an_account, ask, bearer, claims_of, operator, sign_in

SELF = f"{CLIENTS}/self"


async def let_in(registry: Running, client: httpx.Response, secret: str) -> httpx.Response:
    name = client.json()["name"]
    return await ask(registry, grant_type="client_credentials", client_id=name, client_secret=secret)


async def add(registry: Running, client: httpx.Response, **draft: Any) -> httpx.Response:
    return await registry.http.post(f"{client.headers['Location']}/secrets", json=draft, headers=operator(registry))


async def listed(registry: Running, client: httpx.Response, query: str = "") -> list[dict[str, Any]]:
    reply = await registry.http.get(f"{client.headers['Location']}/secrets{query}", headers=operator(registry))
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def retire(registry: Running, client: httpx.Response, secret: dict[str, Any]) -> httpx.Response:
    address = f"{client.headers['Location']}/secrets/{secret['id']}"
    shown = {"If-Match": f'"{secret["version"]}.x"'}
    return await registry.http.delete(address, headers=operator(registry) | shown)


class TestRotation:
    async def test_lets_both_in_until_the_old_one_is_retired(self, registry: Running) -> None:
        client = await a_client(registry)
        first = client.json()["client_secret"]

        second = await add(registry, client)
        both = [await let_in(registry, client, one) for one in (first, second.json()["client_secret"])]
        (old,) = [one for one in await listed(registry, client) if one["id"] != second.json()["id"]]
        retired = await retire(registry, client, old)
        after = [await let_in(registry, client, one) for one in (first, second.json()["client_secret"])]

        assert second.status_code == 201
        assert [reply.status_code for reply in both] == [200, 200]
        assert (retired.status_code, retired.json()["retired_at"] is not None) == (200, True)
        assert [reply.status_code for reply in after] == [401, 200]
        assert code_of(after[0]) == "credentials.wrong"

    async def test_of_one_in_use_voids_its_token_and_says_so(self, registry: Running) -> None:
        client = await a_client(registry)
        token = bearer(await let_in(registry, client, client.json()["client_secret"]))
        await add(registry, client)

        async def answer() -> tuple[int, str]:
            registry.app.state.gate.standings.replace(await SERVICE.load_standings(registry.database))
            reply = await registry.http.get(SELF, headers=token)
            return reply.status_code, code_of(reply)

        await retire(registry, client, (await listed(registry, client))[0])
        after_retirement = await answer()
        now = await registry.http.get(client.headers["Location"], headers=operator(registry))
        address = f"{client.headers['Location']}/suspension"
        suspended = await registry.http.post(address, headers=operator(registry) | etag(now))

        assert suspended.status_code == 200
        assert (after_retirement, await answer()) == ((401, "client.token_void"), (401, "account.suspended"))

    async def test_is_read_where_its_reply_says_with_what_retires_it(self, registry: Running) -> None:
        client = await a_client(registry)
        added = await add(registry, client)

        shown = await registry.http.get(added.headers["Location"], headers=operator(registry))
        elsewhere = await registry.http.get(added.headers["Location"], headers=operator(registry, regions=("33.74",)))
        retired = await registry.http.delete(added.headers["Location"], headers=operator(registry) | etag(shown))

        assert (shown.status_code, "client_secret" in shown.json()) == (200, False)
        assert (elsewhere.status_code, retired.status_code) == (404, 200)

    async def test_ends_the_old_one_after_the_overlap(self, registry: Running) -> None:
        client = await a_client(registry)

        second = await add(registry, client, overlap_days=7)

        old, new = await listed(registry, client)
        assert new["id"] == second.json()["id"]
        assert new["expires_at"] is None
        ends = datetime.fromisoformat(old["expires_at"])
        assert timedelta(days=6, hours=23) < ends - read_clock() <= timedelta(days=7)
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE client_secrets SET expires_at = now() - interval '1 second'"))
        assert (await let_in(registry, client, client.json()["client_secret"])).status_code == 401

    async def test_shows_dates_and_the_last_use_and_never_a_secret(self, registry: Running) -> None:
        client = await a_client(registry)
        second = await add(registry, client)
        await let_in(registry, client, second.json()["client_secret"])

        reply = await registry.http.get(f"{client.headers['Location']}/secrets", headers=operator(registry))

        old, new = reply.json()["items"]
        assert (old["last_used_at"], new["last_used_at"] is not None) == (None, True)
        assert "secret_hash" not in reply.text
        assert second.json()["client_secret"] not in reply.text
        assert "argon2" not in reply.text

    async def test_allows_two_even_to_several_at_once(self, registry: Running) -> None:
        client = await a_client(registry)
        await warm(registry)

        replies = await asyncio.gather(*(add(registry, client) for _ in range(3)))
        again = await add(registry, client)

        assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
        assert code_of(again) == "secrets.full"

    async def test_keeps_the_last_one_even_from_two_at_once(self, registry: Running) -> None:
        client = await a_client(registry)
        await add(registry, client)
        secrets = await listed(registry, client)
        await warm(registry)

        replies = await asyncio.gather(*(retire(registry, client, one) for one in secrets))

        assert sorted(reply.status_code for reply in replies) == [200, 409]
        assert code_of(next(one for one in replies if one.status_code == 409)) == "secrets.last"

    async def test_of_a_secret_in_use_voids_what_it_opened_and_otherwise_leaves_no_gap(self, registry: Running) -> None:
        used, idle = await a_client(registry), await a_client(registry)
        for client in (used, idle):
            await let_in(registry, client, client.json()["client_secret"])
            await add(registry, client)
        async with registry.database.writes.begin() as connection:
            await connection.execute(
                text("UPDATE client_secrets SET last_used_at = now() - interval '2 hours' WHERE client_id = :id"),
                {"id": idle.json()["id"]},
            )

        for client in (used, idle):
            assert (await retire(registry, client, (await listed(registry, client))[0])).status_code == 200

        standings = await SERVICE.load_standings(registry.database)
        assert [client.json()["id"] in {str(one) for one in standings} for client in (used, idle)] == [True, False]

    async def test_sent_again_gives_another_secret_in_the_same_place(self, registry: Running) -> None:
        client = await a_client(registry)
        identity = new_id()
        headers = operator(registry) | {"Idempotency-Key": "rotasi"}
        address = f"{client.headers['Location']}/secrets"

        first = await registry.http.post(address, json={"id": identity}, headers=headers)
        again = await registry.http.post(address, json={"id": identity}, headers=headers)

        assert (first.status_code, again.status_code) == (201, 200)
        tried = [await let_in(registry, client, one.json()["client_secret"]) for one in (first, again)]
        assert [one.status_code for one in tried] == [401, 200]
        assert len(await listed(registry, client, "?holds=true")) == 2

    async def test_is_for_operators_of_all_its_regions(self, registry: Running) -> None:
        client = await a_client(registry, regions=["33.74"])
        address = f"{client.headers['Location']}/secrets"

        foreign = await registry.http.post(address, json={}, headers=operator(registry, regions=("34",)))
        partner = await registry.http.post(address, json={}, headers=registry.token("partner", regions=("*",)))
        nobody = await registry.http.post(address, json={})

        assert [(one.status_code, code_of(one)) for one in (foreign, partner, nobody)] == [
            (404, "resource.not_found"),
            (403, "scope.missing"),
            (401, "token.missing"),
        ]

    async def test_refuses_a_stale_or_foreign_secret(self, registry: Running) -> None:
        client, other = await a_client(registry), await a_client(registry)
        await add(registry, client, overlap_days=1)
        old = (await listed(registry, client))[0]

        stale = await retire(registry, client, old | {"version": 1})
        foreign = await retire(registry, other, old)

        assert (stale.status_code, foreign.status_code) == (412, 404)
        assert "secret_hash" not in stale.text

    async def test_tells_the_journal_no_secret(self, registry: Running) -> None:
        client = await a_client(registry)
        second = await add(registry, client, overlap_days=3)
        await registry.seal()

        reply = await registry.http.get("/registry/v1/journal", headers=registry.service_token("planning"))

        assert [one["type"] for one in reply.json()["items"]] == [
            "client.opened",
            "secret.added",
            "secret.changed",
            "secret.added",
        ]
        for secret in (client.json()["client_secret"], second.json()["client_secret"], "argon2"):
            assert secret not in reply.text

    @given(
        st.none() | st.datetimes(timezones=st.just(UTC)),
        st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
        st.integers(1, LONGEST_OVERLAP_DAYS),
    )
    def test_never_lengthens_a_life(self, expires_at: datetime | None, now: datetime, days: int) -> None:
        ends = ending(expires_at, now=now, overlap_days=days)

        assert ends <= now + timedelta(days=days)
        assert expires_at is None or ends <= expires_at


class TestSuspension:
    async def test_ends(self, registry: Running) -> None:
        client = await a_client(registry)
        address, secret = f"{client.headers['Location']}/suspension", client.json()["client_secret"]

        suspended = await registry.http.post(address, headers=operator(registry) | etag(client))
        meanwhile = await let_in(registry, client, secret)
        restored = await registry.http.delete(address, headers=operator(registry) | etag(suspended))

        assert code_of(meanwhile) == "account.suspended"
        assert (restored.status_code, restored.json()["suspended"]) == (200, False)
        assert (await let_in(registry, client, secret)).status_code == 200


class TestSelf:
    async def test_tells_a_client_what_its_token_proves(self, registry: Running) -> None:
        client = await a_client(registry)
        token = await let_in(registry, client, client.json()["client_secret"])
        await add(registry, client, overlap_days=5)

        reply = await registry.http.get(SELF, headers=bearer(token))

        body = reply.json()
        assert reply.status_code == 200
        assert {name: body[name] for name in ("verified", "id", "name", "org", "roles", "regions")} == {
            "verified": True,
            "id": client.json()["id"],
            "name": client.json()["name"],
            "org": client.json()["org"],
            "roles": ["partner"],
            "regions": ["34.71"],
        }
        assert body["scopes"] == sorted(claims_of(token)["scope"].split())
        assert [one["expires_at"] is None for one in body["secrets"]] == [False, True]
        assert body["secrets"][0]["last_used_at"] is not None
        assert reply.headers["Cache-Control"] == "private, no-store"

    async def test_says_clearly_what_is_wrong_with_a_token(self, registry: Running) -> None:
        person = await sign_in(registry, (await an_account(registry)).json()["username"])

        replies = [
            await registry.http.get(SELF, headers=headers)
            for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp4"}, bearer(person))
        ]

        assert [(one.status_code, code_of(one)) for one in replies] == [
            (401, "token.missing"),
            (401, "token.invalid"),
            (401, "token.invalid"),
            (403, "client.not_one"),
        ]

    async def test_costs_one_statement(self, registry: Running) -> None:
        client = await a_client(registry)
        token = await let_in(registry, client, client.json()["client_secret"])

        with registry.counted() as sent:
            await registry.http.get(SELF, headers=bearer(token))

        assert len(sent) == 1


@pytest.mark.parametrize("secrets", [1, 2])
async def test_a_wrong_secret_takes_as_long_however_many_there_are(
    registry: Running, monkeypatch: pytest.MonkeyPatch, secrets: int
) -> None:
    client = await a_client(registry)
    if secrets == 2:
        await add(registry, client)
    tried: list[str] = []
    fits = holders._fits  # noqa: SLF001
    monkeypatch.setattr(holders, "_fits", lambda known, secret: tried.append(known) or fits(known, secret))

    for name in (client.json()["name"], "tidak-ada"):
        tried.clear()
        await ask(registry, grant_type="client_credentials", client_id=name, client_secret="salah")
        assert len(tried) == 2

from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.registry.sign_ins import service
from services.registry.sign_ins.rules import HISTORY_LIFE, NOBODY
from services.registry.tokens import service as tokens
from shared.clock import read_clock
from tests.house import Running, code_of, etag, new_id
from tests.registry.signing import (
    ACCOUNTS,
    PASSWORD,
    a_client,
    an_account,
    ask,
    bearer,
    claims_of,
    operator,
    refreshed,
    sign_in,
)

SELF = f"{ACCOUNTS}/self"


async def history(registry: Running, token: httpx.Response, query: str = "") -> list[dict[str, Any]]:
    reply = await registry.http.get(f"{SELF}/sign-ins{query}", headers=bearer(token))
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


class TestProgramsHistory:
    async def test_is_kept_as_a_person_s_is_and_read_by_who_serves_its_regions(self, registry: Running) -> None:
        client = await a_client(registry, regions=["34.71"])
        name, secret = client.json()["name"], client.json()["client_secret"]
        form = {"grant_type": "client_credentials", "client_id": name}
        await ask(registry, **form, client_secret="salah")
        await ask(registry, **form, client_secret=secret, scope="registry:accounts:write")
        inside = await ask(registry, **form, client_secret=secret)
        await ask(registry, grant_type="client_credentials", client_id="tidak-ada", client_secret=secret)
        address = f"{client.headers['Location']}/sign-ins"

        kept = await registry.http.get(address, headers=operator(registry))
        own = await history(registry, inside)
        far = await registry.http.get(address, headers=operator(registry, regions=("33",)))
        nobody = await registry.http.get(address, headers=registry.token("facilitator"))

        assert [one["outcome"] for one in own] == ["signed_in", "scope_refused", "password_wrong"]
        assert (kept.json()["items"], {one["client_id"] for one in own}) == (own, {name})
        assert (far.status_code, nobody.status_code) == (404, 403)
        async with registry.database.reads.connect() as connection:
            assert not await connection.scalar(text("SELECT count(*) FROM sign_ins WHERE client_id = 'tidak-ada'"))


class TestHistory:
    async def test_keeps_what_became_of_each_sign_in(self, registry: Running) -> None:
        account = await an_account(registry)
        username = account.json()["username"]
        first = await sign_in(registry, username)
        await sign_in(registry, username, "salah sama sekali")
        await sign_in(registry, username, scope="registry:accounts:write")
        await refreshed(registry, first)
        await refreshed(registry, first)
        suspended = await registry.http.post(
            f"{account.headers['Location']}/suspension", headers=operator(registry) | etag(account)
        )
        await sign_in(registry, username)
        await registry.http.delete(
            f"{account.headers['Location']}/suspension", headers=operator(registry) | etag(suspended)
        )

        anew = await sign_in(registry, username)
        # The process may have looked while the account was suspended.
        registry.app.state.gate.standings.replace({})
        found = await history(registry, anew)

        assert [one["outcome"] for one in found] == [
            "signed_in",
            "suspended",
            "refresh_reused",
            "scope_refused",
            "password_wrong",
            "signed_in",
        ]
        assert {one["client_id"] for one in found} == {"tridaya"}

    async def test_tells_addresses_apart_without_telling_them(self, registry: Running) -> None:
        one, other = [(await an_account(registry)).json()["username"] for _ in range(2)]
        for address in ("10.1.2.3", "10.1.2.3", "10.9.9.9"):
            last = await sign_in(registry, one, address=address)
        there = await history(registry, await sign_in(registry, other, address="10.1.2.3"))

        found = [item["origin"] for item in await history(registry, last)]

        assert found[1] == found[2] != found[0]
        assert there[0]["origin"] not in found
        async with registry.database.reads.connect() as connection:
            rows = (await connection.execute(text("SELECT * FROM sign_ins"))).all()
        assert not [row for row in rows if "10." in str(row.origin) or one in repr(row)]

    async def test_is_the_holders_and_the_operators_of_its_regions(self, registry: Running) -> None:
        account = await an_account(registry)
        await sign_in(registry, account.json()["username"])
        other = await sign_in(registry, (await an_account(registry)).json()["username"])
        address = f"{account.headers['Location']}/sign-ins"

        for regions in (("*",), ("34",)):
            kept = await registry.http.get(address, headers=operator(registry, regions=regions))
            assert len(kept.json()["items"]) == 1
        elsewhere = await registry.http.get(address, headers=operator(registry, regions=("33",)))
        assert code_of(elsewhere) == "resource.not_found"
        assert len(await history(registry, other)) == 1
        refused = await registry.http.get(address, headers=bearer(other))
        assert (refused.status_code, code_of(refused)) == (403, "scope.missing")
        assert (await registry.http.get(f"{SELF}/sign-ins")).status_code == 401

    async def test_does_the_same_for_a_name_that_nobody_has(self, registry: Running) -> None:
        known = (await an_account(registry)).json()["username"]

        counts = []
        for name in (known, "tidak-ada"):
            with registry.counted() as sent:
                await sign_in(registry, name, "salah sama sekali")
            counts.append([one.split()[0] for one in sent])
        async with registry.database.reads.connect() as connection:
            rows = (await connection.execute(text("SELECT account_id FROM sign_ins ORDER BY id"))).scalars().all()

        assert counts[0] == counts[1]
        assert (len(rows), rows[1]) == (2, NOBODY)

    async def test_is_forgotten_after_its_time(self, registry: Running) -> None:
        token = await sign_in(registry, (await an_account(registry)).json()["username"])

        for age, left in ((HISTORY_LIFE - timedelta(hours=1), 1), (HISTORY_LIFE + timedelta(hours=1), 0)):
            async with registry.database.transaction() as session:
                await service.tidy_sign_ins(session, now=read_clock() + age)
            assert len(await history(registry, token)) == left


class TestSelf:
    async def test_shows_ones_own_account(self, registry: Running) -> None:
        account = await an_account(registry, ends_on="2999-12-31")
        token = await sign_in(registry, account.json()["username"])

        reply = await registry.http.get(SELF, headers=bearer(token))
        nobody = await registry.http.get(SELF)
        unknown = await registry.http.get(SELF, headers=registry.token("volunteer"))

        body = reply.json()
        assert (body["username"], body["ends_on"]) == (account.json()["username"], "2999-12-31")
        assert body["scopes"] == sorted(claims_of(token)["scope"].split())
        assert "password" not in reply.text
        assert (nobody.status_code, unknown.status_code) == (401, 404)


class TestSessions:
    async def sessions(self, registry: Running, token: httpx.Response) -> list[dict[str, Any]]:
        reply = await registry.http.get(f"{SELF}/sessions", headers=bearer(token))
        items: list[dict[str, Any]] = reply.json()["items"]
        return items

    async def test_are_listed_and_ended_by_their_holder(self, registry: Running) -> None:
        username = (await an_account(registry)).json()["username"]
        phone, laptop = await sign_in(registry, username), await sign_in(registry, username)
        phone = await refreshed(registry, phone)
        newest, oldest = await self.sessions(registry, laptop)

        ended = await registry.http.post(f"{SELF}/sessions/{oldest['id']}/end", headers=bearer(laptop))

        assert ended.json() == {"ended": 1}
        assert oldest["refreshed_at"] > oldest["started_at"]
        assert [one["id"] for one in await self.sessions(registry, laptop)] == [newest["id"]]
        assert code_of(await refreshed(registry, phone)) == "credentials.wrong"
        assert (await refreshed(registry, laptop)).status_code == 200

    async def test_of_another_account_are_not_found(self, registry: Running) -> None:
        one, other = [await sign_in(registry, (await an_account(registry)).json()["username"]) for _ in range(2)]
        (session,) = await self.sessions(registry, one)

        for identity in (session["id"], new_id()):
            reply = await registry.http.post(f"{SELF}/sessions/{identity}/end", headers=bearer(other))
            assert (reply.status_code, code_of(reply)) == (404, "resource.not_found")
        assert (await refreshed(registry, one)).status_code == 200

    async def test_end_all_at_once(self, registry: Running) -> None:
        username = (await an_account(registry)).json()["username"]
        tokens_of = [await sign_in(registry, username) for _ in range(2)]

        ended = await registry.http.post(f"{SELF}/sessions/end", headers=bearer(tokens_of[0]))

        assert ended.json() == {"ended": 2}
        assert {code_of(await refreshed(registry, one)) for one in tokens_of} == {"credentials.wrong"}
        assert (await sign_in(registry, username)).status_code == 200

    @pytest.mark.parametrize("path", ["/sessions/end", f"/sessions/{NOBODY}/end"])
    async def test_are_not_a_programs(self, registry: Running, path: str) -> None:
        reply = await registry.http.post(f"{SELF}{path}", headers=registry.token("partner", person=None))

        assert (reply.status_code, code_of(reply)) == (403, "account.not_one")

    async def test_that_ended_with_a_revocation_are_no_longer_listed(self, registry: Running) -> None:
        account = await an_account(registry)
        await sign_in(registry, account.json()["username"])
        await registry.http.patch(
            account.headers["Location"], json={"roles": ["volunteer"]}, headers=operator(registry) | etag(account)
        )

        token = await sign_in(registry, account.json()["username"])

        assert len(await self.sessions(registry, token)) == 1


async def test_a_used_refresh_token_is_kept_in_the_history_with_its_address(registry: Running) -> None:
    username = (await an_account(registry)).json()["username"]
    token = await sign_in(registry, username)
    await refreshed(registry, token)

    with pytest.raises(tokens.CredentialsWrong):
        await tokens.refresh(
            registry.database,
            registry.app.state.settings,
            token=token.json()["refresh_token"],
            wanted=None,
            address="10.0.0.7",
            now=read_clock(),
        )

    anew = await sign_in(registry, username, PASSWORD)
    reused = (await history(registry, anew, "?outcome=refresh_reused"))[0]
    assert reused["origin"] != (await history(registry, anew, "?outcome=signed_in"))[0]["origin"]

import asyncio
import base64
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from argon2 import PasswordHasher
from jose import jwt
from sqlalchemy import select, text

from services.registry.sign_ins import service as sign_ins
from services.registry.sign_ins.rules import FREE_TRIES
from services.registry.tokens import service
from services.registry.tokens.rules import REFRESH_LIFE, CredentialsWrong
from shared.clock import read_clock
from shared.log import log
from tests.house import ISSUER, Running, code_of, etag, new_id
from tests.registry.racing import warm
from tests.registry.signing import (
    ACCOUNTS,
    CLIENTS,
    PASSWORD,
    TOKENS,
    a_client,
    an_account,
    ask,
    bearer,
    claims_of,
    operator,
    refreshed,
    sign_in,
)

BOARDS = "/registry/v1/boards"


async def name_of(registry: Running, **changes: Any) -> str:
    return str((await an_account(registry, **changes)).json()["username"])


class TestSignIn:
    async def test_gives_a_token_as_rfc_9068_has_it(self, registry: Running) -> None:
        org, person = new_id(), new_id()
        account = (await an_account(registry, org=org, person_id=person)).json()

        reply = await sign_in(registry, account["username"])

        claims, header = claims_of(reply), jwt.get_unverified_header(reply.json()["access_token"])
        assert header == {"alg": "RS256", "typ": "at+jwt", "kid": "tests"}
        assert {name: claims[name] for name in ("iss", "sub", "aud", "client_id", "org", "person")} == {
            "iss": ISSUER,
            "sub": account["id"],
            "aud": "tridaya",
            "client_id": "tridaya",
            "org": org,
            "person": person,
        }
        assert (claims["exp"] - claims["iat"], reply.json()["expires_in"]) == (900, 900)
        assert abs(claims["iat"] - time.time()) < 30
        assert (claims["roles"], claims["regions"]) == (["board_officer"], ["34.71.03.1001"])
        assert "registry:boards:write" in claims["scope"].split()
        assert reply.json()["scope"] == claims["scope"]
        assert reply.headers["Cache-Control"] == "no-store"

    async def test_gives_a_token_that_opens_what_the_role_may(self, registry: Running) -> None:
        reply = await sign_in(registry, await name_of(registry))
        draft = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2020-01-01"}

        written = await registry.http.post(BOARDS, json=draft, headers=bearer(reply))

        assert written.status_code == 201

    async def test_of_many_at_once_from_one_address_lets_all_in(self, registry: Running) -> None:
        names = [await name_of(registry) for _ in range(2)]
        await warm(registry)

        replies = [
            reply for _ in range(3) for reply in await asyncio.gather(*(sign_in(registry, name) for name in names * 2))
        ]

        assert {reply.status_code for reply in replies} == {200}

    async def test_never_gives_the_same_token_twice(self, registry: Running) -> None:
        name = await name_of(registry)

        one, two = await sign_in(registry, name), await sign_in(registry, name)

        assert claims_of(one)["jti"] != claims_of(two)["jti"]
        assert one.json()["refresh_token"] != two.json()["refresh_token"]

    async def test_takes_a_name_in_any_case(self, registry: Running) -> None:
        name = await name_of(registry)

        assert (await sign_in(registry, name.upper())).status_code == 200

    async def test_tells_a_wrong_name_and_a_wrong_password_alike(self, registry: Running) -> None:
        name = await name_of(registry)

        wrong, unknown = await sign_in(registry, name, "salah sama sekali"), await sign_in(registry, "tidak-ada")

        assert (wrong.status_code, code_of(wrong)) == (401, "credentials.wrong")
        assert {k: v for k, v in wrong.json().items() if k != "request_id"} == {
            k: v for k, v in unknown.json().items() if k != "request_id"
        }

    async def test_tells_a_suspended_account_so_only_to_who_knows_the_password(self, registry: Running) -> None:
        account = await an_account(registry)
        address = f"{account.headers['Location']}/suspension"
        await registry.http.post(address, headers=operator(registry) | etag(account))
        name = account.json()["username"]

        right, wrong = await sign_in(registry, name), await sign_in(registry, name, "salah sama sekali")

        assert (code_of(right), code_of(wrong)) == ("account.suspended", "credentials.wrong")

    @pytest.mark.parametrize(
        ("form", "status"),
        [
            ({}, 422),
            ({"grant_type": "implicit"}, 422),
            ({"grant_type": "password"}, 400),
            ({"grant_type": "password", "username": "x"}, 400),
            ({"grant_type": "refresh_token"}, 400),
            ({"grant_type": "client_credentials", "client_id": "x"}, 400),
            ({"grant_type": "password", "username": "x", "password": "y", "colour": "red"}, 422),
            ({"grant_type": "password", "username": "x\x00", "password": "y"}, 400),
            ({"grant_type": "password", "username": "x" * 81, "password": "y"}, 422),
        ],
    )
    async def test_refuses_what_is_no_token_request(self, registry: Running, form: dict[str, str], status: int) -> None:
        reply = await registry.http.post(TOKENS, data=form)

        assert reply.status_code == status
        code_of(reply)


class TestScope:
    async def test_may_be_narrowed_and_stays_so_when_refreshed(self, registry: Running) -> None:
        name = await name_of(registry)

        narrow = await sign_in(registry, name, scope="registry:boards:read")
        again = await refreshed(registry, narrow)
        wider = await refreshed(registry, again, scope="registry:boards:read registry:boards:write")

        assert [one.json()["scope"] for one in (narrow, again)] == ["registry:boards:read"] * 2
        assert (wider.status_code, code_of(wider)) == (400, "scope.not_held")

    async def test_narrowed_at_a_refresh_may_return_to_what_was_granted(self, registry: Running) -> None:
        granted = await sign_in(registry, await name_of(registry), scope="registry:boards:read registry:groups:read")

        narrow = await refreshed(registry, granted, scope="registry:boards:read")
        back = await refreshed(registry, narrow)

        assert narrow.json()["scope"] == "registry:boards:read"
        assert back.json()["scope"] == "registry:boards:read registry:groups:read"

    async def test_of_another_role_is_refused(self, registry: Running) -> None:
        reply = await sign_in(registry, await name_of(registry), scope="registry:accounts:write")

        assert (reply.status_code, code_of(reply)) == (400, "scope.not_held")

    async def test_that_was_narrowed_is_judged_at_the_route(self, registry: Running) -> None:
        narrow = await sign_in(registry, await name_of(registry), scope="registry:boards:read")

        reply = await registry.http.post(BOARDS, json={}, headers=bearer(narrow))

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")


class TestRefresh:
    async def test_rotates_the_token(self, registry: Running) -> None:
        first = await sign_in(registry, await name_of(registry))

        second = await refreshed(registry, first)
        third = await refreshed(registry, second)

        assert [one.status_code for one in (second, third)] == [200, 200]
        assert len({one.json()["refresh_token"] for one in (first, second, third)}) == 3

    async def test_of_a_used_token_ends_its_family(self, registry: Running) -> None:
        first = await sign_in(registry, await name_of(registry))
        second = await refreshed(registry, first)

        stolen = await refreshed(registry, first)
        owner = await refreshed(registry, second)

        assert (stolen.status_code, code_of(stolen)) == (401, "credentials.wrong")
        assert (owner.status_code, code_of(owner)) == (401, "credentials.wrong")

    async def test_of_a_used_token_leaves_other_sign_ins_alone(self, registry: Running) -> None:
        name = await name_of(registry)
        phone, laptop = await sign_in(registry, name), await sign_in(registry, name)
        await refreshed(registry, phone)
        await refreshed(registry, phone)

        assert (await refreshed(registry, laptop)).status_code == 200

    async def test_by_several_at_once_gives_one_and_then_ends_the_family(self, registry: Running) -> None:
        first = await sign_in(registry, await name_of(registry))
        await warm(registry)

        both = await asyncio.gather(*(refreshed(registry, first) for _ in range(3)))

        assert sorted(one.status_code for one in both) == [200, 401, 401]
        won = next(one for one in both if one.status_code == 200)
        assert (await refreshed(registry, won)).status_code == 401

    async def test_of_garbage_is_refused(self, registry: Running) -> None:
        reply = await ask(registry, grant_type="refresh_token", refresh_token="x" * 43)

        assert (reply.status_code, code_of(reply)) == (401, "credentials.wrong")

    async def test_ends_after_thirty_days(self, registry: Running) -> None:
        token = (await sign_in(registry, await name_of(registry))).json()["refresh_token"]
        settings, now = registry.app.state.settings, read_clock()

        async def at(moment: timedelta) -> Any:
            return await service.refresh(registry.database, settings, token=token, wanted=None, now=now + moment)

        with pytest.raises(CredentialsWrong):
            await at(REFRESH_LIFE + timedelta(minutes=1))
        assert (await at(REFRESH_LIFE - timedelta(minutes=1)))["access_token"]

    @pytest.mark.parametrize("change", [{"roles": ["volunteer"]}, {"regions": ["34.71.04.1001"]}])
    async def test_is_over_once_roles_or_regions_changed(self, registry: Running, change: dict[str, Any]) -> None:
        account = await an_account(registry)
        before = await sign_in(registry, account.json()["username"])
        await registry.http.patch(account.headers["Location"], json=change, headers=operator(registry) | etag(account))

        old, new = await refreshed(registry, before), await sign_in(registry, account.json()["username"])

        assert (old.status_code, code_of(old)) == (401, "credentials.wrong")
        assert {name: claims_of(new)[name] for name in change} == change

    async def test_is_over_once_suspended_even_after_the_suspension_ended(self, registry: Running) -> None:
        account = await an_account(registry)
        before = await sign_in(registry, account.json()["username"])
        address = f"{account.headers['Location']}/suspension"
        suspended = await registry.http.post(address, headers=operator(registry) | etag(account))
        meanwhile = await refreshed(registry, before)
        await registry.http.delete(address, headers=operator(registry) | etag(suspended))

        afterwards, anew = await refreshed(registry, before), await sign_in(registry, account.json()["username"])

        assert [one.status_code for one in (meanwhile, afterwards, anew)] == [401, 401, 200]

    async def test_keeps_only_digests(self, registry: Running) -> None:
        token = (await sign_in(registry, await name_of(registry))).json()["refresh_token"]

        async with registry.database.reads.connect() as connection:
            rows = (await connection.execute(text("SELECT * FROM refresh_tokens"))).all()

        assert len(rows) == 1
        assert token not in repr(rows[0])


class TestThrottling:
    async def test_pauses_a_name_from_an_address_after_a_few_wrong_passwords(self, registry: Running) -> None:
        name = await name_of(registry)

        tries = [await sign_in(registry, name, "salah sama sekali") for _ in range(FREE_TRIES + 1)]
        right = await sign_in(registry, name)
        elsewhere = await sign_in(registry, name, address="10.1.1.1")

        assert [one.status_code for one in tries] == [401] * FREE_TRIES + [429]
        assert (right.status_code, code_of(right)) == (429, "sign_in.paused")
        assert 1 <= int(right.headers["Retry-After"]) <= 15
        assert elsewhere.status_code == 200

    async def test_counts_guesses_that_come_at_once(self, registry: Running) -> None:
        name = await name_of(registry)
        await warm(registry)

        tries = await asyncio.gather(*(sign_in(registry, name, f"tebakan nomor {n}") for n in range(12)))

        assert sorted(one.status_code for one in tries) == [401] * FREE_TRIES + [429] * (12 - FREE_TRIES)

    async def test_lets_in_again_when_the_pause_is_over(self, registry: Running) -> None:
        name, settings = await name_of(registry), registry.app.state.settings
        for _ in range(FREE_TRIES + 1):
            await sign_in(registry, name, "salah sama sekali")

        granted = await service.sign_in(
            registry.database,
            settings,
            username=name,
            password=PASSWORD,
            address="127.0.0.1",
            wanted=None,
            now=read_clock() + timedelta(seconds=16),
        )

        assert granted["access_token"]

    async def test_forgives_after_a_success(self, registry: Running) -> None:
        name = await name_of(registry)
        for _ in range(2):
            for _ in range(FREE_TRIES - 1):
                assert (await sign_in(registry, name, "salah sama sekali")).status_code == 401
            assert (await sign_in(registry, name)).status_code == 200

    @pytest.mark.parametrize("by", ["name", "address"])
    async def test_counts_a_name_and_an_address_alone_too(
        self, registry: Running, monkeypatch: pytest.MonkeyPatch, by: str
    ) -> None:
        monkeypatch.setattr(sign_ins, "FREE_TRIES_ALONE", 3)
        name = await name_of(registry)

        for number in range(4):
            who = name if by == "name" else f"siapa-{number}"
            where = "10.0.0.1" if by == "address" else f"10.0.0.{number}"
            last = await sign_in(registry, who, "salah sama sekali", address=where)

        assert (last.status_code, code_of(last)) == (429, "sign_in.paused")

    async def test_keeps_neither_names_nor_addresses(self, registry: Running) -> None:
        name = await name_of(registry)
        await sign_in(registry, name, "salah sama sekali", address="10.9.8.7")

        async with registry.database.reads.connect() as connection:
            rows = (await connection.execute(text("SELECT * FROM sign_in_failures"))).all()

        assert [len(row.digest) for row in rows] == [32, 32, 32]
        assert not [word for word in (name, "10.9.8.7") if word in repr(rows)]

    async def test_is_forgotten_after_a_day(self, registry: Running) -> None:
        name = await name_of(registry)
        await sign_in(registry, name, "salah sama sekali")
        async with registry.database.transaction() as session:
            await sign_ins.tidy_sign_ins(session, now=read_clock() + timedelta(hours=23))
            kept = await session.scalar(text("SELECT count(*) FROM sign_in_failures"))
            await sign_ins.tidy_sign_ins(session, now=read_clock() + timedelta(hours=25))
            later = await session.scalar(text("SELECT count(*) FROM sign_in_failures"))

        assert (kept, later) == (3, 0)


class TestClientCredentials:
    @staticmethod
    def basic(name: str, secret: str) -> dict[str, str]:
        return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}

    async def test_sign_in_by_form_and_by_basic(self, registry: Running) -> None:
        client = (await a_client(registry)).json()
        name, secret = client["name"], client["client_secret"]

        by_form = await ask(registry, grant_type="client_credentials", client_id=name, client_secret=secret)
        by_basic = await registry.http.post(
            TOKENS, data={"grant_type": "client_credentials"}, headers=self.basic(name, secret)
        )

        for reply in (by_form, by_basic):
            claims = claims_of(reply)
            assert (reply.status_code, reply.json()["refresh_token"]) == (200, None)
            assert (claims["sub"], claims["client_id"], claims["org"]) == (client["id"], name, client["org"])
            assert (claims["roles"], claims["regions"]) == (["partner"], ["34.71"])
            assert "person" not in claims

    @pytest.mark.parametrize("encoded", ["!!!", "", "eA==", base64.b64encode(b"\xff:\xff").decode()])
    async def test_refuse_a_broken_basic_header(self, registry: Running, encoded: str) -> None:
        reply = await registry.http.post(
            TOKENS, data={"grant_type": "client_credentials"}, headers={"Authorization": f"Basic {encoded}"}
        )

        assert reply.status_code in {400, 401}
        assert code_of(reply) in {"credentials.wrong", "grant.invalid"}

    async def test_refuse_a_wrong_secret_and_a_suspended_client(self, registry: Running) -> None:
        client = await a_client(registry)
        name, secret = client.json()["name"], client.json()["client_secret"]

        wrong = await ask(registry, grant_type="client_credentials", client_id=name, client_secret="salah")
        await registry.http.post(f"{client.headers['Location']}/suspension", headers=operator(registry) | etag(client))
        suspended = await ask(registry, grant_type="client_credentials", client_id=name, client_secret=secret)

        assert (wrong.status_code, code_of(wrong)) == (401, "credentials.wrong")
        assert (suspended.status_code, code_of(suspended)) == (401, "account.suspended")

    async def test_do_not_let_a_person_in_as_a_program(self, registry: Running) -> None:
        name = await name_of(registry)

        reply = await ask(registry, grant_type="client_credentials", client_id=name, client_secret=PASSWORD)

        assert (reply.status_code, code_of(reply)) == (401, "credentials.wrong")


class TestDiscovery:
    async def test_names_where_tokens_come_from(self, registry: Running) -> None:
        known = (await registry.http.get("/.well-known/oauth-authorization-server")).json()

        assert (known["issuer"], known["token_endpoint"]) == (ISSUER, f"{ISSUER}{TOKENS}")
        assert known["jwks_uri"] == f"{ISSUER}/.well-known/jwks.json"
        assert {"registry:boards:write", "registry:journal:follow"} <= set(known["scopes_supported"])


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> Iterator[list[str]]:
    """Collect every rendered line of the log."""
    lines: list[str] = []
    # Those of the logger itself: it keeps what the first service of this process configured.
    processors: list[Any] = log.bind()._processors  # noqa: SLF001
    render = processors[-1]

    def collect(*event: Any) -> Any:
        lines.append(str(render(*event)))
        return lines[-1]

    processors[-1] = collect
    yield lines
    processors[-1] = render
    lines.extend(caplog.messages)


class TestSecret:
    def test_is_hashed_with_argon2id_and_enough_memory(self, hasher: PasswordHasher) -> None:
        assert hasher.hash("x").startswith("$argon2id$")
        assert (hasher.memory_cost >= 19 * 1024, hasher.time_cost >= 2) == (True, True)

    async def test_is_in_no_log_reply_journal_or_table(self, registry: Running, logged: list[str]) -> None:
        secret = "rahasia-7f3a9c-tak-boleh-tampak"
        account = await an_account(registry, password=secret)
        name = account.json()["username"]
        client = await a_client(registry)
        refused = await an_account(registry, password=secret, roles=["raja"])
        signed_in = await sign_in(registry, name, secret)
        replies = [
            account,
            refused,
            signed_in,
            await sign_in(registry, name, secret + "-salah"),
            await sign_in(registry, name, secret, scope="registry:accounts:write"),
            await refreshed(registry, signed_in),
            await registry.http.get(account.headers["Location"], headers=operator(registry)),
            await registry.http.get(ACCOUNTS, headers=operator(registry)),
            await registry.http.get(client.headers["Location"], headers=operator(registry)),
            await registry.http.get(CLIENTS, headers=operator(registry)),
        ]
        await registry.seal()
        replies.append(await registry.http.get("/registry/v1/journal", headers=registry.service_token("planning")))

        seen = [*logged, *(reply.text for reply in replies), await everything(registry)]

        assert logged
        hidden = [secret, client.json()["client_secret"]]
        assert not [word for word in hidden for one in seen if word in one]
        assert not [one for one in logged if signed_in.json()["access_token"] in one]

    async def test_of_a_client_is_shown_once(self, registry: Running) -> None:
        draft = {"id": new_id(), "name": "bank-contoh"}
        org = new_id()

        first = await a_client(registry, org=org, **draft)
        again = await a_client(registry, org=org, **draft)
        shown = await registry.http.get(first.headers["Location"], headers=operator(registry))

        async def let_in(reply: httpx.Response) -> int:
            secret = reply.json()["client_secret"]
            form = {"grant_type": "client_credentials", "client_id": "bank-contoh", "client_secret": secret}
            return (await ask(registry, **form)).status_code

        assert (first.status_code, again.status_code) == (201, 200)
        assert "client_secret" not in shown.json()
        assert (await let_in(first), await let_in(again)) == (401, 200)


async def everything(registry: Running) -> str:
    """Return all that registry's tables hold."""
    found = []
    async with registry.database.reads.connect() as connection:
        for name in registry.tables.names():
            rows = await connection.execute(select(getattr(registry.tables, name)))
            found += [" ".join(map(str, row)) for row in rows]
    return "\n".join(found)


async def test_a_revocation_and_a_sign_in_at_once_leave_no_token_of_the_old_roles(registry: Running) -> None:
    account = await an_account(registry)
    name, headers = account.json()["username"], operator(registry) | etag(account)
    change = registry.http.patch(account.headers["Location"], json={"roles": ["volunteer"]}, headers=headers)

    changed, *tokens = await asyncio.gather(change, *(sign_in(registry, name) for _ in range(3)))

    not_before = changed.json()["not_before"]
    async with registry.database.reads.connect() as connection:
        table = registry.tables.accounts
        row = (await connection.execute(select(table).where(table.c.id == UUID(account.json()["id"])))).one()
    assert not_before is not None
    assert {token.status_code for token in tokens} == {200}
    for token in tokens:
        claims = claims_of(token)
        assert claims["roles"] == ["volunteer"] or claims["iat"] < row.not_before.timestamp()

import asyncio
import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
from jose import jwt
from sqlalchemy import select

from services.planning.directory.models import AccountStanding
from services.registry.settings import Settings
from services.registry.tokens import keys
from services.registry.tokens.rules import ACCESS_LIFE
from shared.clock import read_clock
from shared.permissions import NOBODY, Gate, Standings
from shared.tokens import ALGORITHM, AUDIENCE, REMEMBERED_TOKENS, Keys, TokenInvalid, Tokens
from tests.house import ISSUER, Issuer, Running, code_of, new_id
from tests.registry.racing import warm

BOARDS = "/registry/v1/boards"


def claims(**changes: Any) -> dict[str, Any]:
    now = int(time.time())
    known = {
        "iss": ISSUER,
        "sub": new_id(),
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 900,
        "jti": new_id(),
        "client_id": "tests",
        "scope": "registry:boards:read",
        "roles": ["volunteer"],
        "regions": ["34.71"],
    }
    return {name: value for name, value in (known | changes).items() if value is not None}


def part(value: Mapping[str, Any] | bytes) -> str:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def signed(issuer: Issuer, of: Mapping[str, Any], **header: Any) -> str:
    headers = {"kid": "tests", "typ": "at+jwt"} | header
    return str(jwt.encode(dict(of), issuer.key, algorithm=ALGORITHM, headers=headers))


def unsigned(_issuer: Issuer) -> str:
    return f"{part({'alg': 'none', 'kid': 'tests', 'typ': 'at+jwt'})}.{part(claims())}."


def unsigned_but_capital(_issuer: Issuer) -> str:
    return f"{part({'alg': 'nOnE', 'kid': 'tests', 'typ': 'at+jwt'})}.{part(claims())}."


def public_key_as_secret(issuer: Issuer) -> str:
    head = f"{part({'alg': 'HS256', 'kid': 'tests', 'typ': 'at+jwt'})}.{part(claims())}"
    secret = issuer.key.public_key().to_pem()
    return f"{head}.{part(hmac.new(secret, head.encode(), hashlib.sha256).digest())}"


def modulus_as_secret(issuer: Issuer) -> str:
    head = f"{part({'alg': 'HS256', 'kid': 'tests', 'typ': 'at+jwt'})}.{part(claims())}"
    return f"{head}.{part(hmac.new(issuer.jwk['n'].encode(), head.encode(), hashlib.sha256).digest())}"


def other_algorithm_of_the_family(issuer: Issuer) -> str:
    return str(jwt.encode(claims(), issuer.pem.decode(), "RS512", headers={"kid": "tests", "typ": "at+jwt"}))


def another_key(_issuer: Issuer) -> str:
    return signed(Issuer(), claims())


def changed_claims(issuer: Issuer) -> str:
    head, _, signature = signed(issuer, claims()).split(".")
    return f"{head}.{part(claims(roles=['operator']))}.{signature}"


def stripped(issuer: Issuer) -> str:
    return signed(issuer, claims()).rpartition(".")[0] + "."


def own_key_in_the_header(_issuer: Issuer) -> str:
    stranger = Issuer()
    return signed(stranger, claims(), jwk=stranger.jwk)


FORGED = [
    unsigned,
    unsigned_but_capital,
    public_key_as_secret,
    modulus_as_secret,
    other_algorithm_of_the_family,
    another_key,
    changed_claims,
    stripped,
    own_key_in_the_header,
]


async def status(registry: Running, authorization: str, address: str = BOARDS) -> tuple[int, str]:
    reply = await registry.http.get(address, headers={"Authorization": authorization})
    return reply.status_code, code_of(reply) if reply.status_code >= 400 else ""


class TestToken:
    async def test_that_is_good_is_taken(self, registry: Running, issuer: Issuer) -> None:
        assert await status(registry, f"Bearer {signed(issuer, claims())}") == (200, "")
        assert await status(registry, f"bEARER  {signed(issuer, claims())}") == (200, "")

    @pytest.mark.parametrize("forge", FORGED)
    async def test_that_is_forged_is_refused_even_where_none_is_needed(
        self, registry: Running, issuer: Issuer, forge: Any
    ) -> None:
        assert await status(registry, f"Bearer {forge(issuer)}") == (401, "token.invalid")

    @pytest.mark.parametrize("forge", FORGED)
    async def test_that_is_forged_is_refused_by_a_service_that_only_knows_the_published_keys(
        self, planning: Running, issuer: Issuer, forge: Any
    ) -> None:
        refused = await status(planning, f"Bearer {forge(issuer)}", "/planning/v1/journal")

        assert refused == (401, "token.invalid")

    @pytest.mark.parametrize(
        "header",
        [
            {"kid": "unknown"},
            {"kid": None},
            {"kid": 7},
            {"kid": ["tests"]},
            {"typ": "JWT"},
            {"typ": None},
            {"typ": "id"},
        ],
    )
    async def test_with_another_header_is_refused(
        self, registry: Running, issuer: Issuer, header: dict[str, Any]
    ) -> None:
        assert await status(registry, f"Bearer {signed(issuer, claims(), **header)}") == (401, "token.invalid")

    @pytest.mark.parametrize(
        "change",
        [
            {"exp": int(time.time()) - 60},
            {"exp": 0},
            {"nbf": int(time.time()) + 86_400},
            {"aud": "another"},
            {"aud": []},
            {"iss": "http://elsewhere"},
            {"iss": ISSUER + "/"},
            *({name: None} for name in ("exp", "aud", "iss", "sub", "iat", "jti", "client_id", "scope")),
            {"sub": "nobody"},
            {"exp": "tomorrow"},
            {"iat": "now"},
            {"scope": 7},
            {"person": "somebody"},
            {"org": "some bank"},
            {"regions": 34},
            {"roles": 7},
        ],
    )
    async def test_with_other_claims_is_refused(
        self, registry: Running, issuer: Issuer, change: dict[str, Any]
    ) -> None:
        assert await status(registry, f"Bearer {signed(issuer, claims(**change))}") == (401, "token.invalid")

    @pytest.mark.parametrize(
        "authorization",
        [
            "",
            "Bearer",
            "Bearer ",
            "Bearer  ",
            "Bearer x",
            "Bearer a.b.c",
            "Bearer ....",
            "Bearer " + "a" * 9000,
            "Bearer \xff\xfe",
            "Bearer " + part(b"[]") + "." + part(b"[]") + ".",
            "Bearer " + part(b"[" * 3000) + "." + part(b"{}") + ".",
            "Basic dXNlcjpwYXNz",
            "Token abc",
            "abc",
        ],
    )
    async def test_that_is_garbage_is_refused(self, registry: Running, authorization: str) -> None:
        reply = await registry.http.get(BOARDS, headers=[("Authorization", authorization.encode("latin-1"))])

        assert (reply.status_code, code_of(reply)) == (401, "token.invalid")
        assert reply.headers["WWW-Authenticate"] == "Bearer"

    async def test_that_is_missing_means_nobody(self, registry: Running) -> None:
        gate: Gate = registry.app.state.gate

        assert await gate.caller(None) is NOBODY


class TestRememberedTokens:
    async def test_are_judged_anew_once_they_ended(self, issuer: Issuer, tmp_path: Path) -> None:
        async def published() -> Mapping[str, Any]:
            return {"keys": [issuer.jwk]}

        tokens = Tokens(keys=Keys(fetch=published, cache_file=tmp_path / "jwks.json"), issuer=ISSUER)
        ended = claims(exp=int(time.time()) - 10)
        token = signed(issuer, ended)
        tokens._remembered[hashlib.sha256(token.encode()).digest()] = (ended["exp"], ended)  # noqa: SLF001

        with pytest.raises(TokenInvalid):
            await tokens.claims(token)

    async def test_do_not_grow_without_bound(self, issuer: Issuer, tmp_path: Path) -> None:
        async def published() -> Mapping[str, Any]:
            return {"keys": [issuer.jwk]}

        tokens = Tokens(keys=Keys(fetch=published, cache_file=tmp_path / "jwks.json"), issuer=ISSUER)
        tokens._remembered.update({bytes([n >> 8, n & 255]): (0.0, {}) for n in range(REMEMBERED_TOKENS)})  # noqa: SLF001

        await tokens.claims(signed(issuer, claims()))

        assert len(tokens._remembered) == REMEMBERED_TOKENS  # noqa: SLF001


class TestSuspension:
    @staticmethod
    async def opened(registry: Running) -> tuple[Any, dict[str, str], dict[str, str]]:
        """Return an account, its bearer header and its operator's."""
        operator = registry.token("operator", regions=("*",))
        account = {"username": f"warga-{uuid4().hex[:8]}", "password": "kata sandi panjang", "display_name": "Warga"}
        more = {"roles": ["facilitator"], "regions": ["34.71"]}
        reply = await registry.http.post("/registry/v1/accounts", json=account | more, headers=operator)
        form = {"grant_type": "password", "username": account["username"], "password": account["password"]}
        token = (await registry.http.post("/registry/v1/tokens", data=form)).json()["access_token"]
        return reply, {"Authorization": f"Bearer {token}"}, operator

    @staticmethod
    async def refused(running: Running, headers: Mapping[str, str], address: str) -> str:
        """Return the code of the refusal, which must come within the promised five seconds."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            reply = await running.http.get(address, headers=headers)
            if reply.status_code == 401:
                return code_of(reply)
            await asyncio.sleep(0.1)
        return "not refused"

    async def test_is_refused_within_seconds(self, registry: Running) -> None:
        account, bearer, operator = await self.opened(registry)
        before = await registry.http.get(BOARDS, headers=bearer)

        await registry.http.post(
            f"{account.headers['Location']}/suspension", headers=operator | {"If-Match": account.headers["ETag"]}
        )

        assert before.status_code == 200
        assert await self.refused(registry, bearer, BOARDS) == "account.suspended"

    async def test_reaches_a_service_that_only_has_a_copy(self, registry: Running, planning: Running) -> None:
        account, bearer, _ = await self.opened(registry)
        address = "/planning/v1/permissions?action=planning:plans:read"
        before = await planning.http.get(address, headers=bearer)

        async with planning.database.writes.begin() as connection:
            row = {"id": UUID(account.json()["id"]), "suspended": True, "not_before": read_clock(), "version": 2}
            await connection.execute(AccountStanding.__table__.insert(), [row])

        assert before.status_code == 200
        assert await self.refused(planning, bearer, address) == "account.suspended"

    def test_reaches_only_tokens_issued_before_a_revocation(self) -> None:
        standings = Standings()
        account, other = uuid4(), uuid4()

        standings.replace({account: 1000.5})

        assert standings.refuses(account, issued_at=1000)
        assert not standings.refuses(account, issued_at=1001)
        assert not standings.refuses(other, issued_at=0)


class TestKeys:
    async def test_are_found_on_disk_when_the_issuer_is_away(self, issuer: Issuer, tmp_path: Path) -> None:
        file = tmp_path / "jwks.json"

        async def published() -> Mapping[str, Any]:
            return {"keys": [issuer.jwk]}

        async def away() -> Mapping[str, Any]:
            raise OSError

        await Keys(fetch=published, cache_file=file).refresh(at_most_every=0)
        restarted = Keys(fetch=away, cache_file=file)
        await restarted.refresh(at_most_every=0)

        tokens = Tokens(keys=restarted, issuer=ISSUER)
        assert (await tokens.claims(signed(issuer, claims())))["aud"] == AUDIENCE

    async def test_survive_an_issuer_that_answers_nonsense(self, issuer: Issuer, tmp_path: Path) -> None:
        answers: list[Any] = [{"keys": [issuer.jwk]}, {"keys": [{"kty": "RSA"}]}, {}, {"keys": None}]

        async def published() -> Any:
            return answers.pop(0)

        found = Keys(fetch=published, cache_file=tmp_path / "jwks.json")
        for _ in range(4):
            await found.refresh(at_most_every=0)

        assert found.known("tests") is not None
        assert Keys(fetch=published, cache_file=tmp_path / "jwks.json").known("tests") is not None

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"keys": 7}', b"\xff"])
    async def test_do_not_keep_a_service_from_starting_when_the_file_is_broken(
        self, issuer: Issuer, tmp_path: Path, content: bytes
    ) -> None:
        (tmp_path / "jwks.json").write_bytes(content)

        async def published() -> Mapping[str, Any]:
            return {"keys": [issuer.jwk]}

        found = Keys(fetch=published, cache_file=tmp_path / "jwks.json")
        await found.refresh(at_most_every=0)

        assert found.known("tests") is not None

    async def test_of_other_kinds_are_not_taken(self, issuer: Issuer, tmp_path: Path) -> None:
        async def published() -> Mapping[str, Any]:
            symmetric = {"kid": "oct", "kty": "oct", "k": part(b"secret"), "alg": "HS256"}
            return {"keys": [issuer.jwk, symmetric, issuer.jwk | {"kid": "rs512", "alg": "RS512"}]}

        found = Keys(fetch=published, cache_file=tmp_path / "jwks.json")
        await found.refresh(at_most_every=0)

        assert [found.known(kid) is not None for kid in ("tests", "oct", "rs512")] == [True, False, False]

    async def test_are_not_asked_for_at_every_unknown_kid(self, issuer: Issuer, tmp_path: Path) -> None:
        asked = 0

        async def published() -> Mapping[str, Any]:
            nonlocal asked
            asked += 1
            return {"keys": []}

        tokens = Tokens(keys=Keys(fetch=published, cache_file=tmp_path / "jwks.json"), issuer=ISSUER)
        tried = [tokens.claims(signed(issuer, claims(), kid=f"k{n}")) for n in range(20)]
        results = await asyncio.gather(*tried, return_exceptions=True)

        assert asked == 1
        assert all(isinstance(one, TokenInvalid) for one in results)


class TestRotation:
    @pytest.fixture
    async def settings(self, registry: Running) -> Any:
        """Put the signing keys back as they were."""
        table = registry.tables.signing_keys
        async with registry.database.reads.connect() as connection:
            before = [dict(row._mapping) for row in await connection.execute(select(table))]  # noqa: SLF001
        yield registry.app.state.settings
        async with registry.database.writes.begin() as connection:
            await connection.execute(table.delete())
            await connection.execute(table.insert(), before)

    async def kids(self, registry: Running, now: Any) -> list[str]:
        async with registry.database.reads.connect() as connection:
            return [key["kid"] for key in (await keys.published_keys(connection, now=now))["keys"]]

    async def kid_of_a_new_token(self, registry: Running, settings: Settings, now: Any) -> str:
        async with registry.database.transaction() as session:
            token = await keys.sign(session, settings, claims(), now=now)
        return str(jwt.get_unverified_header(token)["kid"])

    async def test_publishes_a_key_before_it_signs_and_keeps_the_old_until_its_tokens_ended(
        self, registry: Running, settings: Settings
    ) -> None:
        now = read_clock()
        async with registry.database.transaction() as session:
            new = await keys.rotate_key(session, settings, now=now)
        notice = timedelta(seconds=settings.key_notice_seconds)

        at_once = await self.kid_of_a_new_token(registry, settings, now + notice - timedelta(seconds=1))
        after_notice = await self.kid_of_a_new_token(registry, settings, now + notice)
        while_old_tokens_live = await self.kids(registry, now + notice + ACCESS_LIFE)
        long_after = await self.kids(registry, now + notice + ACCESS_LIFE + timedelta(minutes=6))

        assert (at_once, after_notice) == ("tests", new)
        assert await self.kids(registry, now) == ["tests", new]
        assert (while_old_tokens_live, long_after) == (["tests", new], [new])

    async def test_lets_old_and_new_tokens_in_without_a_restart(
        self, registry: Running, settings: Settings, issuer: Issuer
    ) -> None:
        async with registry.database.transaction() as session:
            await keys.rotate_key(session, settings, now=read_clock() - timedelta(seconds=settings.key_notice_seconds))
            token = await keys.sign(session, settings, claims(), now=read_clock())

        old = await status(registry, f"Bearer {signed(issuer, claims())}")
        tries = []
        for _ in range(30):
            tries.append(await status(registry, f"Bearer {token}"))
            if tries[-1][0] == 200:
                break
            await asyncio.sleep(0.2)

        assert jwt.get_unverified_header(token)["kid"] != "tests"
        assert (old, tries[-1]) == ((200, ""), (200, ""))

    async def test_comes_by_itself_once_the_key_is_old(self, registry: Running, settings: Settings) -> None:
        now = read_clock()
        async with registry.database.transaction() as session:
            young = await keys.publish_key(session, settings, now=now)
            old = await keys.publish_key(
                session, settings, now=now + timedelta(days=settings.signing_key_days, hours=1)
            )
            again = await keys.publish_key(
                session, settings, now=now + timedelta(days=settings.signing_key_days, hours=2)
            )

        assert (young, again) == (None, None)
        assert old is not None

    async def test_happens_once_when_several_workers_try(self, registry: Running, settings: Settings) -> None:
        later = read_clock() + timedelta(days=settings.signing_key_days, hours=1)

        async def publish() -> str | None:
            async with registry.database.transaction() as session:
                return await keys.publish_key(session, settings, now=later)

        await warm(registry)

        made = await asyncio.gather(*(publish() for _ in range(3)))

        assert len([kid for kid in made if kid]) == 1

    async def test_shows_no_private_part(self, registry: Running) -> None:
        reply = await registry.http.get("/.well-known/jwks.json")

        assert all(set(key) == {"kid", "kty", "alg", "use", "n", "e"} for key in reply.json()["keys"])
        table = registry.tables.signing_keys
        async with registry.database.reads.connect() as connection:
            stored = bytes((await connection.scalars(select(table.c.private_pem))).all()[0])
        assert b"PRIVATE" not in stored
        assert msgspec.json.decode(reply.content)["keys"][0]["kid"] == "tests"

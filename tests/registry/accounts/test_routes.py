import asyncio
from typing import Any

import pytest

from services.registry.accounts.rules import SCOPES, SERVICE_SCOPES, Role, all_scopes, scopes_of
from services.registry.accounts.service import ensure_operator
from services.registry.api_clients.service import ensure_service_client
from shared.clock import read_clock
from tests.house import Running, code_of, etag, new_id
from tests.registry.electing import payloads
from tests.registry.racing import warm
from tests.registry.signing import (
    ACCOUNTS,
    CLIENTS,
    PASSWORD,
    a_client,
    an_account,
    ask,
    bearer,
    claims_of,
    operator,
    sign_in,
)


class TestOpenAccount:
    async def test_shows_everything_but_the_password(self, registry: Running) -> None:
        reply = await an_account(registry)

        assert reply.status_code == 201
        assert set(reply.json()) == {
            "id",
            "username",
            "display_name",
            "person_id",
            "roles",
            "regions",
            "org",
            "suspended",
            "not_before",
            "invited",
            "version",
            "recorded_at",
            "changed_at",
        }

    @pytest.mark.parametrize("role", [role for role in Role if role is not Role.OPERATOR])
    async def test_is_for_operators_only(self, registry: Running, role: Role) -> None:
        reply = await registry.http.post(ACCOUNTS, json={}, headers=registry.token(role, regions=("*",)))

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    @pytest.mark.parametrize("regions", [["33.74"], ["34"], ["*"], ["34.71", "33.74"]])
    async def test_refuses_regions_that_the_operator_does_not_serve(
        self, registry: Running, regions: list[str]
    ) -> None:
        draft = {"username": "seseorang", "password": PASSWORD, "display_name": "S", "roles": ["volunteer"]}

        reply = await registry.http.post(
            ACCOUNTS, json=draft | {"regions": regions}, headers=registry.token("operator", regions=("34.71",))
        )

        assert (reply.status_code, code_of(reply)) == (403, "region.missing")

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"roles": ["raja"]}, "/roles/0"),
            ({"roles": []}, "/roles"),
            ({"regions": ["3471"]}, "/regions/0"),
            ({"regions": []}, "/regions"),
            ({"regions": ["34.71", "34.99"]}, "/regions/1"),
            ({"password": "pendek"}, "/password"),
            ({"password": 123456789012}, "/password"),
            ({"username": "Besar"}, "/username"),
            ({"suspended": True}, "/suspended"),
        ],
    )
    async def test_names_the_wrong_place(self, registry: Running, change: dict[str, Any], pointer: str) -> None:
        reply = await an_account(registry, **change)

        assert reply.status_code == 422
        assert reply.json()["errors"][0]["pointer"] == pointer

    async def test_says_of_a_short_password_how_long_it_must_be(self, registry: Running) -> None:
        (fault,) = (await an_account(registry, password="pendek")).json()["errors"]

        assert (fault["code"], fault["message"]) == ("value.too_short", "Paling sedikit 12 karakter.")

    async def test_takes_no_name_for_a_password(self, registry: Running) -> None:
        reply = await an_account(registry, username="sekretaris-kricak", password=" Sekretaris-Kricak")

        assert (reply.status_code, code_of(reply)) == (422, "password.is_name")

    async def test_refuses_a_region_that_nobody_knows_wherever_one_is_given(self, registry: Running) -> None:
        account = await an_account(registry)
        now = await registry.http.get(account.headers["Location"], headers=operator(registry))
        nowhere = {"regions": ["34.71", "34.99"]}
        replies = [
            await registry.http.patch(
                account.headers["Location"], json=nowhere, headers=operator(registry) | etag(now)
            ),
            await registry.http.post(
                f"{account.headers['Location']}/authorities",
                json={"roles": ["volunteer"], "starts_on": "2999-01-01"} | nowhere,
                headers=operator(registry),
            ),
            await a_client(registry, **nowhere),
        ]

        assert [(one.status_code, code_of(one)) for one in replies] == [(422, "region.unknown")] * 3
        assert [one.json()["errors"][0]["pointer"] for one in replies] == ["/regions/1"] * 3

    async def test_gives_a_name_once_even_to_two_at_once(self, registry: Running) -> None:
        await warm(registry)
        replies = await asyncio.gather(*(an_account(registry, username="sama") for _ in range(3)))

        later = await an_account(registry, username="sama")

        assert sorted(reply.status_code for reply in replies) == [201, 409, 409]
        assert (later.status_code, code_of(later)) == (409, "username.taken")

    async def test_takes_the_same_id_once(self, registry: Running) -> None:
        identity = new_id()

        first = await an_account(registry, id=identity, username="seseorang")
        again = await an_account(registry, id=identity, username="seseorang")
        other = await an_account(registry, id=identity, username="orang-lain")

        assert [reply.status_code for reply in (first, again, other)] == [201, 200, 409]
        assert code_of(other) == "id.taken"


class TestChangeAccount:
    async def test_voids_what_was_issued_before_when_roles_change(self, registry: Running) -> None:
        account = await an_account(registry)

        named = await registry.http.patch(
            account.headers["Location"], json={"display_name": "Baru"}, headers=operator(registry) | etag(account)
        )
        moved = await registry.http.patch(
            account.headers["Location"], json={"roles": ["volunteer"]}, headers=operator(registry) | etag(named)
        )

        assert (named.json()["not_before"], named.json()["version"]) == (None, 2)
        assert moved.json()["not_before"] is not None

    async def test_refuses_ones_own_account(self, registry: Running) -> None:
        account = await an_account(registry, roles=["operator"], regions=["*"])
        own = bearer(await sign_in(registry, account.json()["username"]))

        for change in ({"roles": ["operator", "programme_manager"]}, {"regions": ["34"]}):
            reply = await registry.http.patch(account.headers["Location"], json=change, headers=own | etag(account))
            assert (reply.status_code, code_of(reply)) == (403, "account.own")

    async def test_corrects_whose_it_is_for_a_reason_and_ends_its_sessions(self, registry: Running) -> None:
        account = await an_account(registry)
        before, after = account.json()["person_id"], new_id()
        address, headers = account.headers["Location"], operator(registry)

        bare = await registry.http.patch(address, json={"person_id": after}, headers=headers | etag(account))
        change = {"person_id": after, "person_reason": "wrong_person"}
        reply = await registry.http.patch(address, json=change, headers=headers | etag(account))

        assert (bare.status_code, code_of(bare)) == (422, "person.unexplained")
        assert (reply.status_code, reply.json()["person_id"]) == (200, after), reply.text
        assert reply.json()["not_before"] is not None
        assert claims_of(await sign_in(registry, account.json()["username"]))["person"] == after
        entry = [one for one in await payloads(registry) if one["action"] == "account.changed"][-1]["data"]
        told = {"person_before": before, "person_id": after, "person_reason": "wrong_person"}
        assert {name: entry[name] for name in told} == told

    async def test_is_made_nobodys_own(self, registry: Running) -> None:
        account, own = await an_account(registry), new_id()
        change = {"person_id": own, "person_reason": "wrong_person"}
        reader = registry.token("board_officer")

        mine = await registry.http.patch(
            account.headers["Location"], json=change, headers=operator(registry, person=own) | etag(account)
        )
        without = await registry.http.patch(account.headers["Location"], json=change, headers=reader | etag(account))

        assert (mine.status_code, code_of(mine)) == (403, "account.own")
        assert mine.json()["errors"][0]["pointer"] == "/person_id"
        assert (without.status_code, code_of(without)) == (403, "scope.missing")

    async def test_refuses_to_give_regions_that_the_operator_does_not_serve(self, registry: Running) -> None:
        account = await an_account(registry)
        headers = registry.token("operator", regions=("34.71",)) | etag(account)

        reply = await registry.http.patch(account.headers["Location"], json={"regions": ["34"]}, headers=headers)

        assert (reply.status_code, code_of(reply)) == (403, "region.missing")

    @pytest.mark.parametrize("change", [{"roles": None}, {"regions": None}, {"display_name": None}, {"password": "x"}])
    async def test_refuses_to_clear_what_is_always_there(self, registry: Running, change: dict[str, Any]) -> None:
        account = await an_account(registry)

        reply = await registry.http.patch(
            account.headers["Location"], json=change, headers=operator(registry) | etag(account)
        )

        assert (reply.status_code, code_of(reply)) == (422, "body.invalid")

    @pytest.mark.parametrize(("method", "path"), [("PATCH", ""), ("POST", "/suspension"), ("DELETE", "/suspension")])
    async def test_needs_the_version_that_was_seen(self, registry: Running, method: str, path: str) -> None:
        account = await an_account(registry)
        address, body = account.headers["Location"] + path, {"json": {}} if method == "PATCH" else {}

        missing = await registry.http.request(method, address, headers=operator(registry), **body)  # type: ignore[arg-type]
        stale = await registry.http.request(
            method,
            address,
            headers=operator(registry) | {"If-Match": '"7.x"'},
            **body,  # type: ignore[arg-type]
        )

        assert (missing.status_code, stale.status_code) == (428, 412)
        assert "password" not in stale.text


class TestOneselfAmongAccounts:
    async def test_is_not_suspended_by_oneself(self, registry: Running) -> None:
        own = await an_account(registry, roles=["operator"])
        headers = operator(registry, sub=own.json()["id"])

        reply = await registry.http.post(f"{own.headers['Location']}/suspension", headers=headers | etag(own))

        assert (reply.status_code, code_of(reply)) == (403, "account.own")


class TestAccountElsewhere:
    @pytest.fixture
    async def address(self, registry: Running) -> str:
        return str((await an_account(registry, regions=["34.71", "33.74"])).headers["Location"])

    async def test_is_not_for_an_operator_who_serves_only_a_part(self, registry: Running, address: str) -> None:
        headers = registry.token("operator", regions=("34",)) | {"If-Match": '"1.x"'}

        replies = [
            await registry.http.get(address, headers=headers),
            await registry.http.patch(address, json={"display_name": "X"}, headers=headers),
            await registry.http.post(f"{address}/suspension", headers=headers),
            await registry.http.delete(f"{address}/suspension", headers=headers),
        ]

        assert [(reply.status_code, code_of(reply)) for reply in replies] == [(404, "resource.not_found")] * 4
        assert (await registry.http.get(ACCOUNTS, headers=headers)).json()["items"] == []

    async def test_is_for_one_who_serves_all_of_it(self, registry: Running, address: str) -> None:
        headers = registry.token("operator", regions=("34", "33.74"))

        assert (await registry.http.get(address, headers=headers)).status_code == 200
        assert len((await registry.http.get(ACCOUNTS, headers=headers)).json()["items"]) == 1


class TestListAccounts:
    async def test_filters(self, registry: Running) -> None:
        one = await an_account(registry, username="aaa", roles=["volunteer"], regions=["34.71"])
        await an_account(registry, username="bbb", roles=["auditor"], regions=["33.74"])
        await registry.http.post(f"{one.headers['Location']}/suspension", headers=operator(registry) | etag(one))

        async def names(query: str) -> list[str]:
            reply = await registry.http.get(f"{ACCOUNTS}?sort=username&{query}", headers=operator(registry))
            return [item["username"] for item in reply.json()["items"]]

        assert await names("") == ["aaa", "bbb"]
        assert (await names("role=auditor"), await names("suspended=true")) == (["bbb"], ["aaa"])
        assert await names("region=33.74") == ["bbb"]


class TestClients:
    async def test_get_the_least_scopes(self, registry: Running) -> None:
        client = (await a_client(registry)).json()

        token = await ask(
            registry, grant_type="client_credentials", client_id=client["name"], client_secret=client["client_secret"]
        )

        assert set(claims_of(token)["scope"].split()) == SCOPES[Role.PARTNER]

    async def test_elsewhere_are_not_an_operators(self, registry: Running) -> None:
        client = await a_client(registry, regions=["33.74"])
        headers = registry.token("operator", regions=("34",)) | etag(client)

        seen = await registry.http.get(client.headers["Location"], headers=headers)
        suspended = await registry.http.post(f"{client.headers['Location']}/suspension", headers=headers)

        assert [code_of(reply) for reply in (seen, suspended)] == ["resource.not_found"] * 2
        assert (await registry.http.get(CLIENTS, headers=headers)).json()["items"] == []

    async def test_have_one_name_each(self, registry: Running) -> None:
        await a_client(registry, name="bank-contoh")

        again = await a_client(registry, name="bank-contoh")

        assert (again.status_code, code_of(again)) == (409, "username.taken")


class TestBootstrap:
    async def test_is_the_same_however_often_it_runs(self, registry: Running) -> None:
        for secret in ("rahasia-satu", "rahasia-satu", "rahasia-dua"):
            async with registry.database.transaction() as session:
                now = read_clock()
                await ensure_operator(session, username="operator", password=PASSWORD, now=now)
                await ensure_service_client(session, name="planning", secret=secret, now=now)

        first = await sign_in(registry, "operator")
        planning = await ask(
            registry, grant_type="client_credentials", client_id="planning", client_secret="rahasia-dua"
        )

        assert (first.status_code, claims_of(first)["regions"]) == (200, ["*"])
        assert set(claims_of(planning)["scope"].split()) == SERVICE_SCOPES["planning"]
        assert len((await registry.http.get(ACCOUNTS, headers=operator(registry))).json()["items"]) == 1


class TestScopes:
    def test_of_a_role_are_written_as_service_slice_and_verb(self) -> None:
        for scope in all_scopes():
            service, slice_name, verb = scope.split(":")
            assert service in {"registry", "planning", "monitoring"}
            assert slice_name
            assert verb in {"read", "write", "approve", "follow"}

    def test_of_several_roles_are_those_of_each(self) -> None:
        assert scopes_of(["volunteer", "operator"]) == sorted(SCOPES[Role.VOLUNTEER] | SCOPES[Role.OPERATOR])

    def test_keep_the_operator_away_from_programme_data(self) -> None:
        slices = {scope.split(":")[1] for scope in SCOPES[Role.OPERATOR]}
        assert slices == {"accounts", "jobs"}

    @pytest.mark.parametrize("role", [Role.GOVERNMENT, Role.SUPERVISOR, Role.CITY_COMMITTEE])
    def test_of_who_verifies_do_not_write(self, role: Role) -> None:
        assert not [scope for scope in SCOPES[role] if scope.endswith(":write")]

    def test_of_services_are_never_a_persons(self) -> None:
        following = {scope for scopes in SERVICE_SCOPES.values() for scope in scopes}

        assert not [role for role in Role if SCOPES[role] & following]

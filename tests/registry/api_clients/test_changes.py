import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.accounts.rules import SCOPES, Role, all_scopes
from services.registry.api_clients.rules import ProgramScope, opens
from services.registry.api_clients.service import ensure_service_client
from services.registry.app import SERVICE
from shared.clock import read_clock
from tests.house import Running, code_of, etag
from tests.registry.facilitators.staff import entries
from tests.registry.racing import warm
from tests.registry.signing import CLIENTS, a_client, ask, bearer, claims_of, operator

OFFERS = "planning:offers:write"
SELF = f"{CLIENTS}/self"


async def change(
    registry: Running, client: httpx.Response, headers: dict[str, str] | None = None, **changes: Any
) -> httpx.Response:
    by = headers or operator(registry)
    address = f"{CLIENTS}/{client.json()['id']}"
    return await registry.http.patch(address, json=changes, headers=by | etag(client))


async def sign_in(registry: Running, client: httpx.Response) -> httpx.Response:
    known = client.json()
    form = {"client_id": known["name"], "client_secret": known["client_secret"]}
    return await ask(registry, grant_type="client_credentials", **form)


async def refresh_standings(registry: Running) -> None:
    """Look at the revocations, as every process does each second."""
    registry.app.state.gate.standings.replace(await SERVICE.load_standings(registry.database))


async def test_regions_are_narrowed_and_widened_and_old_tokens_are_void(registry: Running) -> None:
    client = await a_client(registry, regions=["34.71", "33.74"])
    token = await sign_in(registry, client)

    narrowed = await change(registry, client, regions=["34.71.03", "34.71.03"])
    await refresh_standings(registry)
    refused = await registry.http.get(SELF, headers=bearer(token))
    following = await sign_in(registry, client)
    widened = await change(registry, narrowed, regions=["34", "33.74"])
    wider = await sign_in(registry, client)

    assert (narrowed.status_code, narrowed.json()["regions"]) == (200, ["34.71.03"])
    assert (refused.status_code, code_of(refused)) == (401, "client.token_void")
    assert claims_of(following)["regions"] == ["34.71.03"]
    assert (await registry.http.get(SELF, headers=bearer(following))).json()["regions"] == ["34.71.03"]
    assert (widened.status_code, claims_of(wider)["regions"]) == (200, ["33.74", "34"])
    assert narrowed.json()["scopes"] == [OFFERS]
    *_, told = await entries(registry, "client.changed")
    assert (told["data"]["regions"], told["data"]["scopes"]) == (["33.74", "34"], [OFFERS])


async def test_scopes_are_taken_and_given_back(registry: Running) -> None:
    client = await a_client(registry)

    none = await change(registry, client, scopes=[])
    reader = await sign_in(registry, client)
    asked = await ask(
        registry,
        grant_type="client_credentials",
        client_id=client.json()["name"],
        client_secret=client.json()["client_secret"],
        scope=OFFERS,
    )
    again = await change(registry, none, scopes=[OFFERS, OFFERS])

    assert (none.status_code, none.json()["scopes"], claims_of(reader)["scope"]) == (200, [], "")
    assert (asked.status_code, code_of(asked)) == (400, "scope.not_held")
    assert again.json()["scopes"] == [OFFERS]
    assert claims_of(await sign_in(registry, client))["scope"] == OFFERS


async def test_what_stays_as_it_was_ends_no_session(registry: Running) -> None:
    client = await a_client(registry)
    token = await sign_in(registry, client)

    same = await change(registry, client, regions=["34.71"])
    await refresh_standings(registry)

    assert same.status_code == 200
    assert (await registry.http.get(SELF, headers=bearer(token))).status_code == 200


@pytest.mark.parametrize(
    ("given_up", "pointer", "code"),
    [
        ({"scopes": ["registry:nik:read"]}, "/scopes/0", "value.not_a_choice"),
        ({"scopes": None}, "/scopes", "body.invalid"),
        ({"regions": []}, "/regions", "list.too_short"),
        ({"regions": ["34.99"]}, "/regions/0", "region.unknown"),
        ({"name": "bank-lain"}, "/name", "field.unknown"),
        ({"roles": ["operator"]}, "/roles", "field.unknown"),
    ],
)
async def test_names_the_wrong_place(registry: Running, given_up: dict[str, Any], pointer: str, code: str) -> None:
    reply = await change(registry, await a_client(registry), **given_up)

    assert reply.status_code == 422, reply.text
    assert reply.json()["errors"][0]["pointer"] == pointer
    assert code in (reply.json()["errors"][0]["code"], code_of(reply))


async def test_is_for_operators_of_all_its_regions_who_give_no_others(registry: Running) -> None:
    client = await a_client(registry, regions=["34.71", "33.74"])
    part, whole = operator(registry, regions=("34",)), operator(registry, regions=("34", "33.74"))

    replies = [
        await change(registry, client, part, regions=["34.71"]),
        await change(registry, client, whole, regions=["33"]),
        await change(registry, client, registry.token("programme_manager", regions=("*",)), regions=["34.71"]),
        await registry.http.patch(f"{CLIENTS}/{client.json()['id']}", json={}, headers=operator(registry)),
    ]
    narrowed = await change(registry, client, whole, regions=["34.71"])

    assert [(one.status_code, code_of(one)) for one in replies] == [
        (404, "resource.not_found"),
        (403, "region.missing"),
        (403, "scope.missing"),
        (428, "version.missing"),
    ]
    assert narrowed.status_code == 200


async def test_of_a_service_is_not_an_operators(registry: Running) -> None:
    async with registry.database.transaction() as session:
        await ensure_service_client(session, name="planning", secret="rahasia", now=read_clock())
    (known,) = (await registry.http.get(CLIENTS, headers=operator(registry))).json()["items"]
    shown = await registry.http.get(f"{CLIENTS}/{known['id']}", headers=operator(registry))

    reply = await change(registry, shown, regions=["34.71"])

    assert (reply.status_code, code_of(reply)) == (403, "client.service")


async def test_of_two_operators_at_once_one_is_told_of_the_other(registry: Running) -> None:
    client = await a_client(registry)
    await warm(registry)

    replies = await asyncio.gather(*(change(registry, client, regions=[one]) for one in ("34", "34.71.03", "34.71.04")))

    assert sorted(one.status_code for one in replies) == [200, 412, 412]
    (done,) = [one.json()["regions"] for one in replies if one.status_code == 200]
    assert {tuple(one.json()["current"]["regions"]) for one in replies if one.status_code == 412} == {tuple(done)}


async def test_at_the_same_time_as_a_sign_in_leaves_no_token_that_counts(registry: Running) -> None:
    client = await a_client(registry)
    await warm(registry)

    changed, *tokens = await asyncio.gather(
        change(registry, client, regions=["34.71.03"]), *(sign_in(registry, client) for _ in range(3))
    )

    assert changed.status_code == 200
    limits = {str(one): limit for one, limit in (await SERVICE.load_standings(registry.database)).items()}
    for token in tokens:
        claims = claims_of(token)
        assert claims["regions"] == ["34.71.03"] or claims["iat"] < limits[claims["sub"]]


class TestWhatItOpens:
    def test_is_a_partners(self) -> None:
        assert set(ProgramScope) == SCOPES[Role.PARTNER]

    @given(st.lists(st.sampled_from(all_scopes())), st.lists(st.sampled_from(all_scopes())))
    def test_is_never_more_than_its_role_carries(self, scopes: list[str], of_roles: list[str]) -> None:
        found = opens(scopes, of_roles=of_roles, of_partner=True)

        assert set(found) == set(scopes) & set(of_roles)
        assert found == sorted(set(found))

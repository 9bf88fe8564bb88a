import asyncio
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.registry.accounts.rules import SCOPES, Role, all_scopes
from services.registry.app import SERVICE
from services.registry.delegations.rules import DelegationPast, Work, lent, require_ahead
from shared.clock import end_of
from tests.house import Running, code_of, etag, new_id
from tests.registry.delegations.village import DELEGATIONS, GROUPS, HERE, THERE, TODAY, Village, days
from tests.registry.racing import warm
from tests.registry.signing import an_account, bearer, claims_of, refreshed, sign_in


@pytest.fixture
async def village(registry: Running) -> Village:
    return await Village(registry).build()


class TestDelegate:
    async def test_lets_a_volunteer_do_the_boards_work(self, registry: Running, village: Village) -> None:
        before = await village.scopes()

        reply = await village.delegate()

        token = await sign_in(registry, village.volunteer.json()["username"])
        group = {"kelurahan_code": HERE, "board_id": village.board, "name": "KSM Contoh", "founded_on": "2020-01-01"}
        numbers = {"members": 10, "women": 5, "poor": 5}
        made = await registry.http.post("/registry/v1/groups", json=group | numbers, headers=bearer(token))
        assert reply.status_code == 201
        assert reply.json()["delegator_id"] == village.officer.json()["id"]
        assert GROUPS not in before
        assert set(claims_of(token)["scope"].split()) == before | {GROUPS}
        assert claims_of(token)["roles"] == ["volunteer"]
        assert made.status_code != 403

    async def test_counts_for_what_is_done_without_the_token(self, registry: Running, village: Village) -> None:
        standing = f"/registry/v1/standings/{village.volunteer.json()['id']}"
        planning = registry.service_token("planning")
        before = (await registry.http.get(standing, headers=planning)).json()["scopes"]

        await village.delegate()

        assert set((await registry.http.get(standing, headers=planning)).json()["scopes"]) == {*before, GROUPS}

    async def test_comes_to_a_session_that_is_open(self, registry: Running, village: Village) -> None:
        token = await sign_in(registry, village.volunteer.json()["username"])
        narrow = await sign_in(registry, village.volunteer.json()["username"], scope="registry:boards:read")

        await village.delegate()

        assert GROUPS in claims_of(await refreshed(registry, token))["scope"].split()
        assert claims_of(await refreshed(registry, narrow))["scope"] == "registry:boards:read"

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"scopes": []}, "/scopes", "list.too_short"),
            ({"scopes": ["planning:plans:approve"]}, "/scopes/0", "value.not_a_choice"),
            ({"scopes": ["registry:delegations:write"]}, "/scopes/0", "value.not_a_choice"),
            ({"scopes": ["registry:personal:read"]}, "/scopes/0", "value.not_a_choice"),
            ({"scopes": ["registry:accounts:write"]}, "/scopes/0", "value.not_a_choice"),
            ({"starts_on": days(-1)}, "/starts_on", "delegation.past"),
            ({"ends_on": days(-1)}, "/ends_on", "delegation.past"),
            ({"account_id": new_id()}, "/account_id", "delegation.account_unknown"),
            ({"board_id": new_id()}, "/board_id", "board.unknown"),
        ],
    )
    async def test_names_the_wrong_place(
        self, village: Village, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await village.delegate(**change)

        assert reply.status_code == 422, reply.text
        assert (reply.json()["errors"][0]["pointer"], reply.json()["errors"][0]["code"]) == (pointer, code)

    async def test_tells_of_an_account_elsewhere_no_more_than_of_none(
        self, registry: Running, village: Village
    ) -> None:
        elsewhere = await an_account(registry, roles=["volunteer"], regions=[THERE])
        wider = await an_account(registry, roles=["volunteer"], regions=[HERE, THERE])
        suspended = await an_account(registry, roles=["volunteer"], regions=[HERE])
        await village.act(suspended, "/suspension")

        replies = [await village.delegate(account_id=new_id())] + [
            await village.delegate(account_id=one.json()["id"]) for one in (elsewhere, wider, suspended)
        ]

        told = [{name: text for name, text in one.json().items() if name != "request_id"} for one in replies]
        assert told == [told[0]] * 4

    async def test_is_not_for_oneself_under_any_name(self, registry: Running, village: Village) -> None:
        person = village.officer.json()["person_id"]
        second = await an_account(registry, roles=["volunteer"], regions=[HERE], person_id=person)

        for account in (village.officer, second):
            reply = await village.delegate(account_id=account.json()["id"])
            assert (reply.status_code, code_of(reply)) == (422, "delegation.to_oneself")

    async def test_is_for_officers_in_their_kelurahan(self, registry: Running, village: Village) -> None:
        elsewhere = await an_account(registry, roles=["board_officer"], regions=[THERE])

        replies = [
            await village.delegate(registry.token("facilitator")),
            await village.delegate(registry.token("volunteer", regions=(HERE,))),
            await village.delegate(bearer(await sign_in(registry, elsewhere.json()["username"]))),
            await registry.http.post(DELEGATIONS, json=village.draft()),
        ]

        assert [(one.status_code, code_of(one)) for one in replies] == [
            (403, "scope.missing"),
            (403, "scope.missing"),
            (403, "region.missing"),
            (401, "token.missing"),
        ]

    async def test_believes_the_account_more_than_an_old_token(self, registry: Running, village: Village) -> None:
        forged = registry.token("board_officer", regions=(HERE,))
        narrow = await sign_in(registry, village.officer.json()["username"], scope="registry:delegations:write")

        unknown = await village.delegate(forged)
        narrowed = await village.delegate(bearer(narrow))

        assert (unknown.status_code, code_of(unknown)) == (403, "delegation.not_direct")
        assert (narrowed.status_code, code_of(narrowed)) == (403, "delegation.not_held")

    async def test_ends_with_the_mandate_at_the_latest(self, village: Village) -> None:
        for change in ({"ends_on": days(701)}, {"starts_on": days(701), "ends_on": days(702)}):
            reply = await village.delegate(**change)
            assert (reply.status_code, code_of(reply)) == (409, "delegation.no_mandate")

    async def test_lends_a_work_that_is_named_twice_once(self, village: Village) -> None:
        assert (await village.delegate(scopes=[GROUPS, GROUPS])).json()["scopes"] == [GROUPS]

    async def test_takes_the_same_id_once(self, village: Village) -> None:
        identity = new_id()

        replies = [
            await village.delegate(id=identity),
            await village.delegate(id=identity),
            await village.delegate(id=identity, ends_on=days(2)),
        ]

        assert [one.status_code for one in replies] == [201, 200, 409]


class TestWhatItGives:
    async def test_begins_and_ends_with_its_days(self, registry: Running, village: Village) -> None:
        await village.delegate(starts_on=days(1), ends_on=days(2))

        assert GROUPS not in await village.scopes()
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE delegations SET starts_on = starts_on - 1, ends_on = ends_on - 2"))
        token = await sign_in(registry, village.volunteer.json()["username"])
        assert GROUPS in claims_of(token)["scope"].split()
        assert claims_of(token)["exp"] <= end_of(TODAY).timestamp()
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE delegations SET starts_on = starts_on - 1, ends_on = ends_on - 1"))
        assert GROUPS not in claims_of(await refreshed(registry, token))["scope"].split()

    @pytest.mark.parametrize("change", ["suspended", "demoted", "moved", "mandate", "volunteer_wider"])
    async def test_ends_with_what_it_stands_on(self, registry: Running, village: Village, change: str) -> None:
        await village.delegate()
        assert GROUPS in await village.scopes()

        match change:
            case "suspended":
                await village.act(village.officer, "/suspension")
            case "demoted":
                await village.act(village.officer, "", "PATCH", json={"roles": ["group_officer"]})
            case "moved":
                await village.act(village.officer, "", "PATCH", json={"regions": [THERE]})
            case "volunteer_wider":
                await village.act(village.volunteer, "", "PATCH", json={"regions": [HERE, THERE]})
            case "mandate":
                async with registry.database.writes.begin() as connection:
                    await connection.execute(text("UPDATE terms SET ends_on = current_date - 2"))

        assert GROUPS not in await village.scopes()

    async def test_cannot_be_passed_on(self, registry: Running, village: Village) -> None:
        await village.delegate()
        other = await an_account(registry, roles=["volunteer"], regions=[HERE])
        token = await sign_in(registry, village.volunteer.json()["username"])

        reply = await village.delegate(bearer(token), account_id=other.json()["id"])

        assert (reply.status_code, code_of(reply)) == (403, "scope.missing")

    @given(
        st.lists(st.sampled_from(all_scopes()), unique=True),
        st.lists(st.sampled_from(all_scopes()), unique=True),
    )
    def test_is_never_wider_than_what_its_delegator_has(self, wanted: list[str], held: list[str]) -> None:
        found = set(lent(wanted, held=held))

        assert found <= set(wanted) & set(held)
        assert not [one for one in found if one.endswith((":approve", ":follow")) or "accounts" in one]

    def test_is_of_the_work_of_an_officer_and_never_approves(self) -> None:
        assert {str(one) for one in Work} <= SCOPES[Role.BOARD_OFFICER]
        assert all(one.endswith(":write") for one in Work)
        assert not {one for one in Work if "delegations" in one or "personal" in one or "nik" in one}

    @given(st.dates(), st.dates(), st.dates())
    def test_never_holds_in_the_past(self, starts_on: date, ends_on: date, on: date) -> None:
        try:
            require_ahead(starts_on, ends_on, today=on)
        except DelegationPast:
            assert starts_on < on or ends_on < starts_on
        else:
            assert on <= starts_on <= ends_on


class TestRevoke:
    async def test_voids_what_carries_it_within_seconds(self, registry: Running, village: Village) -> None:
        made = await village.delegate()
        token = await sign_in(registry, village.volunteer.json()["username"])

        revoked = await registry.http.post(f"{made.headers['Location']}/revocation", headers=village.by | etag(made))
        again = await registry.http.post(f"{made.headers['Location']}/revocation", headers=village.by | etag(revoked))

        standings = await SERVICE.load_standings(registry.database)
        registry.app.state.gate.standings.replace(standings)
        await asyncio.sleep(0)
        refused = await registry.http.get(DELEGATIONS, headers=bearer(token))
        limit = {str(one): moment for one, moment in standings.items()}[village.volunteer.json()["id"]]
        assert (revoked.status_code, code_of(again)) == (200, "delegation.over")
        assert claims_of(token)["iat"] < limit
        assert (refused.status_code, code_of(refused)) == (401, "account.suspended")
        assert GROUPS not in await village.scopes()

    async def test_of_an_end_brought_forward_voids_too_and_one_put_off_does_not(
        self, registry: Running, village: Village
    ) -> None:
        made = await village.delegate()
        token = await sign_in(registry, village.volunteer.json()["username"])

        longer = await registry.http.patch(
            made.headers["Location"], json={"ends_on": days(60)}, headers=village.by | etag(made)
        )
        token = await refreshed(registry, token)
        shorter = await registry.http.patch(
            made.headers["Location"], json={"ends_on": days(0)}, headers=village.by | etag(longer)
        )
        beyond = await registry.http.patch(
            made.headers["Location"], json={"ends_on": days(701)}, headers=village.by | etag(shorter)
        )

        assert (longer.json()["ends_on"], shorter.json()["ends_on"]) == (days(60), days(0))
        assert token.status_code == 200
        assert code_of(await refreshed(registry, token)) == "credentials.wrong"
        assert code_of(beyond) == "delegation.no_mandate"

    async def test_at_the_same_time_as_a_sign_in_leaves_no_token_that_counts(
        self, registry: Running, village: Village
    ) -> None:
        made = await village.delegate()
        await warm(registry)

        revoked, *tokens = await asyncio.gather(
            registry.http.post(f"{made.headers['Location']}/revocation", headers=village.by | etag(made)),
            *(sign_in(registry, village.volunteer.json()["username"]) for _ in range(3)),
        )

        assert revoked.status_code == 200
        standings = {str(one): limit for one, limit in (await SERVICE.load_standings(registry.database)).items()}
        for token in tokens:
            claims = claims_of(token)
            assert GROUPS not in claims["scope"].split() or claims["iat"] < standings[claims["sub"]]

    async def test_needs_the_version_that_was_seen_and_the_region(self, registry: Running, village: Village) -> None:
        made = await village.delegate()
        address = f"{made.headers['Location']}/revocation"
        elsewhere = registry.token("board_officer", regions=(THERE,))

        replies = [
            await registry.http.post(address, headers=village.by),
            await registry.http.post(address, headers=village.by | {"If-Match": '"7.x"'}),
            await registry.http.post(address, headers=elsewhere | etag(made)),
            await registry.http.post(address, headers=registry.token("auditor") | etag(made)),
        ]

        assert [one.status_code for one in replies] == [428, 412, 404, 403]


class TestRead:
    async def test_is_for_the_region_and_who_works_by_it(self, registry: Running, village: Village) -> None:
        await village.delegate()
        volunteer = bearer(await sign_in(registry, village.volunteer.json()["username"]))

        async def seen(headers: dict[str, str], query: str = "") -> int:
            return len((await registry.http.get(f"{DELEGATIONS}{query}", headers=headers)).json()["items"])

        assert await seen(village.by) == await seen(volunteer) == await seen(registry.token("supervisor")) == 1
        assert await seen(registry.token("supervisor", regions=(THERE,))) == 0
        assert await seen(village.by, f"?as_of={days(31)}") == 0
        assert (await registry.http.get(DELEGATIONS)).status_code == 401

    async def test_of_the_journal_names_nobody(self, registry: Running, village: Village) -> None:
        await village.delegate()
        await registry.seal()

        reply = await registry.http.get(
            "/registry/v1/journal?subject=delegations/", headers=registry.token("supervisor")
        )

        (entry,) = reply.json()["items"]
        assert (entry["type"], entry["data"]["place"]) == ("delegation.made", HERE)
        assert village.volunteer.json()["username"] not in reply.text

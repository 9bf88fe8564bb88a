"""Whom an emergency is told to, and that they are told without looking for it."""

import asyncio
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.accounts.rules import SCOPES, Role
from services.registry.emergencies.models import STANDING_IN, Emergency
from services.registry.emergencies.rules import NEAREST, Told, told
from services.registry.emergencies.service import WATCHING
from tests.house import Running, code_of, etag
from tests.registry.emergencies.test_routes import HERE, THERE, Team
from tests.registry.facilitators.staff import entries
from tests.registry.placing import merged
from tests.registry.racing import warm
from tests.registry.signing import ACCOUNTS, an_account, bearer, operator, sign_in

SELF = f"{ACCOUNTS}/self"


@pytest.fixture
async def team(registry: Running) -> Team:
    return await Team(registry).build()


async def somebody(registry: Running, role: str, *regions: str, **more: Any) -> tuple[httpx.Response, dict[str, str]]:
    """Return an account and the headers that sign it in."""
    account = await an_account(registry, roles=[role], regions=list(regions or (HERE,)), **more)
    return account, bearer(await sign_in(registry, account.json()["username"]))


async def whom(team: Team, **changes: Any) -> tuple[str, int]:
    declared = (await team.declare(**changes)).json()
    return declared["told"], declared["told_accounts"]


async def waiting(registry: Running, headers: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await registry.http.get(SELF, headers=headers)).json()["waiting"]
    return found


async def take_note(registry: Running, declared: httpx.Response, headers: dict[str, str]) -> httpx.Response:
    address = f"{declared.headers['Location']}/acknowledgement"
    return await registry.http.post(address, headers=headers | etag(declared))


class TestOneself:
    async def test_is_told_what_waits_and_where_until_one_took_note(self, registry: Running, team: Team) -> None:
        supervisor, by = await somebody(registry, "supervisor")
        _, elsewhere = await somebody(registry, "supervisor", THERE)
        before = await registry.http.get(SELF, headers=by)

        declared = await team.declare()
        after = await registry.http.get(SELF, headers=by | {"If-None-Match": before.headers["ETag"]})

        assert before.json()["waiting"] == []
        (told_of,) = after.json()["waiting"]
        assert (told_of["subject"], told_of["count"]) == ("emergencies", 1)
        listed = (await registry.http.get(told_of["address"], headers=by)).json()["items"]
        assert [one["id"] for one in listed] == [declared.json()["id"]]
        assert await waiting(registry, elsewhere) == await waiting(registry, team.by) == []

        noted = await take_note(registry, declared, by)

        assert (noted.status_code, noted.json()["acknowledged_by"]) == (200, supervisor.json()["id"])
        assert noted.json()["acknowledged_at"] is not None
        assert await waiting(registry, by) == []
        (entry,) = await entries(registry, "emergency.acknowledged")
        assert (entry["place"], entry["actor"]) == (HERE, supervisor.json()["id"])

    async def test_costs_one_statement(self, registry: Running, team: Team) -> None:
        _, by = await somebody(registry, "supervisor")
        await team.declare()
        await waiting(registry, by)

        with registry.counted() as sent:
            assert await waiting(registry, by)

        assert len(sent) == 1

    async def test_is_not_told_of_ones_own(self, registry: Running, team: Team) -> None:
        person = team.account.json()["person_id"]
        _, own = await somebody(registry, "supervisor", person_id=person)

        declared = await team.declare()

        assert declared.json()["told"] == "nobody"
        assert await waiting(registry, own) == []

    async def test_of_two_at_once_takes_note_once(self, registry: Running, team: Team) -> None:
        supervisors = [registry.token("supervisor", regions=(HERE,)) for _ in range(3)]
        declared = await team.declare()
        await warm(registry)

        replies = await asyncio.gather(*(take_note(registry, declared, one) for one in supervisors))

        assert sorted(one.status_code for one in replies) == [200, 412, 412]
        assert len(await entries(registry, "emergency.acknowledged")) == 1


class TestWhom:
    async def test_is_the_nearest_who_watch_that_day(self, registry: Running, team: Team) -> None:
        assert await whom(team) == ("nobody", 0)
        await somebody(registry, "city_committee", "34.71")
        await somebody(registry, "city_coordinator", "34")
        await somebody(registry, "city_committee", "33.74")
        assert await whom(team, kelurahan_code=THERE) == ("city", 2)

        # Another account for each, for nobody has two emergencies open in one place.
        await somebody(registry, "auditor", "*")
        other = await Team(registry).build()
        assert await whom(other) == ("auditors", 1)
        await somebody(registry, "supervisor", HERE)
        await somebody(registry, "supervisor", "34.71.03")
        assert await whom(await Team(registry).build()) == ("supervisors", 2)
        assert await whom(await Team(registry).build(), kelurahan_code=THERE) == ("supervisors", 1)

    async def test_is_nobody_who_is_suspended_or_whose_time_is_another(self, registry: Running, team: Team) -> None:
        suspended, _ = await somebody(registry, "supervisor")
        await registry.http.post(
            f"{suspended.headers['Location']}/suspension", headers=operator(registry) | etag(suspended)
        )
        later = await an_account(registry, roles=["supervisor"], regions=[HERE], starts_on="2999-01-01")

        assert later.status_code == 201
        assert await whom(team) == ("nobody", 0)

    async def test_are_those_who_were_given_the_place_under_a_code_of_before(
        self, registry: Running, team: Team
    ) -> None:
        await somebody(registry, "supervisor", THERE)

        async with merged(registry, THERE, into=HERE):
            assert await whom(team) == ("supervisors", 1)

    async def test_stands_in_the_journal(self, registry: Running, team: Team) -> None:
        await team.declare()

        (entry,) = await entries(registry, "emergency.declared")

        assert entry["data"]["told"] == "nobody"

    @given(st.lists(st.integers(0, 5), min_size=3, max_size=3))
    def test_passes_nobody_over_who_is_nearer(self, counts: list[int]) -> None:
        whom_told, count = told(counts)

        if whom_told is Told.NOBODY:
            assert not any(counts)
        else:
            place = NEAREST.index(whom_told)
            assert count == counts[place] > 0
            assert not any(counts[:place])
        assert count == 0 or whom_told is not Told.NOBODY

    def test_are_all_who_may_take_note(self) -> None:
        supervisors, auditors, city = WATCHING

        assert {role for role in Role if Emergency.read_scope in SCOPES[role]} == supervisors | auditors
        assert {role for role in Role if STANDING_IN in SCOPES[role]} == city


class TestWhoStandsIn:
    async def test_sees_it_takes_note_and_ends_it_where_nobody_nearer_watches(self, registry: Running) -> None:
        for role in ("city_committee", "city_coordinator"):
            declared = await (await Team(registry).build()).declare()
            _, by = await somebody(registry, role, "34.71")
            elsewhere = registry.token(role, regions=("33.74",))

            (told_of,) = await waiting(registry, by)
            listed = (await registry.http.get(told_of["address"], headers=by)).json()["items"]
            far = await take_note(registry, declared, elsewhere)
            noted = await take_note(registry, declared, by)
            ended = await registry.http.post(f"{declared.headers['Location']}/end", headers=by | etag(noted))

            assert [one["id"] for one in listed] == [declared.json()["id"]]
            assert (noted.status_code, ended.status_code, far.status_code) == (200, 200, 404)

    async def test_does_not_where_a_supervisor_does(self, registry: Running, team: Team) -> None:
        await somebody(registry, "supervisor")
        _, by = await somebody(registry, "city_committee", "34.71")

        declared = await team.declare()
        shown = await registry.http.get(declared.headers["Location"], headers=by)
        noted = await take_note(registry, declared, by)
        ended = await registry.http.post(f"{declared.headers['Location']}/end", headers=by | etag(declared))

        assert await waiting(registry, by) == []
        assert (shown.status_code, code_of(shown)) == (404, "resource.not_found")
        assert [(one.status_code, code_of(one)) for one in (noted, ended)] == [(403, "scope.missing")] * 2

import asyncio
import time
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from services.registry.accounts.rules import all_scopes
from services.registry.app import SERVICE
from services.registry.emergencies.rules import OPENED, opened
from shared.clock import read_clock
from shared.permissions import STANDING_MEMORY, Caller
from shared.restricted import Sight
from tests.house import Running, code_of, etag, new_id
from tests.registry.racing import warm
from tests.registry.signing import an_account, bearer, claims_of, operator, sign_in

EMERGENCIES = "/registry/v1/emergencies"
BOARDS = "/registry/v1/boards"
HERE, THERE = "34.71.03.1001", "34.71.03.1002"
REASON = "Banjir di RW 03: daftar lansia yang harus dijemput perahu"


class Team:
    """A facilitator with an account, who may declare an emergency, and the supervisor of the kelurahan."""

    def __init__(self, registry: Running) -> None:
        self.registry = registry
        self.supervisor = registry.token("supervisor", regions=(HERE,))

    async def build(self) -> "Team":
        self.account = await an_account(self.registry, roles=["facilitator"], regions=["34.71"])
        self.by = bearer(await sign_in(self.registry, self.account.json()["username"]))
        return self

    async def declare(self, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        draft = {"kelurahan_code": HERE, "kind": "disaster", "reason": REASON}
        return await self.registry.http.post(EMERGENCIES, json=draft | changes, headers=headers or self.by)

    async def refresh_standings(self) -> None:
        """Look at the revocations, as every process does each second."""
        self.registry.app.state.gate.standings.replace(await SERVICE.load_standings(self.registry.database))


@pytest.fixture
async def team(registry: Running) -> Team:
    return await Team(registry).build()


class TestDeclare:
    async def test_gives_a_token_that_reads_what_is_restricted_there_for_an_hour(self, team: Team) -> None:
        reply = await team.declare()

        claims, body = claims_of(reply), reply.json()
        scopes = set(claims["scope"].split())
        assert reply.status_code == 201
        assert scopes >= OPENED
        assert not [one for one in scopes if not one.startswith("registry:") or not one.endswith(":read")]
        assert (claims["regions"], claims["roles"], claims["emergency"]) == ([HERE], [], body["id"])
        assert (claims["sub"], claims["person"]) == (team.account.json()["id"], team.account.json()["person_id"])
        assert 3590 <= claims["exp"] - time.time() <= 3601
        assert 3590 <= body["expires_in"] <= 3600
        assert reply.headers["Cache-Control"] == "private, no-store"

    async def test_gives_a_token_that_writes_nothing_and_opens_nothing_further(
        self, registry: Running, team: Team
    ) -> None:
        token = bearer(await team.declare())
        board = {"kelurahan_code": HERE, "name": "BKM Contoh", "founded_on": "2020-01-01"}

        written = await registry.http.post(BOARDS, json=board, headers=token)
        further = await team.declare(token, kelurahan_code=THERE)

        assert [(one.status_code, code_of(one)) for one in (written, further)] == [(403, "scope.missing")] * 2

    @pytest.mark.parametrize(
        ("change", "pointer"),
        [
            ({"reason": "darurat"}, "/reason"),
            ({"reason": " " * 40}, "/reason"),
            ({"kind": "curious"}, "/kind"),
            ({"kelurahan_code": "34.71"}, "/kelurahan_code"),
            ({"kelurahan_code": "34.71.99.9999"}, "/kelurahan_code"),
            ({"hours": 5}, "/hours"),
        ],
    )
    async def test_names_the_wrong_place(self, team: Team, change: dict[str, Any], pointer: str) -> None:
        reply = await team.declare(**change)

        assert (reply.status_code, reply.json()["errors"][0]["pointer"]) == (422, pointer)

    async def test_is_for_people_whose_role_holds_there(self, registry: Running, team: Team) -> None:
        replies = [
            await team.declare(registry.token("volunteer")),
            await team.declare(registry.token("facilitator", regions=("33.74",))),
            await team.declare(registry.token("facilitator", person=None)),
            await registry.http.post(EMERGENCIES, json={}),
        ]

        assert [(one.status_code, code_of(one)) for one in replies] == [
            (403, "scope.missing"),
            (403, "region.missing"),
            (403, "emergency.not_personal"),
            (401, "token.missing"),
        ]

    async def test_believes_the_account_more_than_a_token(self, registry: Running, team: Team) -> None:
        volunteer = await an_account(registry, roles=["volunteer"], regions=["34.71"])
        old = registry.token(
            "facilitator", sub=volunteer.json()["id"], person=volunteer.json()["person_id"], regions=("34.71",)
        )

        reply = await team.declare(old)

        assert (reply.status_code, code_of(reply)) == (403, "emergency.not_personal")

    async def test_opens_one_at_a_time_even_for_several_at_once(self, team: Team) -> None:
        await warm(team.registry)

        replies = await asyncio.gather(*(team.declare() for _ in range(3)))

        assert sorted(one.status_code for one in replies) == [201, 409, 409]
        assert {code_of(one) for one in replies if one.status_code == 409} == {"emergency.open"}
        assert (await team.declare(kelurahan_code=THERE)).status_code == 201

    async def test_sent_again_gives_no_longer_hour(self, registry: Running, team: Team) -> None:
        identity = new_id()
        first = await team.declare(id=identity)
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE emergencies SET expires_at = expires_at - interval '50 minutes'"))

        again = await team.declare(id=identity)
        async with registry.database.writes.begin() as connection:
            await connection.execute(text("UPDATE emergencies SET expires_at = now()"))
        over = await team.declare(id=identity)

        assert (first.status_code, again.status_code) == (201, 200)
        assert claims_of(again)["exp"] - time.time() <= 601
        assert (over.status_code, code_of(over)) == (409, "emergency.over")

    async def test_of_somebody_elses_id_gives_no_token(self, registry: Running, team: Team) -> None:
        identity = new_id()
        await team.declare(id=identity)
        other = await an_account(registry, roles=["facilitator"], regions=["34.71"])

        reply = await team.declare(bearer(await sign_in(registry, other.json()["username"])), id=identity)

        assert (reply.status_code, code_of(reply)) == (409, "id.taken")
        assert "access_token" not in reply.text

    async def test_keeps_its_token_nowhere(self, registry: Running, team: Team) -> None:
        reply = await team.declare(team.by | {"Idempotency-Key": "darurat"})
        shown = await registry.http.get(reply.headers["Location"], headers=team.by)
        async with registry.database.reads.connect() as connection:
            kept = (await connection.execute(text("SELECT * FROM idempotency_keys WHERE route LIKE '%emerg%'"))).all()

        assert kept == []
        assert "access_token" not in shown.json()

    @given(st.lists(st.sampled_from(all_scopes()), unique=True))
    def test_gives_reading_and_nothing_else(self, held: list[str]) -> None:
        found = set(opened(held))

        assert found >= OPENED
        assert found - OPENED <= set(held)
        assert all(one.startswith("registry:") and one.endswith(":read") for one in found)


class TestVoid:
    async def test_once_ended_by_who_declared_it_or_a_supervisor(self, registry: Running, team: Team) -> None:
        for ender in (team.by, team.supervisor):
            declared = await team.declare()
            token = bearer(declared)
            assert (await registry.http.get(EMERGENCIES, headers=token)).status_code == 200

            ended = await registry.http.post(f"{declared.headers['Location']}/end", headers=ender | etag(declared))
            again = await registry.http.post(f"{declared.headers['Location']}/end", headers=ender | etag(ended))
            await team.refresh_standings()

            refused = await registry.http.get(EMERGENCIES, headers=token)
            assert (ended.status_code, code_of(again)) == (200, "emergency.over")
            assert (refused.status_code, code_of(refused)) == (401, "emergency.ended")
            assert (await registry.http.get(EMERGENCIES, headers=team.by)).status_code == 200

    async def test_once_the_account_is_suspended_even_after_that_ended(self, registry: Running, team: Team) -> None:
        token = bearer(await team.declare())
        address = f"{team.account.headers['Location']}/suspension"
        suspended = await registry.http.post(address, headers=operator(registry) | etag(team.account))
        await registry.http.delete(address, headers=operator(registry) | etag(suspended))
        async with registry.database.writes.begin() as connection:
            # As long ago as an emergency lives: no shorter memory may let its token in again.
            await connection.execute(text("UPDATE accounts SET not_before = now() - interval '59 minutes'"))
        old = registry.token("facilitator", sub=team.account.json()["id"], iat=int(time.time()) - 3550, exp=2**33)
        await team.refresh_standings()

        assert timedelta(minutes=61) < STANDING_MEMORY
        assert code_of(await registry.http.get(EMERGENCIES, headers=old)) == "account.suspended"
        assert token

    async def test_tells_every_service_that_it_ended(self, registry: Running, team: Team) -> None:
        declared = await team.declare()
        await registry.http.post(f"{declared.headers['Location']}/end", headers=team.by | etag(declared))
        await registry.seal()

        reply = await registry.http.get(
            "/registry/v1/journal?subject=emergencies/", headers=registry.service_token("planning")
        )

        told = [(one["type"], one["data"]["data"]["suspended"]) for one in reply.json()["items"]]
        assert told == [("emergency.declared", False), ("emergency.ended", True)]


class TestSupervisors:
    async def test_see_it_at_once_newest_first(self, registry: Running, team: Team) -> None:
        first, second = await team.declare(), await team.declare(kelurahan_code=THERE)
        auditor = registry.token("auditor")

        async def seen(headers: dict[str, str], query: str = "") -> list[str]:
            reply = await registry.http.get(f"{EMERGENCIES}{query}", headers=headers)
            return [one["id"] for one in reply.json()["items"]]

        ids = [second.json()["id"], first.json()["id"]]
        assert await seen(auditor) == ids
        assert await seen(team.by) == ids
        assert await seen(team.supervisor) == [first.json()["id"]]
        assert await seen(registry.token("facilitator")) == []
        assert await seen(registry.token("auditor", regions=("33.74",))) == []
        assert (await registry.http.get(EMERGENCIES)).status_code == 401
        assert await seen(auditor, "?open=true&acknowledged=false") == ids
        (shown,) = (await registry.http.get(EMERGENCIES, headers=team.supervisor)).json()["items"]
        assert shown["reason"] == REASON

    async def test_find_it_in_the_journal_without_reason_or_names(self, registry: Running, team: Team) -> None:
        await team.declare()
        await registry.seal()

        def feed(headers: dict[str, str]) -> Any:
            return registry.http.get("/registry/v1/journal?subject=emergencies/", headers=headers)

        told = await feed(team.supervisor)
        assert [one["type"] for one in told.json()["items"]] == ["emergency.declared"]
        assert "Banjir" not in told.text
        assert team.account.json()["username"] not in told.text
        for headers in (registry.token("facilitator"), registry.token("supervisor", regions=(THERE,)), {}):
            assert (await feed(headers)).json()["items"] == []

    async def test_acknowledge_it_once_and_never_their_own(self, registry: Running, team: Team) -> None:
        declared = await team.declare()
        address = f"{declared.headers['Location']}/acknowledgement"
        own = registry.token("supervisor", regions=(HERE,), person=team.account.json()["person_id"])

        mine = await registry.http.post(address, headers=own | etag(declared))
        facilitator = await registry.http.post(address, headers=team.by | etag(declared))
        elsewhere = await registry.http.post(
            address, headers=registry.token("supervisor", regions=(THERE,)) | etag(declared)
        )
        noted = await registry.http.post(address, headers=team.supervisor | etag(declared))
        again = await registry.http.post(address, headers=team.supervisor | etag(noted))

        assert [code_of(one) for one in (mine, facilitator, elsewhere, again)] == [
            "emergency.own",
            "scope.missing",
            "resource.not_found",
            "emergency.acknowledged",
        ]
        assert noted.json()["acknowledged_at"] is not None
        left = await registry.http.get(f"{EMERGENCIES}?acknowledged=false", headers=team.supervisor)
        assert left.json()["items"] == []


async def test_every_reading_under_it_says_so(registry: Running, team: Team) -> None:
    declared = await team.declare()
    gate = registry.app.state.gate
    caller: Caller = await gate.caller(bearer(declared)["Authorization"])
    async with registry.database.transaction() as session:
        sight = Sight(await session.connection(), caller, read_clock(), session)
        sight.noting("resident.read", "residents")([])
        (entry,) = session.info.pop("journal")

    assert caller.emergency == UUID(declared.json()["id"])
    assert f'"emergency":"{declared.json()["id"]}"'.encode() in entry["payload"]
    assert entry["place"] == HERE

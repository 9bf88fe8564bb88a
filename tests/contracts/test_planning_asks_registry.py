"""Planning's client against registry's own application."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from services.planning.clients.registry import RegistryClient
from services.planning.database import followed_journals, journal_signed_heads
from services.planning.directory.service import HANDLERS
from shared.following import Follower
from shared.http import OwnerFailed
from tests.house import Running, code_of, etag, new_id
from tests.planning.story import KELURAHAN, MEETING, PLANS, a_plan, an_activity, seen

OFFICERS = [{"name": f"Warga {n}", "position": "member" if n else "koordinator"} for n in range(9)]
TERM = {"starts_on": "2023-01-01", "ends_on": "2025-12-31", "elected_on": "2022-12-20", "officers": OFFICERS}


@pytest.fixture
async def client(registry: Running) -> AsyncIterator[RegistryClient]:
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=registry.app),
        base_url="http://registry",
        headers=registry.service_token("planning"),
    ) as http:
        yield RegistryClient(http)


@pytest.fixture
async def linked(planning: Running, client: RegistryClient) -> AsyncIterator[Running]:
    """Give planning with a way to ask registry."""
    before = planning.app.state.registry
    planning.app.state.registry = client
    yield planning
    planning.app.state.registry = before


async def registered(registry: Running, **changes: Any) -> str:
    draft = {"kelurahan_code": KELURAHAN, "name": "BKM Nyata", "founded_on": "2020-01-01"} | changes
    reply = await registry.http.post("/registry/v1/boards", json=draft, headers=registry.token("facilitator"))
    return str(reply.json()["id"])


async def elected(registry: Running, board: str) -> None:
    address = f"/registry/v1/boards/{board}/terms"
    reply = await registry.http.post(address, json=TERM, headers=registry.token("facilitator"))
    assert reply.status_code == 201


def follower(client: RegistryClient) -> Follower:
    return Follower(
        service="registry",
        client=client,
        handlers=HANDLERS,
        cursors=followed_journals,
        signed_heads=journal_signed_heads,
    )


class TestFollowing:
    async def test_copies_what_planning_reads(
        self, registry: Running, planning: Running, client: RegistryClient
    ) -> None:
        board = await registered(registry)
        await elected(registry, board)
        await registry.seal()

        taken = await follower(client).step(planning.database, wait=0)

        plan = await a_plan(planning, board=board)
        assert taken == await registry.seal()
        assert (plan.status_code, plan.json()["board_name"]) == (201, "BKM Nyata")

    async def test_takes_each_entry_once(self, registry: Running, planning: Running, client: RegistryClient) -> None:
        await registered(registry)
        await registry.seal()
        following = follower(client)

        assert await following.step(planning.database, wait=0) > 0
        assert await following.step(planning.database, wait=0) == 0


class TestAsking:
    async def test_a_board_too_new_for_the_copy_is_asked_for(self, registry: Running, linked: Running) -> None:
        plan = await a_plan(linked, board=await registered(registry))

        assert (plan.status_code, plan.json()["board_name"]) == (201, None)

    async def test_a_board_that_registry_does_not_know_is_refused(self, linked: Running) -> None:
        reply = await a_plan(linked, board=new_id())

        assert (reply.status_code, code_of(reply)) == (422, "board.unknown")
        assert reply.json()["errors"][0]["pointer"] == "/board_id"

    async def test_a_mandate_too_new_for_the_copy_is_asked_for(self, registry: Running, linked: Running) -> None:
        board = await registered(registry)
        plan = await a_plan(linked, board=board)
        await an_activity(linked, plan)

        async def decide() -> httpx.Response:
            headers = linked.token("supervisor") | etag(await seen(linked, plan))
            return await linked.http.post(f"{PLANS}/{plan.json()['id']}/ratification", json=MEETING, headers=headers)

        without = await decide()
        await elected(registry, board)
        with_it = await decide()

        assert (without.status_code, code_of(without)) == (422, "mandate.missing")
        assert (with_it.status_code, with_it.json()["state"]) == (200, "ratified")


class TestAnswersOfTheWrongShape:
    @pytest.mark.parametrize(
        "answer",
        [
            httpx.Response(404, text="no such route"),
            httpx.Response(200, json={"id": "not-a-uuid"}),
            httpx.Response(200, text="<html>"),
            httpx.Response(500),
        ],
    )
    async def test_are_never_taken_for_an_absent_board(self, answer: httpx.Response) -> None:
        async with httpx.AsyncClient(
            transport=httpx.MockTransport(lambda _: answer), base_url="http://registry"
        ) as http:
            with pytest.raises(OwnerFailed):
                await RegistryClient(http).board(UUID(int=1))

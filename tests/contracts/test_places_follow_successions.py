"""Planning's and monitoring's places against what registry really journals of regions and their successions."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from services.monitoring.clients.registry import RegistryClient as OfMonitoring
from services.monitoring.facts.service import OF_REGISTRY
from services.planning.clients.registry import RegistryClient as OfPlanning
from services.planning.directory.service import HANDLERS
from shared.following import Follower
from tests.house import Running
from tests.registry.placing import know_regions, places, put_back
from tests.registry.regions.test_successions import BACIRO, DEMANGAN, EAST, NAMES, SPLIT, act, recorded

FOLLOWING = {"planning": (OfPlanning, HANDLERS), "monitoring": (OfMonitoring, OF_REGISTRY)}


@pytest.fixture(autouse=True)
async def only_the_known_places(registry: Running, planning: Running, monitoring: Running) -> AsyncIterator[None]:
    before = {one.name: await places(one) for one in (registry, planning, monitoring)}
    yield
    for one in (registry, planning, monitoring):
        await put_back(one, before[one.name])


async def follow(registry: Running, follower: Running) -> None:
    """Take registry's whole journal over, page by page, as a worker does."""
    client, handlers = FOLLOWING[follower.name]
    await registry.seal()
    transport = httpx.ASGITransport(app=registry.app)
    headers = registry.service_token(follower.name)
    async with httpx.AsyncClient(transport=transport, base_url="http://registry", headers=headers) as http:
        following = Follower(
            service="registry",
            client=client(http),
            handlers=handlers,
            cursors=follower.tables.followed_journals,
            signed_heads=follower.tables.journal_signed_heads,
        )
        while await following.step(follower.database, wait=0):
            pass


def stands(rows: dict[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Return where each village stands."""
    return {code: tuple(row) for code, row in rows.items() if len(code) == len(BACIRO)}


@pytest.mark.parametrize("name", ["planning", "monitoring"])
@pytest.mark.parametrize("at_once", [True, False], ids=["in one page", "act by act"])
async def test_a_chain_of_successions_arrives(
    registry: Running, planning: Running, monitoring: Running, name: str, *, at_once: bool
) -> None:
    follower = {"planning": planning, "monitoring": monitoring}[name]
    await know_regions(registry, NAMES)
    chain = [
        SPLIT | {"effective_on": "2005-06-01"},
        act("rename", [DEMANGAN], [{"code": DEMANGAN, "name": "Demangan Baru"}], effective_on="2006-01-01"),
        act("renumbering", [EAST], [{"code": "34.71.04.1005"}], effective_on="2010-01-01"),
        act("merge", ["34.71.04.1005", "34.71.04.1001"], [{"code": "34.71.04.1001"}], effective_on="2015-01-01"),
        act("renumbering", ["34"], [{"code": "35"}], effective_on="2022-07-25"),
    ]

    for draft in chain:
        await recorded(registry, draft)
        if not at_once:
            await follow(registry, follower)
    await follow(registry, follower)

    here, there = stands(await places(registry)), stands(await places(follower))
    assert {code: there[code] for code in here} == here
    assert {there[code][1] for code in (EAST, "34.71.04.1005", "34.71.04.1001")} == {"35.71.04.1001"}
    assert there["35.71.03.1002"][:3] == ("35.71.03.1002", "35.71.03.1002", "Demangan Baru")

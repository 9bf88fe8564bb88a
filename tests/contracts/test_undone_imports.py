"""What an undone import took back is forgotten by those who follow, whether they heard of it before or not."""

from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from sqlalchemy import func, select

from services.monitoring.clients.planning import PlanningClient
from services.monitoring.commands import _after_batch
from services.monitoring.facts.service import OF_PLANNING
from shared.following import Follower, Handler
from tests.contracts.test_places_follow_successions import FOLLOWING
from tests.house import Running
from tests.planning.activities.test_imports import of
from tests.planning.story import a_plan, a_problem
from tests.registry.groups.test_imports import GROUP
from tests.registry.placing import know_regions, places, put_back
from tests.shared.importing import BOARD, Sender, csv_file


async def follow(owner: Running, follower: Running, client: Any, handlers: Mapping[str, Handler]) -> None:
    """Take an owner's whole journal over as a worker does, with what it computes after each page."""
    await owner.seal()
    transport = httpx.ASGITransport(app=owner.app)
    headers = owner.service_token(follower.name)
    async with httpx.AsyncClient(transport=transport, base_url="http://owner", headers=headers) as http:
        following = Follower(
            service=owner.name,
            client=client(http),
            handlers=handlers,
            cursors=follower.tables.followed_journals,
            signed_heads=follower.tables.journal_signed_heads,
            **({"after_batch": _after_batch} if follower.name == "monitoring" else {}),
        )
        while await following.step(follower.database, wait=0):
            pass


async def count(running: Running, table: str) -> int:
    async with running.database.reads.connect() as connection:
        found = await connection.scalar(select(func.count()).select_from(getattr(running.tables, table)))
        return int(found or 0)


@pytest.mark.parametrize("heard", [True, False], ids=["heard of before", "not heard of before"])
@pytest.mark.parametrize("name", ["planning", "monitoring"])
async def test_boards_and_groups_that_were_taken_back_are_forgotten(
    registry: Running, planning: Running, monitoring: Running, name: str, *, heard: bool
) -> None:
    follower = {"planning": planning, "monitoring": monitoring}[name]
    client, handlers = FOLLOWING[name]
    copied = ["boards", *(["groups"] if name == "planning" else [])]
    sender = Sender(registry, "facilitator")
    boards = await sender.imported(csv_file([BOARD, BOARD | {"Nama": "BKM Dua"}]))
    board = (await sender.verdicts(boards["id"]))[0]["item_id"]
    groups = await sender.imported(csv_file([GROUP | {"ID lembaga": board}]), kind="groups")
    if heard:
        await follow(registry, follower, client, handlers)
        assert [await count(follower, one) for one in copied] == [2, 1][: len(copied)]

    for done in (groups, boards):
        assert (await sender.undo(done["id"])).status_code == 200
    kept = await sender.imported(csv_file([BOARD | {"Nama": "BKM Tiga"}]))
    await follow(registry, follower, client, handlers)

    assert kept["accepted"] == 1
    assert [await count(follower, one) for one in copied] == [1, 0][: len(copied)]


async def test_activities_that_were_taken_back_are_forgotten(planning: Running, monitoring: Running) -> None:
    sender = Sender(planning, "board_officer")
    plan = await a_plan(planning)
    done = await sender.imported(csv_file([of(plan), of(plan, Prioritas="2")]), kind="activities")
    await follow(planning, monitoring, PlanningClient, OF_PLANNING)
    assert await count(monitoring, "activities") == 2

    assert (await sender.undo(done["id"])).status_code == 200
    await follow(planning, monitoring, PlanningClient, OF_PLANNING)
    assert await count(monitoring, "activities") == 0


async def test_a_region_that_was_taken_back_stays_where_something_is_recorded_under_it(
    registry: Running, planning: Running
) -> None:
    before = {one.name: await places(one) for one in (registry, planning)}
    client, handlers = FOLLOWING["planning"]
    try:
        await know_regions(registry, {"34": "DIY", "34.71": "Kota Yogyakarta", "34.71.03": "Gondokusuman"})
        sender = Sender(registry, "programme_manager", regions=("*",))
        used, unused = "34.71.03.1008", "34.71.03.1009"
        rows = [{"Kode": code, "Nama": "Contoh Baru"} for code in (used, unused)]
        done = await sender.imported(csv_file(rows), kind="regions")
        await follow(registry, planning, client, handlers)
        assert {used, unused} <= (await places(planning)).keys()
        assert (await a_problem(planning, kelurahan_code=used)).status_code == 201

        assert (await sender.undo(done["id"])).status_code == 200
        await follow(registry, planning, client, handlers)
        known = await places(planning)
        assert (used in known, unused in known) == (True, False)
    finally:
        for one in (registry, planning):
            await put_back(one, before[one.name])

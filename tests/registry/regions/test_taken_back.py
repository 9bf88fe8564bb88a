"""A region that is taken back while somebody records what stands in it: one of the two is told."""

import asyncio
from typing import Any

import pytest

from services.registry.residents import homes
from services.registry.residents.schemas import HouseholdDraft
from shared.clock import read_clock
from shared.permissions import Caller
from tests.house import Running, code_of, etag
from tests.registry.placing import know_regions, places
from tests.registry.racing import somebody_waits, warm
from tests.registry.regions.test_imports import KNOWN, NEW
from tests.registry.residents.story import HOUSEHOLDS, a_household
from tests.shared.importing import Sender, csv_file

CODE = NEW["Kode"]
COUNTED = {"total": 64, "women": 30, "poor": None, "poor_not_counted_reason": "no_poverty_list"}
MEETING = {"held_on": "2024-02-01", "attendance": COUNTED, "decision": "accepted", "minutes_reference": "BA/1"}
RECORDED: dict[str, dict[str, Any]] = {
    "enrolments": {"kelurahan_code": CODE, "programme": "kotaku", "readiness_meeting": MEETING},
    "households": {"kelurahan_code": CODE, "starts_on": "2024-02-01"},
    "boards": {"kelurahan_code": CODE, "name": "BKM Contoh", "founded_on": "2024-02-01"},
    "volunteers": {
        "kelurahan_code": CODE,
        "name": "Relawan Contoh",
        "sex": "male",
        "roles": ["mobiliser"],
        "starts_on": "2024-02-01",
    },
    "learning-communities": {
        "region_code": CODE,
        "kind": "kelurahan",
        "name": "KBK Contoh",
        "founded_on": "2024-02-01",
    },
}
MOVE = {"kelurahan_code": CODE, "moved_on": "2024-02-01"}


@pytest.fixture
async def sender(registry: Running) -> Sender:
    await know_regions(registry, KNOWN)
    return Sender(registry, "programme_manager", regions=("*",))


async def _while_taken_back(registry: Running, address: str, body: dict[str, Any], headers: dict[str, str]) -> Any:
    """Post something while the place it names is being taken back, and is gone once that is done."""
    await warm(registry)
    async with registry.database.writes.begin() as connection:
        table = registry.tables.places
        await connection.execute(table.delete().where(table.c.kelurahan_code == CODE))
        posting = asyncio.create_task(registry.http.post(address, json=body, headers=headers))
        await somebody_waits(registry)
    return await asyncio.wait_for(posting, 10)


@pytest.mark.parametrize("kind", RECORDED)
async def test_what_is_recorded_meanwhile_is_refused(registry: Running, sender: Sender, kind: str) -> None:
    await sender.imported(csv_file([NEW]), kind="regions")
    by = registry.token("facilitator")
    reply = await _while_taken_back(registry, f"/registry/v1/{kind}", RECORDED[kind], by)
    assert code_of(reply) == "place.unknown"


async def test_who_moves_there_meanwhile_is_refused(registry: Running, sender: Sender) -> None:
    await sender.imported(csv_file([NEW]), kind="regions")
    household = await a_household(registry)
    by = registry.token("facilitator") | etag(household)
    reply = await _while_taken_back(registry, f"{household.headers['Location']}/move", MOVE, by)
    assert code_of(reply) == "place.unknown"


async def test_it_waits_for_what_is_being_recorded_and_then_stays(registry: Running, sender: Sender) -> None:
    seen = await sender.imported(csv_file([NEW]), kind="regions")
    await warm(registry)
    clerk = Caller(roles=frozenset(), scopes=frozenset(), regions=("*",))
    draft = HouseholdDraft.model_validate(RECORDED["households"])
    async with registry.database.transaction() as session:
        vault = registry.app.state.vault
        household_id, _ = await homes.record_household(session, vault, draft, by=clerk, now=read_clock())
        undoing = asyncio.create_task(sender.undo(seen["id"]))
        await somebody_waits(registry)
    refused = await asyncio.wait_for(undoing, 10)
    assert code_of(refused) == "import.in_use"
    assert CODE in await places(registry)
    kept = await registry.http.get(f"{HOUSEHOLDS}/{household_id}", headers=registry.token("facilitator"))
    assert kept.status_code == 200


async def test_those_who_record_in_one_place_do_not_wait_for_each_other(registry: Running, sender: Sender) -> None:
    await sender.imported(csv_file([NEW]), kind="regions")
    await warm(registry)
    by = registry.token("facilitator")
    address, body = "/registry/v1/households", RECORDED["households"]
    replies = await asyncio.gather(*(registry.http.post(address, json=body, headers=by) for _ in range(4)))
    assert {one.status_code for one in replies} == {201}
    enrolled = [registry.http.post("/registry/v1/enrolments", json=RECORDED["enrolments"], headers=by) for _ in "12"]
    assert sorted(one.status_code for one in await asyncio.gather(*enrolled)) == [201, 409]

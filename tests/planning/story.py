"""What most tests of planning begin with: a board with a mandate, a problem, a plan, an activity."""

from datetime import UTC, date, datetime
from typing import Any

import httpx

from services.planning.directory.service import HANDLERS
from shared.following import Entry
from tests.house import Running, etag, new_id

PROBLEMS = "/planning/v1/mapping/problems"
PLANS = "/planning/v1/plans"
ACTIVITIES = "/planning/v1/activities"
MEETINGS = "/planning/v1/meetings"
KELURAHAN = "34.71.03.1001"
NEIGHBOUR = "34.71.03.1002"

PROBLEM = {
    "kelurahan_code": KELURAHAN,
    "title": "Gang tergenang",
    "dimension": "environment",
    "location": "RT 03/RW 05",
    "households_affected": 40,
    "poor_households": 12,
    "observed_on": "2023-10-01",
}
PLAN = {"kelurahan_code": KELURAHAN, "title": "PJM 2024-2026", "starts_on": "2024-01-01"}
ACTIVITY = {
    "title": "Saluran drainase",
    "dimension": "environment",
    "year": 1,
    "priority_rank": 1,
    "volume": "120.5",
    "unit": "m",
    "unit_cost_rupiah": 400_000,
    "total_cost_rupiah": 48_200_000,
    "funding": {"blm": 40_000_000, "swadaya": 8_200_000},
    "beneficiaries": {"households": 40, "poor_households": 12},
}
MEETING = {
    "held_on": "2024-02-01",
    "place": "Balai RW 05",
    "attendance": {"total": 60, "women": 28, "poor": 20},
    "decision": "accepted",
    "minutes_reference": "BA/1",
}


def entry(action: str, data: dict[str, Any], *, position: int = 1) -> Entry:
    """Return an entry of registry's journal as a follower hands it over."""
    return Entry(
        position=position,
        action=action,
        subject=f"things/{data.get('id')}",
        place=data.get("kelurahan_code"),
        time=datetime(2024, 1, 1, tzinfo=UTC),
        actor=None,
        occurred_on=None,
        data=data,
    )


async def copied(planning: Running, action: str, **data: Any) -> None:
    """Let planning's directory take over one entry of registry's journal."""
    async with planning.database.transaction() as session:
        await HANDLERS[action](session, [entry(action, data)])


async def a_board(planning: Running, *, code: str = KELURAHAN, mandate: tuple[str, str] | None = None) -> str:
    """Return the id of a board that planning knows of, with a mandate for 2023-2025 unless said otherwise."""
    identity = new_id()
    starts_on, ends_on = mandate or ("2023-01-01", "2025-12-31")
    await copied(planning, "board.recorded", id=identity, kelurahan_code=code, name="BKM Contoh", version=1)
    await copied(
        planning,
        "term.recorded",
        id=new_id(),
        board_id=identity,
        starts_on=date.fromisoformat(starts_on).isoformat(),
        ends_on=ends_on,
        version=1,
    )
    return identity


async def a_problem(planning: Running, **changes: Any) -> httpx.Response:
    return await planning.http.post(PROBLEMS, json=PROBLEM | changes, headers=planning.token("board_officer"))


async def a_plan(planning: Running, *, board: str | None = None, **changes: Any) -> httpx.Response:
    draft = PLAN | {"board_id": board or await a_board(planning)} | changes
    return await planning.http.post(PLANS, json=draft, headers=planning.token("board_officer"))


async def an_activity(planning: Running, plan: httpx.Response, **changes: Any) -> httpx.Response:
    address = f"{plan.headers['Location']}/activities"
    return await planning.http.post(address, json=ACTIVITY | changes, headers=planning.token("board_officer"))


async def seen(planning: Running, made: httpx.Response) -> httpx.Response:
    """Read again what a creation made, as the board's own officers see it."""
    return await planning.http.get(made.headers["Location"], headers=planning.token("board_officer"))


async def ratified(planning: Running, plan: httpx.Response, **changes: Any) -> httpx.Response:
    """Let residents decide on a plan, recorded by a supervisor who never touched it."""
    headers = planning.token("supervisor") | etag(await seen(planning, plan))
    return await planning.http.post(f"{plan.headers['Location']}/ratification", json=MEETING | changes, headers=headers)


async def actions(planning: Running, headers: dict[str, str] | None = None) -> list[str]:
    """Return the actions in planning's journal whose payload a caller sees."""
    await planning.seal()
    feed = await planning.http.get("/planning/v1/journal?limit=1000", headers=headers or {})
    return [item["type"] for item in feed.json()["items"]]


async def payloads(planning: Running, action: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """Return what the journal keeps of an action, as a caller sees it."""
    await planning.seal()
    feed = await planning.http.get("/planning/v1/journal?limit=1000", headers=headers or {})
    return [item["data"]["data"] for item in feed.json()["items"] if item["type"] == action]


def of_the_request(sent: list[str]) -> list[str]:
    """Leave out what the process itself asks every second: whose tokens count."""
    return [statement for statement in sent if "account_standings" not in statement]

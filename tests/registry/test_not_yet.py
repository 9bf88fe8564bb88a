"""What was not there yet on a day is not told as of that day: nothing of it would be true."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from tests.house import Running, code_of
from tests.registry.facilitators.staff import a_facilitator
from tests.registry.residents.story import a_household, somebody

AT = "/registry/v1/"


async def recorded(registry: Running, address: str, draft: dict[str, Any], role: str) -> Any:
    reply = await registry.http.post(f"{AT}{address}", json=draft, headers=registry.token(role, regions=("*",)))
    assert reply.status_code == 201, reply.text
    return reply


async def a_board(registry: Running) -> Any:
    draft = {"kelurahan_code": "34.71.03.1001", "name": "BKM Contoh", "founded_on": "2015-01-01"}
    return await recorded(registry, "boards", draft, "facilitator")


async def a_group(registry: Running) -> Any:
    draft = {"name": "KSM Contoh", "kind": "social", "bond": "domicile", "members": 9, "women": 1}
    draft |= {"formed_on": "2015-01-01", "board_id": (await a_board(registry)).json()["id"]}
    return await recorded(registry, "groups", draft, "facilitator")


async def a_committee(registry: Running) -> Any:
    decree = {"kind": "tkpk", "name": "TKPK Contoh", "number": "1", "signed_on": "2015-01-01"}
    draft = {"region_code": "34.71", "decree": decree | {"starts_on": "2015-02-01"}}
    return await recorded(registry, "committees", draft, "city_coordinator")


async def an_enrolment(registry: Running) -> Any:
    meeting = {"held_on": "2015-01-01", "decision": "accepted", "minutes_reference": "BA/1"}
    meeting |= {"attendance": {"total": 60, "women": 31, "poor_not_counted_reason": "no_poverty_list"}}
    draft = {"kelurahan_code": "34.71.03.1001", "programme": "kotaku", "readiness_meeting": meeting}
    return await recorded(registry, "enrolments", draft, "facilitator")


async def an_employment(registry: Running) -> Any:
    return await a_facilitator(registry, starts_on="2015-01-01")


@pytest.mark.parametrize(
    ("made", "below"),
    [
        (a_board, ""),
        (a_board, "/composition"),
        (a_group, ""),
        (a_group, "/readiness"),
        (a_committee, ""),
        (an_enrolment, ""),
        (an_employment, ""),
        (a_household, ""),
        (somebody, ""),
    ],
)
async def test_is_not_told_as_of_a_day_before(
    registry: Running, made: Callable[[Running], Awaitable[Any]], below: str
) -> None:
    address = f"{(await made(registry)).headers['Location']}{below}"
    headers = registry.token("auditor", regions=("*",))
    before, then = [
        await registry.http.get(f"{address}?as_of={day}", headers=headers) for day in ("2014-12-31", "2015-01-01")
    ]

    assert (before.status_code, code_of(before), then.status_code) == (404, "resource.not_yet", 200), before.text
    assert before.json()["since"] == "2015-01-01"

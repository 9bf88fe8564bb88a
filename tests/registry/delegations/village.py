"""A board with its officers and a volunteer, as the tests of delegations need them."""

from datetime import timedelta
from typing import Any

import httpx

from shared.clock import read_clock, today
from tests.house import Running, etag, new_id
from tests.registry.signing import an_account, bearer, claims_of, operator, sign_in

DELEGATIONS = "/registry/v1/delegations"
BOARDS = "/registry/v1/boards"
HERE, THERE = "34.71.03.1001", "34.71.03.1002"
TODAY = today(read_clock())
GROUPS = "registry:groups:write"


def days(count: int) -> str:
    return str(TODAY + timedelta(days=count))


class Village:
    """A board with its mandate, an officer who may delegate, and a volunteer who may be delegated to."""

    def __init__(self, registry: Running) -> None:
        self.registry = registry

    async def build(self) -> "Village":
        registry = self.registry
        facilitator = registry.token("facilitator", regions=("34.71",))
        board = {"kelurahan_code": HERE, "name": "BKM Contoh", "founded_on": "2020-01-01"}
        self.board = (await registry.http.post(BOARDS, json=board, headers=facilitator)).json()["id"]
        self.persons = [new_id() for _ in range(9)]
        officers = [
            {"name": f"Warga {n}", "position": "koordinator" if n == 0 else "member", "person_id": person}
            for n, person in enumerate(self.persons)
        ]
        term = {"starts_on": days(-30), "ends_on": days(700), "elected_on": days(-40), "officers": officers}
        recorded = await registry.http.post(f"{BOARDS}/{self.board}/terms", json=term, headers=facilitator)
        assert recorded.status_code == 201, recorded.text
        self.officer = await an_account(registry, roles=["board_officer"], regions=[HERE], person_id=self.persons[0])
        self.volunteer = await an_account(registry, roles=["volunteer"], regions=[HERE])
        self.seat = await self.volunteers(self.volunteer.json()["person_id"])
        self.by = bearer(await sign_in(registry, self.officer.json()["username"]))
        return self

    def draft(self, **changes: Any) -> dict[str, Any]:
        return {
            "board_id": self.board,
            "account_id": self.volunteer.json()["id"],
            "scopes": [GROUPS],
            "minutes_reference": "BA/07/2024",
            "ends_on": days(30),
        } | changes

    async def delegate(self, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        return await self.registry.http.post(DELEGATIONS, json=self.draft(**changes), headers=headers or self.by)

    async def volunteers(self, person: str, place: str = HERE) -> httpx.Response:
        """Record somebody as a volunteer."""
        draft = {"kelurahan_code": place, "person_id": person, "name": "Relawan Contoh", "sex": "female"}
        by = self.registry.token("facilitator", regions=("34.71",))
        reply = await self.registry.http.post(
            "/registry/v1/volunteers", json=draft | {"roles": ["mobiliser"], "starts_on": "2024-01-01"}, headers=by
        )
        assert reply.status_code == 201, reply.text
        return reply

    async def scopes(self) -> set[str]:
        """Sign the volunteer in; return what the token opens."""
        token = await sign_in(self.registry, self.volunteer.json()["username"])
        return set(claims_of(token)["scope"].split())

    async def act(self, account: httpx.Response, path: str, method: str = "POST", **more: Any) -> httpx.Response:
        """Let an operator act on an account in whichever version it is."""
        shown = await self.registry.http.get(account.headers["Location"], headers=operator(self.registry))
        headers = operator(self.registry) | etag(shown)
        return await self.registry.http.request(method, f"{account.headers['Location']}{path}", headers=headers, **more)

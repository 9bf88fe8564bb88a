"""A bank's program: it lists, notes the position, follows, misses nothing, and meets no names."""

import json
import threading
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.journeys.home import DEMANGAN, KARANGWARU, Home, eventually
from tests.journeys.partner import ROOT, Bank
from tests.journeys.story import CHANNELED, Story

pytestmark = pytest.mark.xdist_group("house")


class Follower(threading.Thread):
    """Follows planning's feed from a position on, across whatever happens to the house."""

    def __init__(self, bank: Bank, *, after: int) -> None:
        super().__init__(daemon=True)
        self.bank, self.after = bank, after
        self.events: list[dict[str, Any]] = []
        self.ended = threading.Event()
        self._http = httpx.Client(base_url=bank.home.house.gateway_url, timeout=30)

    def run(self) -> None:
        headers = {"Authorization": f"Bearer {self.bank.program.token}"}
        while not self.ended.is_set():
            try:
                reply = self._http.get(
                    "/planning/v1/journal", params={"after": self.after, "wait": 2, "limit": 1000}, headers=headers
                )
                if reply.status_code == 200:
                    page = reply.json()
                    self.events += page["items"]
                    self.after = page["next"]
                    continue
            except httpx.TransportError:
                pass
            self.ended.wait(0.2)
        self._http.close()

    def opportunities(self) -> list[str]:
        found = [event["subject"] for event in self.events if event["type"] == "opportunity.published"]
        return [subject.rpartition("/")[2] for subject in found]


def test_a_bank_misses_no_opportunity_across_a_restart_of_everything(home: Home) -> None:
    bank = Bank(home)
    early, late = Story(home, DEMANGAN), Story(home, KARANGWARU)
    early.ratify()
    first = bank.found(early.secretary, early.drain, gap=CHANNELED // 2)
    listed = bank.program.get(f"{ROOT}/opportunities?open=true&limit=500")
    assert first in [item["id"] for item in listed.json()["items"]]
    # Snapshot, then follow: what was listed may come again, what was not must come.
    follower = Follower(bank, after=int(listed.headers["Journal-Position"]))
    follower.start()
    try:
        second = bank.found(early.secretary, early.drain, gap=CHANNELED // 2)
        for name in list(home.house.parts):
            home.house.kill(name)
        for name in list(home.house.parts):
            home.house.restart(name, wait=False)
        home.ready()
        late.ratify()
        third = bank.found(late.secretary, late.drain, gap=CHANNELED)
        eventually(lambda: {second, third} <= set(follower.opportunities()))
    finally:
        follower.ended.set()
        follower.join(30)
    found = follower.opportunities()
    assert len(found) == len(set(found))
    positions = [event["position"] for event in follower.events]
    assert positions == sorted(set(positions))
    told = json.dumps([follower.events, listed.json()])
    assert "Melati" not in told
    assert "officer" not in told


def test_a_bank_may_not_do_what_is_not_a_partners(home: Home) -> None:
    bank = Bank(home)
    for path in ("/planning/v1/plans", "/registry/v1/boards", "/registry/v1/accounts"):
        assert bank.program.post(path, {}, Idempotency_Key=str(uuid4())).status_code == 403
    for path in ("/registry/v1/accounts", "/registry/v1/groups", "/monitoring/v1/complaints"):
        assert bank.program.get(path).status_code == 403

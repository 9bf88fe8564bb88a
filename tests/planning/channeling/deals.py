"""What tests of channeling begin with: a funded activity of a ratified plan, a partner, the two sides."""

from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.house import Running, etag, new_id
from tests.planning.story import a_board, a_plan, an_activity, copied, ratified

OPPORTUNITIES = "/planning/v1/channeling/opportunities"
AGREEMENTS = "/planning/v1/channeling/agreements"
DISBURSEMENTS = "/planning/v1/channeling/disbursements"
GAP = 10_000_000
FUNDS = {
    "total_cost_rupiah": 48_200_000,
    "funding": {"blm": 28_200_000, "swadaya": 8_000_000, "channeling": 12_000_000},
}
OPPORTUNITY = {
    "gap_rupiah": GAP,
    "summary": "Drainase 120 m di RT 03; warga menyumbang tenaga, kurang Rp 10.000.000.",
    "published_on": "2024-03-01",
    "open_until": "2024-12-31",
}
OFFER = {
    "instrument": "grant",
    "committed_rupiah": 6_000_000,
    "starts_on": "2024-04-01",
    "ends_on": "2024-12-31",
    "reference": "MoU/7/2024",
    "offered_on": "2024-03-05",
}
ACCEPTANCE = {"agreed_on": "2024-03-10"}
SENT = {"amount_rupiah": 4_000_000, "sent_on": "2024-04-05", "reference": "TRF 0001"}
RECEIVED = {"received_on": "2024-04-07", "amount_rupiah": 4_000_000}


@dataclass
class Deal:
    """A board's opportunity, a partner, and who speaks for each."""

    planning: Running
    opportunity: httpx.Response
    partner: str
    board_side: dict[str, str]
    partner_side: dict[str, str]
    made: list[httpx.Response] = field(default_factory=list)

    @property
    def opportunity_id(self) -> str:
        return str(self.opportunity.json()["id"])

    async def offer(self, headers: dict[str, str] | None = None, **changes: Any) -> httpx.Response:
        draft = OFFER | {"opportunity_id": self.opportunity_id, "partner_id": self.partner} | changes
        return await self.planning.http.post(AGREEMENTS, json=draft, headers=headers or self.partner_side)

    async def act(
        self, item: httpx.Response, act: str, body: dict[str, Any], headers: dict[str, str], **extra: str
    ) -> httpx.Response:
        """Do an act on an item, in the version that its side sees now."""
        address = item.headers["Location"]
        known = etag(await self.planning.http.get(address, headers=headers))
        return await self.planning.http.post(f"{address}/{act}", json=body, headers=headers | known | extra)

    async def accept(
        self, offer: httpx.Response, headers: dict[str, str] | None = None, **changes: Any
    ) -> httpx.Response:
        return await self.act(offer, "acceptance", ACCEPTANCE | changes, headers or self.board_side)

    async def agreed(self, **changes: Any) -> httpx.Response:
        offer = await self.offer(**changes)
        accepted = await self.accept(offer)
        assert (accepted.status_code, accepted.json()["state"]) == (200, "agreed"), accepted.text
        return offer

    async def send(
        self, agreement: httpx.Response, headers: dict[str, str] | None = None, **changes: Any
    ) -> httpx.Response:
        keyed = (headers or self.partner_side) | {"Idempotency-Key": new_id()}
        address = f"{agreement.headers['Location']}/disbursements"
        return await self.planning.http.post(address, json=SENT | changes, headers=keyed)

    async def confirm(
        self, disbursement: httpx.Response, headers: dict[str, str] | None = None, **changes: Any
    ) -> httpx.Response:
        key = {"Idempotency-Key": new_id()}
        return await self.act(disbursement, "confirmation", RECEIVED | changes, headers or self.board_side, **key)

    async def left(self) -> int:
        return int((await self.planning.http.get(self.opportunity.headers["Location"])).json()["left_rupiah"])


async def a_partner(planning: Running, *, active: bool = True) -> str:
    identity = new_id()
    await copied(planning, "partner.recorded", id=identity, name="Bank Contoh", kind="bank", active=active, version=1)
    return identity


def program(planning: Running, partner: str, **claims: Any) -> dict[str, str]:
    """Return the sign-in of a partner's own program: no person, no region."""
    return planning.token("partner", regions=(), person=None, org=partner, **claims)


async def a_funded_activity(planning: Running, *, mandate: tuple[str, str] | None = None, **changes: Any) -> str:
    """Return the id of an activity of a ratified plan that counts on 12 million rupiah of channeling."""
    plan = await a_plan(planning, board=await a_board(planning, mandate=mandate))
    activity = await an_activity(planning, plan, **(FUNDS | changes))
    assert (await ratified(planning, plan)).status_code == 200
    return str(activity.json()["id"])


async def publish(
    planning: Running, activity: str, headers: dict[str, str] | None = None, **changes: Any
) -> httpx.Response:
    draft = OPPORTUNITY | {"activity_id": activity} | changes
    return await planning.http.post(OPPORTUNITIES, json=draft, headers=headers or planning.token("board_officer"))


async def a_deal(planning: Running, *, mandate: tuple[str, str] | None = None, **changes: Any) -> Deal:
    """Return an opportunity of 10 million rupiah with a partner who may offer."""
    opportunity = await publish(planning, await a_funded_activity(planning, mandate=mandate), **changes)
    assert opportunity.status_code == 201, opportunity.text
    partner = await a_partner(planning)
    return Deal(planning, opportunity, partner, planning.token("board_officer"), program(planning, partner))

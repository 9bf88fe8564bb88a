from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from sqlalchemy.pool import QueuePool

from services.planning.clients.registry import RegistryClient
from tests.house import Running, code_of, etag, new_id
from tests.planning.channeling.deals import ACCEPTANCE, AGREEMENTS, GAP, Deal, a_deal, a_partner, program
from tests.planning.story import NEIGHBOUR, actions, payloads


@asynccontextmanager
async def registry_says(planning: Running, answer: httpx.Response) -> AsyncIterator[list[str]]:
    """Let planning ask a registry that always answers the same; collect what it was asked.

    Whoever thinks so long never keeps a lock or a connection of planning's waiting.
    """
    asked: list[str] = []

    def note(request: httpx.Request) -> httpx.Response:
        held = planning.database.writes.pool
        assert isinstance(held, QueuePool)
        assert held.checkedout() == 0
        asked.append(request.url.path)
        return answer

    before = planning.app.state.registry
    async with httpx.AsyncClient(transport=httpx.MockTransport(note), base_url="http://registry") as http:
        planning.app.state.registry = RegistryClient(http)
        yield asked
    planning.app.state.registry = before


class TestOffer:
    async def test_by_a_partner_is_seen_by_both_sides_alone(self, planning: Running) -> None:
        deal = await a_deal(planning)

        made = await deal.offer()
        seen = {}
        for name, headers in {
            "partner": deal.partner_side,
            "board": deal.board_side,
            "nobody": {},
            "neighbour": planning.token("board_officer", regions=("33.74",)),
            "other partner": program(planning, await a_partner(planning)),
            "rival with regions": planning.token("partner", "auditor", org=await a_partner(planning)),
        }.items():
            read = await planning.http.get(made.headers["Location"], headers=headers)
            listed = await planning.http.get(AGREEMENTS, headers=headers)
            seen[name] = (read.status_code, len(listed.json()["items"]))

        assert (made.status_code, made.json()["state"], made.json()["offered_by"]) == (201, "offered", "partner")
        assert (made.json()["view"], made.json()["partner_name"]) == ("full", "Bank Contoh")
        assert seen == {
            "partner": (200, 1),
            "board": (200, 1),
            "nobody": (404, 0),
            "neighbour": (404, 0),
            "other partner": (404, 0),
            "rival with regions": (404, 0),
        }
        rival = planning.token("partner", org=await a_partner(planning))
        accepted = await planning.http.post(
            f"{made.headers['Location']}/acceptance", json=ACCEPTANCE, headers=rival | etag(made)
        )
        assert (accepted.status_code, code_of(accepted)) == (404, "resource.not_found")

    async def test_is_told_in_its_region_only(self, planning: Running) -> None:
        deal = await a_deal(planning)
        made = await deal.offer()

        assert "agreement.offered" not in await actions(planning)
        (told,) = await payloads(planning, "agreement.offered", planning.token("auditor"))
        assert told["id"] == made.json()["id"]
        assert {
            name: told[name] for name in ("partner_id", "instrument", "committed_rupiah", "agreed_on", "state")
        } == {
            "partner_id": deal.partner,
            "instrument": "grant",
            "committed_rupiah": 6_000_000,
            "agreed_on": None,
            "state": "offered",
        }

    async def test_by_a_partner_with_its_own_id_comes_again(self, planning: Running) -> None:
        deal, identity = await a_deal(planning), new_id()

        first = await deal.offer(id=identity)
        again = await deal.offer(id=identity)
        other = await deal.offer(id=identity, committed_rupiah=1)

        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
        assert (other.status_code, code_of(other)) == (409, "id.taken")

    async def test_is_refused_for_others(self, planning: Running) -> None:
        deal = await a_deal(planning)

        replies = [
            await deal.offer(program(planning, await a_partner(planning))),
            await deal.offer(planning.token("board_officer", regions=(NEIGHBOUR,))),
            await deal.offer(planning.token("board_officer", person=None)),
            await deal.offer(planning.token("board_officer", org=deal.partner)),
            await deal.offer(planning.token("auditor")),
        ]

        assert [(reply.status_code, code_of(reply)) for reply in replies] == [
            (403, "agreement.not_a_party"),
            (403, "region.missing"),
            (403, "agreement.not_a_party"),
            (403, "scope.missing"),
            (403, "scope.missing"),
        ]

    @pytest.mark.parametrize(
        ("change", "status", "code"),
        [
            ({"opportunity_id": new_id()}, 422, "opportunity.unknown"),
            ({"committed_rupiah": GAP + 1}, 409, "opportunity.gap_exceeded"),
            ({"offered_on": "2025-01-01"}, 409, "opportunity.lapsed"),
            ({"offered_on": "2024-02-28"}, 422, "date.too_early"),
            ({"offered_on": "2099-01-01"}, 422, "date.in_the_future"),
            ({"ends_on": "2024-03-31"}, 422, "date.too_early"),
            ({"committed_rupiah": 0}, 422, "value.too_small"),
            ({"instrument": "gift"}, 422, "value.not_a_choice"),
        ],
    )
    async def test_says_why_not(self, planning: Running, change: dict[str, Any], status: int, code: str) -> None:
        deal = await a_deal(planning)

        reply = await deal.offer(**change)

        codes = {code_of(reply), *(one["code"] for one in reply.json().get("errors", []))}
        assert reply.status_code == status
        assert code in codes

    async def test_asks_registry_once_before_a_partner_is_refused(self, planning: Running) -> None:
        deal = await a_deal(planning)
        absent = httpx.Response(
            404, json={"code": "resource.not_found"}, headers={"content-type": "application/problem+json"}
        )

        async with registry_says(planning, absent) as asked:
            unknown = await deal.offer(deal.board_side, partner_id=new_id())
        retired = await a_partner(planning, active=False)
        gone = httpx.Response(
            200, json={"id": retired, "name": "Bank Contoh", "kind": "bank", "active": False, "version": 2}
        )
        async with registry_says(planning, gone):
            inactive = await deal.offer(deal.board_side, partner_id=retired)

        assert (unknown.status_code, code_of(unknown), len(asked)) == (422, "partner.unknown", 1)
        assert (inactive.status_code, code_of(inactive)) == (409, "partner.inactive")


class TestAccept:
    @pytest.mark.parametrize("offerer", ["partner", "board"])
    async def test_by_the_other_side_makes_it_public(self, planning: Running, offerer: str) -> None:
        deal = await a_deal(planning)
        first, second = deal.partner_side, deal.board_side
        if offerer == "board":
            first, second = second, first
        offer = await deal.offer(first)

        accepted = await deal.accept(offer, second)
        public = await planning.http.get(offer.headers["Location"])

        assert (accepted.status_code, accepted.json()["state"], accepted.json()["agreed_on"]) == (
            200,
            "agreed",
            ACCEPTANCE["agreed_on"],
        )
        assert (public.status_code, public.json()["view"], public.json()["offered_by"]) == (200, "public", offerer)
        assert await deal.left() == 4_000_000
        (told,) = await payloads(planning, "agreement.accepted")
        assert (told["agreed_on"], told["state"], told["board_id"]) == (
            ACCEPTANCE["agreed_on"],
            "agreed",
            deal.opportunity.json()["board_id"],
        )

    async def test_is_refused_to_the_side_that_offered(self, planning: Running) -> None:
        deal = await a_deal(planning)
        of_partner, of_board = await deal.offer(), await deal.offer(deal.board_side)

        replies = [
            await deal.accept(of_partner, program(planning, deal.partner)),
            await deal.accept(of_board, planning.token("board_officer")),
        ]

        assert [(reply.status_code, code_of(reply)) for reply in replies] == [(403, "agreement.own_offer")] * 2

    async def test_is_refused_to_a_person_with_an_account_on_each_side(self, planning: Running) -> None:
        deal, person = await a_deal(planning), new_id()
        of_bank = planning.token("partner", regions=(), person=person, org=deal.partner)
        both_roles = planning.token("partner", "board_officer", person=person, org=deal.partner)
        of_board = planning.token("board_officer", person=person)
        offer = await deal.offer(of_bank)

        replies = [await deal.accept(offer, headers) for headers in (both_roles, of_board)]

        assert [(reply.status_code, code_of(reply)) for reply in replies] == [
            (403, "agreement.own_offer"),
            (403, "agreement.both_sides"),
        ]
        assert (await deal.accept(offer)).status_code == 200

    async def test_needs_the_boards_mandate_on_that_day(self, planning: Running) -> None:
        deal = await a_deal(planning, mandate=("2023-01-01", "2024-03-09"))
        offer = await deal.offer()

        async with registry_says(planning, httpx.Response(200, json={"items": []})) as asked:
            refused = await deal.accept(offer)
            in_time = await deal.accept(offer, agreed_on="2024-03-09")

        assert (refused.status_code, code_of(refused)) == (422, "mandate.missing")
        assert refused.json()["errors"][0]["pointer"] == "/agreed_on"
        assert len(asked) == 1
        assert in_time.status_code == 200

    async def test_says_why_not(self, planning: Running) -> None:
        deal = await a_deal(planning)
        offer = await deal.offer()

        early = await deal.accept(offer, agreed_on="2024-03-04")
        future = await deal.accept(offer, agreed_on="2099-01-01")
        address = f"{offer.headers['Location']}/acceptance"
        neighbour, auditor = planning.token("board_officer", regions=(NEIGHBOUR,)), planning.token("auditor")
        others = [
            await planning.http.post(address, json=ACCEPTANCE, headers=headers | etag(offer))
            for headers in (neighbour, auditor)
        ]
        unseen = await planning.http.post(address, json=ACCEPTANCE, headers=deal.board_side)
        await deal.accept(offer)
        again = await deal.accept(offer)

        assert [(one.status_code, code_of(one)) for one in (early, future)] == [
            (422, "date.too_early"),
            (422, "date.in_the_future"),
        ]
        assert [(one.status_code, code_of(one)) for one in others] == [
            (404, "resource.not_found"),
            (403, "scope.missing"),
        ]
        assert (unseen.status_code, code_of(unseen)) == (428, "version.missing")
        assert (again.status_code, code_of(again)) == (409, "agreement.state")


class TestWithdraw:
    @pytest.mark.parametrize("side", ["partner", "board"])
    async def test_by_either_side_ends_an_offer(self, planning: Running, side: str) -> None:
        deal = await a_deal(planning)
        offer = await deal.offer()
        headers = deal.partner_side if side == "partner" else deal.board_side

        gone = await deal.act(offer, "withdrawal", {"withdrawn_on": "2024-03-06"}, headers)
        accepted = await deal.accept(offer)

        assert (gone.status_code, gone.json()["state"], gone.json()["withdrawn_by"]) == (200, "withdrawn", side)
        assert (accepted.status_code, code_of(accepted)) == (409, "agreement.state")
        assert "agreement.withdrawn" not in await actions(planning)
        (told,) = await payloads(planning, "agreement.withdrawn", planning.token("auditor"))
        assert told["withdrawn_by"] == side

    async def test_is_too_late_once_agreed(self, planning: Running) -> None:
        deal = await a_deal(planning)
        offer = await deal.agreed()

        reply = await deal.act(offer, "withdrawal", {}, deal.partner_side)

        assert (reply.status_code, code_of(reply)) == (409, "agreement.state")


async def test_an_offer_sees_versions_as_everything_does(planning: Running) -> None:
    deal: Deal = await a_deal(planning)
    offer = await deal.offer()
    await deal.accept(offer)

    stale = await planning.http.post(
        f"{offer.headers['Location']}/withdrawal", json={}, headers=deal.partner_side | etag(offer)
    )

    assert (stale.status_code, code_of(stale)) == (412, "version.stale")
    assert stale.json()["current"]["state"] == "agreed"

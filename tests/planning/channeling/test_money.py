from typing import Any

import pytest
from sqlalchemy import insert

from services.planning.database import followed_journals
from tests.house import Running, code_of, etag, new_id
from tests.planning.channeling.deals import DISBURSEMENTS, RECEIVED, SENT, a_deal, a_partner, program
from tests.planning.story import NEIGHBOUR, actions, payloads


async def followed_to(planning: Running, position: int) -> None:
    """Let planning have followed registry's journal to a position."""
    async with planning.database.transaction() as session:
        row = {"service": "registry", "position": position, "digest": bytes(32), "upstream_position": position}
        await session.execute(insert(followed_journals).values(**row, unknown_actions=0))


class TestSend:
    async def test_counts_as_sent_and_not_as_received(self, planning: Running) -> None:
        await followed_to(planning, 41)
        deal = await a_deal(planning)
        agreement = await deal.agreed()

        made = await deal.send(agreement)
        public = await planning.http.get(made.headers["Location"])
        known = (await planning.http.get(agreement.headers["Location"])).json()

        assert (made.status_code, made.json()["state"], made.json()["reference"]) == (201, "sent", SENT["reference"])
        assert (public.json()["amount_rupiah"], public.json()["reference"]) == (4_000_000, None)
        assert (known["sent_rupiah"], known["received_rupiah"]) == (4_000_000, 0)
        (told,) = await payloads(planning, "disbursement.sent")
        assert told == {
            "id": made.json()["id"],
            "kelurahan_code": known["kelurahan_code"],
            "agreement_id": known["id"],
            "board_id": known["board_id"],
            "partner_id": deal.partner,
            "amount_rupiah": 4_000_000,
            "sent_on": SENT["sent_on"],
            "received_on": None,
            "received_rupiah": None,
            "disputed_on": None,
            "state": "sent",
            "registry_position": 41,
            "version": 1,
        }

    async def test_needs_a_key_and_happens_once_under_it(self, planning: Running) -> None:
        deal = await a_deal(planning)
        agreement = await deal.agreed()
        address = f"{agreement.headers['Location']}/disbursements"
        keyed = deal.partner_side | {"Idempotency-Key": new_id()}

        without = await planning.http.post(address, json=SENT, headers=deal.partner_side)
        first = await planning.http.post(address, json=SENT, headers=keyed)
        again = await planning.http.post(address, json=SENT, headers=keyed)
        other = await planning.http.post(address, json=SENT | {"amount_rupiah": 1}, headers=keyed)

        assert (without.status_code, code_of(without)) == (400, "idempotency.key_missing")
        assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
        assert again.headers["Idempotency-Replayed"] == "true"
        assert (other.status_code, code_of(other)) == (422, "idempotency.key_reused")
        assert len((await planning.http.get(address)).json()["items"]) == 1

    async def test_never_exceeds_the_commitment(self, planning: Running) -> None:
        deal = await a_deal(planning)
        agreement = await deal.agreed()
        await deal.send(agreement)

        more = await deal.send(agreement, amount_rupiah=2_000_001)
        rest = await deal.send(agreement, amount_rupiah=2_000_000)
        nothing = await deal.send(agreement, amount_rupiah=1)

        assert (more.status_code, code_of(more), more.json()["left_rupiah"]) == (
            409,
            "agreement.commitment_exceeded",
            2_000_000,
        )
        assert (rest.status_code, nothing.status_code, nothing.json()["left_rupiah"]) == (201, 409, 0)

    async def test_is_refused_to_others_and_before_the_agreement(self, planning: Running) -> None:
        deal = await a_deal(planning)
        offer = await deal.offer(committed_rupiah=4_000_000)
        early = await deal.send(offer)
        await deal.accept(offer)
        replies = [
            await deal.send(offer, deal.board_side),
            await deal.send(offer, planning.token("partner", "board_officer")),
            await deal.send(offer, program(planning, await a_partner(planning))),
            await deal.send(offer, planning.token("partner", regions=("34.71",), org=await a_partner(planning))),
        ]

        assert (early.status_code, code_of(early)) == (409, "agreement.state")
        assert [(reply.status_code, code_of(reply)) for reply in replies] == [
            (403, "scope.missing"),
            (403, "agreement.not_a_party"),
            (403, "region.missing"),
            (403, "agreement.not_a_party"),
        ]

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"sent_on": "2024-03-09"}, "/sent_on", "date.too_early"),
            ({"sent_on": "2099-03-09"}, "/sent_on", "date.in_the_future"),
            ({"amount_rupiah": 0}, "/amount_rupiah", "value.too_small"),
            ({"amount_rupiah": 1.5}, "/amount_rupiah", "value.not_integer"),
        ],
    )
    async def test_names_the_wrong_place(
        self, planning: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        deal = await a_deal(planning)

        reply = await deal.send(await deal.agreed(), **change)

        assert reply.status_code == 422
        assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]


class TestConfirm:
    async def test_of_the_whole_makes_it_received(self, planning: Running) -> None:
        deal = await a_deal(planning)
        agreement = await deal.agreed()
        sent = await deal.send(agreement)
        await followed_to(planning, 77)

        confirmed = await deal.confirm(sent)
        known = (await planning.http.get(agreement.headers["Location"])).json()
        again = await deal.confirm(sent)

        assert (confirmed.status_code, confirmed.json()["state"]) == (200, "received")
        assert (confirmed.json()["received_on"], confirmed.json()["registry_position"]) == ("2024-04-07", 77)
        assert known["received_rupiah"] == 4_000_000
        assert (again.status_code, code_of(again)) == (409, "disbursement.state")
        (told,) = await payloads(planning, "disbursement.confirmed")
        assert (told["state"], told["received_on"], told["registry_position"]) == ("received", "2024-04-07", 77)

    async def test_of_another_amount_is_a_dispute_until_the_rest_comes(self, planning: Running) -> None:
        deal = await a_deal(planning)
        agreement = await deal.agreed()
        sent = await deal.send(agreement)

        unreasoned = await deal.confirm(sent, amount_rupiah=3_000_000)
        disputed = await deal.confirm(sent, amount_rupiah=3_000_000, reason="Dipotong bank")
        public = (await planning.http.get(sent.headers["Location"])).json()
        known = (await planning.http.get(agreement.headers["Location"])).json()
        settled = await deal.confirm(sent, received_on="2024-04-20")

        assert unreasoned.json()["errors"][0]["code"] == "disbursement.reason_missing"
        assert (disputed.json()["state"], disputed.json()["dispute_reason"]) == ("disputed", "Dipotong bank")
        assert (public["received_rupiah"], public["received_on"], public["dispute_reason"]) == (3_000_000, None, None)
        assert (known["sent_rupiah"], known["received_rupiah"]) == (4_000_000, 0)
        assert (settled.status_code, settled.json()["state"], settled.json()["disputed_on"]) == (
            200,
            "received",
            "2024-04-07",
        )
        assert [one for one in await actions(planning) if one.startswith("disbursement.")] == [
            "disbursement.sent",
            "disbursement.disputed",
            "disbursement.confirmed",
        ]
        (told,) = await payloads(planning, "disbursement.disputed")
        assert (told["received_on"], told["received_rupiah"]) == (None, 3_000_000)

    async def test_is_the_boards_alone(self, planning: Running) -> None:
        deal = await a_deal(planning)
        sent = await deal.send(await deal.agreed())

        replies = [
            await deal.confirm(sent, headers)
            for headers in (
                deal.partner_side,
                planning.token("partner", "board_officer", org=deal.partner),
                planning.token("board_officer", regions=(NEIGHBOUR,)),
            )
        ]

        assert [(reply.status_code, code_of(reply)) for reply in replies] == [
            (403, "scope.missing"),
            (403, "agreement.not_a_party"),
            (403, "region.missing"),
        ]

    async def test_is_refused_to_who_ever_acted_for_the_partner(self, planning: Running) -> None:
        deal, person = await a_deal(planning), new_id()
        of_bank = planning.token("partner", regions=(), person=person, org=deal.partner)
        of_board = planning.token("board_officer", person=person)
        agreement = await deal.agreed()
        by_program, by_person = (
            await deal.send(agreement, amount_rupiah=1_000_000),
            await deal.send(agreement, of_bank, amount_rupiah=1_000_000),
        )

        replies = [await deal.confirm(one, of_board, amount_rupiah=1_000_000) for one in (by_program, by_person)]
        fine = await deal.confirm(by_person, amount_rupiah=1_000_000)

        assert [(reply.status_code, code_of(reply)) for reply in replies] == [(403, "agreement.both_sides")] * 2
        assert fine.status_code == 200

    async def test_who_confirmed_sends_nothing(self, planning: Running) -> None:
        deal, person = await a_deal(planning), new_id()
        agreement = await deal.agreed()
        sent = await deal.send(agreement, amount_rupiah=1_000_000)
        of_board = planning.token("board_officer", person=person)
        confirmed = await deal.confirm(sent, of_board, amount_rupiah=1_000_000)

        of_bank = planning.token("partner", regions=(), person=person, org=deal.partner)
        reply = await deal.send(agreement, of_bank, amount_rupiah=1)

        assert confirmed.status_code == 200
        assert (reply.status_code, code_of(reply)) == (403, "agreement.both_sides")

    async def test_needs_key_and_version(self, planning: Running) -> None:
        deal = await a_deal(planning)
        sent = await deal.send(await deal.agreed())
        address = f"{sent.headers['Location']}/confirmation"

        keyless = await planning.http.post(address, json=RECEIVED, headers=deal.board_side | etag(sent))
        key = {"Idempotency-Key": new_id()}
        unseen = await planning.http.post(address, json=RECEIVED, headers=deal.board_side | key)

        assert (keyless.status_code, code_of(keyless)) == (400, "idempotency.key_missing")
        assert (unseen.status_code, code_of(unseen)) == (428, "version.missing")


class TestList:
    async def test_shows_everybody_the_amounts_and_both_sides_the_transfer(self, planning: Running) -> None:
        deal = await a_deal(planning)
        sent = await deal.send(await deal.agreed())
        await deal.confirm(sent)

        seen = {}
        for name, headers in {
            "nobody": {},
            "partner": deal.partner_side,
            "board": deal.board_side,
            "other partner": program(planning, await a_partner(planning)),
        }.items():
            (item,) = (await planning.http.get(f"{DISBURSEMENTS}?state=received", headers=headers)).json()["items"]
            seen[name] = (item["view"], item["reference"], item["amount_rupiah"])

        assert seen == {
            "nobody": ("public", None, 4_000_000),
            "partner": ("full", SENT["reference"], 4_000_000),
            "board": ("full", SENT["reference"], 4_000_000),
            "other partner": ("public", None, 4_000_000),
        }
        assert (await planning.http.get(f"{DISBURSEMENTS}?state=sent")).json()["items"] == []

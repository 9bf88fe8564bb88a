"""Money under many hands at once, on the real database: no rupiah is promised or sent twice."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import httpx
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from tests.house import Running, code_of, etag, new_id
from tests.planning.channeling.deals import (
    ACCEPTANCE,
    AGREEMENTS,
    GAP,
    RECEIVED,
    a_deal,
    a_funded_activity,
    a_partner,
    program,
    publish,
)
from tests.planning.story import payloads

amounts = st.integers(GAP // 4, GAP)


async def at_once(planning: Running, table: str, *acts: Coroutine[Any, Any, httpx.Response]) -> list[httpx.Response]:
    """Let acts run into each other: none can write to a table before all of them wait for something."""
    async with await psycopg.AsyncConnection.connect(planning.url) as holder:
        await holder.execute(f"LOCK TABLE {table} IN SHARE MODE")
        running = [asyncio.ensure_future(act) for act in acts]
        for _ in range(200):
            found = await holder.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if (await found.fetchone() or (0,))[0] >= len(acts):
                break
            await asyncio.sleep(0.01)
        await holder.rollback()
        return list(await asyncio.gather(*running))


async def total(planning: Running, statement: str) -> int:
    async with planning.database.reads.connect() as connection:
        return int(await connection.scalar(text(statement)) or 0)


class TestPromises:
    async def test_of_two_partners_racing_for_the_last_rupiah_one_wins(self, planning: Running) -> None:
        deal = await a_deal(planning)
        rival = await a_partner(planning)
        offers = [
            await deal.offer(committed_rupiah=6_000_000),
            await deal.offer(program(planning, rival), partner_id=rival, committed_rupiah=7_000_000),
        ]

        accepting = [deal.accept(offer, planning.token("board_officer")) for offer in offers]
        replies = await at_once(planning, "agreements", *accepting)

        won, lost = sorted(replies, key=lambda reply: reply.status_code)
        assert (won.status_code, lost.status_code, code_of(lost)) == (200, 409, "opportunity.gap_exceeded")
        assert lost.json()["left_rupiah"] == GAP - won.json()["committed_rupiah"] == await deal.left()

    @settings(max_examples=8)
    @given(asked=st.lists(amounts, min_size=2, max_size=5))
    async def test_never_exceed_the_gap(self, planning: Running, asked: list[int]) -> None:
        await planning.empty()
        deal = await a_deal(planning)
        offers = [await deal.offer(committed_rupiah=amount) for amount in asked]
        known = [etag(offer) for offer in offers]

        async def accept(offer: httpx.Response, version: dict[str, str]) -> httpx.Response:
            headers = planning.token("board_officer") | version
            return await planning.http.post(f"{offer.headers['Location']}/acceptance", json=ACCEPTANCE, headers=headers)

        replies = await asyncio.gather(*(accept(*one) for one in zip(offers, known, strict=True)))

        promised = sum(reply.json()["committed_rupiah"] for reply in replies if reply.status_code == 200)
        refused = [amount for amount, reply in zip(asked, replies, strict=True) if reply.status_code == 409]
        assert {reply.status_code for reply in replies} <= {200, 409}
        assert promised == GAP - await deal.left() <= GAP
        assert all(amount > GAP - promised for amount in refused), "nobody is refused what fits"
        of_journal = [one["committed_rupiah"] for one in await payloads(planning, "agreement.accepted")]
        assert sum(of_journal) == promised

    async def test_two_opportunities_do_not_seek_the_same_rupiah(self, planning: Running) -> None:
        activity = await a_funded_activity(planning)

        seeking = [publish(planning, activity, gap_rupiah=7_000_000) for _ in range(2)]
        replies = await at_once(planning, "opportunities", *seeking)

        assert sorted(reply.status_code for reply in replies) == [201, 409]

    async def test_one_offer_is_accepted_once(self, planning: Running) -> None:
        deal = await a_deal(planning)
        offer = await deal.offer()
        address, version = f"{offer.headers['Location']}/acceptance", etag(offer)

        async def accept() -> httpx.Response:
            headers = planning.token("board_officer") | version
            return await planning.http.post(address, json=ACCEPTANCE, headers=headers)

        replies = await asyncio.gather(*(accept() for _ in range(3)))

        assert sorted(reply.status_code for reply in replies) == [200, 412, 412]


class TestMoney:
    @settings(max_examples=8)
    @given(sent=st.lists(st.integers(1_500_000, 6_000_000), min_size=2, max_size=5))
    async def test_never_exceeds_the_commitment(self, planning: Running, sent: list[int]) -> None:
        await planning.empty()
        deal = await a_deal(planning)
        agreement = await deal.agreed(committed_rupiah=6_000_000)

        replies = await asyncio.gather(
            *(deal.send(agreement, program(planning, deal.partner), amount_rupiah=amount) for amount in sent)
        )

        moved = await total(planning, "SELECT sum(amount_rupiah) FROM disbursements")
        refused = [amount for amount, reply in zip(sent, replies, strict=True) if reply.status_code == 409]
        assert {reply.status_code for reply in replies} <= {201, 409}
        assert moved == sum(reply.json()["amount_rupiah"] for reply in replies if reply.status_code == 201) <= 6_000_000
        assert all(amount > 6_000_000 - moved for amount in refused)

    async def test_two_disbursements_do_not_send_the_same_rupiah(self, planning: Running) -> None:
        deal = await a_deal(planning)
        agreement = await deal.agreed(committed_rupiah=6_000_000)

        sending = [deal.send(agreement, program(planning, deal.partner), amount_rupiah=4_000_000) for _ in range(2)]
        replies = await at_once(planning, "disbursements", *sending)

        lost = max(replies, key=lambda reply: reply.status_code)
        assert sorted(reply.status_code for reply in replies) == [201, 409]
        assert (code_of(lost), lost.json()["left_rupiah"]) == ("agreement.commitment_exceeded", 2_000_000)

    async def test_the_same_key_at_once_moves_money_once(self, planning: Running) -> None:
        deal = await a_deal(planning)
        agreement = await deal.agreed()
        address = f"{agreement.headers['Location']}/disbursements"
        keyed = deal.partner_side | {"Idempotency-Key": new_id()}
        body = {"amount_rupiah": 1_000_000, "sent_on": "2024-04-05", "reference": "TRF"}

        replies = await asyncio.gather(*(planning.http.post(address, json=body, headers=keyed) for _ in range(4)))

        assert {reply.status_code for reply in replies} <= {201, 409}
        assert len({reply.json()["id"] for reply in replies if reply.status_code == 201}) == 1
        assert await total(planning, "SELECT count(*) FROM disbursements") == 1

    async def test_one_person_does_not_slip_through_on_both_sides_at_once(self, planning: Running) -> None:
        deal, person = await a_deal(planning), new_id()
        agreement = await deal.agreed()
        waiting = await deal.send(agreement, amount_rupiah=1_000_000)
        of_bank = planning.token("partner", regions=(), person=person, org=deal.partner)
        of_board = planning.token("board_officer", person=person)

        replies = await at_once(
            planning,
            "disbursements",
            deal.send(agreement, of_bank, amount_rupiah=2_000_000),
            deal.confirm(waiting, of_board, amount_rupiah=1_000_000),
        )

        assert sorted(reply.status_code for reply in replies)[1] == 403
        assert {code_of(reply) for reply in replies if reply.status_code == 403} == {"agreement.both_sides"}


class TestTheTablesThemselves:
    @pytest.mark.parametrize(
        "change",
        [
            "UPDATE agreements SET committed_rupiah = 0",
            "UPDATE agreements SET acted_for_board = acted_for_partner",
            "UPDATE agreements SET agreed_on = NULL",
            "UPDATE disbursements SET amount_rupiah = 9007199254740992",
            "UPDATE disbursements SET received_rupiah = amount_rupiah - 1",
            "UPDATE disbursements SET received_on = sent_on - 1",
            "UPDATE disbursements SET confirmed_by = sent_by",
            "UPDATE disbursements SET state = 'disputed', received_on = NULL, received_rupiah = 1",
            "UPDATE disbursements SET kelurahan_code = '34.71.03.1002'",
        ],
    )
    async def test_refuse_what_no_use_case_writes(self, planning: Running, change: str) -> None:
        deal = await a_deal(planning)
        confirmed = await deal.confirm(await deal.send(await deal.agreed()), **RECEIVED)
        assert confirmed.status_code == 200, confirmed.text

        with pytest.raises(Exception, match="violates"):
            async with planning.database.writes.begin() as connection:
                await connection.execute(text(change))

        assert (await planning.http.get(AGREEMENTS)).json()["items"][0]["received_rupiah"] == 4_000_000

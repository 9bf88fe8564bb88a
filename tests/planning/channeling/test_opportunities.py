from typing import Any

import pytest

from tests.house import Running, code_of, new_id
from tests.planning.channeling.deals import (
    FUNDS,
    GAP,
    OPPORTUNITIES,
    a_deal,
    a_funded_activity,
    a_partner,
    program,
    publish,
)
from tests.planning.story import KELURAHAN, NEIGHBOUR, a_plan, an_activity, payloads


class TestPublish:
    async def test_tells_partners_what_is_lacking_and_nobodys_name(self, planning: Running) -> None:
        activity = await a_funded_activity(planning)

        made = await publish(planning, activity, kinds=["grant", "in_kind"])
        listed = await planning.http.get(OPPORTUNITIES)

        assert (made.status_code, made.headers["Location"]) == (201, f"{OPPORTUNITIES}/{made.json()['id']}")
        (item,) = listed.json()["items"]
        assert item == made.json()
        assert (item["left_rupiah"], item["committed_rupiah"]) == (GAP, 0)
        assert (item["activity_title"], item["volume"], item["households"]) == ("Saluran drainase", "120.500", 40)
        (told,) = await payloads(planning, "opportunity.published")
        assert told == {
            "id": item["id"],
            "kelurahan_code": KELURAHAN,
            "board_id": item["board_id"],
            "plan_id": item["plan_id"],
            "activity_id": activity,
            "dimension": "environment",
            "gap_rupiah": GAP,
            "kinds": ["grant", "in_kind"],
            "open_until": "2024-12-31",
            "state": "open",
            "closing_reason": None,
            "version": 1,
        }

    async def test_never_seeks_more_than_the_plan_counts_on(self, planning: Running) -> None:
        activity = await a_funded_activity(planning)
        await publish(planning, activity)

        more = await publish(planning, activity, gap_rupiah=2_000_001)
        rest = await publish(planning, activity, gap_rupiah=2_000_000)
        unfunded = await publish(
            planning,
            await a_funded_activity(planning, funding={"blm": FUNDS["total_cost_rupiah"]}),
            gap_rupiah=1,
        )

        assert (more.status_code, code_of(more), more.json()["left_rupiah"]) == (
            409,
            "opportunity.funding_exceeded",
            2_000_000,
        )
        assert rest.status_code == 201
        assert (unfunded.status_code, unfunded.json()["left_rupiah"]) == (409, 0)

    @pytest.mark.parametrize(
        ("change", "pointer", "code"),
        [
            ({"activity_id": new_id()}, "/activity_id", "activity.unknown"),
            ({"published_on": "2999-01-01", "open_until": "2099-01-01"}, "/published_on", "value.too_large"),
            ({"published_on": "2099-01-01", "open_until": "2099-01-02"}, "/published_on", "date.in_the_future"),
            ({"open_until": "2024-02-29"}, "/open_until", "date.too_early"),
            ({"summary": "Hubungi Pak RT 0812 3456 7890"}, "/summary", "summary.personal_data"),
            ({"gap_rupiah": 0}, "/gap_rupiah", "value.too_small"),
            ({"gap_rupiah": 2**53}, "/gap_rupiah", "value.too_large"),
            ({"gap_rupiah": "10"}, "/gap_rupiah", "value.not_integer"),
            ({"kinds": []}, "/kinds", "list.too_short"),
        ],
    )
    async def test_names_the_wrong_place(
        self, planning: Running, change: dict[str, Any], pointer: str, code: str
    ) -> None:
        reply = await publish(planning, await a_funded_activity(planning), **change)

        assert reply.status_code == 422
        assert [(one["pointer"], one["code"]) for one in reply.json()["errors"]] == [(pointer, code)]

    async def test_is_refused_to_others(self, planning: Running) -> None:
        activity = await a_funded_activity(planning)
        draft = (await an_activity(planning, await a_plan(planning), **FUNDS)).json()["id"]
        partner = await a_partner(planning)

        replies = [
            await publish(planning, activity, program(planning, partner)),
            await publish(planning, activity, planning.token("board_officer", org=partner)),
            await publish(planning, activity, planning.token("board_officer", regions=(NEIGHBOUR,))),
            await publish(planning, draft),
        ]

        assert [(reply.status_code, code_of(reply)) for reply in replies] == [
            (403, "scope.missing"),
            (403, "agreement.not_a_party"),
            (403, "region.missing"),
            (409, "opportunity.plan_not_ratified"),
        ]

    async def test_takes_the_same_id_once(self, planning: Running) -> None:
        activity, identity = await a_funded_activity(planning), new_id()

        first = await publish(planning, activity, id=identity)
        again = await publish(planning, activity, id=identity)
        other = await publish(planning, activity, id=identity, gap_rupiah=1)

        assert (first.status_code, again.status_code, again.json()) == (201, 200, first.json())
        assert (other.status_code, code_of(other)) == (409, "id.taken")


class TestClose:
    async def test_ends_the_search_and_keeps_what_was_agreed(self, planning: Running) -> None:
        deal = await a_deal(planning)
        await deal.agreed(committed_rupiah=6_000_000)
        waiting = await deal.offer(committed_rupiah=1_000_000)

        closed = await deal.act(
            deal.opportunity, "closure", {"reason": "met", "closed_on": "2024-04-01"}, deal.board_side
        )
        late = await deal.offer(committed_rupiah=1_000_000)
        accepted = await deal.accept(waiting)
        again = await deal.act(deal.opportunity, "closure", {"reason": "met"}, deal.board_side)
        # 6 of the activity's 12 million are promised; what was only sought is free again.
        activity = closed.json()["activity_id"]
        more = await publish(planning, activity, gap_rupiah=6_000_001)
        rest = await publish(planning, activity, gap_rupiah=6_000_000)

        assert (closed.status_code, closed.json()["state"], closed.json()["open"]) == (200, "closed", False)
        assert [(one.status_code, code_of(one)) for one in (late, accepted, again)] == [(409, "opportunity.state")] * 3
        assert (more.status_code, more.json()["left_rupiah"], rest.status_code) == (409, 6_000_000, 201)
        (told,) = await payloads(planning, "opportunity.closed")
        assert (told["state"], told["closing_reason"], told["version"]) == ("closed", "met", 2)

    async def test_comes_by_itself_with_the_last_rupiah(self, planning: Running) -> None:
        deal = await a_deal(planning)
        late = await deal.offer(committed_rupiah=1)
        await deal.agreed(committed_rupiah=GAP)

        known = (await planning.http.get(deal.opportunity.headers["Location"])).json()
        accepted = await deal.accept(late)
        offered = await deal.offer(committed_rupiah=1)

        assert (known["state"], known["closing_reason"], known["closed_on"]) == ("closed", "met", "2024-03-10")
        (told,) = await payloads(planning, "opportunity.closed")
        assert (told["id"], told["version"]) == (deal.opportunity_id, 2)
        for reply in (accepted, offered):
            assert (reply.status_code, code_of(reply), reply.json()["left_rupiah"]) == (
                409,
                "opportunity.gap_exceeded",
                0,
            )

    async def test_is_the_boards_alone(self, planning: Running) -> None:
        deal = await a_deal(planning)
        body = {"reason": "withdrawn"}

        partner = await deal.act(deal.opportunity, "closure", body, deal.partner_side)
        elsewhere = planning.token("board_officer", regions=("33.74",))
        neighbour = await deal.act(deal.opportunity, "closure", body, elsewhere)
        unseen = await planning.http.post(
            f"{deal.opportunity.headers['Location']}/closure", json=body, headers=deal.board_side
        )

        assert (partner.status_code, code_of(partner)) == (403, "scope.missing")
        assert (neighbour.status_code, code_of(neighbour)) == (403, "region.missing")
        assert (unseen.status_code, code_of(unseen)) == (428, "version.missing")


class TestList:
    async def test_filters_by_what_a_partner_looks_for(self, planning: Running) -> None:
        # One that takes offers for long, one whose time is over, one that is filled.
        deal = await a_deal(planning, open_until="2099-12-31", kinds=["loan"])
        late = await a_deal(planning)
        filled = await a_deal(planning, open_until="2099-12-31", kinds=["grant"])
        await filled.agreed(committed_rupiah=GAP)

        async def found(query: str) -> set[str]:
            reply = await planning.http.get(f"{OPPORTUNITIES}?{query}")
            assert reply.status_code == 200, reply.text
            return {item["id"] for item in reply.json()["items"]}

        every = {one.opportunity_id for one in (deal, late, filled)}
        assert await found("open=true") == {deal.opportunity_id}
        assert await found("open=false") == every - {deal.opportunity_id}
        assert await found("kind=loan") == {deal.opportunity_id, late.opportunity_id}
        assert await found("region=34.71&dimension=environment") == every
        assert await found("region=33.74") == await found("dimension=social") == set()

    async def test_is_one_statement_a_page(self, planning: Running) -> None:
        for _ in range(3):
            await a_deal(planning)
        found: list[str] = []
        address: str | None = f"{OPPORTUNITIES}?limit=2&sort=open_until&region=34.71"

        while address:
            with planning.counted() as sent:
                reply = await planning.http.get(address)
            assert len(sent) == 1
            assert "Journal-Position" in reply.headers
            found += [item["id"] for item in reply.json()["items"]]
            address = reply.links["next"]["url"] if "next" in reply.links else None

        assert len(found) == len(set(found)) == 3

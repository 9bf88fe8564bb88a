"""Monitoring's facts against what planning really journals of works and channeling."""

import httpx
from sqlalchemy import func, select

from services.monitoring.clients.planning import PlanningClient
from services.monitoring.database import followed_journals, journal_signed_heads
from services.monitoring.facts.models import Activity, Agreement, Disbursement, Progress
from services.monitoring.facts.service import OF_PLANNING
from shared.following import Follower
from tests.house import Running
from tests.planning.channeling.deals import a_deal

UNREAD = {"photo.added", "handover.recorded", "opportunity.published", "opportunity.closed"}
"""What monitoring counts and skips today."""


async def test_works_and_money_arrive_as_facts(planning: Running, monitoring: Running) -> None:
    deal = await a_deal(planning)
    agreement = await deal.agreed()
    sent, disputed = await deal.send(agreement), await deal.send(agreement, amount_rupiah=1_000_000)
    await deal.confirm(sent)
    await deal.confirm(disputed, amount_rupiah=900_000, reason="Dipotong biaya transfer")
    work = f"/planning/v1/activities/{deal.opportunity.json()['activity_id']}"
    report = {"percent": 100, "occurred_on": "2024-06-01"}
    await planning.http.post(f"{work}/progress", json=report, headers=planning.token("group_officer"))
    await planning.seal()

    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app=planning.app),
        base_url="http://planning",
        headers=planning.service_token("monitoring"),
    ) as http:
        follower = Follower(
            service="planning",
            client=PlanningClient(http),
            handlers=OF_PLANNING,
            cursors=followed_journals,
            signed_heads=journal_signed_heads,
        )
        assert await follower.step(monitoring.database, wait=0) > 0

    async with monitoring.database.transaction() as session:
        (promised,) = await session.scalars(select(Agreement))
        money = {one.state: one for one in await session.scalars(select(Disbursement))}
        (built,) = await session.scalars(select(Progress))
        states = set(await session.scalars(select(Activity.state)))
        received = await session.scalar(
            select(func.sum(Disbursement.amount_rupiah)).where(Disbursement.received_on.is_not(None))
        )
    assert (promised.state, promised.committed_rupiah, str(promised.partner_id)) == ("agreed", 6_000_000, deal.partner)
    assert str(promised.agreed_on) == "2024-03-10"
    assert set(money) == {"received", "disputed"}
    assert received == 4_000_000, "what is disputed has not been received"
    assert (built.percent, str(built.occurred_on), states) == (100, "2024-06-01", {"finished"})


def test_monitoring_reads_every_public_word_but_those_it_skips(planning: Running) -> None:
    public = {action for action, audience in planning.app.state.audiences.items() if audience == "public"}
    ours = ("activity.", "progress.", "photo.", "handover.", "opportunity.", "agreement.", "disbursement.")

    assert {action for action in public if action.startswith(ours)} - set(OF_PLANNING) == UNREAD

"""Use cases of channeling: publish what is lacking, offer, accept; money itself is in `money`."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.activities import service as activities
from services.planning.channeling.models import Agreement, Opportunity
from services.planning.channeling.parties import acting_side, actors, require_board
from services.planning.channeling.rules import (
    Act,
    ActivityUnknown,
    AgreementState,
    BothSides,
    ClosingReason,
    FundingExceeded,
    GapExceeded,
    OpportunityLapsed,
    OpportunityState,
    OpportunityUnknown,
    OwnOffer,
    PlanNotRatified,
    Side,
    left_of,
    require_from,
    require_impersonal,
    require_within,
    state_after,
)
from services.planning.channeling.schemas import (
    AcceptanceDraft,
    AgreementDraft,
    ClosureDraft,
    OpportunityDraft,
    WithdrawalDraft,
)
from services.planning.clients.registry import RegistryClient
from services.planning.directory import service as directory
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.items import claim, locked, require_place
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

AUDIENCES = {
    "opportunity.published": Audience.PUBLIC,
    "opportunity.closed": Audience.PUBLIC,
    "agreement.offered": Audience.REGION,
    "agreement.accepted": Audience.PUBLIC,
    "agreement.withdrawn": Audience.REGION,
    "disbursement.sent": Audience.PUBLIC,
    "disbursement.confirmed": Audience.PUBLIC,
    "disbursement.disputed": Audience.PUBLIC,
}


def opportunity_record(opportunity: Opportunity) -> dict[str, Any]:
    """Return an opportunity as its journal keeps it: no free text."""
    return {
        "id": opportunity.id,
        "kelurahan_code": opportunity.kelurahan_code,
        "board_id": opportunity.board_id,
        "plan_id": opportunity.plan_id,
        "activity_id": opportunity.activity_id,
        "dimension": opportunity.dimension,
        "gap_rupiah": opportunity.gap_rupiah,
        "kinds": opportunity.kinds,
        "open_until": opportunity.open_until,
        "state": opportunity.state,
        "closing_reason": opportunity.closing_reason,
        "version": opportunity.version,
    }


def agreement_record(agreement: Agreement) -> dict[str, Any]:
    """Return an agreement as its journal keeps it: organisations and rupiah, nobody's name."""
    return {
        "id": agreement.id,
        "kelurahan_code": agreement.kelurahan_code,
        "board_id": agreement.board_id,
        "activity_id": agreement.activity_id,
        "opportunity_id": agreement.opportunity_id,
        "partner_id": agreement.partner_id,
        "instrument": agreement.instrument,
        "committed_rupiah": agreement.committed_rupiah,
        "starts_on": agreement.starts_on,
        "ends_on": agreement.ends_on,
        "offered_by": agreement.offered_by,
        "offered_on": agreement.offered_on,
        "agreed_on": agreement.agreed_on,
        "withdrawn_by": agreement.withdrawn_by,
        "state": agreement.state,
        "registry_position": agreement.registry_position,
        "version": agreement.version,
    }


def _opportunity_change(action: str, opportunity: Opportunity, *, on: date) -> Change:
    subject, data = f"opportunities/{opportunity.id}", opportunity_record(opportunity)
    return Change(action, subject, opportunity.kelurahan_code, data, on)


def _agreement_change(action: str, agreement: Agreement, *, on: date) -> Change:
    subject, data = f"agreements/{agreement.id}", agreement_record(agreement)
    return Change(action, subject, agreement.kelurahan_code, data, on)


async def publish_opportunity(
    session: AsyncSession, draft: OpportunityDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Publish what an activity of a ratified plan still lacks; return its id and whether it is new.

    The activity's lock keeps two opportunities from offering the same rupiah of its funding (§4.1).
    """
    require_board(by)
    try:
        activity = await locked(session, activities.Activity, draft.activity_id, by=by)
    except ResourceNotFound:
        raise ActivityUnknown(pointer="/activity_id", id=draft.activity_id) from None
    claimed = await claim(session, Opportunity, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    if activity.state is activities.ActivityState.DRAFT:
        raise PlanNotRatified
    published_on = draft.published_on or today(now)
    require_not_future(published_on, now=now, pointer="/published_on")
    require_from(draft.open_until, earliest=published_on, pointer="/open_until")
    require_impersonal(draft.summary)
    left = left_of(activity.channeling_rupiah, await _sought(session, activity.id))
    require_within(draft.gap_rupiah, left=left, refusal=FundingExceeded)
    opportunity = Opportunity(
        kelurahan_code=activity.kelurahan_code,
        board_id=activity.board_id,
        plan_id=activity.plan_id,
        activity_id=activity.id,
        dimension=activity.dimension,
        gap_rupiah=draft.gap_rupiah,
        summary=draft.summary,
        kinds=sorted({kind.value for kind in draft.kinds}),
        published_on=published_on,
        open_until=draft.open_until,
        state=OpportunityState.OPEN,
        closed_on=None,
        closing_reason=None,
        **claimed.columns(now),
    )
    session.add(opportunity)
    await session.flush()
    record(session, _opportunity_change("opportunity.published", opportunity, on=published_on), by=by, now=now)
    return opportunity.id, True


async def _sought(session: AsyncSession, activity_id: UUID) -> list[int]:
    """Return the rupiah of an activity that are sought already, or were promised before the search ended."""
    open_gaps = select(Opportunity.gap_rupiah).where(
        Opportunity.activity_id == activity_id, Opportunity.state == OpportunityState.OPEN
    )
    promised = (
        select(Agreement.committed_rupiah)
        .join(Opportunity, Opportunity.id == Agreement.opportunity_id)
        .where(
            Agreement.activity_id == activity_id,
            Agreement.state == AgreementState.AGREED,
            Opportunity.state == OpportunityState.CLOSED,
        )
    )
    return [*await session.scalars(open_gaps), *await session.scalars(promised)]


async def close_opportunity(
    session: AsyncSession, opportunity: Opportunity, draft: ClosureDraft, *, by: Caller, now: datetime
) -> None:
    """End the search of a locked opportunity; what was agreed stays agreed."""
    require_board(by)
    closed_on = draft.closed_on or today(now)
    require_not_future(closed_on, now=now, pointer="/closed_on")
    require_from(closed_on, earliest=opportunity.published_on, pointer="/closed_on")
    await _close(session, opportunity, draft.reason, on=closed_on, by=by, now=now)


async def _close(
    session: AsyncSession, opportunity: Opportunity, reason: ClosingReason, *, on: date, by: Caller, now: datetime
) -> None:
    opportunity.state = state_after(opportunity.state, Act.CLOSE)
    opportunity.closed_on, opportunity.closing_reason, opportunity.changed_at = on, reason, now
    await session.flush()
    record(session, _opportunity_change("opportunity.closed", opportunity, on=on), by=by, now=now)


async def _require_left(session: AsyncSession, opportunity: Opportunity, asked: int) -> int:
    """Refuse more rupiah than are not agreed on yet; return what would be left."""
    agreed = await session.scalars(
        select(Agreement.committed_rupiah).where(
            Agreement.opportunity_id == opportunity.id, Agreement.state == AgreementState.AGREED
        )
    )
    left = left_of(opportunity.gap_rupiah, agreed)
    require_within(asked, left=left, refusal=GapExceeded)
    return left - asked


async def offer_agreement(
    session: AsyncSession, draft: AgreementDraft, *, registry: RegistryClient, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Offer an agreement for one side, which has thereby accepted it; return its id and whether it is new."""
    side = acting_side(by, partner_id=draft.partner_id)
    opportunity = await session.get(Opportunity, draft.opportunity_id)
    if opportunity is None:
        raise OpportunityUnknown(pointer="/opportunity_id", id=draft.opportunity_id)
    if side is Side.BOARD:
        await require_place(session, Agreement, opportunity.kelurahan_code, by=by)
    claimed = await claim(session, Agreement, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    offered_on = draft.offered_on or today(now)
    require_not_future(offered_on, now=now, pointer="/offered_on")
    require_from(offered_on, earliest=opportunity.published_on, pointer="/offered_on")
    require_from(draft.ends_on, earliest=draft.starts_on, pointer="/ends_on")
    await _require_left(session, opportunity, draft.committed_rupiah)
    state_after(opportunity.state, Act.OFFER)
    if offered_on > opportunity.open_until:
        raise OpportunityLapsed(day=opportunity.open_until)
    await directory.require_partner(session, draft.partner_id, registry=registry)
    agreement = Agreement(
        **draft.model_dump(exclude={"id", "offered_on"}),
        kelurahan_code=opportunity.kelurahan_code,
        board_id=opportunity.board_id,
        activity_id=opportunity.activity_id,
        offered_by=side,
        offered_on=offered_on,
        agreed_on=None,
        withdrawn_on=None,
        withdrawn_by=None,
        state=AgreementState.OFFERED,
        acted_for_board=actors(by) if side is Side.BOARD else [],
        acted_for_partner=actors(by) if side is Side.PARTNER else [],
        registry_position=await directory.registry_position(session),
        **claimed.columns(now),
    )
    session.add(agreement)
    await session.flush()
    record(session, _agreement_change("agreement.offered", agreement, on=offered_on), by=by, now=now)
    return agreement.id, True


async def accept_agreement(
    session: AsyncSession,
    agreement: Agreement,
    draft: AcceptanceDraft,
    *,
    registry: RegistryClient,
    by: Caller,
    now: datetime,
) -> None:
    """Accept a locked offer for the other side, under the board's mandate of that day (EL-8).

    The opportunity's lock keeps two at once from promising the same rupiah; the last rupiah ends the search.
    """
    side = acting_side(by, partner_id=agreement.partner_id)
    following = state_after(agreement.state, Act.ACCEPT)
    if side is agreement.offered_by:
        raise OwnOffer
    if set(actors(by)) & {*agreement.acted_for_board, *agreement.acted_for_partner}:
        raise BothSides
    agreed_on = draft.agreed_on or today(now)
    require_not_future(agreed_on, now=now, pointer="/agreed_on")
    require_from(agreed_on, earliest=agreement.offered_on, pointer="/agreed_on")
    await directory.require_mandate(session, agreement.board_id, on=agreed_on, registry=registry, pointer="/agreed_on")
    await directory.require_partner(session, agreement.partner_id, registry=registry)
    opportunity = await session.get_one(Opportunity, agreement.opportunity_id, with_for_update=True)
    left = await _require_left(session, opportunity, agreement.committed_rupiah)
    state_after(opportunity.state, Act.ACCEPT)
    agreement.state, agreement.agreed_on, agreement.changed_at = following, agreed_on, now
    if side is Side.BOARD:
        agreement.acted_for_board = actors(by)
    else:
        agreement.acted_for_partner = actors(by)
    agreement.registry_position = await directory.registry_position(session)
    await session.flush()
    record(session, _agreement_change("agreement.accepted", agreement, on=agreed_on), by=by, now=now)
    if left == 0:
        await _close(session, opportunity, ClosingReason.MET, on=agreed_on, by=by, now=now)


async def withdraw_agreement(
    session: AsyncSession, agreement: Agreement, draft: WithdrawalDraft, *, by: Caller, now: datetime
) -> None:
    """End a locked offer before it is accepted: its own side takes it back, or the other one declines."""
    side = acting_side(by, partner_id=agreement.partner_id)
    withdrawn_on = draft.withdrawn_on or today(now)
    agreement.state = state_after(agreement.state, Act.WITHDRAW)
    require_not_future(withdrawn_on, now=now, pointer="/withdrawn_on")
    require_from(withdrawn_on, earliest=agreement.offered_on, pointer="/withdrawn_on")
    agreement.withdrawn_on, agreement.withdrawn_by, agreement.changed_at = withdrawn_on, side.value, now
    await session.flush()
    record(session, _agreement_change("agreement.withdrawn", agreement, on=withdrawn_on), by=by, now=now)

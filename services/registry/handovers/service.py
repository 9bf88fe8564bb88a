"""Use cases of handovers: both serve until the receiver has acknowledged, so that nothing falls between them."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.facilitators import service as facilitators
from services.registry.facilitators.service import Assignment, Facilitator
from services.registry.handovers.models import Handover
from services.registry.handovers.rules import (
    AcknowledgedTooEarly,
    Act,
    HandoverState,
    Item,
    NothingToHandOver,
    NotTheReceiver,
    SamePerson,
    item_faults,
    kelurahan_faults,
    require_sound,
    state_after,
)
from services.registry.handovers.schemas import AcknowledgementDraft, HandoverDraft
from services.registry.unfinished import service as unfinished
from shared.clock import today
from shared.foureyes import require_other_eyes, touch
from shared.items import claim
from shared.journal import Audience, Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller

AUDIENCES = {
    "handover.recorded": Audience.REGION,
    "handover.acknowledged": Audience.REGION,
    "handover.withdrawn": Audience.REGION,
}


def handover_record(handover: Handover) -> dict[str, Any]:
    """Return a handover as the journal keeps it: ids, codes and counts."""
    return {
        "id": handover.id,
        "region_code": handover.region_code,
        "from_facilitator_id": handover.from_facilitator_id,
        "to_facilitator_id": handover.to_facilitator_id,
        "state": handover.state,
        "handed_over_on": handover.handed_over_on,
        "acknowledged_on": handover.acknowledged_on,
        "kelurahan": handover.passing,
        "in_progress": handover.in_progress,
        "unfinished": handover.unfinished,
        "version": handover.version,
    }


def _change(action: str, handover: Handover, *, occurred_on: date) -> Change:
    return Change(action, f"handovers/{handover.id}", handover.region_code, handover_record(handover), occurred_on)


async def hand_over(
    session: AsyncSession, giver_id: UUID, draft: HandoverDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Let kelurahan pass from one facilitator to another; return the handover's id and whether it is new.

    The receiver serves them from that day on, with an account that reaches what the giver's reaches; the giver does
    too, until the receiver has acknowledged.
    """
    giver, receiver = await facilitators.locked_pair(session, giver_id, draft.to_facilitator_id, by=by)
    claimed = await claim(session, Handover, draft, by=by, within=giver_id)
    if claimed.existing:
        return claimed.id, False
    if giver.person_id == receiver.person_id:
        raise SamePerson(pointer="/to_facilitator_id")
    require_not_future(draft.handed_over_on, now=now, pointer="/handed_over_on")
    given = await _given(session, giver, draft)
    passing = await _opened(session, receiver, given, on=draft.handed_over_on, by=by, now=now)
    codes = [one.kelurahan_code for one in given]
    under_way = await unfinished.in_kelurahan(session, codes, on=today(now))
    shared, lacking = await facilitators.share(session, giver, receiver, codes, by=by, now=now)
    handover = Handover(
        region_code=giver.region_code,
        from_facilitator_id=giver.id,
        to_facilitator_id=receiver.id,
        from_person_id=giver.person_id,
        to_person_id=receiver.person_id,
        state=HandoverState.PENDING,
        handed_over_on=draft.handed_over_on,
        acknowledged_on=None,
        passing=passing,
        in_progress=[one.model_dump(mode="json") for one in draft.in_progress],
        unfinished=under_way + await unfinished.of_account(session, giver.account_id),
        shared_codes=shared,
        lacking_codes=lacking,
        kept_codes=[],
        touched_by=[],
        **claimed.columns(now),
    )
    touch(handover, by=by)
    session.add(handover)
    await session.flush()
    record(session, _change("handover.recorded", handover, occurred_on=draft.handed_over_on), by=by, now=now)
    return handover.id, True


async def _given(session: AsyncSession, giver: Facilitator, draft: HandoverDraft) -> Sequence[Assignment]:
    """Return the giver's assignments that pass; all of the day's that are in no other handover unless some are named."""
    held = {one.kelurahan_code: one for one in await facilitators.serves_on(session, giver, draft.handed_over_on)}
    others = await session.scalars(
        select(Handover).where(Handover.from_facilitator_id == giver.id, Handover.state == HandoverState.PENDING)
    )
    under_way = {str(one["kelurahan_code"]) for other in others for one in other.passing}
    asked = draft.kelurahan_codes
    if asked is None:
        asked = [code for code in held if code not in under_way]
        if not asked:
            raise NothingToHandOver(day=draft.handed_over_on)
    lines = [Item(one.kelurahan_code, one.kind, one.subject, one.count) for one in draft.in_progress]
    require_sound(
        kelurahan_faults(asked, held=held, under_way=under_way, day=draft.handed_over_on)
        + item_faults(lines, handed=asked)
    )
    return [held[code] for code in asked]


async def _opened(
    session: AsyncSession, receiver: Facilitator, given: Sequence[Assignment], *, on: date, by: Caller, now: datetime
) -> list[dict[str, Any]]:
    """Let the receiver serve what passes, where that is not so already."""
    passing = []
    for one in given:
        taking, opened = await facilitators.serve_from(session, receiver, one.kelurahan_code, on, by=by, now=now)
        passing.append(
            {
                "kelurahan_code": one.kelurahan_code,
                "from_assignment_id": str(one.id),
                "to_assignment_id": str(taking.id),
                "opened": opened,
            }
        )
    return passing


async def acknowledge(
    session: AsyncSession, handover: Handover, draft: AcknowledgementDraft, *, by: Caller, now: datetime
) -> None:
    """Let the receiver take a locked handover over: the giver's assignments end, and what the account may there.

    Only the receiving person can, and not if it was the receiver who recorded it (four eyes).
    """
    following = state_after(handover.state, Act.ACKNOWLEDGE)
    if by.person_id != handover.to_person_id:
        raise NotTheReceiver
    require_other_eyes(handover, by=by)
    require_not_future(draft.acknowledged_on, now=now, pointer="/acknowledged_on")
    if draft.acknowledged_on < handover.handed_over_on:
        raise AcknowledgedTooEarly(pointer="/acknowledged_on", day=handover.handed_over_on)
    giver = await facilitators.locked_one(session, handover.from_facilitator_id)
    ending = [UUID(one["from_assignment_id"]) for one in handover.passing]
    last = min(draft.acknowledged_on, giver.ends_on or date.max)
    await facilitators.close(session, giver, ending, ends_on=last, by=by, now=now)
    codes = [str(one["kelurahan_code"]) for one in handover.passing]
    handover.kept_codes = await facilitators.release(session, giver, codes, by=by, now=now)
    handover.state, handover.acknowledged_on = following, draft.acknowledged_on
    handover.touched_by, handover.changed_at = [], now
    await session.flush()
    record(session, _change("handover.acknowledged", handover, occurred_on=draft.acknowledged_on), by=by, now=now)


async def withdraw(session: AsyncSession, handover: Handover, *, by: Caller, now: datetime) -> None:
    """Take back a locked handover that was not acknowledged: what it opened ends, and what the account gained."""
    following = state_after(handover.state, Act.WITHDRAW)
    receiver = await facilitators.locked_one(session, handover.to_facilitator_id)
    opened = [UUID(one["to_assignment_id"]) for one in handover.passing if one["opened"]]
    await facilitators.close(session, receiver, opened, ends_on=today(now), by=by, now=now)
    await facilitators.release(session, receiver, handover.shared_codes, by=by, now=now)
    handover.state, handover.touched_by, handover.changed_at = following, [], now
    await session.flush()
    record(session, _change("handover.withdrawn", handover, occurred_on=today(now)), by=by, now=now)

"""Use cases of money: the partner says what it sent, the board says what arrived."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.channeling.models import Agreement, Disbursement
from services.planning.channeling.parties import actors, require_side
from services.planning.channeling.rules import (
    Act,
    BothSides,
    CommitmentExceeded,
    DisbursementState,
    Side,
    left_of,
    require_from,
    require_within,
    state_after,
    verdict,
)
from services.planning.channeling.schemas import ConfirmationDraft, DisbursementDraft
from services.planning.directory import service as directory
from shared.items import claim
from shared.journal import Change, record
from shared.occurrence import require_not_future
from shared.permissions import Caller


def disbursement_record(disbursement: Disbursement) -> dict[str, Any]:
    """Return a disbursement as its journal keeps it: no reason, no number of a transfer."""
    return {
        "id": disbursement.id,
        "kelurahan_code": disbursement.kelurahan_code,
        "agreement_id": disbursement.agreement_id,
        "board_id": disbursement.board_id,
        "partner_id": disbursement.partner_id,
        "amount_rupiah": disbursement.amount_rupiah,
        "sent_on": disbursement.sent_on,
        "received_on": disbursement.received_on,
        "received_rupiah": disbursement.received_rupiah,
        "disputed_on": disbursement.disputed_on,
        "state": disbursement.state,
        "registry_position": disbursement.registry_position,
        "version": disbursement.version,
    }


async def _require_one_side(session: AsyncSession, agreement: Agreement, side: Side, *, by: Caller) -> None:
    """Refuse who has ever acted for the other side of a locked agreement or of its money (four eyes)."""
    theirs = agreement.acted_for_partner if side is Side.BOARD else agreement.acted_for_board
    moved = Disbursement.sent_by if side is Side.BOARD else Disbursement.confirmed_by
    who = actors(by)
    handled = select(Disbursement.id).where(Disbursement.agreement_id == agreement.id, moved.overlap(who))
    if set(who) & set(theirs) or await session.scalar(select(exists(handled))):
        raise BothSides


async def send_money(
    session: AsyncSession, agreement: Agreement, draft: DisbursementDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Record what the partner sent under a locked agreement; return its id and whether it is new.

    All that was sent counts against the commitment, disputed or not: the agreement's lock keeps two
    disbursements at once from passing it.
    """
    require_side(Side.PARTNER, by, partner_id=agreement.partner_id)
    claimed = await claim(session, Disbursement, draft, by=by, within=agreement.id)
    if claimed.existing:
        return claimed.id, False
    state_after(agreement.state, Act.DISBURSE)
    await _require_one_side(session, agreement, Side.PARTNER, by=by)
    require_not_future(draft.sent_on, now=now, pointer="/sent_on")
    require_from(draft.sent_on, earliest=agreement.agreed_on or agreement.offered_on, pointer="/sent_on")
    sent = await session.scalars(select(Disbursement.amount_rupiah).where(Disbursement.agreement_id == agreement.id))
    left = left_of(agreement.committed_rupiah, sent)
    require_within(draft.amount_rupiah, left=left, refusal=CommitmentExceeded)
    disbursement = Disbursement(
        **draft.model_dump(exclude={"id"}),
        kelurahan_code=agreement.kelurahan_code,
        agreement_id=agreement.id,
        board_id=agreement.board_id,
        partner_id=agreement.partner_id,
        received_on=None,
        received_rupiah=None,
        disputed_on=None,
        dispute_reason=None,
        state=DisbursementState.SENT,
        sent_by=actors(by),
        confirmed_by=[],
        registry_position=await directory.registry_position(session),
        **claimed.columns(now),
    )
    session.add(disbursement)
    await session.flush()
    data, subject = disbursement_record(disbursement), f"disbursements/{disbursement.id}"
    change = Change("disbursement.sent", subject, disbursement.kelurahan_code, data, disbursement.sent_on)
    record(session, change, by=by, now=now)
    return disbursement.id, True


async def confirm_money(
    session: AsyncSession, disbursement: Disbursement, draft: ConfirmationDraft, *, by: Caller, now: datetime
) -> None:
    """Take what the board says arrived of a locked disbursement: the whole, or something in dispute."""
    require_side(Side.BOARD, by, partner_id=disbursement.partner_id)
    agreement = await session.get_one(Agreement, disbursement.agreement_id, with_for_update=True)
    await _require_one_side(session, agreement, Side.BOARD, by=by)
    act = verdict(sent=disbursement.amount_rupiah, received=draft.amount_rupiah, reason=draft.reason)
    disbursement.state = state_after(disbursement.state, act)
    require_not_future(draft.received_on, now=now, pointer="/received_on")
    require_from(draft.received_on, earliest=disbursement.sent_on, pointer="/received_on")
    disbursement.received_rupiah = draft.amount_rupiah
    if act is Act.CONFIRM:
        disbursement.received_on = draft.received_on
    else:
        disbursement.disputed_on, disbursement.dispute_reason = draft.received_on, draft.reason
    disbursement.confirmed_by = sorted({*disbursement.confirmed_by, *actors(by)})
    disbursement.registry_position = await directory.registry_position(session)
    disbursement.changed_at = now
    await session.flush()
    data, subject = disbursement_record(disbursement), f"disbursements/{disbursement.id}"
    action = "disbursement.confirmed" if act is Act.CONFIRM else "disbursement.disputed"
    record(session, Change(action, subject, disbursement.kelurahan_code, data, draft.received_on), by=by, now=now)

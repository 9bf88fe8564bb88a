"""Use cases of delegations, and what they add to a token on a day."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import service as accounts
from services.registry.accounts.holders import Holder, holding
from services.registry.boards import service as boards
from services.registry.delegations import queries
from services.registry.delegations.models import Delegation
from services.registry.delegations.rules import (
    DelegationOver,
    MandateNone,
    NoSeat,
    NotDirect,
    NotInOffice,
    Seat,
    TakerSelf,
    TakerUnknown,
    WorkNotHeld,
    lent,
    require_ahead,
)
from services.registry.delegations.schemas import DelegationChange, DelegationDraft
from shared.clock import today
from shared.items import changes, claim, require_place
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.places import lies_within

AUDIENCES = {
    "delegation.made": Audience.REGION,
    "delegation.changed": Audience.REGION,
    "delegation.revoked": Audience.REGION,
}
DELEGATING = "registry:delegations:write"


@dataclass(frozen=True, slots=True)
class Lent:
    """What an account may besides, because boards delegated it, and the last day of that."""

    scopes: list[str]
    last_day: date | None


def _note(session: AsyncSession, delegation: Delegation, action: str, *, by: Caller, now: datetime) -> None:
    data = {
        "id": delegation.id,
        "board_id": delegation.board_id,
        "kelurahan_code": delegation.kelurahan_code,
        "delegator_id": delegation.delegator_id,
        "officer_id": delegation.officer_id,
        "account_id": delegation.account_id,
        "seat": delegation.seat,
        "seat_id": delegation.seat_id,
        "scopes": delegation.scopes,
        "starts_on": delegation.starts_on,
        "ends_on": delegation.ends_on,
        "revoked_at": delegation.revoked_at,
        "version": delegation.version,
    }
    record(session, Change(action, f"delegations/{delegation.id}", delegation.kelurahan_code, data), by=by, now=now)


async def delegate(session: AsyncSession, draft: DelegationDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Let another person's account do some of a board's work; return the delegation's id and whether it is new."""
    code = await boards.place_of(session, draft.board_id, by=by)
    region = await require_place(session, Delegation, code, by=by)
    claimed = await claim(session, Delegation, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    starts_on, ends_on = draft.starts_on or today(now), draft.ends_on
    require_ahead(starts_on, ends_on, today=today(now))
    scopes = sorted({str(one) for one in draft.scopes})
    # Not the token alone: it may carry what was itself only lent, and be a quarter of an hour old.
    delegator = await holding(session, by.account_id, on=today(now)) if by.account_id else None
    if delegator is None or DELEGATING not in delegator.scopes or not lies_within(region, delegator.regions):
        raise NotDirect
    if missing := sorted(set(scopes) - (set(delegator.scopes) & by.scopes)):
        raise WorkNotHeld(scopes=" ".join(missing))
    taker = await _require_taker(session, draft.account_id, region=region, by=by, now=now)
    await _require_mandate(session, draft.board_id, starts_on=starts_on, ends_on=ends_on)
    officer = await _require_officer(session, draft.board_id, delegator, place=code, starts_on=starts_on, now=now)
    seats = await _seats_of(session, taker, draft.board_id, place=code, on=starts_on)
    if not seats:
        raise NoSeat(pointer="/account_id", day=starts_on)
    delegation = Delegation(
        kelurahan_code=code,
        board_id=draft.board_id,
        delegator_id=delegator.id,
        officer_id=officer,
        account_id=draft.account_id,
        seat=seats[0].seat,
        seat_id=seats[0].id,
        scopes=scopes,
        minutes_reference=draft.minutes_reference,
        starts_on=starts_on,
        ends_on=ends_on,
        revoked_at=None,
        **claimed.columns(now),
    )
    session.add(delegation)
    await session.flush()
    _note(session, delegation, "delegation.made", by=by, now=now)
    return delegation.id, True


async def _seats_of(session: AsyncSession, holder: Holder, board_id: UUID, *, place: str, on: date) -> list[Any]:
    if holder.person_id is None:
        return []
    return await queries.seats_of(session, holder.person_id, board_id, place=place, on=on)


async def _require_officer(
    session: AsyncSession, board_id: UUID, delegator: Holder, *, place: str, starts_on: date, now: datetime
) -> UUID:
    """Return the elected seat of who lends, in office today and when it begins; or NotInOffice.

    A board speaks through those whom residents elected; who is appointed works for it.
    """
    for seat in await _seats_of(session, delegator, board_id, place=place, on=today(now)):
        if seat.seat == Seat.OFFICER and seat.ends_on >= starts_on:
            officer: UUID = seat.id
            return officer
    raise NotInOffice(day=starts_on)


async def _require_taker(session: AsyncSession, account_id: UUID, *, region: str, by: Caller, now: datetime) -> Holder:
    """Refuse an account that is unknown, suspended, or serves elsewhere too: all of them alike, to tell nothing."""
    taker = await holding(session, account_id, on=today(now))
    if taker is None or taker.regions != [region]:
        raise TakerUnknown(pointer="/account_id", region=region)
    if taker.id == by.account_id or taker.person_id == by.person_id:
        raise TakerSelf(pointer="/account_id")
    return taker


async def _require_mandate(session: AsyncSession, board_id: UUID, *, starts_on: date, ends_on: date) -> None:
    """Refuse days on which no term gives the board its mandate (EL-8)."""
    last = await boards.mandate_ends_on(session, board_id, on=starts_on)
    if last is None or ends_on > last:
        raise MandateNone(starts_on=starts_on, ends_on=ends_on)


async def change(
    session: AsyncSession, delegation: Delegation, edited: DelegationChange, *, by: Caller, now: datetime
) -> None:
    """Let a delegation that is locked end on another day, while both seats hold that it rests on."""
    _require_lasting(delegation, now=now)
    if await queries.lasts_until(session, delegation.id) < today(now):
        raise DelegationOver
    if "ends_on" in (given := changes(edited)):
        require_ahead(max(delegation.starts_on, today(now)), given["ends_on"], today=today(now))
        await _require_mandate(
            session, delegation.board_id, starts_on=max(delegation.starts_on, today(now)), ends_on=given["ends_on"]
        )
        if given["ends_on"] < delegation.ends_on and delegation.starts_on <= today(now):
            await accounts.end_tokens(session, delegation.account_id, by=by, now=now)
        delegation.ends_on = given["ends_on"]
    delegation.changed_at = now
    await session.flush()
    _note(session, delegation, "delegation.changed", by=by, now=now)


async def revoke(session: AsyncSession, delegation: Delegation, *, by: Caller, now: datetime) -> None:
    """Take a delegation that is locked back; the tokens that carry it are void within seconds.

    Also one that a seat has ended: the last token that carries it may live for a quarter of an hour.
    """
    _require_lasting(delegation, now=now)
    if delegation.starts_on <= today(now):
        await accounts.end_tokens(session, delegation.account_id, by=by, now=now)
    delegation.revoked_at = delegation.changed_at = now
    await session.flush()
    _note(session, delegation, "delegation.revoked", by=by, now=now)


def _require_lasting(delegation: Delegation, *, now: datetime) -> None:
    if delegation.revoked_at is not None or delegation.ends_on < today(now):
        raise DelegationOver


async def lent_to(session: AsyncSession, taker: Holder, *, on: date) -> Lent:
    """Return what a locked account may besides on a day.

    Only where all that the account serves is the board's own kelurahan, since a token's scopes hold in all its
    regions; only what the delegator has on the day, and only while the board has its mandate and both their seats, and
    both accounts are still those of the persons who sit there.
    """
    scopes: set[str] = set()
    last_days: list[date] = []
    for row in await queries.given_to(session, taker.id, on=on):
        delegator = await holding(session, row.delegator_id, on=on)
        mandate = await boards.mandate_ends_on(session, row.board_id, on=on)
        stands = (
            taker.regions == [row.code_now]
            and delegator is not None
            and taker.was_meant(row.recorded_at)
            and delegator.was_meant(row.recorded_at)
            and DELEGATING in delegator.scopes
            and lies_within(row.code_now, delegator.regions)
            and mandate is not None
        )
        if not stands or delegator is None or mandate is None:
            continue
        scopes.update(lent(row.scopes, held=delegator.scopes))
        last_days += [row.lasts_until, mandate, *([delegator.last_day] if delegator.last_day else [])]
    return Lent(sorted(scopes), min(last_days, default=None))

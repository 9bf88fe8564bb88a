"""What an account may, where and when: given, shortened, taken back, and shared by one account with another."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts.holders import held
from services.registry.accounts.models import Account, Authority
from services.registry.accounts.rules import (
    AccountUnknown,
    AuthorityMissing,
    AuthorityOver,
    AuthorityOverlaps,
    OwnAccount,
    require_ahead,
    require_partner_named,
    without,
)
from services.registry.accounts.schemas import AuthorityChange, AuthorityDraft
from services.registry.personal import service as personal
from services.registry.regions.service import codes_now, require_known
from shared.clock import today
from shared.identity import new_id
from shared.items import claim
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.places import lies_within

AUDIENCES = {
    "account.changed": Audience.INTERNAL,
    "authority.given": Audience.INTERNAL,
    "authority.changed": Audience.INTERNAL,
    "authority.revoked": Audience.INTERNAL,
}


def require_served(regions: Sequence[str], *, by: Caller) -> None:
    """Refuse to touch what the caller does not serve."""
    for region in regions:
        by.require_region(region)


async def require_regions(session: AsyncSession, regions: Sequence[str], *, by: Caller) -> None:
    """Refuse to give what the giver does not serve, and regions that nobody knows: they would open nothing."""
    require_served(regions, by=by)
    await require_known(session, regions)


def require_another(account: Account, *, by: Caller) -> None:
    """Refuse the change of what is one's own, under whichever of one's names."""
    if _is_own(account, by=by):
        raise OwnAccount


def _is_own(account: Account, *, by: Caller) -> bool:
    return account.id == by.account_id or (by.person_id is not None and account.person_id == by.person_id)


async def note_change(
    session: AsyncSession,
    account: Account,
    action: str,
    *,
    by: Caller,
    now: datetime,
    occurred_on: date | None = None,
    more: Mapping[str, Any] | None = None,
) -> None:
    """Save an account that is locked, and journal it with what it may today, and `more`; no names."""
    account.changed_at = now
    await session.flush()
    authority = await held(session, account.id, on=today(now))
    data = {
        "id": account.id,
        "roles": authority.roles if authority else [],
        "regions": authority.regions if authority else [],
        "suspended": account.suspended,
        "not_before": account.not_before,
        "version": account.version,
        **(more or {}),
    }
    record(session, Change(action, f"accounts/{account.id}", None, data, occurred_on), by=by, now=now)


def _authority_change(action: str, authority: Authority) -> Change:
    data = {
        "id": authority.id,
        "account_id": authority.account_id,
        "roles": authority.roles,
        "regions": authority.regions,
        "starts_on": authority.starts_on,
        "ends_on": authority.ends_on,
        "revoked_at": authority.revoked_at,
        "version": authority.version,
    }
    return Change(action, f"authorities/{authority.id}", None, data)


async def _note(session: AsyncSession, action: str, *authorities: Authority, by: Caller, now: datetime) -> None:
    for one in authorities:
        one.changed_at = now
    await session.flush()
    for one in authorities:
        record(session, _authority_change(action, one), by=by, now=now)


async def _require_free(
    session: AsyncSession, account: Account, starts_on: date, ends_on: date | None, *, besides: UUID | None = None
) -> None:
    """Refuse a second authority on any day; the account's lock keeps two that come at once apart."""
    statement = select(Authority).where(
        Authority.account_id == account.id,
        Authority.revoked_at.is_(None),
        Authority.overlapping(starts_on, ends_on),
    )
    if besides is not None:
        statement = statement.where(Authority.id != besides)
    if (other := await session.scalar(statement.limit(1))) is not None:
        raise AuthorityOverlaps(starts_on=other.starts_on, ends_on=other.ends_on or "…", members={"existing": other.id})


def _made(account: Account, *, roles: Sequence[str], regions: Sequence[str], now: datetime, **more: Any) -> Authority:
    columns = {
        "id": new_id(),
        "version": 1,
        "creation_digest": b"",
        "recorded_at": now,
        "changed_at": now,
        "account_id": account.id,
        "roles": sorted({str(role) for role in roles}),
        "regions": sorted(set(regions)),
        "revoked_at": None,
    }
    return Authority(**columns | more)


async def give(
    session: AsyncSession, account: Account, draft: AuthorityDraft, *, by: Caller, now: datetime
) -> tuple[UUID, bool]:
    """Give an account that is locked roles in regions for a time to come; return the id and whether it is new."""
    require_another(account, by=by)
    await require_regions(session, draft.regions, by=by)
    claimed = await claim(session, Authority, draft, by=by, within=account.id)
    if claimed.existing:
        return claimed.id, False
    starts_on = draft.starts_on or today(now)
    require_ahead(starts_on, draft.ends_on, today=today(now))
    await _require_free(session, account, starts_on, draft.ends_on)
    await add(
        session,
        account,
        "account.changed",
        roles=draft.roles,
        regions=draft.regions,
        starts_on=starts_on,
        ends_on=draft.ends_on,
        by=by,
        now=now,
        **claimed.columns(now),
    )
    return claimed.id, True


async def add(
    session: AsyncSession, account: Account, action: str, *, by: Caller, now: datetime, **columns: Any
) -> None:
    """Add an authority of which it is known that it may be; `action` is what becomes of the account by it."""
    require_partner_named(columns["roles"], account.org)
    authority = _made(account, now=now, **columns)
    session.add(authority)
    await note_change(session, account, action, by=by, now=now)
    await _note(session, "authority.given", authority, by=by, now=now)


async def change(
    session: AsyncSession, account: Account, authority: Authority, edited: AuthorityChange, *, by: Caller, now: datetime
) -> None:
    """Let an authority end on another day; ended earlier than before, it ends the account's sessions too."""
    require_another(account, by=by)
    require_served(await codes_now(session, authority.regions), by=by)
    _require_lasting(authority, now=now)
    if "ends_on" in edited.model_fields_set:
        require_ahead(max(authority.starts_on, today(now)), edited.ends_on, today=today(now))
        await _require_free(session, account, authority.starts_on, edited.ends_on, besides=authority.id)
        shorter = edited.ends_on is not None and (authority.ends_on is None or edited.ends_on < authority.ends_on)
        if shorter and authority.starts_on <= today(now):
            account.not_before = now
        authority.ends_on = edited.ends_on
    await _note(session, "authority.changed", authority, by=by, now=now)
    await note_change(session, account, "account.changed", by=by, now=now)


def _require_lasting(authority: Authority, *, now: datetime) -> None:
    over = authority.ends_on is not None and authority.ends_on < today(now)
    if authority.revoked_at is not None or over:
        raise AuthorityOver


async def revoke(session: AsyncSession, account: Account, authority: Authority, *, by: Caller, now: datetime) -> None:
    """Take an authority back, at once: the account's tokens are void from now on."""
    require_another(account, by=by)
    _require_lasting(authority, now=now)
    authority.revoked_at = now
    account.not_before = now
    await _note(session, "authority.revoked", authority, by=by, now=now)
    await note_change(session, account, "account.changed", by=by, now=now)


async def replace(
    session: AsyncSession,
    account: Account,
    *,
    roles: Sequence[str] | None = None,
    regions: Sequence[str] | None = None,
    by: Caller,
    now: datetime,
) -> None:
    """Let an account have other roles or regions from today on; what it had until yesterday stays on record."""
    on = today(now)
    authority = await held(session, account.id, on=on)
    if authority is None:
        raise AuthorityMissing
    if roles is not None:
        require_partner_named(roles, account.org)
    new = _made(
        account,
        roles=authority.roles if roles is None else roles,
        regions=authority.regions if regions is None else regions,
        starts_on=on,
        ends_on=authority.ends_on,
        now=now,
    )
    if authority.starts_on == on:
        authority.roles, authority.regions = new.roles, new.regions
        await _note(session, "authority.changed", authority, by=by, now=now)
        return
    authority.ends_on = on - timedelta(days=1)
    await _note(session, "authority.changed", authority, by=by, now=now)
    session.add(new)
    await _note(session, "authority.given", new, by=by, now=now)


async def _locked(session: AsyncSession, account_id: UUID) -> Account:
    account = await session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise AccountUnknown(id=account_id)
    return account


async def share_regions(
    session: AsyncSession, from_account: UUID, to_account: UUID, regions: Sequence[str], *, by: Caller, now: datetime
) -> list[str]:
    """Let one account reach regions, by their codes of today, that another reaches; return those that it gained.

    Nobody gains a role in them that the first account does not have, nor anything by one's own hand. The account has
    them with its next token, within the quarter of an hour that a token lives.
    """
    # In the order of their ids, so that two who share at once never wait for each other in a circle.
    locked = {one: await _locked(session, one) for one in sorted({from_account, to_account})}
    target = locked[to_account]
    giving = await held(session, from_account, on=today(now))
    taking = await held(session, to_account, on=today(now))
    if giving is None or taking is None or not set(taking.roles) <= set(giving.roles) or _is_own(target, by=by):
        return []
    theirs, own = await codes_now(session, giving.regions), await codes_now(session, taking.regions)
    more = [
        region
        for region in regions
        if by.serves(region) and lies_within(region, theirs) and not lies_within(region, own)
    ]
    if more:
        await replace(session, target, regions=[*taking.regions, *more], by=by, now=now)
        await note_change(session, target, "account.changed", by=by, now=now)
    return more


async def release_regions(
    session: AsyncSession, account_id: UUID, regions: Sequence[str], *, by: Caller, now: datetime
) -> None:
    """Take regions out of what an account may today and later; when it had one, its tokens are void from now on.

    A region is taken as it was given: who was given all of a city reaches its kelurahan still.
    """
    account = await _locked(session, account_id)
    if await _take_away(session, account, set(regions), by=by, now=now):
        account.not_before = now
        await note_change(session, account, "account.changed", by=by, now=now)


async def reached(session: AsyncSession, account_id: UUID, regions: Sequence[str], *, on: date) -> list[str]:
    """Return the regions, by their codes of today, that an account reaches on a day."""
    authority = await held(session, account_id, on=on)
    own = await codes_now(session, authority.regions) if authority is not None else []
    return [region for region in regions if lies_within(region, own)]


async def _take_away(session: AsyncSession, account: Account, regions: set[str], *, by: Caller, now: datetime) -> bool:
    """Take regions out of everything that an account may today and later; what has none left is taken back.

    Returns whether it had any of them.
    """
    lasting = await session.scalars(
        select(Authority).where(
            Authority.account_id == account.id,
            Authority.revoked_at.is_(None),
            or_(Authority.ends_on.is_(None), Authority.ends_on >= today(now)),
            Authority.regions.overlap(list(regions)),
        )
    )
    found = lasting.all()
    for authority in found:
        left = without(authority.regions, regions)
        if not left:
            authority.revoked_at = now
            await _note(session, "authority.revoked", authority, by=by, now=now)
        elif authority.starts_on <= today(now):
            await replace(session, account, regions=left, by=by, now=now)
        else:
            authority.regions = left
            await _note(session, "authority.changed", authority, by=by, now=now)
    return bool(found)


async def regions_of(session: AsyncSession, persons: Collection[UUID], *, on: date) -> dict[str, bool]:
    """Return the regions, by their codes of today, of persons' accounts: whether something may be done there still."""
    found = await session.execute(
        select(Authority.regions, Authority.in_force(on).label("in_force"))
        .join(Account, Account.id == Authority.account_id)
        .where(Account.person_id.in_(persons))
    )
    regions: dict[str, bool] = {}
    for row in found:
        for region in await codes_now(session, row.regions):
            regions[region] = regions.get(region, False) or row.in_force
    return regions


async def erase(session: AsyncSession, erasing: personal.Erasing) -> int:
    """Take the names off a person's accounts, and all that they may, for good; return how many accounts there are."""
    by, now = erasing.by, erasing.now
    of_person = select(Account).where(Account.person_id.in_(erasing.persons)).order_by(Account.id).with_for_update()
    accounts = (await session.scalars(of_person)).all()
    for account in accounts:
        require_another(account, by=by)
        nobody = f"erased-{account.id.hex}"
        if account.username == nobody:
            continue
        account.username = account.display_name = nobody
        account.password_hash, account.suspended, account.not_before, account.creation_digest = None, True, now, b""
        lasting = await session.scalars(
            select(Authority).where(
                Authority.account_id == account.id,
                Authority.revoked_at.is_(None),
                or_(Authority.ends_on.is_(None), Authority.ends_on >= today(now)),
            )
        )
        revoked = lasting.all()
        for authority in revoked:
            authority.revoked_at = now
        await _note(session, "authority.revoked", *revoked, by=by, now=now)
        await note_change(session, account, "account.suspended", by=by, now=now)
    return len(accounts)

"""Use cases of accounts; what travels in the journal names nobody."""

from datetime import date, datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import authorities, queries
from services.registry.accounts.authorities import (
    reached,
    release_regions,
    require_another,
    require_regions,
    require_served,
    share_regions,
)
from services.registry.accounts.holders import hashed, held
from services.registry.accounts.models import Account, Authority
from services.registry.accounts.queries import how_many_serve, outside, own_account, served_account, served_accounts
from services.registry.accounts.rules import (
    SERVICE_SCOPES,
    AuthorityEnded,
    OwnAccount,
    Role,
    UsernameTaken,
    require_ahead,
    require_secret,
    scopes_of,
)
from services.registry.accounts.schemas import AccountChange, AccountDraft
from services.registry.personal import service as personal
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.identity import new_id
from shared.items import Claim, changes, claim
from shared.journal import Audience
from shared.permissions import Caller
from shared.places import NATION
from shared.replies import VersionStale

__all__ = [
    "SERVICE_SCOPES",
    "Account",
    "AuthorityEnded",
    "Role",
    "UsernameTaken",
    "how_many_serve",
    "outside",
    "own_account",
    "reached",
    "release_regions",
    "require_another",
    "require_regions",
    "require_secret",
    "require_served",
    "scopes_of",
    "served_account",
    "served_accounts",
    "share_regions",
]

AUDIENCES = {
    **authorities.AUDIENCES,
    "account.opened": Audience.INTERNAL,
    "account.suspended": Audience.INTERNAL,
    "account.restored": Audience.INTERNAL,
}


class Opening(Protocol):
    """What is told of an account that is opened, with a password or by an invitation."""

    username: str
    display_name: str
    person_id: UUID | None
    roles: list[Role]
    regions: list[str]
    starts_on: date | None
    ends_on: date | None
    org: UUID | None


async def open_account(session: AsyncSession, draft: AccountDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Open an account whose regions the opener serves; return its id and whether it is new."""
    await require_regions(session, draft.regions, by=by)
    claimed = await claim(session, Account, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    password = draft.password.get_secret_value()
    require_secret(password, username=draft.username, pointer="/password")
    password_hash = await hashed(password)
    await _open(session, draft, password_hash, by=by, now=now, columns=claimed.columns(now))
    return claimed.id, True


async def open_invited(session: AsyncSession, draft: Opening, *, by: Caller, now: datetime) -> Account:
    """Open an account whose person will choose the password."""
    await require_regions(session, draft.regions, by=by)
    columns = Claim(new_id(), b"", existing=False).columns(now)
    return await _open(session, draft, None, by=by, now=now, columns=columns)


async def _open(
    session: AsyncSession,
    draft: Opening,
    password_hash: str | None,
    *,
    by: Caller,
    now: datetime,
    columns: dict[str, Any],
) -> Account:
    if draft.person_id is not None and draft.person_id == by.person_id:
        raise OwnAccount(pointer="/person_id")
    starts_on = draft.starts_on or today(now)
    require_ahead(starts_on, draft.ends_on, today=today(now))
    if await session.scalar(select(Account.id).where(Account.username == draft.username)):
        raise UsernameTaken(name=draft.username)
    account = Account(
        username=draft.username,
        password_hash=password_hash,
        display_name=draft.display_name,
        person_id=draft.person_id or new_id(),
        person_since=None,
        org=draft.org,
        suspended=False,
        not_before=None,
        **columns,
    )
    session.add(account)
    await session.flush()
    await authorities.add(
        session,
        account,
        "account.opened",
        roles=draft.roles,
        regions=draft.regions,
        starts_on=starts_on,
        ends_on=draft.ends_on,
        by=by,
        now=now,
    )
    return account


FACILITATING = {Role.FACILITATOR.value, Role.CITY_COORDINATOR.value}


async def facilitating_person(session: AsyncSession, account_id: UUID, *, on: date) -> UUID | None:
    """Return whose account it is, if it is a facilitator's or city coordinator's on a day; None otherwise."""
    account, authority = await session.get(Account, account_id), await held(session, account_id, on=on)
    if account is None or authority is None or not FACILITATING & set(authority.roles):
        return None
    return account.person_id


async def locked_account(
    session: AsyncSession, account_id: UUID, *, version: int | None, by: Caller, now: datetime
) -> Account:
    """Return an account that the caller may change, locked, in the version last seen where one is given."""
    account = await session.get(Account, account_id, with_for_update=True)
    # Asked after the lock was got: who waited for it must see what the other has changed.
    if account is None or not await queries.is_served(session, account_id, by, on=today(now)):
        raise ResourceNotFound
    if version is not None and account.version != version:
        current = await queries.one_account(session, account_id, by, on=today(now))
        raise VersionStale(version=account.version, members={"current": current})
    return account


async def locked_authority(session: AsyncSession, account: Account, authority_id: UUID, *, version: int) -> Authority:
    """Return an authority of an account that is locked, in the version last seen."""
    authority = await session.get(Authority, authority_id, with_for_update=True)
    if authority is None or authority.account_id != account.id:
        raise ResourceNotFound
    if authority.version != version:
        raise VersionStale(version=authority.version, members={"current": queries.authority_view(authority)})
    return authority


async def change_account(
    session: AsyncSession, account: Account, change: AccountChange, *, by: Caller, now: datetime
) -> None:
    """Edit an account; tokens issued under the old roles, or for another person, are void from now on.

    Whose it is decides what four eyes, EL-12 and delegations compare: nobody makes it their own, and the journal keeps
    both persons' ids.
    """
    require_another(account, by=by)
    edited = changes(change)
    more: dict[str, Any] = {}
    if (relinked := personal.relinked(edited)) is not None:
        person_id, reason = relinked
        if person_id == by.person_id:
            raise OwnAccount(pointer="/person_id")
        more = {"person_before": account.person_id, "person_id": person_id, "person_reason": reason.value}
        account.person_id, account.person_since, account.not_before = person_id, now, now
    if "display_name" in edited:
        account.display_name = edited["display_name"]
    if given := {name: edited[name] for name in ("roles", "regions") if name in edited}:
        await require_regions(session, edited.get("regions", []), by=by)
        await authorities.replace(session, account, **given, by=by, now=now)
        account.not_before = now
    await authorities.note_change(session, account, "account.changed", by=by, now=now, more=more)


async def suspend(session: AsyncSession, account: Account, *, by: Caller, now: datetime) -> None:
    """Suspend an account of somebody else: every service refuses its tokens within seconds.

    Nobody their own: the last operator would shut everybody out.
    """
    require_another(account, by=by)
    account.suspended, account.not_before = True, now
    await authorities.note_change(session, account, "account.suspended", by=by, now=now)


async def restore(session: AsyncSession, account: Account, *, by: Caller, now: datetime) -> None:
    """Let a suspended account sign in again; its old tokens stay void."""
    account.suspended, account.not_before = False, now
    await authorities.note_change(session, account, "account.restored", by=by, now=now)


async def set_password(
    session: AsyncSession, account: Account, password_hash: str | None, *, by: Caller, now: datetime
) -> None:
    """Give an account that is locked another password, or none until its person chooses one; all sessions end."""
    account.password_hash, account.not_before = password_hash, now
    await authorities.note_change(session, account, "account.changed", by=by, now=now)


async def end_tokens(session: AsyncSession, account_id: UUID, *, by: Caller, now: datetime) -> None:
    """Void what was issued to an account: it signs in anew, with what it may now."""
    account = await session.get_one(Account, account_id, with_for_update=True)
    account.not_before = now
    await authorities.note_change(session, account, "account.changed", by=by, now=now)


async def ensure_operator(session: AsyncSession, *, username: str, password: str, now: datetime) -> None:
    """Open the first operator's account unless there is one."""
    if await session.scalar(select(Account.id).where(Account.username == username)):
        return
    draft = AccountDraft(
        username=username,
        password=SecretStr(password),
        display_name="Operator",
        roles=[Role.OPERATOR],
        regions=[NATION],
    )
    await open_account(session, draft, by=Caller(regions=(NATION,)), now=now)

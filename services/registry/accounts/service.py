"""Use cases of accounts and clients; what travels in the journal names nobody."""

import secrets
from datetime import datetime
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import authorities, queries
from services.registry.accounts.authorities import move_regions
from services.registry.accounts.holders import hashed, matches
from services.registry.accounts.models import Account, Authority, Client
from services.registry.accounts.rules import SERVICE_SCOPES, OwnAccount, Role, UsernameTaken, require_ahead
from services.registry.accounts.schemas import AccountChange, AccountDraft, ClientDraft
from services.registry.regions import service as regions
from shared.clock import today
from shared.errors import ResourceNotFound
from shared.identity import new_id
from shared.items import changes, claim
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.places import NATION
from shared.replies import VersionStale

__all__ = ["move_regions"]

AUDIENCES = {
    **authorities.AUDIENCES,
    "account.opened": Audience.INTERNAL,
    "account.suspended": Audience.INTERNAL,
    "account.restored": Audience.INTERNAL,
    "client.opened": Audience.INTERNAL,
    "client.suspended": Audience.INTERNAL,
}


async def open_account(session: AsyncSession, draft: AccountDraft, *, by: Caller, now: datetime) -> tuple[UUID, bool]:
    """Open an account whose regions the opener serves; return its id and whether it is new."""
    authorities.require_regions(draft.regions, by=by)
    if draft.person_id is not None and draft.person_id == by.person_id:
        raise OwnAccount(pointer="/person_id")
    claimed = await claim(session, Account, draft, by=by)
    if claimed.existing:
        return claimed.id, False
    starts_on = draft.starts_on or today(now)
    require_ahead(starts_on, draft.ends_on, today=today(now))
    if await session.scalar(select(Account.id).where(Account.username == draft.username)):
        raise UsernameTaken(name=draft.username)
    account = Account(
        username=draft.username,
        password_hash=await hashed(draft.password.get_secret_value()),
        display_name=draft.display_name,
        person_id=draft.person_id or new_id(),
        org=draft.org,
        suspended=False,
        not_before=None,
        **claimed.columns(now),
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
    return account.id, True


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
    """Edit an account; tokens issued under the old roles are void from now on."""
    authorities.require_another(account, by=by)
    edited = changes(change)
    if "display_name" in edited:
        account.display_name = edited["display_name"]
    if given := {name: edited[name] for name in ("roles", "regions") if name in edited}:
        authorities.require_regions(edited.get("regions", []), by=by)
        await authorities.replace(session, account, **given, by=by, now=now)
        account.not_before = now
    await authorities.note_change(session, account, "account.changed", by=by, now=now)


async def suspend(session: AsyncSession, account: Account, *, by: Caller, now: datetime) -> None:
    """Suspend an account: every service refuses its tokens within seconds."""
    account.suspended, account.not_before = True, now
    await authorities.note_change(session, account, "account.suspended", by=by, now=now)


async def restore(session: AsyncSession, account: Account, *, by: Caller, now: datetime) -> None:
    """Let a suspended account sign in again; its old tokens stay void."""
    account.suspended, account.not_before = False, now
    await authorities.note_change(session, account, "account.restored", by=by, now=now)


async def open_client(
    session: AsyncSession, draft: ClientDraft, *, by: Caller, now: datetime
) -> tuple[Client, str, bool]:
    """Open a partner's client with the least scopes; return it with its secret, shown only now, and whether it is new.

    Made again with the same id it gets a new secret: the first one may have been lost with its reply.
    """
    authorities.require_regions(draft.regions, by=by)
    claimed = await claim(session, Client, draft, by=by)
    secret = secrets.token_urlsafe(32)
    if claimed.existing:
        client = await session.get_one(Client, claimed.id, with_for_update=True)
        client.secret_hash, client.changed_at = await hashed(secret), now
        await session.flush()
        return client, secret, False
    if await session.scalar(select(Client.id).where(Client.name == draft.name)):
        raise UsernameTaken(name=draft.name)
    client = Client(
        name=draft.name,
        secret_hash=await hashed(secret),
        roles=[Role.PARTNER.value],
        scopes=[],
        regions=sorted(draft.regions),
        org=draft.org,
        suspended=False,
        not_before=None,
        **claimed.columns(now),
    )
    session.add(client)
    await session.flush()
    record(session, _client_change("client.opened", client), by=by, now=now)
    return client, secret, True


async def locked_client(session: AsyncSession, client_id: UUID, *, version: int, by: Caller) -> Client:
    """Return a client that the caller may change, locked, in the version last seen."""
    client = await session.get(Client, client_id, with_for_update=True)
    if client is None or not all(map(by.serves, await regions.codes_now(session, client.regions))):
        raise ResourceNotFound
    if client.version != version:
        raise VersionStale(version=client.version, members={"current": queries.client_view(client)})
    return client


async def suspend_client(session: AsyncSession, client: Client, *, by: Caller, now: datetime) -> None:
    """Suspend a client: every service refuses its tokens within seconds."""
    client.suspended, client.not_before, client.changed_at = True, now, now
    await session.flush()
    record(session, _client_change("client.suspended", client), by=by, now=now)


def _client_change(action: str, client: Client) -> Change:
    data = {
        "id": client.id,
        "suspended": client.suspended,
        "not_before": client.not_before,
        "version": client.version,
    }
    return Change(action, f"clients/{client.id}", None, data)


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


async def ensure_service_client(session: AsyncSession, *, name: str, secret: str, now: datetime) -> None:
    """Open a service's own client, or give it the secret that it was started with."""
    client = await session.scalar(select(Client).where(Client.name == name).with_for_update())
    if client is not None:
        if not await matches(client.secret_hash, secret):
            client.secret_hash = await hashed(secret)
        return
    session.add(
        Client(
            id=new_id(),
            version=1,
            creation_digest=b"",
            recorded_at=now,
            changed_at=now,
            name=name,
            secret_hash=await hashed(secret),
            roles=[],
            scopes=sorted(SERVICE_SCOPES[name]),
            regions=[NATION],
            org=None,
            suspended=False,
            not_before=None,
        )
    )

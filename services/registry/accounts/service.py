"""Use cases of accounts and clients; what travels in the journal names nobody."""

import secrets
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import queries
from services.registry.accounts.holders import hashed, matches
from services.registry.accounts.models import Account, Client
from services.registry.accounts.rules import SERVICE_SCOPES, Role
from services.registry.accounts.schemas import AccountChange, AccountDraft, ClientDraft
from shared.errors import Conflict, Forbidden, ResourceNotFound, Text
from shared.identity import new_id
from shared.items import changes, claim
from shared.journal import Audience, Change, record
from shared.permissions import Caller
from shared.places import NATION
from shared.replies import VersionStale

AUDIENCES = {
    "account.opened": Audience.INTERNAL,
    "account.changed": Audience.INTERNAL,
    "account.suspended": Audience.INTERNAL,
    "account.restored": Audience.INTERNAL,
    "client.opened": Audience.INTERNAL,
    "client.suspended": Audience.INTERNAL,
}


class OwnAccount(Forbidden):
    code = "account.own"
    title = Text("Akun sendiri", "Own account")
    detail = Text(
        "Peran dan wilayah akun sendiri tidak dapat diubah sendiri.",
        "Nobody changes the roles and regions of their own account.",
    )
    fix = Text("Minta operator lain.", "Ask another operator.")


class UsernameTaken(Conflict):
    code = "username.taken"
    title = Text("Nama sudah dipakai", "Name already taken")
    detail = Text("Nama {name} sudah dipakai.", "The name {name} is taken.")
    fix = Text("Pilih nama lain.", "Choose another name.")


def _account_record(account: Account) -> dict[str, Any]:
    return {
        "id": account.id,
        "roles": account.roles,
        "regions": account.regions,
        "suspended": account.suspended,
        "not_before": account.not_before,
        "version": account.version,
    }


def _change(action: str, account: Account) -> Change:
    return Change(action, f"accounts/{account.id}", None, _account_record(account))


async def open_account(
    session: AsyncSession, draft: AccountDraft, *, by: Caller, now: datetime
) -> tuple[Account, bool]:
    """Open an account whose regions the opener serves."""
    _require_regions(draft.regions, by=by)
    claimed = await claim(session, Account, draft, by=by)
    if claimed.existing:
        return await session.get_one(Account, claimed.id), False
    if await session.scalar(select(Account.id).where(Account.username == draft.username)):
        raise UsernameTaken(name=draft.username)
    account = Account(
        username=draft.username,
        password_hash=await hashed(draft.password.get_secret_value()),
        display_name=draft.display_name,
        person_id=draft.person_id or new_id(),
        roles=sorted(role.value for role in draft.roles),
        regions=sorted(draft.regions),
        org=draft.org,
        suspended=False,
        not_before=None,
        **claimed.columns(now),
    )
    session.add(account)
    await session.flush()
    record(session, _change("account.opened", account), by=by, now=now)
    return account, True


def _require_regions(regions: list[str], *, by: Caller) -> None:
    for region in regions:
        by.require_region(region)


async def locked_account(session: AsyncSession, account_id: UUID, *, version: int, by: Caller) -> Account:
    """Return an account that the caller may change, locked, in the version last seen."""
    account = await session.get(Account, account_id, with_for_update=True)
    if account is None or not all(map(by.serves, account.regions)):
        raise ResourceNotFound
    if account.version != version:
        raise VersionStale(version=account.version, members={"current": queries.account_view(account)})
    return account


async def change_account(
    session: AsyncSession, account: Account, change: AccountChange, *, by: Caller, now: datetime
) -> None:
    """Edit an account; tokens issued under the old roles are void from now on."""
    if account.id == by.account_id:
        raise OwnAccount
    edited = changes(change)
    if "regions" in edited:
        _require_regions(edited["regions"], by=by)
    for name, value in edited.items():
        setattr(account, name, sorted(str(one) for one in value) if isinstance(value, list) else value)
    if edited.keys() & {"roles", "regions"}:
        account.not_before = now
    account.changed_at = now
    await session.flush()
    record(session, _change("account.changed", account), by=by, now=now)


async def suspend(session: AsyncSession, account: Account, *, by: Caller, now: datetime) -> None:
    """Suspend an account: every service refuses its tokens within seconds."""
    account.suspended, account.not_before, account.changed_at = True, now, now
    await session.flush()
    record(session, _change("account.suspended", account), by=by, now=now)


async def restore(session: AsyncSession, account: Account, *, by: Caller, now: datetime) -> None:
    """Let a suspended account sign in again; its old tokens stay void."""
    account.suspended, account.not_before, account.changed_at = False, now, now
    await session.flush()
    record(session, _change("account.restored", account), by=by, now=now)


async def open_client(
    session: AsyncSession, draft: ClientDraft, *, by: Caller, now: datetime
) -> tuple[Client, str, bool]:
    """Open a partner's client with the least scopes; return it with its secret, shown only now, and whether it is new.

    Made again with the same id it gets a new secret: the first one may have been lost with its reply.
    """
    _require_regions(draft.regions, by=by)
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
    if client is None or not all(map(by.serves, client.regions)):
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

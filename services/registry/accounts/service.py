"""Use cases of accounts and clients; what travels in the journal names nobody."""

import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr
from sqlalchemy import Select, exists, func, not_, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts.models import Account, Client
from services.registry.accounts.rules import SCOPES, SERVICE_SCOPES, Role, scopes_of
from services.registry.accounts.schemas import AccountChange, AccountDraft, AccountQuery, ClientDraft
from shared.database import Database
from shared.errors import Conflict, ResourceNotFound, Text
from shared.identity import new_id
from shared.items import changes, claim
from shared.journal import Audience, Change, record
from shared.permissions import AccountSuspended, Caller, RegionMissing
from shared.places import within_any
from shared.replies import VersionStale

AUDIENCES = {
    "account.opened": Audience.INTERNAL,
    "account.changed": Audience.INTERNAL,
    "account.suspended": Audience.INTERNAL,
    "account.restored": Audience.INTERNAL,
    "client.opened": Audience.INTERNAL,
    "client.suspended": Audience.INTERNAL,
}
STANDING_MEMORY = timedelta(minutes=20)
"""A little longer than an access token lives; older revocations have no living token left."""

_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex(16))


class UsernameTaken(Conflict):
    code = "username.taken"
    title = Text("Nama sudah dipakai", "Name already taken")
    detail = Text("Nama {name} sudah dipakai.", "The name {name} is taken.")
    fix = Text("Pilih nama lain.", "Choose another name.")


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever a token is issued to."""

    id: UUID
    person_id: UUID | None
    client_id: str
    roles: list[str]
    scopes: list[str]
    regions: list[str]
    org: UUID | None
    suspended: bool


Find = Callable[[AsyncSession, str], Awaitable[tuple[Holder, str] | None]]


def matches(secret_hash: str | None, secret: str) -> bool:
    """Tell whether a secret fits; takes as long when there is no such name."""
    try:
        return _HASHER.verify(secret_hash or _NOBODY, secret) and secret_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def require_standing(holder: Holder) -> None:
    """Refuse whoever is suspended; said only to those who proved who they are."""
    if holder.suspended:
        raise AccountSuspended


def _account_holder(account: Account) -> Holder:
    return Holder(
        id=account.id,
        person_id=account.person_id,
        client_id="tridaya",
        roles=account.roles,
        scopes=scopes_of(account.roles),
        regions=account.regions,
        org=account.org,
        suspended=account.suspended,
    )


async def find_account(session: AsyncSession, name: str) -> tuple[Holder, str] | None:
    """Return who signs in under a user name, with the hash of the password."""
    account = await session.scalar(select(Account).where(Account.username == name.lower()))
    return None if account is None else (_account_holder(account), account.password_hash)


async def find_client(session: AsyncSession, name: str) -> tuple[Holder, str] | None:
    """Return the program of a name, with the hash of its secret."""
    client = await session.scalar(select(Client).where(Client.name == name))
    if client is None:
        return None
    holder = Holder(
        id=client.id,
        person_id=None,
        client_id=client.name,
        roles=client.roles,
        scopes=sorted(set(client.scopes) | set(scopes_of(client.roles))),
        regions=client.regions,
        org=client.org,
        suspended=client.suspended,
    )
    return holder, client.secret_hash


async def holder_of(session: AsyncSession, account_id: UUID) -> Holder:
    """Return who an account belongs to as it is now; AccountSuspended when it is."""
    account = await session.get_one(Account, account_id)
    holder = _account_holder(account)
    require_standing(holder)
    return holder


def all_scopes() -> list[str]:
    """Return every scope there is."""
    return sorted(frozenset().union(*SCOPES.values(), *SERVICE_SCOPES.values()))


async def load_standings(database: Database, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of recently revoked accounts and clients count."""
    found: dict[UUID, float] = {}
    async with database.reads.connect() as connection:
        for model in (Account, Client):
            rows = await connection.execute(
                select(model.id, model.suspended, model.not_before).where(
                    or_(model.suspended, model.not_before > now - STANDING_MEMORY)
                )
            )
            for row in rows:
                found[row.id] = float("inf") if row.suspended else row.not_before.timestamp()
    return found


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


def accounts(query: AccountQuery, caller: Caller) -> Select[Any]:
    """Return the statement of the accounts whose every region the caller serves."""
    statement = select(*(column for column in Account.__table__.c if column.name != "password_hash"))
    if "*" not in caller.regions:
        region = func.unnest(Account.regions).column_valued("region")
        outside = select(region).where(not_(within_any(region, caller.regions)))
        statement = statement.where(not_(exists(outside)))
    if query.region is not None:
        statement = statement.where(Account.regions.contains([query.region]))
    if query.role is not None:
        statement = statement.where(Account.roles.contains([query.role.value]))
    if query.suspended is not None:
        statement = statement.where(Account.suspended == query.suspended)
    return statement


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
        password_hash=_HASHER.hash(draft.password.get_secret_value()),
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
        if not by.serves(region):
            raise RegionMissing(region=region, members={"region": region})


async def locked_account(session: AsyncSession, account_id: UUID, *, version: int, by: Caller) -> Account:
    """Return an account that the caller may change, locked, in the version last seen."""
    account = await session.get(Account, account_id, with_for_update=True)
    if account is None:
        raise ResourceNotFound
    _require_regions(account.regions, by=by)
    if account.version != version:
        raise VersionStale(version=account.version, members={"current": account_view(account)})
    return account


async def change_account(
    session: AsyncSession, account: Account, change: AccountChange, *, by: Caller, now: datetime
) -> None:
    """Edit an account; tokens issued under the old roles are void from now on."""
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


def account_view(account: Any) -> dict[str, Any]:
    """Return an account as AccountView."""
    return {
        "id": account.id,
        "username": account.username,
        "display_name": account.display_name,
        "person_id": account.person_id,
        "roles": account.roles,
        "regions": account.regions,
        "org": account.org,
        "suspended": account.suspended,
        "not_before": account.not_before,
        "version": account.version,
        "recorded_at": account.recorded_at,
        "changed_at": account.changed_at,
    }


def client_view(client: Any) -> dict[str, Any]:
    """Return a client as ClientView."""
    return {
        "id": client.id,
        "name": client.name,
        "roles": client.roles,
        "scopes": client.scopes,
        "regions": client.regions,
        "org": client.org,
        "suspended": client.suspended,
        "version": client.version,
        "recorded_at": client.recorded_at,
        "changed_at": client.changed_at,
    }


async def open_client(
    session: AsyncSession, draft: ClientDraft, *, by: Caller, now: datetime
) -> tuple[dict[str, Any], str]:
    """Open a partner's client with the least scopes; return it with its secret, shown only now."""
    _require_regions(draft.regions, by=by)
    if await session.scalar(select(Client.id).where(Client.name == draft.name)):
        raise UsernameTaken(name=draft.name)
    claimed = await claim(session, Client, draft, by=by)
    secret = secrets.token_urlsafe(32)
    client = Client(
        name=draft.name,
        secret_hash=_HASHER.hash(secret),
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
    data = {"id": client.id, "suspended": False, "not_before": None, "version": client.version}
    record(session, Change("client.opened", f"clients/{client.id}", None, data), by=by, now=now)
    return client_view(client), secret


async def ensure_operator(session: AsyncSession, *, username: str, password: str, now: datetime) -> None:
    """Open the first operator's account unless there is one."""
    if await session.scalar(select(Account.id).where(Account.username == username)):
        return
    draft = AccountDraft(
        username=username, password=SecretStr(password), display_name="Operator", roles=[Role.OPERATOR], regions=["*"]
    )
    await open_account(session, draft, by=Caller(regions=("*",)), now=now)


async def ensure_service_client(session: AsyncSession, *, name: str, secret: str, now: datetime) -> None:
    """Open a service's own client, or give it the secret that it was started with."""
    client = await session.scalar(select(Client).where(Client.name == name).with_for_update())
    if client is not None:
        if not matches(client.secret_hash, secret):
            client.secret_hash = _HASHER.hash(secret)
        return
    session.add(
        Client(
            id=new_id(),
            version=1,
            creation_digest=b"",
            recorded_at=now,
            changed_at=now,
            name=name,
            secret_hash=_HASHER.hash(secret),
            roles=[],
            scopes=sorted(SERVICE_SCOPES[name]),
            regions=["*"],
            org=None,
            suspended=False,
            not_before=None,
        )
    )

"""Who a token is issued to: found by name, proven by secret, and still in good standing."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts.models import Account, Authority, Client
from services.registry.accounts.rules import AuthorityEnded, all_scopes, scopes_of
from shared.database import Database
from shared.permissions import AccountSuspended, Caller, Standing

STANDING_MEMORY = timedelta(minutes=20)
"""A little longer than an access token lives; older revocations have no living token left."""

_HASHER = PasswordHasher()
_HASHING = asyncio.Semaphore(2)
"""Each hash takes 64 MiB and a core; more at once would only be slower."""


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))


async def hashed(secret: str) -> str:
    """Return the argon2id hash of a secret, made beside the event loop."""
    async with _HASHING:
        return await asyncio.to_thread(_HASHER.hash, secret)


async def matches(secret_hash: str | None, secret: str) -> bool:
    """Tell whether a secret fits; takes as long when there is no such name."""
    async with _HASHING:
        return await asyncio.to_thread(_matches, secret_hash, secret)


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
    not_before: datetime | None
    last_day: date | None = None
    """The last day of what the holder may; None while it holds on."""

    def caller(self) -> Caller:
        """Return who acts when something is done for the account without its token."""
        return Standing(self.id, self.person_id, self.roles, self.scopes, self.regions, self.org).caller()

    def revoked(self, issued_at: datetime) -> bool:
        """Tell whether what was issued then is void by now."""
        return self.not_before is not None and issued_at < self.not_before


Find = Callable[[AsyncSession, str], Awaitable[tuple[UUID, str | None] | None]]


def _matches(secret_hash: str | None, secret: str) -> bool:
    try:
        return _HASHER.verify(secret_hash or _nobody(), secret) and secret_hash is not None
    except (VerificationError, InvalidHashError):
        return False


def require_standing(holder: Holder) -> None:
    """Refuse whoever is suspended; said only to those who proved who they are."""
    if holder.suspended:
        raise AccountSuspended


async def find_account(session: AsyncSession, name: str) -> tuple[UUID, str | None] | None:
    """Return who signs in under a user name, with the hash of the password, if one was chosen yet."""
    statement = select(Account.id, Account.password_hash).where(Account.username == name.lower())
    found = (await session.execute(statement)).one_or_none()
    return None if found is None else (found.id, found.password_hash)


async def find_client(session: AsyncSession, name: str) -> tuple[UUID, str | None] | None:
    """Return the program of a name, with the hash of its secret."""
    found = (await session.execute(select(Client.id, Client.secret_hash).where(Client.name == name))).one_or_none()
    return None if found is None else (found.id, found.secret_hash)


async def held(session: AsyncSession, account_id: UUID, *, on: date) -> Authority | None:
    """Return what an account may on a day."""
    return await session.scalar(select(Authority).where(Authority.account_id == account_id, Authority.in_force(on)))


async def holder_of(session: AsyncSession, account_id: UUID, *, on: date) -> Holder:
    """Return who an account belongs to and what it may on a day; neither can change before the token is signed.

    AccountSuspended or AuthorityEnded, which only those hear who proved who they are.
    """
    account = await session.get_one(Account, account_id, with_for_update={"read": True})
    authority = await held(session, account_id, on=on)
    roles = authority.roles if authority else []
    holder = Holder(
        id=account.id,
        person_id=account.person_id,
        client_id="tridaya",
        roles=roles,
        scopes=scopes_of(roles),
        regions=authority.regions if authority else [],
        org=account.org,
        suspended=account.suspended,
        not_before=account.not_before,
        last_day=authority.ends_on if authority else None,
    )
    require_standing(holder)
    if authority is None:
        raise AuthorityEnded
    return holder


async def client_holder_of(session: AsyncSession, client_id: UUID) -> Holder:
    """Return who a program is as it is now; it cannot change before the token is signed."""
    client = await session.get_one(Client, client_id, with_for_update={"read": True})
    holder = Holder(
        id=client.id,
        person_id=None,
        client_id=client.name,
        roles=client.roles,
        scopes=sorted(set(client.scopes) | set(scopes_of(client.roles))),
        regions=client.regions,
        org=client.org,
        suspended=client.suspended,
        not_before=client.not_before,
    )
    require_standing(holder)
    return holder


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


def known_scopes() -> list[str]:
    """Return every scope that a token may carry."""
    return all_scopes()

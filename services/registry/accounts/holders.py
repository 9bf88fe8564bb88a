"""Who a token is issued to: found by name, proven by secret, and still in good standing."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts.models import Account, Authority
from services.registry.accounts.rules import AuthorityEnded, all_scopes, scopes_of
from services.registry.regions.service import codes_now
from shared.database import Database
from shared.permissions import STANDING_MEMORY, AccountSuspended, Caller, Standing

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


async def matching(hashes: Mapping[UUID, str], secret: str, *, tried: int) -> UUID | None:
    """Return whose hash a secret fits. One that fits none takes as long as `tried` hashes, however many there are."""
    async with _HASHING:
        return await asyncio.to_thread(_matching, hashes, secret, tried)


@dataclass(frozen=True, slots=True)
class Found:
    """Whoever has a name, if anybody, with the hashes of what proves it, each under its own id."""

    id: UUID | None
    hashes: Mapping[UUID, str]
    tried: int
    """How many hashes a wrong secret is tried against, so that its time tells nothing of what is there."""


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

    person_since: datetime | None = None
    """When it was corrected whose account it is; None where it always was."""

    def caller(self) -> Caller:
        """Return who acts when something is done for the account without its token."""
        return Standing(self.id, self.person_id, self.roles, self.scopes, self.regions, self.org).caller()

    def was_meant(self, at: datetime) -> bool:
        """Tell whether what was given to or by the account then meant the person whose it is."""
        return self.person_since is None or at >= self.person_since

    def revoked(self, issued_at: datetime) -> bool:
        """Tell whether what was issued then is void by now."""
        return self.not_before is not None and issued_at < self.not_before


Find = Callable[[AsyncSession, str], Awaitable[Found]]


def _fits(secret_hash: str, secret: str) -> bool:
    try:
        return _HASHER.verify(secret_hash, secret)
    except (VerificationError, InvalidHashError):
        return False


def _matching(hashes: Mapping[UUID, str], secret: str, tried: int) -> UUID | None:
    for whose, secret_hash in hashes.items():
        if _fits(secret_hash, secret):
            return whose
    for _ in range(tried - len(hashes)):
        _fits(_nobody(), secret)
    return None


def require_standing(holder: Holder) -> None:
    """Refuse whoever is suspended; said only to those who proved who they are."""
    if holder.suspended:
        raise AccountSuspended


async def find_account(session: AsyncSession, name: str) -> Found:
    """Return who signs in under a user name, with the hash of the password, if one was chosen yet."""
    statement = select(Account.id, Account.password_hash).where(Account.username == name.lower())
    found = (await session.execute(statement)).one_or_none()
    if found is None:
        return Found(None, {}, tried=1)
    return Found(found.id, {found.id: found.password_hash} if found.password_hash else {}, tried=1)


async def held(session: AsyncSession, account_id: UUID, *, on: date) -> Authority | None:
    """Return what an account may on a day."""
    return await session.scalar(select(Authority).where(Authority.account_id == account_id, Authority.in_force(on)))


async def _holder(session: AsyncSession, account: Account, authority: Authority | None) -> Holder:
    roles = authority.roles if authority else []
    return Holder(
        id=account.id,
        person_id=account.person_id,
        client_id="tridaya",
        roles=roles,
        scopes=scopes_of(roles),
        # An account keeps the codes it was given; a token names what they stand for today.
        regions=await codes_now(session, authority.regions) if authority else [],
        org=account.org,
        suspended=account.suspended,
        not_before=account.not_before,
        last_day=authority.ends_on if authority else None,
        person_since=account.person_since,
    )


async def holder_of(session: AsyncSession, account_id: UUID, *, on: date, alone: bool = False) -> Holder:
    """Return who an account belongs to and what it may on a day; neither can change before the token is signed.

    `alone`: nor is another token made meanwhile. AccountSuspended or AuthorityEnded, which only those hear who proved
    who they are.
    """
    account = await session.get_one(Account, account_id, with_for_update={"read": not alone})
    authority = await held(session, account_id, on=on)
    holder = await _holder(session, account, authority)
    require_standing(holder)
    if authority is None:
        raise AuthorityEnded
    return holder


async def holding(session: AsyncSession, account_id: UUID, *, on: date) -> Holder | None:
    """Return what an account may on a day; None when there is none of that id, or it is suspended or may nothing."""
    account = await session.get(Account, account_id)
    authority = await held(session, account_id, on=on)
    if account is None or account.suspended or authority is None:
        return None
    return await _holder(session, account, authority)


async def recent_standings(database: Database, table: Any, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of whoever was revoked recently count."""
    recent = or_(table.c.suspended, table.c.not_before > now - STANDING_MEMORY)
    statement = select(table.c.id, table.c.suspended, table.c.not_before).where(recent)
    async with database.reads.connect() as connection:
        rows: Any = await connection.execute(statement)
        return {row.id: float("inf") if row.suspended else row.not_before.timestamp() for row in rows}


async def load_standings(database: Database, *, now: datetime) -> Mapping[UUID, float]:
    """Return from when the tokens of recently revoked accounts count."""
    return await recent_standings(database, Account.__table__, now=now)


def known_scopes() -> list[str]:
    """Return every scope that a token may carry."""
    return all_scopes()

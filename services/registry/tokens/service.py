"""Use cases of signing in. Each runs its own transactions, since a refusal too must be remembered."""

import asyncio
import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import service as accounts
from services.registry.settings import Settings
from services.registry.tokens import keys
from services.registry.tokens.models import RefreshToken, SignInFailures
from services.registry.tokens.rules import (
    ACCESS_LIFE,
    FREE_TRIES,
    FREE_TRIES_PER_ADDRESS,
    REFRESH_LIFE,
    CredentialsWrong,
    SignInPaused,
    narrowed,
    pause_after,
)
from shared.canonical import keyed_digest
from shared.database import Database
from shared.identity import new_id
from shared.tokens import AUDIENCE


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where a sign-in comes from; known only by keyed digests."""

    subject: bytes
    address: bytes

    @property
    def limits(self) -> dict[bytes, int]:
        return {self.subject: FREE_TRIES, self.address: FREE_TRIES_PER_ADDRESS}


def attempt(settings: Settings, *, subject: str, address: str) -> Attempt:
    key = settings.hmac_key
    return Attempt(
        keyed_digest(key, b"subject", subject.lower().encode()), keyed_digest(key, b"address", address.encode())
    )


async def sign_in(
    database: Database,
    settings: Settings,
    *,
    username: str,
    password: str,
    address: str,
    wanted: list[str] | None,
    now: datetime,
) -> dict[str, Any]:
    """Sign a person in by password; CredentialsWrong, SignInPaused or AccountSuspended otherwise."""
    tried = attempt(settings, subject=f"account {username}", address=address)
    holder = await _holder(database, tried, accounts.find_account, name=username, secret=password, now=now)
    async with database.transaction() as session:
        refresh = _refresh_token(session, account_id=holder.id, family=new_id(), now=now)
        return await _granted(session, settings, holder, refresh=refresh, wanted=wanted, now=now)


async def sign_client_in(
    database: Database,
    settings: Settings,
    *,
    client_id: str,
    client_secret: str,
    address: str,
    wanted: list[str] | None,
    now: datetime,
) -> dict[str, Any]:
    """Sign a program in by its client credentials."""
    tried = attempt(settings, subject=f"client {client_id}", address=address)
    holder = await _holder(database, tried, accounts.find_client, name=client_id, secret=client_secret, now=now)
    async with database.transaction() as session:
        return await _granted(session, settings, holder, refresh=None, wanted=wanted, now=now)


async def refresh(
    database: Database, settings: Settings, *, token: str, wanted: list[str] | None, now: datetime
) -> dict[str, Any]:
    """Trade a refresh token for new ones; a token that comes twice ends its whole family."""
    digest = hashlib.sha256(token.encode()).digest()
    async with database.transaction() as session:
        known = await session.get(RefreshToken, digest, with_for_update=True)
        if known is None or known.revoked_at is not None or known.expires_at <= now:
            raise CredentialsWrong
        if known.used_at is None:
            known.used_at = now
            holder = await accounts.holder_of(session, known.account_id)
            following = _refresh_token(session, account_id=holder.id, family=known.family, now=now)
            return await _granted(session, settings, holder, refresh=following, wanted=wanted, now=now)
        await session.execute(update(RefreshToken).where(RefreshToken.family == known.family).values(revoked_at=now))
    raise CredentialsWrong


async def _holder(
    database: Database, tried: Attempt, find: accounts.Find, *, name: str, secret: str, now: datetime
) -> accounts.Holder:
    async with database.transaction() as session:
        await _require_unpaused(session, tried, now=now)
        found = await find(session, name)
    secret_hash = found[1] if found else None
    if await asyncio.to_thread(accounts.matches, secret_hash, secret) and found:
        async with database.transaction() as session:
            await session.execute(delete(SignInFailures).where(SignInFailures.digest == tried.subject))
        accounts.require_standing(found[0])
        return found[0]
    async with database.transaction() as session:
        await _note_failure(session, tried, now=now)
    raise CredentialsWrong


async def _require_unpaused(session: AsyncSession, tried: Attempt, *, now: datetime) -> None:
    until = await session.scalar(
        select(SignInFailures.paused_until)
        .where(SignInFailures.digest.in_(tried.limits), SignInFailures.paused_until > now)
        .order_by(SignInFailures.paused_until.desc())
        .limit(1)
    )
    if until is not None:
        seconds = int((until - now).total_seconds()) + 1
        raise SignInPaused(seconds=seconds, retry_after=seconds)


async def _note_failure(session: AsyncSession, tried: Attempt, *, now: datetime) -> None:
    # In the order of their digests, so that two failures never wait for each other in a circle.
    for digest, free in sorted(tried.limits.items()):
        statement = insert(SignInFailures).values(digest=digest, failures=1, last_at=now, paused_until=now)
        failures = await session.scalar(
            statement.on_conflict_do_update(
                index_elements=[SignInFailures.digest],
                set_={"failures": SignInFailures.failures + 1, "last_at": now},
            ).returning(SignInFailures.failures)
        )
        pause = pause_after(failures or 1, free=free)
        if pause:
            await session.execute(
                update(SignInFailures).where(SignInFailures.digest == digest).values(paused_until=now + pause)
            )


def _refresh_token(session: AsyncSession, *, account_id: UUID, family: UUID, now: datetime) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(
            digest=hashlib.sha256(token.encode()).digest(),
            family=family,
            account_id=account_id,
            issued_at=now,
            expires_at=now + REFRESH_LIFE,
        )
    )
    return token


async def _granted(
    session: AsyncSession,
    settings: Settings,
    holder: accounts.Holder,
    *,
    refresh: str | None,
    wanted: list[str] | None,
    now: datetime,
) -> dict[str, Any]:
    scopes = narrowed(holder.scopes, wanted)
    issued = int(now.timestamp())
    claims: dict[str, Any] = {
        "iss": settings.issuer,
        "sub": str(holder.id),
        "aud": AUDIENCE,
        "iat": issued,
        "exp": issued + int(ACCESS_LIFE.total_seconds()),
        "jti": str(new_id()),
        "client_id": holder.client_id,
        "scope": " ".join(scopes),
        "roles": holder.roles,
        "regions": holder.regions,
    }
    if holder.org is not None:
        claims["org"] = str(holder.org)
    if holder.person_id is not None:
        claims["person"] = str(holder.person_id)
    return {
        "access_token": await keys.sign(session, settings, claims, now=now),
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "refresh_token": refresh,
        "scope": claims["scope"],
    }


async def tidy_tokens(session: AsyncSession, *, now: datetime) -> None:
    """Forget refresh tokens that ended and failures that nobody repeated for a day."""
    await session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
    await session.execute(delete(SignInFailures).where(SignInFailures.last_at < now - timedelta(days=1)))

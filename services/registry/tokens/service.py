"""Use cases of signing in. Each runs its own transactions, since a refusal too must be remembered."""

import hashlib
import math
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import holders
from services.registry.regions import service as regions
from services.registry.settings import Settings
from services.registry.tokens import keys
from services.registry.tokens.models import RefreshToken, SignInFailures
from services.registry.tokens.rules import (
    ACCESS_LIFE,
    FREE_TRIES,
    FREE_TRIES_ALONE,
    REFRESH_LIFE,
    CredentialsWrong,
    SignInPaused,
    expiry,
    narrowed,
    pause_after,
)
from shared.canonical import keyed_digest
from shared.clock import end_of, today
from shared.database import Database
from shared.errors import Refusal
from shared.identity import new_id
from shared.tokens import AUDIENCE

NOT_PAUSED = datetime(1970, 1, 1, tzinfo=UTC)
"""Long past, since of two tries at once the one with the later clock may count first."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where a sign-in comes from, as keyed digests, each with the failures it may have for free."""

    limits: dict[bytes, int]
    cleared: bytes
    """What a success forgives: the name from this address."""


def person_attempt(settings: Settings, *, username: str, address: str) -> Attempt:
    """Count by name and address together, and more patiently by each alone.

    A stranger who guesses from elsewhere so pauses himself long before the name's owner.
    """
    key, name = settings.hmac_key, username.lower().encode()
    both = keyed_digest(key, b"both", name, address.encode())
    alone = (keyed_digest(key, b"name", name), keyed_digest(key, b"address", address.encode()))
    return Attempt({both: FREE_TRIES} | dict.fromkeys(alone, FREE_TRIES_ALONE), both)


def client_attempt(settings: Settings, *, client_id: str, address: str) -> Attempt:
    """Count by client and address: a program's long random secret is not guessed."""
    both = keyed_digest(settings.hmac_key, b"client", client_id.encode(), address.encode())
    return Attempt({both: FREE_TRIES_ALONE}, both)


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
    tried = person_attempt(settings, username=username, address=address)
    holder_id = await _proven(database, tried, holders.find_account, name=username, secret=password, now=now)
    async with database.transaction() as session:
        holder = await holders.holder_of(session, holder_id, on=today(now))
        granted = narrowed(holder.scopes, wanted)
        refresh = _refresh_token(session, holder=holder, family=new_id(), scopes=granted, now=now)
        return await _answer(session, settings, holder, refresh=refresh, scopes=granted, now=now)


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
    tried = client_attempt(settings, client_id=client_id, address=address)
    holder_id = await _proven(database, tried, holders.find_client, name=client_id, secret=client_secret, now=now)
    async with database.transaction() as session:
        holder = await holders.client_holder_of(session, holder_id)
        scopes = narrowed(holder.scopes, wanted)
        return await _answer(session, settings, holder, refresh=None, scopes=scopes, now=now)


async def refresh(
    database: Database, settings: Settings, *, token: str, wanted: list[str] | None, now: datetime
) -> dict[str, Any]:
    """Trade a refresh token for new ones; a token that comes twice ends its whole family."""
    digest = hashlib.sha256(token.encode()).digest()
    async with database.transaction() as session:
        known = await session.get(RefreshToken, digest)
        if known is None:
            raise CredentialsWrong
        # The family's lock, not the row's: a sibling that is just being made must not be missed.
        await session.execute(select(func.pg_advisory_xact_lock(known.family.int % 2**63)))
        await session.refresh(known)
        holder = await holders.holder_of(session, known.account_id, on=today(now))
        if known.revoked_at is not None or known.expires_at <= now or holder.revoked(known.issued_at):
            raise CredentialsWrong
        if known.used_at is None:
            known.used_at = now
            scopes = narrowed(sorted(set(known.scopes) & set(holder.scopes)), wanted)
            following = _refresh_token(session, holder=holder, family=known.family, scopes=known.scopes, now=now)
            return await _answer(session, settings, holder, refresh=following, scopes=scopes, now=now)
        await session.execute(update(RefreshToken).where(RefreshToken.family == known.family).values(revoked_at=now))
    raise CredentialsWrong


async def _proven(
    database: Database, tried: Attempt, find: holders.Find, *, name: str, secret: str, now: datetime
) -> UUID:
    """Return who proved to be who they say; every try counts before it is judged, a success forgives."""
    async with database.transaction() as session:
        await _count(session, tried, now=now)
        found = await find(session, name)
    if not await holders.matches(found[1] if found else None, secret) or found is None:
        raise CredentialsWrong
    async with database.transaction() as session:
        await _forgive(session, tried)
    return found[0]


async def _forgive(session: AsyncSession, tried: Attempt) -> None:
    """Take a success off the counts, in the order in which tries lock them."""
    fewer = func.greatest(SignInFailures.failures - 1, 0)
    for digest in sorted(tried.limits):
        of_digest = SignInFailures.digest == digest
        if digest == tried.cleared:
            await session.execute(delete(SignInFailures).where(of_digest))
        else:
            await session.execute(update(SignInFailures).where(of_digest).values(failures=fewer))


async def _count(session: AsyncSession, tried: Attempt, *, now: datetime) -> None:
    """Count a try, or SignInPaused; the rows' locks make tries at once wait for each other."""
    # In the order of their digests, so that two tries never wait for each other in a circle.
    for digest, free in sorted(tried.limits.items()):
        statement = insert(SignInFailures).values(digest=digest, failures=1, last_at=now, paused_until=NOT_PAUSED)
        row = (
            await session.execute(
                statement.on_conflict_do_update(
                    index_elements=[SignInFailures.digest],
                    set_={"failures": SignInFailures.failures + 1, "last_at": now},
                ).returning(SignInFailures.failures, SignInFailures.paused_until)
            )
        ).one()
        if row.paused_until > now:
            seconds = int((row.paused_until - now).total_seconds()) + 1
            raise SignInPaused(seconds=seconds, retry_after=seconds)
        if pause := pause_after(row.failures, free=free):
            await session.execute(
                update(SignInFailures).where(SignInFailures.digest == digest).values(paused_until=now + pause)
            )


def _refresh_token(
    session: AsyncSession, *, holder: holders.Holder, family: UUID, scopes: list[str], now: datetime
) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(
            digest=hashlib.sha256(token.encode()).digest(),
            family=family,
            account_id=holder.id,
            scopes=scopes,
            issued_at=now,
            expires_at=now + REFRESH_LIFE,
        )
    )
    return token


async def _answer(
    session: AsyncSession,
    settings: Settings,
    holder: holders.Holder,
    *,
    refresh: str | None,
    scopes: list[str],
    now: datetime,
) -> dict[str, Any]:
    # Whole seconds: a token issued in the second of a revocation must count as later than it.
    issued = max(int(now.timestamp()), math.ceil(holder.not_before.timestamp()) if holder.not_before else 0)
    ends = expiry(issued, life=ACCESS_LIFE, ends_at=end_of(holder.last_day) if holder.last_day else None)
    claims: dict[str, Any] = {
        "iss": settings.issuer,
        "sub": str(holder.id),
        "aud": AUDIENCE,
        "iat": issued,
        "exp": ends,
        "jti": str(new_id()),
        "client_id": holder.client_id,
        "scope": " ".join(scopes),
        "roles": holder.roles,
        # An account keeps the codes it was given; a token names what they stand for today.
        "regions": await regions.codes_now(session, holder.regions),
    }
    if holder.org is not None:
        claims["org"] = str(holder.org)
    if holder.person_id is not None:
        claims["person"] = str(holder.person_id)
    return {
        "access_token": await keys.sign(session, settings, claims, now=now),
        "token_type": "Bearer",
        "expires_in": max(ends - issued, 0),
        "refresh_token": refresh,
        "scope": claims["scope"],
    }


async def tidy_tokens(session: AsyncSession, *, now: datetime) -> None:
    """Forget refresh tokens that ended and failures that nobody repeated for a day."""
    await session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))
    await session.execute(delete(SignInFailures).where(SignInFailures.last_at < now - timedelta(days=1)))


async def standing_of(session: AsyncSession, account_id: UUID, *, now: datetime) -> holders.Holder | None:
    """Return what an account or program may now; None when it may not sign in, or there is none of that id."""
    with suppress(NoResultFound, Refusal):
        return await holders.holder_of(session, account_id, on=today(now))
    with suppress(NoResultFound, Refusal):
        return await holders.client_holder_of(session, account_id)
    return None

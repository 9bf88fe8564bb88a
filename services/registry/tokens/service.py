"""Use cases of signing in. Each runs its own transactions, since a refusal too must be remembered."""

import hashlib
import math
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import NoResultFound
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.accounts import holders
from services.registry.accounts.holders import Holder
from services.registry.accounts.service import AuthorityEnded, end_tokens
from services.registry.api_clients.holders import client_holder_of, find_client, use_secret
from services.registry.delegations.service import lent_to
from services.registry.settings import Settings
from services.registry.sign_ins import service as sign_ins
from services.registry.sign_ins.service import NOBODY, Attempt, Outcome
from services.registry.tokens import keys
from services.registry.tokens.models import RefreshToken
from services.registry.tokens.rules import (
    ACCESS_LIFE,
    REFRESH_LIFE,
    CredentialsWrong,
    NotAPerson,
    ScopeNotHeld,
    expiry,
    narrowed,
)
from shared.clock import end_of, today
from shared.database import Database
from shared.errors import Refusal, ResourceNotFound
from shared.identity import new_id
from shared.permissions import AccountSuspended, Caller
from shared.tokens import AUDIENCE

PERSONS_CLIENT = "tridaya"
REFUSED: dict[type[Exception], Outcome] = {
    AccountSuspended: Outcome.SUSPENDED,
    AuthorityEnded: Outcome.NO_AUTHORITY,
    ScopeNotHeld: Outcome.SCOPE_REFUSED,
}
"""What of those who proved who they are is refused all the same, and how their history calls it."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a token says besides whose it is, and when it ends at the latest."""

    scopes: list[str]
    regions: list[str]
    roles: list[str]
    ends_at: datetime | None
    life: timedelta = ACCESS_LIFE
    emergency: UUID | None = None


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
    """Sign a person in by password; CredentialsWrong, SignInPaused, AccountSuspended or AuthorityEnded otherwise."""
    tried = sign_ins.person_attempt(settings, username=username, address=address)
    note = partial(sign_ins.note, client_id=PERSONS_CLIENT, address=address, now=now)
    holder_id, _ = await _proven(
        database, tried, holders.find_account, name=username, secret=password, note=note, now=now
    )
    try:
        async with database.transaction() as session:
            holder = await holders.holder_of(session, holder_id, on=today(now))
            terms = await _terms(session, holder, wanted=wanted, asked=None, now=now)
            note(session, Outcome.SIGNED_IN, account_id=holder_id)
            # Not the scopes of today: a session that asked for everything has what the account has when it is refreshed.
            asked = None if wanted is None else terms.scopes
            refresh = _refresh_token(session, holder_id, family=new_id(), scopes=asked, started_at=now, now=now)
            return await issue(session, settings, holder, terms, now=now) | {"refresh_token": refresh}
    except tuple(REFUSED) as refusal:
        async with database.transaction() as session:
            note(session, REFUSED[type(refusal)], account_id=holder_id)
        raise


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
    tried = sign_ins.client_attempt(settings, client_id=client_id, address=address)
    find = partial(find_client, now=now)

    def note(session: AsyncSession, outcome: Outcome, *, account_id: UUID) -> None:
        # What was given for an unknown client may be anything, so that it is not kept.
        known = "" if account_id == NOBODY else client_id
        sign_ins.note(session, outcome, account_id=account_id, client_id=known, address=address, now=now)

    holder_id, secret_id = await _proven(
        database, tried, find, name=client_id, secret=client_secret, note=note, now=now
    )
    try:
        async with database.transaction() as session:
            holder = await client_holder_of(session, holder_id)
            if not await use_secret(session, secret_id, now=now):
                raise CredentialsWrong
            terms = Terms(narrowed(holder.scopes, wanted), holder.regions, holder.roles, None)
            note(session, Outcome.SIGNED_IN, account_id=holder_id)
            return await issue(session, settings, holder, terms, now=now) | {"refresh_token": None}
    except tuple(REFUSED) as refusal:
        async with database.transaction() as session:
            note(session, REFUSED[type(refusal)], account_id=holder_id)
        raise


async def refresh(
    database: Database,
    settings: Settings,
    *,
    token: str,
    wanted: list[str] | None,
    now: datetime,
    address: str = "",
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
            terms = await _terms(session, holder, wanted=wanted, asked=known.scopes, now=now)
            following = _refresh_token(
                session, holder.id, family=known.family, scopes=known.scopes, started_at=known.started_at, now=now
            )
            return await issue(session, settings, holder, terms, now=now) | {"refresh_token": following}
        await session.execute(update(RefreshToken).where(RefreshToken.family == known.family).values(revoked_at=now))
        sign_ins.note(
            session,
            Outcome.REFRESH_REUSED,
            account_id=holder.id,
            client_id=PERSONS_CLIENT,
            address=address,
            now=now,
        )
    raise CredentialsWrong


async def _terms(
    session: AsyncSession, holder: Holder, *, wanted: list[str] | None, asked: list[str] | None, now: datetime
) -> Terms:
    """Return what a person's token says: what the account may today and what boards have delegated to it.

    `asked` is what the session was opened for; it ends with the first day after which any of it does not hold.
    """
    lent = await lent_to(session, holder, on=today(now))
    held = sorted({*holder.scopes, *lent.scopes})
    if asked is not None:
        held = sorted(set(held) & set(asked))
    last_day = min((day for day in (holder.last_day, lent.last_day) if day is not None), default=None)
    return Terms(narrowed(held, wanted), holder.regions, holder.roles, None if last_day is None else end_of(last_day))


async def _proven(
    database: Database,
    tried: Attempt,
    find: holders.Find,
    *,
    name: str,
    secret: str,
    note: Callable[..., None],
    now: datetime,
) -> tuple[UUID, UUID]:
    """Return who proved to be who they say, and by which secret; every try counts before it is judged."""
    async with database.transaction() as session:
        await sign_ins.count(session, tried, now=now)
        found = await find(session, name)
    proven = await holders.matching(found.hashes, secret, tried=found.tried)
    async with database.transaction() as session:
        if proven is not None:
            await sign_ins.forgive(session, tried)
        else:
            # Kept for nobody too: an unknown name must take as long as a known one.
            note(session, Outcome.PASSWORD_WRONG, account_id=found.id or NOBODY)
    if proven is None or found.id is None:
        raise CredentialsWrong
    return found.id, proven


def _refresh_token(
    session: AsyncSession,
    account_id: UUID,
    *,
    family: UUID,
    scopes: list[str] | None,
    started_at: datetime,
    now: datetime,
) -> str:
    token = secrets.token_urlsafe(32)
    session.add(
        RefreshToken(
            digest=hashlib.sha256(token.encode()).digest(),
            family=family,
            account_id=account_id,
            scopes=scopes,
            started_at=started_at,
            issued_at=now,
            expires_at=now + REFRESH_LIFE,
        )
    )
    return token


async def issue(
    session: AsyncSession, settings: Settings, holder: Holder, terms: Terms, *, now: datetime
) -> dict[str, Any]:
    """Return a signed access token of a holder who is locked, as OAuth answers with it."""
    # Whole seconds: a token issued in the second of a revocation must count as later than it.
    issued = max(int(now.timestamp()), math.ceil(holder.not_before.timestamp()) if holder.not_before else 0)
    ends = expiry(issued, life=terms.life, ends_at=terms.ends_at)
    claims: dict[str, Any] = {
        "iss": settings.issuer,
        "sub": str(holder.id),
        "aud": AUDIENCE,
        "iat": issued,
        "exp": ends,
        "jti": str(new_id()),
        "client_id": holder.client_id,
        "scope": " ".join(terms.scopes),
        "roles": terms.roles,
        "regions": terms.regions,
    }
    if holder.org is not None:
        claims["org"] = str(holder.org)
    if holder.person_id is not None:
        claims["person"] = str(holder.person_id)
    if terms.emergency is not None:
        claims["emergency"] = str(terms.emergency)
    return {
        "access_token": await keys.sign(session, settings, claims, now=now),
        "token_type": "Bearer",
        "expires_in": max(ends - issued, 0),
        "scope": claims["scope"],
    }


async def end_session(session: AsyncSession, family: UUID, *, by: Caller, now: datetime) -> int:
    """End one of one's own sessions: it is not refreshed any more. Return how many that were, or ResourceNotFound."""
    account_id = _person(by)
    known = select(RefreshToken.family).where(RefreshToken.family == family, RefreshToken.account_id == account_id)
    if await session.scalar(known.limit(1)) is None:
        raise ResourceNotFound
    # As a refresh does, so that none is being made meanwhile.
    await session.execute(select(func.pg_advisory_xact_lock(family.int % 2**63)))
    return await _revoke(session, RefreshToken.family == family, now=now)


async def end_sessions(session: AsyncSession, *, by: Caller, now: datetime) -> int:
    """End all of one's own sessions: every service refuses their tokens within seconds, this one too."""
    account_id = _person(by)
    await end_tokens(session, account_id, by=by, now=now)
    return await _revoke(session, RefreshToken.account_id == account_id, now=now)


async def _revoke(session: AsyncSession, condition: Any, *, now: datetime) -> int:
    usable = (RefreshToken.used_at.is_(None), RefreshToken.revoked_at.is_(None), RefreshToken.expires_at > now)
    ended = await session.execute(update(RefreshToken).where(condition, *usable).values(revoked_at=now))
    return int(getattr(ended, "rowcount", 0))


def _person(by: Caller) -> UUID:
    if by.account_id is None or by.person_id is None:
        raise NotAPerson
    return by.account_id


async def tidy_tokens(session: AsyncSession, *, now: datetime) -> None:
    """Forget refresh tokens that ended."""
    await session.execute(delete(RefreshToken).where(RefreshToken.expires_at < now))


async def standing_of(session: AsyncSession, account_id: UUID, *, now: datetime) -> holders.Holder | None:
    """Return what an account or program may now, with what boards have delegated to it.

    None when it may not sign in, or there is none of that id.
    """
    with suppress(NoResultFound, Refusal):
        holder = await holders.holder_of(session, account_id, on=today(now))
        lent = await lent_to(session, holder, on=today(now))
        return replace(holder, scopes=sorted({*holder.scopes, *lent.scopes}))
    with suppress(NoResultFound, Refusal):
        return await client_holder_of(session, account_id)
    return None

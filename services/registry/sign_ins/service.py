"""Use cases of tries: count them before they are judged, forgive a success, keep what became of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, func, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from services.registry.settings import Settings
from services.registry.sign_ins.models import SignIn, SignInFailures
from services.registry.sign_ins.rules import (
    FREE_TRIES,
    FREE_TRIES_ALONE,
    HISTORY_LIFE,
    NOBODY,
    Outcome,
    SignInPaused,
    pause_after,
)
from shared.canonical import keyed_digest
from shared.identity import new_id

__all__ = ["NOBODY", "Outcome"]

NOT_PAUSED = datetime(1970, 1, 1, tzinfo=UTC)
"""Long past, since of two tries at once the one with the later clock may count first."""

ORIGIN_BYTES = 6


@dataclass(frozen=True, slots=True)
class Attempt:
    """Where a try comes from, as keyed digests, each with the failures it may have for free."""

    limits: dict[bytes, int]
    cleared: bytes
    """What a success forgives entirely: the name from this address."""


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


def proof_attempt(settings: Settings, *, account_id: UUID | None, address: str) -> Attempt:
    """Count what somebody proves besides signing in: by account where one is known, by address otherwise."""
    if account_id is not None:
        own = keyed_digest(settings.hmac_key, b"own", account_id.bytes)
        return Attempt({own: FREE_TRIES}, own)
    return Attempt({keyed_digest(settings.hmac_key, b"code", address.encode()): FREE_TRIES_ALONE}, b"")


async def count(session: AsyncSession, tried: Attempt, *, now: datetime) -> None:
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


async def forgive(session: AsyncSession, tried: Attempt) -> None:
    """Take a success off the counts, in the order in which tries lock them."""
    fewer = func.greatest(SignInFailures.failures - 1, 0)
    for digest in sorted(tried.limits):
        of_digest = SignInFailures.digest == digest
        if digest == tried.cleared:
            await session.execute(delete(SignInFailures).where(of_digest))
        else:
            await session.execute(update(SignInFailures).where(of_digest).values(failures=fewer))


def note(
    session: AsyncSession, outcome: Outcome, *, account_id: UUID, client_id: str, address: str, now: datetime
) -> None:
    """Keep what became of a sign-in, with no more of its address than that it was the same one."""
    secret: bytes = session.info["hmac_key"]
    origin = keyed_digest(secret, b"origin", account_id.bytes, address.encode())[:ORIGIN_BYTES].hex()
    session.add(SignIn(id=new_id(), account_id=account_id, at=now, outcome=outcome, client_id=client_id, origin=origin))


async def tidy_sign_ins(session: AsyncSession, *, now: datetime) -> None:
    """Forget failures that nobody repeated for a day, and history that is older than a quarter."""
    await session.execute(delete(SignInFailures).where(SignInFailures.last_at < now - timedelta(days=1)))
    await session.execute(delete(SignIn).where(SignIn.at < now - HISTORY_LIFE))

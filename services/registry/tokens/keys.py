"""Signing keys: made, published before they sign, kept until their last token has ended."""

from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from jose import jwk, jwt
from jose.backends.cryptography_backend import CryptographyRSAKey
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from services.registry.settings import Settings
from services.registry.tokens.models import SigningKey
from services.registry.tokens.rules import ACCESS_LIFE
from shared.identity import new_id
from shared.tokens import ALGORITHM

KEY_BITS = 2048
PUBLISHING = 7_301_978
"""Advisory lock of whoever looks whether a new key is due."""

_SIGNERS: dict[str, CryptographyRSAKey] = {}


async def publish_key(session: AsyncSession, settings: Settings, *, now: datetime) -> str | None:
    """Publish a new key unless the newest is young; the first signs at once, later ones after notice."""
    # Not the newest row's lock: who waited for that would still take it for the newest afterwards.
    await session.execute(select(func.pg_advisory_xact_lock(PUBLISHING)))
    newest = await session.scalar(select(SigningKey).order_by(SigningKey.signs_from.desc()).limit(1))
    if newest is not None and newest.signs_from > now - timedelta(days=settings.signing_key_days):
        return None
    return await rotate_key(session, settings, now=now, first=newest is None)


async def rotate_key(session: AsyncSession, settings: Settings, *, now: datetime, first: bool = False) -> str:
    """Publish a new key; it signs once every gateway has had time to hear of it."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    kid = str(new_id())
    public: dict[str, Any] = jwk.construct(pem.decode(), ALGORITHM).public_key().to_dict()
    plain = {k: v.decode() if isinstance(v, bytes) else v for k, v in public.items()}
    signs_from = now if first else now + timedelta(seconds=settings.key_notice_seconds)
    # An older key still signs until then, and its last token lives for a while after.
    retires_at = signs_from + ACCESS_LIFE + timedelta(minutes=5)
    await session.execute(update(SigningKey).where(SigningKey.retires_at.is_(None)).values(retires_at=retires_at))
    session.add(
        SigningKey(
            kid=kid,
            private_pem=_vault(settings).encrypt(pem),
            public_jwk=plain | {"kid": kid, "use": "sig"},
            published_at=now,
            signs_from=signs_from,
            retires_at=None,
        )
    )
    await session.flush()
    return kid


async def drop_retired_keys(session: AsyncSession, *, now: datetime) -> None:
    """Forget keys whose last token has ended."""
    await session.execute(delete(SigningKey).where(SigningKey.retires_at < now))


async def published_keys(connection: AsyncConnection | AsyncSession, *, now: datetime) -> dict[str, Any]:
    """Return the JWKS: every key that may still have signed a living token, and those about to sign."""
    statement = (
        select(SigningKey.public_jwk)
        .where(or_(SigningKey.retires_at.is_(None), SigningKey.retires_at > now))
        .order_by(SigningKey.signs_from)
    )
    return {"keys": list((await connection.scalars(statement)).all())}


async def sign(session: AsyncSession, settings: Settings, claims: dict[str, Any], *, now: datetime) -> str:
    """Return an access token (RFC 9068) signed by the key in force."""
    key = (
        await session.scalars(
            select(SigningKey).where(SigningKey.signs_from <= now).order_by(SigningKey.signs_from.desc()).limit(1)
        )
    ).one()
    if key.kid not in _SIGNERS:
        # From PEM a signature costs a hundred times more than from a prebuilt key.
        _SIGNERS[key.kid] = CryptographyRSAKey(_vault(settings).decrypt(key.private_pem).decode(), ALGORITHM)
    token: str = jwt.encode(claims, _SIGNERS[key.kid], algorithm=ALGORITHM, headers={"kid": key.kid, "typ": "at+jwt"})
    return token


def _vault(settings: Settings) -> Fernet:
    return Fernet(settings.key_encryption_secret.get_secret_value())

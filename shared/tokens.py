"""Access tokens: verified once, remembered until they expire. The only file that decodes a JWT."""

import asyncio
import hashlib
import json
import os
import tempfile
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
from jose import jwt
from jose.backends.cryptography_backend import CryptographyRSAKey
from jose.exceptions import JOSEError

from shared.errors import Text, Unauthenticated
from shared.log import log

ALGORITHM = "RS256"
AUDIENCE = "tridaya"
TYPE = "at+jwt"
REMEMBERED_TOKENS = 10_000
KEY_REFRESH_SECONDS = 30.0
UNKNOWN_KEY_PAUSE_SECONDS = 2.0
OPTIONS = {
    "require_exp": True,
    "require_aud": True,
    "require_iss": True,
    "require_sub": True,
    "require_iat": True,
    "require_jti": True,
    "leeway": 5,
}


class TokenInvalid(Unauthenticated):
    code = "token.invalid"
    title = Text("Token tidak sah", "Invalid token")
    detail = Text(
        "Token tidak ditandatangani oleh penerbit yang dikenal, sudah kedaluwarsa, atau bukan untuk layanan ini.",
        "The token is not signed by a known issuer, has expired, or is meant for somebody else.",
    )
    fix = Text("Minta token baru di /registry/v1/tokens.", "Ask for a new token at /registry/v1/tokens.")


Fetch = Callable[[], Awaitable[Mapping[str, Any]]]


def http_keys(url: str) -> Fetch:
    """Return a function that fetches a JWKS over HTTP."""

    async def fetch() -> Mapping[str, Any]:
        async with httpx.AsyncClient(timeout=2.0) as http:
            reply = await http.get(url)
            reply.raise_for_status()
            document: Mapping[str, Any] = reply.json()
            return document

    return fetch


class Keys:
    """The issuer's public keys, fetched now and then and kept on disk for when it is away."""

    def __init__(self, *, fetch: Fetch, cache_file: Path) -> None:
        self._fetch = fetch
        self._file = cache_file
        self._keys: dict[str, CryptographyRSAKey] = {}
        self._fetched = 0.0
        self._lock = asyncio.Lock()
        if cache_file.exists():
            try:
                self._take(json.loads(cache_file.read_bytes()))
            except (OSError, ValueError, TypeError, KeyError, AttributeError, JOSEError) as error:
                # A half-written file is no reason not to start: the issuer is asked again at once.
                log.warning("keys.unreadable", error=type(error).__name__)

    def _take(self, document: Mapping[str, Any]) -> None:
        self._keys = {
            key["kid"]: CryptographyRSAKey(key, ALGORITHM)
            for key in document["keys"]
            if key.get("kty") == "RSA" and key.get("alg", ALGORITHM) == ALGORITHM
        }

    def known(self, kid: str) -> CryptographyRSAKey | None:
        return self._keys.get(kid)

    async def refresh(self, *, at_most_every: float) -> None:
        """Fetch the keys again unless that was done a moment ago; on failure keep the last ones."""
        async with self._lock:
            if time.monotonic() - self._fetched < at_most_every and self._fetched:
                return
            self._fetched = time.monotonic()
            try:
                document = await self._fetch()
                self._take(document)
            except Exception as error:
                log.warning("keys.unreachable", error=repr(error))
                return
            await asyncio.to_thread(self._keep, document)

    def _keep(self, document: Mapping[str, Any]) -> None:
        content = json.dumps(document, sort_keys=True).encode()
        if self._file.exists() and self._file.read_bytes() == content:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=self._file.parent, delete=False) as draft:
            draft.write(content)
            draft.flush()
            os.fsync(draft.fileno())
        Path(draft.name).replace(self._file)


class Tokens:
    """Verified tokens, remembered by their digest until they expire."""

    def __init__(self, *, keys: Keys, issuer: str) -> None:
        self._keys = keys
        self._issuer = issuer
        self._remembered: OrderedDict[bytes, tuple[float, dict[str, Any]]] = OrderedDict()

    async def claims(self, token: str) -> Mapping[str, Any]:
        """Return a token's claims; TokenInvalid unless signature, issuer, audience and times hold."""
        digest = hashlib.sha256(token.encode()).digest()
        remembered = self._remembered.get(digest)
        if remembered is not None:
            if remembered[0] > time.time():
                return remembered[1]
            del self._remembered[digest]
        claims = await self._verified(token)
        if len(self._remembered) >= REMEMBERED_TOKENS:
            self._remembered.popitem(last=False)
        self._remembered[digest] = (float(claims["exp"]), claims)
        return claims

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            header = jwt.get_unverified_header(token)
            kid = header["kid"]
        except (JOSEError, KeyError) as error:
            raise TokenInvalid from error
        if header.get("alg") != ALGORITHM or header.get("typ") != TYPE or not isinstance(kid, str):
            raise TokenInvalid
        key = self._keys.known(kid)
        if key is None:
            await self._keys.refresh(at_most_every=UNKNOWN_KEY_PAUSE_SECONDS)
            key = self._keys.known(kid)
        if key is None:
            raise TokenInvalid
        try:
            claims: dict[str, Any] = jwt.decode(
                token, key, algorithms=[ALGORITHM], audience=AUDIENCE, issuer=self._issuer, options=OPTIONS
            )
        except (JOSEError, ValueError, TypeError) as error:
            raise TokenInvalid from error
        return claims


async def keep_keys_fresh(keys: Keys) -> None:
    """Fetch the issuer's keys now and then, for as long as the process lives."""
    while True:
        await keys.refresh(at_most_every=0)
        await asyncio.sleep(KEY_REFRESH_SECONDS)

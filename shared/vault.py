"""What names a person, sealed under a key of its own: who destroys the key has erased it, in every copy.

    secret of the operator ──wraps──► key of one record ──seals──► its fields, as JSON

A record's id goes into both seals, so that neither can be laid under another record.
"""

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_BYTES = 32
NONCE_BYTES = 12
MARK_BYTES = 4


class SealBrokenError(Exception):
    """A record that does not open: laid under another id, changed, or sealed under a secret that is not known."""


class Vault:
    """Seals and opens records. Of several secrets the first seals; all of them open, so that one can follow another."""

    def __init__(self, wrapping_keys: Sequence[bytes]) -> None:
        self._wraps = {_mark(key): AESGCM(key) for key in wrapping_keys}
        self._mark = _mark(wrapping_keys[0])

    def sealed(self, record_id: UUID, fields: Mapping[str, Any]) -> tuple[bytes, bytes]:
        """Return a new key, wrapped, and the fields sealed under it."""
        key = secrets.token_bytes(KEY_BYTES)
        wrapped = self._mark + _closed(self._wraps[self._mark], key, bound_to=record_id)
        return wrapped, _closed(AESGCM(key), msgspec.json.encode(fields), bound_to=record_id)

    def opened(self, record_id: UUID, wrapped_key: bytes, sealed: bytes) -> dict[str, Any]:
        """Return the fields of a record, or SealBrokenError."""
        wrap = self._wraps.get(bytes(wrapped_key[:MARK_BYTES]))
        if wrap is None:
            raise SealBrokenError
        try:
            key = _open(wrap, wrapped_key[MARK_BYTES:], bound_to=record_id)
            fields: dict[str, Any] = msgspec.json.decode(_open(AESGCM(key), sealed, bound_to=record_id))
        except InvalidTag as error:
            raise SealBrokenError from error
        return fields


def _mark(key: bytes) -> bytes:
    """Return by what a wrapped key is known to be of a secret, without telling of it."""
    return hashlib.sha256(b"wraps" + key).digest()[:MARK_BYTES]


def _closed(cipher: AESGCM, content: bytes, *, bound_to: UUID) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, content, bound_to.bytes)


def _open(cipher: AESGCM, closed: bytes, *, bound_to: UUID) -> bytes:
    return cipher.decrypt(bytes(closed[:NONCE_BYTES]), bytes(closed[NONCE_BYTES:]), bound_to.bytes)

"""The journal: one entry per changed row, written last in the change's own transaction."""

import hashlib
import secrets
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    DateTime,
    Identity,
    Index,
    LargeBinary,
    MetaData,
    String,
    Table,
    column,
    func,
    insert,
    null,
    or_,
    select,
    table,
    update,
)
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import canonical_bytes
from shared.permissions import Caller

GENESIS = bytes(32)
"""The digest before the first entry."""


class Audience(StrEnum):
    """Who may see a payload; decided when it is read, not when it is written."""

    PUBLIC = "public"
    REGION = "region"
    READINGS = "readings"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True)
class Change:
    """One accepted change of one row, in the form that its journal keeps."""

    action: str
    subject: str
    place: str | None
    data: Mapping[str, Any]
    occurred_on: date | None = None


def journal_tables(metadata: MetaData) -> tuple[Table, Table, Table]:
    """Declare the journal, its head (one row) and its signed daily heads."""
    entries = Table(
        "journal_entries",
        metadata,
        Column("id", BigInteger, Identity(always=True), primary_key=True),
        Column("position", BigInteger, unique=True),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("action", String(80), nullable=False),
        Column("subject", String(120), nullable=False),
        Column("place", String(13, collation="C")),
        Column("payload", LargeBinary),
        Column("nonce", LargeBinary),
        Column("payload_digest", LargeBinary, nullable=False),
        Column("digest", LargeBinary),
        Index("ix_journal_entries_unsealed", "id", postgresql_where="position IS NULL"),
        Index("ix_journal_entries_subject", "subject", "position"),
        Index("ix_journal_entries_place", "place", "position"),
        info={"class": "local"},
    )
    head = Table(
        "journal_head",
        metadata,
        Column("id", BigInteger, primary_key=True, autoincrement=False),
        Column("position", BigInteger, nullable=False),
        Column("digest", LargeBinary, nullable=False),
        Column("sealed_at", DateTime(timezone=True)),
        info={"class": "local"},
    )
    signed = Table(
        "journal_signed_heads",
        metadata,
        Column("service", String(20), primary_key=True),
        Column("day", Date, primary_key=True),
        Column("position", BigInteger, nullable=False),
        Column("digest", LargeBinary, nullable=False),
        Column("signature", String(2000), nullable=False),
        info={"class": "local"},
    )
    return entries, head, signed


_WRITTEN = ("recorded_at", "action", "subject", "place", "payload", "nonce", "payload_digest")
_ENTRIES = table("journal_entries", *(column(name) for name in (*_WRITTEN, "position")))
_TOLD = ("position", "state", "body", "next_try_at", "last_failure", "changed_at")
_DELIVERIES = table("webhook_deliveries", *(column(name) for name in _TOLD))
_INSERT = insert(_ENTRIES)


def header_bytes(*, service: str, position: int, recorded_at: datetime) -> bytes:
    """Return the canonical bytes of an entry's public header."""
    return canonical_bytes({"position": position, "service": service, "time": recorded_at})


def payload_digest(nonce: bytes, payload: bytes) -> bytes:
    return hashlib.sha256(nonce + payload).digest()


def entry_digest(previous: bytes, header: bytes, digest_of_payload: bytes) -> bytes:
    return hashlib.sha256(previous + header + digest_of_payload).digest()


def payload_bytes(change: Change, *, actor: UUID | None) -> bytes:
    """Return the canonical payload: who did what to which subject, where, and what it is now."""
    return canonical_bytes(
        {
            "action": change.action,
            "actor": actor,
            "data": change.data,
            "occurred_on": change.occurred_on,
            "place": change.place,
            "subject": change.subject,
        }
    )


def entry_row(change: Change, *, actor: UUID | None, now: datetime) -> dict[str, Any]:
    """Return the row of an entry that is not sealed yet."""
    nonce = secrets.token_bytes(16)
    payload = payload_bytes(change, actor=actor)
    return {
        "recorded_at": now,
        "action": change.action,
        "subject": change.subject,
        "place": change.place,
        "payload": payload,
        "nonce": nonce,
        "payload_digest": payload_digest(nonce, payload),
    }


def record(session: AsyncSession, change: Change, *, by: Caller, now: datetime) -> None:
    """Keep a change for the end of the transaction, when all its entries are written at once."""
    actor = by.account_id if by.code is None else None
    session.info.setdefault("journal", []).append(entry_row(change, actor=actor, now=now))


async def write_entries(session: AsyncSession) -> None:
    """Write the kept entries: the last statement of the transaction."""
    rows: Sequence[Mapping[str, Any]] = session.info.pop("journal", [])
    if rows:
        await session.flush()
        await session.execute(_INSERT, rows)


async def forget_payloads(session: AsyncSession, subjects: Collection[str]) -> None:
    """Erase what was written of some subjects so far, messages that wait included; the chain of digests stands.

    What this transaction itself writes of them comes after, and stays: it tells followers what is left.
    """
    if subjects:
        written = or_(_ENTRIES.c.payload.is_not(None), _ENTRIES.c.nonce.is_not(None))
        theirs = (_ENTRIES.c.subject.in_(subjects), written)
        waiting = (
            _DELIVERIES.c.state == "waiting",
            _DELIVERIES.c.position.in_(select(_ENTRIES.c.position).where(*theirs)),
        )
        ended = {"state": "dead", "body": null(), "next_try_at": null(), "last_failure": "erased"}
        await session.execute(update(_DELIVERIES).where(*waiting).values(**ended, changed_at=func.now()))
        await session.execute(update(_ENTRIES).where(*theirs).values(payload=None, nonce=None))

"""Writes: one transaction a request, replayed when its Idempotency-Key comes again."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response
from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import canonical_body, canonical_bytes, keyed_digest
from shared.clock import Now
from shared.database import Database, database_of
from shared.errors import Conflict, Forbidden, Invalid, Malformed, Text
from shared.permissions import Anyone, Caller
from shared.statements import fetch, remembered

VISIBLE = re.compile(r"^[\x21-\x7e]{1,255}$")
KEPT_HEADERS = ("location", "etag")


class KeyMalformed(Malformed):
    code = "idempotency.key_malformed"
    title = Text("Idempotency-Key tidak sah", "Invalid Idempotency-Key")
    detail = Text(
        "Idempotency-Key harus 1 sampai 255 karakter tampak; tanpa akun harus UUID.",
        "An Idempotency-Key is 1 to 255 visible characters; without an account it must be a UUID.",
    )
    fix = Text("Buat UUID baru untuk setiap tindakan.", "Make a new UUID for every act.")


class KeyMissing(Malformed):
    code = "idempotency.key_missing"
    title = Text("Idempotency-Key belum ada", "Idempotency-Key missing")
    detail = Text(
        "Tindakan yang memindahkan uang memerlukan Idempotency-Key.",
        "An act that moves money needs an Idempotency-Key.",
    )
    fix = Text("Buat UUID baru untuk setiap tindakan.", "Make a new UUID for every act.")


class KeyReused(Invalid):
    code = "idempotency.key_reused"
    title = Text("Idempotency-Key sudah dipakai", "Idempotency-Key used before")
    detail = Text(
        "Kunci ini sudah dipakai untuk permintaan dengan isi lain.",
        "This key was used for a request with another body or address.",
    )
    fix = Text("Buat kunci baru untuk tindakan baru.", "Make a new key for a new act.")


class StillRunning(Conflict):
    code = "idempotency.still_running"
    title = Text("Masih dikerjakan", "Still running")
    detail = Text(
        "Permintaan pertama dengan kunci ini masih dikerjakan.",
        "The first request with this key is still running.",
    )
    fix = Text("Ulangi setelah Retry-After.", "Try again after Retry-After.")


class AuthorityChanged(Forbidden):
    code = "idempotency.authority_changed"
    title = Text("Wewenang sudah berubah", "Authority has changed")
    detail = Text(
        "Permintaan ini pernah diterima, tetapi wewenang Anda sudah berubah sejak itu.",
        "This request was accepted before, but what you may see has changed since.",
    )
    fix = Text("Ambil datanya kembali dengan GET.", "Read the item again with GET.")


class Replayed(Exception):  # noqa: N818 - an answer, not a failure
    """The request was accepted before; here is what was answered then."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


def idempotency_table(metadata: MetaData) -> Table:
    """Declare where the replies to Idempotency-Keys are kept."""
    return Table(
        "idempotency_keys",
        metadata,
        Column("account", String(36), primary_key=True),
        Column("route", String(160), primary_key=True),
        Column("key", String(255), primary_key=True),
        Column("request_digest", LargeBinary, nullable=False),
        Column("authority", LargeBinary, nullable=False),
        Column("status", Integer, nullable=False),
        Column("headers", JSONB, nullable=False),
        Column("body", LargeBinary, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Index("ix_idempotency_keys_recorded_at", "recorded_at"),
        info={"class": "local"},
    )


@dataclass(slots=True)
class Remembering:
    """What a write needs to be remembered by: the key's row, still without its reply."""

    table: Table
    row: dict[str, Any]
    secret_reply: bool = False


def _account(caller: Caller) -> str:
    return str(caller.account_id) if caller.account_id else ""


def checked_key(header: str, *, caller: Caller) -> str:
    """Return a well-formed key, or KeyMalformed."""
    if not VISIBLE.match(header):
        raise KeyMalformed
    if caller.anonymous:
        try:
            UUID(header)
        except ValueError as error:
            raise KeyMalformed from error
    return header


def advisory_number(digest: bytes) -> int:
    """Return a PostgreSQL advisory lock number from a digest."""
    return int.from_bytes(digest[:8], "big", signed=True)


_LOCK = select(func.pg_try_advisory_xact_lock(bindparam("lock", type_=BigInteger)).label("taken"))


@remembered
def _kept(table: Table) -> Select[Any]:
    return select(table).where(*(table.c[name] == bindparam(name) for name in ("account", "route", "key")))


async def _remembered(
    session: AsyncSession, *, request: Request, caller: Caller, header: str, now: datetime
) -> Remembering:
    """Lock the key and raise Replayed when it was answered before."""
    state = request.app.state
    table: Table = state.tables.idempotency_keys
    route = f"{request.method} {request.scope['route'].path}"
    key = checked_key(header, caller=caller)
    account = _account(caller)
    secret: bytes = state.settings.hmac_key
    address = f"{request.url.path}?{request.url.query}"
    # Where a code names the item instead of the address, it is part of what was asked.
    named: list[bytes] = [request.state.item_code] if hasattr(request.state, "item_code") else []
    digest = keyed_digest(secret, address.encode(), canonical_body(await request.body()), *named)
    authority = keyed_digest(secret, canonical_bytes([sorted(caller.regions), sorted(caller.scopes), caller.org]))
    lock = advisory_number(keyed_digest(secret, account.encode(), route.encode(), key.encode()))
    (tried,) = await fetch(session, _LOCK, {"lock": lock})
    if not tried.taken:
        raise StillRunning(retry_after=1)
    kept = await fetch(session, _kept(table), {"account": account, "route": route, "key": key})
    if kept:
        found = kept[0]
        if bytes(found.request_digest) != digest:
            raise KeyReused
        if bytes(found.authority) != authority:
            raise AuthorityChanged
        raise Replayed(
            Response(
                bytes(found.body),
                status_code=found.status,
                media_type="application/json",
                headers=dict(found.headers) | {"Idempotency-Replayed": "true", "Cache-Control": "private, no-store"},
            )
        )
    row = {
        "account": account,
        "route": route,
        "key": key,
        "request_digest": digest,
        "authority": authority,
        "recorded_at": now,
    }
    return Remembering(table, row)


async def _writing(request: Request, caller: Anyone, now: Now) -> AsyncIterator[AsyncSession]:
    database: Database = database_of(request)
    async with database.transaction() as session:
        session.info["answers"] = getattr(request.state, "answers", {})
        header = request.headers.get("idempotency-key")
        # A read that leaves an entry leaves one each time, and what it shows is kept nowhere else.
        if header is not None and request.method != "GET":
            request.state.remembering = await _remembered(
                session, request=request, caller=caller, header=header, now=now
            )
            request.state.session = session
        yield session


Writing = Annotated[AsyncSession, Depends(_writing, scope="function")]
"""The one transaction of a write; it commits before the reply leaves, and only if all went well."""


async def _moving_money(request: Request, session: Writing) -> AsyncSession:
    if request.headers.get("idempotency-key") is None:
        raise KeyMissing
    return session


MoneyWriting = Annotated[AsyncSession, Depends(_moving_money)]
"""The transaction of an act that moves money: without an Idempotency-Key it is refused."""


async def _secret_reply(request: Request, _session: Writing) -> None:
    remembering: Remembering | None = getattr(request.state, "remembering", None)
    if remembering is not None:
        remembering.secret_reply = True


SecretReply = Annotated[None, Depends(_secret_reply)]
"""Put on a route whose reply carries a secret: it is never stored."""


async def remember(request: Request, response: Response) -> None:
    """Keep the reply beside its key, in the transaction of its effect; refusals are not kept."""
    remembering: Remembering | None = getattr(request.state, "remembering", None)
    if remembering is None or remembering.secret_reply or response.status_code >= 400:
        return
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    session: AsyncSession = request.state.session
    await session.flush()
    row = remembering.row | {"status": response.status_code, "headers": headers, "body": bytes(response.body)}
    await session.execute(insert(remembering.table), [row])


async def forget_old_keys(session: AsyncSession, table: Table, *, now: datetime, days: int) -> int:
    """Delete the keys older than the promise; return how many went."""
    gone = await session.execute(delete(table).where(table.c.recorded_at < now - timedelta(days=days)))
    return int(getattr(gone, "rowcount", 0))

"""Sealing: committed entries get gapless positions and become links of the chain."""

import asyncio
from datetime import date, datetime
from pathlib import Path
from typing import Any

from jose import jwk, jws
from jose.constants import ALGORITHMS
from sqlalchemy import BigInteger, LargeBinary, Table, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import canonical_bytes
from shared.clock import read_clock, today
from shared.database import Database
from shared.journal import entry_digest, header_bytes
from shared.log import log

BATCH = 1_000
PAUSE_SECONDS = 0.2
CHANNEL = "journal"

_POSITIONS = text(
    "UPDATE journal_entries AS entry SET position = sealed.position, digest = sealed.digest "
    "FROM unnest(:ids, :positions, :digests) AS sealed(id, position, digest) WHERE entry.id = sealed.id"
).bindparams(
    bindparam("ids", type_=ARRAY(BigInteger)),
    bindparam("positions", type_=ARRAY(BigInteger)),
    bindparam("digests", type_=ARRAY(LargeBinary)),
)


async def seal(session: AsyncSession, *, entries: Table, head: Table, service: str, now: datetime) -> int:
    """Seal what is committed and has no position yet; return how many entries that were.

    The head's row lock makes any number of sealers take turns.
    """
    last = (await session.execute(select(head).where(head.c.id == 1).with_for_update())).one()
    waiting = (
        await session.execute(
            select(entries.c.id, entries.c.recorded_at, entries.c.payload_digest)
            .where(entries.c.position.is_(None))
            .order_by(entries.c.id)
            .limit(BATCH)
        )
    ).all()
    if not waiting:
        return 0
    position, digest = last.position, bytes(last.digest)
    sealed: dict[str, list[Any]] = {"ids": [], "positions": [], "digests": []}
    for entry in waiting:
        position += 1
        header = header_bytes(service=service, position=position, recorded_at=entry.recorded_at)
        digest = entry_digest(digest, header, bytes(entry.payload_digest))
        sealed["ids"].append(entry.id)
        sealed["positions"].append(position)
        sealed["digests"].append(digest)
    await session.execute(_POSITIONS, sealed)
    await session.execute(update(head).where(head.c.id == 1).values(position=position, digest=digest, sealed_at=now))
    await session.execute(select(func.pg_notify(CHANNEL, str(position))))
    return len(waiting)


async def keep_sealing(database: Database, *, entries: Table, head: Table, service: str) -> None:
    """Seal whatever is committed, for as long as the process lives."""
    while True:
        try:
            async with database.transaction() as session:
                count = await seal(session, entries=entries, head=head, service=service, now=read_clock())
        except Exception as error:
            log.warning("journal.not_sealed", error=repr(error))
            count = 0
            await asyncio.sleep(1)
        if count < BATCH:
            await asyncio.sleep(PAUSE_SECONDS)


class HeadKey:
    """The key with which a service signs its journal's daily head."""

    def __init__(self, pem_file: Path) -> None:
        self._key = jwk.construct(pem_file.read_text(), ALGORITHMS.RS256)

    @property
    def public(self) -> dict[str, Any]:
        """Return the public key as a JWK."""
        known = self._key.public_key().to_dict()
        return {k: v.decode() if isinstance(v, bytes) else v for k, v in known.items()}

    def sign(self, statement: dict[str, Any]) -> str:
        """Return a compact JWS (RS256) over the canonical statement."""
        signed: str = jws.sign(canonical_bytes(statement), self._key, algorithm=ALGORITHMS.RS256)
        return signed


def head_statement(*, service: str, day: date, position: int, digest: bytes) -> dict[str, Any]:
    """Return what is signed once a day: up to here the journal read so."""
    return {"day": day, "digest": digest.hex(), "position": position, "service": service}


async def sign_head(
    session: AsyncSession, *, head: Table, signed: Table, service: str, key: HeadKey, now: datetime
) -> bool:
    """Sign today's head unless that was done; return whether it was signed now."""
    day = today(now)
    last = (await session.execute(select(head).where(head.c.id == 1).with_for_update())).one()
    known = select(signed.c.day).where(signed.c.service == service, signed.c.day == day)
    if last.position == 0 or await session.scalar(known):
        return False
    digest = bytes(last.digest)
    signature = key.sign(head_statement(service=service, day=day, position=last.position, digest=digest))
    row = {"service": service, "day": day, "position": last.position, "digest": digest, "signature": signature}
    await session.execute(insert(signed), [row])
    return True

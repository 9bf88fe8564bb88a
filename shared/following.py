"""Following another service's journal: each entry takes effect here exactly once."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, LargeBinary, MetaData, String, Table, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import canonical_bytes
from shared.clock import read_clock
from shared.database import Database
from shared.errors import UpstreamFailed
from shared.journal import GENESIS, entry_digest, header_bytes, payload_digest
from shared.log import log

WAIT_SECONDS = 20
PAUSE_AFTER_FAILURE_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a followed journal, verified."""

    position: int
    action: str
    subject: str
    place: str | None
    time: datetime
    actor: UUID | None
    occurred_on: date | None
    data: Mapping[str, Any]


Handler = Callable[[AsyncSession, Sequence[Entry]], Awaitable[None]]


class JournalClient(Protocol):
    """What a client must offer so that its owner's journal can be followed."""

    async def journal(self, *, after: int, wait: int) -> Mapping[str, Any]: ...
    async def journal_head(self) -> Mapping[str, Any]: ...


class ForkFoundError(Exception):
    """The followed journal is not the one followed so far: its owner restored or rewrote it."""


def followed_table(metadata: MetaData) -> Table:
    """Declare the cursors: how far each followed journal has taken effect here."""
    return Table(
        "followed_journals",
        metadata,
        Column("service", String(20), primary_key=True),
        Column("position", BigInteger, nullable=False),
        Column("digest", LargeBinary, nullable=False),
        Column("upstream_position", BigInteger, nullable=False),
        Column("heard_at", DateTime(timezone=True)),
        Column("unknown_actions", BigInteger, nullable=False),
        Column("failure", String(500)),
        info={"class": "local"},
    )


def verified(items: Sequence[Mapping[str, Any]], *, service: str, position: int, digest: bytes) -> list[Entry]:
    """Return the entries of a page after checking every link, or ForkFoundError."""
    entries: list[Entry] = []
    for item in items:
        position += 1
        time = datetime.fromisoformat(item["time"])
        if item["position"] != position or item["previousdigest"] != digest.hex():
            message = f"{service} {position}: the chain does not go on from {digest.hex()}"
            raise ForkFoundError(message)
        of_payload = bytes.fromhex(item["payloaddigest"])
        digest = entry_digest(digest, header_bytes(service=service, position=position, recorded_at=time), of_payload)
        if digest.hex() != item["digest"]:
            message = f"{service} {position}: the digest does not follow from header and payload"
            raise ForkFoundError(message)
        payload = item["data"]
        if payload is None:
            continue
        if payload_digest(bytes.fromhex(item["nonce"]), canonical_bytes(payload)) != of_payload:
            message = f"{service} {position}: the payload is not the one that was sealed"
            raise ForkFoundError(message)
        entries.append(
            Entry(
                position=position,
                action=payload["action"],
                subject=payload["subject"],
                place=payload["place"],
                time=time,
                actor=UUID(payload["actor"]) if payload["actor"] else None,
                occurred_on=date.fromisoformat(payload["occurred_on"]) if payload["occurred_on"] else None,
                data=payload["data"],
            )
        )
    return entries


class Follower:
    """Follows one owner's journal into this service's own tables."""

    def __init__(
        self,
        *,
        service: str,
        client: JournalClient,
        handlers: Mapping[str, Handler],
        cursors: Table,
        signed_heads: Table,
        after_batch: Callable[[AsyncSession, Sequence[Entry]], Awaitable[None]] | None = None,
    ) -> None:
        self.service = service
        self._client = client
        self._handlers = handlers
        self._cursors = cursors
        self._signed_heads = signed_heads
        self._after_batch = after_batch

    async def step(self, database: Database, *, wait: int) -> int:
        """Take one page over: verify it, apply it and move the cursor in one transaction."""
        async with database.transaction() as session:
            start = await self._cursor(session)
        page = await self._client.journal(after=start.position, wait=wait)
        now = read_clock()
        async with database.transaction() as session:
            cursor = await self._cursor(session, lock=True)
            if cursor.position != start.position:
                return 0
            items = page["items"]
            if page["head"] < cursor.position:
                message = f"{self.service} ends at {page['head']}, but {cursor.position} was read here"
                raise ForkFoundError(message)
            entries = verified(items, service=self.service, position=cursor.position, digest=bytes(cursor.digest))
            unknown = 0
            for action, run in groupby(entries, key=lambda entry: entry.action):
                handler = self._handlers.get(action)
                if handler is None:
                    unknown += len(list(run))
                else:
                    await handler(session, list(run))
            if entries and self._after_batch is not None:
                await self._after_batch(session, entries)
            moved = {
                "heard_at": now,
                "upstream_position": page["head"],
                "unknown_actions": cursor.unknown_actions + unknown,
                "failure": None,
            }
            if items:
                moved |= {"position": items[-1]["position"], "digest": bytes.fromhex(items[-1]["digest"])}
            await session.execute(update(self._cursors).where(self._cursors.c.service == self.service).values(**moved))
            return len(items)

    async def _cursor(self, session: AsyncSession, *, lock: bool = False) -> Any:
        table = self._cursors
        statement = select(table).where(table.c.service == self.service)
        row = (await session.execute(statement.with_for_update() if lock else statement)).one_or_none()
        if row is not None:
            return row
        fresh = {
            "service": self.service,
            "position": 0,
            "digest": GENESIS,
            "upstream_position": 0,
            "unknown_actions": 0,
        }
        await session.execute(insert(table).values(**fresh).on_conflict_do_nothing())
        return (await session.execute(statement)).one()

    async def witness(self, database: Database) -> None:
        """Keep the owner's latest signed head, so that a rewrite would need this database too."""
        head = (await self._client.journal_head())["signed"]
        if head is None:
            return
        row = {
            "service": self.service,
            "day": date.fromisoformat(head["day"]),
            "position": head["position"],
            "digest": bytes.fromhex(head["digest"]),
            "signature": head["signature"],
        }
        async with database.transaction() as session:
            await session.execute(insert(self._signed_heads).values(**row).on_conflict_do_nothing())

    async def note_failure(self, database: Database, failure: str) -> None:
        async with database.transaction() as session:
            await self._cursor(session)
            await session.execute(
                update(self._cursors).where(self._cursors.c.service == self.service).values(failure=failure[:500])
            )

    async def keep_following(self, database: Database) -> None:
        """Follow for as long as the process lives; stop visibly at a fork or a failing entry."""
        while True:
            try:
                await self.step(database, wait=WAIT_SECONDS)
            except UpstreamFailed as error:
                log.info("follower.waits", service=self.service, error=repr(error.__cause__))
                await asyncio.sleep(1)
            except (OperationalError, InterfaceError) as error:
                # Our own database is away or busy: nothing to note there, and nothing wrong with the entry.
                log.warning("follower.waits", followed=self.service, error=repr(error.orig))
                await asyncio.sleep(1)
            except Exception as error:
                log.error("follower.stopped", followed=self.service, exc_info=error)
                with contextlib.suppress(SQLAlchemyError):
                    await self.note_failure(
                        database, str(error) if isinstance(error, ForkFoundError) else type(error).__name__
                    )
                await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)


async def copy_newer(session: AsyncSession, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Copy rows by id, each only where it is newer than what is here."""
    newest: dict[Any, Mapping[str, Any]] = {}
    for row in rows:
        if row["id"] not in newest or row["version"] >= newest[row["id"]]["version"]:
            newest[row["id"]] = row
    if not newest:
        return
    statement = insert(table).values(list(newest.values()))
    changed = {name: statement.excluded[name] for name in next(iter(newest.values())) if name != "id"}
    await session.execute(
        statement.on_conflict_do_update(
            index_elements=[table.c.id], set_=changed, where=table.c.version < statement.excluded.version
        )
    )

"""Pulling: what a client does not have yet, a page of the journal at a time, as the tables are at one moment.

    timestamp = base of the scope + position + 1

The journal says which rows changed, the tables say what they are now. The base is 0 until what an account may carry
changes; then it grows beyond every timestamp given out before, so that an older copy is known and made anew. The older
bases are kept: what was written in an older copy can still be pushed before it is emptied.
"""

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    LargeBinary,
    MetaData,
    Select,
    String,
    Table,
    Uuid,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    true,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY, aggregate_order_by, insert
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession

from shared.database import Database
from shared.errors import Conflict, Forbidden, Text
from shared.heads import Head
from shared.items import in_place, in_scope, places_of
from shared.permissions import Caller, ScopeMissing
from shared.places import within_any
from shared.statements import fetch
from shared.syncables import Synced, Syncing, SyncTables, flat

BASES = 50
"""Copies of an account that are remembered, the last ones: what was written in an older one cannot be pushed."""


class ResetRequired(Conflict):
    code = "sync.reset_required"
    title = Text("Salinan harus dibuat ulang", "Copy to be made anew")
    detail = Text(
        "Wilayah, wewenang, atau skema berubah sejak salinan luring ini dibuat.",
        "Regions, scopes or schema changed since this offline copy was made.",
    )
    fix = Text(
        "Kirim dahulu yang belum terkirim; kosongkan basis data lokal, lalu mulai tanpa last_pulled_at.",
        "Push first what was not pushed yet; empty the local database and begin again without last_pulled_at.",
    )


class ScopeTooWide(Forbidden):
    code = "sync.scope_too_wide"
    title = Text("Wilayah terlalu luas untuk luring", "Scope too wide to carry")
    detail = Text(
        "Wilayah Anda memuat lebih dari {limit} baris; sebanyak itu tidak dapat dibawa luring.",
        "Your regions hold more than {limit} rows; no more can be carried offline.",
    )
    fix = Text("Pakai akun yang melayani wilayah lebih kecil.", "Use an account that serves fewer regions.")


def sync_scopes_table(metadata: MetaData) -> Table:
    """Declare what each account's offline copies are of: a digest of it, and the bases of their timestamps, growing."""
    return Table(
        "sync_scopes",
        metadata,
        Column("account", Uuid, primary_key=True),
        Column("digest", LargeBinary, nullable=False),
        Column("bases", ARRAY(BigInteger), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        info={"class": "local"},
    )


class Standing(NamedTuple):
    """How far the journal is, and what the timestamps of an account's copies begin at; no base before the first copy."""

    head: int
    digest: bytes
    bases: Sequence[int]
    same: bool
    """Whether the account may still carry what its last copy is of."""

    def position(self, timestamp: int) -> int:
        """Return the position up to which a copy has everything, or ResetRequired where none had such a timestamp."""
        base = max((one for one in self.bases if one < timestamp), default=None)
        if base is None or timestamp > base + self.head + 1:
            raise ResetRequired
        return timestamp - base - 1

    def goes_on(self, timestamp: int) -> bool:
        """Tell whether a copy can go on, or has to begin anew."""
        return self.same and timestamp > self.bases[-1]


def holder(caller: Caller) -> UUID:
    """Return whose copies a caller's are: an emergency's token carries other regions than the account's own."""
    who = caller.emergency or caller.account_id
    if who is None:  # pragma: no cover - a permission stands before every route
        raise ScopeMissing(scope="", members={"scope": []})
    return who


def require_readable(syncing: Syncing, caller: Caller) -> list[Synced]:
    """Return the tables that a caller may carry, or ScopeMissing when there is none."""
    readable = syncing.readable(caller)
    if not readable:
        scopes = syncing.read_scopes
        raise ScopeMissing(scope=" / ".join(scopes), members={"scope": scopes})
    return readable


async def all_sealed(database: Database, heard: Head, entries: Table, *, seconds: float) -> None:
    """Wait until what was accepted before has its positions, so that a pull brings it; no connection is held meanwhile."""
    deadline = time.monotonic() + seconds
    waiting = select(func.max(entries.c.id)).where(entries.c.position.is_(None))
    last: int | None = None
    while True:
        position = heard.position
        async with database.reads.connect() as connection:
            found = await connection.scalar(waiting if last is None else waiting.where(entries.c.id <= last))
        rest = deadline - time.monotonic()
        if found is None or rest <= 0 or not await heard.beyond(position, seconds=rest):
            return
        last = last or found


async def standing(
    session: AsyncSession, known: SyncTables, syncing: Syncing, caller: Caller, *, turn: bool = False
) -> Standing:
    """Return where an account's copies stand; with `turn` its copies take turns until the transaction ends."""
    scopes, places, head = known.scopes, known.places, known.head
    mine = select(scopes.c.digest, scopes.c.bases).where(scopes.c.account == holder(caller))
    kept = (await session.execute(mine.with_for_update() if turn else mine)).one_or_none()
    code = places.c.kelurahan_code
    listed = func.string_agg(code, aggregate_order_by(literal_column("','"), code), type_=String)
    resolved = (
        await session.execute(
            select(
                func.coalesce(
                    select(listed).where(within_any(places.c.code_now, caller.regions)).scalar_subquery(), ""
                ),
                head.c.position,
            ).where(head.c.id == 1)
        )
    ).one()
    digest = hashlib.sha256(syncing.schema_for(caller) + resolved[0].encode()).digest()
    if kept is None:
        return Standing(resolved.position, digest, (), same=False)
    return Standing(resolved.position, digest, kept.bases, same=bytes(kept.digest) == digest)


async def begin_copy(
    session: AsyncSession, known: SyncTables, found: Standing, caller: Caller, *, now: datetime
) -> int:
    """Return the base of a copy that begins now; where the scope is another than before, one beyond all given out."""
    if found.same:
        return found.bases[-1]
    base = found.bases[-1] + found.head + 1 if found.bases else 0
    values = {"digest": found.digest, "bases": [*found.bases, base][-BASES:], "changed_at": now}
    written = insert(known.scopes).values(account=holder(caller), **values)
    await session.execute(written.on_conflict_do_update(index_elements=["account"], set_=values))
    return base


def _carried(synced: Synced, caller: Caller) -> Select[Any]:
    """Return the statement of the rows of a table that a caller may carry."""
    table = synced.model.__table__
    columns = [table.c[name] for name in synced.columns if name not in synced.sealed]
    return (
        select(table.c.id, *columns)
        .join(places_of(synced.model), in_place(synced.model))
        .where(in_scope(synced.model, caller))
    )


class Size(NamedTuple):
    """What a first pull of a table would bring."""

    name: str
    rows: int
    bytes: int


async def measure(
    session: AsyncConnection | AsyncSession, tables: Sequence[Synced], caller: Caller, *, most: int
) -> list[Size]:
    """Return rows and estimated bytes of each table, or ScopeTooWide when there are more than `most` rows."""
    parts = []
    for synced in tables:
        some = _carried(synced, caller).limit(most + 1).subquery()
        size = func.coalesce(func.sum(func.octet_length(func.row_to_json(some.table_valued()).cast(String))), 0)
        parts.append(
            select(literal(synced.name).label("name"), func.count().label("rows"), size.label("bytes")).select_from(
                some
            )
        )
    found = {row.name: Size(row.name, row.rows, int(row.bytes)) for row in await session.execute(union_all(*parts))}
    if sum(one.rows for one in found.values()) > most:
        raise ScopeTooWide(limit=most, members={"limit": most})
    return [found[synced.name] for synced in tables]


def _latest(known: SyncTables, caller: Caller, *, names: Sequence[str]) -> Select[Any]:
    """Return the statement of rows changed in the caller's places after :since, by their last change up to :head.

    Place by place, so that an index gives each its next entries however long the journal is.
    """
    entries, places = known.entries, known.places
    later, earlier = entries.alias("later"), entries.alias("earlier")
    here = select(places.c.kelurahan_code).where(within_any(places.c.code_now, caller.regions)).subquery("here")
    head, rows = bindparam("head", type_=BigInteger), bindparam("rows", type_=BigInteger)
    again = select(later.c.id).where(
        later.c.subject == entries.c.subject, later.c.position > entries.c.position, known.is_change(later)
    )
    last = (
        select(entries.c.subject, entries.c.position)
        .where(
            entries.c.place == here.c.kelurahan_code,
            entries.c.position > bindparam("since", type_=BigInteger),
            entries.c.position <= head,
            func.split_part(entries.c.subject, "/", 1).in_(names),
            known.is_change(entries),
            ~again.exists(),
        )
        .order_by(entries.c.position)
        .limit(rows)
        .lateral("last")
    )
    first = select(func.min(earlier.c.position)).where(earlier.c.subject == last.c.subject).scalar_subquery()
    changed = select(last.c.subject, last.c.position, first.label("first")).select_from(here).join(last, true())
    return changed.order_by(last.c.position).limit(rows)


@dataclass(frozen=True, slots=True)
class Pulled:
    """A page: the changes of each table, the position at which it ends, and whether there is more."""

    changes: dict[str, dict[str, list[Any]]]
    end: int
    more: bool
    shown: dict[str, list[Any]]
    """Of each table that names people, the rows whose names are in the page."""


async def changes_after(
    session: AsyncSession,
    known: SyncTables,
    tables: Sequence[Synced],
    caller: Caller,
    *,
    since: int,
    head: int,
    rows: int,
) -> Pulled:
    """Return the rows that changed after a position, each once, as they are now; and the ids of those that are gone."""
    latest = _latest(known, caller, names=[one.name for one in tables])
    found = await fetch(session, latest, {"since": since, "head": head, "rows": rows + 1})
    more = len(found) > rows
    found = found[:rows]
    page = Pulled({}, found[-1].position if more else head, more, {})
    for synced in tables:
        firsts = {
            UUID(row.subject.partition("/")[2]): row.first for row in found if row.subject.startswith(f"{synced.name}/")
        }
        records = await _records(session, synced, list(firsts), caller, page=page) if firsts else {}
        page.changes[synced.name] = {
            "created": [record for one, record in records.items() if firsts[one] > since],
            "updated": [record for one, record in records.items() if firsts[one] <= since],
            "deleted": [str(one) for one, first in firsts.items() if one not in records and first <= since],
        }
    return page


async def _records(
    session: AsyncSession, synced: Synced, ids: list[UUID], caller: Caller, *, page: Pulled
) -> dict[UUID, dict[str, Any]]:
    """Return those of some rows that a caller may carry, as flat records in the order of the ids."""
    wanted = bindparam("ids", type_=ARRAY(Uuid))
    statement = _carried(synced, caller).where(synced.model.id == func.any(wanted))
    rows = {row.id: row for row in await fetch(session, statement, {"ids": ids})}
    opened: Mapping[UUID, Mapping[str, Any]] = {}
    unmasked = synced.hidden is not None and caller.may(synced.hidden.scope)
    if synced.hidden is not None and unmasked and rows:
        opened = await synced.hidden.opened(session, list(rows))
        page.shown[synced.name] = list(rows)
    return {one: _record(synced, rows[one], opened.get(one, {}), unmasked=unmasked) for one in ids if one in rows}


def _record(synced: Synced, row: Any, opened: Mapping[str, Any], *, unmasked: bool) -> dict[str, Any]:
    record: dict[str, Any] = {"id": str(row.id)}
    for name in synced.columns:
        value = opened.get(name) if name in synced.sealed else getattr(row, name)
        record[name] = flat(value) if synced.shown(name, unmasked=unmasked) else None
    return record

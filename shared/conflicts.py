"""Conflicts: what a stale push wanted beside what stands there, kept sealed until somebody settles it field by field."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Index,
    LargeBinary,
    MetaData,
    Row,
    String,
    Table,
    UniqueConstraint,
    Uuid,
    delete,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import canonical_bytes, keyed_digest
from shared.errors import BodyInvalid, Conflict, Fault, ResourceNotFound, Text
from shared.faults import KNOWN
from shared.identity import new_id
from shared.pushing import Clash, Push, require_scope
from shared.vault import Vault

KEPT = timedelta(days=30)
Choice = Literal["mine", "theirs"]


class Stale(Conflict):
    code = "sync.stale"
    title = Text("Sudah berubah di peladen", "Changed on the server meanwhile")
    detail = Text(
        "{count} data Anda sudah diubah orang lain; tidak ada yang disimpan, dan perbedaannya dicatat.",
        "Somebody changed {count} of your records; nothing was saved, and what differs is kept.",
    )
    fix = Text(
        "Sinkronkan lagi; lihat perbedaannya di …/sync/conflicts.",
        "Synchronize again; see what differs in …/sync/conflicts.",
    )


class Overtaken(Conflict):
    code = "sync.conflict_overtaken"
    title = Text("Sudah berubah lagi", "Changed once more")
    detail = Text(
        "Kolom {name} sekarang berisi nilai lain dari keduanya.",
        "The column {name} now holds neither of the two values.",
    )
    fix = Text("Sinkronkan, lalu ubah datanya sendiri.", "Synchronize, then edit the record itself.")


def sync_conflicts_table(metadata: MetaData) -> Table:
    """Declare the conflicts of each account: one of a record, its values sealed."""
    return Table(
        "sync_conflicts",
        metadata,
        Column("id", Uuid, primary_key=True),
        Column("account", Uuid, nullable=False),
        Column("kind", String(40), nullable=False),
        Column("record_id", Uuid, nullable=False),
        Column("digest", LargeBinary, nullable=False),
        Column("wrapped_key", LargeBinary, nullable=False),
        Column("sealed", LargeBinary, nullable=False),
        Column("position", BigInteger),
        Column("settled_at", DateTime(timezone=True)),
        Column("version", BigInteger, nullable=False),
        Column("recorded_at", DateTime(timezone=True), nullable=False),
        Column("changed_at", DateTime(timezone=True), nullable=False),
        UniqueConstraint("account", "kind", "record_id"),
        Index("ix_sync_conflicts_of_account", "account", "id"),
        Index("ix_sync_conflicts_changed_at", "changed_at"),
        info={"class": "local"},
    )


class Sealed:
    """Seals and opens what conflicts hold: of each field `mine`, `theirs` and, once settled, `chosen`."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self._vault = Vault([keyed_digest(secret, b"sync_conflicts")])

    def columns(self, conflict_id: UUID, fields: Mapping[str, Any]) -> dict[str, Any]:
        wrapped, sealed = self._vault.sealed(conflict_id, fields)
        return {"wrapped_key": wrapped, "sealed": sealed, "digest": keyed_digest(self._secret, canonical_bytes(fields))}

    def opened(self, row: Any) -> dict[str, Any]:
        return self._vault.opened(row.id, bytes(row.wrapped_key), bytes(row.sealed))

    def holds(self, row: Any, fields: Mapping[str, Any]) -> bool:
        return bytes(row.digest) == keyed_digest(self._secret, canonical_bytes(fields))


async def keep(
    session: AsyncSession, conflicts: Table, clashes: Sequence[Clash], *, account: UUID, now: datetime
) -> None:
    """Keep what clashed, one conflict for each record; the same push sent again adds nothing."""
    sealing = Sealed(session.info["hmac_key"])
    for clash in sorted(clashes, key=lambda one: (one.table, one.id)):
        of_record = {"account": account, "kind": clash.table, "record_id": clash.id}
        fields = {name: {"mine": clash.mine[name], "theirs": clash.theirs[name], "chosen": None} for name in clash.mine}
        told = {"position": clash.position, "settled_at": None, "changed_at": now}
        conflict_id = new_id()
        made = insert(conflicts).values(
            id=conflict_id, **of_record, **told, **sealing.columns(conflict_id, fields), version=1, recorded_at=now
        )
        new = await session.execute(made.on_conflict_do_nothing().returning(conflicts.c.id))
        if new.one_or_none() is not None:
            continue
        same = [conflicts.c[name] == value for name, value in of_record.items()]
        row = (await session.execute(select(conflicts).where(*same).with_for_update())).one()
        before = {name: one for name, one in sealing.opened(row).items() if one["chosen"] is None}
        fields = before | fields
        if not sealing.holds(row, fields):
            edited = {**told, **sealing.columns(row.id, fields), "version": row.version + 1}
            await session.execute(update(conflicts).where(conflicts.c.id == row.id).values(**edited))


async def settle(push: Push, conflict: Row[Any], choices: Mapping[str, Choice]) -> None:
    """Settle some fields of a locked conflict: what was chosen is written where something else stands."""
    sealing = Sealed(push.session.info["hmac_key"])
    fields = sealing.opened(conflict)
    synced = push.syncing.by_name.get(conflict.kind)
    if synced is None:
        raise ResourceNotFound
    require_scope(synced, push.by)
    code, message = KNOWN["extra_forbidden"]
    unknown = [Fault(f"/fields/{name}", code, message, {}) for name in choices if name not in fields]
    if unknown:
        raise BodyInvalid(faults=unknown, count=len(unknown))
    item = await synced.locked(push.session, conflict.record_id, by=push.by)
    there = await synced.present(push.session, item, choices)
    wanted = {name: fields[name][choice] for name, choice in choices.items()}
    for name in choices:
        if there[name] not in (wanted[name], fields[name]["mine"], fields[name]["theirs"]):
            raise Overtaken(pointer=f"/fields/{name}", name=name)
    differing = {name: value for name, value in wanted.items() if value != there[name]}
    if differing:
        await push.edit(synced, item, differing)
    fields |= {name: fields[name] | {"chosen": choice} for name, choice in choices.items()}
    settled = all(one["chosen"] is not None for one in fields.values())
    conflicts = push.known.conflicts
    edited = {
        **sealing.columns(conflict.id, fields),
        "settled_at": push.now if settled else None,
        "version": conflict.version + 1,
        "changed_at": push.now,
    }
    await push.session.execute(update(conflicts).where(conflicts.c.id == conflict.id).values(**edited))


async def forget_conflicts_about(session: AsyncSession, conflicts: Table, kind: str, ids: Sequence[UUID]) -> None:
    """Delete what conflicts say of rows, since it may name whom nothing names any more."""
    await session.execute(delete(conflicts).where(conflicts.c.kind == kind, conflicts.c.record_id.in_(ids)))


async def forget_old_conflicts(session: AsyncSession, conflicts: Table, *, now: datetime) -> None:
    """Delete conflicts that are older than the promise."""
    await session.execute(delete(conflicts).where(conflicts.c.changed_at < now - KEPT))

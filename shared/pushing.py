"""Pushing: what was written offline, each record in a SAVEPOINT through the use case of its own route.

A record that breaks a rule is told of and does not stop the others. What somebody else changed meanwhile is a conflict.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import BodyInvalid, Conflict, DatabaseBusy, Fault, Invalid, Refusal, ResourceNotFound, Text
from shared.faults import KNOWN
from shared.importables import attempt
from shared.items import IdTaken
from shared.permissions import Caller, RegionMissing, ScopeMissing
from shared.problems import database_refusal
from shared.syncables import OWN, Synced, Syncing, SyncTables

READ_ONLY = Text("Tidak dapat diubah dari salinan luring.", "Not to be changed from an offline copy.")


class TableUnknown(Invalid):
    code = "sync.table_unknown"
    title = Text("Tabel tidak dikenal", "Unknown table")
    detail = Text("Tabel {table} tidak dibawa luring.", "The table {table} is not carried offline.")
    fix = Text("Lihat tabelnya di GET …/sync.", "See the tables in GET …/sync.")


class NotByPush(Conflict):
    code = "sync.not_by_push"
    title = Text("Tidak dapat dari salinan luring", "Not from an offline copy")
    detail = Text(
        "Data {table} tidak dapat dibuat, diubah, atau dihapus begini dari salinan luring.",
        "Rows of {table} cannot be made, edited or removed like this from an offline copy.",
    )
    fix = Text("Batalkan di perangkat, atau pakai alamatnya sendiri.", "Undo it on the device, or use its own address.")


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was not taken, and why."""

    table: str
    id: str
    refusal: Refusal


@dataclass(frozen=True, slots=True)
class Clash:
    """A record that somebody changed meanwhile: what was pushed, and what stands there."""

    table: str
    id: UUID
    mine: Mapping[str, Any]
    theirs: Mapping[str, Any]
    position: int | None
    """That of the last of those changes; None while it has none."""


@dataclass(slots=True)
class Push:
    """One push on its way: who pushes, what their copy is as of, and what was not taken."""

    session: AsyncSession
    known: SyncTables
    syncing: Syncing
    by: Caller
    now: datetime
    since: int
    rejected: list[Rejected] = field(default_factory=list)
    clashes: list[Clash] = field(default_factory=list)

    async def take(self, changes: Mapping[str, Any]) -> None:
        """Take what can be taken: what is new before what is edited, tables that others speak of first."""
        for name in changes.keys() - self.syncing.by_name.keys():
            self._reject_all(name, changes[name])
        pushed = [(one, changes[one.name]) for one in self.syncing.tables if one.name in changes]
        new = [(synced, record) for synced, change in pushed for record in change.created]
        made = [one for one in new if await self._tried(*one, self._record)]
        for synced, record in made:
            # What only an edit may say, such as something that had to be recorded first.
            await self._tried(synced, record, self._complete)
        for synced, change in pushed:
            for record in sorted(change.updated, key=_id_of):
                await self._tried(synced, record, self._edit)
        for synced, change in pushed:
            for deleted in change.deleted:
                await self._tried(synced, {"id": deleted}, self._remove)

    def _reject_all(self, name: str, change: Any) -> None:
        records = [*change.created, *change.updated]
        self.rejected += [Rejected(name, _id_of(one), TableUnknown(table=name)) for one in records]

    async def _tried(
        self,
        synced: Synced,
        record: Mapping[str, Any],
        act: Callable[[Synced, UUID, Mapping[str, Any]], Awaitable[None]],
    ) -> bool:
        try:
            async with attempt(self.session):
                await act(synced, _checked_id(record), record)
        except Refusal as refusal:
            self.rejected.append(Rejected(synced.name, _id_of(record), refusal))
        except DBAPIError as error:
            refusal_of_database = database_refusal(error)
            if refusal_of_database is None or isinstance(refusal_of_database, DatabaseBusy):
                raise
            self.rejected.append(Rejected(synced.name, _id_of(record), refusal_of_database))
        else:
            return True
        return False

    async def _record(self, synced: Synced, item_id: UUID, record: Mapping[str, Any]) -> None:
        """Record what is new; what is there already, since the reply was lost, is edited to what it says now."""
        if synced.draft is None or synced.record is None:
            raise NotByPush(table=synced.name)
        require_scope(synced, self.by)
        synced.require_known(record)
        # A client keeps null where nothing was filled in; a body leaves it out.
        given = {
            name: record[name] for name, column in synced.fields.items() if record.get(name) is not None and column.made
        }
        draft = synced.read(synced.draft, {"id": str(item_id)} | synced.body(synced.draft, given))
        try:
            async with attempt(self.session):
                await synced.record(self.session, draft, by=self.by, now=self.now)
        except IdTaken:
            if synced.change is None:
                raise
            try:
                await self._amend(synced, item_id, record, _editable(synced, record), again=True)
            except (ResourceNotFound, RegionMissing) as error:
                raise IdTaken from error

    async def _complete(self, synced: Synced, item_id: UUID, record: Mapping[str, Any]) -> None:
        late = [name for name in _editable(synced, record) if not synced.fields[name].made]
        if late:
            await self._amend(synced, item_id, record, late, again=True)

    async def _edit(self, synced: Synced, item_id: UUID, record: Mapping[str, Any]) -> None:
        """Edit the columns that the client says it changed; without saying so, all that it sends."""
        synced.require_known(record)
        said = record.get("_changed")
        names = [name for name in said.split(",") if name] if isinstance(said, str) else record.keys() - OWN
        await self._amend(synced, item_id, record, sorted(names))

    async def _amend(
        self, synced: Synced, item_id: UUID, record: Mapping[str, Any], names: Sequence[str], *, again: bool = False
    ) -> None:
        differing = await self._differing(synced, item_id, record, names)
        if differing is None:
            return
        item, pushed, there = differing
        if not (again and item.version == 1):
            changes, position = await self._changed_since(synced, item_id)
            if changes:
                self.clashes.append(Clash(synced.name, item_id, pushed, there, position))
                return
        await self.edit(synced, item, pushed)

    async def _differing(
        self, synced: Synced, item_id: UUID, record: Mapping[str, Any], names: Sequence[str]
    ) -> tuple[Any, dict[str, Any], dict[str, Any]] | None:
        """Return the item, locked, with the values that differ: those pushed and those there. None when none does."""
        if not names:
            return None
        require_scope(synced, self.by)
        require_writable(synced, names)
        if synced.change is None or synced.edit is None:
            raise NotByPush(table=synced.name)
        values = {name: record.get(name) for name in names}
        meant = synced.meant(synced.read(synced.change, synced.body(synced.change, values)), names)
        item = await synced.locked(self.session, item_id, by=self.by)
        there = await synced.present(self.session, item, names)
        differing = [name for name in names if meant[name] != there[name]]
        if not differing:
            return None
        return item, {name: meant[name] for name in differing}, {name: there[name] for name in differing}

    async def _changed_since(self, synced: Synced, item_id: UUID) -> tuple[int, int | None]:
        """Return how often a locked row was changed after the copy was made, and the last position of that."""
        entries = self.known.entries
        found = await self.session.execute(
            select(func.count(), func.max(entries.c.position)).where(
                entries.c.subject == f"{synced.name}/{item_id}",
                or_(entries.c.position.is_(None), entries.c.position > self.since),
                self.known.is_change(entries),
            )
        )
        count, position = found.one()
        return count, position

    async def edit(self, synced: Synced, item: Any, values: Mapping[str, Any]) -> None:
        """Edit a locked item as its PATCH does."""
        assert synced.change is not None and synced.edit is not None  # noqa: S101, PT018 - refused before
        change = synced.read(synced.change, synced.body(synced.change, values))
        await synced.edit(self.session, item, change, by=self.by, now=self.now)

    async def _remove(self, synced: Synced, item_id: UUID, _record: Mapping[str, Any]) -> None:
        """Accept that a client lets go of what is not there; nothing that is there is removed by a push.

        A rejected deletion would be sent again for ever.
        """
        try:
            await synced.locked(self.session, item_id, by=self.by)
        except ResourceNotFound:
            return
        raise NotByPush(table=synced.name)


def require_scope(synced: Synced, caller: Caller) -> None:
    """Refuse who may not write a table."""
    if not caller.may(synced.writes):
        raise ScopeMissing(scope=synced.writes, members={"scope": [synced.writes]})


def require_writable(synced: Synced, names: Iterable[str]) -> None:
    """Refuse columns that are unknown, or that no edit may say."""
    synced.require_known(names)
    found = [
        Fault(f"/{name}", "sync.read_only", READ_ONLY, {}) for name in names if synced.fields[name].writable != "always"
    ]
    if found:
        raise BodyInvalid(faults=found, count=len(found))


def _editable(synced: Synced, record: Mapping[str, Any]) -> list[str]:
    """Return the columns of a new record that hold something and may be edited."""
    return [
        name for name, column in synced.fields.items() if column.writable == "always" and record.get(name) is not None
    ]


def _id_of(record: Mapping[str, Any]) -> str:
    return str(record.get("id", ""))


def _checked_id(record: Mapping[str, Any]) -> UUID:
    try:
        return UUID(_id_of(record))
    except ValueError as error:
        code, message = KNOWN["uuid_parsing"]
        raise BodyInvalid(pointer=None, faults=[Fault("/id", code, message, {})], count=1) from error

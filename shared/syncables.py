"""Syncables: what a slice declares so that its rows are carried offline and what was written there comes back."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, NamedTuple, get_args
from uuid import UUID

import msgspec
from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from sqlalchemy import ColumnElement, Table
from sqlalchemy.ext.asyncio import AsyncSession

from shared.canonical import canonical_bytes, plain
from shared.errors import BodyInvalid, Fault
from shared.faults import KNOWN, faults
from shared.items import Body, Draft, locked
from shared.journal import Audience
from shared.jsontypes import json_types
from shared.permissions import Caller

Kind = Literal["string", "number", "boolean"]
Writable = Literal["created", "always"]
NUMBERS = {int, float}
OWN = {"id", "_status", "_changed"}
"""What WatermelonDB keeps in every record of its own."""


class SyncTables(NamedTuple):
    """The tables that syncing reads and keeps, and the actions that tell of readings, not of changes."""

    entries: Table
    head: Table
    places: Table
    scopes: Table
    conflicts: Table
    readings: tuple[str, ...]

    @classmethod
    def of(cls, state: Any) -> "SyncTables":
        """Return those of an application, from its state."""
        readings = sorted(action for action, audience in state.audiences.items() if audience is Audience.READINGS)
        return cls(
            entries=state.tables.journal_entries,
            head=state.tables.journal_head,
            places=state.tables.places,
            scopes=state.tables.sync_scopes,
            conflicts=state.tables.sync_conflicts,
            readings=tuple(readings),
        )

    def is_change(self, entries: Any) -> ColumnElement[bool]:
        """Return the condition that an entry tells of a change."""
        condition: ColumnElement[bool] = entries.c.action.not_in(self.readings)
        return condition


@dataclass(frozen=True, slots=True)
class SyncColumn:
    """A column of a local table, as a WatermelonDB schema names it."""

    name: str
    path: tuple[str, ...]
    """Where its value stands in the bodies of POST and PATCH."""

    kind: Kind
    optional: bool
    writable: Writable | None
    """`created`: only in a new record; `always`: also edited; None: never."""

    made: bool
    """Whether POST takes it; what only PATCH takes follows once everything new is recorded."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Columns of what names people: shown only with a scope, and each reading leaves an entry."""

    names: tuple[str, ...]
    scope: str
    action: str
    """What is journaled of a reading."""

    opened: Callable[[AsyncSession, Sequence[UUID]], Awaitable[Mapping[UUID, Mapping[str, Any]]]]
    """Gives what is hidden of many rows, in one statement."""

    unshown: frozenset[str] = frozenset()
    """Those that are taken from a client and shown to none."""


@dataclass(frozen=True)
class Synced:
    """A table that is carried offline: its columns, who may write it, and the use cases that its routes run too."""

    model: type[Any]
    columns: Sequence[str]
    """Of the model's table, hidden ones besides; the id is in every record."""

    writes: str
    draft: type[Draft] | None = None
    record: Callable[..., Awaitable[tuple[UUID, bool]]] | None = None
    """(session, draft, by, now): as POST records one."""

    change: type[Body] | None = None
    edit: Callable[..., Awaitable[None]] | None = None
    """(session, item, change, by, now): as PATCH edits one that is locked."""

    lock: Callable[..., Awaitable[Any]] | None = None
    """(session, id, by): locks an item and whatever its PATCH locks before it; `items.locked` when it is that alone."""

    inside: Mapping[str, str] = field(default_factory=dict)
    """Columns that stand elsewhere in the bodies: `{"blm_rupiah": "funding/blm"}`."""

    written: Mapping[str, Callable[[Any], Any]] = field(default_factory=dict)
    """How a value is written down, where that is not as it comes, so that the same is known again."""

    hidden: Hidden | None = None

    @property
    def name(self) -> str:
        name: str = self.model.__tablename__
        return name

    @cached_property
    def hides(self) -> frozenset[str]:
        return frozenset(self.hidden.names if self.hidden else ())

    @cached_property
    def sealed(self) -> frozenset[str]:
        """Return what `opened` gives; other hidden columns are the row's own."""
        return self.hides - set(self.model.__table__.c.keys())

    @cached_property
    def fields(self) -> Mapping[str, SyncColumn]:
        """Return the columns by name, with what the bodies say of them."""
        return {name: self._field(name) for name in self.columns}

    def shown(self, name: str, *, unmasked: bool) -> bool:
        """Tell whether a column's value may go out; `unmasked` where a reading of names is noted."""
        return self.hidden is None or name not in self.hides or (unmasked and name not in self.hidden.unshown)

    def _field(self, name: str) -> SyncColumn:
        path = tuple(self.inside.get(name, name).split("/"))
        made, changed = _leaf(self.draft, path), _leaf(self.change, path)
        writable: Writable | None = "always" if changed else "created" if made else None
        # A client turns null into something where it is not told that there may be none.
        optional = made is None or not made.is_required() or name in self.hides
        kind: Kind = "string"
        if name not in self.hides:
            python = self.model.__table__.c[name].type.python_type
            kind = "boolean" if python is bool else "number" if python in NUMBERS else "string"
        return SyncColumn(name, path, kind, optional, writable, made is not None)

    def body(self, schema: type[BaseModel], values: Mapping[str, Any]) -> dict[str, Any]:
        """Return the body of POST or PATCH that flat values make."""
        body: dict[str, Any] = {}
        for name, value in values.items():
            *way, last = self.fields[name].path
            inner = body
            for step in way:
                inner = inner.setdefault(step, {})
            inner[last] = _unfolded(value, _leaf(schema, (*way, last)))
        return body

    def read(self, schema: type[BaseModel], body: Mapping[str, Any]) -> Any:
        """Return what a body says by its route's own schema, or BodyInvalid with the columns that are wrong."""
        try:
            return schema.model_validate(body)
        except ValidationError as error:
            columns = {"/" + "/".join(one.path): f"/{one.name}" for one in self.fields.values()}
            found = [
                Fault(columns.get(one.pointer, one.pointer), one.code, one.message, one.values)
                for one in faults(error.errors())
            ]
            raise BodyInvalid(faults=found, count=len(found)) from error

    def meant(self, read: BaseModel, names: Iterable[str]) -> dict[str, Any]:
        """Return the flat values that a body means, as they will be written down."""
        dumped = read.model_dump()
        found = {}
        for name in names:
            value: Any = dumped
            for step in self.fields[name].path:
                value = value[step]
            found[name] = flat(self.written[name](value) if name in self.written and value is not None else value)
        return found

    async def locked(self, session: AsyncSession, item_id: UUID, *, by: Caller) -> Any:
        """Return an item that the caller may change, locked as its PATCH would."""
        if self.lock is None:
            return await locked(session, self.model, item_id, by=by)
        return await self.lock(session, item_id, by=by)

    async def present(self, session: AsyncSession, item: Any, names: Iterable[str]) -> dict[str, Any]:
        """Return the flat values that a locked item has now."""
        wanted = list(names)
        opened: Mapping[str, Any] = {}
        if self.hidden is not None and self.sealed & set(wanted):
            opened = (await self.hidden.opened(session, [item.id])).get(item.id, {})
        return {name: flat(opened.get(name) if name in self.sealed else getattr(item, name)) for name in wanted}

    def require_known(self, names: Iterable[str]) -> None:
        """Refuse names that are no column here."""
        code, message = KNOWN["extra_forbidden"]
        found = [Fault(f"/{name}", code, message, {}) for name in names if name not in self.fields and name not in OWN]
        if found:
            raise BodyInvalid(faults=found, count=len(found))


@dataclass(frozen=True)
class Syncing:
    """What a service's clients carry: its tables, those that others speak of first."""

    version: int
    """The schema's number: raised with every column that comes or goes, since clients then begin anew."""

    tables: Sequence[Synced]

    @cached_property
    def by_name(self) -> Mapping[str, Synced]:
        return {one.name: one for one in self.tables}

    @property
    def hidden_scopes(self) -> list[str]:
        return sorted({one.hidden.scope for one in self.tables if one.hidden is not None})

    @property
    def read_scopes(self) -> list[str]:
        return sorted({one.model.read_scope for one in self.tables})

    def readable(self, caller: Caller) -> list[Synced]:
        """Return the tables that a caller may carry."""
        return [one for one in self.tables if caller.may(one.model.read_scope)]

    def schema_for(self, caller: Caller) -> bytes:
        """Return what a caller's local tables hold, to tell when it changes: columns, and whether people are named."""
        tables = {
            one.name: [*one.columns, one.hidden is not None and caller.may(one.hidden.scope)]
            for one in self.readable(caller)
        }
        return canonical_bytes({"version": self.version, "tables": tables})


def flat(value: Any) -> str | int | float | bool | None:
    """Return a value as a local column holds it: dates and ids as text, lists and objects as JSON text."""
    if isinstance(value, Decimal):
        return str(value)
    value = plain(value)
    if isinstance(value, list | dict):
        return canonical_bytes(value).decode()
    kept: str | int | float | bool | None = value
    return kept


def _leaf(schema: type[BaseModel] | None, path: Sequence[str]) -> FieldInfo | None:
    """Return the field at a path of a schema, None where there is none."""
    found: FieldInfo | None = None
    for step in path:
        if schema is None or step not in schema.model_fields:
            return None
        found = schema.model_fields[step]
        inner = (found.annotation, *get_args(found.annotation))
        schema = next((one for one in inner if isinstance(one, type) and issubclass(one, BaseModel)), None)
    return found


def _unfolded(value: Any, leaf: FieldInfo | None) -> Any:
    """Return the JSON value that a local column means: lists and objects lie in it as text."""
    annotation: Any = None if leaf is None else leaf.annotation
    if isinstance(value, str) and json_types(annotation) & {list, dict}:
        try:
            return msgspec.json.decode(value)
        except msgspec.DecodeError:
            return value
    return value

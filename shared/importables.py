"""Importables: what a slice declares so that its items come in as files, row by row through the schema of its POST."""

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from dataclasses import field as its
from datetime import date, datetime
from functools import cached_property
from typing import Any, TypeVar, get_args
from uuid import UUID

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

from shared.errors import AlreadyThere, DatabaseBusy, Fault, Refusal, Text, ValueUnusable
from shared.faults import faults
from shared.items import Draft
from shared.journal import Change
from shared.jsontypes import json_types
from shared.permissions import Caller
from shared.problems import database_refusal

D = TypeVar("D", bound=Draft)
DAY = re.compile(r"^(\d{1,2})[/-](\d{1,2})[/-](\d{4})$")
INTEGER = re.compile(r"^-?\d{1,18}$")
NUMBER = re.compile(r"^-?\d{1,18}([.,]\d{1,18})?$")
YES_OR_NO = {"ya": True, "true": True, "tidak": False, "false": False}
NOTHING = "tidak ada"
"""What stands in a cell of a list that is known to be empty; an empty cell says that nobody asked."""

Outcome = bool | Refusal
"""Whether an item is new, or why it is refused."""

Record = Callable[[AsyncSession, Sequence[Any], Caller, datetime], Awaitable[Sequence[Outcome]]]
"""Records drafts, each with its id; one outcome for each. It leaves nothing of those that it refuses."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a file: its Indonesian header, the draft's field (`a/b` inside an object) and how it is filled in."""

    header: str
    field: str
    meaning: Text
    example: str = ""
    choices: Mapping[str, str] = its(default_factory=dict)
    """Indonesian word to the programme's term; both are taken."""

    digits: bool = False
    """Holds digits that are no number: a cell that a spreadsheet made one is refused, for zeros were lost."""

    decimal: bool = False
    """Holds an exact decimal, which is kept as text: the comma of an Indonesian spreadsheet is its point."""

    restricted: str | None = None
    """The scope without which a refused row's cell is not given back, for it tells who somebody is."""


ID = Column(
    "ID",
    "id",
    Text("UUID buatan sendiri; boleh kosong", "A UUID of your own; may be left empty"),
)


def _one_spelling(text: str) -> str:
    """Return a cell in one spelling, for a UUID has several."""
    try:
        return str(UUID(text))
    except ValueError:
        return text


@dataclass(frozen=True, slots=True)
class Together:
    """The field that rows share which may be refused for each other, and how many of them a file takes.

    They are recorded in one transaction: thousands only where that is a few statements.
    """

    field: str
    most: int = 1_000
    key: Callable[[str], str | None] = _one_spelling
    """Gives of a cell that is filled in what such rows have in common; None where it is nothing."""

    placed: bool = False
    """Whether that is the code of a place: rows of one place are together under whatever codes it had."""


@dataclass(frozen=True)
class Importable:
    """A kind of items that files may bring: who may, what a row says, and how items are recorded and taken back."""

    kind: str
    draft: type[Draft]
    scope: str
    columns: Sequence[Column]
    record: Record
    model: type[Any]
    withdrawn: Callable[[Any], Change]
    """Says of an item what the journal keeps when its import is undone."""

    reading: str = ""
    """The action by which the journal notes that restricted cells were given back."""

    parts: Sequence[type[Any]] = ()
    """What recording an item made besides it, under a foreign key to it; it goes with the item."""

    in_use: Callable[[AsyncSession, Sequence[UUID]], Awaitable[set[UUID]]] | None = None
    """Tells which of some items, tens of thousands at most, are in use where no foreign key says so."""

    taken_back: Callable[[AsyncSession, Sequence[Any], Caller, datetime], Awaitable[None]] | None = None
    """Brings what stands elsewhere in line, once the items are gone; asked for some thousands at a time."""

    within: tuple[type[Any], str] | None = None
    """What an item is part of and its own column that says so; who changes an item locks that first."""

    together: Together | None = None
    """Which rows may be refused for each other: they are judged in one chunk.

    A check rolls every chunk back, so what a row of another chunk would have changed is not there for it.
    """

    @cached_property
    def all_columns(self) -> tuple[Column, ...]:
        return (ID, *self.columns)

    @cached_property
    def by_name(self) -> dict[str, Column]:
        """Return the columns by what a file may call them: the header or the field, in any case."""
        named = {known(column.field): column for column in self.all_columns}
        return named | {known(column.header): column for column in self.all_columns}

    @cached_property
    def kinds(self) -> dict[str, Any]:
        """Return each field's annotation."""
        return {column.field: _annotation(self.draft, column.field.split("/")) for column in self.all_columns}

    @cached_property
    def required(self) -> list[Column]:
        """Return the columns without which no row can be read."""
        return [column for column in self.columns if _is_required(self.draft, column.field.split("/"))]

    @cached_property
    def example(self) -> dict[str, str]:
        """Return the cells of the row that the template shows."""
        return {column.field: column.example for column in self.all_columns if column.example}

    def column_of(self, pointer: str) -> str | None:
        """Return the header of the column that a JSON pointer speaks of, None when it speaks of the whole row."""
        place = pointer.removeprefix("/")
        for column in self.all_columns:
            if place == column.field or place.startswith(f"{column.field}/"):
                return column.header
        return next((one.header for one in self.all_columns if place and one.field.startswith(f"{place}/")), None)

    def read(self, cells: Mapping[str, str], item_id: UUID) -> Draft | list[Fault]:
        """Return the draft that a row's cells (by field) make, or what the POST's schema says against it."""
        values: dict[str, Any] = {}
        for column in self.all_columns:
            if (text := cells.get(column.field)) is None:
                continue
            inner = values
            *way, last = column.field.split("/")
            for step in way:
                inner = inner.setdefault(step, {})
            inner[last] = _value(text, column, self.kinds[column.field])
        values.setdefault("id", str(item_id))
        try:
            return self.draft.model_validate(values)
        except ValidationError as error:
            return faults(error.errors())


def known(name: str) -> str:
    """Return by what a header is known, however it is spaced and capitalised."""
    return " ".join(name.replace("_", " ").replace("/", " ").lower().split())


def _fields(model: type[BaseModel], way: Sequence[str]) -> Iterator[FieldInfo]:
    """Yield the fields on the way into objects inside each other."""
    for step in way:
        field = model.model_fields[step]
        yield field
        inner = (field.annotation, *get_args(field.annotation))
        model = next((one for one in inner if hasattr(one, "model_fields")), model)


def _annotation(model: type[BaseModel], way: Sequence[str]) -> Any:
    return list(_fields(model, way))[-1].annotation


def _is_required(model: type[BaseModel], way: Sequence[str]) -> bool:
    return all(field.is_required() for field in _fields(model, way))


def _value(text: str, column: Column, annotation: Any) -> Any:  # noqa: PLR0911 - one answer for each kind of value
    """Return the JSON value that a text means; what means none stays text, for the schema to refuse."""
    kinds = json_types(annotation)
    if list in kinds:
        return [] if text.lower() == NOTHING else [_chosen(one.strip(), column) for one in text.split(";")]
    if column.choices:
        return _chosen(text, column)
    if column.decimal:
        return text.replace(",", ".")
    if bool in kinds:
        return YES_OR_NO.get(text.lower(), text)
    if float in kinds:
        return float(text.replace(",", ".")) if NUMBER.match(text) else text
    if int in kinds:
        return int(text) if INTEGER.match(text) else text
    if date in (annotation, *get_args(annotation)) and (day := DAY.match(text)):
        return f"{day[3]}-{day[2]:0>2}-{day[1]:0>2}"
    return text


def _chosen(text: str, column: Column) -> str:
    return column.choices.get(text.lower(), text)


@asynccontextmanager
async def attempt(session: AsyncSession, *, kept: bool = True) -> AsyncIterator[None]:
    """Try something in a SAVEPOINT: what fails, or is not to be kept, leaves neither a row nor an entry of the journal."""
    noted = len(session.info.setdefault("journal", []))
    try:
        async with session.begin_nested() as savepoint:
            yield
            await session.flush()
            if not kept:
                await savepoint.rollback()
                del session.info["journal"][noted:]
    except BaseException:
        del session.info["journal"][noted:]
        raise


def one_by_one(use_case: Callable[..., Awaitable[tuple[UUID, bool]]]) -> Record:
    """Return how a POST's own use case records many: each in a SAVEPOINT, exactly as if it had come alone."""

    async def record(session: AsyncSession, drafts: Sequence[Any], by: Caller, now: datetime) -> Sequence[Outcome]:
        found: list[Outcome] = []
        for draft in drafts:
            try:
                async with attempt(session):
                    _, new = await use_case(session, draft, by=by, now=now)
                found.append(new)
            except Refusal as refusal:
                found.append(refusal)
            except DBAPIError as error:
                refusal_of_database = database_refusal(error)
                if refusal_of_database is None or isinstance(refusal_of_database, DatabaseBusy):
                    raise
                found.append(refusal_of_database)
        return found

    return record


def together(many: Record, use_case: Callable[..., Awaitable[tuple[UUID, bool]]]) -> Record:
    """Return how a slice records many at once; where the database refuses a value of one, each is recorded alone."""
    alone = one_by_one(use_case)

    async def record(session: AsyncSession, drafts: Sequence[Any], by: Caller, now: datetime) -> Sequence[Outcome]:
        try:
            async with attempt(session):
                return await many(session, drafts, by, now)
        except DBAPIError as error:
            if not isinstance(database_refusal(error), ValueUnusable | AlreadyThere):
                raise
            return await alone(session, drafts, by, now)

    return record

"""Flat columns of a view: what a list looks like in a spreadsheet, and the dictionary that explains it."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

import msgspec
from pydantic import BaseModel


class ColumnKind(StrEnum):
    """What a column holds."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    JSON = "json"


KINDS: Mapping[Any, ColumnKind] = {
    bool: ColumnKind.BOOLEAN,
    int: ColumnKind.INTEGER,
    float: ColumnKind.NUMBER,
    Decimal: ColumnKind.DECIMAL,
    datetime: ColumnKind.TIME,
    date: ColumnKind.DATE,
    UUID: ColumnKind.TEXT,
    str: ColumnKind.TEXT,
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its name, the way to its value inside an item, and what it holds."""

    name: str
    way: tuple[str, ...]
    kind: ColumnKind
    nullable: bool
    description: str
    choices: tuple[str, ...] = ()

    def of(self, item: Mapping[str, Any]) -> Any:
        """Return the column's value in an item; nothing inside something absent."""
        value: Any = item
        for step in self.way:
            if value is None:
                return None
            value = value[step]
        return value


def meanings_in(folder: Path) -> Mapping[str, str]:
    """Return what columns mean where no schema says so: by name, or by view and name, the service's before ours."""
    ours, theirs = Path(__file__).with_name("meanings.json"), folder / "meanings.json"
    return {name: told for file in (ours, theirs) for name, told in msgspec.json.decode(file.read_bytes()).items()}


def columns_of(view: type[BaseModel], meanings: Mapping[str, str]) -> list[Column]:
    """Return the columns of a view: objects inside it become columns of their own, lists one column of JSON."""
    return list(_columns(view, meanings, way=(), nullable=False))


def _meaning(view: type[BaseModel], field: str, meanings: Mapping[str, str]) -> str:
    """Return what a field holds: as its view says, as the body says by which it came in, or by its name alone."""
    if told := view.model_fields[field].description or meanings.get(f"{view.__name__}.{field}"):
        return told
    draft = getattr(sys.modules[view.__module__], view.__name__.removesuffix("View") + "Draft", None)
    came_in = getattr(draft, "model_fields", {}).get(field) if field != "id" else None
    return (came_in and came_in.description) or meanings.get(field, "")


def _columns(
    view: type[BaseModel], meanings: Mapping[str, str], *, way: tuple[str, ...], nullable: bool
) -> Iterator[Column]:
    for field, info in view.model_fields.items():
        kind, absent = _without_none(info.annotation)
        here = (*way, field)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _columns(kind, meanings, way=here, nullable=nullable or absent)
            continue
        holds, choices = _kind(kind)
        name = "_".join(here)
        yield Column(name, here, holds, nullable or absent, _meaning(view, field, meanings), choices)


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in {Union, UnionType}:
        rest = [one for one in get_args(annotation) if one is not NoneType]
        return (rest[0] if len(rest) == 1 else object), NoneType in get_args(annotation)
    return annotation, False


def _kind(annotation: Any) -> tuple[ColumnKind, tuple[str, ...]]:
    if get_origin(annotation) is Literal:
        return ColumnKind.TEXT, tuple(str(one) for one in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ColumnKind.TEXT, tuple(str(one.value) for one in annotation)
    return KINDS.get(annotation, ColumnKind.JSON), ()

"""Flat columns of a view: what a list looks like in a spreadsheet, and the dictionary that explains it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, StrEnum
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin
from uuid import UUID

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


def columns_of(view: type[BaseModel]) -> list[Column]:
    """Return the columns of a view: objects inside it become columns of their own, lists one column of JSON."""
    return list(_columns(view, way=(), nullable=False))


def _columns(view: type[BaseModel], *, way: tuple[str, ...], nullable: bool) -> Iterator[Column]:
    for field, info in view.model_fields.items():
        kind, absent = _without_none(info.annotation)
        here = (*way, field)
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _columns(kind, way=here, nullable=nullable or absent)
            continue
        holds, choices = _kind(kind)
        name = "_".join(here)
        yield Column(name, here, holds, nullable or absent, info.description or "", choices)


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

"""The forms in which a whole list leaves: CSV, NDJSON and Parquet, a piece at a time."""

import csv
import importlib
import io
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from shared.columns import Column, ColumnKind
from shared.mediatypes import CSV, NDJSON, PARQUET

ROWS_OF_A_GROUP = 5_000
"""Rows of one group of a Parquet file: large enough to be compact, small enough to be held."""

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""How a text begins that a spreadsheet would run instead of showing."""

Item = Mapping[str, Any]
_encoded = msgspec.json.Encoder().encode


class Form(Protocol):
    """Turns items into pieces of a file."""

    def piece(self, items: Sequence[Item]) -> bytes: ...
    def end(self) -> bytes: ...


def _shown(value: Any) -> str:
    """Return a value as a cell of a spreadsheet: JSON's own words, and text that runs nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(FORMULA) else value
    if isinstance(value, Decimal | int) and not isinstance(value, bool):
        return str(value)
    told = _encoded(value).decode()
    return told if isinstance(value, Mapping | list) else told.strip('"')


class Csv:
    """RFC 4180, UTF-8, a line of names first. A text that a spreadsheet would run gets an apostrophe in front."""

    media_type = CSV

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._lines = io.StringIO()
        self._writer = csv.writer(self._lines)
        self._writer.writerow([column.name for column in columns])

    def piece(self, items: Sequence[Item]) -> bytes:
        self._writer.writerows([_shown(column.of(item)) for column in self._columns] for item in items)
        text = self._lines.getvalue()
        self._lines.seek(0)
        self._lines.truncate()
        return text.encode()

    def end(self) -> bytes:
        return self.piece(())


class Ndjson:
    """One JSON object a line, as in a page of the list."""

    media_type = NDJSON

    def __init__(self, columns: Sequence[Column]) -> None:
        del columns
        self._encoder = msgspec.json.Encoder()

    def piece(self, items: Sequence[Item]) -> bytes:
        return self._encoder.encode_lines(items)

    def end(self) -> bytes:
        return b""


class Parquet:
    """Apache Parquet with typed columns; a file that was broken off lacks its end and cannot be opened."""

    media_type = PARQUET

    def __init__(self, columns: Sequence[Column]) -> None:
        # Most processes never write one; loading the library costs each of their starts.
        self._arrow: Any = importlib.import_module("pyarrow")
        parquet: Any = importlib.import_module("pyarrow.parquet")
        self._columns = columns
        self._schema = self._arrow.schema([self._field(column) for column in columns])
        self._file = io.BytesIO()
        self._written = 0
        self._waiting: list[Item] = []
        self._writer = parquet.ParquetWriter(_Unseekable(self._file), self._schema, compression="zstd")

    def _field(self, column: Column) -> Any:
        arrow = self._arrow
        kinds: Mapping[ColumnKind, Callable[[], Any]] = {
            ColumnKind.INTEGER: arrow.int64,
            ColumnKind.NUMBER: arrow.float64,
            ColumnKind.BOOLEAN: arrow.bool_,
            ColumnKind.DATE: arrow.date32,
            ColumnKind.TIME: lambda: arrow.timestamp("us", tz="UTC"),
        }
        kind = kinds.get(column.kind, arrow.string)()
        return arrow.field(column.name, kind, metadata={"description": column.description})

    def piece(self, items: Sequence[Item]) -> bytes:
        self._waiting += items
        return self._group() if len(self._waiting) >= ROWS_OF_A_GROUP else b""

    def _group(self) -> bytes:
        values = {column.name: [_typed(column, item) for item in self._waiting] for column in self._columns}
        self._writer.write_table(self._arrow.table(values, schema=self._schema))
        self._waiting = []
        return self._taken()

    def _taken(self) -> bytes:
        written = self._file.getvalue()
        self._file.seek(0)
        self._file.truncate()
        return written

    def end(self) -> bytes:
        last = self._group() if self._waiting else b""
        self._writer.close()
        return last + self._taken()


class _Unseekable(io.RawIOBase):
    """A file that is only ever written on, whose pieces are taken away meanwhile."""

    def __init__(self, file: io.BytesIO) -> None:
        self._into = file
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self._into.write(content)
        self._position += len(content)
        return len(content)

    def tell(self) -> int:
        return self._position


def _typed(column: Column, item: Item) -> Any:
    value = column.of(item)
    if value is None or column.kind in {ColumnKind.INTEGER, ColumnKind.NUMBER, ColumnKind.BOOLEAN, ColumnKind.DATE}:
        return value
    if column.kind is ColumnKind.JSON:
        return _encoded(value).decode()
    return value if column.kind is ColumnKind.TIME else str(value)


FORMS: Mapping[str, Callable[[Sequence[Column]], Form]] = {kind.media_type: kind for kind in (Csv, Ndjson, Parquet)}


def wanted_form(accept: str) -> str | None:
    """Return the form that a caller asks for by name, None for JSON."""
    kinds = [part.partition(";")[0].strip().lower() for part in accept.split(",")]
    return next((kind for kind in kinds if kind in FORMS), None) if "application/json" not in kinds else None

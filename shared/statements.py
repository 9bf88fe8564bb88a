"""Statements: written by SQLAlchemy, once for each question, and run on the driver itself.

SQLAlchemy's own way to a page of fifty rows costs several times what its driver does: the statement is written
again for every request, and every value of every row passes through its hands.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ParamSpec

import psycopg
from psycopg.rows import namedtuple_row
from pydantic import BaseModel
from sqlalchemy import ColumnElement, Select, any_, bindparam
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncSession
from sqlalchemy.util import LRUCache

P = ParamSpec("P")
REMEMBERED_QUESTIONS = 10_000
_COMPILED: LRUCache[Any, Any] = LRUCache(1_000)


def among(column: Any, values: Iterable[Any]) -> ColumnElement[bool]:
    """Return the condition that a column is one of some values: one parameter, however many they are."""
    condition: ColumnElement[bool] = column == any_(bindparam(None, list(values), ARRAY(column.type)))
    return condition


@dataclass(frozen=True, slots=True)
class Written:
    """A statement as the driver takes it."""

    sql: str
    values: Mapping[str, Any]


def write(statement: Select[Any], dialect: Dialect) -> Written:
    """Return a statement as the driver takes it; statements of one form are compiled once."""
    # There is no public way to compile through a cache.
    compiled: Any
    compiled, given, *_ = statement._compile_w_cache(dialect, compiled_cache=_COMPILED, column_keys=[])  # noqa: SLF001
    sql, stored = compiled.string, compiled._bind_processors  # noqa: SLF001
    values = compiled.construct_params(extracted_parameters=given, escape_names=False, _check=False)
    # What is left open is left out, so that the driver misses it when nobody gives it.
    left_out = {name for name, bind in compiled.binds.items() if bind.required}
    if compiled.post_compile_params:
        # The list of an IN becomes one value each.
        expanded = compiled._process_parameters_for_postcompile(values)  # noqa: SLF001
        sql, stored, values = (
            expanded.statement,
            stored | expanded.processors,
            values | expanded.additional_parameters,
        )
        left_out |= expanded.parameter_expansion.keys()
    return Written(
        sql,
        {
            name: stored[name](value) if name in stored else value
            for name, value in values.items()
            if name not in left_out
        },
    )


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked: a statement that is written when it is asked for the first time."""

    build: Callable[..., Select[Any]]
    asked: tuple[Any, ...]
    named: tuple[tuple[str, Any], ...]
    given: tuple[Any, ...] = field(compare=False)

    def statement(self) -> Select[Any]:
        return self.build(*self.given, **dict(self.named))


def remembered(build: Callable[P, Select[Any]]) -> Callable[P, Question]:
    """Let a statement be written once for each question: a list's filters, the caller, whatever is given.

    The function depends on nothing but its arguments, which can be hashed. What differs from row to row or from day
    to day it leaves open, for else nobody asks the same twice.
    """

    def ask(*args: P.args, **named: P.kwargs) -> Question:
        return Question(build, tuple(map(_asked, args)), tuple(named.items()), args)

    return ask


def _asked(given: object) -> object:
    """Return what makes the question: of a list's query the filters, whatever its page."""
    if not isinstance(given, BaseModel):
        return given
    return tuple(
        tuple(value) if isinstance(value, list) else value for name, value in given if name not in {"limit", "cursor"}
    )


@lru_cache(REMEMBERED_QUESTIONS)
def _written(question: Question, dialect: Dialect) -> Written:
    return write(question.statement(), dialect)


async def fetch(
    connection: AsyncConnection | AsyncSession,
    statement: Select[Any] | Question | Written,
    values: Mapping[str, Any] | None = None,
) -> list[Any]:
    """Return the rows of a statement as named tuples; a choice comes as its text, not as its term.

    What the statement leaves open stands in `values`.
    """
    if isinstance(connection, AsyncSession):
        connection = await connection.connection()
    if isinstance(statement, Question):
        statement = _written(statement, connection.dialect)
    elif not isinstance(statement, Written):
        statement = write(statement, connection.dialect)
    held: Any = connection.sync_connection
    driver: psycopg.AsyncConnection[Any] = held.connection.driver_connection
    try:
        async with driver.cursor(row_factory=namedtuple_row, binary=True) as cursor:
            await cursor.execute(statement.sql, {**statement.values, **(values or {})})
            return await cursor.fetchall()
    except psycopg.Error as error:
        if driver.closed:
            # SQLAlchemy's own way replaces all connections when one is lost.
            await connection.exec_driver_sql("SELECT 1")
        raise DBAPIError.instance(statement.sql, None, error, psycopg.Error, hide_parameters=True) from error

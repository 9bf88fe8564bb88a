"""Lists: keyset pages, straight from rows to bytes, that cost the same at any depth."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode
from uuid import UUID

import msgspec
from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, FromClause, Integer, Select, bindparam, true, tuple_
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.errors import Malformed, Refusal, ResourceNotFound, Text
from shared.exporting import PagesUnwanted, whole_list
from shared.forms import wanted_form
from shared.places import RegionCode, within
from shared.replies import reply, to_json
from shared.statements import REMEMBERED_QUESTIONS, Question, Written, fetch, write

V = TypeVar("V")
LARGEST_PAGE = 500


class CursorInvalid(Malformed):
    code = "cursor.invalid"
    title = Text("Kursor tidak sah", "Invalid cursor")
    detail = Text(
        "Kursor ini bukan dari daftar dengan saringan dan urutan yang sama.",
        "This cursor does not come from a list with the same filters and order.",
    )
    fix = Text("Mulai lagi dari halaman pertama.", "Begin again at the first page.")


class Boundaries(StrEnum):
    """By which boundaries a region is asked for (REG-3): rows keep the code they were made under."""

    TODAY = "today"
    ORIGINAL = "original"


class PageQuery(BaseModel):
    """What every list takes; each list adds its own filters. Unknown names are refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(50, ge=1, le=LARGEST_PAGE, description="Items a page")
    cursor: str | None = Field(None, max_length=1000, description="`next` of the page before")


class Bounded(BaseModel):
    """Where, and by which boundaries, rows are looked for or counted."""

    model_config = ConfigDict(extra="forbid")

    region: RegionCode | None = Field(None, description="Only what lies in this region")
    boundaries: Boundaries = Field(
        Boundaries.TODAY,
        description="`today`: by the region's present codes; `original`: by those a row was made under",
    )

    @property
    def original(self) -> bool:
        return self.boundaries is Boundaries.ORIGINAL

    def code(self, places: FromClause, *, made_under: Any = None) -> ColumnElement[Any]:
        """Return the code by which a row joined with `places` is counted.

        Who stands elsewhere by now says under which code it was `made_under`.
        """
        made: ColumnElement[Any] = places.c.kelurahan_code if made_under is None else made_under
        return made if self.original else places.c.code_now

    def lies_in_region(self, places: FromClause, *, made_under: Any = None) -> ColumnElement[bool]:
        """Return the condition that a row joined with `places` lies in the region asked for; without one all do."""
        return true() if self.region is None else within(self.code(places, made_under=made_under), self.region)


class PlacedQuery(Bounded, PageQuery):
    """What every list of rows that know their place takes besides."""


class Page(BaseModel, Generic[V]):
    """One page of a list."""

    items: list[V]
    next: str | None = Field(description="Cursor of the next page; null on the last")


class NotAcceptable(Refusal):
    status = 406
    code = "accept.unsupported"
    title = Text("Bentuk tidak tersedia", "Form not available")
    detail = Text(
        "Daftar ini tersedia sebagai application/json per halaman, atau utuh sebagai text/csv, application/x-ndjson"
        " atau application/vnd.apache.parquet.",
        "This list comes in pages as application/json, or whole as text/csv, application/x-ndjson"
        " or application/vnd.apache.parquet.",
    )
    fix = Text("Kirim salah satunya di Accept.", "Send one of them in Accept.")


def _form(request: Request, query: PageQuery) -> str | None:
    """Return the form of a whole list that is asked for, None for a page of JSON; what we do not have is refused."""
    accept = request.headers.get("accept", "")
    form = wanted_form(accept)
    if form is not None and query.model_fields_set & {"limit", "cursor"}:
        raise PagesUnwanted
    if form is None and accept and not any(kind in accept for kind in ("*/*", "application/*", "application/json")):
        raise NotAcceptable
    return form


@dataclass(frozen=True, slots=True)
class Order:
    """One way to sort a list: a column that is never null, then the id; `kind` reads it back."""

    column: ColumnElement[Any]
    kind: type
    identity: ColumnElement[Any]
    identity_kind: type = UUID
    descending: bool = False


def _fingerprint(request: Request, query: PageQuery) -> str:
    asked = query.model_dump(mode="json", exclude={"limit", "cursor"})
    return hashlib.blake2b(request.scope["path"].encode() + msgspec.json.encode(asked), digest_size=6).hexdigest()


def _cursor(fingerprint: str, value: object, identity: UUID | str) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([fingerprint, value, identity])).decode().rstrip("=")


def _position(cursor: str, *, fingerprint: str, kind: type, identity: type) -> tuple[Any, Any]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        found, value, last = msgspec.json.decode(base64.urlsafe_b64decode(padded), type=tuple[str, Any, Any])
        value, last = msgspec.convert(value, kind), msgspec.convert(last, identity)
    except (ValueError, msgspec.MsgspecError) as error:
        raise CursorInvalid from error
    if found != fingerprint:
        raise CursorInvalid
    return value, last


def _sorted_by(order: Order) -> tuple[ColumnElement[Any], ...]:
    return (order.column,) if order.column is order.identity else (order.column, order.identity)


def in_order(statement: Select[Any], order: Order) -> Select[Any]:
    """Return the statement of all rows, sorted."""
    return statement.order_by(*(column.desc() if order.descending else column for column in _sorted_by(order)))


def keyset(statement: Select[Any], *, order: Order, further: bool) -> Select[Any]:
    """Return the statement of a page: sorted, `further` after :after_value and :after_id, :rows rows."""
    columns = _sorted_by(order)
    statement = statement.add_columns(order.column.label("sort_key")).limit(bindparam("rows", type_=Integer))
    if further:
        names = ("after_id",) if len(columns) == 1 else ("after_value", "after_id")
        after = tuple_(*(bindparam(name, type_=column.type) for name, column in zip(names, columns, strict=True)))
        key = tuple_(*columns)
        statement = statement.where(key < after if order.descending else key > after)
    return in_order(statement, order)


@lru_cache(REMEMBERED_QUESTIONS)
def _remembered(question: Question, order: Order, *, further: bool, dialect: Dialect) -> Written:
    return write(keyset(question.statement(), order=order, further=further), dialect)


async def _read(
    connection: AsyncConnection,
    statement: Select[Any] | Question,
    *,
    order: Order,
    after: tuple[Any, Any] | None,
    values: Mapping[str, Any],
) -> list[Any]:
    further = after is not None
    if after is not None:
        values = {**values, "after_value": after[0], "after_id": after[1]}
    if isinstance(statement, Question):
        page = _remembered(statement, order, further=further, dialect=connection.dialect)
        return await fetch(connection, page, values)
    return await fetch(connection, keyset(statement, order=order, further=further), values)


async def _require_there(
    request: Request, connection: AsyncConnection, query: PageQuery, of: Select[Any] | None
) -> None:
    """Refuse what would look empty and is not there: what the rows belong to, or a region that is nobody's.

    Of regions it is judged where the service knows all there ever were.
    """
    if of is not None and not await fetch(connection, of):
        raise ResourceNotFound
    judge = getattr(request.app.state, "require_region", None)
    if judge is not None and isinstance(query, Bounded):
        await judge(connection, query.region)


async def page(
    request: Request,
    connection: AsyncConnection,
    statement: Select[Any] | Question,
    *,
    query: PageQuery,
    order: Order,
    shape: Callable[[Any], Mapping[str, Any]],
    parameters: Mapping[str, Any] | None = None,
    seen: Callable[[Sequence[Any]], None] | None = None,
    of: Select[Any] | None = None,
) -> Response:
    """Answer one page of a list; the statement selects its identity as `id` and may take parameters.

    `seen` is told of the rows that will be shown. `of` finds what the address says the rows belong to: where the caller
    may know of no such thing the answer is ResourceNotFound, not an empty list.
    """
    form = _form(request, query)
    fingerprint = _fingerprint(request, query)
    after = None
    if query.cursor is not None:
        after = _position(query.cursor, fingerprint=fingerprint, kind=order.kind, identity=order.identity_kind)
    # Taken before the read: whoever follows the journal from here misses nothing.
    position = request.app.state.head.position
    if form is not None:
        await _require_there(request, connection, query, of)
        whole = statement.statement() if isinstance(statement, Question) else statement
        return await whole_list(
            request,
            in_order(whole, order),
            form=form,
            shape=shape,
            values=dict(parameters or {}),
            position=position,
            seen=seen,
        )
    # One row more than asked tells whether there is a next page.
    values = {**(parameters or {}), "rows": query.limit + 1}
    rows = await _read(connection, statement, order=order, after=after, values=values)
    if not rows:
        # Asked only here, so that a list costs one statement as long as it has something to show.
        await _require_there(request, connection, query, of)
    more = len(rows) > query.limit
    rows = rows[: query.limit]
    if seen is not None:
        seen(rows)
    following = _cursor(fingerprint, rows[-1].sort_key, rows[-1].id) if more else None
    body = to_json({"items": [shape(row) for row in rows], "next": following})
    headers = {"Journal-Position": str(position)}
    if following is not None:
        asked = [(k, v) for k, v in request.query_params.multi_items() if k != "cursor"]
        address = urlencode([*asked, ("cursor", following)])
        headers["Link"] = f'<{request.scope["path"]}?{address}>; rel="next"'
    return reply(request, body, headers=headers)

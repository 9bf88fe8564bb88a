"""The least that the same answers cost: the service's own statements on the bare driver, encoded by msgspec.

The statements are not written here: they are taken down while the service answers one request of each kind. `/list`,
`/read/{id}` and `/write` answer without any framework, `/nothing` with a constant; `/framed` is the list with the web
framework and the check of the token. `/statements` tells what was taken down.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from secrets import choice, randbits
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg
from fastapi import FastAPI, Response
from psycopg.rows import namedtuple_row
from psycopg_pool import AsyncConnectionPool
from starlette.types import Receive, Scope, Send

from services.registry.app import create
from services.registry.boards.queries import board_view
from services.registry.settings import Settings
from shared.identity import new_id
from shared.permissions import Anyone
from tests.benchmarks.requests import LIST, READ, WRITE, WRITTEN, WRITTEN_IN

encode = msgspec.json.Encoder().encode
JSON = (b"content-type", b"application/json")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement with its values; of a write the values hold what every request has anew."""

    sql: str
    values: Any
    many: bool = False


@dataclass(slots=True)
class Taken:
    """What the service sends to the database for one request of each kind, and what a write answers."""

    read_id: UUID
    write_key: str
    sent: dict[str, list[Statement]]
    write_id: UUID
    beside: list[UUID]
    """Of the rows that come with a board: its first name and its deed."""

    written: bytes


@contextmanager
def taking(into: list[Statement]) -> Iterator[None]:
    """Take down what this task sends meanwhile; what runs beside every request is not part of it."""
    task = asyncio.current_task()

    def note(send: Callable[..., Awaitable[Any]], *, many: bool) -> Callable[..., Awaitable[Any]]:
        async def noted(cursor: Any, query: Any, values: Any = None, **named: Any) -> Any:
            if asyncio.current_task() is task:
                sql = query if isinstance(query, str) else query.as_string(cursor)
                into.append(Statement(sql, values, many))
            return await send(cursor, query, values, **named)

        return noted

    cursor = psycopg.AsyncCursor
    with (
        patch.object(cursor, "execute", note(cursor.execute, many=False)),
        patch.object(cursor, "executemany", note(cursor.executemany, many=True)),
    ):
        yield


async def take(service: FastAPI, *, token: str, board: str) -> Taken:
    """Ask the service in this process for one answer of each kind."""
    transport = httpx.ASGITransport(app=service)
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(transport=transport, base_url="http://floors", headers=headers) as http:
        # The first round opens connections and looks around in them.
        for _ in range(2):
            key = str(uuid4())
            sent: dict[str, list[Statement]] = {"list": [], "read": [], "write": []}
            with taking(sent["list"]):
                (await http.get(LIST)).raise_for_status()
            with taking(sent["read"]):
                (await http.get(READ.replace("{id}", board))).raise_for_status()
            with taking(sent["write"]):
                draft = WRITTEN | {"kelurahan_code": WRITTEN_IN[0], "name": f"BKM {key}"}
                reply = await http.post(WRITE, json=draft, headers={"Idempotency-Key": key})
        written = reply.raise_for_status()
        made = written.json()["id"]
        lists = [(await http.get(f"{WRITE}/{made}/{kind}")).raise_for_status() for kind in ("names", "legal-records")]
    beside = [UUID(one["id"]) for reply in lists for one in reply.json()["items"]]
    return Taken(UUID(board), key, sent, UUID(made), beside, written.content)


def renewed(value: Any, *, by: Mapping[Any, Any]) -> Any:
    """Return a value with the identities of another request."""
    if isinstance(value, str):
        for former, fresh in by.items():
            value = value.replace(str(former), str(fresh))
        return value
    if isinstance(value, bytes):
        for former, fresh in by.items():
            value = value.replace(str(former).encode(), str(fresh).encode())
        return value
    if isinstance(value, Mapping):
        return {name: renewed(one, by=by) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [renewed(one, by=by) for one in value]
    return by.get(value, value) if isinstance(value, UUID) else value


class Floors:
    """The application that answers with the least work."""

    def __init__(self) -> None:
        self.taken: Taken
        self.service = create(Settings.from_environment())
        self.framed = FastAPI(openapi_url=None)
        self.framed.get("/framed")(self.list_framed)
        url = self.service.state.settings.database_url.get_secret_value()
        size = self.service.state.settings.pool_size
        common: dict[str, Any] = {"min_size": size, "max_size": size, "open": False}
        self.reads = AsyncConnectionPool(url, kwargs={"autocommit": True}, **common)
        self.writes = AsyncConnectionPool(url, **common)

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        async with self.service.router.lifespan_context(self.service), self.reads, self.writes:
            self.framed.state.gate = self.service.state.gate
            board, token = os.environ["FLOORS_BOARD"], os.environ["FLOORS_TOKEN"]
            self.taken = await take(self.service, token=token, board=board)
            yield

    async def list_boards(self) -> bytes:
        (statement,) = self.taken.sent["list"]
        async with self.reads.connection() as connection:
            cursor = connection.cursor(row_factory=namedtuple_row, binary=True)
            await cursor.execute(statement.sql, statement.values)
            rows = await cursor.fetchall()
        return encode({"items": [board_view(row) for row in rows[:50]], "next": str(rows[-1].id)})

    async def list_framed(self, _caller: Anyone) -> Response:
        return Response(await self.list_boards(), media_type="application/json")

    async def read_board(self, board: str) -> bytes:
        (statement,) = self.taken.sent["read"]
        async with self.reads.connection() as connection:
            cursor = connection.cursor(row_factory=namedtuple_row, binary=True)
            await cursor.execute(statement.sql, renewed(statement.values, by={self.taken.read_id: UUID(board)}))
            (row,) = await cursor.fetchall()
        return encode(board_view(row))

    async def write_board(self) -> bytes:
        by: dict[Any, Any] = {one: new_id() for one in (self.taken.write_id, *self.taken.beside)}
        by[self.taken.write_key] = str(uuid4())
        by[WRITTEN_IN[0]] = choice(WRITTEN_IN)
        async with self.writes.connection() as connection:
            for statement in self.taken.sent["write"]:
                cursor = connection.cursor()
                if "advisory" in statement.sql:
                    # Every request locks its own keys.
                    own = {
                        name: [randbits(62) for _ in value] if isinstance(value, list) else randbits(62)
                        for name, value in statement.values.items()
                    }
                    await cursor.execute(statement.sql, own)
                elif statement.many:
                    await cursor.executemany(statement.sql, renewed(statement.values, by=by))
                else:
                    await cursor.execute(statement.sql, renewed(statement.values, by=by))
        return self.taken.written

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            async with self.open():
                await send({"type": "lifespan.startup.complete"})
                await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        match scope["path"].split("/")[1:]:
            case ["framed"]:
                await self.framed(scope, receive, send)
                return
            case ["list"]:
                body = await self.list_boards()
            case ["read", board]:
                body = await self.read_board(board)
            case ["write"]:
                await receive()
                body = await self.write_board()
            case ["statements"]:
                body = encode({kind: [one.sql for one in sent] for kind, sent in self.taken.sent.items()})
            case _:
                body = b"{}"
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": 200, "headers": [JSON, length]})
        await send({"type": "http.response.body", "body": body})


def create_floors() -> Floors:
    return Floors()

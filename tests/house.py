"""The services as tests use them: migrated databases, real tokens, an HTTP client, sealed journals."""

import asyncio
import importlib
import itertools
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx
import msgspec
import psycopg
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from fastapi import FastAPI
from jose import jwk, jwt
from sqlalchemy import text

from deploy.local.postgres import Postgres
from services.registry.accounts.rules import SERVICE_SCOPES, scopes_of
from shared.app import Tables
from shared.clock import read_clock
from shared.database import Database
from shared.migrations import upgrade
from shared.sealing import seal
from shared.tokens import ALGORITHM, AUDIENCE

ISSUER = "http://localhost:8080"
HMAC_SECRET = "5e" * 32
FERNET = Fernet.generate_key().decode()
KELURAHAN = {
    "34.71.03.1001": "Baciro",
    "34.71.03.1002": "Demangan",
    "34.71.04.1001": "Suryatmajan",
    "33.74.01.1001": "Miroto",
}
REGIONS_ABOVE = {
    "34": "Daerah Istimewa Yogyakarta",
    "34.71": "Kota Yogyakarta",
    "34.71.03": "Gondokusuman",
    "33.74": "Kota Semarang",
}
"""Regions above, which registry knows besides."""

LARGE = 1 << 20
"""Bytes from which a table is emptied as a whole, dead rows and all."""

_numbers = itertools.count(1)


class Issuer:
    """A key of the tests' own that signs tokens as registry's does."""

    def __init__(self) -> None:
        private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        self.key = jwk.construct(self.pem.decode(), ALGORITHM)
        public = {k: v.decode() if isinstance(v, bytes) else v for k, v in self.key.public_key().to_dict().items()}
        self.jwk = public | {"kid": "tests", "use": "sig"}

    def token(self, claims: dict[str, Any]) -> str:
        return str(jwt.encode(claims, self.key, algorithm=ALGORITHM, headers={"kid": "tests", "typ": "at+jwt"}))


@dataclass
class Prepared:
    """Migrated template databases, one per service, and the key that tokens are signed with."""

    server: Postgres
    issuer: Issuer
    folder: Path
    templates: dict[str, str] = field(default_factory=dict)

    def template(self, service: str) -> str:
        if service not in self.templates:
            self.templates[service] = _make_template(self, service)
        return self.templates[service]


def prepare(server: Postgres, issuer: Issuer, folder: Path) -> Prepared:
    (folder / "head.pem").write_bytes(issuer.pem)
    return Prepared(server, issuer, folder)


def _make_template(prepared: Prepared, service: str) -> str:
    name = f"{service}_template"
    url = prepared.server.create_database(name, service)
    module = importlib.import_module(f"services.{service}.app")
    upgrade(module.MIGRATIONS, url=url)
    lay_the_ground(prepared, service, url=url)
    return name


def lay_the_ground(prepared: Prepared, service: str, *, url: str) -> None:
    """Put the places, and in registry the tests' signing key, into a migrated database."""
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO places (kelurahan_code, code_now, name) VALUES (%s, %s, %s)",
            [
                (code, code, name)
                for code, name in (KELURAHAN | (REGIONS_ABOVE if service == "registry" else {})).items()
            ],
        )
        if service == "registry":
            cursor.execute(
                "INSERT INTO signing_keys (kid, private_pem, public_jwk, published_at, signs_from)"
                " VALUES ('tests', %s, %s, now(), now() - interval '1 minute')",
                (Fernet(FERNET).encrypt(prepared.issuer.pem), msgspec.json.encode(prepared.issuer.jwk).decode()),
            )


@dataclass
class Running:
    """A service running in this process."""

    name: str
    app: FastAPI
    http: httpx.AsyncClient
    url: str
    issuer: Issuer

    @property
    def database(self) -> Database:
        database: Database = self.app.state.database
        return database

    @property
    def tables(self) -> Tables:
        tables: Tables = self.app.state.tables
        return tables

    def token(self, *roles: str, regions: tuple[str, ...] = ("34.71",), **claims: Any) -> dict[str, str]:
        """Return headers that sign somebody in: roles in regions; `person`, `org`, `sub`, `scope` on wish."""
        now = int(time.time())
        known = {
            "iss": ISSUER,
            "sub": str(uuid4()),
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 900,
            "jti": str(uuid4()),
            "client_id": "tests",
            "scope": " ".join(scopes_of(list(roles))),
            "roles": list(roles),
            "regions": list(regions),
            "person": str(uuid4()),
        }
        return {"Authorization": f"Bearer {self.issuer.token(known | claims)}"}

    def service_token(self, service: str) -> dict[str, str]:
        """Return headers of one of the house's own services."""
        return self.token(regions=("*",), scope=" ".join(SERVICE_SCOPES[service]))

    async def seal(self) -> int:
        """Seal all that is committed, as a worker does; return the journal's position."""
        head = self.tables.journal_head
        while True:
            async with self.database.transaction() as session:
                entries = self.tables.journal_entries
                if not await seal(session, entries=entries, head=head, service=self.name, now=read_clock()):
                    break
        async with self.database.reads.connect() as connection:
            position = int((await connection.execute(head.select())).one().position)
        self.app.state.head.move(position)
        return position

    async def empty(self) -> None:
        """Forget everything that was recorded.

        Row by row where there are few: a TRUNCATE makes the files of a table and of each of its indexes anew, which took
        most of the time of most tests.
        """
        used, large, sequences = await self._used()
        async with self.database.writes.begin() as connection:
            if large:
                await connection.execute(text(f"TRUNCATE {', '.join(large)} CASCADE"))
            lines = [
                *(f"DELETE FROM {name}" for name in used if name not in large),  # noqa: S608
                *(f"PERFORM setval('{name}', 1, false)" for name in sequences),
                "INSERT INTO journal_head (id, position, digest) VALUES (1, 0, decode(repeat('00', 32), 'hex'))",
            ]
            await connection.exec_driver_sql(f"DO $$ BEGIN {'; '.join(lines)}; END $$")
        self.app.state.head.position = 0
        self.app.state.gate.standings.replace({})

    async def _used(self) -> tuple[list[str], list[str], list[str]]:
        """Return the tables that hold rows, what refers to others first; the large ones among them; sequences in use."""
        kept = {"places", "signing_keys"}
        tables = reversed(self.tables.journal_head.metadata.sorted_tables)
        names = [table.name for table in tables if table.name not in kept]
        holds = ", ".join(f"EXISTS (SELECT FROM {name}), pg_relation_size('{name}') > {LARGE}" for name in names)
        async with self.database.reads.connect() as connection:
            found = iter((await connection.exec_driver_sql(f"SELECT {holds}")).one())
            told = [(name, next(found), next(found)) for name in names]
            sequences = await connection.exec_driver_sql(
                "SELECT schemaname || '.' || sequencename FROM pg_sequences"
                " WHERE last_value IS NOT NULL AND NOT starts_with(sequencename, 'procrastinate')"
            )
            return (
                [name for name, holds, _ in told if holds],
                [name for name, _, large in told if large],
                [name for (name,) in sequences],
            )

    @contextmanager
    def counted(self) -> Iterator[list[str]]:
        """Collect the statements that are sent to the database meanwhile."""
        sent: list[str] = []
        task = asyncio.current_task()

        def noting(send: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
            async def noted(cursor: psycopg.AsyncCursor[Any], query: Any, *args: Any, **named: Any) -> Any:
                # What runs beside the request, such as the look at standings, does not count.
                if asyncio.current_task() is task:
                    sent.append(str(query))
                return await send(cursor, query, *args, **named)

            return noted

        # At the driver, which lists and single reads use without SQLAlchemy's events.
        cursors = psycopg.AsyncCursor
        with (
            patch.object(cursors, "execute", noting(cursors.execute)),
            patch.object(cursors, "executemany", noting(cursors.executemany)),
        ):
            yield sent


def _kept_keys(state: Path, issuer: Issuer) -> Path:
    """Lay the issuer's keys where a service keeps the last ones it heard of."""
    state.mkdir(parents=True, exist_ok=True)
    (state / "jwks.json").write_bytes(msgspec.json.encode({"keys": [issuer.jwk]}))
    return state


@asynccontextmanager
async def run(prepared: Prepared, service: str, folder: Path, **settings: Any) -> AsyncIterator[Running]:
    """Run a service in this process on a fresh copy of its migrated database."""
    name = f"{service}_{next(_numbers)}"
    url = prepared.server.create_database(name, service, template=prepared.template(service))
    state = _kept_keys(folder / "state", prepared.issuer)
    values: dict[str, Any] = {
        "database_url": url,
        "port": 1,
        "hmac_secret": HMAC_SECRET,
        "head_key_file": prepared.folder / "head.pem",
        "state_folder": state,
        "issuer": ISSUER,
        "jwks_url": "http://127.0.0.1:1/.well-known/jwks.json",
        "pool_size": 4,
        "key_encryption_secret": FERNET,
        "personal_key_secrets": HMAC_SECRET,
        "registry_url": "http://127.0.0.1:1",
        "planning_url": "http://127.0.0.1:1",
        "client_id": service,
        "client_secret": "invented",
        "storage_url": (folder / "files").as_uri(),
    }
    app_module = importlib.import_module(f"services.{service}.app")
    settings_module = importlib.import_module(f"services.{service}.settings")
    app: FastAPI = app_module.create(settings_module.Settings(**(values | settings)))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
            yield Running(service, app, http, url, prepared.issuer)


@dataclass
class House:
    """The services of a test process; each is started when first asked for."""

    prepared: Prepared
    folder: Path
    stack: AsyncExitStack
    running: dict[str, Running] = field(default_factory=dict)

    async def emptied(self, service: str) -> Running:
        """Return a service with nothing recorded but the places and, in registry, the signing key."""
        if service not in self.running:
            context = run(self.prepared, service, self.folder / service)
            self.running[service] = await self.stack.enter_async_context(context)
        running = self.running[service]
        await running.empty()
        return running


def etag(reply: httpx.Response) -> dict[str, str]:
    """Return the If-Match header that names what a reply showed."""
    return {"If-Match": reply.headers["ETag"]}


def code_of(reply: httpx.Response) -> str:
    """Return the code of a problem."""
    assert reply.headers["content-type"].startswith("application/problem+json"), reply.text
    return str(reply.json()["code"])


def new_id() -> str:
    return str(UUID(int=uuid4().int))

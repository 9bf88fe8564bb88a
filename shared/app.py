"""An application: what a service brings, joined with the plumbing that all have."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from fastapi import APIRouter, FastAPI
from sqlalchemy import MetaData, Table

from shared import problems
from shared.attaching import attachment_router
from shared.attachments import Attachments
from shared.batch import batch_router
from shared.catalogue import catalogue_router
from shared.columns import meanings_in
from shared.database import Database
from shared.explaining import permission_router
from shared.exporting import export_router
from shared.feed import feed_router
from shared.heads import Head, keep_hearing
from shared.health import health_router
from shared.importables import Importable
from shared.importing import WORK, Importing
from shared.importviews import import_router
from shared.jobs import Jobs, Work
from shared.jobviews import jobs_router
from shared.journal import Audience
from shared.log import configure_logs, log
from shared.observing import Observing, serve_metrics
from shared.openapi import Documented
from shared.permissions import Gate, Standings
from shared.revisions import head_revision
from shared.routing import Shelves
from shared.sealing import HeadKey
from shared.settings import ServiceSettings
from shared.storage import Storage
from shared.syncables import Syncing
from shared.syncviews import sync_router
from shared.tokens import Keys, Tokens, http_keys, keep_keys_fresh
from shared.webhookviews import webhook_router

KINDS = ("attachments", "imports", "sync")
"""What the plumbing itself tells in a journal: papers, and files and offline copies that were read."""


@dataclass(frozen=True, slots=True)
class Service:
    """What a service brings: its words, tables, routes and who may see what it journals."""

    name: str
    title: str
    description: str
    metadata: MetaData
    migrations: Path
    routers: Sequence[APIRouter]
    audiences: Mapping[str, Audience]
    subjects: Mapping[str, type[Any]]
    load_standings: Callable[[Database], Awaitable[Mapping[UUID, float]]]
    fetch_keys: Callable[[Database], Awaitable[Mapping[str, Any]]] | None = None
    attachments: Attachments | None = None
    works: Mapping[str, Work] = field(default_factory=dict)
    importables: Sequence[Importable] = ()
    syncing: Syncing | None = None
    kinds: Collection[str] = ()
    """What its journal tells of, `boards` of `boards/{id}`; those that the plumbing adds are known."""

    alone: Collection[str] = ()
    """Addresses behind /v1/ that the gateway slows down by how often they come, and that no batch holds therefore."""

    state: Mapping[str, Any] = field(default_factory=dict)

    def every_work(self) -> Mapping[str, Work]:
        """Return the kinds of long work, imports among them."""
        return {**self.works, **({WORK: Importing(self.importables).run} if self.importables else {})}


def jobs_of(service: Service, settings: ServiceSettings) -> Jobs:
    """Return a service's kinds of long work and the queue they wait in."""
    url = settings.database_url.get_secret_value()
    return Jobs(table=service.metadata.tables["jobs"], url=url, works=service.every_work())


class Tables:
    """A service's tables by name: `tables.journal_entries`."""

    def __init__(self, metadata: MetaData) -> None:
        self._tables = metadata.tables

    def __getattr__(self, name: str) -> Table:
        return self._tables[name]

    def names(self) -> list[str]:
        return list(self._tables)

    def get(self, name: str) -> Table | None:
        return self._tables.get(name)


def _tell_of_end(task: asyncio.Future[None]) -> None:
    # Endless work that ends is never meant to; unseen it would be missed only when somebody needs it.
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("background.ended", exc_info=error)


@asynccontextmanager
async def background(*works: Awaitable[None]) -> AsyncIterator[None]:
    """Run endless works beside the block, and end them with it."""
    tasks = [asyncio.ensure_future(work) for work in works]
    for task in tasks:
        task.add_done_callback(_tell_of_end)
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


def create_app(service: Service, settings: ServiceSettings) -> FastAPI:
    """Return a service's application; nothing is opened before it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        configure_logs(service=service.name, level=settings.log_level)
        database = Database(settings)
        fetch = service.fetch_keys
        keys = Keys(
            fetch=http_keys(settings.jwks_url) if fetch is None else lambda: fetch(database),
            cache_file=settings.state_folder / "jwks.json",
        )
        standings = Standings()
        app.state.database = database
        app.state.storage = Storage(settings.storage_url)
        app.state.head_key = HeadKey(settings.head_key_file)
        app.state.gate = Gate(tokens=Tokens(keys=keys, issuer=settings.issuer), standings=standings)
        serve_metrics(settings.metrics_port, host=settings.host)
        app.state.head.move(await database.sealed_position())
        async with background(
            keep_keys_fresh(keys),
            keep_hearing(app.state.head, url=settings.database_url.get_secret_value()),
            standings.keep_fresh(lambda: service.load_standings(database)),
        ):
            yield
        await database.close()

    app = Documented(
        title=service.title,
        description=service.description,
        version="1",
        lifespan=lifespan,
        openapi_url=f"/{service.name}/v1/openapi.json",
        docs_url=None,
        separate_input_output_schemas=False,
        redoc_url=None,
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    app.state.service = service.name
    app.state.settings = settings
    app.state.tables = Tables(service.metadata)
    app.state.audiences = service.audiences
    app.state.subjects = service.subjects
    app.state.attachments = service.attachments
    app.state.head = Head()
    app.state.revision = head_revision(service.migrations)
    app.state.importing = Importing(service.importables)
    app.state.syncing = service.syncing
    app.state.kinds = {*service.kinds, *KINDS}
    app.state.alone = service.alone
    app.state.meanings = meanings_in(service.migrations.parent)
    if service.every_work():
        app.state.jobs = jobs_of(service, settings)
    for name, value in service.state.items():
        setattr(app.state, name, value)
    problems.install(app)
    for routes in (
        *service.routers,
        *([jobs_router(service.name)] if service.every_work() else []),
        *([import_router(service.name)] if service.importables else []),
        *([attachment_router(service.name)] if service.attachments else []),
        *([sync_router(service.name, service.syncing)] if service.syncing else []),
        feed_router(service.name),
        batch_router(service.name),
        export_router(service.name),
        webhook_router(service.name),
        permission_router(service.name),
        catalogue_router(service.name),
        health_router(service.name),
    ):
        # Taken as they are: a router that is included is searched twice for every request.
        app.router.routes.extend(routes.routes)
    app.router.routes.insert(0, Shelves(app.router.routes))
    app.add_middleware(Observing)
    return app

"""The worker of a service: it seals, follows, signs and tidies, beside any number of others."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from shared.app import Service, Tables, background, jobs_of
from shared.authority import Ask, Authorities
from shared.clock import read_clock
from shared.conflicts import forget_old_conflicts
from shared.database import Database
from shared.delivering import Deliveries
from shared.exporting import forget_old_exports
from shared.following import Follower
from shared.importing import forget_old_imports
from shared.jobs import forget_old_jobs
from shared.log import configure_logs, log
from shared.observing import LAG, SEALED, serve_metrics
from shared.outgoing import Outgoing
from shared.sealing import HeadKey, keep_sealing, sign_head
from shared.settings import ServiceSettings
from shared.storage import Storage
from shared.uploading import sweep
from shared.webhooks import forget_old_deliveries
from shared.writing import forget_old_keys

TIDY_SECONDS = 30.0
BUSY_SECONDS = 0.5
"""Between two rounds of chores while one of them has more to do, so that each has its turn."""

MEASURE_SECONDS = 2.0

Chore = Callable[[AsyncSession, datetime], Awaitable[bool | None]]
"""Does a part of what is to be done, and tells whether there may be more."""


async def _measure(database: Database, tables: Tables) -> None:
    while True:
        try:
            async with database.reads.connect() as connection:
                SEALED.set(await connection.scalar(select(tables.journal_head.c.position)) or 0)
                if (cursors := tables.get("followed_journals")) is not None:
                    for row in (await connection.execute(select(cursors))).all():
                        LAG.labels(row.service).set(row.upstream_position - row.position)
        except Exception as error:
            log.warning("not_measured", error=repr(error))
        await asyncio.sleep(MEASURE_SECONDS)


async def _tidy(database: Database, chores: Sequence[Chore]) -> None:
    while True:
        more = False
        for chore in chores:
            try:
                async with database.transaction() as session:
                    more = bool(await chore(session, read_clock())) or more
            except Exception as error:
                log.error("chore.failed", exc_info=error)
        await asyncio.sleep(BUSY_SECONDS if more else TIDY_SECONDS)


async def _witness(database: Database, followers: Sequence[Follower]) -> None:
    while True:
        for follower in followers:
            try:
                await follower.witness(database)
            except Exception as error:
                log.info("head.not_witnessed", followed=follower.service, error=repr(error))
        await asyncio.sleep(TIDY_SECONDS)


async def work(
    service: Service,
    settings: ServiceSettings,
    *,
    authority: Ask,
    followers: Sequence[Follower] = (),
    chores: Sequence[Chore] = (),
) -> None:
    """Do a service's background work until the process is told to stop."""
    configure_logs(service=f"{service.name}-worker", level=settings.log_level)
    serve_metrics(settings.worker_metrics_port, host=settings.host)
    database = Database(settings, patient=True)
    tables = Tables(service.metadata)
    key = HeadKey(settings.head_key_file)

    async def sign(session: AsyncSession, now: datetime) -> None:
        await sign_head(
            session,
            head=tables.journal_head,
            signed=tables.journal_signed_heads,
            service=service.name,
            key=key,
            now=now,
        )

    async def forget(session: AsyncSession, now: datetime) -> None:
        await forget_old_keys(session, tables.idempotency_keys, now=now, days=settings.idempotency_days)

    async def forget_jobs(session: AsyncSession, now: datetime) -> None:
        await forget_old_jobs(session, tables.jobs, now=now)
        if service.importables:
            await forget_old_imports(session, tables.imports, tables.import_rows, now=now)

    async def forget_conflicts(session: AsyncSession, now: datetime) -> None:
        await forget_old_conflicts(session, tables.sync_conflicts, now=now)

    async def forget_exports(session: AsyncSession, now: datetime) -> None:
        await forget_old_exports(session, tables.exports, now=now)

    async def forget_deliveries(session: AsyncSession, now: datetime) -> None:
        await forget_old_deliveries(session, tables.webhook_deliveries, now=now)

    attachments, storage = service.attachments, Storage(settings.storage_url)

    async def sweep_storage(session: AsyncSession, now: datetime) -> None:
        if attachments is not None:
            await sweep(session, attachments, storage, now=now)

    authorities = Authorities(authority, lambda: service.load_standings(database))
    deliveries = Deliveries(
        service=service,
        tables=tables,
        database=database,
        authorities=authorities,
        outgoing=Outgoing(allow_private=settings.webhooks_allow_private),
        hmac_key=settings.hmac_key,
    )
    chores = [sign, forget, forget_exports, forget_deliveries, sweep_storage, *chores]
    chores += [forget_jobs] if service.every_work() else []
    chores += [forget_conflicts] if service.syncing else []
    sealing = keep_sealing(database, entries=tables.journal_entries, head=tables.journal_head, service=service.name)
    async with background(
        sealing,
        _tidy(database, chores),
        _measure(database, tables),
        _witness(database, followers),
        deliveries.keep_delivering(),
        *([jobs_of(service, settings).keep_working(database, authorities)] if service.every_work() else []),
        *(follower.keep_following(database) for follower in followers),
    ):
        await asyncio.Event().wait()

"""Commands that every service's command line has: serve, work, migrate, revise, and those that speak to the API."""

import asyncio
import contextlib
import gc
import importlib
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import ModuleType
from typing import Annotated, TypeVar

import typer
import uvicorn
from fastapi import FastAPI

from shared.settings import ServiceSettings
from shared.terminal import add_client_commands

S = TypeVar("S", bound=ServiceSettings)
GC_THRESHOLDS = (50_000, 20, 20)
GRACE_SECONDS = 3
"""How long running requests may go on after the process is told to stop; a resting long poll would never end."""

KEEP_ALIVE_SECONDS = 75
"""Longer than the gateway keeps an idle connection, so that none closes under a request."""


def _history() -> ModuleType:
    # Only migrating needs the tool for it; loading it for serving and working costs each of their starts.
    return importlib.import_module("shared.migrations")


async def _until_told(worker: Callable[[S], Awaitable[None]], settings: S) -> None:
    task = asyncio.ensure_future(worker(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task


def add_service_commands(
    cli: typer.Typer,
    *,
    create: Callable[[S], FastAPI],
    settings: type[S],
    migrations: Path,
    worker: Callable[[S], Awaitable[None]],
) -> None:
    """Add the commands to a service's command line."""
    add_client_commands(cli, service=migrations.parent.name)

    @cli.command()
    def serve() -> None:
        """Serve the API."""
        known = settings.from_environment()
        application = create(known)
        # What lives as long as the process is not looked through again at every collection.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        uvicorn.run(
            application,
            host=known.host,
            port=known.port,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=GRACE_SECONDS,
            forwarded_allow_ips=known.forwarded_allow_ips,
            access_log=False,
            log_level="warning",
            server_header=False,
        )

    @cli.command()
    def work() -> None:
        """Do the background work: seal, follow, sign, tidy."""
        asyncio.run(_until_told(worker, settings.from_environment()))

    @cli.command()
    def migrate() -> None:
        """Bring the database to the newest schema."""
        history = _history()
        history.upgrade(migrations, url=settings.from_environment().database_url.get_secret_value())

    @cli.command()
    def revise(message: Annotated[str, typer.Argument(help="What the migration does")]) -> None:
        """Write a migration from the difference between the database and the models."""
        history = _history()
        url = settings.from_environment().database_url.get_secret_value()
        history.revise(migrations, url=url, message=message)

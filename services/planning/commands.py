"""Planning's commands: serve, work, migrate, revise."""

from datetime import datetime

import typer
from sqlalchemy.ext.asyncio import AsyncSession

from services.planning.app import MIGRATIONS, SERVICE, create
from services.planning.clients.registry import registry_client
from services.planning.database import followed_journals, journal_signed_heads
from services.planning.directory import service as directory
from services.planning.settings import Settings
from services.planning.works import pictures
from shared.commands import add_service_commands
from shared.following import Follower
from shared.storage import Storage
from shared.working import work

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Tridaya planning")


async def _worker(settings: Settings) -> None:
    client = registry_client(settings)
    registry = Follower(
        service="registry",
        client=client,
        handlers=directory.HANDLERS,
        cursors=followed_journals,
        signed_heads=journal_signed_heads,
    )
    storage = Storage(settings.storage_url)

    async def sweep_pictures(session: AsyncSession, now: datetime) -> None:
        await pictures.sweep(session, storage, now=now)

    await work(SERVICE, settings, authority=client.standing, followers=[registry], chores=[sweep_pictures])


add_service_commands(cli, create=create, settings=Settings, migrations=MIGRATIONS, worker=_worker)

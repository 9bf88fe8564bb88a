"""Planning's commands: serve, work, migrate, revise."""

import typer

from services.planning.app import MIGRATIONS, SERVICE, create
from services.planning.clients.registry import registry_client
from services.planning.database import followed_journals, journal_signed_heads
from services.planning.directory import service as directory
from services.planning.settings import Settings
from shared.commands import add_service_commands
from shared.following import Follower
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
    await work(SERVICE, settings, authority=client.standing, followers=[registry])


add_service_commands(cli, create=create, settings=Settings, migrations=MIGRATIONS, worker=_worker)

"""Monitoring's command line: serve, work, migrate, revise."""

import typer

from services.monitoring.app import MIGRATIONS, SERVICE, create
from services.monitoring.clients.planning import planning_client
from services.monitoring.clients.registry import registry_client
from services.monitoring.database import followed_journals, journal_signed_heads
from services.monitoring.facts import service as facts
from services.monitoring.settings import Settings
from shared.commands import add_service_commands
from shared.following import Follower
from shared.working import work

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Tridaya monitoring")


async def _worker(settings: Settings) -> None:
    followers = [
        Follower(
            service=name,
            client=client,
            handlers=handlers,
            cursors=followed_journals,
            signed_heads=journal_signed_heads,
        )
        for name, client, handlers in (
            ("registry", registry_client(settings), facts.OF_REGISTRY),
            ("planning", planning_client(settings), facts.OF_PLANNING),
        )
    ]
    await work(SERVICE, settings, followers=followers)


add_service_commands(cli, create=create, settings=Settings, migrations=MIGRATIONS, worker=_worker)

if __name__ == "__main__":
    cli()

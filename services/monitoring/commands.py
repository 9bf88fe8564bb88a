"""Monitoring's commands: serve, work, migrate, revise, rebuild."""

import asyncio
from collections.abc import Sequence
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.app import MIGRATIONS, create, prepared
from services.monitoring.clients.planning import planning_client
from services.monitoring.clients.registry import registry_client
from services.monitoring.database import followed_journals, journal_signed_heads
from services.monitoring.facts import service as facts
from services.monitoring.integrity import service as integrity
from services.monitoring.settings import Settings
from shared.clock import read_clock
from shared.commands import add_service_commands
from shared.database import Database
from shared.following import Entry, Follower
from shared.working import work

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Tridaya monitoring")


async def _after_batch(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Compute the boards anew that a page of a journal was about, in the transaction that takes it over."""
    await integrity.take_over(session, facts.boards_of(entries), now=read_clock())


async def _worker(settings: Settings) -> None:
    registry = registry_client(settings)
    followers = [
        Follower(
            service=name,
            client=client,
            handlers=handlers,
            cursors=followed_journals,
            signed_heads=journal_signed_heads,
            after_batch=_after_batch,
        )
        for name, client, handlers in (
            ("registry", registry, facts.OF_REGISTRY),
            ("planning", planning_client(settings), facts.OF_PLANNING),
        )
    ]
    await work(
        prepared(settings),
        settings,
        authority=registry.standing,
        followers=followers,
        chores=[integrity.keep_current],
    )


add_service_commands(cli, create=create, settings=Settings, migrations=MIGRATIONS, worker=_worker)


async def _rebuild(settings: Settings) -> dict[str, Any]:
    database = Database(settings, patient=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns) as progress:
        task = progress.add_task("boards", total=None)

        async def advance(_session: AsyncSession, done: int, total: int) -> None:
            progress.update(task, completed=done, total=total)

        found = await integrity.rebuild(database, advance=advance)
    await database.close()
    return found


@cli.command()
def rebuild() -> None:
    """Compute every value anew from the facts, and tell whether that changed any."""
    found = asyncio.run(_rebuild(Settings.from_environment()))
    typer.echo(f"before {found['digest_before']} over {found['values_before']} values")
    typer.echo(f"after  {found['digest']} over {found['values']} values")
    typer.echo("Equal: every value was right." if found["equal"] else "Not equal: some values were mended.")

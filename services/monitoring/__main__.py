"""Monitoring's command line: serve, work, migrate, revise, rebuild."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.ext.asyncio import AsyncSession

from services.monitoring.app import MIGRATIONS, SERVICE, create, recompute
from services.monitoring.clients.planning import planning_client
from services.monitoring.clients.registry import registry_client
from services.monitoring.database import followed_journals, journal_signed_heads
from services.monitoring.facts import service as facts
from services.monitoring.indicators import service as indicators
from services.monitoring.settings import Settings
from shared.clock import read_clock
from shared.commands import add_service_commands
from shared.database import Database
from shared.following import Entry, Follower
from shared.working import work

CHUNK = 200
"""Boards a transaction."""

cli = typer.Typer(no_args_is_help=True, add_completion=False, help="Tridaya monitoring")


async def _after_batch(session: AsyncSession, entries: Sequence[Entry]) -> None:
    """Compute the boards anew that a page of a journal was about, in the transaction that takes it over."""
    await recompute(session, facts.boards_of(entries), now=read_clock())


async def _keep_current(session: AsyncSession, now: datetime) -> None:
    """Compute boards anew on whose values only the calendar, or a new definition, has something to say."""
    overdue, since = await indicators.overdue(session, now=now, limit=CHUNK)
    await recompute(session, overdue, now=now, since=since)


async def _worker(settings: Settings) -> None:
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
            ("registry", registry_client(settings), facts.OF_REGISTRY),
            ("planning", planning_client(settings), facts.OF_PLANNING),
        )
    ]
    await work(SERVICE, settings, followers=followers, chores=[_keep_current])


add_service_commands(cli, create=create, settings=Settings, migrations=MIGRATIONS, worker=_worker)


async def _rebuild(settings: Settings) -> None:
    database = Database(settings)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    async with database.snapshot() as connection:
        count, before = await indicators.values_digest(connection)
        boards = await facts.all_boards(connection)
    typer.echo(f"before {before} over {count} values")
    with Progress(*columns) as progress:
        task = progress.add_task("boards", total=len(boards))
        for start in range(0, len(boards), CHUNK):
            chunk = boards[start : start + CHUNK]
            async with database.transaction() as session:
                await recompute(session, chunk, now=read_clock())
            progress.advance(task, len(chunk))
    async with database.snapshot() as connection:
        count, after = await indicators.values_digest(connection)
    await database.close()
    typer.echo(f"after  {after} over {count} values")
    typer.echo("Equal: every value was right." if before == after else "Not equal: some values were mended.")


@cli.command()
def rebuild() -> None:
    """Compute every value anew from the facts, and tell whether that changed any."""
    asyncio.run(_rebuild(Settings.from_environment()))


if __name__ == "__main__":
    cli()
